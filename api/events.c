// SPDX-License-Identifier: Apache-2.0
#include "api/handlers.h"

#include "api/server.h"
#include "base/clock.h"

#include <string.h>

enum { EVENT_OVERHEAD = 128, WAIT_MS = 1000 };

static bool
send_state(struct hf_exchange *x, const struct hf_snapshot *snapshot)
{
    HF_AUTO(hf_state_text) struct hf_state_text *text = NULL;
    HF_AUTO_BUF struct hf_buf frame = {0};
    char fingerprint[HF_FINGERPRINT_SIZE];

    hf_certificates_fingerprint(x->api->config->certificates, fingerprint);
    if (hf_state_cache_get(&x->api->state, snapshot, fingerprint, &text, NULL) < 0)
        return false;
    frame.max = text->len + EVENT_OVERHEAD;
    return hf_sse_event(&frame, text->version, "state", text->json, text->len, NULL) == 0 &&
           hf_exchange_write(x, frame.data, frame.len);
}

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
send_next(struct hf_exchange *x, const struct hf_snapshot *snapshot, int64_t *sent_ms)
{
    int64_t now_ms = hf_clock_mono_ms();

    if (!snapshot && now_ms - *sent_ms < HF_STREAM_HEARTBEAT_MS)
        return true;
    *sent_ms = now_ms;
    if (!snapshot)
        return hf_exchange_write(x, hf_sse_heartbeat, strlen(hf_sse_heartbeat));
    return send_state(x, snapshot) && pause_after(x, snapshot);
}

static void
follow(struct hf_exchange *x)
{
    struct hf_core *core = x->api->config->core;
    const struct hf_snapshot *snapshot = hf_core_snapshot(core);
    uint64_t seen = snapshot->version;
    int64_t sent_ms = 0;

    while (may_go_on(x) && send_next(x, snapshot, &sent_ms)) {
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
