// SPDX-License-Identifier: Apache-2.0
/*
 * What each service is to be: the release's spec with the configured limits over it. And what keeps
 * one from running: a reset that has not ended, or of an own service that it wants something of the
 * host which the configuration does not give.
 */
#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"

#include <string.h>

enum { MIB = 1024 * 1024 };

/* ---- doors and limits ---- */

struct hf_placement
hf_core_placement(const struct hf_core *core, const struct hf_settings *settings)
{
    static const enum hf_field_doors doors[HF_BROKER_TLS_COUNT] = {
        [HF_BROKER_TLS_OFF] = HF_FIELD_PLAIN,
        [HF_BROKER_TLS_ON] = HF_FIELD_BOTH,
        [HF_BROKER_TLS_ONLY] = HF_FIELD_TLS,
    };
    struct hf_placement p = core->config.placement;

    p.field_doors = doors[settings->broker.tls];
    return p;
}

int
hf_core_make_spec(const struct hf_core *core, const struct hf_settings *settings, size_t index,
                  struct hf_spec *ret_spec, struct hf_error *err)
{
    struct hf_placement placement = hf_core_placement(core, settings);
    struct hf_limits limits;

    if (hf_spec_make(&placement, &core->release, index, ret_spec, err) < 0)
        return -1;
    limits = ret_spec->limits;
    hf_limits_apply(hf_settings_limits(settings, ret_spec->service), &limits);
    hf_spec_set_limits(ret_spec, &limits);
    return 0;
}

/* The memory of the first count services, all that they may take. */
static int64_t
memory_of(const struct hf_core *core, const struct hf_settings *settings, size_t count)
{
    int64_t sum = 0;

    for (size_t i = 0; i < count; i++) {
        struct hf_spec spec;
        struct hf_error err;

        if (hf_core_make_spec(core, settings, i, &spec, &err) == 0)
            sum += spec.limits.memory_bytes;
    }
    return sum;
}

static int
check_cpus(const struct hf_core *core, const struct hf_json *limits, const char *service,
           struct hf_error *err)
{
    double cpus = hf_json_number(limits, "cpus", 0);
    char pointer[HF_ERROR_POINTER_MAX];

    if (core->host.cores <= 0 || cpus <= core->host.cores)
        return 0;
    hf_text_put(pointer, sizeof pointer, "/limits/%s/cpus", service);
    return hf_error_set_at(err, HF_ERROR_INVALID, pointer, "%s: this box has %d processors",
                           pointer, core->host.cores);
}

static int
check_overcommit(const struct hf_core *core, const struct hf_settings *settings,
                 struct hf_error *err)
{
    int64_t sum = memory_of(core, settings, core->service_count);
    int64_t before = memory_of(core, &core->settings, core->service_count);
    int64_t total = core->host.memory_total_bytes;

    /* What makes it no worse is never refused: a box may have lost a memory module. */
    if (total <= 0 || sum <= total || sum <= before || hf_settings_allow_overcommit(settings))
        return 0;
    return hf_error_set_at(err, HF_ERROR_INVALID, "/limits",
                           "/limits: all services together could take %lld MB, and this box has "
                           "%lld MB: lower one, or set allow_overcommit",
                           (long long)(sum / MIB), (long long)(total / MIB));
}

int
hf_core_check_limits(const struct hf_core *core, const struct hf_settings *settings,
                     struct hf_error *err)
{
    if (!core->has_release)
        return 0;
    for (const struct hf_json *v = hf_json_first(settings->limits); v; v = hf_json_next(v)) {
        const char *service = hf_json_key(v);

        if (!hf_json_is_object(v))
            continue;
        if (hf_core_service_index(core, service) < 0 &&
            !hf_settings_limits(&core->settings, service))
            return hf_error_set_at(err, HF_ERROR_INVALID, "/limits",
                                   "/limits/%s: there is no such service", service);
        if (check_cpus(core, v, service, err) < 0)
            return -1;
    }
    return check_overcommit(core, settings, err);
}

void
hf_core_effects(const struct hf_core *core, const struct hf_settings *settings,
                struct hf_effects *ret_effects)
{
    ret_effects->count = 0;
    for (size_t i = 0; core->has_release && i < core->service_count; i++) {
        struct hf_limit_effect *e = &ret_effects->list[ret_effects->count];
        struct hf_spec spec;
        struct hf_error err;

        if (hf_core_make_spec(core, settings, i, &spec, &err) < 0)
            continue;
        hf_limits_change(&core->services[i].spec.limits, &spec.limits, e->change, &e->live);
        if (!*e->change)
            continue;
        hf_text_put(e->service, sizeof e->service, "%s", core->services[i].name);
        ret_effects->count++;
    }
}

/* ---- what keeps an own service from running ---- */

static bool
lacks_port(const struct hf_core *core, struct service *s)
{
    for (size_t i = 0; i < s->spec.port_count; i++) {
        unsigned port = s->spec.ports[i].host_port;

        if (hf_settings_allow_port(&core->settings, port))
            continue;
        hf_text_put(s->blocked, sizeof s->blocked,
                    "its release publishes port %u, which the configuration does not allow", port);
        hf_text_put(s->blocked_advice, sizeof s->blocked_advice,
                    "Add %u to own.ports in the configuration, or take it out of the release.",
                    port);
        return true;
    }
    return false;
}

static bool
lacks_bind(const struct hf_core *core, struct service *s)
{
    for (size_t i = 1; i < s->spec.mount_count; i++) { /* 0 is the gateway's own */
        const struct hf_mount *m = &s->spec.mounts[i];

        if (m->kind != HF_MOUNT_BIND || hf_settings_allow_bind(&core->settings, m->source))
            continue;
        hf_text_put(s->blocked, sizeof s->blocked,
                    "its release mounts the host's %.100s, which the configuration does not allow",
                    m->source);
        hf_text_put(s->blocked_advice, sizeof s->blocked_advice,
                    "Add the path to own.binds in the configuration, or take it out of the "
                    "release.");
        return true;
    }
    return false;
}

static bool
lacks_secret(const struct hf_core *core, size_t index, struct service *s)
{
    const struct hf_json *names = hf_json_get(core->release.services[index].own, "secrets");

    for (const struct hf_json *n = hf_json_first(names); n; n = hf_json_next(n)) {
        const char *name = hf_json_as_string(n);

        if (hf_settings_own_secret(&core->settings, s->name, name))
            continue;
        hf_text_put(s->blocked, sizeof s->blocked, "its secret '%s' is not set", name);
        hf_text_put(s->blocked_advice, sizeof s->blocked_advice,
                    "Set own.secrets.%s.%s in the configuration.", s->name, name);
        return true;
    }
    return false;
}

/* The built-in ones run whatever the box has; own ones in their order while there is room. */
static bool
lacks_memory(const struct hf_core *core, size_t index, struct service *s)
{
    int64_t sum = memory_of(core, &core->settings, index + 1);
    int64_t total = core->host.memory_total_bytes;

    if (total <= 0 || sum <= total || hf_settings_allow_overcommit(&core->settings))
        return false;
    hf_text_put(s->blocked, sizeof s->blocked,
                "its memory does not fit: with it, services could take %lld MB of %lld MB",
                (long long)(sum / MIB), (long long)(total / MIB));
    hf_text_put(s->blocked_advice, sizeof s->blocked_advice,
                "Lower limits in the configuration, or set limits.allow_overcommit.");
    return true;
}

static void
find_obstacle(const struct hf_core *core, size_t index, struct service *s)
{
    s->blocked[0] = s->blocked_advice[0] = '\0';
    if (core->resetting) {
        hf_text_put(s->blocked, sizeof s->blocked,
                    "the gateway is being reset: what ran before it is taken away first");
        hf_text_put(s->blocked_advice, sizeof s->blocked_advice,
                    "Nothing: it goes on as soon as Docker answers.");
        return;
    }
    if (!s->spec.own)
        return;
    (void)(lacks_port(core, s) || lacks_bind(core, s) || lacks_secret(core, index, s) ||
           lacks_memory(core, index, s));
}

/* ---- together ---- */

int
hf_core_make_target(struct hf_core *core, size_t index, struct hf_error *err)
{
    struct service *s = &core->services[index];

    if (!core->has_release)
        return 0;
    if (hf_core_make_spec(core, &core->settings, index, &s->spec, err) < 0)
        return -1;
    find_obstacle(core, index, s);
    return 0;
}

void
hf_core_aim(struct service *s)
{
    hf_lifecycle_target(&s->machine, s->spec.hash, s->spec.image.image_id,
                        s->spec.limits.memory_bytes, hf_clock_mono_ms());
    hf_lifecycle_limits(&s->machine, &s->spec.limits);
}

void
hf_core_retarget_all(struct hf_core *core)
{
    for (size_t i = 0; i < core->service_count; i++) {
        struct service *s = &core->services[i];
        struct hf_error err = {0};
        bool wanted;

        if (hf_core_make_target(core, i, &err) < 0) {
            hf_log_error("service=%s event=target-failed error=\"%s\"", s->name, err.message);
            continue;
        }
        hf_core_aim(s);
        wanted = s->wish && !*s->blocked;
        if (wanted == s->machine.wanted)
            hf_core_step(core, i, &(struct hf_lifecycle_event){.kind = HF_EVENT_TICK});
        else
            hf_core_step(
                core, i,
                &(struct hf_lifecycle_event){.kind = wanted ? HF_EVENT_START : HF_EVENT_STOP});
    }
}

/* ---- order of start ---- */

static const char *
waits_for(const struct hf_core *core, size_t index)
{
    const struct hf_json *names = hf_json_get(core->release.services[index].own, "depends_on");

    for (const struct hf_json *n = hf_json_first(names); n; n = hf_json_next(n)) {
        int other = hf_core_service_index(core, hf_json_as_string(n));

        if (other >= 0 && core->services[other].verdict.health != HF_HEALTH_HEALTHY)
            return core->services[other].name;
    }
    return "";
}

void
hf_core_hold_dependents(struct hf_core *core)
{
    for (size_t i = hf_service_count; core->has_release && i < core->service_count; i++) {
        struct service *s = &core->services[i];
        const char *other = waits_for(core, i);

        if (strcmp(s->machine.waits_for, other) == 0)
            continue;
        hf_lifecycle_hold(&s->machine, other);
        hf_core_step(core, i, &(struct hf_lifecycle_event){.kind = HF_EVENT_TICK});
    }
}
