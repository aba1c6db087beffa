// SPDX-License-Identifier: Apache-2.0
/* The real server on real ports: what cannot be seen without one. */
#include "tempdir.h"
#include "world.h"

#include "api/listen.h"
#include "api/peers.h"
#include "api/server.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

enum { ANSWER_SIZE = 4096, CUT_MS = 2000 /* well below any time-out of the server */ };

static uint16_t
port_of(int fd)
{
    struct sockaddr_in address = {0};
    socklen_t len = sizeof address;

    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    return ntohs(address.sin_port);
}

static int
connect_to(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* Of the API that runs. */
static struct hf_certificates *certificates;

static void
stop(struct hf_api *api)
{
    hf_api_stop(api);
    hf_certificates_free(certificates);
}

/* Starts the API on free ports of loopback; stop() ends it. */
static struct hf_api *
start(const char *dir, struct hf_identity *identity, uint16_t redirect_port)
{
    struct hf_api_config config = {.identity = identity,
                                   .engine_ops = &world_engine_ops,
                                   .listen_address = "127.0.0.1",
                                   .redirect_address = redirect_port ? "127.0.0.1" : NULL,
                                   .redirect_port = redirect_port};
    struct hf_api *api = NULL;
    struct hf_error err = {0};
    char set_aside[PATH_MAX];

    assert_int_equal(hf_certificates_open(dir, "holdfast", &certificates, set_aside, &err), 0);
    config.certificates = certificates;
    if (hf_api_start(&config, &api, &err) < 0)
        fail_msg("%s", err.message);
    return api;
}

/* A request over TLS of at most that version; false where there is no handshake. */
static bool
ask(uint16_t port, int version, const char *request, char answer[ANSWER_SIZE])
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl;
    int fd = connect_to(port), used = 0, got;
    bool met;

    SSL_CTX_set_security_level(ctx, 0);
    SSL_CTX_set_min_proto_version(ctx, 0);
    SSL_CTX_set_max_proto_version(ctx, version);
    ssl = SSL_new(ctx);
    SSL_set_fd(ssl, fd);
    met = SSL_connect(ssl) == 1;
    if (met) {
        SSL_write(ssl, request, (int)strlen(request));
        while ((got = SSL_read(ssl, answer + used, ANSWER_SIZE - 1 - used)) > 0)
            used += got;
    }
    answer[used] = '\0';
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    close(fd);
    return met;
}

static const char HEALTH[] =
    "GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";

static void
serving(void **state)
{
    char token[HF_TOKEN_SIZE], answer[ANSWER_SIZE];
    struct hf_identity *identity = world_identity(token);
    struct hf_api *api = start(*state, identity, 0);
    uint16_t port = hf_api_port(api);
    int64_t began_ms;

    assert_true(ask(port, TLS1_3_VERSION, HEALTH, answer));
    assert_non_null(strstr(answer, "HTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(answer, "\"status\":\"ok\""));
    assert_true(ask(port, TLS1_2_VERSION, HEALTH, answer));
    assert_false(ask(port, TLS1_1_VERSION, HEALTH, answer));
    assert_true(ask(port, TLS1_3_VERSION, "nonsense\r\n\r\n", answer));
    assert_non_null(strstr(answer, "HTTP/1.1 400 Bad Request\r\n"));
    assert_non_null(strstr(answer, "application/problem+json"));

    began_ms = hf_clock_mono_ms();
    stop(api);
    assert_in_range(hf_clock_mono_ms() - began_ms, 0, 5000);
    hf_identity_free(identity);
}

static void
shown(uint16_t port, unsigned char out[EVP_MAX_MD_SIZE])
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(ctx);
    int fd = connect_to(port);
    X509 *cert;

    SSL_set_fd(ssl, fd);
    assert_int_equal(SSL_connect(ssl), 1);
    cert = SSL_get1_peer_certificate(ssl);
    assert_int_equal(X509_digest(cert, EVP_sha256(), out, NULL), 1);
    X509_free(cert);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    close(fd);
}

/* From the next handshake on; an open connection goes on as it is. */
static void
another_certificate(void **state)
{
    unsigned char own[EVP_MAX_MD_SIZE], site[EVP_MAX_MD_SIZE], again[EVP_MAX_MD_SIZE];
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(65536);
    char token[HF_TOKEN_SIZE], answer[ANSWER_SIZE];
    struct hf_identity *identity = world_identity(token);
    struct hf_certificate other;
    struct hf_certificate_info info;
    struct hf_api *api;
    uint16_t port;

    assert_int_equal(hf_certificate_ensure(tempdir_path(*state, "other"), "n", &other, NULL), 0);
    assert_int_equal(hf_file_read(other.pem_path, &text, NULL), 0);
    api = start(*state, identity, 0);
    port = hf_api_port(api);
    shown(port, own);
    assert_int_equal(hf_certificates_replace(certificates, text.data, text.data, &info, NULL), 0);
    shown(port, site);
    assert_memory_not_equal(own, site, 32);
    assert_true(ask(port, TLS1_2_VERSION, HEALTH, answer));
    assert_non_null(strstr(answer, "200 OK"));
    assert_int_equal(hf_certificates_remove(certificates, NULL), 0);
    shown(port, again);
    assert_memory_equal(own, again, 32);
    stop(api);
    hf_identity_free(identity);
}

/* Sends the head, waits until it is answered, and only then sends the body and reads. */
static void
answer_to_late_body(uint16_t port, size_t len, char answer[ANSWER_SIZE])
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(ctx);
    char head[256], part[4096] = "";
    int fd = connect_to(port), used = 0, got;

    snprintf(head, sizeof head,
             "POST /api/v1/login HTTP/1.1\r\nHost: 127.0.0.1\r\n"
             "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
             len);
    SSL_set_fd(ssl, fd);
    assert_int_equal(SSL_connect(ssl), 1);
    SSL_write(ssl, head, (int)strlen(head));
    usleep(500000); /* a server that closes at once has done so by now */
    for (size_t sent = 0; sent < len; sent += sizeof part)
        assert_int_equal(SSL_write(ssl, part, sizeof part), sizeof part);
    while ((got = SSL_read(ssl, answer + used, ANSWER_SIZE - 1 - used)) > 0)
        used += got;
    answer[used] = '\0';
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    close(fd);
}

/* The client gets the answer however late it looks for it. */
static void
refused_body(void **state)
{
    char token[HF_TOKEN_SIZE], answer[ANSWER_SIZE];
    struct hf_identity *identity = world_identity(token);
    struct hf_api *api = start(*state, identity, 0);

    answer_to_late_body(hf_api_port(api), (size_t)128 * 1024, answer);
    assert_non_null(strstr(answer, "HTTP/1.1 413 Content Too Large\r\n"));
    assert_non_null(strstr(answer, "Connection: close\r\n"));
    stop(api);
    hf_identity_free(identity);
}

static bool
is_cut(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char byte;

    return poll(&p, 1, CUT_MS) == 1 && recv(fd, &byte, 1, 0) <= 0;
}

/* Silent connections up to the limit are left alone; one more is cut at once, also before it has
 * said a word of TLS. */
static void
too_many_from_one(void **state)
{
    char token[HF_TOKEN_SIZE], answer[ANSWER_SIZE];
    struct hf_identity *identity = world_identity(token);
    struct hf_api *api = start(*state, identity, 0);
    int fds[HF_PEER_CONNECTIONS_MAX], extra;

    for (size_t i = 0; i < HF_LEN(fds); i++)
        fds[i] = connect_to(hf_api_port(api));
    usleep(200000); /* until workers have them */
    extra = connect_to(hf_api_port(api));
    assert_true(is_cut(extra));
    close(extra);
    for (size_t i = 0; i < HF_LEN(fds); i++)
        close(fds[i]);
    for (int i = 0; i < 50 && !ask(hf_api_port(api), TLS1_3_VERSION, HEALTH, answer); i++)
        usleep(100000);
    assert_non_null(strstr(answer, "HTTP/1.1 200 OK\r\n"));
    stop(api);
    hf_identity_free(identity);
}

/* A browser's, which wait for their next request, or as it opens them beforehand for the first. */
static void
fill(uint16_t port, SSL_CTX *ctx, bool asked, SSL *ret_kept[HF_PEER_CONNECTIONS_MAX])
{
    static const char request[] = "GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    char answer[ANSWER_SIZE];

    for (size_t i = 0; i < HF_PEER_CONNECTIONS_MAX; i++) {
        SSL *one = ret_kept[i] = SSL_new(ctx);

        SSL_set_fd(one, connect_to(port));
        assert_int_equal(SSL_connect(one), 1);
        if (!asked)
            continue;
        assert_int_equal(SSL_write(one, request, sizeof request - 1), sizeof request - 1);
        assert_true(SSL_read(one, answer, sizeof answer) > 0);
    }
}

static void
one_more_from_a_browser(void **state)
{
    char token[HF_TOKEN_SIZE], answer[ANSWER_SIZE];
    struct hf_identity *identity = world_identity(token);
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *kept[HF_PEER_CONNECTIONS_MAX];

    for (int asked = 0; asked < 2; asked++) {
        struct hf_api *api = start(*state, identity, 0);

        fill(hf_api_port(api), ctx, asked, kept);
        assert_true(ask(hf_api_port(api), TLS1_3_VERSION, HEALTH, answer));
        assert_non_null(strstr(answer, "HTTP/1.1 200 OK\r\n"));
        for (size_t i = 0; i < HF_LEN(kept); i++) {
            close(SSL_get_fd(kept[i]));
            SSL_free(kept[i]);
        }
        stop(api);
    }
    SSL_CTX_free(ctx);
    hf_identity_free(identity);
}

static void
silent_ones_keep_nobody_out(uint16_t redirect_port)
{
    char answer[ANSWER_SIZE] = "";
    int silent[40], fd;

    for (size_t i = 0; i < HF_LEN(silent); i++)
        silent[i] = connect_to(redirect_port);
    fd = connect_to(redirect_port);
    assert_true(send(fd, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 35, 0) == 35);
    assert_true(recv(fd, answer, sizeof answer - 1, MSG_WAITALL) > 0);
    assert_non_null(strstr(answer, "307 Temporary Redirect\r\n"));
    close(fd);
    assert_true(is_cut(silent[0])); /* long before its time was over */
    for (size_t i = 0; i < HF_LEN(silent); i++)
        close(silent[i]);
}

static void
plain_http_leads_to_https(void **state)
{
    char token[HF_TOKEN_SIZE], answer[ANSWER_SIZE] = "";
    struct hf_identity *identity = world_identity(token);
    struct hf_api *api;
    uint16_t port;
    int fd = -1;

    assert_int_equal(hf_listen("127.0.0.1", 0, "--http-redirect", &fd, NULL), 0);
    port = port_of(fd);
    close(fd);
    api = start(*state, identity, port);
    fd = connect_to(port);
    assert_true(send(fd, "GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 37, 0) == 37);
    assert_true(recv(fd, answer, sizeof answer - 1, MSG_WAITALL) > 0);
    assert_non_null(strstr(answer, "307 Temporary Redirect\r\nLocation: https://127.0.0.1:"));
    close(fd);
    silent_ones_keep_nobody_out(port);
    stop(api);
    hf_identity_free(identity);
}

static void
port_taken(void **state)
{
    struct hf_api_config config = {.listen_address = "127.0.0.1"};
    struct hf_api *api = NULL;
    struct hf_error err;
    char set_aside[PATH_MAX];
    int fd = -1;

    assert_int_equal(hf_certificates_open(*state, "holdfast", &certificates, set_aside, &err), 0);
    config.certificates = certificates;
    assert_int_equal(hf_listen("127.0.0.1", 0, "--listen", &fd, &err), 0);
    config.listen_port = port_of(fd);
    assert_int_equal(hf_api_start(&config, &api, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_non_null(strstr(err.message, "127.0.0.1 port"));
    assert_non_null(strstr(err.message, "--listen"));
    close(fd);

    config.listen_address = "localhost";
    assert_int_equal(hf_api_start(&config, &api, &err), -1);
    assert_int_equal(err.class, HF_ERROR_INVALID);
    config.listen_address = "192.0.2.1";
    assert_int_equal(hf_api_start(&config, &api, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    hf_certificates_free(certificates);
}

static int
fill_world(void **state)
{
    (void)state;
    world_fill(&world_snapshot);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(serving),
        with_tempdir(another_certificate),
        with_tempdir(refused_body),
        with_tempdir(too_many_from_one),
        with_tempdir(one_more_from_a_browser),
        with_tempdir(plain_http_leads_to_https),
        with_tempdir(port_taken),
    };

    return cmocka_run_group_tests(tests, fill_world, NULL);
}
