// SPDX-License-Identifier: Apache-2.0
#include "buffer/api.h"

#include "base/clock.h"
#include "buffer/api_private.h"
#include "buffer/asks.h"
#include "buffer/block.h"
#include "common/record.h"
#include "common/stop.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    BODY_STEP = 64 * 1024,
    /* One block is always given, and a line grows sixfold at most beside its payload. */
    LEASE_LINES_MAX = HF_LEASE_BYTES_MAX + 8 * HF_RECORD_BODY_MAX,
    BUDGET_WAIT_MS = 5000,
    /* Leases wait in slices, so that a stop is not held up. */
    WAIT_SLICE_MS = 500,
    TEXT_MAX = 80, /* of a parameter */
};

void
hf_buffer_api_init(struct hf_buffer_api *api, struct hf_owner *owner)
{
    *api = (struct hf_buffer_api){
        .owner = owner, .started_ms = hf_clock_wall_ms(), .started_mono_ms = hf_clock_mono_ms()};
    pthread_mutex_init(&api->lock, NULL);
    hf_budget_init(&api->budget, HF_BUFFER_REQUEST_BYTES);
}

void
hf_buffer_api_done(struct hf_buffer_api *api)
{
    hf_budget_done(&api->budget);
    pthread_mutex_destroy(&api->lock);
}

void
hf_buffer_api_set_tokens(struct hf_buffer_api *api, const struct hf_buffer_tokens *tokens)
{
    pthread_mutex_lock(&api->lock);
    api->tokens = *tokens;
    pthread_mutex_unlock(&api->lock);
}

const char *
hf_buffer_body(struct hf_request *q, struct hf_buf *b)
{
    struct hf_error err;

    if (hf_request_body(q, b, &err) == 0)
        return b->data ? b->data : "";
    hf_request_answer_error(q, &err);
    return NULL;
}

static bool
take_budget(struct hf_buffer_api *api, struct hf_request *q, size_t *bytes)
{
    if (hf_budget_take(&api->budget, bytes, BUDGET_WAIT_MS))
        return true;
    hf_request_refuse(q, HF_ERROR_UNAVAILABLE, "too many requests are in progress: come again");
    return false;
}

/* ---- records in ---- */

static bool
type_is(const struct hf_request *q, const char *type)
{
    const char *given = hf_request_header(q, "Content-Type");
    size_t len = strlen(type);

    return given && strncasecmp(given, type, len) == 0 && strchr(";\t ", given[len]);
}

static int
read_frames(struct hf_request *q, struct hf_batch *batch, const struct hf_buffer_settings *s,
            struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf pending = HF_BUF_INIT(HF_RECORD_BODY_MAX);
    int rc;

    while ((rc = hf_request_read(q, &pending, BODY_STEP, err)) > 0)
        if (hf_batch_feed_frames(batch, &pending, s, err) < 0)
            return -1;
    if (rc == 0 && pending.len)
        return hf_error_set(err, HF_ERROR_MALFORMED, "record %zu is cut off", batch->count + 1);
    return rc;
}

static int
read_lines(struct hf_request *q, struct hf_batch *batch, const struct hf_buffer_settings *s,
           struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf pending = HF_BUF_INIT(HF_RECORD_BODY_MAX);
    struct hf_ndjson lines;
    int rc, fed = 0;

    hf_ndjson_init(&lines, NULL, 0, hf_clock_wall_ms(), hf_clock_synced());
    do {
        rc = hf_request_read(q, &pending, BODY_STEP, err);
        if (rc >= 0)
            fed = hf_batch_feed_lines(batch, &lines, &pending, rc == 0, s, err);
    } while (rc > 0 && fed == 0);
    hf_ndjson_done(&lines);
    return rc < 0 ? rc : fed;
}

static int
read_batch(struct hf_buffer_api *api, struct hf_request *q, struct hf_batch *batch,
           struct hf_error *err)
{
    HF_AUTO(hf_buffer_settings) struct hf_buffer_settings *s = hf_owner_settings(api->owner);
    int rc;

    if (hf_request_body_length(q) > HF_RECORD_BODY_MAX)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "the body is larger than %d bytes",
                            HF_RECORD_BODY_MAX);
    rc = type_is(q, "application/x-ndjson") ? read_lines(q, batch, s, err)
                                            : read_frames(q, batch, s, err);
    if (rc == 0 && batch->count == 0)
        return hf_error_set(err, HF_ERROR_MALFORMED, "no record in the body");
    if (rc == 0)
        hf_batch_finish(batch);
    return rc;
}

static void
take_records(void *ctx, struct hf_request *q)
{
    HF_AUTO_BATCH struct hf_batch batch = HF_BATCH_INIT;
    struct hf_buffer_api *api = ctx;
    int64_t said = hf_request_body_length(q);
    size_t bytes = said < 0 || said > HF_RECORD_BODY_MAX ? HF_RECORD_BODY_MAX : (size_t)said;
    struct hf_error err = {0};
    uint64_t first = 0, last = 0;
    char answer[96], headers[64];

    if (!take_budget(api, q, &bytes))
        return;
    if (read_batch(api, q, &batch, &err) < 0 ||
        hf_owner_append(api->owner, &batch, &first, &last, &err) < 0) {
        hf_request_answer_error(q, &err);
    } else {
        snprintf(answer, sizeof answer, "{\"first\":\"%llu\",\"last\":\"%llu\"}",
                 (unsigned long long)first, (unsigned long long)last);
        snprintf(headers, sizeof headers, "Holdfast-Window-Left: %lld\r\n",
                 (long long)hf_owner_window_left(api->owner));
        hf_request_answer(q, 200, "application/json", headers, answer, strlen(answer));
    }
    hf_batch_done(&batch);
    hf_budget_give(&api->budget, bytes);
}

/* ---- lease ---- */

static int
read_lease_ask(const struct hf_request *q, struct hf_lease_ask *ask, struct hf_error *err)
{
    static const char *const names[] = {"sink",    "lane",   "max_bytes",
                                        "wait_ms", "holder", "lease_ms"};
    char texts[HF_LEN(names)][TEXT_MAX];
    const char *given[HF_LEN(names)] = {0};

    if (hf_request_parameters(q, names, HF_LEN(names), err) < 0)
        return -1;
    for (size_t i = 0; i < HF_LEN(names); i++)
        if (hf_request_get(q, names[i], texts[i], sizeof texts[i], &given[i], err) < 0)
            return -1;
    return hf_lease_ask_read(
        &(struct hf_lease_texts){given[0], given[1], given[2], given[3], given[4], given[5]}, ask,
        err);
}

static int
lease_in_slices(struct hf_buffer_api *api, const struct hf_lease_ask *ask, struct hf_lease *lease,
                struct hf_error *err)
{
    struct hf_lease_ask slice = *ask;
    int64_t left = ask->wait_ms;
    int rc;

    do {
        slice.wait_ms = left < WAIT_SLICE_MS ? left : WAIT_SLICE_MS;
        rc = hf_owner_lease(api->owner, &slice, lease, err);
        left -= slice.wait_ms;
    } while (rc == 0 && left > 0 && !hf_stopping());
    return rc;
}

static void
lease_headers(const struct hf_lease *l, const char *gateway, bool zstd, char *out, size_t size)
{
    char others[64] = "";

    for (int lane = HF_LANE_ALARM; lane < HF_LANE_COUNT; lane++)
        if (l->other_lanes & 1U << lane)
            snprintf(others + strlen(others), sizeof others - strlen(others), "%s%s",
                     *others ? "," : "", hf_lane_name((enum hf_lane)lane));
    snprintf(out, size,
             "Holdfast-Lane: %s\r\nHoldfast-Epoch: %s\r\nHoldfast-First: %llu\r\n"
             "Holdfast-Last: %llu\r\nHoldfast-Count: %llu\r\nHoldfast-Raw-Bytes: %llu\r\n"
             "Holdfast-More: %s\r\nHoldfast-Other-Lanes: %s\r\n"
             "Idempotency-Key: %s/%s/%llu-%llu\r\nVary: Accept-Encoding\r\n%s",
             hf_lane_name(l->lane), l->epoch, (unsigned long long)l->first,
             (unsigned long long)l->last, (unsigned long long)l->count,
             (unsigned long long)l->raw_bytes, l->more ? "1" : "0", others, gateway, l->epoch,
             (unsigned long long)l->first, (unsigned long long)l->last,
             zstd ? "Content-Encoding: zstd\r\n" : "");
}

/* Makes of the stored frames what the forwarder takes: lines, or one frame. */
static int
shape_body(const struct hf_lease *lease, bool zstd, struct hf_buf *body, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf lines = HF_BUF_INIT(LEASE_LINES_MAX);

    if (!zstd)
        return hf_block_unpack(lease->body.data, lease->body.len, body, err);
    if (hf_block_unpack(lease->body.data, lease->body.len, &lines, err) < 0)
        return -1;
    return hf_block_pack(lines.data, lines.len, body, err);
}

static void
answer_lease(struct hf_buffer_api *api, struct hf_request *q, const struct hf_lease *lease)
{
    HF_AUTO(hf_buffer_settings) struct hf_buffer_settings *s = hf_owner_settings(api->owner);
    HF_AUTO_BUF struct hf_buf shaped = HF_BUF_INIT(LEASE_LINES_MAX);
    bool zstd = hf_request_accepts(q, "zstd"), as_it_lies = zstd && lease->frames == 1;
    const struct hf_buf *body = as_it_lies ? &lease->body : &shaped;
    size_t bytes = as_it_lies ? 0 : lease->raw_bytes;
    struct hf_error err;
    char headers[1024];

    if (!take_budget(api, q, &bytes))
        return;
    if (!as_it_lies && shape_body(lease, zstd, &shaped, &err) < 0) {
        hf_request_answer_error(q, &err);
    } else {
        lease_headers(lease, s->gateway, zstd, headers, sizeof headers);
        hf_request_answer(q, 200, "application/x-ndjson", headers, body->data, body->len);
    }
    hf_buf_done(&shaped);
    hf_budget_give(&api->budget, bytes);
}

static void
give_lease(void *ctx, struct hf_request *q)
{
    HF_AUTO_BUF struct hf_buf no_body = HF_BUF_INIT(0);
    struct hf_buffer_api *api = ctx;
    struct hf_lease lease = {0};
    struct hf_lease_ask ask;
    struct hf_error err = {0};
    int rc;

    if (hf_request_body(q, &no_body, &err) < 0 || read_lease_ask(q, &ask, &err) < 0) {
        hf_request_answer_error(q, &err);
        return;
    }
    rc = lease_in_slices(api, &ask, &lease, &err);
    if (rc < 0)
        hf_request_answer_error(q, &err);
    else if (rc == 0)
        hf_request_answer_status(q, 204);
    else
        answer_lease(api, q, &lease);
    hf_buf_done(&lease.body);
}

struct peek {
    struct hf_lease_ask ask;
    struct hf_lease lease;
};

static int
look_behind(struct hf_spool *spool, void *ctx, struct hf_error *err)
{
    struct peek *p = ctx;

    return hf_spool_peek(spool, p->ask.sink, p->ask.lane, &p->lease, err);
}

static void
give_peek(void *ctx, struct hf_request *q)
{
    HF_AUTO_BUF struct hf_buf no_body = HF_BUF_INIT(0);
    struct hf_buffer_api *api = ctx;
    struct peek p = {0};
    struct hf_error err = {0};
    int rc = -1;

    if (hf_request_body(q, &no_body, &err) == 0 && read_lease_ask(q, &p.ask, &err) == 0)
        rc = p.ask.lane == HF_LANE_UNSAID
                 ? hf_error_set(&err, HF_ERROR_MALFORMED, "lane: it must be said here")
                 : hf_owner_read(api->owner, look_behind, &p, &err);
    if (rc < 0)
        hf_request_answer_error(q, &err);
    else if (rc == 0)
        hf_request_answer_status(q, 204);
    else
        answer_lease(api, q, &p.lease);
    hf_buf_done(&p.lease.body);
}

/* ---- ack, extend ---- */

static void
take_ack(void *ctx, struct hf_request *q)
{
    HF_AUTO_BUF struct hf_buf body = HF_BUF_INIT(HF_ACK_BODY_MAX);
    struct hf_buffer_api *api = ctx;
    struct hf_error err = {0};
    const char *text = hf_buffer_body(q, &body);
    struct hf_ack_ask ask;
    int rc;

    if (!text)
        return;
    if (hf_ack_ask_read(text, body.len, &ask, &err) < 0) {
        hf_request_answer_error(q, &err);
        return;
    }
    rc = hf_owner_ack(api->owner, &ask, &err);
    hf_ack_ask_done(&ask);
    if (rc < 0)
        hf_request_answer_error(q, &err);
    else
        hf_request_answer(q, 200, "application/json", NULL, "{}", 2);
}

static void
extend_lease(void *ctx, struct hf_request *q)
{
    enum { BODY_MAX = 1024 };
    HF_AUTO_BUF struct hf_buf body = HF_BUF_INIT(BODY_MAX);
    struct hf_buffer_api *api = ctx;
    struct hf_error err = {0};
    const char *text = hf_buffer_body(q, &body);
    struct hf_extend_ask ask;

    if (!text)
        return;
    if (hf_extend_ask_read(text, body.len, &ask, &err) < 0 ||
        hf_owner_extend(api->owner, &ask, &err) < 0)
        hf_request_answer_error(q, &err);
    else
        hf_request_answer(q, 200, "application/json", NULL, "{}", 2);
}

void
hf_buffer_api_handle(void *ctx, struct hf_request *q)
{
    static const struct hf_route routes[] = {
        {"POST", "/v1/records", HF_WHO_PROCESSOR, take_records},
        {"POST", "/v1/records", HF_WHO_HOLDFASTD, take_records}, /* alarms */
        {"POST", "/v1/lease", HF_WHO_FORWARDER, give_lease},
        {"POST", "/v1/peek", HF_WHO_FORWARDER, give_peek},
        {"POST", "/v1/ack", HF_WHO_FORWARDER, take_ack},
        {"POST", "/v1/extend", HF_WHO_FORWARDER, extend_lease},
        {"GET", "/v1/status", HF_WHO_HOLDFASTD, hf_buffer_status},
        {"GET", "/v1/records", HF_WHO_HOLDFASTD, hf_buffer_records},
        {"GET", "/v1/export", HF_WHO_HOLDFASTD, hf_buffer_export},
        {"POST", "/v1/drop", HF_WHO_HOLDFASTD, hf_buffer_drop},
        {"GET", "/v1/quarantine", HF_WHO_HOLDFASTD, hf_buffer_quarantine},
        {"POST", "/v1/quarantine/replay", HF_WHO_HOLDFASTD, hf_buffer_quarantine_replay},
        {"POST", "/v1/quarantine/drop", HF_WHO_HOLDFASTD, hf_buffer_quarantine_drop},
    };
    struct hf_buffer_api *api = ctx;
    const char *tokens[HF_WHO_COUNT];
    struct hf_buffer_tokens known;

    pthread_mutex_lock(&api->lock);
    known = api->tokens;
    pthread_mutex_unlock(&api->lock);
    for (int i = 0; i < HF_WHO_COUNT; i++)
        tokens[i] = known.of[i];
    hf_request_route(q, routes, HF_LEN(routes), tokens, api);
}
