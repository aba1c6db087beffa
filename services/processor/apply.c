// SPDX-License-Identifier: Apache-2.0
#include "processor/apply.h"

#include "base/text.h"
#include "processor/change.h"
#include "processor/window.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LOOK_EVERY_MS = 1000 }; /* so that a clock that jumped is noticed */

struct state {
    struct hf_lru_node node;
    int rule; /* index */
    bool passed;
    double last;     /* value that passed */
    int64_t last_ms; /* monotonic: when it did */
    struct hf_window window;
    uint32_t tag;
};

/* ---- states ---- */

/* Gives the window out under the rule's topic and lane; false where emit wants no more. */
static bool
give_window(struct hf_apply *a, struct state *s, bool cut, const struct hf_moment *now)
{
    struct hf_rule *rule = &a->rules->rules[s->rule];
    struct hf_record r = {.time_ms = now->wall_ms, .synced = now->synced, .lane = rule->lane};
    HF_AUTO_BUF struct hf_buf topic = HF_BUF_INIT(HF_RECORD_TOPIC_MAX);
    HF_AUTO_BUF struct hf_buf payload = HF_BUF_INIT(1024);

    a->tag = s->tag;
    r.topic = s->node.key;
    r.topic_len = s->node.key_len;
    if (hf_window_give(&s->window, rule, cut, &payload, NULL) < 0)
        return true;
    /* The topic was made once before, when the message was taken; memory alone can be short. */
    if (rule->topic && hf_rule_topic(rule, s->node.key, s->node.key_len, &topic, NULL) == 0) {
        r.topic = topic.data;
        r.topic_len = topic.len;
    }
    r.payload = payload.data;
    r.payload_len = payload.len;
    rule->numbers.out++;
    return a->emit(a->ctx, &r);
}

static void
on_evict(void *ctx, struct hf_lru_node *n)
{
    struct hf_apply *a = ctx;
    struct state *s = (struct state *)n;
    const struct hf_moment now = {.wall_ms = a->in->time_ms, .synced = a->in->synced};

    if (s->window.count)
        (void)give_window(a, s, true, &now);
}

/* A topic that another rule has now begins anew. */
static struct state *
state_of(struct hf_apply *a, int rule)
{
    const struct hf_record *in = a->in;
    const struct hf_moment now = {.wall_ms = in->time_ms, .synced = in->synced};
    struct state *s = (struct state *)hf_lru_find(&a->states, in->topic, in->topic_len);

    if (!s) {
        s = (struct state *)hf_lru_add(&a->states, in->topic, in->topic_len);
    } else if (s->rule != rule) {
        if (s->window.count)
            (void)give_window(a, s, true, &now);
        s->passed = false;
    }
    if (s)
        s->rule = rule;
    return s;
}

int
hf_apply_init(struct hf_apply *a, struct hf_rules *consume_rules, struct hf_error *err)
{
    const struct hf_lru_options states = {
        .node_size = sizeof(struct state),
        .max = HF_STATES_MAX,
        .max_key_bytes = HF_STATE_KEYS_MAX,
        .on_evict = on_evict,
        .ctx = a,
    };

    *a = (struct hf_apply){
        .rules = consume_rules,
        .json = HF_BUF_INIT(HF_OUT_MAX),
        .next = HF_BUF_INIT(HF_OUT_MAX),
        .topic = HF_BUF_INIT(HF_RECORD_TOPIC_MAX),
    };
    return hf_lru_init(&a->states, &states, err);
}

void
hf_apply_done(struct hf_apply *a)
{
    if (a->states.buckets)
        hf_lru_done(&a->states);
    hf_buf_done(&a->json);
    hf_buf_done(&a->next);
    hf_buf_done(&a->topic);
    hf_rules_free(hf_steal(&a->rules));
}

/* ---- one message ---- */

/* Whole characters only: the buffer takes a reason as UTF-8, or refuses the batch. */
static size_t
put_reason(struct hf_verdict *v, const char *reason)
{
    (void)hf_text_put(v->reason, sizeof v->reason, "rule %d: %s", v->rule + 1, reason);
    hf_text_whole(v->reason);
    return strlen(v->reason);
}

static void
quarantine(struct hf_apply *a, struct hf_rule *rule, const char *reason, struct hf_verdict *v)
{
    struct hf_record r = *a->in;

    v->quarantined = true;
    r.lane = rule->lane;
    r.reason_len = put_reason(v, reason);
    r.reason = v->reason;
    rule->numbers.quarantined++;
    (void)a->emit(a->ctx, &r);
}

/* Whether the value is to go no further now: within the deadband or too early. */
static bool
held_back(const struct hf_rule *rule, const struct state *s, double value, int64_t mono_ms)
{
    if (!s->passed)
        return false;
    if (rule->deadband && fabs(value - s->last) < rule->delta)
        return true;
    return rule->min_interval_ms && mono_ms - s->last_ms < rule->min_interval_ms;
}

static void
take_into_window(struct hf_apply *a, const struct hf_rule *rule, struct state *s, double value)
{
    const struct hf_record *in = a->in;
    const struct hf_moment now = {.wall_ms = in->time_ms, .synced = in->synced};
    int64_t end;

    if (hf_window_over(&s->window, rule->window_ms, in->time_ms))
        (void)give_window(a, s, in->time_ms < s->window.from_ms, &now);
    hf_window_take(&s->window, rule->window_ms, rule->since_ms, in->time_ms, value);
    end = s->window.from_ms + rule->window_ms;
    if (a->look_ms > end)
        a->look_ms = end;
}

/* What depends on what came before on the topic. True where the message goes on as a record. */
static bool
pass_state(struct hf_apply *a, struct hf_rule *rule, const struct hf_change *c, int64_t mono_ms,
           uint32_t tag, struct hf_verdict *v)
{
    struct state *s = state_of(a, v->rule);

    if (!s) {
        quarantine(a, rule, "the processor is out of memory", v);
        return false;
    }
    s->tag = tag;
    if (held_back(rule, s, c->deadband, mono_ms)) {
        v->dropped = true;
        rule->numbers.dropped++;
        return false;
    }
    s->passed = true;
    s->last = c->deadband;
    s->last_ms = mono_ms;
    if (!rule->window_ms)
        return true;
    take_into_window(a, rule, s, c->window);
    return false;
}

static void
apply_rule(struct hf_apply *a, struct hf_rule *rule, int64_t mono_ms, uint32_t tag,
           struct hf_verdict *v)
{
    struct hf_record r = *a->in;
    struct hf_change c = {.json = &a->json, .next = &a->next};
    struct hf_error err = {0};

    hf_buf_clear(&a->topic);
    if (hf_change_payload(rule, a->in, &c, &err) < 0 ||
        (rule->topic && hf_rule_topic(rule, r.topic, r.topic_len, &a->topic, &err) < 0)) {
        quarantine(a, rule, err.message, v);
        return;
    }
    if ((rule->deadband || rule->min_interval_ms || rule->window_ms) &&
        !pass_state(a, rule, &c, mono_ms, tag, v))
        return;
    if (rule->topic) {
        r.topic = a->topic.data;
        r.topic_len = a->topic.len;
    }
    r.lane = rule->lane;
    r.payload = c.payload.data;
    r.payload_len = c.payload.len;
    rule->numbers.out++;
    (void)a->emit(a->ctx, &r);
}

void
hf_apply_message(struct hf_apply *a, const struct hf_record *in, int64_t mono_ms, uint32_t tag,
                 hf_emit *emit, void *ctx, struct hf_verdict *ret_verdict)
{
    struct hf_rule *rule = hf_rules_match(a->rules, in->topic, in->topic_len);

    a->emit = emit;
    a->ctx = ctx;
    a->in = in;
    a->tag = tag;
    *ret_verdict = (struct hf_verdict){.rule = rule ? (int)(rule - a->rules->rules) : -1};
    if (!rule) {
        (void)emit(ctx, in);
        return;
    }
    rule->numbers.matched++;
    if (!rule->drop) {
        apply_rule(a, rule, mono_ms, tag, ret_verdict);
        return;
    }
    ret_verdict->dropped = true;
    rule->numbers.dropped++;
}

/* ---- by time ---- */

bool
hf_apply_due(struct hf_apply *a, const struct hf_moment *now, hf_emit *emit, void *ctx)
{
    int64_t next = now->wall_ms + LOOK_EVERY_MS;

    if (now->wall_ms < a->look_ms && a->look_ms - now->wall_ms <= LOOK_EVERY_MS)
        return true;
    a->emit = emit;
    a->ctx = ctx;
    for (struct hf_lru_node *n = a->states.oldest; n; n = n->newer) {
        struct state *s = (struct state *)n;
        int64_t length;

        if (!s->window.count)
            continue;
        length = a->rules->rules[s->rule].window_ms;
        if (!hf_window_over(&s->window, length, now->wall_ms)) {
            if (s->window.from_ms + length < next)
                next = s->window.from_ms + length;
        } else if (!give_window(a, s, now->wall_ms < s->window.from_ms, now)) {
            a->look_ms = 0;
            return false;
        }
    }
    a->look_ms = next;
    return true;
}

bool
hf_apply_end(struct hf_apply *a, const struct hf_rules *keep, const struct hf_moment *now,
             hf_emit *emit, void *ctx)
{
    int places[HF_RULES_MAX];

    if (keep)
        hf_rules_places(a->rules, keep, places);
    a->emit = emit;
    a->ctx = ctx;
    for (struct hf_lru_node *n = a->states.oldest; n; n = n->newer) {
        struct state *s = (struct state *)n;
        bool stays = !s->window.count || (keep && places[s->rule] >= 0);

        if (!stays && !give_window(a, s, true, now))
            return false;
    }
    return true;
}

void
hf_apply_swap(struct hf_apply *a, struct hf_rules *consume_rules)
{
    int places[HF_RULES_MAX];

    hf_rules_inherit(a->rules, consume_rules, places);
    for (struct hf_lru_node *n = a->states.oldest, *newer; n; n = newer) {
        struct state *s = (struct state *)n;

        newer = n->newer;
        s->rule = places[s->rule];
        if (s->rule < 0)
            hf_lru_remove(&a->states, n);
    }
    hf_rules_free(a->rules);
    a->rules = consume_rules;
    a->look_ms = 0;
}
