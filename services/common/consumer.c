// SPDX-License-Identifier: Apache-2.0
#include "common/consumer.h"

#include "base/clock.h"
#include "base/log.h"
#include "common/backoff.h"
#include "common/last_peer.h"
#include "common/stop.h"

#include <errno.h>
#include <mosquitto.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>

enum {
    RECONNECT_FIRST_MS = 200,
    RECONNECT_CAP_MS = 5000,
    /* CONNACK and SUBACK from a broker on the same machine; it may be busy loading its queue. */
    HANDSHAKE_MS = 10000,
    REFUSED_RETURN_CODE = 128, /* SUBACK: failure (MQTT 3.1.1, 3.9.3) */
    /* TCP keepalive: a peer that vanished without a FIN is noticed after about 30 s. */
    KEEPALIVE_IDLE_S = 15,
    KEEPALIVE_STEP_S = 5,
    KEEPALIVE_PROBES = 3,
};

struct hf_consumer {
    struct hf_consumer_options options;
    struct mosquitto *mosq;
    struct hf_backoff backoff;
    struct hf_last_peer last;
    int64_t next_try_ms; /* monotonic */
    bool connected;      /* a socket that the handshake was begun on */
    bool said_waiting;
    bool enough;      /* on_message wants no more for now */
    unsigned arrived; /* messages since the gathering began */
    atomic_bool subscribed;
    pthread_mutex_t lock;
    struct hf_account account; /* guarded by lock */
};

static void
on_connect(struct mosquitto *m, void *ctx, int rc)
{
    struct hf_consumer *c = ctx;

    if (rc == 0) {
        hf_last_peer_keep(&c->last, m);
        rc = mosquitto_subscribe(m, NULL, c->options.filter, 1);
    }
    if (rc)
        hf_log_warn("event=broker-refused client=%s reason=\"%s\"", c->options.client_id,
                    mosquitto_connack_string(rc));
}

static void
on_subscribe(struct mosquitto *m, void *ctx, int mid, int count, const int *granted)
{
    struct hf_consumer *c = ctx;
    bool granted_all = count == 1 && granted[0] < REFUSED_RETURN_CODE;

    (void)m;
    (void)mid;
    atomic_store(&c->subscribed, granted_all);
    if (granted_all) {
        hf_backoff_reset(&c->backoff);
        c->said_waiting = false;
        hf_log_info("event=subscribed filter=%s", c->options.filter);
    } else {
        hf_log_error("event=subscription-refused filter=%s", c->options.filter);
    }
}

static void
on_message(struct mosquitto *m, void *ctx, const struct mosquitto_message *msg)
{
    struct hf_consumer *c = ctx;
    struct hf_message message = {
        .topic = msg->topic,
        .payload = msg->payload,
        .len = (size_t)msg->payloadlen,
        .retained = msg->retain,
    };

    (void)m;
    c->arrived++;
    if (!c->options.on_message(c->options.ctx, &message))
        c->enough = true;
}

int
hf_consumer_new(const struct hf_consumer_options *options, struct hf_consumer **ret_consumer,
                struct hf_error *err)
{
    HF_AUTO(hf_consumer) struct hf_consumer *c = calloc(1, sizeof *c);

    if (!c)
        return hf_error_nomem(err);
    mosquitto_lib_init();
    pthread_mutex_init(&c->lock, NULL);
    c->options = *options;
    c->account = options->account;
    c->backoff = (struct hf_backoff){.first_ms = RECONNECT_FIRST_MS, .cap_ms = RECONNECT_CAP_MS};
    c->mosq = mosquitto_new(options->client_id, false, c);
    if (!c->mosq)
        return hf_error_nomem(err);
    mosquitto_connect_callback_set(c->mosq, on_connect);
    mosquitto_subscribe_callback_set(c->mosq, on_subscribe);
    mosquitto_message_callback_set(c->mosq, on_message);
    if (mosquitto_threaded_set(c->mosq, true) != MOSQ_ERR_SUCCESS)
        return hf_error_set(err, HF_ERROR_INTERNAL, "libmosquitto without thread support");
    *ret_consumer = hf_steal(&c);
    return 0;
}

void
hf_consumer_free(struct hf_consumer *c)
{
    if (!c)
        return;
    if (c->mosq)
        mosquitto_destroy(c->mosq);
    mosquitto_lib_cleanup();
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
lose_connection(struct hf_consumer *c, const char *why)
{
    bool was_subscribed = atomic_exchange(&c->subscribed, false);

    c->connected = false;
    c->next_try_ms = hf_clock_mono_ms() + hf_backoff_fail_now(&c->backoff);
    if (was_subscribed)
        hf_log_warn("event=broker-lost filter=%s reason=\"%s\"", c->options.filter, why);
    else if (!c->said_waiting)
        hf_log_info("event=waiting-for-broker broker=%s:%d reason=\"%s\"", c->options.broker.host,
                    c->options.broker.port, why);
    c->said_waiting = true;
}

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

/* Waits until the connection can be read (or written, while asked for). False: stop or time. */
static bool
wait_ready(struct hf_consumer *c, short events, int wait_ms)
{
    struct pollfd p[2] = {
        {.fd = mosquitto_socket(c->mosq), .events = events},
        {.fd = hf_stop_fd(), .events = POLLIN},
    };

    return poll(p, 2, wait_ms < 0 ? 0 : wait_ms) > 0 && !hf_stopping() && p[0].revents;
}

/* The library writes each packet by itself: held together, thousands of acknowledgements of four
 * bytes leave in a few segments (tcp(7), TCP_CORK). */
static void
hold_together(struct hf_consumer *c, int on)
{
    (void)setsockopt(mosquitto_socket(c->mosq), IPPROTO_TCP, TCP_CORK, &on, sizeof on);
}

/* Writes the whole queue; only while all of it may leave. */
static int
write_all(struct hf_consumer *c, int64_t deadline_ms)
{
    do {
        int rc = mosquitto_loop_write(c->mosq, 1);

        if (rc)
            return rc;
        if (!mosquitto_want_write(c->mosq))
            return MOSQ_ERR_SUCCESS;
        (void)wait_ready(c, POLLOUT, (int)(deadline_ms - hf_clock_mono_ms()));
    } while (hf_clock_mono_ms() < deadline_ms && !hf_stopping());
    return MOSQ_ERR_CONN_LOST;
}

static int
flush(struct hf_consumer *c, int64_t deadline_ms)
{
    int rc;

    hold_together(c, 1);
    rc = write_all(c, deadline_ms);
    hold_together(c, 0);
    return rc;
}

/* Until the subscription is confirmed nothing was acknowledged and all may be written; messages of
 * the old session that come in between stay unacknowledged, as SUBSCRIBE is queued before them. */
static int
shake_hands(struct hf_consumer *c)
{
    int64_t deadline = hf_clock_mono_ms() + HANDSHAKE_MS;
    bool asked = false;
    int rc = flush(c, deadline);

    while (!rc && !atomic_load(&c->subscribed) && !c->enough) {
        if (hf_clock_mono_ms() >= deadline || hf_stopping())
            return MOSQ_ERR_CONN_LOST;
        if (!wait_ready(c, POLLIN, (int)(deadline - hf_clock_mono_ms())))
            continue;
        rc = mosquitto_loop_read(c->mosq, 1);
        if (!rc && !asked && mosquitto_want_write(c->mosq) && c->arrived == 0) {
            asked = true;
            rc = flush(c, deadline);
        }
    }
    return rc;
}

static void
connect_now(struct hf_consumer *c)
{
    int rc;

    pthread_mutex_lock(&c->lock);
    rc = mosquitto_username_pw_set(c->mosq, c->account.user, c->account.password);
    pthread_mutex_unlock(&c->lock);
    if (!rc)
        rc = hf_last_peer_connect(&c->last, c->mosq, mosquitto_connect, c->options.broker.host,
                                  c->options.broker.port, 0);
    if (!rc) {
        c->connected = true;
        watch_by_tcp(mosquitto_socket(c->mosq));
        rc = shake_hands(c);
    }
    if (rc)
        lose_connection(c, rc == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(rc));
}

void
hf_consumer_gather(struct hf_consumer *c, int wait_ms)
{
    c->arrived = 0;
    c->enough = false;
    if (!c->connected) {
        int64_t due = c->next_try_ms - hf_clock_mono_ms();

        if (hf_stop_sleep(due < 0 ? 0 : due < wait_ms ? due : wait_ms) || due > wait_ms)
            return;
        connect_now(c);
    }
    if (!c->connected || c->enough || !wait_ready(c, POLLIN, c->arrived ? 0 : wait_ms))
        return;
    /* One call reads one packet; one that brings no message found the socket empty, or was an
     * answer of the broker's, and the next poll will tell. */
    for (unsigned before = UINT32_MAX; c->arrived != before && !c->enough;) {
        int rc;

        before = c->arrived;
        rc = mosquitto_loop_read(c->mosq, 1);
        if (rc) {
            lose_connection(c, rc == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(rc));
            return;
        }
    }
}

void
hf_consumer_ack(struct hf_consumer *c)
{
    int rc = MOSQ_ERR_SUCCESS;

    if (c->connected)
        rc = flush(c, hf_clock_mono_ms() + HANDSHAKE_MS);
    if (rc)
        lose_connection(c, mosquitto_strerror(rc));
}
