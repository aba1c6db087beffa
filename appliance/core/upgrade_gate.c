// SPDX-License-Identifier: Apache-2.0
/*
 * What can be seen of the upgrade under way: whether something holds up the next switch, whether
 * the service that was switched does its work, what the gate says, whether the way back is done.
 */
#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"
#include "model/own.h"
#include "supervisor/gate.h"

#include <string.h>
#include <time.h>

enum { MS_A_SECOND = 1000, CANARY_MS = 2000 };

static struct hf_upgrade_event
say(enum hf_upgrade_event_kind kind, const char *reason)
{
    return (struct hf_upgrade_event){.kind = kind, .reason = reason};
}

static struct service *
service_of(struct hf_core *core, const char *name)
{
    int index = hf_core_service_index(core, name);

    return index < 0 ? NULL : &core->services[index];
}

static bool
engine_is_seen(const struct hf_core *core)
{
    return core->engine.state == HF_ENGINE_OK;
}

/* ---- before anything is switched ---- */

/* An error that trying again does not mend. */
static bool
is_refusal(const struct hf_error *err)
{
    return err->class == HF_ERROR_NOT_FOUND || err->class == HF_ERROR_CONFLICT ||
           err->class == HF_ERROR_INVALID || err->class == HF_ERROR_NO_SPACE;
}

static struct hf_upgrade_event
look_at_fetch(struct hf_core *core)
{
    struct upgrade *u = &core->upgrade;

    if (!u->news.some || !u->news.done)
        return say(HF_UPGRADE_TICK, NULL);
    if (u->news.result == 0)
        return say(HF_UPGRADE_FETCHED, NULL);
    memcpy(u->culprit, u->news.service, sizeof u->culprit);
    return say(is_refusal(&u->news.err) ? HF_UPGRADE_REFUSED : HF_UPGRADE_DELAYED,
               u->news.err.message);
}

/* The first switch alone waits for the backlog: in the middle it would only last longer. */
static bool
waits_for_backlog(const struct hf_core *core, char *why)
{
    const struct service *buffer = &core->services[hf_service_index("buffer")];
    int64_t most = core->settings.upgrade.max_backlog;
    int64_t held = hf_status_number(&buffer->status, "held", -1);

    if (core->upgrade.machine.index > 0 || most == 0 ||
        core->upgrade.record.kind == HF_UPGRADE_BACK || (held >= 0 && held < most))
        return false;
    if (held < 0)
        hf_text_put(why, HF_TEXT_SIZE,
                    "it is not known how many records are held; it waits until there are fewer "
                    "than %lld",
                    (long long)most);
    else
        hf_text_put(why, HF_TEXT_SIZE,
                    "the backlog is %lld records; it waits until there are fewer than %lld",
                    (long long)held, (long long)most);
    return true;
}

bool
hf_core_waits_for_window(const struct hf_core *core, char why[HF_TEXT_SIZE])
{
    const struct hf_windows *windows = &core->settings.upgrade.windows;
    time_t now = (time_t)(hf_clock_wall_ms() / MS_A_SECOND);
    char here[HF_WINDOW_TEXT_SIZE], then[HF_WINDOW_TEXT_SIZE];
    struct tm local;
    int day, minute, wait;

    tzset(); /* somebody may have set the machine's time zone */
    if (!localtime_r(&now, &local))
        return false;
    day = (local.tm_wday + HF_WEEK_DAYS - 1) % HF_WEEK_DAYS;
    minute = local.tm_hour * 60 + local.tm_min;
    wait = hf_windows_wait(windows, day, minute);
    hf_window_text(day, minute, 0, here);
    hf_window_text(day, minute, wait, then);
    hf_text_put(why, HF_TEXT_SIZE,
                "it waits for the next window (upgrade.windows in the configuration), %s; here it "
                "is %s",
                then, here);
    return wait > 0;
}

static struct hf_upgrade_event
look_at_hold(struct hf_core *core)
{
    char *why = core->upgrade.said;
    const struct upgrade *u = &core->upgrade;
    const struct service *s = service_of(core, u->record.services[u->machine.index].name);
    struct hf_upgrade_event held = {.kind = HF_UPGRADE_HELD, .reason = why};

    if (u->machine.index == 0 && core->settings.upgrade.freeze &&
        u->record.kind == HF_UPGRADE_FORTH) {
        hf_text_put(why, HF_TEXT_SIZE, "upgrades are frozen (upgrade.freeze in the configuration)");
        return held;
    }
    if (u->machine.index == 0 && u->record.kind == HF_UPGRADE_FORTH &&
        hf_core_waits_for_window(core, why)) {
        held.ends = true;
        return held;
    }
    if (waits_for_backlog(core, why))
        return held;
    if (s && s->status.seen && !s->status.gone && s->status.busy &&
        s->machine.state == HF_LIFECYCLE_RUNNING && core->settings.upgrade.busy_wait_s > 0) {
        hf_text_put(why, HF_TEXT_SIZE,
                    "'%s' says that it is busy%s%s; its switch waits for %lld s at most", s->name,
                    *s->status.reason ? ": " : "", s->status.reason,
                    (long long)core->settings.upgrade.busy_wait_s);
        held.most_ms = core->settings.upgrade.busy_wait_s * MS_A_SECOND;
        return held;
    }
    return say(HF_UPGRADE_FREE, NULL);
}

/* ---- one service ---- */

static enum hf_own_health
own_health(const struct hf_core *core, const struct service *s)
{
    return hf_own_health_kind(core->release.services[s - core->services].own);
}

/* Its verdict is of this run of its container, and not of what the one before it said last. */
static bool
has_spoken(const struct hf_core *core, const struct service *s)
{
    int64_t since = s->machine.running_since_ms;

    if (strcmp(s->name, "broker") == 0)
        return core->broker_answered_ms > since;
    if (s->spec.own && own_health(core, s) == HF_OWN_HEALTH_NONE)
        return true;
    if (s->probe.at_ms > since)
        return true;
    return s->status.mono_ms > since;
}

/* A broker that is degraded by nothing but what devices do does its own: one of them must not be
 * able to undo what people change. */
static bool
does_its_work(const struct service *s)
{
    return s->verdict.health == HF_HEALTH_HEALTHY ||
           (s->verdict.health == HF_HEALTH_DEGRADED && s->verdict.why == HF_REASON_OWN_WORDS &&
            strcmp(s->name, "broker") == 0 && hf_status_number(&s->status, "crowded", 0) == 1);
}

/* As what it is to be now: a container that is still to be replaced proves nothing. */
static bool
has_failed(const struct service *s)
{
    const struct hf_lifecycle_machine *m = &s->machine;

    return (m->crash_loop || m->state == HF_LIFECYCLE_FAILED) && m->pending == HF_EFFECT_NONE &&
           !m->look_due && strcmp(m->container.spec_hash, m->spec_hash) == 0;
}

static struct hf_upgrade_event
look_at_service(struct hf_core *core)
{
    char *why = core->upgrade.said;
    struct upgrade *u = &core->upgrade;
    const struct hf_upgrade_service *changed = &u->record.services[u->machine.index];
    const struct service *s = service_of(core, changed->name);

    if (!engine_is_seen(core))
        return say(HF_UPGRADE_UNSEEN, "Docker does not answer");
    memcpy(u->culprit, changed->name, sizeof u->culprit);
    hf_text_put(why, HF_TEXT_SIZE, "'%s': %s", s->name, s->machine.reason);
    if (has_failed(s))
        return say(HF_UPGRADE_BAD, why);
    if (!hf_lifecycle_settled(&s->machine)) {
        if (!*s->machine.reason)
            hf_text_put(why, HF_TEXT_SIZE, "'%s' is being switched", s->name);
        return say(HF_UPGRADE_NOT_YET, why);
    }
    if (!s->machine.wanted || !changed->was_well || (does_its_work(s) && has_spoken(core, s)))
        return say(HF_UPGRADE_WELL, NULL);
    hf_text_put(why, HF_TEXT_SIZE, "'%s' does not do its work%s%s", s->name,
                *s->verdict.reason ? ": " : "", s->verdict.reason);
    return say(HF_UPGRADE_NOT_YET, why);
}

/* ---- the gate ---- */

static int64_t
number_of(const struct hf_core *core, const char *service, const char *number)
{
    return hf_status_number(&core->services[hf_service_index(service)].status, number, 0);
}

static int64_t
canaries_of(const struct hf_core *core)
{
    return hf_status_number(&core->services[hf_service_index("processor")].status, "canaries", -1);
}

static void
take_base(struct hf_core *core, int64_t now_ms)
{
    struct gate_base *b = &core->upgrade.base;

    if (b->taken)
        return;
    *b = (struct gate_base){.taken = true, .at_ms = now_ms};
    for (size_t i = 0; i < core->service_count; i++)
        b->exits[i] = core->services[i].machine.exits;
    b->dropped = number_of(core, "buffer", "dropped");
    b->quarantined = number_of(core, "buffer", "quarantined");
    b->accepted = number_of(core, "buffer", "accepted");
    b->delivered = number_of(core, "buffer", "delivered");
    b->queue_dropped = number_of(core, "broker", "queue_dropped");
    b->processed = number_of(core, "processor", "in");
    b->canaries = canaries_of(core);
}

/* Again until one has come: a service may not be ready for the first, and one is enough. */
static void
send_canary(struct hf_core *core, int64_t now_ms)
{
    struct upgrade *u = &core->upgrade;
    char text[HF_BUS_CANARY_MAX + 1];

    if (now_ms < u->base.canary_ms || u->gate[HF_GATE_CANARY].state == HF_GATE_PASSING)
        return;
    u->base.canary_ms = now_ms + CANARY_MS;
    (void)hf_text_put(text, sizeof text, "{\"upgrade\":\"%s\"}", u->record.operation);
    hf_bus_send_canary(core->bus, text);
}

/* More than once within the time that makes a crash loop. */
static bool
keeps_ending(const struct hf_lifecycle_machine *m)
{
    return m->exit_count > 1 && hf_clock_mono_ms() - m->exits_ms[1] < HF_CRASH_WINDOW_MS;
}

bool
hf_core_is_expected(const struct hf_core *core, const struct service *s)
{
    const struct service *broker = &core->services[hf_service_index("broker")];

    if (does_its_work(s))
        return true;
    switch (s->verdict.health) {
    case HF_HEALTH_STARTING:
        return !keeps_ending(&s->machine);
    case HF_HEALTH_WAITING:
        return s != broker && !keeps_ending(&s->machine) && hf_core_is_expected(core, broker);
    default:
        return false;
    }
}

struct hf_gate_service
hf_core_gate_service(const struct hf_core *core, const struct service *s, bool was_well,
                     int64_t exits)
{
    return (struct hf_gate_service){
        .name = s->name,
        .wanted = s->machine.wanted,
        .was_well = was_well,
        .failed = has_failed(s),
        .spoken = has_spoken(core, s),
        .health = does_its_work(s) ? HF_HEALTH_HEALTHY : s->verdict.health,
        .reason = s->verdict.reason,
        .ended = s->machine.exits - exits,
        .memory_bytes = s->usage.known ? s->usage.memory_bytes : 0,
        .memory_limit = s->usage.known ? s->spec.limits.memory_bytes : 0,
    };
}

static void
fill_service(struct hf_core *core, const struct service *s, bool was_well, struct hf_gate_facts *f)
{
    f->services[f->count++] =
        hf_core_gate_service(core, s, was_well, core->upgrade.base.exits[s - core->services]);
}

/* What was not well before is not held against the new release. */
static void
fill_services(struct hf_core *core, struct hf_gate_facts *f)
{
    const struct upgrade *u = &core->upgrade;

    for (size_t i = 0; i < u->record.count; i++)
        fill_service(core, service_of(core, u->record.services[i].name),
                     u->record.services[i].was_well, f);
}

static bool
broker_was_well(const struct hf_gate_facts *f)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->services[i].name, "broker") == 0)
            return f->services[i].was_well;
    return false;
}

static void
fill_path(struct hf_core *core, struct hf_gate_facts *f)
{
    const struct gate_base *b = &core->upgrade.base;
    const struct service *forwarder = &core->services[hf_service_index("forwarder")];
    const char *uplink = forwarder->status.uplink;

    f->wrong[0].what = "dropped by the buffer";
    f->wrong[0].number = (struct hf_gate_number){b->dropped, number_of(core, "buffer", "dropped")};
    f->wrong[1].what = "put into quarantine";
    f->wrong[1].number =
        (struct hf_gate_number){b->quarantined, number_of(core, "buffer", "quarantined")};
    f->wrong[2].what = "dropped by the broker";
    f->wrong[2].number =
        (struct hf_gate_number){b->queue_dropped, number_of(core, "broker", "queue_dropped")};
    f->processed = (struct hf_gate_number){b->processed, number_of(core, "processor", "in")};
    f->accepted = (struct hf_gate_number){b->accepted, number_of(core, "buffer", "accepted")};
    f->delivered = (struct hf_gate_number){b->delivered, number_of(core, "buffer", "delivered")};
    f->canaries = (struct hf_gate_number){b->canaries, canaries_of(core)};
    f->broker_expected = core->broker_answered_ms || broker_was_well(f);
    f->broker_answered = core->broker_answered_ms > b->at_ms;
    f->sink_reached = strcmp(uplink, "idle") == 0 || strcmp(uplink, "delivering") == 0;
}

/* was_well: of all services; NULL: of those that change, as it was written. */
static struct hf_upgrade_event
look_at_gate(struct hf_core *core, const bool *was_well, int64_t now_ms)
{
    char *why = core->upgrade.said;
    struct upgrade *u = &core->upgrade;
    struct hf_upgrade_event event = say(HF_UPGRADE_WELL, NULL);
    struct hf_gate_facts facts = {.count = 0};
    const char *culprit;

    if (!engine_is_seen(core)) {
        u->base.taken = false;
        return say(HF_UPGRADE_UNSEEN, "Docker does not answer");
    }
    take_base(core, now_ms);
    if (!was_well)
        fill_services(core, &facts);
    for (size_t i = 0; was_well && i < core->service_count; i++)
        fill_service(core, &core->services[i], was_well[i], &facts);
    fill_path(core, &facts);
    hf_gate_judge(&facts, u->gate, &culprit);
    send_canary(core, now_ms);
    hf_text_put(u->culprit, sizeof u->culprit, "%s", culprit);
    for (int i = 0; i < HF_GATE_COUNT && event.kind != HF_UPGRADE_BAD; i++) {
        if (u->gate[i].state == HF_GATE_PASSING)
            continue;
        hf_text_put(why, HF_TEXT_SIZE, "%s", u->gate[i].detail);
        event = say(u->gate[i].state == HF_GATE_FAILED ? HF_UPGRADE_BAD : HF_UPGRADE_NOT_YET, why);
    }
    return event;
}

struct hf_upgrade_event
hf_core_gate_all(struct hf_core *core, const bool was_well[HF_SERVICES_MAX], int64_t now_ms)
{
    return look_at_gate(core, was_well, now_ms);
}

/* ---- the way back ---- */

/* One that fails with the old release too is back all the same: it is as it was before. */
static struct hf_upgrade_event
look_at_way_back(struct hf_core *core)
{
    char *why = core->upgrade.said;
    const struct hf_upgrade_record *r = &core->upgrade.record;

    if (!engine_is_seen(core))
        return say(HF_UPGRADE_UNSEEN, "Docker does not answer");
    for (size_t i = 0; i < r->count; i++) {
        const struct service *s = service_of(core, r->services[i].name);

        if (hf_lifecycle_settled(&s->machine) || has_failed(s))
            continue;
        hf_text_put(why, HF_TEXT_SIZE, "'%s' goes back%s%s", s->name,
                    *s->machine.reason ? ": " : "", s->machine.reason);
        return say(HF_UPGRADE_NOT_YET, why);
    }
    return say(HF_UPGRADE_WELL, NULL);
}

struct hf_upgrade_event
hf_core_upgrade_look(struct hf_core *core, int64_t now_ms)
{
    switch (core->upgrade.machine.state) {
    case HF_UPGRADE_PLANNED:
        return say(HF_UPGRADE_BEGIN, NULL);
    case HF_UPGRADE_PULLING:
        return look_at_fetch(core);
    case HF_UPGRADE_INSTALLING:
        return hf_core_look_at_daemon(core, now_ms);
    case HF_UPGRADE_VERIFIED:
        return look_at_hold(core);
    case HF_UPGRADE_SWITCHING:
        return look_at_service(core);
    case HF_UPGRADE_GATING:
        return look_at_gate(core, NULL, now_ms);
    case HF_UPGRADE_ROLLING_BACK:
        return look_at_way_back(core);
    default:
        return say(HF_UPGRADE_TICK, NULL);
    }
}
