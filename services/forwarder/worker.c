// SPDX-License-Identifier: Apache-2.0
#include "forwarder/worker.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "common/stop.h"
#include "forwarder/bisect.h"
#include "forwarder/notes.h"
#include "forwarder/pace.h"
#include "forwarder/source.h"
#include "forwarder/view.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum {
    LEASE_WAIT_MS = 10000,
    PROBE_BYTES = 64 * 1024, /* a probe, or an alarm between two requests */
    ALARM_LOOK_MS = 100,     /* so often the alarm lane is looked at while others drain */
    WAIT_STEP_MS = 100,      /* how soon a change is seen */
    RETRY_FIRST_MS = 200,    /* a buffer that is away */
    RETRY_CAP_MS = 5000,
    ACK_TRIES = 5,        /* of an acknowledgement that is refused for good */
    ANEW_FIRST_MS = 1000, /* until its lease is taken up anew, which sends the records again */
    ANEW_CAP_MS = 300000,
    PROBE_TOPICS = 64, /* so many topics of a batch are told apart in search of a probe */
    NO_LINE = -1,
    REASON_MAX = 200,
};

static const char alarm_lane[] = "alarm";
static const char *const lanes[] = {alarm_lane, "normal", "bulk"};

/* A lease on its way. */
struct job {
    struct hf_leased batch;
    struct hf_bisect bisect;
    struct hf_refusals refusals;
    int64_t leased_ms; /* monotonic, of the lease or its last extension */
    bool held;
    bool fixed;    /* the next request is tried again: the same lines under the same key */
    bool broken;   /* what the buffer gave is no batch: to be leased anew */
    bool absolved; /* the sink takes others meanwhile: what it refuses is the records' fault */
    int64_t taken; /* a line further on that it took as a probe; NO_LINE */
};

struct hf_worker {
    struct hf_sink_settings settings;
    struct hf_worker_common common;
    const struct hf_sink_ops *ops;
    struct hf_sink_link *link;
    struct hf_source *source;
    struct job job;
    struct job alarm; /* what went in between */
    struct hf_circuit circuit;
    struct hf_pace pace;
    struct hf_backoff backoff; /* of the buffer */
    struct hf_backoff anew;    /* of leases whose acknowledgement is refused */
    bool ack_refused;          /* the last one was */
    size_t refused_in_row;     /* over batches */
    int64_t alarm_looked_ms;   /* monotonic */
    pthread_t thread;
    atomic_bool quit;
    atomic_bool again;
    struct hf_notes notes;
};

static bool
quitting(const struct hf_worker *w)
{
    return hf_stopping() || atomic_load(&w->quit);
}

/* Waits; false when the worker is to end. */
static bool
wait_ms(struct hf_worker *w, int64_t ms)
{
    int64_t end = hf_clock_mono_ms() + ms;

    for (int64_t left = ms; left > 0 && !quitting(w); left = end - hf_clock_mono_ms()) {
        w->ops->keep(w->link);
        (void)hf_stop_sleep(left < WAIT_STEP_MS ? left : WAIT_STEP_MS);
    }
    return !quitting(w);
}

/* ---- the buffer's side ---- */

static void
keep_lease(struct hf_worker *w, struct job *j)
{
    struct hf_error err = {0};

    if (!j->held || hf_clock_mono_ms() - j->leased_ms < HF_SOURCE_EXTEND_MS)
        return;
    j->leased_ms = hf_clock_mono_ms();
    /* Where it fails, the lease may end; nobody else takes it, and it is asked for anew. */
    if (hf_source_extend(w->source, &j->batch, &err) < 0)
        hf_log_debug("event=extend-failed sink=%s reason=\"%s\"", w->settings.name, err.message);
}

static void
keep_leases(struct hf_worker *w)
{
    keep_lease(w, &w->job);
    keep_lease(w, &w->alarm);
}

/* 1 leased, 0 nothing there, -1 no answer that helps (waited for). */
static int
lease(struct hf_worker *w, struct job *j, const char *lane, size_t max_bytes, int64_t wait)
{
    struct hf_error err = {0};
    int rc = hf_source_lease(w->source, lane, max_bytes, wait, &j->batch, &err);

    if (quitting(w))
        return -1;
    if (rc < 0) {
        hf_notes_buffer(&w->notes, &err);
        (void)wait_ms(w, hf_backoff_fail_now(&w->backoff));
        return -1;
    }
    hf_backoff_reset(&w->backoff);
    if (!w->ack_refused)
        hf_notes_buffer(&w->notes, NULL);
    if (!lane || lane == alarm_lane)
        w->alarm_looked_ms = hf_clock_mono_ms();
    if (rc == 0)
        return 0;
    j->held = true;
    j->fixed = j->broken = j->absolved = false;
    j->taken = NO_LINE;
    j->leased_ms = hf_clock_mono_ms();
    hf_refusals_clear(&j->refusals);
    hf_bisect_begin(&j->bisect, j->batch.count);
    return 1;
}

static void
log_refusals(const struct hf_worker *w, const struct job *j)
{
    const struct hf_refusal *first = j->refusals.items;

    if (j->refusals.count)
        hf_log_warn("event=records-refused sink=%s lane=%s epoch=%s records=%zu seq=%llu status=%d "
                    "reason=\"%s\"",
                    w->settings.name, j->batch.lane, j->batch.epoch, j->refusals.count,
                    (unsigned long long)first->seq, first->status, first->reason);
}

/* It is written that the batch is delivered, or the buffer no longer has that lease. */
static void
acknowledged(struct hf_worker *w, const struct job *j, const struct hf_error *conflict)
{
    if (conflict)
        hf_log_warn("event=ack-refused sink=%s lane=%s epoch=%s first=%s last=%s reason=\"%s\"",
                    w->settings.name, j->batch.lane, j->batch.epoch, j->batch.first, j->batch.last,
                    conflict->message);
    hf_backoff_reset(&w->backoff);
    hf_backoff_reset(&w->anew);
    w->ack_refused = false;
    hf_notes_buffer(&w->notes, NULL);
    log_refusals(w, j);
    hf_notes_acked(&w->notes, j->bisect.stored, j->refusals.count);
}

static bool is_for_good(enum hf_error_class class)
{
    return class == HF_ERROR_MALFORMED || class == HF_ERROR_TOO_LARGE || class == HF_ERROR_INVALID;
}

/* The lease stays as it is and comes again, with the same records: sent once more under the same
 * keys, and lost never. Somebody has to look, so it is said until an acknowledgement is taken. */
static void
take_up_anew(struct hf_worker *w, const struct job *j, const struct hf_error *why)
{
    struct hf_error err;

    hf_error_set(&err, why->class,
                 "the buffer refuses the acknowledgement of %s lane %s-%s, which is delivered "
                 "again: %.*s",
                 j->batch.lane, j->batch.first, j->batch.last, REASON_MAX, why->message);
    w->ack_refused = true;
    hf_notes_buffer(&w->notes, &err);
    (void)wait_ms(w, hf_backoff_fail_now(&w->anew));
}

/* Until the buffer has written that the batch is delivered. Conflict means that it no longer has
 * that lease: then there is nothing to give back. */
static void
acknowledge(struct hf_worker *w, struct job *j)
{
    for (int refused = 0; !quitting(w);) {
        struct hf_error err = {0};
        int rc = hf_source_ack(w->source, &j->batch, &j->refusals, &err);

        if (rc == 0 || err.class == HF_ERROR_CONFLICT || err.class == HF_ERROR_NOT_FOUND) {
            acknowledged(w, j, rc < 0 ? &err : NULL);
            break;
        }
        if (is_for_good(err.class) && ++refused == ACK_TRIES) {
            take_up_anew(w, j, &err);
            break;
        }
        hf_notes_buffer(&w->notes, &err);
        if (!wait_ms(w, hf_backoff_fail_now(&w->backoff)))
            break;
    }
    j->held = false;
}

/* ---- the sink's side ---- */

static void
fail(struct hf_worker *w, struct job *j, const struct hf_sink_result *r, bool refused)
{
    int64_t wait;
    uint32_t chance;

    hf_random(&chance, sizeof chance);
    wait = hf_circuit_failure(&w->circuit, refused, r->retry_after_s, hf_clock_mono_ms(), chance);
    hf_notes_failure(&w->notes, &w->circuit, &j->batch, r, wait);
}

/* What was leased cannot be read. */
static void
give_up(struct hf_worker *w, struct job *j, const struct hf_error *err)
{
    hf_notes_buffer(&w->notes, err);
    j->held = false;
    j->broken = true;
    (void)wait_ms(w, hf_backoff_fail_now(&w->backoff));
}

/* Refused for good: the single record is set aside, a span is halved until it is single. */
static void
set_aside(struct hf_worker *w, struct job *j, const struct hf_sink_result *r)
{
    struct hf_error err = {0};
    struct hf_slice line;
    uint64_t seq;

    if (!r->exact && hf_bisect_split(&j->bisect))
        return;
    if (hf_leased_lines(&j->batch, j->bisect.at, j->bisect.at + 1, &line, &err) < 0 ||
        hf_view_seq(line.data, line.len, &seq, &err) < 0 ||
        hf_refusals_add(&j->refusals, seq, r->status, r->error, &err) < 0) {
        give_up(w, j, &err);
        return;
    }
    hf_bisect_refuse(&j->bisect);
}

/* So many refused that it must be the uplink: all of the rest is held, and looked at anew after the
 * wait; who was stored stays stored. */
static void
blame_uplink(struct hf_worker *w, struct job *j, const struct hf_sink_result *last)
{
    struct hf_sink_result r = *last;

    snprintf(r.error, sizeof r.error, "%zu of %zu records refused, so it is not the records: %.*s",
             j->bisect.refused, j->batch.count, REASON_MAX, last->error);
    hf_text_whole(r.error);
    hf_refusals_clear(&j->refusals);
    hf_bisect_begin(&j->bisect, j->batch.count);
    fail(w, j, &r, true);
}

static bool deliver(struct hf_worker *w, struct job *j);

/* Sends one line out of its turn. */
static bool
probe(struct hf_worker *w, struct hf_leased *b, size_t line)
{
    struct hf_sink_result r;

    w->ops->send(w->link, b, line, line + 1, &r);
    hf_pace_sent(&w->pace, r.sent_bytes);
    if (!r.stored)
        return false;
    w->refused_in_row = 0;
    hf_circuit_success(&w->circuit);
    hf_notes_success(&w->notes, b, &r, hf_pace_size(&w->pace));
    return true;
}

/* The furthest line that begins a topic: it overtakes none of its own, so order stays. */
static int64_t
find_probe(struct job *j)
{
    struct hf_slice topics[PROBE_TOPICS], line;
    size_t count = 0, from = j->bisect.at;
    int64_t found = NO_LINE;
    struct hf_view v;

    for (size_t i = from; i < j->batch.count && count < PROBE_TOPICS; i++) {
        size_t k = 0;

        if (hf_leased_lines(&j->batch, i, i + 1, &line, NULL) < 0 ||
            hf_view_parse(line.data, line.len, &v, NULL) < 0)
            return NO_LINE;
        while (k < count && (topics[k].len != v.topic.len ||
                             memcmp(topics[k].data, v.topic.data, v.topic.len) != 0))
            k++;
        if (k < count)
            continue;
        topics[count++] = v.topic;
        if (i > from)
            found = (int64_t)i;
    }
    return found;
}

static bool
takes_further_on(struct hf_worker *w, struct job *j)
{
    int64_t line = find_probe(j);

    if (line == NO_LINE || !probe(w, &j->batch, (size_t)line))
        return false;
    j->taken = line;
    return true;
}

/* While alarms pass a lease of another lane, the next line of that one tells. */
static bool
takes_job(struct hf_worker *w)
{
    struct job *other = &w->job;
    size_t from, to;

    if (other->fixed || other->taken != NO_LINE || !hf_bisect_next(&other->bisect, &from, &to) ||
        !probe(w, &other->batch, from))
        return false;
    hf_bisect_cut(&other->bisect, from + 1);
    hf_bisect_stored(&other->bisect, 1);
    return true;
}

/* Where nothing is taken the lease is left as it is: it comes again in its turn. */
static bool
takes_lane(struct hf_worker *w, const char *lane)
{
    struct job *other = &w->alarm;

    if (lease(w, other, lane, PROBE_BYTES, 0) <= 0)
        return false;
    if (!probe(w, &other->batch, 0)) {
        other->held = false;
        return false;
    }
    other->absolved = true;
    hf_bisect_cut(&other->bisect, 1);
    hf_bisect_stored(&other->bisect, 1);
    (void)deliver(w, other);
    return true;
}

/* Whether the sink takes another record than those that it refuses: then it is not to blame. */
static bool
takes_others(struct hf_worker *w, struct job *j)
{
    if (takes_further_on(w, j))
        return true;
    if (j == &w->alarm)
        return w->job.held && takes_job(w);
    for (size_t i = 0; i < HF_LEN(lanes) && !quitting(w); i++)
        if (strcmp(j->batch.lane, lanes[i]) != 0 && takes_lane(w, lanes[i]))
            return true;
    return false;
}

/* So much was refused that it is either the sink or a row of such records. */
static void
find_culprit(struct hf_worker *w, struct job *j, const struct hf_sink_result *r)
{
    j->absolved = takes_others(w, j);
    if (j->absolved)
        hf_log_warn("event=sink-takes-others sink=%s lane=%s epoch=%s refused=%zu",
                    w->settings.name, j->batch.lane, j->batch.epoch, j->bisect.refused);
    else
        blame_uplink(w, j, r);
}

static void
settle(struct hf_worker *w, struct job *j, size_t from, size_t to, size_t bytes,
       const struct hf_sink_result *r)
{
    enum hf_outcome outcome = r->outcome;

    j->fixed = false;
    if (r->stored) {
        hf_bisect_stored(&j->bisect, r->stored);
        w->refused_in_row = 0;
    }
    if (r->stored == to - from) {
        hf_pace_stored(&w->pace, bytes, r->ms, j->batch.more || to < j->batch.count);
        hf_circuit_success(&w->circuit);
        hf_notes_success(&w->notes, &j->batch, r, hf_pace_size(&w->pace));
        return;
    }
    /* An address that took others of this batch is right. */
    if (outcome == HF_OUTCOME_ADDRESS)
        outcome = j->bisect.stored ? HF_OUTCOME_POISON : HF_OUTCOME_REFUSED;
    if (outcome == HF_OUTCOME_SPLIT)
        hf_pace_too_large(&w->pace, bytes);
    if (outcome != HF_OUTCOME_SPLIT && outcome != HF_OUTCOME_POISON) {
        j->fixed = !hf_pace_failed(&w->pace, r->ms) && !r->stored;
        fail(w, j, r, outcome == HF_OUTCOME_REFUSED);
        return;
    }
    hf_circuit_answered(&w->circuit);
    hf_notes_refusal(&w->notes, r);
    set_aside(w, j, r);
    if (!j->absolved && hf_bisect_blames_uplink(&j->bisect, w->refused_in_row))
        find_culprit(w, j, r);
}

/* The lines of the next request, and their bytes. */
static int
choose(struct hf_worker *w, struct job *j, size_t *from, size_t *to, size_t *bytes,
       struct hf_error *err)
{
    struct hf_slice lines;

    if (!hf_bisect_next(&j->bisect, from, to))
        return 0;
    if (j->taken > (int64_t)*from && j->taken < (int64_t)*to) {
        *to = (size_t)j->taken;
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

/* One request. False when the worker is to end. */
static bool
send_next(struct hf_worker *w, struct job *j)
{
    size_t from = 0, to = 0, bytes = 0;
    struct hf_sink_result r;
    struct hf_error err = {0};
    int64_t wait = hf_pace_wait_ms(&w->pace, hf_clock_mono_ms());

    if (wait) /* and come again, perhaps with an alarm */
        return wait_ms(w, wait < WAIT_STEP_MS ? wait : WAIT_STEP_MS);
    if (choose(w, j, &from, &to, &bytes, &err) < 0) {
        give_up(w, j, &err);
        return !quitting(w);
    }
    hf_notes_begin(&w->notes, &w->circuit);
    w->ops->send(w->link, &j->batch, from, to, &r);
    if (quitting(w))
        return false;
    hf_pace_sent(&w->pace, r.sent_bytes);
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
        keep_leases(w);
        if (!wait_ms(w, WAIT_STEP_MS))
            return false;
    }
    keep_leases(w);
    return !quitting(w);
}

/* Alarms that came while another lane is under way. False when the worker is to end. */
static bool
let_alarms_pass(struct hf_worker *w, const struct job *j)
{
    if (j == &w->alarm || strcmp(j->batch.lane, alarm_lane) == 0 ||
        hf_clock_mono_ms() - w->alarm_looked_ms < ALARM_LOOK_MS)
        return !quitting(w);
    do {
        w->alarm_looked_ms = hf_clock_mono_ms();
        if (lease(w, &w->alarm, alarm_lane, PROBE_BYTES, 0) <= 0)
            break;
        if (!deliver(w, &w->alarm))
            return false;
    } while (w->alarm.batch.more);
    return !quitting(w);
}

/* What was taken as a probe is not sent again. */
static bool
next_lines(struct job *j, size_t *from, size_t *to)
{
    if (!hf_bisect_next(&j->bisect, from, to))
        return false;
    if (j->taken != (int64_t)*from)
        return true;
    hf_bisect_cut(&j->bisect, *from + 1);
    hf_bisect_stored(&j->bisect, 1);
    return hf_bisect_next(&j->bisect, from, to);
}

/* Until all of the batch is settled and given back. False when the worker is to end. */
static bool
deliver(struct hf_worker *w, struct job *j)
{
    size_t from, to;

    while (!j->broken && next_lines(j, &from, &to))
        if (!may_send(w) || !let_alarms_pass(w, j) || !may_send(w) || !send_next(w, j))
            return false;
    if (j->broken)
        return !quitting(w);
    w->refused_in_row = j->bisect.stored ? 0 : w->refused_in_row + j->refusals.count;
    acknowledge(w, j);
    return !quitting(w);
}

/* A little more together, where somebody prefers fewer requests; an alarm ends it. */
static int
linger(struct hf_worker *w)
{
    if (!w->settings.linger_ms || w->job.batch.more)
        return 0;
    return lease(w, &w->job, alarm_lane, PROBE_BYTES, w->settings.linger_ms);
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

    while (!quitting(w)) {
        int rc = delivered ? linger(w) : 0;

        if (rc == 0 && !quitting(w))
            rc = lease(w, &w->job, NULL, hf_pace_size(&w->pace), LEASE_WAIT_MS);
        delivered = rc > 0;
        if (rc > 0)
            (void)deliver(w, &w->job);
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
    w->anew = (struct hf_backoff){.first_ms = ANEW_FIRST_MS, .cap_ms = ANEW_CAP_MS};
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
