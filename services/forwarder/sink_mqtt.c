// SPDX-License-Identifier: Apache-2.0
/*
 * Delivery by MQTT with QoS 1: a record is stored there when its PUBACK came. The loop is run here
 * and not by libmosquitto's thread, which ends silently; a connection that broke is thrown away
 * with all that was under way, and what has no PUBACK is published again on the next.
 */
#include "base/clock.h"
#include "common/http.h"
#include "common/last_peer.h"
#include "common/stop.h"
#include "forwarder/mqtt_message.h"
#include "forwarder/mqtt_tls.h"
#include "forwarder/probe.h"
#include "forwarder/sink.h"
#include "forwarder/trial.h"

#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>

enum {
    KEEPALIVE_S = 60,
    CONNECT_MS = 10000,
    STALL_MS = 30000,
    TEST_CONNECT_MS = 7000,
    TEST_STALL_MS = 7000,
    LOOP_MS = 50,
    RESTING_LOOPS = 2, /* one to ask, one to read what came */
    MIDS = 65536,
    PORT_PLAIN = 1883,
    PORT_TLS = 8883,
    /* MQTT 3.1.1 has no way to refuse a message but to close. So often on one record, and it is
     * that record. */
    CLOSED_ALONE = 3, /* then it is sent alone */
    CLOSED_MAX = 12,  /* with the waits between, some minutes */
};

struct hf_sink_link {
    const struct hf_sink_settings *s;
    const atomic_bool *cancel;
    struct hf_http_url url;
    const char *name; /* of the server */
    bool use_tls;
    struct hf_mqtt_tls tls;
    struct mosquitto *mosq; /* NULL without a connection */
    struct hf_last_peer last;
    bool connected; /* CONNACK has come */
    int connack;    /* what it said, once it came; -1 before */
    int64_t connect_ms, stall_ms;
    struct hf_mqtt_message message;
    /* Of the present send(). */
    size_t from, to, next;
    size_t flying;
    size_t acked_count;
    unsigned char *acked; /* [to - from] */
    size_t acked_cap;
    size_t refused_line; /* the first that a PUBACK refused; to: none */
    int refused_reason;
    uint32_t line_of_mid[MIDS];
    /* The record at the head of which the connection was closed, and how often. */
    char closed_id[HF_MQTT_ID_MAX];
    unsigned closed;
};

/* ---- the connection ---- */

static void
on_connect(struct mosquitto *m, void *ctx, int reason, int flags, const mosquitto_property *props)
{
    struct hf_sink_link *l = ctx;

    (void)flags, (void)props;
    l->connack = reason;
    l->connected = reason == 0;
    if (l->connected)
        hf_last_peer_keep(&l->last, mosquitto_socket(m));
}

static void
on_publish(struct mosquitto *m, void *ctx, int mid, int reason, const mosquitto_property *props)
{
    struct hf_sink_link *l = ctx;
    size_t line = l->line_of_mid[mid & (MIDS - 1)];

    (void)m, (void)props;
    if (line < l->from || line >= l->to || l->acked[line - l->from])
        return;
    l->flying--;
    if (reason >= MQTT_RC_UNSPECIFIED) {
        if (line < l->refused_line) {
            l->refused_line = line;
            l->refused_reason = reason;
        }
        return;
    }
    l->acked[line - l->from] = 1;
    l->acked_count++;
}

static void
drop_connection(struct hf_sink_link *l)
{
    if (l->mosq)
        mosquitto_destroy(l->mosq);
    l->mosq = NULL;
    l->connected = false;
    if (l->tls.ctx)
        hf_mqtt_tls_done(&l->tls);
}

static void
close_link(struct hf_sink_link *l)
{
    if (!l)
        return;
    if (l->connected) {
        (void)mosquitto_disconnect(l->mosq);
        (void)mosquitto_loop_write(l->mosq, 1);
    }
    drop_connection(l);
    hf_http_url_done(&l->url);
    hf_mqtt_message_done(&l->message);
    free(l->acked);
    free(l);
    mosquitto_lib_cleanup();
}

static int
open_link(const struct hf_sink_settings *s, const atomic_bool *cancel,
          struct hf_sink_link **ret_link, struct hf_error *err)
{
    struct hf_sink_link *l = calloc(1, sizeof *l);

    if (!l)
        return hf_error_nomem(err);
    mosquitto_lib_init();
    l->s = s;
    l->cancel = cancel;
    l->connect_ms = CONNECT_MS;
    l->stall_ms = STALL_MS;
    hf_mqtt_message_init(&l->message);
    if (hf_http_url_parse(s->url, &l->url, err) < 0) {
        close_link(l);
        return -1;
    }
    l->use_tls = strcmp(l->url.scheme, "mqtts") == 0;
    if (!l->url.port)
        l->url.port = l->use_tls ? PORT_TLS : PORT_PLAIN;
    l->name = *s->server_name ? s->server_name : l->url.host;
    *ret_link = l;
    return 0;
}

static bool
cancelled(const struct hf_sink_link *l)
{
    return hf_stopping() || atomic_load(l->cancel);
}

static int
make_client(struct hf_sink_link *l, const char *id, struct hf_error *err)
{
    const struct hf_sink_settings *s = l->s;

    l->mosq = mosquitto_new(id, true, l);
    if (!l->mosq)
        return hf_error_nomem(err);
    mosquitto_int_option(l->mosq, MOSQ_OPT_PROTOCOL_VERSION,
                         s->version5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
    mosquitto_int_option(l->mosq, MOSQ_OPT_SEND_MAXIMUM, (int)s->inflight);
    mosquitto_int_option(l->mosq, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_connect_v5_callback_set(l->mosq, on_connect);
    mosquitto_publish_v5_callback_set(l->mosq, on_publish);
    if (*s->user && mosquitto_username_pw_set(l->mosq, s->user, *s->password ? s->password : NULL))
        return hf_error_nomem(err);
    if (!l->use_tls)
        return 0;
    if (hf_mqtt_tls_init(&l->tls, s, l->name, err) < 0)
        return -1;
    mosquitto_int_option(l->mosq, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0);
    mosquitto_void_option(l->mosq, MOSQ_OPT_SSL_CTX, l->tls.ctx);
    return 0;
}

static int
no_connection(struct hf_sink_link *l, int rc, struct hf_error *err)
{
    if (l->use_tls && *l->tls.wrong)
        return hf_error_set(err, HF_ERROR_UPSTREAM, "the server's certificate: %s", l->tls.wrong);
    if (l->use_tls && rc == MOSQ_ERR_TLS)
        return hf_error_set(err, HF_ERROR_UPSTREAM, "no TLS with %s", l->url.host);
    if (l->connack > 0)
        return hf_error_set(err, HF_ERROR_FORBIDDEN, "the broker refuses the connection: %s",
                            l->s->version5 ? mosquitto_reason_string(l->connack)
                                           : mosquitto_connack_string(l->connack));
    return hf_error_set(err, HF_ERROR_UPSTREAM, "no connection to %s port %d: %s", l->url.host,
                        l->url.port, rc ? mosquitto_strerror(rc) : "no answer in time");
}

static int
connect_as(struct hf_sink_link *l, const char *id, struct hf_error *err)
{
    int64_t end_ms = hf_clock_mono_ms() + l->connect_ms;
    int rc;

    l->connack = -1;
    if (make_client(l, id, err) < 0) {
        drop_connection(l);
        return -1;
    }
    rc = hf_last_peer_connect(&l->last, l->mosq, mosquitto_connect_async, l->url.host, l->url.port,
                              KEEPALIVE_S);
    while (!rc && !l->connected && l->connack <= 0 && hf_clock_mono_ms() < end_ms &&
           !cancelled(l)) {
        if (mosquitto_socket(l->mosq) >= FD_SETSIZE) /* libmosquitto uses select() */
            rc = MOSQ_ERR_CONN_LOST;
        else
            rc = mosquitto_loop(l->mosq, LOOP_MS, 1);
    }
    if (l->connected)
        return 0;
    no_connection(l, rc, err);
    drop_connection(l);
    return -1;
}

/* What a refused connection means: reasons of CONNACK (MQTT 3.1.1, 3.2.2.3; MQTT 5, 3.2.2.2). */
static enum hf_outcome
outcome_of_connack(int connack)
{
    switch (connack) {
    case 1: /* 3.1.1: protocol version */
    case 2: /* 3.1.1: client id */
    case 4: /* 3.1.1: user or password */
    case 5: /* 3.1.1: not authorized */
    case MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION:
    case MQTT_RC_CLIENTID_NOT_VALID:
    case MQTT_RC_BAD_USERNAME_OR_PASSWORD:
    case MQTT_RC_NOT_AUTHORIZED:
    case MQTT_RC_BANNED:
    case MQTT_RC_BAD_AUTHENTICATION_METHOD:
    case MQTT_RC_USE_ANOTHER_SERVER:
    case MQTT_RC_SERVER_MOVED:
        return HF_OUTCOME_REFUSED;
    default:
        return HF_OUTCOME_LATER;
    }
}

/* Reasons of PUBACK (MQTT 5, 3.4.2.1). */
static enum hf_outcome
outcome_of_puback(int reason)
{
    switch (reason) {
    case MQTT_RC_NOT_AUTHORIZED: /* one topic that may not be, or all of them */
    case MQTT_RC_TOPIC_NAME_INVALID:
    case MQTT_RC_PAYLOAD_FORMAT_INVALID:
    case MQTT_RC_PACKET_TOO_LARGE:
        return HF_OUTCOME_POISON;
    default:
        return HF_OUTCOME_LATER;
    }
}

/* ---- sending ---- */

static int
publish(struct hf_sink_link *l, struct hf_leased *b, size_t line, struct hf_sink_result *r)
{
    mosquitto_property *props = NULL;
    struct hf_slice text;
    struct hf_error err = {0};
    int mid = 0, rc = MOSQ_ERR_SUCCESS;

    if (hf_leased_lines(b, line, line + 1, &text, &err) < 0 ||
        hf_mqtt_message_make(&l->message, l->s, text, &err) < 0) {
        r->unsendable = err.class == HF_ERROR_INVALID;
        r->outcome = r->unsendable ? HF_OUTCOME_POISON : HF_OUTCOME_LATER;
        snprintf(r->error, sizeof r->error, "%.*s", HF_SINK_TEXT_MAX - 1, err.message);
        return -1;
    }
    if (l->s->version5)
        rc = mosquitto_property_add_string_pair(&props, MQTT_PROP_USER_PROPERTY, "holdfast-id",
                                                l->message.id);
    if (!rc)
        rc = mosquitto_publish_v5(l->mosq, &mid, l->message.topic.data, (int)l->message.payload.len,
                                  l->message.payload.data, 1, false, props);
    mosquitto_property_free_all(&props);
    if (rc == MOSQ_ERR_SUCCESS) {
        l->line_of_mid[mid & (MIDS - 1)] = (uint32_t)line;
        l->flying++;
        r->sent_bytes += (int64_t)(l->message.payload.len + l->message.topic.len);
        return 0;
    }
    r->unsendable =
        rc == MOSQ_ERR_PAYLOAD_SIZE || rc == MOSQ_ERR_INVAL || rc == MOSQ_ERR_MALFORMED_UTF8;
    r->outcome =
        r->unsendable || rc == MOSQ_ERR_OVERSIZE_PACKET ? HF_OUTCOME_POISON : HF_OUTCOME_LATER;
    snprintf(r->error, sizeof r->error, "cannot publish: %s", mosquitto_strerror(rc));
    return -1;
}

/* Publishes while there is room; false once nothing further may go. */
static bool
fill_window(struct hf_sink_link *l, struct hf_leased *b, struct hf_sink_result *r)
{
    size_t window = l->closed >= CLOSED_ALONE ? 1 : (size_t)l->s->inflight;

    while (l->next < l->to && l->flying < window && l->refused_line == l->to) {
        if (publish(l, b, l->next, r) < 0)
            return false;
        l->next++;
    }
    return l->next < l->to && l->refused_line == l->to;
}

/* Until all that was published is acknowledged. -1: the connection is gone. */
static int
exchange(struct hf_sink_link *l, struct hf_leased *b, struct hf_sink_result *r)
{
    int64_t moved_ms = hf_clock_mono_ms();
    bool filling = true;

    for (;;) {
        size_t before = l->flying + l->next;
        int rc;

        if (filling)
            filling = fill_window(l, b, r);
        if (!l->flying && !filling)
            return 0;
        rc = mosquitto_loop(l->mosq, LOOP_MS, 1);
        if (l->flying + l->next != before)
            moved_ms = hf_clock_mono_ms();
        if (rc || cancelled(l) || hf_clock_mono_ms() - moved_ms > l->stall_ms) {
            r->outcome = HF_OUTCOME_LATER;
            snprintf(r->error, sizeof r->error, "the connection broke: %s",
                     rc ? mosquitto_strerror(rc) : "nothing moved");
            return rc ? -2 : -1;
        }
    }
}

static size_t
count_stored(const struct hf_sink_link *l)
{
    size_t n = 0;

    while (n < l->to - l->from && l->acked[n])
        n++;
    return n;
}

/* A broker that closes on the same record again and again refuses that record (3.1.1). */
static void
note_closed(struct hf_sink_link *l, struct hf_leased *b, struct hf_sink_result *r)
{
    struct hf_slice text;
    struct hf_error err = {0};

    if (hf_leased_lines(b, l->from + r->stored, l->from + r->stored + 1, &text, &err) < 0 ||
        hf_mqtt_message_make(&l->message, l->s, text, &err) < 0)
        return;
    if (strcmp(l->closed_id, l->message.id) != 0) {
        memcpy(l->closed_id, l->message.id, sizeof l->closed_id);
        l->closed = 0;
    }
    if (++l->closed < CLOSED_MAX)
        return;
    l->closed = 0;
    r->outcome = HF_OUTCOME_POISON;
    r->exact = true;
    snprintf(r->error, sizeof r->error, "the broker closed the connection %d times on this record",
             CLOSED_MAX);
}

static void
conclude(struct hf_sink_link *l, struct hf_leased *b, int rc, struct hf_sink_result *r)
{
    r->stored = count_stored(l);
    if (r->stored)
        l->closed = 0;
    if (rc < 0) {
        drop_connection(l);
        if (rc == -2 && l->next > l->from + r->stored)
            note_closed(l, b, r);
    } else if (l->refused_line < l->to) {
        l->closed = 0; /* it answers */
        r->status = l->refused_reason;
        r->outcome = outcome_of_puback(l->refused_reason);
        r->exact = true;
        snprintf(r->error, sizeof r->error, "the broker refuses it: %s",
                 mosquitto_reason_string(l->refused_reason));
    } else if (r->stored == l->to - l->from) {
        r->outcome = HF_OUTCOME_STORED;
    } else { /* publish() said why */
        r->exact = r->outcome == HF_OUTCOME_POISON;
    }
}

static bool
begin(struct hf_sink_link *l, size_t from, size_t to)
{
    if (l->acked_cap < to - from) {
        unsigned char *grown = realloc(l->acked, to - from);

        if (!grown)
            return false;
        l->acked = grown;
        l->acked_cap = to - from;
    }
    memset(l->acked, 0, to - from);
    l->from = from;
    l->to = l->refused_line = to;
    l->next = from;
    l->flying = l->acked_count = 0;
    return true;
}

static void
send_lines(struct hf_sink_link *l, struct hf_leased *b, size_t from, size_t to,
           struct hf_sink_result *ret_result)
{
    int64_t begin_ms = hf_clock_mono_ms();
    struct hf_error err = {0};

    *ret_result = (struct hf_sink_result){.outcome = HF_OUTCOME_LATER};
    if (!begin(l, from, to)) {
        snprintf(ret_result->error, sizeof ret_result->error, "out of memory");
    } else if (!l->connected && connect_as(l, l->s->client_id, &err) < 0) {
        ret_result->status = l->connack > 0 ? l->connack : 0;
        ret_result->outcome =
            err.class == HF_ERROR_INVALID ? HF_OUTCOME_REFUSED : outcome_of_connack(l->connack);
        snprintf(ret_result->error, sizeof ret_result->error, "%.*s", HF_SINK_TEXT_MAX - 1,
                 err.message);
    } else {
        conclude(l, b, exchange(l, b, ret_result), ret_result);
    }
    ret_result->ms = hf_clock_mono_ms() - begin_ms;
}

/* ---- between ---- */

static void
keep(struct hf_sink_link *l)
{
    for (int i = 0; i < RESTING_LOOPS && l->connected; i++)
        if (mosquitto_loop(l->mosq, 0, 1))
            drop_connection(l);
    l->from = l->to = 0;
}

/* Publishes a record of its own on the connection that stands. */
static void
test_record(struct hf_sink_link *l, struct hf_sink_steps *steps)
{
    struct hf_leased record = {0};
    struct hf_sink_result result = {.outcome = HF_OUTCOME_LATER};
    struct hf_error err = {0};
    int64_t begin_ms = hf_clock_mono_ms();
    bool ok = false;

    if (hf_trial_record(&record, l->s->gateway, &err) == 0 && begin(l, 0, 1)) {
        conclude(l, &record, exchange(l, &record, &result), &result);
        ok = result.outcome == HF_OUTCOME_STORED;
    }
    hf_sink_step_add(steps, "send", ok, hf_clock_mono_ms() - begin_ms,
                     ok             ? "the broker acknowledged it"
                     : *err.message ? err.message
                                    : result.error);
    hf_leased_done(&record);
}

static void
test_link(struct hf_sink_link *l, struct hf_sink_steps *ret_steps)
{
    char id[HF_SINK_TEXT_MAX + 8];
    struct hf_error err = {0};
    int64_t begin_ms;
    bool ok, secured;

    *ret_steps = (struct hf_sink_steps){0};
    l->connect_ms = TEST_CONNECT_MS;
    l->stall_ms = TEST_STALL_MS;
    if (!hf_probe_tcp(l->url.host, l->url.port, TEST_CONNECT_MS, ret_steps))
        return;
    snprintf(id, sizeof id, "%s-test", l->s->client_id); /* the same would end the other */
    begin_ms = hf_clock_mono_ms();
    ok = connect_as(l, id, &err) == 0;
    secured = ok || !l->use_tls || l->connack > 0 || l->tls.done;
    hf_sink_step_add(ret_steps, "tls", secured, hf_clock_mono_ms() - begin_ms,
                     !secured      ? err.message
                     : !l->use_tls ? "none: whoever is on the way can read it"
                                   : l->tls.seen.text);
    if (secured)
        hf_sink_step_add(ret_steps, "auth", ok, 0, ok ? "" : err.message);
    if (ok)
        test_record(l, ret_steps);
}

const struct hf_sink_ops hf_sink_mqtt = {
    .open = open_link,
    .send = send_lines,
    .test = test_link,
    .keep = keep,
    .rest = keep,
    .close = close_link,
};
