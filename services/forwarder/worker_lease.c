// SPDX-License-Identifier: Apache-2.0
#include "forwarder/worker_private.h"

#include "base/clock.h"
#include "base/log.h"

static void
keep_lease(struct hf_worker *w, struct hf_job *j)
{
    struct hf_error err = {0};

    if (!j->held || hf_clock_mono_ms() - j->leased_ms < HF_SOURCE_EXTEND_MS)
        return;
    j->leased_ms = hf_clock_mono_ms();
    /* Where it fails, the lease may end; nobody else takes it, and it is asked for anew. */
    if (hf_source_extend(w->source, &j->batch, &err) < 0)
        hf_log_debug("event=extend-failed sink=%s reason=\"%s\"", w->settings.name, err.message);
}

void
hf_worker_keep_leases(struct hf_worker *w)
{
    keep_lease(w, &w->job);
    keep_lease(w, &w->alarm);
}

static void
begin(struct hf_job *j)
{
    j->held = true;
    j->fixed = j->broken = false;
    j->ahead = j->newest = HF_NO_LINE;
    j->leased_ms = hf_clock_mono_ms();
    hf_suspects_clear(&j->suspects);
    hf_refusals_clear(&j->refusals);
    hf_bisect_begin(&j->bisect, j->batch.count);
}

int
hf_worker_lease(struct hf_worker *w, struct hf_job *j, const char *lane, size_t max_bytes,
                int64_t wait_ms)
{
    struct hf_error err = {0};
    int rc = hf_source_lease(w->source, lane, max_bytes, wait_ms, &j->batch, &err);

    if (hf_worker_quits(w))
        return -1;
    if (rc < 0) {
        hf_notes_buffer(&w->notes, &err);
        (void)hf_worker_wait(w, hf_backoff_fail_now(&w->backoff));
        return -1;
    }
    hf_backoff_reset(&w->backoff);
    hf_notes_buffer(&w->notes, NULL);
    if (!lane || lane == hf_worker_lanes[0])
        w->alarm_looked_ms = hf_clock_mono_ms();
    if (rc > 0)
        begin(j);
    return rc;
}

void
hf_worker_give_up(struct hf_worker *w, struct hf_job *j, const struct hf_error *err)
{
    hf_notes_buffer(&w->notes, err);
    j->held = false;
    j->broken = true;
    (void)hf_worker_wait(w, hf_backoff_fail_now(&w->backoff));
}
