// SPDX-License-Identifier: Apache-2.0
#include "api/codec.h"

#include "api/codec_spec.h"
#include "api/codec_upgrade.h"
#include "base/clock.h"
#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Sizes and counts that are not known come as negative numbers; the API has none. */
static void
put_count(struct hf_json *o, const char *member, int64_t value)
{
    hf_json_put_int(o, member, value > 0 ? value : 0);
}

static void
put_count_or_null(struct hf_json *o, const char *member, int64_t value)
{
    if (value < 0)
        hf_json_put_null(o, member);
    else
        hf_json_put_int(o, member, value);
}

/* Two decimals: more would be noise in every event. */
static void
put_measure(struct hf_json *o, const char *member, double value)
{
    hf_json_put_number(o, member, isfinite(value) && value > 0 ? round(value * 100) / 100 : 0);
}

/* Text that was cut to a field's size may end inside a character. */
static void
put_text(struct hf_json *o, const char *member, const char *text)
{
    char whole[HF_URL_SIZE];
    size_t len = strnlen(text, sizeof whole - 1);

    memcpy(whole, text, len);
    while (len > 0 && !hf_text_utf8(whole, len))
        len--;
    whole[len] = '\0';
    hf_json_put_string(o, member, whole);
}

static struct hf_json *
engine(const struct hf_engine_view *e)
{
    static const char *const states[] = {
        [HF_ENGINE_STARTING] = "starting",
        [HF_ENGINE_OK] = "ok",
        [HF_ENGINE_UNREACHABLE] = "unreachable",
    };
    struct hf_json *o = hf_json_object(), *warnings = hf_json_array();

    hf_json_put_string(o, "state", states[e->state]);
    put_text(o, "version", e->version);
    put_text(o, "api_version", e->api_version);
    put_text(o, "detail", e->detail);
    hf_json_put_time(o, "stale_since", e->stale_since_ms);
    for (size_t i = 0; i < e->warning_count; i++)
        hf_json_add_string(warnings, e->warnings[i]);
    hf_json_put(o, "warnings", warnings);
    return o;
}

static void
put_pressure(struct hf_json *o, bool known, const struct hf_pressure *p)
{
    struct hf_json *psi;

    if (!known) {
        hf_json_put_null(o, "psi");
        return;
    }
    psi = hf_json_object();
    put_measure(psi, "cpu", p->cpu);
    put_measure(psi, "memory", p->memory);
    put_measure(psi, "io", p->io);
    hf_json_put(o, "psi", psi);
}

static struct hf_json *
disks(const struct hf_host_view *h)
{
    struct hf_json *list = hf_json_array();

    for (size_t i = 0; i < h->disk_count; i++) {
        const struct hf_disk_view *d = &h->disks[i];
        struct hf_json *o = hf_json_object();

        put_text(o, "mount", d->mount);
        put_count(o, "used_bytes", d->used_bytes);
        put_count(o, "total_bytes", d->total_bytes);
        put_count(o, "inodes_used", d->inodes_used);
        put_count(o, "inodes_total", d->inodes_total);
        hf_json_add(list, o);
    }
    return list;
}

static void
put_flash_and_clock(struct hf_json *o, const struct hf_host_view *h)
{
    struct hf_json *flash = hf_json_object(), *clock = hf_json_object();

    put_count_or_null(flash, "life_percent_used", h->flash_percent_used);
    put_text(flash, "device", h->flash_device);
    hf_json_put(o, "flash", flash);
    hf_json_put_bool(clock, "synchronised", h->clock_synced);
    hf_json_put_time(clock, "floor", h->clock_floor_ms);
    put_text(clock, "zone", h->zone);
    hf_json_put(o, "clock", clock);
}

static struct hf_json *
host(const struct hf_host_view *h)
{
    struct hf_json *o = hf_json_object();

    put_text(o, "hostname", h->hostname);
    put_measure(o, "cpu_percent", h->cpu_percent);
    put_measure(o, "load1", h->load1);
    put_count(o, "memory_used_bytes", h->memory_used_bytes);
    put_count(o, "memory_total_bytes", h->memory_total_bytes);
    put_count(o, "disk_used_bytes", h->disk_used_bytes);
    put_count(o, "disk_total_bytes", h->disk_total_bytes);
    if (h->has_temperature)
        hf_json_put_number(o, "temperature_c", round(h->temperature_c * 10) / 10);
    else
        hf_json_put_null(o, "temperature_c");
    put_count(o, "uptime_s", h->uptime_s);
    hf_json_put_string(o, "cgroup", h->cgroup_version == 1 ? "v1" : "v2");
    put_count(o, "cores", h->cores);
    hf_json_put(o, "disks", disks(h));
    put_pressure(o, h->has_pressure, &h->pressure);
    put_flash_and_clock(o, h);
    return o;
}

struct hf_json *
hf_codec_gateway(const struct hf_snapshot *s, const char *fingerprint)
{
    const struct hf_gateway_view *g = &s->gateway;
    struct hf_json *o = hf_json_object(), *daemon = hf_json_object(), *field = hf_json_object();

    put_text(o, "id", g->id);
    put_text(o, "name", g->name);
    hf_json_put_string(o, "version", HF_VERSION);
    hf_json_put_time(o, "started", g->started_ms);
    hf_json_put_time(o, "time", s->at_ms);
    hf_json_put_bool(o, "clock_synced", g->host.clock_synced);
    hf_json_put_bool(o, "claimed", g->claimed);
    hf_json_put_string(o, "fingerprint", fingerprint);
    hf_json_put(o, "engine", engine(&g->engine));
    hf_json_put(o, "host", host(&g->host));
    put_count(daemon, "rss_bytes", g->host.daemon_rss_bytes);
    put_measure(daemon, "cpu_percent", g->host.daemon_cpu_percent);
    hf_json_put(o, "daemon", daemon);
    put_text(field, "address", g->field_address);
    put_count(field, "port", g->field_port);
    if (g->field_tls_port)
        put_count(field, "tls_port", g->field_tls_port);
    else
        hf_json_put_null(field, "tls_port");
    hf_json_put(o, "field", field);
    return o;
}

static struct hf_json *
image(const struct hf_release_image *i)
{
    struct hf_json *o;
    const char *at = strchr(i->image, '@');
    char repository[HF_IMAGE_REF_SIZE];

    if (!at)
        return NULL;
    o = hf_json_object();
    snprintf(repository, sizeof repository, "%.*s", (int)(at - i->image), i->image);
    hf_json_put_string(o, "repository", repository);
    hf_json_put_string(o, "tag", i->tag);
    hf_json_put_string(o, "digest", at + 1);
    hf_json_put_string(o, "id", i->image_id);
    return o;
}

static struct hf_json *
ports(const struct hf_spec *spec)
{
    struct hf_json *list = hf_json_array();

    for (size_t i = 0; i < spec->port_count; i++) {
        const struct hf_port *p = &spec->ports[i];
        bool v6 = strchr(p->host_address, ':');
        struct hf_json *o = hf_json_object();
        char published[HF_TEXT_SIZE];

        snprintf(published, sizeof published, v6 ? "[%s]:%u" : "%s:%u", p->host_address,
                 p->host_port);
        hf_json_put_string(o, "host", published);
        hf_json_put_int(o, "container", p->container_port);
        hf_json_add(list, o);
    }
    return list;
}

static struct hf_json *
volumes(const struct hf_spec *spec)
{
    struct hf_json *list = hf_json_array();

    for (size_t i = 0; i < spec->mount_count; i++) {
        const struct hf_mount *m = &spec->mounts[i];
        struct hf_json *o;

        if (m->kind != HF_MOUNT_VOLUME)
            continue;
        o = hf_json_object();
        hf_json_put_string(o, "name", m->source);
        hf_json_put_string(o, "path", m->target);
        hf_json_add(list, o);
    }
    return list;
}

static struct hf_json *
networks(const struct hf_spec *spec)
{
    struct hf_json *list = hf_json_array();
    size_t prefix = strlen(spec->instance);

    for (size_t i = 0; i < spec->network_count; i++) {
        const char *name = spec->networks[i].network;
        bool ours = strncmp(name, spec->instance, prefix) == 0 && name[prefix] == '-';

        hf_json_add_string(list, ours ? name + prefix + 1 : name);
    }
    return list;
}

static struct hf_json *
usage(const struct hf_usage *u)
{
    struct hf_json *o;

    if (!u->known)
        return NULL;
    o = hf_json_object();
    put_count(o, "memory_bytes", u->memory_bytes);
    put_measure(o, "cpu_percent", u->cpu_percent);
    put_count(o, "pids", u->pids);
    put_measure(o, "throttled_percent", u->throttled_percent);
    put_count_or_null(o, "memory_peak_bytes", u->memory_peak_bytes);
    put_count_or_null(o, "net_rx_bytes", u->net_rx_bytes);
    put_count_or_null(o, "net_tx_bytes", u->net_tx_bytes);
    put_count_or_null(o, "io_read_bytes", u->io_read_bytes);
    put_count_or_null(o, "io_write_bytes", u->io_write_bytes);
    put_pressure(o, u->has_pressure, &u->pressure);
    return o;
}

static struct hf_json *
numbers(const struct hf_service_status *status)
{
    struct hf_json *o = hf_json_object();

    for (size_t i = 0; i < status->number_count; i++)
        hf_json_put_int(o, status->numbers[i].name, status->numbers[i].value);
    return o;
}

static void
put_or_null(struct hf_json *o, const char *member, struct hf_json *consume)
{
    if (consume)
        hf_json_put(o, member, consume);
    else
        hf_json_put_null(o, member);
}

static void
put_life(struct hf_json *o, const struct hf_service_view *v, int64_t at_ms)
{
    bool runs = v->lifecycle == HF_LIFECYCLE_RUNNING && v->started_ms > 0;

    hf_json_put_string(o, "desired", v->wanted ? "running" : "stopped");
    hf_json_put_string(o, "state", hf_lifecycle_name(v->lifecycle));
    hf_json_put_string(o, "health", hf_health_name(v->health));
    put_text(o, "reason", v->reason);
    put_text(o, "advice", v->advice);
    hf_json_put_time(o, "since", v->started_ms);
    if (runs)
        put_count(o, "uptime_s", (at_ms - v->started_ms) / 1000);
    else
        hf_json_put_null(o, "uptime_s");
    put_count(o, "restarts", v->restarts);
    if (v->has_exit_code)
        hf_json_put_int(o, "exit_code", v->exit_code);
    else
        hf_json_put_null(o, "exit_code");
    hf_json_put_bool(o, "oom_killed", v->oom_killed);
    hf_json_put_time(o, "stale_since", v->stale_since_ms);
}

static void
put_container(struct hf_json *o, const struct hf_service_view *v, bool has_io_weight)
{
    struct hf_json *container = NULL;
    char user[HF_NAME_SIZE] = "";

    if (v->container_id[0]) {
        container = hf_json_object();
        hf_json_put_string(container, "id", v->container_id);
        hf_json_put_string(container, "name", v->spec.container);
    }
    put_or_null(o, "container", container);
    put_or_null(o, "image", image(&v->spec.image));
    hf_json_put(o, "limits", hf_codec_limits(&v->spec, has_io_weight));
    put_or_null(o, "usage", usage(&v->usage));
    if (v->spec.uid > 0)
        snprintf(user, sizeof user, "%u:%u", v->spec.uid, v->spec.uid);
    hf_json_put_string(o, "user", user);
    hf_json_put_bool(o, "read_only", !v->spec.writable_root);
    hf_json_put(o, "hardening", hf_codec_hardening(&v->spec));
    hf_json_put(o, "mounts", hf_codec_mounts(&v->spec));
    hf_json_put(o, "ports", ports(&v->spec));
    hf_json_put(o, "volumes", volumes(&v->spec));
    hf_json_put(o, "networks", networks(&v->spec));
}

/* What the release says; empty for built-in ones. */
static struct hf_json *
depends_on(const struct hf_snapshot *s, const char *service)
{
    int index = hf_release_index(&s->release, service);
    const struct hf_json *own = index < 0 ? NULL : s->release.services[index].own;
    const struct hf_json *names = hf_json_get(own, "depends_on");

    return names ? hf_json_copy(names) : hf_json_array();
}

struct hf_json *
hf_codec_service(const struct hf_snapshot *s, const struct hf_service_view *v)
{
    bool has_io_weight = s->gateway.engine.has_io_weight;
    struct hf_json *o = hf_json_object(), *rates = hf_json_object();

    hf_json_put_string(o, "name", v->spec.service);
    put_text(o, "title", v->title);
    hf_json_put_bool(o, "own", v->spec.own);
    hf_json_put(o, "depends_on", depends_on(s, v->spec.service));
    put_life(o, v, s->at_ms);
    put_container(o, v, has_io_weight);
    hf_json_put(o, "numbers", numbers(&v->status));
    put_measure(rates, "in", v->rate_in);
    put_measure(rates, "out", v->rate_out);
    hf_json_put(o, "rates", rates);
    return o;
}

static struct hf_json *
services(const struct hf_snapshot *s)
{
    struct hf_json *list = hf_json_array();

    for (size_t i = 0; i < s->service_count; i++)
        hf_json_add(list, hf_codec_service(s, &s->services[i]));
    return list;
}

struct hf_json *
hf_codec_services(const struct hf_snapshot *s, const char *fingerprint)
{
    struct hf_json *o = hf_json_object();

    (void)fingerprint;
    hf_json_put(o, "services", services(s));
    return o;
}

struct hf_json *
hf_codec_buffer(const struct hf_buffer_view *b)
{
    struct hf_json *o = hf_json_object();
    const char *state = b->ok ? "ok" : "degraded";

    hf_json_put_string(o, "state", b->known ? state : "unknown");
    put_text(o, "reason", b->reason);
    put_count(o, "held", b->held);
    hf_json_put_time(o, "oldest", b->oldest_ms);
    put_measure(o, "in_per_s", b->in_per_s);
    put_measure(o, "out_per_s", b->out_per_s);
    put_count(o, "disk_bytes", b->disk_bytes);
    put_count(o, "disk_limit_bytes", b->disk_limit_bytes);
    put_count(o, "accepted", b->accepted);
    put_count(o, "delivered", b->delivered);
    put_count(o, "dropped", b->dropped);
    put_count(o, "quarantined", b->quarantined);
    put_text(o, "epoch", b->epoch);
    put_count(o, "window_ms", b->window_ms);
    put_count_or_null(o, "drain_s", b->drain_s);
    put_count_or_null(o, "full_s", b->full_s);
    hf_json_put_time(o, "updated", b->updated_ms);
    return o;
}

struct hf_json *
hf_codec_uplink(const struct hf_uplink_view *u)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_string(o, "state", u->state[0] ? u->state : "unknown");
    put_text(o, "url", u->url);
    hf_json_put_time(o, "last_success", u->last_success_ms);
    put_text(o, "last_error", u->last_error);
    put_count_or_null(o, "last_status", u->last_status > 0 ? u->last_status : -1);
    hf_json_put_time(o, "next_try", u->next_try_ms);
    put_count(o, "attempt", u->attempt);
    hf_json_put_time(o, "away_since", u->away_since_ms);
    return o;
}

struct hf_json *
hf_codec_release(const struct hf_release *r)
{
    struct hf_json *o = hf_json_object(), *images = hf_json_object();

    hf_json_put_string(o, "name", r->name);
    hf_json_put_string(o, "version", r->version);
    hf_json_put_string(o, "created", r->created);
    hf_json_put_int(o, "counter", r->counter);
    for (size_t i = 0; i < r->count; i++) {
        const struct hf_release_service *s = &r->services[i];
        struct hf_json *one = hf_json_object();

        hf_json_put_string(one, "image", s->image.image);
        hf_json_put_string(one, "tag", s->image.tag);
        hf_json_put_string(one, "image_id", s->image.image_id);
        hf_json_put(images, s->name, one);
    }
    hf_json_put(o, "services", images);
    return o;
}

static struct hf_json *
sentence(const struct hf_sentence *s)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_string(o, "level", s->level[0] ? s->level : "warn");
    put_text(o, "eyebrow", s->eyebrow);
    put_text(o, "title", s->title);
    put_text(o, "detail", s->detail);
    return o;
}

static struct hf_json *
alarms(const struct hf_alarms_view *a)
{
    struct hf_json *o = hf_json_object();
    const char *worst = a->bad ? "bad" : "warn";

    hf_json_put_int(o, "active", a->active);
    hf_json_put_int(o, "unacknowledged", a->unacknowledged);
    hf_json_put_string(o, "worst", a->active ? worst : NULL);
    return o;
}

struct hf_json *
hf_codec_state(const struct hf_snapshot *s, const char *fingerprint)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_time(o, "at", s->at_ms);
    hf_json_put(o, "gateway", hf_codec_gateway(s, fingerprint));
    hf_json_put(o, "services", services(s));
    hf_json_put(o, "buffer", hf_codec_buffer(&s->buffer));
    hf_json_put(o, "uplink", hf_codec_uplink(&s->uplink));
    put_or_null(o, "release", s->has_release ? hf_codec_release(&s->release) : NULL);
    hf_json_put(o, "upgrade", hf_codec_upgrade(&s->upgrade));
    hf_json_put(o, "alarms", alarms(&s->alarms));
    hf_json_put(o, "sentence", sentence(&s->sentence));
    return o;
}

struct hf_json *
hf_codec_operation(const struct hf_operation *op)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_string(o, "id", op->id);
    hf_json_put_string(o, "kind", hf_operation_kind_name(op->kind));
    hf_json_put_string(o, "service", *op->service ? op->service : NULL);
    hf_json_put_string(o, "state", hf_operation_state_name(op->state));
    put_text(o, "detail", op->detail);
    hf_json_put_time(o, "created", op->created_ms);
    hf_json_put_time(o, "finished", op->finished_ms);
    return o;
}

struct hf_json *
hf_codec_session(const struct hf_session *s)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_string(o, "user", s->account);
    hf_json_put_string(o, "role", hf_role_name(s->role));
    hf_json_put_time(o, "expires", s->expires_ms);
    return o;
}

struct hf_json *
hf_codec_log_line(const struct hf_log_line *line)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_time(o, "time", line->time_ms);
    hf_json_put_string(o, "stream", line->is_stderr ? "stderr" : "stdout");
    hf_json_put_string(o, "text", line->text);
    return o;
}

const char *
hf_codec_health(const struct hf_snapshot *s)
{
    bool starting = s->gateway.engine.state == HF_ENGINE_STARTING || !s->has_release;

    if (s->gateway.engine.state == HF_ENGINE_UNREACHABLE)
        return "degraded";
    for (size_t i = 0; i < s->service_count; i++) {
        const struct hf_service_view *v = &s->services[i];

        if (!v->wanted || v->health == HF_HEALTH_HEALTHY)
            continue;
        if (v->health != HF_HEALTH_STARTING && !starting)
            return "degraded";
        starting = starting || v->health == HF_HEALTH_STARTING;
    }
    return starting ? "starting" : "ok";
}
