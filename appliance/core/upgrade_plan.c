// SPDX-License-Identifier: Apache-2.0
/* What applying a release would do, from what is known now. Changes nothing. */
#include "base/text.h"
#include "core/internal.h"
#include "model/own.h"
#include "model/trust.h"
#include "store/release.h"

#include <string.h>

enum { MS_A_SECOND = 1000, S_A_MINUTE = 60 };

/* ---- what changes ---- */

/* What is made of a service by a release: its spec with the configured limits. */
static int
spec_of(const struct hf_core *core, const struct hf_release *r, const char *name,
        struct hf_spec *ret_spec)
{
    struct hf_placement placement = hf_core_placement(core, &core->settings);
    int at = hf_release_index(r, name);
    struct hf_limits limits;

    if (at < 0 || hf_spec_make(&placement, r, (size_t)at, ret_spec, NULL) < 0)
        return -1;
    limits = ret_spec->limits;
    hf_limits_apply(hf_settings_limits(&core->settings, name), &limits);
    hf_spec_set_limits(ret_spec, &limits);
    return 0;
}

static bool
differs(const struct hf_core *core, const struct hf_release *to, const char *name)
{
    struct hf_spec old, new;

    if (spec_of(core, &core->release, name, &old) < 0 || spec_of(core, to, name, &new) < 0)
        return false;
    return strcmp(old.hash, new.hash) != 0 || strcmp(old.image.image_id, new.image.image_id) != 0 ||
           !hf_limits_live_equal(&old.limits, &new.limits);
}

static bool
is_listed(const struct hf_upgrade_record *r, const char *name)
{
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->services[i].name, name) == 0)
            return true;
    return false;
}

/* Whether all that it depends on, of those that change, is in the list. */
static bool
is_next(const struct hf_core *core, const struct hf_release *to, const struct hf_upgrade_record *r,
        const char *name)
{
    const struct hf_json *own = to->services[hf_release_index(to, name)].own;
    const struct hf_json *names = hf_json_get(own, "depends_on");

    for (const struct hf_json *n = hf_json_first(names); n; n = hf_json_next(n))
        if (!is_listed(r, hf_json_as_string(n)) && differs(core, to, hf_json_as_string(n)))
            return false;
    return true;
}

static void
list_one(const struct hf_core *core, const struct service *s, struct hf_upgrade_record *r)
{
    struct hf_upgrade_service *u = &r->services[r->count++];

    *u = (struct hf_upgrade_service){.gap_ms = -1};
    hf_text_put(u->name, sizeof u->name, "%s", s->name);
    u->was_well = hf_core_is_expected(core, s);
}

void
hf_core_list_changes(const struct hf_core *core, const struct hf_release *to,
                     struct hf_upgrade_record *ret_record)
{
    size_t before;

    ret_record->count = 0;
    do {
        before = ret_record->count;
        for (size_t i = 0; i < core->service_count; i++) {
            const char *name = core->services[i].name;

            if (hf_release_index(to, name) >= 0 && !is_listed(ret_record, name) &&
                differs(core, to, name) && is_next(core, to, ret_record, name))
                list_one(core, &core->services[i], ret_record);
        }
    } while (ret_record->count > before);
}

/* ---- its services ---- */

static int64_t
last_gap(const struct hf_upgrade_record *past, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < past[i].count; k++)
            if (past[i].services[k].gap_ms >= 0 && strcmp(past[i].services[k].name, name) == 0)
                return past[i].services[k].gap_ms;
    return -1;
}

static void
plan_service(const struct hf_core *core, const struct hf_release *to, const char *name,
             struct hf_plan_service *p)
{
    struct hf_spec old, new;
    bool live;

    hf_text_put(p->name, sizeof p->name, "%s", name);
    if (spec_of(core, &core->release, name, &old) < 0 || spec_of(core, to, name, &new) < 0)
        return;
    memcpy(p->from_tag, old.image.tag, sizeof p->from_tag);
    memcpy(p->to_tag, new.image.tag, sizeof p->to_tag);
    p->from_image = old.image;
    p->to_image = new.image;
    p->image = strcmp(old.image.image_id, new.image.image_id) != 0;
    hf_limits_change(&old.limits, &new.limits, p->limits, &live);
    p->restarts = strcmp(old.hash, new.hash) != 0 || p->image;
    old.image = new.image; /* what else is in the hash */
    hf_spec_set_limits(&old, &new.limits);
    p->settings = strcmp(old.hash, new.hash) != 0;
}

static void
plan_services(struct hf_core *core, const struct hf_release *to, struct hf_plan *plan)
{
    HF_AUTO_FREE struct hf_upgrade_record *past = calloc(HF_STORE_UPGRADES_MAX, sizeof *past);
    struct hf_upgrade_record changes = {.count = 0};
    size_t count = 0;

    if (past &&
        hf_store_upgrades(core->config.store, past, HF_STORE_UPGRADES_MAX, &count, NULL) < 0)
        count = 0;
    hf_core_list_changes(core, to, &changes);
    for (size_t i = 0; i < changes.count; i++) {
        struct hf_plan_service *p = &plan->services[plan->count++];

        plan_service(core, to, changes.services[i].name, p);
        p->last_gap_ms = past ? last_gap(past, count, p->name) : -1;
    }
    for (size_t i = 0; i < core->service_count; i++)
        if (!is_listed(&changes, core->services[i].name))
            hf_text_put(plan->unchanged[plan->unchanged_count++], HF_NAME_SIZE, "%s",
                        core->services[i].name);
}

/* ---- what is in the way, and what to think about ---- */

/* The services of a running holdfastd are fixed, each with its thread. */
static void
find_other_services(const struct hf_core *core, const struct hf_release *to, struct hf_plan *plan)
{
    static const char how[] = "such a release is taken by holdfastd at its start, with --release";

    for (size_t i = 0; i < to->count; i++)
        if (hf_core_service_index(core, to->services[i].name) < 0)
            hf_plan_obstruct(plan, "it has a service more than what runs, '%s': %s",
                             to->services[i].name, how);
    for (size_t i = 0; i < core->service_count; i++)
        if (hf_release_index(to, core->services[i].name) < 0)
            hf_plan_obstruct(plan, "it lacks the service '%s': %s", core->services[i].name, how);
}

/* The way back is always open: what is gone back to has run here. */
static void
compare_with_floor(const struct hf_core *core, const struct hf_release *to,
                   const struct plan_wish *wish, struct hf_plan *plan)
{
    struct hf_error err = {0};
    int64_t floor = 0;

    if (hf_store_release_floor(core->config.store, &floor, &err) == 0 &&
        hf_release_check_floor(to, floor, &err) == 0)
        return;
    hf_plan_warn(plan, HF_WARNING_OLDER, "%s", err.message);
    if (wish->kind != HF_UPGRADE_FORTH || wish->allow_older)
        return;
    hf_plan_obstruct(plan, "%s (allow_older)", err.message);
    plan->is_older = true;
}

static bool
has_keys(const struct hf_core *core)
{
    return hf_json_count(core->settings.release_keys) > 0;
}

static void
find_obstacles(const struct hf_core *core, const struct hf_known_release *known,
               const struct hf_release *to, const struct plan_wish *wish, struct hf_plan *plan)
{
    struct hf_error err = {0};

    if (!core->has_release)
        hf_plan_obstruct(plan, "no release runs yet: start holdfastd with --release FILE");
    if (core->upgrade.active)
        hf_plan_obstruct(plan, "an upgrade to '%s' is under way", core->upgrade.record.to.name);
    else if (known->state == HF_RELEASE_RUNNING)
        hf_plan_obstruct(plan, "it runs already");
    if (core->settings.upgrade.freeze && wish->kind == HF_UPGRADE_FORTH)
        hf_plan_obstruct(plan, "upgrades are frozen (upgrade.freeze in the configuration)");
    if (core->has_release)
        find_other_services(core, to, plan);
    if (hf_release_check_fit(to, hf_core_version(core), HF_SETTINGS_SCHEMA, &err) < 0)
        hf_plan_obstruct(plan, "%s", err.message);
    compare_with_floor(core, to, wish, plan);
    if (!known->is_signed && has_keys(core) && wish->kind == HF_UPGRADE_FORTH)
        hf_plan_obstruct(plan, "none of the gateway's release_keys has signed it: add it anew "
                               "with the signature of one of them");
}

/* Which no gate would notice: what it sends through the broker comes from inside. */
static void
warn_of_doors(const struct hf_core *core, const struct hf_release *to, struct hf_plan *plan)
{
    size_t certified = 0;

    if (to->settings_schema >= HF_SETTINGS_SCHEMA_TLS)
        return;
    if (hf_store_certified_count(core->config.store, &certified, NULL) == 0 && certified > 0)
        hf_plan_warn(plan, HF_WARNING_OLDER_SETTINGS,
                     "Its broker knows no certificates of devices: as long as %zu accounts have "
                     "one, it lets no device in.",
                     certified);
    else if (core->settings.broker.tls != HF_BROKER_TLS_OFF)
        hf_plan_warn(plan, HF_WARNING_OLDER_SETTINGS,
                     "Its broker knows no TLS: no device comes by it.");
}

static void
find_warnings(const struct hf_core *core, const struct hf_known_release *known,
              const struct hf_release *to, struct hf_plan *plan)
{
    warn_of_doors(core, to, plan);
    if (!known->is_signed)
        hf_plan_warn(plan, HF_WARNING_UNSIGNED, "%s",
                     has_keys(core) ? "None of the gateway's release_keys has signed it."
                                    : "No signature was checked, as no release_keys are set: "
                                      "nobody vouches for it.");
    if (known->state == HF_RELEASE_FAILED)
        hf_plan_warn(plan, HF_WARNING_FAILED_BEFORE, "It was rolled back the last time: %s",
                     known->detail);
}

/* ---- figures of the moment ---- */

/* Where nothing leaves the buffer, as while the forwarder is away; and where nothing leaves the
 * broker, as while the processor is. */
static void
plan_room(const struct hf_core *core, struct hf_plan *plan)
{
    const struct service *buffer = &core->services[hf_service_index("buffer")];
    const struct hf_service_status *t = &buffer->status;
    const struct service *broker = &core->services[hf_service_index("broker")];
    int64_t minutes = hf_status_number(&broker->status, "queue_minutes", -1);
    struct hf_buffer_view b = {
        .held = hf_status_number(t, "held", 0),
        .disk_bytes = hf_status_number(t, "disk_bytes", 0),
        .disk_limit_bytes = hf_status_number(t, "disk_limit", 0),
        .in_per_s = buffer->in.per_second,
    };

    hf_core_forecast(&b, hf_status_number(t, "stored_bytes", b.disk_bytes));
    plan->room_s = b.full_s;
    plan->queue_s = minutes < 0 ? -1 : minutes * S_A_MINUTE;
}

static void
plan_backlog(const struct hf_core *core, struct hf_plan *plan)
{
    const struct service *buffer = &core->services[hf_service_index("buffer")];
    int64_t away_ms = 0;
    bool known = plan->count > 0;

    for (size_t i = 0; i < plan->count; i++) {
        known = known && (plan->services[i].last_gap_ms >= 0 || !plan->services[i].restarts);
        away_ms += plan->services[i].last_gap_ms > 0 ? plan->services[i].last_gap_ms : 0;
    }
    plan->held = hf_status_number(&buffer->status, "held", 0);
    plan->in_per_s = (int64_t)(buffer->in.per_second + 0.5);
    plan->held_meanwhile = known ? plan->in_per_s * away_ms / MS_A_SECOND : -1;
    plan->max_backlog = core->settings.upgrade.max_backlog;
}

/* Not the figures: they change while somebody reads. */
static void
seal(struct hf_plan *plan)
{
    const char *texts[5 + 2 * HF_SERVICES_MAX];
    char how[HF_TEXT_SIZE];
    size_t count = 0;

    hf_text_put(how, sizeof how, "%lld %lld", (long long)plan->gate_s, (long long)plan->switch_s);
    texts[count++] = plan->to.id;
    texts[count++] = plan->from.id;
    texts[count++] = how;
    texts[count++] = plan->daemon_installs ? plan->daemon.package : "";
    for (size_t i = 0; i < plan->count; i++) {
        texts[count++] = plan->services[i].name;
        texts[count++] = plan->services[i].limits;
    }
    hf_digest(texts, count, plan->etag);
}

static void
name_running(struct hf_core *core, struct hf_plan *plan)
{
    HF_AUTO_FREE char *json = NULL;

    if (!core->has_release || hf_store_release(core->config.store, &json, NULL) < 0)
        return;
    hf_release_id(json, plan->from.id);
    hf_release_label(&core->release, plan->from.name);
}

void
hf_core_make_plan(struct hf_core *core, const struct hf_known_release *known,
                  const struct hf_release *to, const struct plan_wish *wish,
                  struct hf_plan *ret_plan)
{
    const struct hf_host_view *h = &core->host;
    char why[HF_TEXT_SIZE];

    *ret_plan = (struct hf_plan){
        .to = known->release,
        .gate_s = core->settings.upgrade.gate_s,
        .switch_s = core->settings.upgrade.switch_s,
        .free_bytes = h->disk_count ? h->disks[h->disk_count - 1].free_bytes : -1,
    };
    name_running(core, ret_plan);
    find_obstacles(core, known, to, wish, ret_plan);
    find_warnings(core, known, to, ret_plan);
    hf_core_plan_daemon(core, known, to, wish, ret_plan);
    if (wish->kind == HF_UPGRADE_FORTH && hf_core_waits_for_window(core, why))
        hf_plan_warn(ret_plan, HF_WARNING_WAITS, "Applied now, %s.", why);
    ret_plan->from_schema = core->has_release ? core->release.settings_schema : to->settings_schema;
    ret_plan->to_schema = to->settings_schema;
    if (core->has_release)
        plan_services(core, to, ret_plan);
    plan_backlog(core, ret_plan);
    plan_room(core, ret_plan);
    seal(ret_plan);
}
