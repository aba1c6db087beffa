// SPDX-License-Identifier: Apache-2.0
#include "core/alarm.h"

#include "base/text.h"

#include <string.h>

enum {
    SOON_MS = 10 * 1000,      /* what may be over before anybody could look */
    STEADY_MS = 60 * 1000,    /* what swings by nature */
    LATE_MS = 60 * 60 * 1000, /* what is normal after a start */
    CLEAR_MS = 30 * 1000,     /* away for so long is over */
    BOOTS_MS = 180 * 1000,    /* of uptime: by then Docker is up on a slow machine too */
    RESTORED_MS = 120 * 1000  /* until services have said how they are after a restart */
};

static int64_t
raise_after(enum hf_alarm_kind kind)
{
    switch (kind) {
    case HF_ALARM_SERVICE_UNHEALTHY:
    case HF_ALARM_ENGINE_UNREACHABLE:
    case HF_ALARM_UPLINK_REFUSED:
        return SOON_MS;
    case HF_ALARM_MEMORY_PRESSURE:
    case HF_ALARM_TEMPERATURE:
        return STEADY_MS;
    case HF_ALARM_CLOCK_UNSYNCHRONISED:
        return LATE_MS;
    default:
        return 0;
    }
}

void
alarm_set_add(struct alarm_set *set, enum hf_alarm_kind kind, const char *subject, bool bad,
              const char *cause, const char *advice)
{
    struct alarm_condition *c;

    for (size_t i = 0; i < set->count; i++) {
        c = &set->list[i];
        if (c->kind != kind || strcmp(c->subject, subject) != 0)
            continue;
        if (bad && !c->bad) {
            c->bad = true;
            hf_text_put(c->cause, sizeof c->cause, "%s", cause);
            hf_text_put(c->advice, sizeof c->advice, "%s", advice);
        }
        return;
    }
    if (set->count == ALARMS_MAX)
        return;
    c = &set->list[set->count++];
    *c = (struct alarm_condition){.kind = kind, .bad = bad};
    hf_text_put(c->subject, sizeof c->subject, "%s", subject);
    hf_text_put(c->cause, sizeof c->cause, "%s", cause);
    hf_text_put(c->advice, sizeof c->advice, "%s", advice);
    hf_text_whole(c->cause);
    hf_text_whole(c->advice);
}

void
alarm_init(struct alarm_table *t, int64_t next_id)
{
    memset(t, 0, sizeof *t);
    t->next_id = next_id;
}

static struct alarm_slot *
slot_in_state(struct alarm_table *t, enum alarm_state state)
{
    for (size_t i = 0; i < ALARMS_MAX; i++)
        if (t->slots[i].state == state)
            return &t->slots[i];
    return NULL;
}

void
alarm_restore(struct alarm_table *t, const struct hf_alarm *a, int64_t mono_ms)
{
    struct alarm_slot *s = slot_in_state(t, ALARM_NONE);

    if (!s)
        return;
    /* As one that was just lost from sight, but has the grace time to come back. */
    *s = (struct alarm_slot){
        .state = ALARM_LEAVING, .since_ms = mono_ms + RESTORED_MS - CLEAR_MS, .alarm = *a};
}

struct alarm_slot *
alarm_find(struct alarm_table *t, int64_t id)
{
    for (size_t i = 0; i < ALARMS_MAX; i++)
        if (t->slots[i].state >= ALARM_IS_RAISED && t->slots[i].alarm.id == id)
            return &t->slots[i];
    return NULL;
}

/* ---- the step ---- */

static bool
is_of(const struct alarm_slot *s, const struct alarm_condition *c)
{
    return s->state != ALARM_NONE && s->alarm.kind == c->kind &&
           strcmp(s->alarm.subject, c->subject) == 0;
}

static void
raise_alarm(struct alarm_table *t, struct alarm_slot *s, int64_t wall_ms)
{
    s->state = ALARM_IS_RAISED;
    s->unsaved = true;
    s->alarm.id = t->next_id++;
    s->alarm.raised_ms = wall_ms;
    s->alarm.count = 1;
    for (unsigned who = 0; who < HF_ALARM_LISTENER_COUNT; who++)
        s->alarm.untold |= HF_ALARM_UNTOLD(who, HF_ALARM_RAISED);
}

/* What has become worse is news, and nobody has acknowledged that. */
static void
follow(struct alarm_slot *s, const struct alarm_condition *c)
{
    struct hf_alarm *a = &s->alarm;

    if (c->bad != a->bad) {
        a->bad = c->bad;
        s->unsaved = s->state != ALARM_PENDING;
        for (unsigned who = 0; c->bad && who < HF_ALARM_LISTENER_COUNT; who++)
            a->untold |= HF_ALARM_UNTOLD(who, HF_ALARM_RAISED);
        if (c->bad) {
            a->acknowledged_by[0] = '\0';
            a->acknowledged_ms = 0;
        }
    }
    memcpy(a->cause, c->cause, sizeof a->cause);
    memcpy(a->advice, c->advice, sizeof a->advice);
}

static void
see(struct alarm_table *t, struct alarm_slot *s, const struct alarm_condition *c, int64_t mono_ms,
    int64_t wall_ms)
{
    bool restored = s->state == ALARM_LEAVING && s->since_ms > mono_ms;

    if (s->state == ALARM_LEAVING) {
        s->state = ALARM_IS_RAISED;
        s->alarm.count += !restored;
        s->counted = true;
    }
    follow(s, c);
    s->alarm.last_ms = wall_ms;
    if (s->state == ALARM_PENDING && mono_ms - s->since_ms >= raise_after(c->kind) &&
        (c->kind != HF_ALARM_ENGINE_UNREACHABLE || mono_ms >= BOOTS_MS))
        raise_alarm(t, s, wall_ms);
}

static void
begin(struct alarm_table *t, const struct alarm_condition *c, int64_t mono_ms, int64_t wall_ms)
{
    struct alarm_slot *s = slot_in_state(t, ALARM_NONE);

    if (!s)
        return;
    *s = (struct alarm_slot){
        .state = ALARM_PENDING, .since_ms = mono_ms, .alarm = {.kind = c->kind, .bad = c->bad}};
    memcpy(s->alarm.subject, c->subject, sizeof s->alarm.subject);
    see(t, s, c, mono_ms, wall_ms);
}

/* True where it is cleared now. */
static bool
miss(struct alarm_slot *s, int64_t mono_ms, int64_t wall_ms)
{
    if (s->state == ALARM_PENDING) {
        s->state = ALARM_NONE;
        return false;
    }
    if (s->state == ALARM_IS_RAISED) {
        s->state = ALARM_LEAVING;
        s->since_ms = mono_ms;
    }
    if (mono_ms - s->since_ms < CLEAR_MS)
        return false;
    s->state = ALARM_NONE;
    s->alarm.cleared_ms = wall_ms;
    for (unsigned who = 0; who < HF_ALARM_LISTENER_COUNT; who++)
        s->alarm.untold |= HF_ALARM_UNTOLD(who, HF_ALARM_CLEARED);
    return true;
}

size_t
alarm_step(struct alarm_table *t, const struct alarm_set *now, int64_t mono_ms, int64_t wall_ms,
           struct hf_alarm cleared[ALARMS_MAX])
{
    bool taken[ALARMS_MAX] = {false};
    size_t count = 0;

    for (size_t i = 0; i < ALARMS_MAX; i++) {
        struct alarm_slot *s = &t->slots[i];
        size_t k = 0;

        while (k < now->count && !is_of(s, &now->list[k]))
            k++;
        if (k < now->count) {
            taken[k] = true;
            see(t, s, &now->list[k], mono_ms, wall_ms);
        } else if (s->state != ALARM_NONE && miss(s, mono_ms, wall_ms)) {
            cleared[count++] = s->alarm;
        }
    }
    for (size_t k = 0; k < now->count; k++)
        if (!taken[k])
            begin(t, &now->list[k], mono_ms, wall_ms);
    return count;
}

void
alarm_summary(const struct alarm_table *t, struct hf_alarms_view *ret)
{
    *ret = (struct hf_alarms_view){0};
    for (size_t i = 0; i < ALARMS_MAX; i++) {
        const struct alarm_slot *s = &t->slots[i];

        if (s->state < ALARM_IS_RAISED)
            continue;
        ret->active++;
        ret->unacknowledged += !s->alarm.acknowledged_ms;
        ret->bad |= s->alarm.bad;
    }
}
