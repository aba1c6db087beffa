// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "api/peers.h"
#include "api/streams.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

static void
assert_event(const char *id, const char *data, const char *expected)
{
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(256);

    assert_int_equal(hf_sse_event(&out, id, "state", data, strlen(data), NULL), 0);
    assert_string_equal(out.data, expected);
}

static void
framing(void **state)
{
    HF_AUTO_BUF struct hf_buf small = HF_BUF_INIT(16);
    struct hf_error err;

    (void)state;
    assert_event("7", "{\"a\":1}", "id: 7\nevent: state\ndata: {\"a\":1}\n\n");
    assert_event(NULL, "", "event: state\ndata: \n\n");
    assert_event(NULL, "a\nb\n", "event: state\ndata: a\ndata: b\ndata: \n\n");
    assert_int_equal(hf_sse_event(&small, NULL, "state", "0123456789", 10, &err), -1);
    assert_int_equal(err.class, HF_ERROR_TOO_LARGE);
    assert_int_equal(hf_sse_heartbeat[0], ':');
}

static void
places(void **state)
{
    struct hf_streams s;
    struct hf_error err;

    (void)state;
    hf_streams_init(&s);
    for (int i = 0; i < HF_STREAMS_LOGS_MAX; i++)
        assert_int_equal(hf_streams_enter(&s, HF_STREAM_LOGS, &err), 0);
    assert_int_equal(hf_streams_enter(&s, HF_STREAM_LOGS, &err), -1);
    assert_int_equal(err.class, HF_ERROR_UNAVAILABLE);
    for (int i = HF_STREAMS_LOGS_MAX; i < HF_STREAMS_MAX; i++)
        assert_int_equal(hf_streams_enter(&s, HF_STREAM_EVENTS, &err), 0);
    assert_int_equal(hf_streams_enter(&s, HF_STREAM_EVENTS, &err), -1);
    hf_streams_leave(&s, HF_STREAM_LOGS);
    assert_int_equal(hf_streams_enter(&s, HF_STREAM_EVENTS, &err), 0);
    hf_streams_done(&s);
}

static void *
stop_soon(void *context)
{
    usleep(50000);
    hf_streams_stop(context);
    return NULL;
}

static void
ending(void **state)
{
    struct hf_streams s;
    pthread_t thread;
    int64_t began_ms = hf_clock_mono_ms();

    (void)state;
    hf_streams_init(&s);
    assert_true(hf_streams_pause(&s, 20));
    assert_in_range(hf_clock_mono_ms() - began_ms, 20, 10000);
    assert_false(hf_streams_stopping(&s));
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, &s), 0);
    assert_false(hf_streams_pause(&s, 60000));
    assert_in_range(hf_clock_mono_ms() - began_ms, 0, 30000);
    assert_true(hf_streams_stopping(&s));
    assert_int_equal(hf_streams_enter(&s, HF_STREAM_EVENTS, NULL), -1);
    pthread_join(thread, NULL);
    hf_streams_done(&s);
}

static bool last_may;

/* The thread that accepts turns nobody away whom a worker would take. */
static struct hf_peer *
enter_from(struct hf_peers *p, const struct sockaddr *address, int fd)
{
    bool may = hf_peers_may_come(p, address);
    struct hf_peer *peer = hf_peers_enter(p, address, fd);

    assert_true(may || !peer);
    last_may = may;
    return peer;
}

static struct hf_peer *
enter_by(struct hf_peers *p, const char *address, int fd)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    struct sockaddr_in v4 = {.sin_family = AF_INET};

    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
        return enter_from(p, (const struct sockaddr *)&v4, fd);
    assert_int_equal(inet_pton(AF_INET6, address, &v6.sin6_addr), 1);
    return enter_from(p, (const struct sockaddr *)&v6, fd);
}

static struct hf_peer *
enter(struct hf_peers *p, const char *address)
{
    return enter_by(p, address, -1);
}

static void
peers(void **state)
{
    struct hf_peers p;
    struct hf_peer *one = NULL;

    (void)state;
    hf_peers_init(&p);
    for (int i = 0; i < HF_PEER_CONNECTIONS_MAX; i++) {
        one = enter(&p, i % 2 ? "192.168.1.7" : "::ffff:192.168.1.7");
        assert_non_null(one);
    }
    assert_null(enter(&p, "192.168.1.7"));
    assert_non_null(enter(&p, "192.168.1.8"));
    hf_peers_leave(one);
    assert_non_null(enter(&p, "192.168.1.7"));
    hf_peers_done(&p);
    hf_peers_init(&p);
    for (int i = 0; i < HF_PEER_CONNECTIONS_MAX; i++)
        assert_non_null(enter(&p, i % 2 ? "2001:db8::1" : "2001:db8::2"));
    assert_null(enter(&p, "2001:db8::3"));
    assert_non_null(enter(&p, "2001:db8:0:1::3"));
    hf_peers_done(&p);
}

static bool
is_shut(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLRDHUP};

    return poll(&p, 1, 0) == 1 && (p.revents & (POLLRDHUP | POLLHUP));
}

/* Four addresses have all places: a fifth gets one of theirs, and never one that is kept. */
static void
who_has_most_gives_up_a_place(void **state)
{
    enum { ADDRESSES = 4, EACH = HF_PEERS_MAX / ADDRESSES };
    int fds[HF_PEERS_MAX][2];
    struct hf_peer *all[HF_PEERS_MAX], *fresh[EACH];
    struct hf_peers p;
    char address[16];

    (void)state;
    hf_peers_init(&p);
    for (size_t i = 0; i < HF_LEN(fds); i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds[i]), 0);
        snprintf(address, sizeof address, "10.0.0.%zu", i % ADDRESSES + 1);
        all[i] = enter_by(&p, address, fds[i][0]);
        assert_non_null(all[i]);
    }
    assert_null(enter(&p, "10.0.0.1")); /* it has as many as whoever has most */
    hf_peers_keep(all[0]);
    fresh[0] = enter(&p, "10.0.0.9");
    assert_non_null(fresh[0]);
    assert_false(is_shut(fds[0][0]));
    assert_true(is_shut(fds[1][0]));
    assert_false(is_shut(fds[2][0]));
    hf_peers_leave(all[1]); /* that place is another one's by now */
    for (size_t i = 1; i < 6; i++) {
        fresh[i] = enter(&p, "10.0.0.9");
        assert_non_null(fresh[i]);
    }
    for (size_t i = 0; i < HF_LEN(fds); i++)
        hf_peers_keep(all[i]);
    assert_null(enter(&p, "10.0.0.10")); /* all are at work */
    hf_peers_leave(fresh[0]);
    assert_non_null(enter(&p, "10.0.0.10"));
    for (size_t i = 0; i < HF_LEN(fds); i++) {
        close(fds[i][0]);
        close(fds[i][1]);
    }
    hf_peers_done(&p);
}

/* A browser that keeps its connections open comes once more: the one that was idle longest goes,
 * but none that is being served, or whose next request is there. */
static void
an_address_gives_up_its_own(void **state)
{
    int fds[HF_PEER_CONNECTIONS_MAX][2];
    struct hf_peer *all[HF_PEER_CONNECTIONS_MAX], *fresh;
    struct hf_peers p;

    (void)state;
    hf_peers_init(&p);
    for (size_t i = 0; i < HF_LEN(fds); i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds[i]), 0);
        all[i] = enter_by(&p, "10.0.0.1", fds[i][0]);
        assert_non_null(all[i]);
    }
    assert_null(enter(&p, "10.0.0.1")); /* their handshakes are still under way */
    assert_false(last_may);
    for (size_t i = 0; i < HF_LEN(fds); i++)
        hf_peers_met(all[i]);
    hf_peers_serve(all[0], true);
    hf_peers_met(all[0]); /* an odd message of TLS in between */
    hf_peers_serve(all[1], true);
    hf_peers_serve(all[1], false);
    assert_int_equal(write(fds[2][1], "G", 1), 1);
    assert_non_null(enter(&p, "10.0.0.1"));
    for (size_t i = 0; i < HF_LEN(fds); i++)
        assert_true(is_shut(fds[i][0]) == (i == 3));
    assert_non_null(enter(&p, "10.0.0.1"));
    assert_true(is_shut(fds[4][0]));
    hf_peers_leave(all[3]);
    hf_peers_leave(all[4]);
    for (size_t i = 5; i < HF_LEN(fds); i++)
        hf_peers_serve(all[i], true);
    fresh = enter(&p, "10.0.0.1");
    assert_non_null(fresh);
    assert_true(is_shut(fds[1][0])); /* idle since its request, which was the last */
    assert_null(enter(&p, "10.0.0.1"));
    assert_false(is_shut(fds[0][0]) || is_shut(fds[2][0]));
    assert_non_null(enter(&p, "10.0.0.2"));
    for (size_t i = 0; i < HF_LEN(fds); i++) {
        close(fds[i][0]);
        close(fds[i][1]);
    }
    hf_peers_done(&p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(framing),
        cmocka_unit_test(places),
        cmocka_unit_test(ending),
        cmocka_unit_test(peers),
        cmocka_unit_test(who_has_most_gives_up_a_place),
        cmocka_unit_test(an_address_gives_up_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
