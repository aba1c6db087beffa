// SPDX-License-Identifier: Apache-2.0
#include "forwarder/worker_private.h"

#include "base/clock.h"
#include "base/text.h"

#include <string.h>

enum { ALARM_LOOK_MS = 100 }; /* so often the alarm lane is looked at while others drain */

void
hf_worker_fail(struct hf_worker *w, struct hf_job *j, const struct hf_sink_result *r, bool refused)
{
    int64_t wait;
    uint32_t chance;

    hf_random(&chance, sizeof chance);
    wait = hf_circuit_failure(&w->circuit, refused, r->retry_after_s, hf_clock_mono_ms(), chance);
    hf_notes_failure(&w->notes, &w->circuit, &j->batch, r, wait);
}

void
hf_worker_count_taken(struct hf_worker *w, size_t records)
{
    if (!records)
        return;
    w->taken += records;
    w->on_repeats = 0;
}

void
hf_worker_took(struct hf_worker *w, struct hf_leased *b, const struct hf_sink_result *r)
{
    w->blamed = 0;
    hf_circuit_success(&w->circuit);
    hf_notes_success(&w->notes, b, r, hf_pace_size(&w->pace));
}

void
hf_worker_send(struct hf_worker *w, struct hf_leased *b, size_t from, size_t to,
               struct hf_sink_result *ret_result)
{
    hf_notes_begin(&w->notes, &w->circuit);
    w->ops->send(w->link, b, from, to, ret_result);
    hf_pace_sent(&w->pace, ret_result->sent_bytes);
    hf_notes_request(&w->notes, ret_result);
}

/* Refused for good: the single record is set aside, a span is halved until it is single. */
static void
set_aside(struct hf_worker *w, struct hf_job *j, const struct hf_sink_result *r)
{
    struct hf_error err = {0};
    struct hf_slice line;
    uint64_t seq;

    if (!r->exact && hf_bisect_split(&j->bisect))
        return;
    if (hf_leased_lines(&j->batch, j->bisect.at, j->bisect.at + 1, &line, &err) < 0 ||
        hf_view_seq(line.data, line.len, &seq, &err) < 0 ||
        hf_refusals_add(&j->refusals, seq, r->status, r->error, &err) < 0) {
        hf_worker_give_up(w, j, &err);
        return;
    }
    if (!hf_suspects_count(&j->suspects, w->taken))
        j->cleared = j->refusals.count - 1;
    if (!r->unsendable)
        hf_suspects_add(&j->suspects, j->bisect.at, w->taken);
    hf_bisect_pass(&j->bisect, 1);
}

static void
settle(struct hf_worker *w, struct hf_job *j, size_t from, size_t to, size_t bytes,
       const struct hf_sink_result *r)
{
    j->fixed = false;
    if (r->stored) {
        hf_bisect_pass(&j->bisect, r->stored);
        j->newest = (int64_t)(from + r->stored) - 1;
    }
    hf_worker_count_taken(w, r->stored);
    if (r->stored == to - from) {
        hf_pace_stored(&w->pace, bytes, r->ms, j->batch.more || to < j->batch.count);
        hf_worker_took(w, &j->batch, r);
        return;
    }
    if (r->outcome == HF_OUTCOME_SPLIT)
        hf_pace_too_large(&w->pace, bytes);
    if (r->outcome != HF_OUTCOME_SPLIT && r->outcome != HF_OUTCOME_POISON) {
        j->fixed = !hf_pace_failed(&w->pace, r->ms) && !r->stored;
        hf_worker_fail(w, j, r, r->outcome == HF_OUTCOME_REFUSED);
        return;
    }
    if (r->stored)
        hf_worker_took(w, &j->batch, r);
    hf_circuit_answered(&w->circuit);
    hf_notes_refusal(&w->notes, &w->circuit, r);
    set_aside(w, j, r);
    if (!w->searching && hf_suspects_enough(&j->suspects, w->taken, w->blamed))
        hf_worker_clear_up(w, j);
}

/* The lines of the next request, and their bytes. */
static int
choose(struct hf_worker *w, struct hf_job *j, size_t *from, size_t *to, size_t *bytes,
       struct hf_error *err)
{
    struct hf_slice lines;

    if (!hf_bisect_next(&j->bisect, from, to))
        return 0;
    if (j->ahead > (int64_t)*from && j->ahead < (int64_t)*to) {
        *to = (size_t)j->ahead;
        hf_bisect_cut(&j->bisect, *to);
    }
    if (!j->fixed) {
        if (hf_leased_fit(&j->batch, *from, *to, hf_pace_size(&w->pace), to, err) < 0)
            return -1;
        hf_bisect_cut(&j->bisect, *to);
    }
    *bytes = j->batch.raw_bytes;
    if (*from == 0 && *to == j->batch.count)
        return 0;
    if (hf_leased_lines(&j->batch, *from, *to, &lines, err) < 0)
        return -1;
    *bytes = lines.len;
    return 0;
}

bool
hf_worker_pace(struct hf_worker *w)
{
    int64_t wait;

    while ((wait = hf_pace_wait_ms(&w->pace, hf_clock_mono_ms()))) {
        hf_worker_keep_leases(w);
        if (!hf_worker_wait(w, wait < HF_WORKER_STEP_MS ? wait : HF_WORKER_STEP_MS))
            return false;
    }
    return !hf_worker_quits(w);
}

bool
hf_worker_send_next(struct hf_worker *w, struct hf_job *j)
{
    size_t from = 0, to = 0, bytes = 0;
    struct hf_sink_result r;
    struct hf_error err = {0};
    int64_t wait = hf_pace_wait_ms(&w->pace, hf_clock_mono_ms());

    if (!hf_worker_next(j, &from, &to)) /* it was needed as a witness meanwhile */
        return true;
    if (wait) /* and come again, perhaps with an alarm */
        return hf_worker_wait(w, wait < HF_WORKER_STEP_MS ? wait : HF_WORKER_STEP_MS);
    if (choose(w, j, &from, &to, &bytes, &err) < 0) {
        hf_worker_give_up(w, j, &err);
        return !hf_worker_quits(w);
    }
    hf_worker_send(w, &j->batch, from, to, &r);
    if (hf_worker_quits(w))
        return false;
    settle(w, j, from, to, bytes, &r);
    return true;
}

/* Waits for the circuit. False when the worker is to end. */
static bool
may_send(struct hf_worker *w)
{
    while (!hf_circuit_ready(&w->circuit, hf_clock_mono_ms())) {
        if (atomic_exchange(&w->again, false))
            hf_circuit_again(&w->circuit, hf_clock_mono_ms());
        hf_worker_keep_leases(w);
        if (!hf_worker_wait(w, HF_WORKER_STEP_MS))
            return false;
    }
    hf_worker_keep_leases(w);
    return !hf_worker_quits(w);
}

/* Alarms that came while another lane is under way. False when the worker is to end. */
static bool
let_alarms_pass(struct hf_worker *w, const struct hf_job *j)
{
    const char *lane = hf_worker_lanes[0];

    if (j == &w->alarm || strcmp(j->batch.lane, lane) == 0 || hf_worker_is_unacked(w, lane) ||
        hf_clock_mono_ms() - w->alarm_looked_ms < ALARM_LOOK_MS)
        return !hf_worker_quits(w);
    do {
        w->alarm_looked_ms = hf_clock_mono_ms();
        if (hf_worker_lease(w, &w->alarm, lane, HF_WORKER_PROBE_BYTES, 0) <= 0)
            break;
        if (!hf_worker_deliver(w, &w->alarm))
            return false;
    } while (w->alarm.batch.more && !hf_worker_is_unacked(w, lane));
    return !hf_worker_quits(w);
}

/* What was taken out of its turn is not sent again. */
bool
hf_worker_next(struct hf_job *j, size_t *from, size_t *to)
{
    if (!hf_bisect_next(&j->bisect, from, to))
        return false;
    if (j->ahead != (int64_t)*from)
        return true;
    hf_bisect_cut(&j->bisect, *from + 1);
    hf_bisect_pass(&j->bisect, 1);
    return hf_bisect_next(&j->bisect, from, to);
}

bool
hf_worker_deliver(struct hf_worker *w, struct hf_job *j)
{
    size_t from, to;

    while (!j->broken) {
        bool left = hf_worker_next(j, &from, &to);

        if (!left && !hf_suspects_count(&j->suspects, w->taken)) {
            hf_worker_keep_reference(w, j);
            hf_worker_acknowledge(w, j);
            break;
        }
        if (!may_send(w) || !let_alarms_pass(w, j) || !may_send(w))
            return false;
        if (left && !hf_worker_send_next(w, j))
            return false;
        if (!left && hf_suspects_count(&j->suspects, w->taken))
            hf_worker_clear_up(w, j);
    }
    return !hf_worker_quits(w);
}
