// SPDX-License-Identifier: Apache-2.0
/* From what the owner knows to the picture that everybody sees. */
#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"

#include <stdatomic.h>
#include <string.h>

/* Below this a trend is noise, not a forecast. */
static const double RATE_LEAST = 0.1;

struct counted_snapshot {
    struct hf_snapshot snapshot; /* first, so that a pointer to it is one to this */
    atomic_int references;
};

const struct hf_snapshot *
hf_core_snapshot(struct hf_core *core)
{
    struct counted_snapshot *c;

    pthread_mutex_lock(&core->snapshot_lock);
    c = (struct counted_snapshot *)(uintptr_t)core->snapshot;
    atomic_fetch_add(&c->references, 1);
    pthread_mutex_unlock(&core->snapshot_lock);
    return &c->snapshot;
}

void
hf_snapshot_unref(const struct hf_snapshot *snapshot)
{
    struct counted_snapshot *c = (struct counted_snapshot *)(uintptr_t)snapshot;

    if (c && atomic_fetch_sub(&c->references, 1) == 1)
        free(c);
}

static void
present_service(const struct service *s, size_t index, struct hf_service_view *v)
{
    static const char *const titles[] = {"Broker", "Buffer", "Processor", "Forwarder"};
    const struct hf_lifecycle_machine *m = &s->machine;

    v->spec = s->spec;
    hf_text_put(v->spec.service, sizeof v->spec.service, "%s", s->name);
    hf_text_put(v->title, sizeof v->title, "%s",
                index < HF_LEN(titles) ? titles[index] : s->spec.title);
    v->wanted = s->wish;
    memcpy(v->address, m->container.address, sizeof v->address);
    v->lifecycle = m->state;
    v->health = s->verdict.health;
    memcpy(v->reason, s->verdict.reason, sizeof v->reason);
    hf_text_put(v->advice, sizeof v->advice, "%s", s->verdict.advice ? s->verdict.advice : "");
    v->started_ms = m->running_since_ms ? m->container.started_ms : 0;
    v->restarts = m->restarts;
    v->has_exit_code = m->has_exit_code;
    v->exit_code = m->exit_code;
    v->oom_killed = m->oom_killed;
    memcpy(v->container_id, m->container.id, sizeof v->container_id);
    v->usage = s->usage;
    v->rate_in = s->in.per_second;
    v->rate_out = s->out.per_second;
    v->status = s->status;
}

/* mosquitto's own averages lag by a minute; what the processor reads is what the broker passes on.
 */
static void
present_broker_rate(struct hf_snapshot *s)
{
    struct hf_service_view *broker = &s->services[hf_service_index("broker")];
    const struct hf_service_view *processor = &s->services[hf_service_index("processor")];

    broker->rate_in = broker->rate_out = processor->rate_in;
}

static int64_t
wall_of(int64_t mono_ms, int64_t now_ms)
{
    return mono_ms ? hf_clock_wall_ms() - (now_ms - mono_ms) : 0;
}

void
hf_core_forecast(struct hf_buffer_view *b, int64_t stored_bytes)
{
    double gain = b->in_per_s - b->out_per_s;

    b->drain_s = b->full_s = -1;
    if (b->held > 0 && gain < -RATE_LEAST)
        b->drain_s = (int64_t)((double)b->held / -gain);
    if (b->held > 0 && gain > RATE_LEAST && stored_bytes > 0 &&
        b->disk_limit_bytes > b->disk_bytes) {
        double bytes_each = (double)stored_bytes / (double)b->held;

        b->full_s = (int64_t)((double)(b->disk_limit_bytes - b->disk_bytes) / (gain * bytes_each));
    }
}

static void
present_buffer(const struct service *s, int64_t dropped_ms, struct hf_buffer_view *b,
               int64_t now_ms)
{
    const struct hf_service_status *t = &s->status;

    b->drain_s = b->full_s = -1;
    if (!t->seen || t->gone || !t->number_count)
        return;
    b->known = true;
    b->ok = strcmp(t->state, "ok") == 0;
    memcpy(b->reason, t->reason, sizeof b->reason);
    b->held = hf_status_number(t, "held", 0);
    b->oldest_ms = hf_status_number(t, "oldest_ms", 0);
    b->disk_bytes = hf_status_number(t, "disk_bytes", 0);
    b->disk_limit_bytes = hf_status_number(t, "disk_limit", 0);
    b->accepted = hf_status_number(t, "accepted", 0);
    b->delivered = hf_status_number(t, "delivered", 0);
    b->dropped = hf_status_number(t, "dropped", 0);
    b->quarantined = hf_status_number(t, "quarantined", 0);
    b->dropped_ms = dropped_ms;
    b->window_ms = hf_status_number(t, "window_ms", 0);
    b->in_per_s = s->in.per_second;
    b->out_per_s = s->out.per_second;
    memcpy(b->epoch, t->epoch, sizeof b->epoch);
    b->updated_ms = wall_of(t->mono_ms, now_ms);
    hf_core_forecast(b, hf_status_number(t, "stored_bytes", b->disk_bytes));
}

/* Without query: it may hold a key. User information is refused in settings. */
static void
copy_url(const char *url, char out[HF_URL_SIZE])
{
    hf_text_put(out, HF_URL_SIZE, "%.*s", (int)strcspn(url, "?"), url);
}

static void
present_broker(const struct hf_core *core, struct hf_broker_view *b)
{
    const struct hf_service_status *t = &core->services[hf_service_index("broker")].status;

    b->queue_dropped = hf_status_number(t, "queue_dropped", 0);
    b->queue_dropped_ms = core->queue_dropped_ms;
}

static void
present_uplink(const struct hf_core *core, struct hf_uplink_view *u)
{
    const struct hf_service_status *t = &core->services[hf_service_index("forwarder")].status;
    const struct hf_json *sink = hf_settings_sink(&core->settings, HF_SINK_UPLINK);
    bool known = t->seen && !t->gone && *t->uplink;

    /* Without one of that name, the first stands for all. */
    if (!sink)
        sink = hf_json_first(core->settings.sinks);

    hf_text_put(u->state, sizeof u->state, "%s", known ? t->uplink : "unknown");
    if (!sink)
        hf_text_put(u->state, sizeof u->state, "unset");
    copy_url(sink ? hf_json_string(sink, "url") : "", u->url);
    u->last_success_ms = core->uplink_success_ms;
    if (!known)
        return;
    memcpy(u->last_error, t->last_error, sizeof u->last_error);
    u->next_try_ms = hf_status_number(t, "next_try_ms", 0);
    u->last_status = hf_status_number(t, "last_status", 0);
    u->attempt = hf_status_number(t, "attempt", 0);
    u->away_since_ms = core->uplink_away_since_ms;
}

static void
put_field_ports(const struct hf_core *core, struct hf_gateway_view *g)
{
    const struct hf_placement *p = &core->config.placement;
    enum hf_broker_tls tls = core->settings.broker.tls;

    g->field_tls_port = tls == HF_BROKER_TLS_OFF ? 0 : p->field_tls_port;
    g->field_port = tls == HF_BROKER_TLS_ONLY ? p->field_tls_port : p->field_port;
}

static void
present_gateway(const struct hf_core *core, struct hf_gateway_view *g)
{
    const char *trouble = core->config.trouble ? core->config.trouble : "";
    const char *recovery;
    enum hf_store_opened opened = hf_store_opened_as(core->config.store, &recovery);

    memcpy(g->id, core->gateway_id, sizeof g->id);
    memcpy(g->name, core->settings.name, sizeof g->name);
    g->started_ms = core->started_ms;
    g->claimed = core->claimed;
    memcpy(g->field_address, core->field_address, sizeof g->field_address);
    put_field_ports(core, g);
    g->engine = core->engine;
    g->host = core->host;
    if (opened != HF_STORE_RECOVERED && !core->disk_full)
        recovery = "";
    hf_text_put(g->recovery, sizeof g->recovery, "%s%s%s", recovery,
                *recovery && *trouble ? " " : "", trouble);
}

struct hf_snapshot *
hf_core_present(const struct hf_core *core, int64_t now_ms)
{
    struct counted_snapshot *c = calloc(1, sizeof *c);
    struct hf_snapshot *s;

    if (!c)
        return NULL;
    atomic_init(&c->references, 1);
    s = &c->snapshot;
    s->at_ms = hf_clock_wall_ms();
    present_gateway(core, &s->gateway);
    s->has_release = core->has_release;
    s->release = core->release;
    s->service_count = core->service_count;
    for (size_t i = 0; i < core->service_count; i++) {
        present_service(&core->services[i], i, &s->services[i]);
        s->services[i].stale_since_ms = core->engine.stale_since_ms;
    }
    present_broker_rate(s);
    present_broker(core, &s->broker);
    present_buffer(&core->services[hf_service_index("buffer")], core->dropped_ms, &s->buffer,
                   now_ms);
    s->buffer.rated_endurance_bytes = core->settings.buffer.rated_endurance_bytes;
    present_uplink(core, &s->uplink);
    hf_core_present_upgrade(core, &s->upgrade);
    alarm_summary(&core->watch.table, &s->alarms);
    hf_core_say(s, &s->sentence);
    return s;
}
