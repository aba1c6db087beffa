// SPDX-License-Identifier: Apache-2.0
#include "core/trial.h"

#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"
#include "supervisor/gate.h"

#include <string.h>

enum { MS_A_SECOND = 1000, RETRY_MS = 10 * 1000 };

/* ---- what is written ---- */

static struct hf_json *
print(const struct hf_core *core, int64_t good, bool again)
{
    struct hf_json *o = hf_json_object(), *well = hf_json_array();

    hf_json_put_int(o, "good", good);
    for (size_t i = 0; i < core->service_count; i++)
        if (again ? core->trial.was_well[i] : hf_core_is_expected(core, &core->services[i]))
            hf_json_add_string(well, core->services[i].name);
    hf_json_put(o, "well", well);
    return o;
}

int
hf_core_write_trial(struct hf_core *core, int64_t good, struct hf_error *err)
{
    const struct trial *t = &core->trial;
    HF_AUTO(hf_json) struct hf_json *doc = print(core, t->active ? t->good : good, t->active);
    HF_AUTO_FREE char *text = NULL;

    if (hf_json_print(doc, &text, err) < 0)
        return -1;
    return hf_store_keep(core->config.store, hf_store_kept_trial, hf_clock_wall_ms(), text, err);
}

static int
write_end(struct hf_core *core, struct hf_error *err)
{
    return hf_store_keep(core->config.store, hf_store_kept_trial, hf_clock_wall_ms(), "", err);
}

/* ---- beginning ---- */

static void
init_machine(struct trial *t, const struct hf_upgrade_settings *s)
{
    hf_upgrade_init(&t->machine, 1, s->config_gate_s * MS_A_SECOND, s->switch_s * MS_A_SECOND,
                    hf_clock_mono_ms());
    t->machine.state = HF_UPGRADE_SWITCHING;
    t->base.taken = false;
    t->retry_ms = 0;
    t->active = true;
}

/* One that is under way goes on to lead to where it did: nothing after that was proven. */
void
hf_core_begin_trial(struct hf_core *core, int64_t good, const struct hf_upgrade_settings *s)
{
    struct trial *t = &core->trial;

    if (!t->active) {
        t->good = good;
        for (size_t i = 0; i < core->service_count; i++)
            t->was_well[i] = hf_core_is_expected(core, &core->services[i]);
    }
    init_machine(t, s);
    hf_log_info("event=config-trial good=%lld", (long long)t->good);
}

void
hf_core_load_trial(struct hf_core *core)
{
    struct trial *t = &core->trial;
    HF_AUTO_FREE char *text = NULL;
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    int64_t at_ms;

    if (hf_store_kept(core->config.store, hf_store_kept_trial, &at_ms, &text, NULL) < 0 || !*text ||
        hf_json_parse(text, strlen(text), &doc, NULL) < 0)
        return;
    t->good = hf_json_int(doc, "good", -1);
    if (t->good < 0 || core->settings.upgrade.config_gate_s == 0)
        return;
    for (const struct hf_json *v = hf_json_first(hf_json_get(doc, "well")); v;
         v = hf_json_next(v)) {
        int index = hf_core_service_index(core, hf_json_as_string(v));

        if (index >= 0)
            t->was_well[index] = true;
    }
    init_machine(t, &core->settings.upgrade);
}

/* ---- looking ---- */

static bool
is_watched(const struct hf_core *core, size_t i)
{
    return core->trial.was_well[i] && core->services[i].machine.wanted;
}

static struct hf_upgrade_event
say(enum hf_upgrade_event_kind kind, const char *reason)
{
    return (struct hf_upgrade_event){.kind = kind, .reason = reason};
}

static void
fill(struct hf_core *core, struct hf_gate_facts *f)
{
    const struct trial *t = &core->trial;

    for (size_t i = 0; i < core->service_count; i++)
        if (is_watched(core, i))
            f->services[f->count++] =
                hf_core_gate_service(core, &core->services[i], true, t->base.exits[i]);
}

static struct hf_upgrade_event
look_at_switch(struct hf_core *core)
{
    struct trial *t = &core->trial;

    for (size_t i = 0; i < core->service_count; i++) {
        const struct service *s = &core->services[i];
        struct hf_gate_service g = hf_core_gate_service(core, s, true, 0);

        if (!is_watched(core, i) || (!g.failed && hf_lifecycle_settled(&s->machine) && g.spoken &&
                                     g.health == HF_HEALTH_HEALTHY))
            continue;
        memcpy(t->culprit, s->name, sizeof t->culprit);
        hf_text_put(t->said, sizeof t->said, "'%s': %s", s->name,
                    *s->machine.reason   ? s->machine.reason
                    : *s->verdict.reason ? s->verdict.reason
                                         : "is not back yet");
        return say(g.failed ? HF_UPGRADE_BAD : HF_UPGRADE_NOT_YET, t->said);
    }
    return say(HF_UPGRADE_WELL, NULL);
}

static void
take_base(struct hf_core *core)
{
    struct gate_base *b = &core->trial.base;

    if (b->taken)
        return;
    b->taken = true;
    for (size_t i = 0; i < core->service_count; i++)
        b->exits[i] = core->services[i].machine.exits;
}

static struct hf_upgrade_event
look_at_gate(struct hf_core *core)
{
    static const enum hf_gate_check checks[] = {HF_GATE_RESTARTS, HF_GATE_HEALTH, HF_GATE_MEMORY};
    struct trial *t = &core->trial;
    struct hf_gate_facts facts = {.count = 0};
    struct hf_gate_result results[HF_GATE_COUNT];
    struct hf_upgrade_event event = say(HF_UPGRADE_WELL, NULL);
    const char *culprit;

    take_base(core);
    fill(core, &facts);
    hf_gate_judge(&facts, results, &culprit);
    for (size_t i = 0; i < HF_LEN(checks) && event.kind != HF_UPGRADE_BAD; i++) {
        const struct hf_gate_result *r = &results[checks[i]];

        if (r->state == HF_GATE_PASSING)
            continue;
        hf_text_put(t->culprit, sizeof t->culprit, "%s", culprit);
        hf_text_put(t->said, sizeof t->said, "%s", r->detail);
        event = say(r->state == HF_GATE_FAILED ? HF_UPGRADE_BAD : HF_UPGRADE_NOT_YET, t->said);
    }
    return event;
}

/* While an upgrade switches services, the configuration stays as it is. */
static struct hf_upgrade_event
look(struct hf_core *core)
{
    struct trial *t = &core->trial;

    if (core->engine.state != HF_ENGINE_OK || hf_core_upgrade_locks(core)) {
        t->base.taken = false;
        return say(HF_UPGRADE_UNSEEN, core->engine.state != HF_ENGINE_OK
                                          ? "Docker does not answer"
                                          : "an upgrade is under way");
    }
    return t->machine.state == HF_UPGRADE_GATING ? look_at_gate(core) : look_at_switch(core);
}

/* ---- ending ---- */

static void
note_return(struct hf_core *core, int64_t failed, const char *why)
{
    const struct trial *t = &core->trial;
    int index = hf_core_service_index(core, t->culprit);
    struct hf_finding f = {.some = true, .kind = HF_INCIDENT_UPGRADE, .uptime_s = -1};

    hf_text_put(f.found, sizeof f.found, "revision %lld of the configuration: %s",
                (long long)failed, why);
    hf_text_whole(f.found);
    hf_text_put(f.done, sizeof f.done, "goes back to revision %lld, as revision %lld",
                (long long)t->good, (long long)core->revision);
    if (index >= 0)
        hf_core_note(core, (size_t)index, &f);
}

static int
go_back(struct hf_core *core, const char *why, struct hf_error *err)
{
    struct trial *t = &core->trial;
    int64_t failed = core->revision;

    if (hf_core_return_to(core, t->good, "holdfastd", why, err) < 0 || write_end(core, err) < 0)
        return -1;
    hf_log_warn("event=config-returned revision=%lld good=%lld reason=\"%s\"", (long long)failed,
                (long long)t->good, why);
    note_return(core, failed, why);
    return 0;
}

void
hf_core_try_config(struct hf_core *core, int64_t now_ms)
{
    struct trial *t = &core->trial;
    struct hf_upgrade_machine m = t->machine;
    struct hf_upgrade_event event;
    struct hf_error err = {0};

    if (!t->active || now_ms < t->retry_ms)
        return;
    if (core->settings.upgrade.config_gate_s == 0) { /* since then nobody watches */
        t->active = write_end(core, &err) < 0;
        return;
    }
    event = look(core);
    hf_upgrade_step(&m, &event, now_ms);
    if ((m.state == HF_UPGRADE_COMMITTED && write_end(core, &err) < 0) ||
        (m.state == HF_UPGRADE_ROLLING_BACK && go_back(core, m.reason, &err) < 0)) {
        hf_log_error("event=config-trial-not-ended error=\"%s\"", err.message);
        t->retry_ms = now_ms + RETRY_MS;
        t->active = err.class != HF_ERROR_NOT_FOUND; /* the way back is not kept any more */
        return;
    }
    t->machine = m;
    t->active = m.state == HF_UPGRADE_SWITCHING || m.state == HF_UPGRADE_GATING;
}
