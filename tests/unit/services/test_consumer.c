// SPDX-License-Identifier: Apache-2.0
/* What no broker does when asked to: bytes in bits, cut connections, refusals. With mosquitto it is
 * tried in tests/integration and tests/fault. */
#include "common/consumer.h"

#include "common/stop.h"
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNACK "\x20\2\0\0"
#define SUBACK "\x90\3\0\1\1"
#define MESSAGE(id, text) "\x32\x06\0\1t\0" id text
#define ACK(id) "\x40\2\0" id

/* One end is the consumer's broker, the other what it gathered. */
struct stand {
    int listener, fd;
    struct hf_consumer *c;
    char got[64];
    size_t enough; /* after so many messages; 0: never */
};

static bool
on_message(void *ctx, const struct hf_message *m)
{
    struct stand *s = ctx;

    assert_int_equal(m->topic_len, 1);
    assert_int_equal(m->len, 1);
    strncat(s->got, m->payload, 1);
    return !s->enough || strlen(s->got) % s->enough != 0;
}

static void
open_stand(struct stand *s)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof here;
    struct hf_consumer_options options = {.broker = {.host = "127.0.0.1"},
                                          .account = {.user = "u", .password = "p"},
                                          .client_id = "u",
                                          .filter = "#",
                                          .on_message = on_message,
                                          .ctx = s};

    *s = (struct stand){.fd = -1, .listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_int_equal(bind(s->listener, (struct sockaddr *)&here, sizeof here), 0);
    assert_int_equal(listen(s->listener, 8), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&here, &len), 0);
    options.broker.port = ntohs(here.sin_port);
    assert_int_equal(hf_consumer_new(&options, &s->c, NULL), 0);
}

static void
close_stand(struct stand *s)
{
    hf_consumer_free(s->c);
    close(s->fd);
    close(s->listener);
}

static void
say(struct stand *s, const char *bytes, size_t len)
{
    assert_int_equal(send(s->fd, bytes, len, MSG_NOSIGNAL), len);
}
#define SAY(s, text) say(s, text, sizeof(text) - 1)

/* The next bytes that the consumer says are these. */
static void
hear(struct stand *s, const char *bytes, size_t len)
{
    char got[256];

    assert_int_equal(recv(s->fd, got, len, MSG_WAITALL), len);
    assert_memory_equal(got, bytes, len);
}
#define HEAR(s, text) hear(s, text, sizeof(text) - 1)

static bool
is_silent(const struct stand *s)
{
    return poll(&(struct pollfd){.fd = s->fd, .events = POLLIN}, 1, 50) == 0;
}

/* Takes the next connection, and says so much before anything is asked of it. */
struct greeting {
    struct stand *s;
    const char *bytes;
    size_t len;
};

static void *
greet(void *arg)
{
    const struct greeting *g = arg;

    g->s->fd = accept(g->s->listener, NULL, NULL);
    HEAR(g->s, "\x10\x13\0\4MQTT\4\xc0\0\0\0\1u\0\1u\0\1p"
               "\x82\6\0\1\0\1#\1");
    say(g->s, g->bytes, g->len);
    return NULL;
}

static void
connects(struct stand *s, const char *bytes, size_t len)
{
    struct greeting g = {s, bytes, len};
    pthread_t t;

    if (s->fd >= 0)
        close(s->fd);
    assert_int_equal(pthread_create(&t, NULL, greet, &g), 0);
    hf_consumer_gather(s->c, 30000);
    pthread_join(t, NULL);
}
#define CONNECTS(s, text) connects(s, text, sizeof(text) - 1)

static void
nothing_is_acknowledged_before_it_is_told_to(void **state)
{
    struct stand s;

    (void)state;
    open_stand(&s);
    CONNECTS(&s, CONNACK SUBACK MESSAGE("\1", "a") MESSAGE("\2", "b"));
    assert_true(hf_consumer_subscribed(s.c));
    SAY(&s, MESSAGE("\3", "c"));
    hf_consumer_gather(s.c, 1000);
    assert_string_equal(s.got, "abc");
    assert_true(is_silent(&s));
    hf_consumer_ack(s.c);
    HEAR(&s, ACK("\1") ACK("\2") ACK("\3"));
    hf_consumer_ack(s.c); /* once */
    assert_true(is_silent(&s));
    close_stand(&s);
}

static void
bits_of_a_packet_wait_for_the_rest(void **state)
{
    static const char bytes[] = MESSAGE("\1", "a") MESSAGE("\2", "b");
    struct stand s;

    (void)state;
    open_stand(&s);
    CONNECTS(&s, CONNACK SUBACK);
    for (size_t i = 0; i < sizeof bytes - 1; i++) {
        say(&s, bytes + i, 1);
        hf_consumer_gather(s.c, 1000);
        assert_int_equal(strlen(s.got), (i + 1) / (sizeof bytes / 2));
    }
    hf_consumer_ack(s.c);
    HEAR(&s, ACK("\1") ACK("\2"));
    close_stand(&s);
}

static void
what_is_too_much_waits_for_the_next_gathering(void **state)
{
    struct stand s;

    (void)state;
    open_stand(&s);
    s.enough = 2;
    CONNECTS(&s, CONNACK SUBACK);
    SAY(&s, MESSAGE("\1", "a") MESSAGE("\2", "b") MESSAGE("\3", "c"));
    hf_consumer_gather(s.c, 1000);
    assert_string_equal(s.got, "ab");
    hf_consumer_ack(s.c);
    HEAR(&s, ACK("\1") ACK("\2"));
    assert_true(is_silent(&s));
    hf_consumer_gather(s.c, 60000); /* it is there: nothing is waited for */
    assert_string_equal(s.got, "abc");
    hf_consumer_ack(s.c);
    HEAR(&s, ACK("\3"));
    close_stand(&s);
}

static void
a_new_connection_acknowledges_nothing_of_the_old_one(void **state)
{
    struct stand s;

    (void)state;
    open_stand(&s);
    CONNECTS(&s, CONNACK SUBACK MESSAGE("\1", "a"));
    SAY(&s, "\x32\x06\0"); /* and half a packet */
    hf_consumer_gather(s.c, 1000);
    shutdown(s.fd, SHUT_RDWR);
    hf_consumer_gather(s.c, 1000);
    assert_false(hf_consumer_subscribed(s.c));
    CONNECTS(&s, CONNACK MESSAGE("\7", "a") SUBACK); /* of the old session, before SUBACK */
    assert_string_equal(s.got, "aa");
    hf_consumer_ack(s.c);
    HEAR(&s, ACK("\7"));
    assert_true(is_silent(&s));
    close_stand(&s);
}

static void
what_is_no_answer_ends_the_connection(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } wrong[] = {
        {"\x20\2\0\5", 4},                           /* not authorised */
        {CONNACK "\x90\3\0\1\x80", 9},               /* the filter is refused */
        {CONNACK SUBACK "\x34\6\0\1t\0\1a", 17},     /* QoS 2 */
        {CONNACK SUBACK "\x32\xff\xff\xff\x7f", 14}, /* 256 MB */
        {CONNACK SUBACK "\xe0\0", 11},               /* a packet of a client's */
    };
    struct stand s;
    char byte;

    (void)state;
    open_stand(&s);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        connects(&s, wrong[i].bytes, wrong[i].len);
        hf_consumer_gather(s.c, 100);
        assert_false(hf_consumer_subscribed(s.c));
        assert_true(recv(s.fd, &byte, 1, 0) <= 0);
    }
    CONNECTS(&s, CONNACK SUBACK);
    assert_true(hf_consumer_subscribed(s.c));
    assert_string_equal(s.got, "");
    close_stand(&s);
}

static int
begin(void **state)
{
    (void)state;
    return hf_stop_init(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_acknowledged_before_it_is_told_to),
        cmocka_unit_test(bits_of_a_packet_wait_for_the_rest),
        cmocka_unit_test(what_is_too_much_waits_for_the_next_gathering),
        cmocka_unit_test(a_new_connection_acknowledges_nothing_of_the_old_one),
        cmocka_unit_test(what_is_no_answer_ends_the_connection),
    };

    return cmocka_run_group_tests(tests, begin, NULL);
}
