// SPDX-License-Identifier: Apache-2.0
/*
 * The owner's loop: take the mail, feed it to the pure steps, hand their effects to the workers,
 * publish a picture. Nothing here waits for the engine.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "core/address.h"
#include "core/internal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

enum {
    TICK_MS = 1000,      /* a point of the history */
    PUBLISH_MS = 2000,   /* without any change */
    LOOK_MS = 45 * 1000, /* without any event: drift is seen within a minute */
    LOOK_AGAIN_MS = 1000,
    LOOK_AGAIN_MOST_MS = 8000,
    ADDRESS_MS = 10 * 1000, /* how late a new address of this machine may be shown */
    DISK_MS = 10 * 1000,
    BUS_PORT = 1884
};

/* ---- steps ---- */

static void
give_effect(struct hf_core *core, size_t i, enum hf_effect effect)
{
    struct service *s = &core->services[i];
    struct job job = {
        .effect = effect,
        .spec = s->spec,
        .wants_last_words = effect == HF_EFFECT_STOP && s->machine.crash_loop,
    };

    hf_text_put(job.container, sizeof job.container, "%s", s->machine.container.id);
    job.started_ms = s->machine.container.started_ms;
    hf_log_info("service=%s event=%s reason=\"%s\"", core->services[i].name, hf_effect_name(effect),
                s->machine.reason);
    worker_give(&core->workers[i], &job);
}

void
hf_core_step(struct hf_core *core, size_t i, const struct hf_lifecycle_event *event)
{
    struct service *s = &core->services[i];
    enum hf_lifecycle before = s->machine.state;
    struct hf_lifecycle_step next = hf_lifecycle_step(&s->machine, event, hf_clock_mono_ms());

    s->wake_ms = next.wake_ms;
    core->look_due |= next.look;
    if (s->machine.finding.some)
        hf_core_note(core, i, &s->machine.finding);
    if (next.effect != HF_EFFECT_NONE)
        give_effect(core, i, next.effect);
    if (s->machine.state != before) {
        hf_log_info("service=%s event=state from=%s to=%s reason=\"%s\"", core->services[i].name,
                    hf_lifecycle_name(before), hf_lifecycle_name(s->machine.state),
                    s->machine.reason);
        core->changed = true;
    }
}

static void
step_all_due(struct hf_core *core, int64_t now)
{
    for (size_t i = 0; i < core->service_count; i++)
        if (core->services[i].wake_ms <= now)
            hf_core_step(core, i, &(struct hf_lifecycle_event){.kind = HF_EVENT_TICK});
}

/* ---- the engine ---- */

static void
begin_look(struct hf_core *core, int64_t now)
{
    struct job job = {.with_info = core->info_due};

    if (core->looking || (!core->look_due && now < core->look_at_ms))
        return;
    for (size_t i = 0; i < core->service_count; i++)
        memcpy(job.image_ids[i], core->services[i].spec.image.image_id, sizeof job.image_ids[i]);
    core->look_due = false;
    core->looking = true;
    worker_give(&core->observer, &job);
}

static void
look_failed(struct hf_core *core, const struct look *l, int64_t now)
{
    int64_t wait = (int64_t)LOOK_AGAIN_MS << (core->look_failures < 3 ? core->look_failures : 3);

    core->look_failures++;
    core->look_at_ms = now + (wait < LOOK_AGAIN_MOST_MS ? wait : LOOK_AGAIN_MOST_MS);
    core->look_due = false;
    core->info_due = true;
    if (core->engine.state != HF_ENGINE_UNREACHABLE) {
        hf_log_error("event=engine-unreachable error=\"%s\"", l->err.message);
        core->changed = true;
    }
    core->engine.state = HF_ENGINE_UNREACHABLE;
    core->engine.stale_since_ms = core->looked_at_ms;
    hf_text_put(core->engine.detail, sizeof core->engine.detail, "%s", l->err.message);
}

static void
learn_engine(struct hf_core *core, const struct look *l)
{
    struct hf_engine_view *e = &core->engine;

    if (e->state != HF_ENGINE_OK) {
        hf_log_info("event=engine-ok version=%s api=%s", l->info.version, l->info.api_version);
        core->changed = true;
    }
    e->state = HF_ENGINE_OK;
    e->detail[0] = '\0';
    e->stale_since_ms = 0;
    core->looked_at_ms = hf_clock_wall_ms();
    core->look_failures = 0;
    if (!l->has_info)
        return;
    core->info_due = false;
    hf_text_put(core->watch.data_dir, sizeof core->watch.data_dir, "%s", l->info.data_dir);
    hf_text_put(e->version, sizeof e->version, "%s", l->info.version);
    hf_text_put(e->api_version, sizeof e->api_version, "%s", l->info.api_version);
    e->has_io_weight = l->info.has_io_weight;
    e->warning_count = 0;
    for (size_t i = 0; i < l->info.warning_count && i < HF_WARNINGS_MAX; i++)
        hf_text_put(e->warnings[e->warning_count++], HF_TEXT_SIZE, "%s", l->info.warnings[i]);
}

static const struct hf_container *
container_of(const struct look *l, const char *service)
{
    for (size_t i = 0; i < l->container_count; i++)
        if (strcmp(l->containers[i].service, service) == 0)
            return &l->containers[i];
    return NULL;
}

static void
follow_broker(struct hf_core *core, const struct hf_container *broker)
{
    struct hf_error err;
    bool up = broker && broker->state == HF_CONTAINER_RUNNING;

    if (hf_bus_set_target(core->bus, up ? broker->bus_address : NULL, BUS_PORT, "holdfastd",
                          core->bus_password, &err) < 0)
        hf_log_warn("event=bus-target-failed error=\"%s\"", err.message);
}

static void
follow_path(struct hf_core *core, const char *service, const struct hf_container *c)
{
    static const uint16_t ports[HF_PATH_PEER_COUNT] = {
        [HF_PATH_BUFFER] = 8081, [HF_PATH_PROCESSOR] = 8082, [HF_PATH_FORWARDER] = 8083};
    bool up = c && c->state == HF_CONTAINER_RUNNING;

    for (int i = 0; i < HF_PATH_PEER_COUNT; i++)
        if (strcmp(hf_path_name((enum hf_path_peer)i), service) == 0)
            hf_path_set_target(core->path, (enum hf_path_peer)i, up ? c->lease_address : NULL,
                               ports[i]);
}

static void
take_look(struct hf_core *core, struct look *l, int64_t now)
{
    core->looking = false;
    if (l->result < 0) {
        look_failed(core, l, now);
        return;
    }
    learn_engine(core, l);
    core->look_at_ms = now + LOOK_MS;
    if (core->resetting || l->taken_ms < core->reset_ended_ms) {
        core->look_due = !core->resetting;
        return; /* what is seen goes, and is not missed */
    }
    hf_core_find_drift(core, l);
    for (size_t i = 0; i < core->service_count; i++) {
        const struct hf_container *c = container_of(l, core->services[i].name);

        if (l->taken_ms >= core->services[i].gone_ms)
            core->services[i].gone_ms = 0;
        if (i == (size_t)hf_service_index("broker"))
            follow_broker(core, c);
        follow_path(core, core->services[i].name, c);
        hf_core_step(core, i,
                     &(struct hf_lifecycle_event){.kind = HF_EVENT_SEEN,
                                                  .container = c,
                                                  .has_image = l->has_image[i],
                                                  .taken_ms = l->taken_ms,
                                                  .peak_bytes = core->services[i].peak_bytes});
    }
}

/* Docker says at once that a container died, and shows it only when it has taken its networks apart
 * (tried: 400 ms). Whether that is so now is asked of the kernel: an event may be an old one. */
static bool
is_gone(const struct hf_lifecycle_machine *m)
{
    return m->state == HF_LIFECYCLE_RUNNING && m->container.pid > 0 &&
           kill(m->container.pid, 0) < 0 && errno == ESRCH;
}

static void
take_deaths(struct hf_core *core, struct mail *mail, int64_t now)
{
    for (size_t i = 0; i < core->service_count; i++) {
        const struct death *d = &mail->deaths[i];

        if (d->seen)
            hf_core_step(core, i,
                         &(struct hf_lifecycle_event){.kind = HF_EVENT_DIED,
                                                      .exit_code = d->exit_code,
                                                      .oom_killed = d->oom});
        if (d->seen && is_gone(&core->services[i].machine))
            core->services[i].gone_ms = now;
        if (mail->lines[i].done)
            hf_core_take_lines(core, i, mail->lines[i].json, mail->lines[i].count);
    }
}

static void
take_effects(struct hf_core *core, const struct mail *mail)
{
    for (size_t i = 0; i < core->service_count; i++) {
        const struct effect_result *r = &mail->effects[i];

        if (r->done && *r->last_words)
            hf_lifecycle_last_words(&core->services[i].machine, r->last_words);
        if (r->done)
            core->info_due = true; /* it may have come with warnings */
        if (r->done)
            hf_core_step(
                core, i,
                &(struct hf_lifecycle_event){.kind = r->result < 0 ? HF_EVENT_ERROR : HF_EVENT_DONE,
                                             .error = &r->err});
    }
}

/* ---- the bus ---- */

/* A count that has grown since the service last spoke; its first word is no growth. */
static bool
has_grown(const struct hf_service_status *was, const struct hf_service_status *is, const char *name)
{
    return was->seen && !was->gone &&
           hf_status_number(is, name, 0) > hf_status_number(was, name, 0);
}

/* When records were last given up, for people to see. */
static void
follow_losses(struct hf_core *core, size_t i, const struct hf_service_status *is)
{
    const struct hf_service_status *was = &core->services[i].status;

    if (i == (size_t)hf_service_index("buffer") && has_grown(was, is, "dropped")) {
        core->dropped_ms = hf_clock_wall_ms();
        core->watch.dropped_at_ms = is->mono_ms;
        hf_log_warn("service=buffer event=dropped total=%lld",
                    (long long)hf_status_number(is, "dropped", 0));
    }
    if (i == (size_t)hf_service_index("broker") && has_grown(was, is, "queue_dropped")) {
        core->queue_dropped_ms = hf_clock_wall_ms();
        core->watch.queue_dropped_at_ms = is->mono_ms;
        hf_log_warn("service=broker event=queue-dropped total=%lld",
                    (long long)hf_status_number(is, "queue_dropped", 0));
    }
}

static void
learn_status(struct hf_core *core, size_t i, const struct hf_service_status *status)
{
    struct service *s = &core->services[i];
    static const struct {
        const char *service, *in, *out;
    } counters[] = {
        {"processor", "in", "out"},
        {"buffer", "accepted", "delivered"},
        {"forwarder", "delivered", "delivered"},
    };

    follow_losses(core, i, status);
    s->status = *status;
    for (size_t k = 0; k < HF_LEN(counters); k++) {
        if (status->gone || strcmp(counters[k].service, core->services[i].name) != 0)
            continue;
        rate_update(&s->in, hf_status_number(status, counters[k].in, 0), status->mono_ms);
        rate_update(&s->out, hf_status_number(status, counters[k].out, 0), status->mono_ms);
    }
}

/* What the configuration does not give an own service outweighs what is seen of it. */
static void
judge_kind(struct hf_core *core, size_t i, const struct hf_health_facts *facts, int64_t now)
{
    struct service *s = &core->services[i];
    enum hf_own_health kind = HF_OWN_HEALTH_BUS;

    if (s->spec.own)
        kind = hf_own_health_kind(core->release.services[i].own);
    if (kind == HF_OWN_HEALTH_BUS || facts->lifecycle != HF_LIFECYCLE_RUNNING)
        hf_health_judge(&s->watch, facts, now, &s->verdict);
    else
        hf_own_health_judge(kind, &s->probe, s->machine.running_since_ms, now, &s->verdict);
    if (!*s->blocked || !s->wish)
        return;
    s->verdict.health = HF_HEALTH_FAILED;
    memcpy(s->verdict.reason, s->blocked, sizeof s->verdict.reason);
    s->verdict.advice = s->blocked_advice;
}

/* One that worked, still runs and works no more. */
static void
note_health(struct hf_core *core, size_t i, enum hf_health before)
{
    const struct service *s = &core->services[i];
    struct hf_finding f = {
        .some = true, .kind = HF_INCIDENT_UNHEALTHY, .done = "nothing: it runs on", .uptime_s = -1};

    if (before != HF_HEALTH_HEALTHY || s->gone_ms || s->machine.state != HF_LIFECYCLE_RUNNING ||
        (s->verdict.health != HF_HEALTH_DEGRADED && s->verdict.health != HF_HEALTH_UNREACHABLE))
        return;
    memcpy(f.found, s->verdict.reason, sizeof f.found);
    hf_core_note(core, i, &f);
}

static void
judge(struct hf_core *core, size_t i, int64_t now)
{
    struct service *s = &core->services[i];
    enum hf_health before = s->verdict.health;
    struct hf_health_facts facts = {
        .service = core->services[i].name,
        .lifecycle = s->machine.state,
        .why = s->machine.why,
        .reason = s->machine.reason,
        .running_since_ms = s->machine.running_since_ms,
        .broker_answered_ms = core->broker_answered_ms,
        .status = &s->status,
    };

    if (s->gone_ms && s->machine.state == HF_LIFECYCLE_RUNNING) {
        facts.lifecycle = HF_LIFECYCLE_BACKOFF;
        facts.why = HF_REASON_EXITED;
        facts.reason = "has just ended";
    }
    judge_kind(core, i, &facts, now);
    if (s->verdict.health != before) {
        note_health(core, i, before);
        hf_log_info("service=%s event=health from=%s to=%s reason=\"%s\"", core->services[i].name,
                    hf_health_name(before), hf_health_name(s->verdict.health), s->verdict.reason);
        core->changed = true;
    }
}

static void
take_bus_mail(struct hf_core *core, const struct mail *mail)
{
    if (mail->pong_ms)
        core->broker_answered_ms = mail->pong_ms;
    for (size_t i = 0; i < core->service_count; i++)
        if (mail->status_fresh[i])
            learn_status(core, i, &mail->status[i]);
}

static void
follow_uplink(struct hf_core *core)
{
    const struct hf_service_status *s = &core->services[hf_service_index("forwarder")].status;
    bool away = strcmp(s->uplink, "away") == 0 || strcmp(s->uplink, "refused") == 0;

    int64_t success = hf_status_number(s, "last_success_ms", 0);

    if (success)
        core->uplink_success_ms = success;
    if (!away)
        core->uplink_away_since_ms = 0;
    else if (!core->uplink_away_since_ms)
        core->uplink_away_since_ms = core->uplink_success_ms;
    if (away && !core->uplink_away_since_ms)
        core->uplink_away_since_ms = hf_clock_wall_ms();
}

/* ---- time and pictures ---- */

static void
publish(struct hf_core *core, int64_t now)
{
    struct hf_snapshot *fresh = hf_core_present(core, now);
    const struct hf_snapshot *old;

    if (!fresh)
        return;
    fresh->version = ++core->version;
    core->changes += core->changed;
    fresh->changes = core->changes;
    pthread_mutex_lock(&core->snapshot_lock);
    old = core->snapshot;
    hf_happened(&core->happenings, old, fresh);
    fresh->happened = core->happenings.newest;
    core->snapshot = fresh;
    pthread_cond_broadcast(&core->snapshot_new);
    pthread_mutex_unlock(&core->snapshot_lock);
    hf_snapshot_unref(old);
    core->changed = false;
}

void
hf_core_find_address(struct hf_core *core, int64_t now_ms)
{
    if (now_ms < core->address_at_ms)
        return;
    core->address_at_ms = now_ms + ADDRESS_MS;
    hf_core_field_address(core->config.placement.field_address, core->field_address,
                          sizeof core->field_address);
}

/* What was said of a full disk at the start holds no longer once there is room. */
static void
try_disk(struct hf_core *core, int64_t now)
{
    if (!core->disk_full || now < core->disk_at_ms)
        return;
    core->disk_at_ms = now + DISK_MS;
    core->disk_full = hf_file_prove_writable(core->config.state_dir, NULL) < 0;
}

static int64_t
next_wake(const struct hf_core *core)
{
    int64_t until = core->tick_at_ms;

    if (!core->looking && core->look_at_ms < until)
        until = core->look_at_ms;
    for (size_t i = 0; i < core->service_count; i++)
        if (core->services[i].wake_ms < until)
            until = core->services[i].wake_ms;
    return until;
}

static void
run_calls(struct hf_core *core, struct call *calls)
{
    for (struct call *c = calls; c; c = c->next) {
        hf_store_asked_from(core->config.store, c->from);
        c->result = c->work(core, c->context, c->err);
    }
    hf_store_asked_from(core->config.store, "");
    mailbox_answer(&core->mail, calls);
}

void *
hf_core_owner(void *context)
{
    struct hf_core *core = context;
    struct mail mail;

    do {
        int64_t now;
        bool tick;

        mailbox_take(&core->mail, core->look_due && !core->looking ? 0 : next_wake(core), &mail);
        now = hf_clock_mono_ms();
        tick = now >= core->tick_at_ms;

        core->look_due |= mail.engine_hint;
        core->info_due |= mail.engine_connected;
        take_bus_mail(core, &mail);
        take_deaths(core, &mail, now);
        take_effects(core, &mail);
        if (mail.look.done)
            take_look(core, &mail.look, now);
        hf_core_take_fetch(core, &mail.fetch);
        run_calls(core, mail.calls);
        step_all_due(core, now);
        if (tick) {
            core->tick_at_ms = (now / TICK_MS + 1) * TICK_MS;
            hf_core_measure(core, now);
            hf_core_probe(core, now);
            hf_core_hand_over_again(core);
            try_disk(core, now);
        }
        for (size_t i = 0; i < core->service_count; i++)
            judge(core, i, now);
        hf_core_hold_dependents(core);
        follow_uplink(core);
        hf_core_order_starts(core, now);
        hf_core_upgrade(core, now);
        hf_core_try_config(core, now);
        hf_core_keep_incidents(core, now, false);
        hf_core_check_operations(core, now);
        begin_look(core, now);
        if (tick) {
            hf_core_ask_silent(core, now);
            hf_core_survey(core, now);
            hf_core_watch(core, now);
            hf_core_make_room(core, now);
            finder_tick(&core->finder, now);
        }
        if ((tick && now >= core->publish_at_ms) || core->changed) {
            core->publish_at_ms = now + PUBLISH_MS - TICK_MS / 2;
            publish(core, now);
        }
        atomic_fetch_add(&core->turns, 1);
    } while (!mail.stop);
    hf_core_keep_incidents(core, hf_clock_mono_ms(), true);
    hf_core_keep(core, hf_clock_mono_ms());
    hf_core_end_probes(core);
    mailbox_close(&core->mail);
    return NULL;
}
