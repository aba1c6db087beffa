// SPDX-License-Identifier: Apache-2.0
/* The publisher against a broker that resets connections, and one that acknowledges nothing. */
#include "checker/publish.h"
#include "unit.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { COUNT = 400, CONNECT = 1, PUBLISH = 3, PACKET_MAX = 4096 };

/* As much of a broker as one publisher needs. */
struct broker {
    int listener;
    unsigned resets; /* connections that it resets as soon as they are accepted */
    bool silent;     /* it acknowledges nothing */
    unsigned port;
    pthread_t thread;
};

static bool
read_all(int fd, void *to, size_t len)
{
    return len == 0 || recv(fd, to, len, MSG_WAITALL) == (ssize_t)len;
}

/* The type of the packet, or -1 at the end; *ret_at is where its variable header begins. */
static int
read_packet(int fd, unsigned char *to)
{
    unsigned char head, byte;
    size_t len = 0;

    if (!read_all(fd, &head, 1))
        return -1;
    for (unsigned shift = 0;; shift += 7) {
        if (!read_all(fd, &byte, 1))
            return -1;
        len |= (size_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80))
            break;
    }
    assert_true(len <= PACKET_MAX);
    return read_all(fd, to, len) ? head >> 4 : -1;
}

/* MQTT 3.1.1, 3.4: the packet identifier follows the topic. */
static void
acknowledge(int fd, const unsigned char *publish)
{
    size_t topic = (size_t)publish[0] << 8 | publish[1];
    unsigned char puback[] = {0x40, 2, publish[2 + topic], publish[3 + topic]};

    (void)send(fd, puback, sizeof puback, MSG_NOSIGNAL);
}

static void
serve(struct broker *b, int fd)
{
    static const unsigned char connack[] = {0x20, 2, 0, 0};
    unsigned char packet[PACKET_MAX];
    int type;

    while ((type = read_packet(fd, packet)) >= 0) {
        if (type == CONNECT)
            (void)send(fd, connack, sizeof connack, MSG_NOSIGNAL);
        if (type == CONNECT && b->resets) {
            struct linger now = {.l_onoff = 1};

            b->resets--;
            assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
            break;
        }
        if (type == PUBLISH && !b->silent)
            acknowledge(fd, packet);
    }
    close(fd);
}

static void *
run_broker(void *arg)
{
    struct broker *b = arg;
    int fd;

    while ((fd = accept(b->listener, NULL, NULL)) >= 0)
        serve(b, fd);
    return NULL;
}

static void
start_broker(struct broker *b)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;

    b->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(b->listener >= 0);
    assert_int_equal(bind(b->listener, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(b->listener, 4), 0);
    assert_int_equal(getsockname(b->listener, (struct sockaddr *)&a, &len), 0);
    b->port = ntohs(a.sin_port);
    assert_int_equal(pthread_create(&b->thread, NULL, run_broker, b), 0);
}

static void
end_broker(struct broker *b)
{
    shutdown(b->listener, SHUT_RDWR);
    pthread_join(b->thread, NULL);
    close(b->listener);
}

static uint64_t
publish_to(struct broker *b, int64_t patience_ms, struct hf_publish *p)
{
    const struct hf_corpus corpus = {
        .kind = HF_CORPUS_SENSOR, .seed = 7, .run = "r1", .sizes = {200}, .size_count = 1};
    struct hf_error err = {0};

    start_broker(b);
    *p = (struct hf_publish){.host = "127.0.0.1",
                             .port = b->port,
                             .clients = 1,
                             .window = 10,
                             .prefix = "t",
                             .patience_ms = patience_ms};
    assert_int_equal(hf_journal_create(NULL, &corpus, COUNT, 4, &p->journal, &err), 0);
    assert_int_equal(hf_publish_run(p), 0);
    end_broker(b);
    return atomic_load(&p->done);
}

static void
a_lost_connection_leaves_none_out_and_counts_none_twice(void **state)
{
    enum { RESETS = 20 };
    struct broker b = {.resets = RESETS};
    struct hf_publish p;

    (void)state;
    assert_int_equal(publish_to(&b, 20000, &p), COUNT);
    assert_true(atomic_load(&p.reconnects) >= RESETS);
    for (uint64_t n = 0; n < COUNT; n++)
        assert_int_equal(p.journal.acknowledged[n], 1);
    hf_journal_done(&p.journal);
}

static void
what_is_never_acknowledged_is_not_waited_for_for_ever(void **state)
{
    struct broker b = {.silent = true};
    struct hf_publish p;

    (void)state;
    assert_int_equal(publish_to(&b, 200, &p), 0);
    for (uint64_t n = 0; n < COUNT; n++)
        assert_int_equal(p.journal.acknowledged[n], 0);
    hf_journal_done(&p.journal);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_connection_leaves_none_out_and_counts_none_twice),
        cmocka_unit_test(what_is_never_acknowledged_is_not_waited_for_for_ever),
    };

    return cmocka_run_group_tests_name("publish", tests, NULL, NULL);
}
