// SPDX-License-Identifier: Apache-2.0
#include "supervisor/health.h"

#include "base/text.h"

#include <inttypes.h>
#include <string.h>

static void
put(struct hf_health_verdict *v, enum hf_health health, enum hf_reason why, const char *reason)
{
    v->health = health;
    v->why = why;
    v->advice = hf_reason_advice(why);
    hf_text_put(v->reason, sizeof v->reason, "%s", reason);
}

static bool
is(const struct hf_health_facts *f, const char *service)
{
    return strcmp(f->service, service) == 0;
}

/* Seconds from then to now. */
static int64_t
seconds(int64_t then_ms, int64_t now_ms)
{
    return (now_ms - then_ms) / 1000;
}

static bool
in_grace(const struct hf_health_facts *f, int64_t now_ms)
{
    return now_ms - f->running_since_ms < HF_HEALTH_GRACE_MS;
}

static bool
broker_answers(const struct hf_health_facts *f, int64_t now_ms)
{
    return f->broker_answered_ms > 0 && now_ms - f->broker_answered_ms <= HF_HEALTH_FRESH_MS;
}

static bool
is_fresh(const struct hf_service_status *s, int64_t now_ms)
{
    return s->seen && !s->gone && now_ms - s->mono_ms <= HF_HEALTH_FRESH_MS;
}

/* ---- memory of numbers ---- */

/* The number that grows when the service does its work, and whether it has work now. */
static bool
find_progress(const struct hf_health_facts *f, int64_t *ret_progress, int64_t *ret_waiting)
{
    bool delivers = strcmp(f->status->uplink, "delivering") == 0;
    const char *name = is(f, "buffer") ? "last_commit_ms" : is(f, "processor") ? "out" : NULL;

    if (is(f, "forwarder")) {
        *ret_waiting = delivers;
        *ret_progress = hf_status_number(f->status, "delivered", -1) +
                        hf_status_number(f->status, "batches", 0) +
                        hf_status_number(f->status, "failures", 0);
        return *ret_progress >= 0;
    }
    if (!name)
        return false;
    *ret_progress = hf_status_number(f->status, name, -1);
    *ret_waiting = hf_status_number(f->status, "waiting", 0);
    return *ret_progress >= 0;
}

static void
watch_progress(struct hf_health_watch *w, const struct hf_health_facts *f, int64_t now_ms)
{
    int64_t progress;
    int64_t waiting;

    if (!is_fresh(f->status, now_ms) || !find_progress(f, &progress, &waiting)) {
        w->has_progress = false;
        return;
    }
    if (!w->has_progress || waiting == 0 || progress != w->progress)
        w->moved_ms = now_ms;
    w->has_progress = true;
    w->progress = progress;
}

static void
watch_dropped(struct hf_health_watch *w, const struct hf_health_facts *f, int64_t now_ms)
{
    int64_t dropped = hf_status_number(f->status, "queue_dropped", -1);

    if (!is(f, "broker") || dropped < 0)
        return;
    if (w->has_dropped && dropped > w->dropped) {
        bool recent = w->dropped_ms && now_ms - w->dropped_ms < HF_HEALTH_DROP_MS;

        w->dropped_by = dropped - w->dropped + (recent ? w->dropped_by : 0);
        w->dropped_ms = now_ms;
    }
    w->has_dropped = true;
    w->dropped = dropped;
}

/* ---- judgement ---- */

static void
judge_stopped(const struct hf_health_facts *f, struct hf_health_verdict *v)
{
    static const enum hf_health by_lifecycle[HF_LIFECYCLE_COUNT] = {
        [HF_LIFECYCLE_ABSENT] = HF_HEALTH_STOPPED,
        [HF_LIFECYCLE_PULLING] = HF_HEALTH_STARTING,
        [HF_LIFECYCLE_CREATING] = HF_HEALTH_STARTING,
        [HF_LIFECYCLE_STARTING] = HF_HEALTH_STARTING,
        [HF_LIFECYCLE_STOPPING] = HF_HEALTH_STOPPED,
        [HF_LIFECYCLE_STOPPED] = HF_HEALTH_STOPPED,
        [HF_LIFECYCLE_BACKOFF] = HF_HEALTH_UNREACHABLE,
        [HF_LIFECYCLE_FAILED] = HF_HEALTH_FAILED,
    };

    put(v, by_lifecycle[f->lifecycle], f->why, f->reason);
}

/* What a service says about itself; false where it says that all is well. */
static bool
judge_own_words(const struct hf_health_facts *f, int64_t now_ms, struct hf_health_verdict *v)
{
    const struct hf_service_status *s = f->status;

    if (strcmp(s->state, "degraded") == 0) {
        put(v, HF_HEALTH_DEGRADED, HF_REASON_OWN_WORDS,
            s->reason[0] ? s->reason : "says degraded and not why");
        return true;
    }
    if (strcmp(s->state, "starting") != 0)
        return false;
    if (in_grace(f, now_ms)) {
        put(v, HF_HEALTH_STARTING, HF_REASON_STARTING, s->reason[0] ? s->reason : "starting");
        return true;
    }
    put(v, HF_HEALTH_DEGRADED, HF_REASON_STILL_STARTING, "");
    hf_text_put(v->reason, sizeof v->reason, "still starting after %" PRId64 " s%s%s",
                seconds(f->running_since_ms, now_ms), s->reason[0] ? ": " : "", s->reason);
    return true;
}

static void
judge_broker(const struct hf_health_watch *w, const struct hf_health_facts *f, int64_t now_ms,
             struct hf_health_verdict *v)
{
    if (!broker_answers(f, now_ms)) {
        if (in_grace(f, now_ms)) {
            put(v, HF_HEALTH_STARTING, HF_REASON_NOT_ANSWERED_YET, "has not answered yet");
            return;
        }
        put(v, HF_HEALTH_UNREACHABLE, HF_REASON_NOT_ANSWERING, "");
        if (f->broker_answered_ms > 0)
            hf_text_put(v->reason, sizeof v->reason, "has not answered for %" PRId64 " s",
                        seconds(f->broker_answered_ms, now_ms));
        else
            hf_text_put(v->reason, sizeof v->reason, "has never answered");
        return;
    }
    if (is_fresh(f->status, now_ms) && judge_own_words(f, now_ms, v))
        return;
    if (w->dropped_ms && now_ms - w->dropped_ms < HF_HEALTH_DROP_MS) {
        put(v, HF_HEALTH_DEGRADED, HF_REASON_DROPPED_MESSAGES, "");
        hf_text_put(v->reason, sizeof v->reason, "has dropped %" PRId64 " messages", w->dropped_by);
        return;
    }
    put(v, HF_HEALTH_HEALTHY, HF_REASON_NONE, "");
}

static void
judge_silent(const struct hf_health_facts *f, int64_t now_ms, struct hf_health_verdict *v)
{
    const struct hf_service_status *s = f->status;

    if (in_grace(f, now_ms)) {
        put(v, HF_HEALTH_STARTING, HF_REASON_NOT_REPORTED_YET, "has not reported yet");
        return;
    }
    if (s->seen && s->gone) {
        put(v, HF_HEALTH_UNREACHABLE, HF_REASON_CONNECTION_ENDED,
            "its connection to the broker has ended");
    } else if (s->seen) {
        put(v, HF_HEALTH_UNREACHABLE, HF_REASON_SILENT, "");
        hf_text_put(v->reason, sizeof v->reason, "no status message for %" PRId64 " s",
                    seconds(s->mono_ms, now_ms));
    } else {
        put(v, HF_HEALTH_UNREACHABLE, HF_REASON_NEVER_REPORTED, "has never reported on the bus");
    }
}

static bool
judge_subscription(const struct hf_health_facts *f, int64_t now_ms, struct hf_health_verdict *v)
{
    const char *filter = is(f, "processor") ? "field/#" : is(f, "buffer") ? "uplink/#" : NULL;

    if (!filter || hf_status_number(f->status, "subscribed", 1) != 0)
        return false;
    put(v, in_grace(f, now_ms) ? HF_HEALTH_STARTING : HF_HEALTH_DEGRADED, HF_REASON_NO_SUBSCRIBER,
        "");
    hf_text_put(v->reason, sizeof v->reason, "no subscriber on %s", filter);
    return true;
}

static bool
judge_progress(const struct hf_health_watch *w, const struct hf_health_facts *f, int64_t now_ms,
               struct hf_health_verdict *v)
{
    int64_t waiting = hf_status_number(f->status, "waiting", 0);

    if (!w->has_progress || waiting <= 0 || now_ms - w->moved_ms < HF_HEALTH_STUCK_MS)
        return false;
    put(v, HF_HEALTH_DEGRADED, is(f, "buffer") ? HF_REASON_BUFFER_STUCK : HF_REASON_PROCESSOR_STUCK,
        "");
    hf_text_put(v->reason, sizeof v->reason, "%s for %" PRId64 " s with %" PRId64 " waiting",
                is(f, "buffer") ? "buffer has not committed"
                                : "processor has handed nothing to the buffer",
                seconds(w->moved_ms, now_ms), waiting);
    return true;
}

/* One that says it delivers, and of which nothing comes of it: neither a record nor a failure. */
static bool
judge_delivery(const struct hf_health_watch *w, const struct hf_health_facts *f, int64_t now_ms,
               struct hf_health_verdict *v)
{
    if (!is(f, "forwarder") || !w->has_progress ||
        now_ms - w->moved_ms < HF_HEALTH_DELIVERY_STUCK_MS)
        return false;
    put(v, HF_HEALTH_DEGRADED, HF_REASON_FORWARDER_STUCK, "");
    hf_text_put(v->reason, sizeof v->reason,
                "forwarder has been delivering for %" PRId64 " s and nothing came of it",
                seconds(w->moved_ms, now_ms));
    return true;
}

static void
judge_member(const struct hf_health_watch *w, const struct hf_health_facts *f, int64_t now_ms,
             struct hf_health_verdict *v)
{
    if (!broker_answers(f, now_ms)) {
        if (f->broker_answered_ms == 0 && in_grace(f, now_ms))
            put(v, HF_HEALTH_STARTING, HF_REASON_WAITING_FOR_BROKER, "waiting for broker");
        else
            put(v, HF_HEALTH_WAITING, HF_REASON_WAITING_FOR_BROKER, "waiting for broker");
        return;
    }
    if (!is_fresh(f->status, now_ms)) {
        judge_silent(f, now_ms, v);
        return;
    }
    if (judge_own_words(f, now_ms, v) || judge_subscription(f, now_ms, v) ||
        judge_progress(w, f, now_ms, v) || judge_delivery(w, f, now_ms, v))
        return;
    put(v, HF_HEALTH_HEALTHY, HF_REASON_NONE, "");
}

void
hf_health_judge(struct hf_health_watch *watch, const struct hf_health_facts *facts, int64_t now_ms,
                struct hf_health_verdict *ret_verdict)
{
    watch_progress(watch, facts, now_ms);
    watch_dropped(watch, facts, now_ms);
    if (facts->lifecycle != HF_LIFECYCLE_RUNNING)
        judge_stopped(facts, ret_verdict);
    else if (is(facts, "broker"))
        judge_broker(watch, facts, now_ms, ret_verdict);
    else
        judge_member(watch, facts, now_ms, ret_verdict);
}
