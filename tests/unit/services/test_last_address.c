// SPDX-License-Identifier: Apache-2.0
/* Names that no resolver answers for a while, as in a container while the Docker Engine is away.
 * This program's own getaddrinfo and clock stand in front of the C library's. */
#include "base/clock.h"
#include "common/dial.h"
#include "common/http.h"
#include "common/httpd.h"
#include "common/last_peer.h"
#include "freeport.h"
#include "unit.h"

#include <netdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { MINUTES_2 = 120, TIMEOUT_MS = 10000 };

static atomic_int away;      /* the resolver */
static atomic_int questions; /* to it */
static atomic_int ahead_s;   /* of the monotonic clock */

int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
            struct addrinfo **ret)
{
    struct addrinfo *a;
    struct sockaddr_in *in;

    (void)hints;
    if (strcmp(node, "127.0.0.1") != 0) {
        atomic_fetch_add(&questions, 1);
        if (atomic_load(&away) || strcmp(node, "neighbour.test") != 0)
            return EAI_AGAIN;
    }
    a = calloc(1, sizeof *a + sizeof *in);
    if (!a)
        return EAI_MEMORY;
    in = (struct sockaddr_in *)(a + 1);
    *in = (struct sockaddr_in){.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)(service ? atoi(service) : 0)),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    *a = (struct addrinfo){.ai_family = AF_INET,
                           .ai_socktype = SOCK_STREAM,
                           .ai_protocol = IPPROTO_TCP,
                           .ai_addrlen = sizeof *in,
                           .ai_addr = (struct sockaddr *)in};
    *ret = a;
    return 0;
}

void
freeaddrinfo(struct addrinfo *a)
{
    free(a);
}

int
clock_gettime(clockid_t clock, struct timespec *ret)
{
    int rc = (int)syscall(SYS_clock_gettime, clock, ret);

    if (clock == CLOCK_MONOTONIC)
        ret->tv_sec += atomic_load(&ahead_s);
    return rc;
}

time_t
time(time_t *ret)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    if (ret)
        *ret = now.tv_sec;
    return now.tv_sec;
}

static void
handle(void *ctx, struct hf_request *q)
{
    (void)ctx;
    hf_request_answer(q, 200, "text/plain", NULL, "here", 4);
}

static int
ask(struct hf_http *http, const char *host, int port, struct hf_http_response *answer)
{
    char url[64];
    struct hf_http_request q = {
        .url = url, .connect_timeout_ms = TIMEOUT_MS, .timeout_ms = TIMEOUT_MS, .patient = true};
    struct hf_error err;

    snprintf(url, sizeof url, "http://%s:%d/", host, port);
    return hf_http_get(http, &q, answer, &err);
}

/* The connection has gone, and the minute for which libcurl keeps an address has passed. */
static void
a_host_is_found_again_without_a_resolver(void **state)
{
    HF_AUTO(hf_http) struct hf_http *http = NULL;
    struct hf_http_response answer;
    int port = freeport();
    char listen[32];

    (void)state;
    snprintf(listen, sizeof listen, "127.0.0.1:%d", port);
    hf_http_response_init(&answer, 100);
    assert_int_equal(hf_http_new(&http, NULL), 0);
    for (int round = 0; round < 4; round++) {
        HF_AUTO(hf_httpd) struct hf_httpd *httpd = NULL;
        int before = atomic_load(&questions);

        atomic_store(&away, round == 1 || round == 2);
        assert_int_equal(
            hf_httpd_start(
                &(struct hf_httpd_options){.listen = listen, .threads = 2, .handle = handle},
                &httpd, NULL),
            0);
        assert_int_equal(ask(http, "neighbour.test", port, &answer), 0);
        assert_int_equal(answer.status, 200);
        assert_int_equal(answer.phase, HF_HTTP_ANSWERED);
        assert_int_equal(atomic_load(&questions), before + 1); /* the resolver comes first */
        atomic_fetch_add(&ahead_s, MINUTES_2);
    }
    hf_http_response_done(&answer);
}

static void
a_host_never_reached_is_not_found(void **state)
{
    HF_AUTO(hf_http) struct hf_http *http = NULL;
    struct hf_http_response answer;

    (void)state;
    hf_http_response_init(&answer, 100);
    assert_int_equal(hf_http_new(&http, NULL), 0);
    assert_int_equal(ask(http, "stranger.test", 80, &answer), -1);
    assert_int_equal(answer.phase, HF_HTTP_NOWHERE);
    hf_http_response_done(&answer);
}

static void
check_dial(const struct hf_last_peer *last, int port, bool found)
{
    const struct hf_address neighbour = {.host = "neighbour.test", .port = port};
    int fd = hf_dial(&neighbour, last, hf_clock_mono_ms() + 5000, NULL);

    assert_int_equal(fd >= 0, found);
    if (found)
        close(fd);
}

static void
a_broker_is_found_again_without_a_resolver(void **state)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct hf_last_peer last = {.address = ""};
    socklen_t len = sizeof here;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)state;
    assert_int_equal(bind(fd, (struct sockaddr *)&here, sizeof here), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&here, &len), 0);
    mosquitto_lib_init();
    for (int round = 0; round < 3; round++) {
        struct mosquitto *m = mosquitto_new(NULL, true, NULL);

        atomic_store(&away, round != 1);
        assert_int_equal(hf_last_peer_connect(&last, m, mosquitto_connect, "neighbour.test",
                                              ntohs(here.sin_port), 60),
                         round == 0 ? MOSQ_ERR_EAI : MOSQ_ERR_SUCCESS);
        if (round == 1)
            hf_last_peer_keep(&last, mosquitto_socket(m));
        assert_string_equal(last.address, round == 0 ? "" : "127.0.0.1");
        mosquitto_destroy(m);
        check_dial(&last, ntohs(here.sin_port), round != 0);
    }
    mosquitto_lib_cleanup();
    close(fd);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_is_found_again_without_a_resolver),
        cmocka_unit_test(a_host_never_reached_is_not_found),
        cmocka_unit_test(a_broker_is_found_again_without_a_resolver),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
