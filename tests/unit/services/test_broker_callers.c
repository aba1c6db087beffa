// SPDX-License-Identifier: Apache-2.0
/* Connections of one address, on real sockets: what mosquitto would have is what this process has.
 */
#include "broker/callers.h"
#include "unit.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 3, PAIRS_MAX = 16 };

/* One connection: the end that came, and the one of mosquitto. */
struct pair {
    int caller, taken;
};

struct stand {
    int listener, other; /* to the port of the latter nobody counts */
    struct hf_callers callers;
    struct pair pairs[PAIRS_MAX];
    size_t count;
};

static int
listening(in_port_t *ret_port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(fd, PAIRS_MAX), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    *ret_port = at.sin_port;
    return fd;
}

static struct pair
call(int listener, const char *address, in_port_t port)
{
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_port = port}, to;
    socklen_t len = sizeof to;
    struct pair p = {.caller = socket(AF_INET, SOCK_STREAM, 0)};
    int on = 1;

    assert_int_equal(inet_pton(AF_INET, address, &from.sin_addr), 1);
    assert_int_equal(setsockopt(p.caller, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    assert_int_equal(bind(p.caller, (struct sockaddr *)&from, sizeof from), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&to, &len), 0);
    assert_int_equal(connect(p.caller, (struct sockaddr *)&to, len), 0);
    p.taken = accept(listener, NULL, NULL);
    assert_true(p.taken >= 0);
    return p;
}

static struct pair *
comes(struct stand *s, const char *address)
{
    s->pairs[s->count] = call(s->listener, address, 0);
    return &s->pairs[s->count++];
}

static bool
is_cut(const struct pair *p)
{
    struct pollfd at = {.fd = p->caller, .events = POLLIN};
    char byte;

    return poll(&at, 1, 0) == 1 && recv(p->caller, &byte, 1, 0) <= 0;
}

static void
hang_up(struct pair *p)
{
    close(p->caller);
    close(p->taken);
}

static int
stand_up(void **state)
{
    static struct stand s;
    in_port_t port, other;
    char text[8];

    s = (struct stand){.count = 0};
    s.listener = listening(&port);
    s.other = listening(&other);
    snprintf(text, sizeof text, "%u", ntohs(port));
    assert_true(hf_callers_option(&s.callers, "address_connections", "3"));
    assert_true(hf_callers_option(&s.callers, "places", "10"));
    assert_true(hf_callers_option(&s.callers, "ports", text));
    assert_true(hf_callers_option(&s.callers, "accounts", "x")); /* somebody else's */
    assert_true(hf_callers_init(&s.callers));
    *state = &s;
    return 0;
}

static int
stand_down(void **state)
{
    struct stand *s = *state;

    for (size_t i = 0; i < s->count; i++)
        hang_up(&s->pairs[i]);
    hf_callers_done(&s->callers);
    close(s->listener);
    close(s->other);
    return 0;
}

static void
the_newest_of_one_address_go(void **state)
{
    struct stand *s = *state;

    for (int i = 0; i < MOST + 2; i++)
        comes(s, "127.0.0.2");
    for (int i = 0; i < MOST; i++)
        comes(s, "127.0.0.3");
    hf_callers_tick(&s->callers, 1000);
    for (size_t i = 0; i < s->count; i++)
        assert_true(is_cut(&s->pairs[i]) == (i == MOST || i == MOST + 1));
    assert_int_equal(s->callers.refused, 2);
    assert_string_equal(s->callers.address, "127.0.0.2");
    hf_callers_tick(&s->callers, 2000);
    assert_int_equal(s->callers.refused, 2); /* each once */
}

/* Who was past the bound is looked at more closely, but not at each turn of mosquitto's. */
static void
a_crowd_is_watched(void **state)
{
    struct stand *s = *state;
    struct pair *late;

    for (int i = 0; i < MOST; i++)
        comes(s, "127.0.0.2");
    hf_callers_tick(&s->callers, 1000);
    late = comes(s, "127.0.0.2");
    hf_callers_tick(&s->callers, 1499);
    assert_false(is_cut(late));
    hf_callers_tick(&s->callers, 1500);
    assert_true(is_cut(late));
    late = comes(s, "127.0.0.2");
    hf_callers_tick(&s->callers, 1509);
    assert_false(is_cut(late));
    hf_callers_tick(&s->callers, 1510);
    assert_true(is_cut(late));
    hf_callers_tick(&s->callers, 11510); /* ten seconds of peace */
    late = comes(s, "127.0.0.2");
    hf_callers_tick(&s->callers, 11520);
    assert_false(is_cut(late));
    hf_callers_tick(&s->callers, 12010);
    assert_true(is_cut(late));
}

/* The same port and descriptor at once again is still one too many. */
static void
who_comes_again_by_the_same_port(void **state)
{
    const struct linger now = {.l_onoff = 1};
    struct stand *s = *state;
    struct sockaddr_in at;
    socklen_t len = sizeof at;
    struct pair *late;
    int fd;

    for (int i = 0; i < MOST; i++)
        comes(s, "127.0.0.2");
    late = comes(s, "127.0.0.2");
    hf_callers_tick(&s->callers, 1000);
    assert_true(is_cut(late));
    assert_int_equal(getsockname(late->caller, (struct sockaddr *)&at, &len), 0);
    assert_int_equal(setsockopt(late->caller, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    fd = late->taken;
    hang_up(late);
    *late = call(s->listener, "127.0.0.2", at.sin_port);
    if (late->taken != fd) { /* accept() has taken the caller's number */
        assert_int_equal(dup2(late->taken, fd), fd);
        close(late->taken);
        late->taken = fd;
    }
    hf_callers_tick(&s->callers, 1010);
    assert_true(is_cut(late));
}

static void
others_do_not_count(void **state)
{
    struct stand *s = *state;
    struct pair elsewhere[MOST + 1];

    s->callers.proxy = (struct in6_addr){.s6_addr = {[10] = 0xff, 0xff, 127, 0, 0, 4}};
    for (int i = 0; i <= MOST; i++) {
        comes(s, "127.0.0.4");
        elsewhere[i] = call(s->other, "127.0.0.2", 0);
    }
    hf_callers_tick(&s->callers, 1000);
    for (int i = 0; i <= MOST; i++) {
        assert_false(is_cut(&s->pairs[i]));
        assert_false(is_cut(&elsewhere[i]));
        hang_up(&elsewhere[i]);
    }
    assert_int_equal(s->callers.refused, 0);
}

/* What lies far above the rest, since what was between has gone, is found by a whole look. */
static void
far_descriptors_are_found_too(void **state)
{
    enum { FAR = 200 };
    struct stand *s = *state;
    struct pair far[MOST + 1];

    hf_callers_tick(&s->callers, 1000); /* a whole one */
    for (int i = 0; i <= MOST; i++) {
        far[i] = call(s->listener, "127.0.0.2", 0);
        assert_int_equal(dup2(far[i].taken, FAR + i), FAR + i);
        close(far[i].taken);
        far[i].taken = FAR + i;
    }
    for (int i = 1; i <= 9; i++)
        hf_callers_tick(&s->callers, 1000 + i * 500);
    assert_false(is_cut(&far[MOST]));
    hf_callers_tick(&s->callers, 6000);
    assert_true(is_cut(&far[MOST]));
    close(far[MOST].caller);
    close(far[MOST].taken);
    far[MOST] = call(s->listener, "127.0.0.2", 0);
    assert_int_equal(dup2(far[MOST].taken, FAR + MOST), FAR + MOST);
    close(far[MOST].taken);
    far[MOST].taken = FAR + MOST;
    hf_callers_tick(&s->callers, 6010); /* they are known now */
    assert_true(is_cut(&far[MOST]));
    for (int i = 0; i <= MOST; i++)
        hang_up(&far[i]);
}

static void
without_a_bound_nobody_looks(void **state)
{
    struct stand *s = *state;

    s->callers.most = 0;
    hf_callers_done(&s->callers);
    assert_true(hf_callers_init(&s->callers));
    for (int i = 0; i <= MOST; i++)
        comes(s, "127.0.0.2");
    hf_callers_tick(&s->callers, 1000);
    assert_false(is_cut(&s->pairs[MOST]));
}

static void
options_that_are_wrong(void **state)
{
    struct hf_callers c = {.most = 0};

    (void)state;
    assert_false(hf_callers_option(&c, "address_connections", "-1"));
    assert_false(hf_callers_option(&c, "places", "many"));
    assert_false(hf_callers_option(&c, "ports", "1883,70000"));
    c.port_count = 0;
    assert_false(hf_callers_option(&c, "ports", "1,2,3,4"));
}

static void
the_gateway_of_the_network(void **state)
{
    static const char table[] = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n"
                                "eth1\t000014AC\t00000000\t0001\t0\t0\t0\t0000FFFF\n"
                                "eth0\t00000000\t010012AC\t0003\t0\t0\t0\t00000000\n";

    (void)state;
    assert_int_equal(hf_callers_gateway(table), inet_addr("172.18.0.1"));
    assert_int_equal(hf_callers_gateway("Iface\tDestination\tGateway\n"), INADDR_ANY);
    assert_int_equal(hf_callers_gateway(""), INADDR_ANY);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_newest_of_one_address_go, stand_up, stand_down),
        cmocka_unit_test_setup_teardown(a_crowd_is_watched, stand_up, stand_down),
        cmocka_unit_test_setup_teardown(who_comes_again_by_the_same_port, stand_up, stand_down),
        cmocka_unit_test_setup_teardown(others_do_not_count, stand_up, stand_down),
        cmocka_unit_test_setup_teardown(far_descriptors_are_found_too, stand_up, stand_down),
        cmocka_unit_test_setup_teardown(without_a_bound_nobody_looks, stand_up, stand_down),
        cmocka_unit_test(options_that_are_wrong),
        cmocka_unit_test(the_gateway_of_the_network),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
