// SPDX-License-Identifier: Apache-2.0
/*
 * The owner's side of alarms: what changes in the table is written to the store, and the courier
 * hears that there is something to tell. A store that cannot be written (the disk is full, say) is
 * tried again; the table goes on all the same.
 */
#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"

#include <string.h>

enum {
    SAVE_AGAIN_MS = 10 * 1000,
    COUNTS_MS = 10 * 60 * 1000, /* counts are worth no write of their own */
    NOTE_MS = 10 * 60 * 1000
};

int
hf_core_watch_start(struct hf_core *core, struct hf_error *err)
{
    HF_AUTO_FREE struct hf_alarm *active = calloc(ALARMS_MAX, sizeof *active);
    struct watch *w = &core->watch;
    int64_t last, now = hf_clock_mono_ms();
    size_t count = 0;

    if (!active)
        return hf_error_nomem(err);
    if (hf_store_last_alarm(core->config.store, &last, err) < 0 ||
        hf_store_alarms(core->config.store, &(struct hf_alarm_filter){.active_only = true}, active,
                        ALARMS_MAX, &count, err) < 0)
        return -1;
    alarm_init(&w->table, last + 1);
    hf_core_load_written(core, now);
    hf_core_load_roster(core);
    for (size_t i = 0; i < count; i++) {
        active[i].untold = 0; /* the store knows */
        alarm_restore(&w->table, &active[i], now);
        if (active[i].kind != HF_ALARM_DEVICE_SILENT || !*active[i].subject ||
            w->silence.count == WATCH_SILENT_MAX)
            continue;
        /* Only the device itself can say otherwise. */
        hf_text_put(w->silence.list[w->silence.count].device, HF_ALARM_SUBJECT_SIZE, "%s",
                    active[i].subject);
        w->silence.count++;
    }
    core->courier.due = true;
    return 0;
}

/* ---- storing ---- */

static bool
save(struct hf_core *core, struct hf_alarm *a, int64_t now)
{
    struct watch *w = &core->watch;
    struct hf_error err;

    if (!*core->settings.alarms.webhook_url)
        for (unsigned e = 0; e < HF_ALARM_EVENT_COUNT; e++)
            a->untold &= ~HF_ALARM_UNTOLD(HF_ALARM_TO_WEBHOOK, e);
    if (hf_store_save_alarm(core->config.store, a, &err) < 0) {
        if (!w->save_failed)
            hf_log_error("event=alarm-not-kept id=%lld error=\"%s\"", (long long)a->id,
                         err.message);
        w->save_failed = true;
        w->save_at_ms = now + SAVE_AGAIN_MS;
        return false;
    }
    w->save_failed = false;
    if (a->untold)
        courier_wake(&core->courier);
    a->untold = 0;
    return true;
}

static void
save_all(struct hf_core *core, int64_t now)
{
    struct watch *w = &core->watch;
    bool counts = now >= w->count_at_ms;

    if (now < w->save_at_ms)
        return;
    for (size_t i = 0; i < ALARMS_MAX; i++) {
        struct alarm_slot *s = &w->table.slots[i];

        if (s->state < ALARM_IS_RAISED || (!s->unsaved && !(counts && s->counted)))
            continue;
        if (!save(core, &s->alarm, now))
            return;
        s->unsaved = s->counted = false;
    }
    if (counts)
        w->count_at_ms = now + COUNTS_MS;
    while (w->ended_count) {
        if (!save(core, &w->ended[w->ended_count - 1], now))
            return;
        w->ended_count--;
    }
}

static void
say(const char *event, const struct hf_alarm *a)
{
    hf_log_warn("event=alarm-%s id=%lld kind=%s subject=\"%s\" severity=%s cause=\"%s\"", event,
                (long long)a->id, hf_alarm_kind_name(a->kind), a->subject, a->bad ? "bad" : "warn",
                a->cause);
}

void
hf_core_watch(struct hf_core *core, int64_t now)
{
    struct watch *w = &core->watch;
    struct hf_alarm cleared[ALARMS_MAX];
    size_t count;

    hf_core_conditions(core, now);
    count = alarm_step(&w->table, &w->now, now, hf_clock_wall_ms(), cleared);
    for (size_t i = 0; i < count; i++) {
        say("cleared", &cleared[i]);
        /* One that does not fit is active again after a restart, and cleared then. */
        if (w->ended_count < WATCH_ENDED_MAX)
            w->ended[w->ended_count++] = cleared[i];
    }
    for (size_t i = 0; i < ALARMS_MAX; i++) {
        const struct alarm_slot *s = &w->table.slots[i];

        if (s->state >= ALARM_IS_RAISED && s->unsaved && now >= w->save_at_ms) {
            say("raised", &s->alarm);
            core->changed = true;
        }
    }
    core->changed |= count > 0;
    save_all(core, now);
}

void
hf_core_raise(struct hf_core *core, enum hf_alarm_kind kind, const char *subject, bool bad,
              const char *cause, const char *advice)
{
    struct watch_note *oldest = &core->watch.notes[0];
    struct alarm_set one = {.count = 0};

    for (size_t i = 0; i < WATCH_NOTES_MAX; i++) {
        struct watch_note *n = &core->watch.notes[i];

        if (n->condition.kind == kind && strcmp(n->condition.subject, subject) == 0) {
            oldest = n;
            break;
        }
        if (n->until_ms < oldest->until_ms)
            oldest = n;
    }
    alarm_set_add(&one, kind, subject, bad, cause, advice);
    oldest->condition = one.list[0];
    oldest->until_ms = hf_clock_mono_ms() + NOTE_MS;
}

/* ---- for the API ---- */

struct listing {
    const struct hf_alarm_filter *filter;
    struct hf_alarm *list;
    size_t max, count;
};

static int
newest_first(const void *a, const void *b)
{
    const struct hf_alarm *x = a, *y = b;

    return (x->id < y->id) - (x->id > y->id);
}

/* What memory knows is newer than what the store has. */
static void
overlay(struct listing *l, const struct hf_alarm *a)
{
    const struct hf_alarm_filter *f = l->filter;

    if (!a->id || (f->before && a->id >= f->before) || (f->active_only && a->cleared_ms) ||
        (f->kind && a->kind != *f->kind))
        return;
    for (size_t i = 0; i < l->count; i++)
        if (l->list[i].id == a->id) {
            l->list[i] = *a;
            return;
        }
    if (l->count == l->max && a->id < l->list[l->count - 1].id)
        return;
    if (l->count == l->max)
        l->count--;
    l->list[l->count++] = *a;
    qsort(l->list, l->count, sizeof *l->list, newest_first);
}

static int
list_alarms(struct hf_core *core, void *context, struct hf_error *err)
{
    struct listing *l = context;
    const struct watch *w = &core->watch;

    if (hf_store_alarms(core->config.store, l->filter, l->list, l->max, &l->count, err) < 0)
        return -1;
    for (size_t i = 0; i < ALARMS_MAX; i++)
        if (w->table.slots[i].state >= ALARM_IS_RAISED)
            overlay(l, &w->table.slots[i].alarm);
    for (size_t i = 0; i < w->ended_count; i++)
        overlay(l, &w->ended[i]);
    return 0;
}

int
hf_core_alarms(struct hf_core *core, const struct hf_alarm_filter *filter,
               struct hf_alarm *ret_alarms, size_t max, size_t *ret_count, struct hf_error *err)
{
    struct listing l = {filter, ret_alarms, max, 0};

    if (mailbox_call(&core->mail, list_alarms, &l, err) < 0)
        return -1;
    *ret_count = l.count;
    return 0;
}

struct acknowledgement {
    int64_t id;
    const char *actor;
    struct hf_alarm *alarm;
};

static int
keep_acknowledgement(struct hf_store *store, void *context, struct hf_error *err)
{
    const struct acknowledgement *a = context;
    char what[HF_TEXT_SIZE];

    hf_text_put(what, sizeof what, "acknowledged alarm %lld: %s %s", (long long)a->id,
                hf_alarm_kind_name(a->alarm->kind), a->alarm->subject);
    if (hf_store_save_alarm(store, a->alarm, err) < 0)
        return -1;
    return hf_store_audit(store, a->actor, what, err);
}

static int
no_such_alarm(struct hf_core *core, int64_t id, struct hf_error *err)
{
    struct hf_alarm a;
    size_t count = 0;

    if (hf_store_alarms(core->config.store, &(struct hf_alarm_filter){.before = id + 1}, &a, 1,
                        &count, err) < 0)
        return -1;
    if (count && a.id == id)
        return hf_error_set(err, HF_ERROR_CONFLICT, "the alarm is over: there is nothing to do");
    return hf_error_set(err, HF_ERROR_NOT_FOUND, "there is no alarm %lld", (long long)id);
}

static int
acknowledge(struct hf_core *core, void *context, struct hf_error *err)
{
    struct acknowledgement *a = context;
    struct alarm_slot *s = alarm_find(&core->watch.table, a->id);

    if (!s)
        return no_such_alarm(core, a->id, err);
    *a->alarm = s->alarm;
    if (s->alarm.acknowledged_ms)
        return 0;
    a->alarm->acknowledged_ms = hf_clock_wall_ms();
    hf_text_put(a->alarm->acknowledged_by, sizeof a->alarm->acknowledged_by, "%s", a->actor);
    for (unsigned who = 0; who < HF_ALARM_LISTENER_COUNT; who++)
        if (who != HF_ALARM_TO_WEBHOOK || *core->settings.alarms.webhook_url)
            a->alarm->untold |= HF_ALARM_UNTOLD(who, HF_ALARM_ACKNOWLEDGED);
    if (hf_store_transaction(core->config.store, keep_acknowledgement, a, err) < 0)
        return hf_error_wrap(err, "acknowledge an alarm");
    a->alarm->untold = 0;
    s->alarm = *a->alarm;
    s->unsaved = s->counted = false;
    core->changed = true;
    courier_wake(&core->courier);
    return 0;
}

int
hf_core_acknowledge(struct hf_core *core, int64_t id, const char *actor, struct hf_alarm *ret_alarm,
                    struct hf_error *err)
{
    struct acknowledgement a = {id, actor, ret_alarm};

    hf_log_info("event=audit who=%s what=\"acknowledge alarm %lld\"", actor, (long long)id);
    return mailbox_call(&core->mail, acknowledge, &a, err);
}
