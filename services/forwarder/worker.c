// SPDX-License-Identifier: Apache-2.0
#include "forwarder/worker_private.h"

#include "base/clock.h"
#include "common/stop.h"

#include <stdio.h>

enum {
    LEASE_WAIT_MS = 10000,
    TURN_WAIT_MS = 1000,  /* between two looks while a lane is left out */
    RETRY_FIRST_MS = 200, /* a buffer that is away */
    RETRY_CAP_MS = 5000,
};

const char *const hf_worker_lanes[HF_WORKER_LANES] = {"alarm", "normal", "bulk"};

bool
hf_worker_quits(const struct hf_worker *w)
{
    return hf_stopping() || atomic_load(&w->quit);
}

bool
hf_worker_wait(struct hf_worker *w, int64_t ms)
{
    int64_t end = hf_clock_mono_ms() + ms;

    for (int64_t left = ms; left > 0 && !hf_worker_quits(w); left = end - hf_clock_mono_ms()) {
        w->ops->keep(w->link);
        (void)hf_stop_sleep(left < HF_WORKER_STEP_MS ? left : HF_WORKER_STEP_MS);
    }
    return !hf_worker_quits(w);
}

/* A little more together, where somebody prefers fewer requests; an alarm ends it. */
static int
linger(struct hf_worker *w)
{
    if (!w->settings.linger_ms || w->job.batch.more)
        return 0;
    return hf_worker_lease(w, &w->job, hf_worker_lanes[0], HF_WORKER_PROBE_BYTES,
                           w->settings.linger_ms);
}

/* While a lane is unacknowledged the buffer cannot choose: the alarm lane first, the others in
 * turn. */
static int
lease_of_others(struct hf_worker *w)
{
    static const size_t orders[2][HF_WORKER_LANES] = {{0, 1, 2}, {0, 2, 1}};
    const size_t *order = orders[w->bulk_next];
    int rc = 0;

    w->bulk_next = !w->bulk_next;
    for (size_t i = 0; i < HF_WORKER_LANES && rc == 0; i++)
        if (!w->unacked[order[i]].on)
            rc = hf_worker_lease(w, &w->job, hf_worker_lanes[order[i]], hf_pace_size(&w->pace), 0);
    if (rc == 0)
        (void)hf_worker_wait(w, TURN_WAIT_MS);
    return rc;
}

static int
lease_next(struct hf_worker *w, bool delivered)
{
    int rc = 0;

    if (hf_worker_has_unacked(w)) {
        rc = hf_worker_retry_unacked(w);
        if (rc == 0 && hf_worker_has_unacked(w))
            return lease_of_others(w);
    } else if (delivered) {
        rc = linger(w);
    }
    if (rc == 0 && !hf_worker_quits(w))
        rc = hf_worker_lease(w, &w->job, NULL, hf_pace_size(&w->pace), LEASE_WAIT_MS);
    return rc;
}

static void
rest(struct hf_worker *w)
{
    hf_notes_idle(&w->notes);
    hf_leased_rest(&w->job.batch);
    hf_leased_rest(&w->alarm.batch);
    w->ops->rest(w->link);
}

static void *
run(void *arg)
{
    struct hf_worker *w = arg;
    bool delivered = false;

    while (!hf_worker_quits(w)) {
        int rc = lease_next(w, delivered);

        delivered = rc > 0;
        if (rc > 0)
            (void)hf_worker_deliver(w, &w->job);
        else if (rc == 0)
            rest(w);
        atomic_store(&w->again, false);
    }
    return NULL;
}

/* ---- from outside ---- */

static void
worker_free(struct hf_worker *w)
{
    if (!w)
        return;
    if (w->link)
        w->ops->close(w->link);
    hf_source_free(w->source);
    hf_leased_done(&w->job.batch);
    hf_leased_done(&w->alarm.batch);
    hf_refusals_done(&w->job.refusals);
    hf_refusals_done(&w->alarm.refusals);
    hf_leased_done(&w->reference);
    for (size_t i = 0; i < HF_WORKER_LANES; i++)
        hf_refusals_done(&w->unacked[i].refusals);
    hf_sink_settings_done(&w->settings);
    hf_notes_done(&w->notes);
    free(w);
}

HF_DEFINE_AUTO(struct hf_worker, worker, worker_free)

static int
set_up(struct hf_worker *w, const struct hf_worker_common *common, struct hf_error *err)
{
    struct hf_source_options source = {.cancel = &w->quit};

    w->common = *common;
    w->ops = hf_sink_ops_of(w->settings.type);
    w->backoff = (struct hf_backoff){.first_ms = RETRY_FIRST_MS, .cap_ms = RETRY_CAP_MS};
    snprintf(source.url, sizeof source.url, "%s", common->buffer_url);
    snprintf(source.token, sizeof source.token, "%s", common->buffer_token);
    snprintf(source.holder, sizeof source.holder, "%s", common->holder);
    snprintf(source.sink, sizeof source.sink, "%s", w->settings.name);
    snprintf(source.gateway, sizeof source.gateway, "%s", w->settings.gateway);
    hf_pace_begin(&w->pace, w->settings.batch_bytes ? (size_t)w->settings.batch_bytes : HF_PACE_MAX,
                  w->settings.max_bytes_per_s);
    if (hf_leased_init(&w->job.batch, err) < 0 || hf_leased_init(&w->alarm.batch, err) < 0 ||
        hf_source_new(&source, &w->source, err) < 0 ||
        w->ops->open(&w->settings, &w->quit, &w->link, err) < 0)
        return hf_error_wrap(err, "sink %s", w->settings.name);
    return 0;
}

int
hf_worker_start(const struct hf_worker_common *common, struct hf_sink_settings *consume,
                struct hf_worker **ret_worker, struct hf_error *err)
{
    HF_AUTO(worker) struct hf_worker *w = calloc(1, sizeof *w);
    int rc;

    if (!w)
        return hf_error_nomem(err);
    w->settings = *consume;
    *consume = (struct hf_sink_settings){0};
    hf_notes_init(&w->notes, &w->settings);
    if (set_up(w, common, err) < 0)
        return -1;
    rc = pthread_create(&w->thread, NULL, run, w);
    if (rc)
        return hf_error_errno(err, rc, "cannot start the thread of sink %s", w->settings.name);
    *ret_worker = hf_steal(&w);
    return 0;
}

void
hf_worker_stop(struct hf_worker *w)
{
    if (!w)
        return;
    atomic_store(&w->quit, true);
    pthread_join(w->thread, NULL);
    worker_free(w);
}

void
hf_worker_again(struct hf_worker *w)
{
    atomic_store(&w->again, true);
}

const struct hf_sink_settings *
hf_worker_settings(const struct hf_worker *w)
{
    return &w->settings;
}

void
hf_worker_look(struct hf_worker *w, struct hf_worker_view *ret_view)
{
    hf_notes_look(&w->notes, ret_view);
}
