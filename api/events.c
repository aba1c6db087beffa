// SPDX-License-Identifier: Apache-2.0
/*
 * The event stream: pictures of everything, and what has changed between them, so that who comes
 * back with Last-Event-ID hears what it did not see. The id of an event is the start of this
 * holdfastd and the number of the newest change that it covers.
 */
#include "api/handlers.h"

#include "api/server.h"
#include "base/clock.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { EVENT_OVERHEAD = 192, WAIT_MS = 1000, ID_SIZE = 48, CHANGE_MAX = 2048, BATCH = 16 };

struct follower {
    struct hf_exchange *x;
    uint64_t told; /* the newest change that the reader has heard of */
    int64_t sent_ms;
};

static void
event_id(const struct hf_snapshot *snapshot, uint64_t n, char out[ID_SIZE])
{
    snprintf(out, ID_SIZE, "%" PRIx64 "-%" PRIu64, (uint64_t)snapshot->gateway.started_ms, n);
}

/* ---- what is sent ---- */

static bool
send_state(struct hf_exchange *x, const struct hf_snapshot *snapshot)
{
    HF_AUTO(hf_state_text) struct hf_state_text *text = NULL;
    HF_AUTO_BUF struct hf_buf frame = {0};
    char fingerprint[HF_FINGERPRINT_SIZE];
    char id[ID_SIZE];

    hf_certificates_fingerprint(x->api->config->certificates, fingerprint);
    if (hf_state_cache_get(&x->api->state, snapshot, fingerprint, &text, NULL) < 0)
        return false;
    event_id(snapshot, snapshot->happened, id);
    frame.max = text->len + EVENT_OVERHEAD;
    return hf_sse_event(&frame, id, "state", text->json, text->len, NULL) == 0 &&
           hf_exchange_write(x, frame.data, frame.len);
}

static bool
send_json(struct hf_exchange *x, const char *id, const char *name, struct hf_json *consume)
{
    HF_AUTO(hf_json) struct hf_json *o = consume;
    HF_AUTO_FREE char *text = NULL;
    HF_AUTO_BUF struct hf_buf frame = HF_BUF_INIT(CHANGE_MAX);

    return hf_json_print(o, &text, NULL) == 0 &&
           hf_sse_event(&frame, id, name, text, strlen(text), NULL) == 0 &&
           hf_exchange_write(x, frame.data, frame.len);
}

static bool
send_change(struct hf_exchange *x, const struct hf_snapshot *snapshot, const struct hf_happening *h)
{
    struct hf_json *o = hf_json_object();
    char id[ID_SIZE];

    event_id(snapshot, h->n, id);
    hf_json_put_time(o, "at", h->at_ms);
    hf_json_put_string(o, "what", hf_happening_kind_name(h->kind));
    hf_json_put_string(o, "service", *h->subject ? h->subject : NULL);
    hf_json_put_string(o, "from", h->from);
    hf_json_put_string(o, "to", h->to);
    return send_json(x, id, "change", o);
}

/* count 0: nobody knows how many. */
static bool
send_missed(struct hf_exchange *x, const char *reason, uint64_t count)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_string(o, "reason", reason);
    if (count > 0)
        hf_json_put_int(o, "changes", (int64_t)count);
    else
        hf_json_put_null(o, "changes");
    return send_json(x, NULL, "missed", o);
}

/* All that the reader has not heard of and the picture shows. */
static bool
send_changes(struct follower *f, const struct hf_snapshot *snapshot)
{
    struct hf_happening list[BATCH];

    while (f->told < snapshot->happened) {
        uint64_t missed = 0;
        size_t count = hf_core_happenings(f->x->api->config->core, f->told, list, BATCH, &missed);

        if (count == 0 || (missed > 0 && !send_missed(f->x, "too_old", missed)))
            return false;
        f->told = list[0].n - 1;
        for (size_t i = 0; i < count && list[i].n <= snapshot->happened; i++) {
            if (!send_change(f->x, snapshot, &list[i]))
                return false;
            f->told = list[i].n;
        }
    }
    return true;
}

/* ---- where the reader was ---- */

/* Takes up where the reader left off, as Last-Event-ID says; false where it is gone. */
static bool
take_up(struct follower *f, const struct hf_snapshot *snapshot)
{
    const char *last = hf_exchange_header(f->x, "Last-Event-ID");
    char prefix[ID_SIZE];
    uint64_t n = 0;
    size_t len;

    f->told = snapshot->happened;
    if (!last || !*last)
        return true;
    len = (size_t)snprintf(prefix, sizeof prefix, "%" PRIx64 "-",
                           (uint64_t)snapshot->gateway.started_ms);
    if (strncmp(last, prefix, len) != 0 || !hf_text_u64(last + len, &n) || n > snapshot->happened)
        return send_missed(f->x, "restarted", 0);
    f->told = n;
    return true;
}

/* ---- following ---- */

/* Whether the reader may still see what comes. */
static bool
may_go_on(struct hf_exchange *x)
{
    return !hf_streams_stopping(&x->api->streams) &&
           hf_identity_still(x->api->config->identity, &x->session);
}

/* Between two pictures: a change is not made to wait, the passing of time is. False at the end. */
static bool
pause_after(struct hf_exchange *x, const struct hf_snapshot *sent)
{
    if (!hf_streams_pause(&x->api->streams, HF_STREAM_CHANGE_INTERVAL_MS))
        return false;
    hf_core_wait_change(x->api->config->core, sent->changes,
                        HF_STREAM_MIN_INTERVAL_MS - HF_STREAM_CHANGE_INTERVAL_MS);
    return true;
}

/* Sends the snapshot (NULL: a heartbeat where one is due); false where the reader is gone. */
static bool
send_next(struct follower *f, const struct hf_snapshot *snapshot)
{
    int64_t now_ms = hf_clock_mono_ms();

    if (!snapshot && now_ms - f->sent_ms < HF_STREAM_HEARTBEAT_MS)
        return true;
    f->sent_ms = now_ms;
    if (!snapshot)
        return hf_exchange_write(f->x, hf_sse_heartbeat, strlen(hf_sse_heartbeat));
    return send_changes(f, snapshot) && send_state(f->x, snapshot) && pause_after(f->x, snapshot);
}

static void
follow(struct hf_exchange *x)
{
    struct hf_core *core = x->api->config->core;
    const struct hf_snapshot *snapshot = hf_core_snapshot(core);
    struct follower f = {.x = x};
    uint64_t seen = snapshot->version;
    bool there = take_up(&f, snapshot);

    while (there && may_go_on(x) && send_next(&f, snapshot)) {
        hf_snapshot_unref(snapshot);
        snapshot = hf_core_wait(core, seen, WAIT_MS);
        seen = snapshot ? snapshot->version : seen;
    }
    hf_snapshot_unref(snapshot);
}

int
hf_handle_events(struct hf_exchange *x, struct hf_error *err)
{
    if (hf_streams_enter(&x->api->streams, HF_STREAM_EVENTS, err) < 0)
        return -1;
    if (hf_reply_stream(x))
        follow(x);
    hf_streams_leave(&x->api->streams, HF_STREAM_EVENTS);
    return 0;
}
