// SPDX-License-Identifier: Apache-2.0
/* Delivery by HTTP POST: api/uplink.md. */
#include "base/clock.h"
#include "base/text.h"
#include "forwarder/events.h"
#include "forwarder/sink.h"
#include "forwarder/tls_seen.h"
#include "forwarder/trial.h"

#include <stdio.h>
#include <string.h>

enum {
    CONNECT_MS = 10000,
    STALL_S = 30,
    TIMEOUT_MS = 600000, /* a single record over the slowest line; stalls end it sooner */
    TEST_TIMEOUT_MS = 20000,
    REDIRECTS = 3,
    ANSWER_KEPT = 4096,
    REASON_MAX = 200,
    HEADERS_MAX = 6,
    KEEP_BYTES = 128 * 1024,
};

struct hf_sink_link {
    const struct hf_sink_settings *s;
    const atomic_bool *cancel;
    struct hf_http *http;
    struct hf_codec *codec;
    struct hf_http_response answer;
    struct hf_buf events; /* lines as CloudEvents */
    struct hf_buf body;   /* encoded */
    bool testing;         /* what TLS comes about is of interest */
    struct hf_tls_seen seen;
    char key[HF_LEASED_KEY_MAX + 24], gateway[HF_GATEWAY_MAX + 24], own[HF_HTTP_HEADER_MAX];
};

static void
close_link(struct hf_sink_link *l)
{
    if (!l)
        return;
    hf_http_free(l->http);
    hf_codec_free(l->codec);
    hf_http_response_done(&l->answer);
    hf_buf_done(&l->events);
    hf_buf_done(&l->body);
    free(l);
}

HF_DEFINE_AUTO(struct hf_sink_link, link, close_link)

static int
open_link(const struct hf_sink_settings *s, const atomic_bool *cancel,
          struct hf_sink_link **ret_link, struct hf_error *err)
{
    HF_AUTO(link) struct hf_sink_link *l = calloc(1, sizeof *l);

    if (!l)
        return hf_error_nomem(err);
    l->s = s;
    l->cancel = cancel;
    l->events = HF_BUF_INIT((size_t)2 * HF_LEASED_MAX);
    l->body = HF_BUF_INIT((size_t)2 * HF_LEASED_MAX);
    hf_http_response_init(&l->answer, ANSWER_KEPT);
    l->answer.cut = true;
    snprintf(l->gateway, sizeof l->gateway, "Holdfast-Gateway: %s", s->gateway);
    snprintf(l->own, sizeof l->own, "%s: %s", s->header_name, s->header_value);
    if (hf_http_new(&l->http, err) < 0 || hf_codec_new(&l->codec, err) < 0)
        return -1;
    *ret_link = hf_steal(&l);
    return 0;
}

/* The body of lines [from, to), borrowed from the batch or the link. */
static int
make_body(struct hf_sink_link *l, struct hf_leased *b, size_t from, size_t to,
          struct hf_slice *ret_body, struct hf_error *err)
{
    const struct hf_sink_settings *s = l->s;
    struct hf_slice plain;
    int rc = 0;

    if (s->format == HF_FORMAT_NDJSON && s->encoding == HF_ENCODING_ZSTD && from == 0 &&
        to == b->count && hf_leased_frame(b, ret_body))
        return 0;
    if (hf_leased_lines(b, from, to, &plain, err) < 0)
        return -1;
    if (s->format == HF_FORMAT_CLOUDEVENTS) {
        if (hf_events_render(plain, &l->events, err) < 0)
            return -1;
        plain = (struct hf_slice){.data = l->events.data, .len = l->events.len};
    }
    *ret_body = plain;
    if (s->encoding == HF_ENCODING_ZSTD)
        rc = hf_codec_zstd(l->codec, plain.data, plain.len, &l->body, err);
    else if (s->encoding == HF_ENCODING_GZIP)
        rc = hf_codec_gzip(l->codec, plain.data, plain.len, &l->body, err);
    else
        return 0;
    *ret_body = (struct hf_slice){.data = l->body.data, .len = l->body.len};
    return rc;
}

static int
post(struct hf_sink_link *l, const char *key, struct hf_slice body, int64_t timeout_ms,
     struct hf_error *err)
{
    static const char *const types[HF_FORMAT_COUNT] = {"application/x-ndjson",
                                                       "application/cloudevents-batch+json"};
    static const char *const encodings[HF_ENCODING_COUNT] = {NULL, "Content-Encoding: gzip",
                                                             "Content-Encoding: zstd"};
    const struct hf_sink_settings *s = l->s;
    const char *headers[HEADERS_MAX] = {l->key, l->gateway};
    size_t n = 2;
    const struct hf_http_request request = {
        .url = s->url,
        .content_type = types[s->format],
        .user_agent = "holdfast-forwarder/" HF_VERSION,
        .bearer = s->token,
        .headers = headers,
        .body = body.data,
        .body_len = body.len,
        .connect_timeout_ms = CONNECT_MS,
        .timeout_ms = timeout_ms,
        .stall_s = STALL_S,
        .ca_pem = s->ca_pem,
        .client_cert_pem = s->client_cert_pem,
        .client_key_pem = s->client_key_pem,
        .server_name = s->server_name,
        .proxy = s->proxy,
        .proxy_user = s->proxy_user,
        .proxy_password = s->proxy_password,
        .redirects = REDIRECTS,
        .max_bytes_per_s = s->max_bytes_per_s,
        .cancel = l->cancel,
        .watch_tls = l->testing ? hf_tls_seen_watch : NULL,
        .watcher = &l->seen,
    };

    snprintf(l->key, sizeof l->key, "Idempotency-Key: %s", key);
    if (encodings[s->encoding])
        headers[n++] = encodings[s->encoding];
    if (*s->header_name)
        headers[n] = l->own;
    return hf_http_post(l->http, &request, &l->answer, err);
}

/* The begin of a text that came with a refusal, in one line; empty where it is none. */
static void
copy_reason(const struct hf_http_response *r, char out[REASON_MAX + 1])
{
    char type[HF_HTTP_HEADER_MAX];
    size_t len = r->body.len < REASON_MAX ? r->body.len : REASON_MAX;

    out[0] = '\0';
    if (!hf_http_header(r, "Content-Type", type, sizeof type) ||
        (strncmp(type, "text/", 5) != 0 && !strstr(type, "json")))
        return;
    while (len && !hf_text_utf8(r->body.data, len)) /* cut within a character, or no text */
        len--;
    for (size_t i = 0; i < len; i++)
        out[i] = (char)((unsigned char)r->body.data[i] < ' ' || r->body.data[i] == 0x7F
                            ? ' '
                            : r->body.data[i]);
    out[len] = '\0';
}

static void
judge(struct hf_sink_link *l, struct hf_sink_result *r)
{
    char reason[REASON_MAX + 1];

    r->status = l->answer.status;
    r->retry_after_s = l->answer.retry_after_s;
    r->outcome = hf_outcome_of(r->status);
    if (r->outcome == HF_OUTCOME_STORED)
        return;
    copy_reason(&l->answer, reason);
    if (r->status >= 300 && r->status < 400)
        snprintf(r->error, sizeof r->error,
                 "the uplink answers %d; redirects are followed only by 307 and 308 to the same "
                 "scheme, host and port",
                 r->status);
    else
        snprintf(r->error, sizeof r->error, "the uplink answers %d%s%s", r->status,
                 *reason ? ": " : "", reason);
}

static void
send_lines(struct hf_sink_link *l, struct hf_leased *b, size_t from, size_t to,
           struct hf_sink_result *ret_result)
{
    struct hf_error err = {0};
    char key[HF_LEASED_KEY_MAX];
    struct hf_slice body;
    int64_t begin_ms = hf_clock_mono_ms();

    *ret_result = (struct hf_sink_result){.outcome = HF_OUTCOME_LATER};
    if (hf_leased_key(b, from, to, key, &err) < 0 || make_body(l, b, from, to, &body, &err) < 0 ||
        post(l, key, body, TIMEOUT_MS, &err) < 0) {
        if (err.class == HF_ERROR_INVALID)
            ret_result->outcome = HF_OUTCOME_REFUSED;
        snprintf(ret_result->error, sizeof ret_result->error, "%.*s", HF_SINK_TEXT_MAX - 1,
                 err.message);
    } else {
        judge(l, ret_result);
        if (ret_result->outcome == HF_OUTCOME_STORED)
            ret_result->stored = to - from;
    }
    ret_result->sent_bytes = l->answer.sent_bytes;
    ret_result->ms = hf_clock_mono_ms() - begin_ms;
}

static int64_t
step_ms(const struct hf_http_response *r, enum hf_http_phase phase)
{
    int64_t us = r->reached_us[phase] - r->reached_us[phase - 1];

    return us > 0 ? us / 1000 : 0;
}

/* The steps up to TLS; false where one failed. */
static bool
add_way(const struct hf_sink_link *l, const struct hf_error *err, struct hf_sink_steps *steps)
{
    static const char *const names[] = {
        [HF_HTTP_RESOLVED] = "resolve", [HF_HTTP_CONNECTED] = "connect", [HF_HTTP_SECURED] = "tls"};
    const struct hf_http_response *r = &l->answer;
    bool open = strncasecmp(l->s->url, "http:", 5) == 0;
    const char *const details[] = {
        [HF_HTTP_RESOLVED] = r->address,
        [HF_HTTP_CONNECTED] = "",
        [HF_HTTP_SECURED] = open ? "none: whoever is on the way can read it" : l->seen.text,
    };

    for (int p = HF_HTTP_RESOLVED; p <= HF_HTTP_SECURED; p++) {
        bool ok = (int)r->phase >= p;

        hf_sink_step_add(steps, names[p], ok, step_ms(r, (enum hf_http_phase)p),
                         ok ? details[p] : err->message);
        if (!ok)
            return false;
    }
    return true;
}

/* What the answer says of us and of the record; none came where err says something. */
static void
add_answer(struct hf_sink_link *l, const struct hf_error *err, struct hf_sink_steps *steps)
{
    struct hf_sink_result result = {0};
    int64_t ms = step_ms(&l->answer, HF_HTTP_ANSWERED);
    bool stored;

    if (*err->message) {
        hf_sink_step_add(steps, "send", false, ms, err->message);
        return;
    }
    judge(l, &result);
    if (result.status == 401 || result.status == 402 || result.status == 403 ||
        result.status == 407) {
        hf_sink_step_add(steps, "auth", false, ms, result.error);
        return;
    }
    stored = result.outcome == HF_OUTCOME_STORED;
    if (stored)
        snprintf(result.error, sizeof result.error, "the uplink answers %d", result.status);
    hf_sink_step_add(steps, "auth", true, 0, "");
    hf_sink_step_add(steps, "send", stored, ms, result.error);
}

static void
test_link(struct hf_sink_link *l, struct hf_sink_steps *ret_steps)
{
    struct hf_leased record = {0};
    struct hf_slice body;
    struct hf_error err = {0};

    *ret_steps = (struct hf_sink_steps){0};
    l->testing = true;
    if (hf_trial_record(&record, l->s->gateway, &err) == 0 &&
        make_body(l, &record, 0, 1, &body, &err) == 0)
        (void)!post(l, record.key, body, TEST_TIMEOUT_MS, &err);
    l->testing = false;
    if (add_way(l, &err, ret_steps))
        add_answer(l, &err, ret_steps);
    hf_leased_done(&record);
}

/* Requests stand alone. */
static void
keep(struct hf_sink_link *l)
{
    (void)l;
}

static void
rest(struct hf_sink_link *l)
{
    if (l->body.cap > KEEP_BYTES)
        hf_buf_done(&l->body);
    if (l->events.cap > KEEP_BYTES)
        hf_buf_done(&l->events);
}

const struct hf_sink_ops hf_sink_https = {
    .open = open_link,
    .send = send_lines,
    .test = test_link,
    .keep = keep,
    .rest = rest,
    .close = close_link,
};
