// SPDX-License-Identifier: Apache-2.0
/* What begins an operation, over a line that breaks: against TLS that ends before it answers. */
#include "tempdir.h"

#include "cli/cli.h"
#include "identity/certificates.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <pthread.h>

enum { KEYS_MAX = 8, KEY_SIZE = 64 };

static const char ANSWER[] = "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\n"
                             "Content-Length: 2\r\nConnection: close\r\n\r\n{}";

static struct {
    void *dir;
    struct hf_certificates *certificates;
    SSL_CTX *tls;
    int listener;
    pthread_t thread;
    char keys[KEYS_MAX][KEY_SIZE]; /* of the requests, in their order */
    unsigned count;
    unsigned breaks; /* so many of them are not answered */
    bool leaves;     /* nobody listens after the first one */
} gateway;

/* ---- a gateway ---- */

static void
take_request(SSL *s)
{
    char text[4096], *key;
    int len = SSL_read(s, text, sizeof text - 1);

    assert_true(len > 0);
    text[len] = '\0';
    key = strstr(text, "\r\nIdempotency-Key: ");
    assert_non_null(key);
    assert_true(gateway.count < KEYS_MAX);
    assert_int_equal(sscanf(key, "\r\nIdempotency-Key: %63[^\r]", gateway.keys[gateway.count++]),
                     1);
    if (gateway.count > gateway.breaks)
        assert_int_equal(SSL_write(s, ANSWER, sizeof ANSWER - 1), sizeof ANSWER - 1);
}

static void *
serve(void *context)
{
    (void)context;
    do {
        int fd = accept(gateway.listener, NULL, NULL);
        SSL *s = SSL_new(gateway.tls);

        assert_true(fd >= 0);
        if (gateway.leaves)
            close(gateway.listener);
        assert_int_equal(SSL_set_fd(s, fd), 1);
        assert_int_equal(SSL_accept(s), 1);
        take_request(s);
        if (gateway.count > gateway.breaks)
            SSL_shutdown(s);
        SSL_free(s);
        close(fd);
    } while (gateway.count <= gateway.breaks && !gateway.leaves);
    return NULL;
}

static void
open_gateway(struct cli *c, struct cli_args *args)
{
    static char url[64], fingerprint[HF_FINGERPRINT_SIZE];
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;

    gateway.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(gateway.listener, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(gateway.listener, 4), 0);
    assert_int_equal(getsockname(gateway.listener, (struct sockaddr *)&at, &len), 0);
    snprintf(url, sizeof url, "https://127.0.0.1:%u", ntohs(at.sin_port));
    hf_certificates_fingerprint(gateway.certificates, fingerprint);
    args->flags[CLI_GATEWAY] = url;
    args->flags[CLI_FINGERPRINT] = fingerprint;
    *c = (struct cli){.args = args, .out = cli_out_of(stdout), .told = cli_out_of(stderr)};
    gateway.count = 0;
    assert_int_equal(pthread_create(&gateway.thread, NULL, serve, NULL), 0);
}

static void
close_gateway(struct cli *c)
{
    pthread_join(gateway.thread, NULL);
    if (!gateway.leaves)
        close(gateway.listener);
    cli_http_free(c->http);
}

static int
set_up(void **state)
{
    char set_aside[PATH_MAX];
    const char *pem;

    (void)state;
    assert_int_equal(tempdir_make(&gateway.dir), 0);
    setenv("XDG_CONFIG_HOME", gateway.dir, 1);
    unsetenv("HOLDFAST_TOKEN");
    assert_int_equal(
        hf_certificates_open(gateway.dir, "gw", &gateway.certificates, set_aside, NULL), 0);
    pem = hf_certificates_own_path(gateway.certificates);
    gateway.tls = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate_chain_file(gateway.tls, pem), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(gateway.tls, pem, SSL_FILETYPE_PEM), 1);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    SSL_CTX_free(gateway.tls);
    hf_certificates_free(gateway.certificates);
    return tempdir_drop(&gateway.dir);
}

/* ---- beginning ---- */

static void
what_is_sent_again_has_the_same_key(void **state)
{
    struct cli_args args = {0};
    struct cli_answer a = {0};
    struct cli c;
    struct hf_error err = {0};
    char before[KEY_SIZE];

    (void)state;
    gateway.leaves = false;
    gateway.breaks = 2;
    open_gateway(&c, &args);
    if (cli_begin_path(&c, "/services/buffer/restart", &a, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(a.status, 202);
    assert_int_equal(gateway.count, 3);
    assert_int_equal(strlen(gateway.keys[0]), 32);
    assert_string_equal(gateway.keys[1], gateway.keys[0]);
    assert_string_equal(gateway.keys[2], gateway.keys[0]);
    memcpy(before, gateway.keys[0], sizeof before);
    cli_answer_done(&a);
    close_gateway(&c);

    gateway.breaks = 0;
    open_gateway(&c, &args);
    assert_int_equal(cli_begin_path(&c, "/services/buffer/restart", &a, &err), 0);
    assert_int_equal(gateway.count, 1);
    assert_string_not_equal(gateway.keys[0], before);
    cli_answer_done(&a);
    close_gateway(&c);
}

/* It may begin anew, and know no keys of before. */
static void
a_gateway_that_is_away_is_not_asked_again(void **state)
{
    struct cli_args args = {0};
    struct cli_answer a = {0};
    struct cli c;
    struct hf_error err = {0};

    (void)state;
    gateway.leaves = true;
    gateway.breaks = 1;
    open_gateway(&c, &args);
    assert_int_equal(cli_begin_path(&c, "/releases/rollback", &a, &err), -1);
    assert_int_equal(gateway.count, 1);
    assert_int_equal(err.class, HF_ERROR_UNAVAILABLE);
    assert_non_null(strstr(err.message, "nothing answers at"));
    cli_answer_done(&a);
    close_gateway(&c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sent_again_has_the_same_key),
        cmocka_unit_test(a_gateway_that_is_away_is_not_asked_again),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
