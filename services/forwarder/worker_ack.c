// SPDX-License-Identifier: Apache-2.0
#include "forwarder/worker_private.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

enum {
    TRIES = 5, /* of an acknowledgement that is refused for good */
    ANEW_FIRST_MS = 1000,
    ANEW_CAP_MS = 300000,
};

static size_t
lane_index(const char *lane)
{
    size_t i = 0;

    while (i < HF_WORKER_LANES - 1 && strcmp(hf_worker_lanes[i], lane) != 0)
        i++;
    return i;
}

bool
hf_worker_is_unacked(const struct hf_worker *w, const char *lane)
{
    return w->unacked[lane_index(lane)].on;
}

bool
hf_worker_has_unacked(const struct hf_worker *w)
{
    for (size_t i = 0; i < HF_WORKER_LANES; i++)
        if (w->unacked[i].on)
            return true;
    return false;
}

static void
log_refusals(const struct hf_worker *w, const struct hf_job *j)
{
    const struct hf_refusal *first = j->refusals.items;

    if (j->refusals.count)
        hf_log_warn("event=records-refused sink=%s lane=%s epoch=%s records=%zu seq=%llu status=%d "
                    "reason=\"%s\"",
                    w->settings.name, j->batch.lane, j->batch.epoch, j->refusals.count,
                    (unsigned long long)first->seq, first->status, first->reason);
}

/* The lane's state as it is shown: one lane that is unacknowledged stands for all. */
static void
show(struct hf_worker *w)
{
    const struct hf_error *why = NULL;
    size_t lanes = 0;

    for (size_t i = 0; i < HF_WORKER_LANES; i++) {
        if (w->unacked[i].on)
            why = &w->unacked[i].why;
        lanes += w->unacked[i].on;
    }
    hf_notes_unacked(&w->notes, lanes, why ? why->message : "");
}

/* It is written that the batch is delivered, or the buffer no longer has that lease. */
static void
acknowledged(struct hf_worker *w, const struct hf_job *j, const struct hf_error *conflict)
{
    if (conflict)
        hf_log_warn("event=ack-refused sink=%s lane=%s epoch=%s first=%s last=%s reason=\"%s\"",
                    w->settings.name, j->batch.lane, j->batch.epoch, j->batch.first, j->batch.last,
                    conflict->message);
    hf_backoff_reset(&w->backoff);
    hf_notes_buffer(&w->notes, NULL);
    log_refusals(w, j);
    hf_notes_acked(&w->notes, j->batch.count - j->refusals.count, j->refusals.count);
}

static bool is_for_good(enum hf_error_class class)
{
    return class == HF_ERROR_MALFORMED || class == HF_ERROR_TOO_LARGE || class == HF_ERROR_INVALID;
}

/* 1 done, 0 refused for good, -1 to be tried again: then err says why. */
static int
acknowledge_once(struct hf_worker *w, const struct hf_job *j, const struct hf_refusals *refused,
                 struct hf_error *err)
{
    int rc = hf_source_ack(w->source, &j->batch, refused, err);

    if (rc == 0 || err->class == HF_ERROR_CONFLICT || err->class == HF_ERROR_NOT_FOUND) {
        acknowledged(w, j, rc < 0 ? err : NULL);
        return 1;
    }
    return is_for_good(err->class) ? 0 : -1;
}

/* The lease stays in the buffer, which is asked again later; what is delivered is not sent again,
 * and the other lanes go on. Somebody has to look, so it is said until it is taken. */
static void
leave_lane(struct hf_worker *w, struct hf_job *j, const struct hf_error *why)
{
    struct hf_unacked *u = &w->unacked[lane_index(j->batch.lane)];

    u->on = true;
    memcpy(u->epoch, j->batch.epoch, sizeof u->epoch);
    memcpy(u->first, j->batch.first, sizeof u->first);
    memcpy(u->last, j->batch.last, sizeof u->last);
    hf_refusals_done(&u->refusals);
    u->refusals = j->refusals;
    j->refusals = (struct hf_refusals){0};
    u->backoff = (struct hf_backoff){.first_ms = ANEW_FIRST_MS, .cap_ms = ANEW_CAP_MS};
    u->next_ms = hf_clock_mono_ms() + hf_backoff_fail_now(&u->backoff);
    hf_error_set(&u->why, why->class,
                 "the buffer refuses the acknowledgement of %s lane %s-%s, which is delivered and "
                 "held there; the other lanes go on: %.*s",
                 j->batch.lane, j->batch.first, j->batch.last, HF_WORKER_REASON_MAX, why->message);
    hf_log_error("event=lane-unacknowledged sink=%s lane=%s epoch=%s first=%s last=%s "
                 "reason=\"%s\"",
                 w->settings.name, j->batch.lane, u->epoch, u->first, u->last, why->message);
    show(w);
}

/* Until the buffer has written that the batch is delivered. Conflict means that it no longer has
 * that lease: then there is nothing to give back. */
void
hf_worker_acknowledge(struct hf_worker *w, struct hf_job *j)
{
    for (int refused = 0; !hf_worker_quits(w);) {
        struct hf_error err = {0};
        int rc = acknowledge_once(w, j, &j->refusals, &err);

        if (rc > 0)
            break;
        if (rc == 0 && ++refused == TRIES) {
            leave_lane(w, j, &err);
            break;
        }
        if (rc < 0)
            hf_notes_buffer(&w->notes, &err);
        if (!hf_worker_wait(w, hf_backoff_fail_now(&w->backoff)))
            break;
    }
    j->held = false;
}

static void
take_up(struct hf_worker *w, size_t lane)
{
    struct hf_unacked *u = &w->unacked[lane];

    u->on = false;
    hf_refusals_done(&u->refusals);
    hf_log_info("event=lane-acknowledged sink=%s lane=%s", w->settings.name, hf_worker_lanes[lane]);
    show(w);
}

static bool
is_same(const struct hf_unacked *u, const struct hf_leased *b)
{
    return strcmp(u->epoch, b->epoch) == 0 && strcmp(u->first, b->first) == 0 &&
           strcmp(u->last, b->last) == 0;
}

/* 1: the lane has another lease now. */
static int
retry(struct hf_worker *w, size_t lane)
{
    struct hf_unacked *u = &w->unacked[lane];
    struct hf_error err = {0};
    int rc = hf_worker_lease(w, &w->job, hf_worker_lanes[lane], HF_WORKER_PROBE_BYTES, 0);

    u->next_ms = hf_clock_mono_ms() + hf_backoff_fail_now(&u->backoff);
    if (rc < 0)
        return 0;
    if (rc == 0 || !is_same(u, &w->job.batch)) {
        take_up(w, lane);
        return rc;
    }
    w->job.held = false;
    hf_refusals_done(&w->job.refusals);
    w->job.refusals = u->refusals;
    rc = acknowledge_once(w, &w->job, &w->job.refusals, &err);
    u->refusals = w->job.refusals;
    w->job.refusals = (struct hf_refusals){0};
    if (rc > 0)
        take_up(w, lane);
    return 0;
}

int
hf_worker_retry_unacked(struct hf_worker *w)
{
    for (size_t i = 0; i < HF_WORKER_LANES && !hf_worker_quits(w); i++)
        if (w->unacked[i].on && hf_clock_mono_ms() >= w->unacked[i].next_ms && retry(w, i) > 0)
            return 1;
    return 0;
}
