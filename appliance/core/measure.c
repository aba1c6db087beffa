// SPDX-License-Identifier: Apache-2.0
/*
 * Once a second: what the services and the host use, into the picture and the history. Once an hour
 * and at the end: the history's minutes and the clock floor to the store, in one write.
 */
#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"

#include <math.h>
#include <string.h>

enum {
    KEEP_MS = 3600 * 1000,
    KEEP_AGAIN_MS = 60 * 1000, /* after a failure */
    MINUTE_MS = 60 * 1000
};

/* ---- the history ---- */

static void
put_service(struct hf_history_ring *h, const char *name, const struct hf_usage *u)
{
    const struct {
        const char *what;
        double value; /* below 0: not known */
    } all[] = {
        {"memory_bytes", (double)u->memory_bytes},   {"cpu_percent", u->cpu_percent},
        {"throttled_percent", u->throttled_percent}, {"net_rx_per_s", u->net_rx_per_s},
        {"net_tx_per_s", u->net_tx_per_s},           {"io_read_per_s", u->io_read_per_s},
        {"io_write_per_s", u->io_write_per_s},
    };

    for (size_t i = 0; i < HF_LEN(all); i++) {
        char series[2 * HF_NAME_SIZE];

        hf_text_put(series, sizeof series, "%s.%s", name, all[i].what);
        history_put(h, series, u->known && all[i].value >= 0 ? all[i].value : (double)NAN);
    }
}

static void
put_buffer(struct hf_core *core)
{
    const struct service *s = &core->services[hf_service_index("buffer")];
    const struct hf_service_status *t = &s->status;
    bool known = t->seen && !t->gone && t->number_count;

    history_put(&core->history, "buffer.held",
                known ? (double)hf_status_number(t, "held", 0) : (double)NAN);
    history_put(&core->history, "buffer.in_per_s", known ? s->in.per_second : (double)NAN);
    history_put(&core->history, "buffer.out_per_s", known ? s->out.per_second : (double)NAN);
}

static void
put_host(struct hf_history_ring *h, const struct hf_host_view *host)
{
    history_put(h, "host.cpu_percent", host->cpu_percent);
    history_put(h, "host.memory_bytes", (double)host->memory_used_bytes);
    history_put(h, "host.load1", host->load1);
    history_put(h, "host.temperature_c", host->has_temperature ? host->temperature_c : (double)NAN);
    history_put(h, "host.disk_bytes", (double)host->disk_used_bytes);
    history_put(h, "host.written_bytes_per_s",
                host->device_written_per_s >= 0 ? host->device_written_per_s : (double)NAN);
}

struct loading {
    struct hf_history_ring *history;
    int64_t ended_ms; /* of the row before; 0: none */
};

/* What lies between is a gap; a clock that was set back in between, or was first set then, says
 * nothing about how long it was, and one minute stands for it. */
static void
put_gap(struct hf_history_ring *h, int64_t from_ms, int64_t to_ms)
{
    bool unknown =
        to_ms < from_ms || (from_ms < HF_CLOCK_PLAUSIBLE_MS && to_ms >= HF_CLOCK_PLAUSIBLE_MS);

    history_gap(h, unknown ? 1 : (to_ms - from_ms + MINUTE_MS / 2) / MINUTE_MS);
}

static void
load_row(void *context, int64_t ended_ms, int64_t points, const void *data, size_t len)
{
    struct loading *l = context;

    if (l->ended_ms)
        put_gap(l->history, l->ended_ms, ended_ms - points * MINUTE_MS);
    if (history_load(l->history, data, len))
        l->ended_ms = ended_ms;
}

void
hf_core_load_history(struct hf_core *core)
{
    struct loading l = {.history = &core->history};
    struct hf_error err;

    if (hf_store_history(core->config.store, load_row, &l, &err) < 0)
        hf_log_warn("event=history-not-read error=\"%s\"", err.message);
    if (l.ended_ms)
        put_gap(&core->history, l.ended_ms, hf_clock_wall_ms());
}

/* ---- keeping ---- */

int64_t
hf_core_clock_floor(const struct hf_core *core, int64_t now_ms)
{
    int64_t passed = core->clock_floor_ms + now_ms - core->clock_floor_at_ms;

    if (core->host.clock_synced)
        return hf_clock_wall_ms();
    return core->clock_floor_ms ? passed : 0;
}

struct keeping {
    struct hf_core *core;
    int64_t now_ms, floor_ms;
    const struct hf_buf *minutes;
    size_t points;
};

/* In one write. */
static int
keep_all(struct hf_store *store, void *context, struct hf_error *err)
{
    const struct keeping *k = context;
    int rc = 0;

    if (k->points)
        rc = hf_store_add_history(store, hf_clock_wall_ms(), k->points, k->minutes->data,
                                  k->minutes->len, k->floor_ms, err);
    else if (k->floor_ms)
        rc = hf_store_set_clock_floor(store, k->floor_ms, err);
    if (rc < 0 || hf_core_save_written(k->core, err) < 0)
        return -1;
    return hf_core_save_roster(k->core, k->now_ms, err);
}

void
hf_core_keep(struct hf_core *core, int64_t now)
{
    HF_AUTO_BUF struct hf_buf data = HF_BUF_INIT(HISTORY_SAVE_MAX);
    struct keeping k = {core, now, hf_core_clock_floor(core, now), &data, 0};
    struct hf_error err = {0};
    int rc = history_save(&core->history, &data, &k.points, &err);

    core->keep_at_ms = now + KEEP_MS;
    if (rc == 0)
        rc = hf_store_transaction(core->config.store, keep_all, &k, &err);
    if (rc < 0) {
        hf_log_warn("event=history-not-kept error=\"%s\"", err.message);
        core->keep_at_ms = now + KEEP_AGAIN_MS;
        core->watch.roster.changed = true;
        return;
    }
    history_saved(&core->history, k.points);
    if (k.floor_ms > core->clock_floor_ms) {
        core->clock_floor_ms = k.floor_ms;
        core->clock_floor_at_ms = now;
    }
}

void
hf_core_measure_host(struct hf_core *core, int64_t now)
{
    const char *const paths[HF_DISKS_MAX] = {
        [HF_DISK_STATE] = core->config.state_dir, [HF_DISK_ENGINE] = core->watch.data_dir};

    hf_telemetry_host(core->telemetry, paths, HF_DISKS_MAX, now, &core->host);
    core->host.clock_floor_ms = core->clock_floor_ms;
}

void
hf_core_measure(struct hf_core *core, int64_t now)
{
    history_begin(&core->history, now);
    for (size_t i = 0; i < core->service_count; i++) {
        struct service *s = &core->services[i];
        const struct hf_lifecycle_machine *m = &s->machine;
        bool runs = m->container.state == HF_CONTAINER_RUNNING && *m->container.id;

        hf_telemetry_service(core->telemetry, i, runs ? m->container.pid : 0, now, &s->usage);
        put_service(&core->history, s->name, &s->usage);
        if (!runs)
            s->peak_bytes = 0;
        else if (s->usage.known && s->usage.memory_peak_bytes > s->peak_bytes)
            s->peak_bytes = s->usage.memory_peak_bytes;
    }
    hf_core_measure_host(core, now);
    put_host(&core->history, &core->host);
    put_buffer(core);
    /* A first time that is known to be true is worth a write at once. */
    if (now >= core->keep_at_ms || (core->host.clock_synced && !core->clock_floor_ms))
        hf_core_keep(core, now);
}
