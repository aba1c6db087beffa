// SPDX-License-Identifier: Apache-2.0
#include "api/codec_upgrade.h"

#include "base/text.h"

#include <string.h>

static void
put_count_or_null(struct hf_json *o, const char *member, bool known, int64_t value)
{
    if (known)
        hf_json_put_int(o, member, value > 0 ? value : 0);
    else
        hf_json_put_null(o, member);
}

static struct hf_json *
release_short(const struct hf_release_short *r)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_string(o, "id", r->id);
    hf_json_put_string(o, "name", r->name);
    return o;
}

static void
put_release(struct hf_json *o, const char *member, const struct hf_release_short *r)
{
    if (*r->id)
        hf_json_put(o, member, release_short(r));
    else
        hf_json_put_null(o, member);
}

/* ---- the upgrade under way ---- */

/* The switches go round through VERIFIED; for people it is all one. */
static const char *
state_word(const struct hf_upgrade_record *r)
{
    if (r->n == 0)
        return "idle";
    if (r->state == HF_UPGRADE_VERIFIED && r->index > 0)
        return hf_upgrade_state_name(HF_UPGRADE_SWITCHING);
    return hf_upgrade_state_name(r->state);
}

static const char *
service_word(const struct hf_upgrade_record *r, size_t i)
{
    switch (r->state) {
    case HF_UPGRADE_VERIFIED:
        return i < r->index ? "switched" : "waiting";
    case HF_UPGRADE_SWITCHING:
        if (i == r->index)
            return "switching";
        return i < r->index ? "switched" : "waiting";
    case HF_UPGRADE_GATING:
    case HF_UPGRADE_COMMITTED:
        return "switched";
    case HF_UPGRADE_ROLLING_BACK:
        return "going_back";
    case HF_UPGRADE_ROLLED_BACK:
        return "back";
    default:
        return "waiting";
    }
}

static struct hf_json *
upgrade_services(const struct hf_upgrade_record *r)
{
    struct hf_json *list = hf_json_array();

    for (size_t i = 0; i < r->count; i++) {
        struct hf_json *o = hf_json_object();

        hf_json_put_string(o, "service", r->services[i].name);
        hf_json_put_string(o, "state", service_word(r, i));
        put_count_or_null(o, "gap_ms", r->services[i].gap_ms >= 0, r->services[i].gap_ms);
        hf_json_add(list, o);
    }
    return list;
}

static void
put_layer(struct hf_json *o, const struct hf_pull_bytes *b)
{
    struct hf_json *layer;

    if (!*b->layer) {
        hf_json_put_null(o, "layer");
        return;
    }
    layer = hf_json_object();
    hf_json_put_string(layer, "digest", b->layer);
    hf_json_put_int(layer, "bytes", b->layer_done);
    hf_json_put_int(layer, "total_bytes", b->layer_size);
    hf_json_put(o, "layer", layer);
}

static void
put_pull(struct hf_json *o, const struct hf_upgrade_view *v)
{
    struct hf_json *pull;

    if (!v->pull_number) {
        hf_json_put_null(o, "pull");
        return;
    }
    pull = hf_json_object();
    hf_json_put_string(pull, "service", v->pull_service);
    hf_json_put_int(pull, "number", v->pull_number);
    hf_json_put_int(pull, "of", v->pull_of);
    put_count_or_null(pull, "bytes", v->pull.size > 0, v->pull.done);
    put_count_or_null(pull, "total_bytes", v->pull.size > 0, v->pull.size);
    put_layer(pull, &v->pull);
    hf_json_put(o, "pull", pull);
}

static void
put_gate(struct hf_json *o, const struct hf_upgrade_view *v)
{
    static const char *const states[] = {
        [HF_GATE_WAITING] = "waiting", [HF_GATE_PASSING] = "passing", [HF_GATE_FAILED] = "failed"};
    struct hf_json *gate, *checks;

    if (!v->gate_s) {
        hf_json_put_null(o, "gate");
        return;
    }
    gate = hf_json_object();
    checks = hf_json_array();
    hf_json_put_int(gate, "seconds", v->gate_s);
    hf_json_put_int(gate, "remaining_s", v->gate_left_s);
    for (int i = 0; i < HF_GATE_COUNT; i++) {
        struct hf_json *c = hf_json_object();

        hf_json_put_string(c, "name", hf_gate_check_name((enum hf_gate_check)i));
        hf_json_put_string(c, "state", states[v->gate[i].state]);
        hf_json_put_string(c, "detail", v->gate[i].detail);
        hf_json_add(checks, c);
    }
    hf_json_put(gate, "checks", checks);
    hf_json_put(o, "gate", gate);
}

struct hf_json *
hf_codec_upgrade(const struct hf_upgrade_view *v)
{
    const struct hf_upgrade_record *r = &v->record;
    struct hf_json *o = hf_json_object();

    hf_json_put_string(o, "state", state_word(r));
    hf_json_put_string(o, "kind", hf_upgrade_kind_name(r->kind));
    put_release(o, "release", &r->to);
    put_release(o, "from", &r->from);
    hf_json_put_string(o, "operation", *r->operation ? r->operation : NULL);
    hf_json_put_string(o, "actor", r->actor);
    hf_json_put_time(o, "started", r->started_ms);
    hf_json_put_time(o, "since", r->since_ms);
    hf_json_put_time(o, "finished", r->finished_ms);
    hf_json_put_string(o, "waiting", v->waiting);
    hf_json_put_string(o, "reason", r->reason);
    hf_json_put(o, "services", upgrade_services(r));
    put_pull(o, v);
    put_gate(o, v);
    return o;
}

/* ---- releases ---- */

/* A release says freely when it was made; what is no time there is when it came here. */
static void
put_created(struct hf_json *o, const struct hf_known_release *r)
{
    if (strlen(r->created) >= sizeof "2026-11-24T03:01:33Z" - 1 && r->created[10] == 'T')
        hf_json_put_string(o, "created", r->created);
    else
        hf_json_put_time(o, "created", r->added_ms);
}

struct hf_json *
hf_codec_known_release(const struct hf_known_release *r)
{
    struct hf_json *o = release_short(&r->release);

    put_created(o, r);
    hf_json_put_string(o, "state", hf_release_state_name(r->state));
    hf_json_put_string(o, "source", r->source);
    hf_json_put_bool(o, "signed", r->is_signed);
    hf_json_put_time(o, "added", r->added_ms);
    hf_json_put_string(o, "detail", r->detail);
    return o;
}

static struct hf_json *
gaps(const struct hf_upgrade_record *r)
{
    struct hf_json *list = hf_json_array();

    for (size_t i = 0; i < r->count; i++) {
        struct hf_json *o;

        if (r->services[i].gap_ms < 0)
            continue;
        o = hf_json_object();
        hf_json_put_string(o, "service", r->services[i].name);
        hf_json_put_int(o, "gap_ms", r->services[i].gap_ms);
        hf_json_add(list, o);
    }
    return list;
}

static struct hf_json *
past(const struct hf_upgrade_record *r)
{
    struct hf_json *o = hf_json_object();
    char id[24];

    hf_text_put(id, sizeof id, "%lld", (long long)r->n);
    hf_json_put_string(o, "id", id);
    hf_json_put_string(o, "kind", hf_upgrade_kind_name(r->kind));
    hf_json_put(o, "release", release_short(&r->to));
    hf_json_put(o, "from", release_short(&r->from));
    hf_json_put_string(o, "outcome", hf_upgrade_state_name(r->state));
    hf_json_put_string(o, "actor", r->actor);
    hf_json_put_time(o, "started", r->started_ms);
    hf_json_put_time(o, "finished", r->finished_ms);
    hf_json_put_string(o, "reason", r->reason);
    hf_json_put(o, "gaps", gaps(r));
    return o;
}

static const struct hf_release_short *
find_state(const struct hf_known_release *releases, size_t count, enum hf_release_state state)
{
    static const struct hf_release_short none = {.id = ""};

    for (size_t i = 0; i < count; i++)
        if (releases[i].state == state)
            return &releases[i].release;
    return &none;
}

static struct hf_json *
registry(const struct hf_registry_check *c)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_string(o, "host", *c->host ? c->host : NULL);
    hf_json_put_bool(o, "busy", c->busy);
    hf_json_put_time(o, "checked", c->checked_ms);
    hf_json_put_bool(o, "failed", c->failed);
    hf_json_put_int(o, "found", c->found);
    hf_json_put_int(o, "added", c->added);
    hf_json_put_int(o, "refused", c->refused);
    hf_json_put_string(o, "detail", c->detail);
    return o;
}

struct hf_json *
hf_codec_release_list(const struct hf_known_release *releases, size_t release_count,
                      const struct hf_upgrade_record *history, size_t history_count,
                      const struct hf_registry_check *check)
{
    struct hf_json *o = hf_json_object(), *list = hf_json_array(), *ended = hf_json_array();

    put_release(o, "running", find_state(releases, release_count, HF_RELEASE_RUNNING));
    put_release(o, "previous", find_state(releases, release_count, HF_RELEASE_PREVIOUS));
    for (size_t i = 0; i < release_count; i++)
        hf_json_add(list, hf_codec_known_release(&releases[i]));
    hf_json_put(o, "releases", list);
    for (size_t i = 0; i < history_count; i++)
        hf_json_add(ended, past(&history[i]));
    hf_json_put(o, "history", ended);
    hf_json_put(o, "registry", registry(check));
    return o;
}

/* ---- plans ---- */

static struct hf_json *
plan_services(const struct hf_plan *p)
{
    struct hf_json *list = hf_json_array();

    for (size_t i = 0; i < p->count; i++) {
        const struct hf_plan_service *s = &p->services[i];
        struct hf_json *o = hf_json_object();

        hf_json_put_string(o, "service", s->name);
        hf_json_put_string(o, "from_tag", s->from_tag);
        hf_json_put_string(o, "to_tag", s->to_tag);
        hf_json_put_bool(o, "image", s->image);
        hf_json_put_string(o, "limits", s->limits);
        hf_json_put_bool(o, "settings", s->settings);
        hf_json_put_bool(o, "restarts", s->restarts);
        hf_json_put_bool(o, "present", s->present);
        hf_json_put_int(o, "fetch_bytes", s->fetch_bytes);
        put_count_or_null(o, "last_gap_ms", s->last_gap_ms >= 0, s->last_gap_ms);
        hf_json_add(list, o);
    }
    return list;
}

static void
put_fetch(struct hf_json *o, const struct hf_plan *p)
{
    struct hf_json *fetch = hf_json_object(), *disk = hf_json_object();

    hf_json_put_int(fetch, "images", (int64_t)p->fetch_count);
    hf_json_put_int(fetch, "layers", (int64_t)p->fetch_layers);
    hf_json_put_int(fetch, "bytes", p->fetch_bytes);
    hf_json_put(o, "fetch", fetch);
    put_count_or_null(disk, "free_bytes", p->free_bytes >= 0, p->free_bytes);
    hf_json_put_int(disk, "needed_bytes", hf_plan_needed_bytes(p));
    hf_json_put_int(disk, "peak_bytes", hf_plan_peak_bytes(p));
    hf_json_put(o, "disk", disk);
}

static void
put_backlog(struct hf_json *o, const struct hf_plan *p)
{
    struct hf_json *backlog = hf_json_object();

    hf_json_put_int(backlog, "held", p->held);
    hf_json_put_int(backlog, "in_per_s", p->in_per_s);
    put_count_or_null(backlog, "held_meanwhile", p->held_meanwhile >= 0, p->held_meanwhile);
    put_count_or_null(backlog, "room_s", p->room_s >= 0, p->room_s);
    put_count_or_null(backlog, "queue_s", p->queue_s >= 0, p->queue_s);
    put_count_or_null(backlog, "max_backlog", p->max_backlog > 0, p->max_backlog);
    hf_json_put(o, "backlog", backlog);
}

static void
put_gate_and_rollback(struct hf_json *o, const struct hf_plan *p)
{
    struct hf_json *gate = hf_json_object(), *checks = hf_json_array();
    struct hf_json *rollback = hf_json_object();

    hf_json_put_int(gate, "seconds", p->gate_s);
    hf_json_put_int(gate, "switch_s", p->switch_s);
    for (int i = 0; i < HF_GATE_COUNT; i++)
        hf_json_add_string(checks, hf_gate_check_name((enum hf_gate_check)i));
    hf_json_put(gate, "checks", checks);
    hf_json_put(o, "gate", gate);
    put_release(rollback, "release", &p->from);
    hf_json_put_bool(rollback, "images_present", p->back_present);
    hf_json_put_string(rollback, "detail",
                       p->back_present ? "All services go back at once, to images that are here: "
                                         "it needs no network. Records and settings stay."
                                       : "An image of the release that runs would have to be "
                                         "fetched first: it needs the registry.");
    hf_json_put(o, "rollback", rollback);
}

/* holdfastd alone starts anew: the services run on meanwhile. */
static void
put_daemon(struct hf_json *o, const struct hf_plan *p)
{
    struct hf_json *d;

    if (!*p->daemon.version) {
        hf_json_put_null(o, "daemon");
        return;
    }
    d = hf_json_object();
    hf_json_put_string(d, "from_version", HF_VERSION);
    hf_json_put_string(d, "to_version", p->daemon.version);
    hf_json_put_string(d, "package", p->daemon.package);
    hf_json_put_int(d, "bytes", p->daemon.size);
    hf_json_put_bool(d, "present", p->daemon_present);
    hf_json_put_bool(d, "installs", p->daemon_installs);
    hf_json_put(o, "daemon", d);
}

static struct hf_json *
warnings(const struct hf_plan *p)
{
    struct hf_json *list = hf_json_array();

    for (size_t i = 0; i < p->warning_count; i++) {
        struct hf_json *o = hf_json_object();

        hf_json_put_string(o, "kind", hf_plan_warning_name(p->warnings[i].kind));
        hf_json_put_string(o, "text", p->warnings[i].text);
        hf_json_add(list, o);
    }
    return list;
}

static void
put_schema_changes(struct hf_json *o, const struct hf_plan *p)
{
    struct hf_json *list = hf_json_array();
    char text[HF_TEXT_SIZE];

    hf_text_put(text, sizeof text, "the configuration: version %lld → %lld",
                (long long)p->from_schema, (long long)p->to_schema);
    if (p->from_schema != p->to_schema)
        hf_json_add_string(list, text);
    hf_json_put(o, "schema_changes", list);
}

struct hf_json *
hf_codec_plan(const struct hf_plan *p)
{
    struct hf_json *o = hf_json_object(), *obstacles = hf_json_array();
    struct hf_json *unchanged = hf_json_array();

    for (size_t i = 0; i < p->obstacle_count; i++)
        hf_json_add_string(obstacles, p->obstacles[i]);
    for (size_t i = 0; i < p->unchanged_count; i++)
        hf_json_add_string(unchanged, p->unchanged[i]);
    put_release(o, "release", &p->to);
    put_release(o, "from", &p->from);
    hf_json_put_bool(o, "possible", p->obstacle_count == 0);
    hf_json_put(o, "obstacles", obstacles);
    hf_json_put_bool(o, "needs_allow_older", p->is_older && p->obstacle_count == 1);
    put_daemon(o, p);
    hf_json_put(o, "services", plan_services(p));
    hf_json_put(o, "unchanged", unchanged);
    put_fetch(o, p);
    put_backlog(o, p);
    put_schema_changes(o, p);
    put_gate_and_rollback(o, p);
    hf_json_put(o, "warnings", warnings(p));
    if (p->scan)
        hf_json_put(o, "scan", hf_json_copy(p->scan));
    else
        hf_json_put_null(o, "scan");
    return o;
}
