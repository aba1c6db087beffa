// SPDX-License-Identifier: Apache-2.0
#include "supervisor/gate.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

enum {
    PERCENT = 100,
    MEMORY_PERCENT_MOST = 95, /* of its limit: the next thing is the kernel's axe */
    MIB = 1024 * 1024,
    /* So many times as often as before, and one in so many at least, is worse. */
    ERRORS_TIMES = 2,
    ERRORS_ONE_IN = 100
};

static void put(struct hf_gate_result *r, enum hf_gate_state state, const char *fmt, ...)
    HF_PRINTF(3, 4);

static void
put(struct hf_gate_result *r, enum hf_gate_state state, const char *fmt, ...)
{
    va_list args;

    r->state = state;
    va_start(args, fmt);
    vsnprintf(r->detail, sizeof r->detail, fmt, args);
    va_end(args);
    hf_text_whole(r->detail);
}

static void
judge_health(const struct hf_gate_facts *f, struct hf_gate_result *r, const char **ret_culprit)
{
    put(r, HF_GATE_PASSING, "%s", "");
    for (size_t i = 0; i < f->count; i++) {
        const struct hf_gate_service *s = &f->services[i];

        if (!s->wanted || !s->was_well ||
            (!s->failed && s->spoken && s->health == HF_HEALTH_HEALTHY))
            continue;
        put(r, s->failed ? HF_GATE_FAILED : HF_GATE_WAITING, "'%s': %s", s->name,
            *s->reason ? s->reason : "has not reported yet");
        *ret_culprit = s->name;
        return;
    }
}

static void
judge_restarts(const struct hf_gate_facts *f, struct hf_gate_result *r, const char **ret_culprit)
{
    put(r, HF_GATE_PASSING, "%s", "");
    for (size_t i = 0; i < f->count; i++) {
        if (f->services[i].ended <= 0)
            continue;
        put(r, HF_GATE_FAILED, "'%s' has ended by itself and was started again",
            f->services[i].name);
        *ret_culprit = f->services[i].name;
        return;
    }
}

static void
judge_memory(const struct hf_gate_facts *f, struct hf_gate_result *r, const char **ret_culprit)
{
    put(r, HF_GATE_PASSING, "%s", "");
    for (size_t i = 0; i < f->count; i++) {
        const struct hf_gate_service *s = &f->services[i];

        if (s->memory_limit <= 0 ||
            s->memory_bytes < s->memory_limit / PERCENT * MEMORY_PERCENT_MOST)
            continue;
        put(r, HF_GATE_WAITING, "'%s' uses %lld of its %lld MB", s->name,
            (long long)(s->memory_bytes / MIB), (long long)(s->memory_limit / MIB));
        *ret_culprit = s->name;
        return;
    }
}

/* Of so many records since the gate began so many went wrong; before it, of all there were. In
 * floating point, since products of two counters of a long life do not fit 64 bits. */
static bool
is_worse(const struct hf_gate_number *wrong, const struct hf_gate_number *all)
{
    double now = (double)(wrong->now - wrong->before), of = (double)(all->now - all->before);
    double before = all->before > 0 ? (double)wrong->before / (double)all->before : 0;

    if (now <= 0)
        return false;
    if (of < now)
        of = now;
    return now / of >= 1.0 / ERRORS_ONE_IN && now / of > ERRORS_TIMES * before;
}

static void
judge_errors(const struct hf_gate_facts *f, struct hf_gate_result *r)
{
    put(r, HF_GATE_PASSING, "%s", "");
    for (int i = 0; i < HF_GATE_WRONGS; i++) {
        const struct hf_gate_number *n = &f->wrong[i].number;

        if (!is_worse(n, &f->accepted))
            continue;
        put(r, HF_GATE_WAITING, "%lld records were %s since the switch",
            (long long)(n->now - n->before), f->wrong[i].what);
        return;
    }
}

static bool
has_grown(const struct hf_gate_number *n)
{
    return n->now > n->before;
}

/* A processor that was started meanwhile counts from the beginning. */
static bool
had_canary(const struct hf_gate_number *n)
{
    return has_grown(n) || (n->now < n->before && n->now > 0);
}

static void
judge_canary(const struct hf_gate_facts *f, struct hf_gate_result *r)
{
    if (!f->broker_expected)
        put(r, HF_GATE_PASSING, "the broker did not answer before either");
    else if (!f->broker_answered)
        put(r, HF_GATE_WAITING, "no round trip over the broker yet");
    else if (f->canaries.before >= 0 && !had_canary(&f->canaries))
        put(r, HF_GATE_WAITING, "the canary has not come to the processor yet");
    else if (f->canaries.before < 0 && !has_grown(&f->processed))
        put(r, HF_GATE_PASSING, "nobody publishes; the broker's round trip comes back");
    else if (!has_grown(&f->accepted))
        put(r, HF_GATE_WAITING, "what is published does not come to the buffer");
    else if (!f->sink_reached)
        put(r, HF_GATE_PASSING, "what is published comes to the buffer; the uplink is away");
    else if (!has_grown(&f->delivered))
        put(r, HF_GATE_WAITING, "what is published does not come to a sink");
    else
        put(r, HF_GATE_PASSING, "what is published comes to a sink");
}

void
hf_gate_judge(const struct hf_gate_facts *facts, struct hf_gate_result ret_results[],
              const char **ret_culprit)
{
    *ret_culprit = "";
    judge_canary(facts, &ret_results[HF_GATE_CANARY]);
    judge_errors(facts, &ret_results[HF_GATE_ERRORS]);
    judge_memory(facts, &ret_results[HF_GATE_MEMORY], ret_culprit);
    judge_health(facts, &ret_results[HF_GATE_HEALTH], ret_culprit);
    judge_restarts(facts, &ret_results[HF_GATE_RESTARTS], ret_culprit);
}
