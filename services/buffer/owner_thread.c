// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/log.h"
#include "buffer/owner_private.h"

#include <stdio.h>
#include <string.h>

enum {
    TICK_MS = 200,
    TOPICS_MS = 2000,
    APPLY_RETRY_MS = 2000,
    REOPEN_FIRST_MS = 500,
    REOPEN_CAP_MS = 30000,
    LATENCY_SPAN_MS = 30000, /* the longest commit is known of the last one to two spans */
};

/* ---- the thread: opening ---- */

static void
say_closed(struct hf_owner *o, const char *why)
{
    pthread_mutex_lock(&o->lock);
    o->view.open = false;
    snprintf(o->view.full, sizeof o->view.full, "%.*s", HF_SPOOL_ALARM_MAX - 1, why);
    pthread_mutex_unlock(&o->lock);
}

static struct hf_spool_settings
spool_settings(const struct hf_buffer_settings *s)
{
    struct hf_spool_settings out = {
        .max_bytes = s->max_bytes,
        .max_age_ms = s->max_age_ms,
        .keep_free_bytes = s->keep_free_bytes,
        .window_ms = s->window_ms,
        .when_full = s->when_full,
        .sink_count = s->sink_count,
    };

    memcpy(out.gateway, s->gateway, sizeof out.gateway);
    memcpy(out.restored, s->restored, sizeof out.restored);
    memcpy(out.sinks, s->sinks, sizeof out.sinks);
    return out;
}

/* Gives the spool the settings where they are others than it has. */
static void
apply_settings(struct hf_owner *o)
{
    HF_AUTO(hf_buffer_settings) struct hf_buffer_settings *s = hf_owner_settings(o);
    struct hf_spool_settings wanted = spool_settings(s);
    struct hf_error err = {0};

    if (!o->spool || o->applied == s || hf_clock_mono_ms() < o->apply_ms)
        return;
    if (hf_spool_configure(o->spool, &wanted, &err) < 0) {
        o->apply_ms = hf_clock_mono_ms() + APPLY_RETRY_MS;
        hf_log_error("event=settings-not-applied reason=\"%s\"", err.message);
        return;
    }
    hf_buffer_settings_unref(o->applied);
    o->applied = hf_steal(&s);
}

static void
open_spool(struct hf_owner *o)
{
    HF_AUTO(hf_buffer_settings) struct hf_buffer_settings *s = NULL;
    struct hf_spool_settings wanted;
    struct hf_error err = {0};

    if (o->spool || hf_clock_mono_ms() < o->reopen_ms)
        return;
    s = hf_owner_settings(o);
    wanted = spool_settings(s);
    if (hf_spool_open(o->dir, &wanted, &o->spool, &err) == 0) {
        hf_buffer_settings_unref(o->applied);
        o->applied = hf_steal(&s);
        o->reopen_wait_ms = 0;
        return;
    }
    o->reopen_wait_ms = o->reopen_wait_ms ? 2 * o->reopen_wait_ms : REOPEN_FIRST_MS;
    if (o->reopen_wait_ms > REOPEN_CAP_MS)
        o->reopen_wait_ms = REOPEN_CAP_MS;
    o->reopen_ms = hf_clock_mono_ms() + o->reopen_wait_ms;
    hf_log_error("event=store-not-open reason=\"%s\"", err.message);
    say_closed(o, err.message);
}

static void
close_if_broken(struct hf_owner *o)
{
    struct hf_spool_status status;

    if (!o->spool || hf_spool_is_open(o->spool))
        return;
    say_closed(o, *hf_spool_full(o->spool) ? hf_spool_full(o->spool) : "the store is not open");
    hf_spool_get_status(o->spool, &status);
    o->before.payload_bytes += status.payload_bytes;
    o->before.commits += status.commits;
    o->before.checkpoints += status.checkpoints;
    hf_spool_close(hf_steal(&o->spool));
}

static void
refresh_view(struct hf_owner *o)
{
    struct hf_spool_status status;

    if (!o->spool)
        return;
    hf_spool_get_status(o->spool, &status);
    status.payload_bytes += o->before.payload_bytes;
    status.commits += o->before.commits;
    status.checkpoints += o->before.checkpoints;
    pthread_mutex_lock(&o->lock);
    o->view.open = true;
    o->view.status = status;
    snprintf(o->view.full, sizeof o->view.full, "%s", hf_spool_full(o->spool));
    snprintf(o->view.alarm, sizeof o->view.alarm, "%s", hf_spool_alarm(o->spool));
    pthread_mutex_unlock(&o->lock);
}

/* ---- the thread: commands ---- */

static void
answer_all(struct hf_owner *o, struct hf_command *list)
{
    pthread_mutex_lock(&o->lock);
    for (struct hf_command *c = list, *next; c; c = next) {
        next = c->next; /* the caller's stack frame may be gone after this */
        c->done = true;
    }
    pthread_cond_broadcast(&o->answered);
    pthread_mutex_unlock(&o->lock);
}

static void
refuse_all(struct hf_owner *o, struct hf_command *list)
{
    char why[HF_SPOOL_ALARM_MAX];

    pthread_mutex_lock(&o->lock);
    snprintf(why, sizeof why, "%s", o->view.full);
    pthread_mutex_unlock(&o->lock);
    for (; list; list = list->next)
        list->result = hf_error_set(&list->err, HF_ERROR_UNAVAILABLE, "the store is not open: %s",
                                    *why ? why : "it is being opened");
}

static void
note_commit(struct hf_owner *o)
{
    int64_t now = hf_clock_mono_ms(), took = now - o->committed_ms;

    if (now - o->latency_since_ms > LATENCY_SPAN_MS) {
        o->latency_ms[1] = o->latency_ms[0];
        o->latency_ms[0] = 0;
        o->latency_since_ms = now;
    }
    if (took > o->latency_ms[0])
        o->latency_ms[0] = took;
    pthread_mutex_lock(&o->lock);
    o->view.last_commit_ms = hf_clock_wall_ms();
    o->view.commit_ms = took;
    o->view.commit_max_ms =
        o->latency_ms[0] > o->latency_ms[1] ? o->latency_ms[0] : o->latency_ms[1];
    pthread_mutex_unlock(&o->lock);
}

static int
do_ack(struct hf_owner *o, struct hf_command *c)
{
    const struct hf_ack_ask *a = c->ask;

    return hf_spool_ack(o->spool, a->sink, a->lane, a->epoch, a->first, a->last, a->refused,
                        a->refused_count, &c->err);
}

/* Does the appends, the acks or both (a bit per kind) in one transaction; what fails as a whole
 * fails them all. */
static int
commit_some(struct hf_owner *o, struct hf_command *list, unsigned kinds)
{
    struct hf_error err = {0};
    int rc = hf_spool_begin(o->spool, &err);

    for (struct hf_command *c = list; c && rc == 0; c = c->next) {
        if (!(kinds & 1U << c->kind))
            continue;
        if (c->kind == HF_COMMAND_ACK)
            c->result = do_ack(o, c);
        else
            rc = c->result = hf_spool_append(o->spool, c->batch->records, c->batch->count,
                                             &c->first, &c->last, &err);
    }
    if (rc == 0)
        rc = hf_spool_commit(o->spool, &err);
    if (rc == 0)
        return 0;
    hf_spool_rollback(o->spool);
    for (struct hf_command *c = list; c; c = c->next) {
        if (!(kinds & 1U << c->kind) || (c->kind == HF_COMMAND_ACK && c->result < 0))
            continue;
        c->result = -1;
        c->err = err;
    }
    return -1;
}

static bool
has(const struct hf_command *list, enum hf_command_kind kind)
{
    for (; list; list = list->next)
        if (list->kind == kind)
            return true;
    return false;
}

/* Where appends find no room, acknowledgements go on without them: they make room. And one that
 * cannot be done must not hold up what comes in. */
static void
commit_all(struct hf_owner *o, struct hf_command *list)
{
    const unsigned appends = 1U << HF_COMMAND_APPEND, acks = 1U << HF_COMMAND_ACK;

    if (commit_some(o, list, appends | acks) == 0 || !has(list, HF_COMMAND_ACK))
        return;
    for (struct hf_command *c = list; c; c = c->next)
        if (c->kind == HF_COMMAND_ACK)
            c->result = 0;
    if (commit_some(o, list, acks) < 0 && has(list, HF_COMMAND_APPEND))
        (void)commit_some(o, list, appends);
}

/* A change has a transaction of its own: it may be large, and fails alone. */
static void
do_change(struct hf_owner *o, struct hf_command *c)
{
    c->result = hf_spool_begin(o->spool, &c->err);
    if (c->result == 0)
        c->result = c->work(o->spool, c->ctx, &c->err);
    if (c->result >= 0 && hf_spool_commit(o->spool, &c->err) < 0)
        c->result = -1;
    if (c->result < 0)
        hf_spool_rollback(o->spool);
}

static void
end_leases(struct hf_owner *o, const struct hf_command *list)
{
    for (; list; list = list->next) {
        const struct hf_ack_ask *a = list->ask;

        if (list->kind == HF_COMMAND_ACK && list->result == 1)
            hf_holders_end(&o->holders, a->sink, a->lane);
    }
}

static void
do_writes(struct hf_owner *o, struct hf_command *list)
{
    bool done = false;

    o->committed_ms = hf_clock_mono_ms();
    if (has(list, HF_COMMAND_APPEND)) {
        pthread_mutex_lock(&o->lock);
        o->appended_ms = o->committed_ms;
        pthread_mutex_unlock(&o->lock);
    }
    if (o->spool) {
        if (has(list, HF_COMMAND_APPEND) || has(list, HF_COMMAND_ACK))
            commit_all(o, list);
        for (struct hf_command *c = list; c; c = c->next)
            if (c->kind == HF_COMMAND_CHANGE)
                do_change(o, c);
        end_leases(o, list);
    } else {
        refuse_all(o, list);
    }
    for (const struct hf_command *c = list; c; c = c->next)
        done = done || c->result >= 0;
    if (done)
        note_commit(o);
    refresh_view(o);
    pthread_mutex_lock(&o->lock);
    o->news++;
    pthread_mutex_unlock(&o->lock);
    answer_all(o, list);
}

/* ---- the thread: leases and looks ---- */

/* 1 leased, 0 nothing there, -1. */
static int
lease_lane(struct hf_owner *o, const struct hf_lease_ask *ask, enum hf_lane lane,
           struct hf_command *c, bool *ret_taken)
{
    int64_t now = hf_clock_mono_ms();
    int rc;

    if (!hf_holders_may(&o->holders, ask->sink, lane, ask->holder, now)) {
        *ret_taken = true;
        return 0;
    }
    rc = hf_spool_lease(o->spool, ask->sink, lane, ask->max_bytes, c->lease, &c->err);
    if (rc > 0)
        hf_holders_take(&o->holders, ask->sink, lane, ask->holder, now + ask->lease_ms);
    return rc;
}

static int
do_lease(struct hf_owner *o, struct hf_command *c)
{
    const struct hf_lease_ask *ask = c->ask;
    enum hf_lane lanes[HF_LANE_COUNT - 1] = {ask->lane};
    size_t count = 1;
    bool taken = false;
    int rc = 0;

    if (ask->lane == HF_LANE_UNSAID) {
        hf_spool_lane_order(o->spool, ask->sink, lanes);
        count = HF_LEN(lanes);
    }
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = lease_lane(o, ask, lanes[i], c, &taken);
    if (rc == 0 && taken)
        return hf_error_set(&c->err, HF_ERROR_CONFLICT, "leased to another holder");
    return rc;
}

static int
do_extend(struct hf_owner *o, struct hf_command *c)
{
    const struct hf_extend_ask *ask = c->ask;
    int64_t now = hf_clock_mono_ms();

    if (hf_holders_extend(&o->holders, ask->sink, ask->lane, now, now + ask->lease_ms))
        return 0;
    return hf_error_set(&c->err, HF_ERROR_NOT_FOUND, "no lease of lane %s is out for sink '%s'",
                        hf_lane_name(ask->lane), ask->sink);
}

static void
do_looks(struct hf_owner *o, struct hf_command *list)
{
    bool leased = false;

    if (!o->spool)
        refuse_all(o, list);
    for (struct hf_command *c = o->spool ? list : NULL; c; c = c->next) {
        if (c->kind == HF_COMMAND_LEASE)
            c->result = do_lease(o, c);
        else if (c->kind == HF_COMMAND_EXTEND)
            c->result = do_extend(o, c);
        else
            c->result = c->work(o->spool, c->ctx, &c->err);
        leased = leased || c->kind == HF_COMMAND_LEASE;
    }
    if (leased)
        refresh_view(o);
    answer_all(o, list);
}

/* ---- the thread: when ---- */

/* When waiting appends are to be committed, on the monotonic clock. Called locked. */
static int64_t
appends_due_ms(const struct hf_owner *o)
{
    const struct hf_command_queue *q = &o->writes;

    if (!q->records)
        return INT64_MAX;
    if (o->stop || q->records >= HF_COMMIT_RECORDS || q->bytes >= HF_COMMIT_BYTES)
        return 0;
    return o->appended_ms + o->settings->window_ms;
}

static int64_t
acks_due_ms(const struct hf_owner *o)
{
    if (!o->writes.head)
        return INT64_MAX;
    return o->stop ? 0
                   : hf_queue_acks_due_ms(&o->writes, o->settings->window_ms, o->committed_ms,
                                          o->appended_ms);
}

/* Takes what is due. Called locked. */
static struct hf_command *
take_writes(struct hf_owner *o)
{
    int64_t now = hf_clock_mono_ms();

    if (appends_due_ms(o) <= now)
        return hf_queue_take_all(&o->writes);
    return acks_due_ms(o) <= now ? hf_queue_take_acks(&o->writes) : NULL;
}

/* Waits for work; called locked. False when it is time to end. */
static bool
wait_for_work(struct hf_owner *o, int64_t tick_ms)
{
    struct timespec until;

    while (!o->looks.head) {
        int64_t appends = appends_due_ms(o), acks = acks_due_ms(o);
        int64_t due = appends < acks ? appends : acks;
        int64_t now = hf_clock_mono_ms();

        if (due <= now || tick_ms <= now)
            return true;
        if (o->stop)
            return false;
        hf_owner_deadline(&until, due < tick_ms ? due : tick_ms);
        pthread_cond_timedwait(&o->work, &o->lock, &until);
    }
    return true;
}

/* For those who look: what is held most, and what was dropped most. */
static void
refresh_topics(struct hf_owner *o)
{
    HF_AUTO_FREE struct hf_owner_topics *t = NULL;
    struct hf_error err;

    if (!o->spool || hf_clock_mono_ms() < o->topics_ms)
        return;
    o->topics_ms = hf_clock_mono_ms() + TOPICS_MS;
    t = calloc(1, sizeof *t);
    if (!t || hf_spool_top_topics(o->spool, t->held, &t->held_count, &err) < 0 ||
        hf_spool_top_drops(o->spool, t->drops, &t->drop_count, &err) < 0)
        return;
    pthread_mutex_lock(&o->lock);
    o->topics = *t;
    pthread_mutex_unlock(&o->lock);
}

static int64_t
tick(struct hf_owner *o)
{
    close_if_broken(o);
    if (o->spool)
        hf_spool_tick(o->spool);
    refresh_view(o);
    refresh_topics(o);
    return hf_clock_mono_ms() + TICK_MS;
}

void *
hf_owner_thread(void *arg)
{
    struct hf_owner *o = arg;
    int64_t tick_ms = 0;

    pthread_mutex_lock(&o->lock);
    while (wait_for_work(o, tick_ms)) {
        struct hf_command *looks = hf_queue_take_all(&o->looks);
        struct hf_command *writes = take_writes(o);

        pthread_mutex_unlock(&o->lock);
        open_spool(o);
        apply_settings(o);
        if (looks)
            do_looks(o, looks);
        if (writes)
            do_writes(o, writes);
        if (hf_clock_mono_ms() >= tick_ms)
            tick_ms = tick(o);
        pthread_mutex_lock(&o->lock);
    }
    pthread_mutex_unlock(&o->lock);
    return NULL;
}
