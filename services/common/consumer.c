// SPDX-License-Identifier: Apache-2.0
#include "common/consumer.h"

#include "base/clock.h"
#include "base/log.h"
#include "common/backoff.h"
#include "common/dial.h"
#include "common/mqtt.h"
#include "common/stop.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    RECONNECT_FIRST_MS = 200,
    RECONNECT_CAP_MS = 5000,
    /* CONNACK and SUBACK from a broker on the same machine; it may be busy loading its queue. */
    HANDSHAKE_MS = 10000,
    /* TCP keepalive: a peer that vanished without a FIN is noticed after about 30 s. */
    KEEPALIVE_IDLE_S = 15,
    KEEPALIVE_STEP_S = 5,
    KEEPALIVE_PROBES = 3,
    PACKET_MAX = 2 * 1024 * 1024, /* the broker takes 1 MiB at most */
    READ_BYTES = 128 * 1024,
    ACKS_MAX = 4 * 65536, /* no more ids are there */
};

struct hf_consumer {
    struct hf_consumer_options options;
    int fd; /* -1: not connected */
    struct hf_backoff backoff;
    struct hf_last_peer last;
    int64_t next_try_ms; /* monotonic */
    bool said_waiting;
    bool enough;      /* on_message wants no more for now */
    unsigned arrived; /* messages since the gathering began */
    struct hf_buf in; /* what was read; from at on it is still to be looked at */
    size_t at;
    struct hf_buf acks; /* of what was gathered */
    atomic_bool subscribed;
    pthread_mutex_t lock;
    struct hf_account account; /* guarded by lock */
};

int
hf_consumer_new(const struct hf_consumer_options *options, struct hf_consumer **ret_consumer,
                struct hf_error *err)
{
    HF_AUTO(hf_consumer) struct hf_consumer *c = calloc(1, sizeof *c);

    if (!c)
        return hf_error_nomem(err);
    pthread_mutex_init(&c->lock, NULL);
    c->fd = -1;
    c->options = *options;
    c->account = options->account;
    c->backoff = (struct hf_backoff){.first_ms = RECONNECT_FIRST_MS, .cap_ms = RECONNECT_CAP_MS};
    c->in = HF_BUF_INIT(PACKET_MAX + READ_BYTES);
    c->acks = HF_BUF_INIT(ACKS_MAX);
    *ret_consumer = hf_steal(&c);
    return 0;
}

void
hf_consumer_free(struct hf_consumer *c)
{
    if (!c)
        return;
    if (c->fd >= 0)
        close(c->fd);
    hf_buf_done(&c->in);
    hf_buf_done(&c->acks);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

void
hf_consumer_set_account(struct hf_consumer *c, const struct hf_account *account)
{
    pthread_mutex_lock(&c->lock);
    c->account = *account;
    pthread_mutex_unlock(&c->lock);
}

bool
hf_consumer_subscribed(const struct hf_consumer *c)
{
    return atomic_load(&c->subscribed);
}

static void
lose_connection(struct hf_consumer *c, const struct hf_error *why)
{
    bool was_subscribed = atomic_exchange(&c->subscribed, false);

    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    hf_buf_done(&c->in);
    c->at = 0;
    hf_buf_clear(&c->acks); /* what was not acknowledged comes again, with other ids */
    c->next_try_ms = hf_clock_mono_ms() + hf_backoff_fail_now(&c->backoff);
    if (was_subscribed)
        hf_log_warn("event=broker-lost filter=%s reason=\"%s\"", c->options.filter, why->message);
    else if (!c->said_waiting)
        hf_log_info("event=waiting-for-broker broker=%s:%d reason=\"%s\"", c->options.broker.host,
                    c->options.broker.port, why->message);
    c->said_waiting = true;
}

/* ---- the socket ---- */

static void
watch_by_tcp(int fd)
{
    const int on = 1, idle = KEEPALIVE_IDLE_S, step = KEEPALIVE_STEP_S, probes = KEEPALIVE_PROBES;

    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &step, sizeof step);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static int
send_all(const struct hf_consumer *c, const struct hf_buf *out, int64_t deadline_ms,
         struct hf_error *err)
{
    for (size_t sent = 0; sent < out->len;) {
        ssize_t n = send(c->fd, out->data + sent, out->len - sent, MSG_NOSIGNAL);

        if (n >= 0)
            sent += (size_t)n;
        else if (errno != EAGAIN && errno != EINTR)
            return hf_error_errno(err, errno, "connection lost");
        else if (errno == EAGAIN && !hf_dial_ready(c->fd, POLLOUT, deadline_ms))
            return hf_error_set(err, HF_ERROR_TIMEOUT, "the broker takes nothing");
    }
    return 0;
}

/* The broker's kernel gathers small messages until what it sent is acknowledged (RFC 896): said
 * now, instead of up to 40 ms later, and once, not for each segment (tcp(7), TCP_QUICKACK; an even
 * number leaves the acknowledgements after this one delayed). */
static void
let_more_come(int fd)
{
    const int once = 2;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &once, sizeof once);
}

/* What has come: 1, or 0 where nothing has. */
static int
receive(struct hf_consumer *c, struct hf_error *err)
{
    char *room;
    ssize_t n;

    hf_buf_consume(&c->in, c->at);
    c->at = 0;
    room = hf_buf_reserve(&c->in, READ_BYTES);
    if (!room)
        return hf_error_nomem(err);
    n = recv(c->fd, room, READ_BYTES, 0);
    if (n > 0) {
        c->in.len += (size_t)n;
        let_more_come(c->fd);
        return 1;
    }
    if (n == 0)
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "the broker closed the connection");
    return errno == EAGAIN || errno == EINTR ? 0 : hf_error_errno(err, errno, "connection lost");
}

/* ---- what the broker says ---- */

static int
take_message(struct hf_consumer *c, const struct hf_mqtt_packet *packet, struct hf_error *err)
{
    struct hf_mqtt_publish p;

    if (hf_mqtt_publish_read(packet, &p, err) < 0 ||
        (p.id && hf_mqtt_add_puback(&c->acks, p.id, err) < 0))
        return -1;
    c->arrived++;
    c->enough =
        !c->options.on_message(c->options.ctx, &(struct hf_message){.topic = p.topic,
                                                                    .topic_len = p.topic_len,
                                                                    .payload = p.payload,
                                                                    .len = p.payload_len,
                                                                    .retained = p.retained});
    return 0;
}

static int
take_suback(struct hf_consumer *c, const struct hf_mqtt_packet *packet, struct hf_error *err)
{
    if (hf_mqtt_suback_read(packet, err) < 0) {
        hf_log_error("event=subscription-refused filter=%s", c->options.filter);
        return -1;
    }
    atomic_store(&c->subscribed, true);
    hf_backoff_reset(&c->backoff);
    c->said_waiting = false;
    hf_log_info("event=subscribed filter=%s", c->options.filter);
    return 0;
}

static int
take_connack(struct hf_consumer *c, const struct hf_mqtt_packet *packet, struct hf_error *err)
{
    if (hf_mqtt_connack_read(packet, err) < 0) {
        hf_log_warn("event=broker-refused client=%s reason=\"%s\"", c->options.client_id,
                    err->message);
        return -1;
    }
    hf_last_peer_keep(&c->last, c->fd);
    return 0;
}

/* Takes whole packets until on_message has enough: 1 where it has, 0 where more must come. */
static int
take_packets(struct hf_consumer *c, struct hf_error *err)
{
    while (!c->enough && c->at < c->in.len) {
        struct hf_mqtt_packet packet;
        size_t size;
        int rc =
            hf_mqtt_look(c->in.data + c->at, c->in.len - c->at, PACKET_MAX, &size, &packet, err);

        if (rc <= 0)
            return rc;
        c->at += size;
        if (packet.type == HF_MQTT_PUBLISH)
            rc = take_message(c, &packet, err);
        else if (packet.type == HF_MQTT_SUBACK)
            rc = take_suback(c, &packet, err);
        else if (packet.type == HF_MQTT_CONNACK)
            rc = take_connack(c, &packet, err);
        else
            rc = hf_error_set(err, HF_ERROR_MALFORMED, "a packet of type %u", packet.type);
        if (rc < 0)
            return -1;
    }
    return c->enough;
}

/* Until the subscription is confirmed. Messages of the old session may come before that. */
static int
shake_hands(struct hf_consumer *c, int64_t deadline_ms, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf hello = HF_BUF_INIT(4096);
    struct hf_account account;
    int rc;

    pthread_mutex_lock(&c->lock);
    account = c->account;
    pthread_mutex_unlock(&c->lock);
    /* Nothing need be waited for between the two (3.1.4). */
    if (hf_mqtt_add_connect(&hello, c->options.client_id, account.user, account.password, err) <
            0 ||
        hf_mqtt_add_subscribe(&hello, c->options.filter, err) < 0 ||
        send_all(c, &hello, deadline_ms, err) < 0)
        return -1;
    for (rc = 0; rc == 0 && !hf_consumer_subscribed(c);) {
        if (!hf_dial_ready(c->fd, POLLIN, deadline_ms))
            return hf_error_set(err, HF_ERROR_TIMEOUT, "no answer in time");
        rc = receive(c, err);
        if (rc > 0)
            rc = take_packets(c, err);
    }
    return rc < 0 ? -1 : 0;
}

static void
connect_now(struct hf_consumer *c)
{
    int64_t deadline = hf_clock_mono_ms() + HANDSHAKE_MS;
    struct hf_error err;

    c->fd = hf_dial(&c->options.broker, &c->last, deadline, &err);
    if (c->fd >= 0)
        watch_by_tcp(c->fd);
    if (c->fd < 0 || shake_hands(c, deadline, &err) < 0)
        lose_connection(c, &err);
}

/* What came with an earlier read, then what the socket has. */
static int
take_all(struct hf_consumer *c, int wait_ms, struct hf_error *err)
{
    int rc = take_packets(c, err);

    if (rc == 0 && c->arrived == 0 && !hf_dial_ready(c->fd, POLLIN, hf_clock_mono_ms() + wait_ms))
        return 0;
    while (rc == 0) {
        rc = receive(c, err);
        if (rc <= 0)
            return rc;
        rc = take_packets(c, err);
    }
    return rc;
}

void
hf_consumer_gather(struct hf_consumer *c, int wait_ms)
{
    struct hf_error err;

    c->arrived = 0;
    c->enough = false;
    if (c->fd < 0) {
        int64_t due = c->next_try_ms - hf_clock_mono_ms();

        if (hf_stop_sleep(due < 0 ? 0 : due < wait_ms ? due : wait_ms) || due > wait_ms)
            return;
        connect_now(c);
    }
    if (c->fd >= 0 && take_all(c, wait_ms, &err) < 0)
        lose_connection(c, &err);
}

void
hf_consumer_ack(struct hf_consumer *c)
{
    struct hf_error err;

    if (c->fd >= 0 && send_all(c, &c->acks, hf_clock_mono_ms() + HANDSHAKE_MS, &err) < 0)
        lose_connection(c, &err);
    hf_buf_clear(&c->acks);
}
