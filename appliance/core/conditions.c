// SPDX-License-Identifier: Apache-2.0
/* What is wrong now, in words for people: cause and what to do. */
#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    NEWS_MS = 10 * 60 * 1000, /* how long something that happened is what is */
    WEAR_WARN_PERCENT = 80,
    WEAR_BAD_PERCENT = 100
};

/* Percent of ten seconds in which somebody waited for memory: 10 is felt, 40 is a standstill. */
static const struct hf_threshold pressure_threshold = {10, 40};
static const double pressure_slack = 5;
static const double megabyte = 1e6, gigabyte = 1e9;

static void HF_PRINTF(6, 7)
add(struct hf_core *core, enum hf_alarm_kind kind, const char *subject, bool bad,
    const char *advice, const char *fmt, ...)
{
    char cause[HF_TEXT_SIZE];
    va_list args;

    va_start(args, fmt);
    vsnprintf(cause, sizeof cause, fmt, args);
    va_end(args);
    alarm_set_add(&core->watch.now, kind, subject, bad, cause, advice);
}

/* ---- services ---- */

static void
service_conditions(struct hf_core *core, const struct service *s, int64_t now)
{
    const struct hf_lifecycle_machine *m = &s->machine;
    const struct hf_health_verdict *v = &s->verdict;
    bool bad = v->health == HF_HEALTH_FAILED || v->health == HF_HEALTH_UNREACHABLE;

    if (m->wanted && m->crash_loop)
        add(core, HF_ALARM_CRASH_LOOP, s->name, true,
            *v->advice ? v->advice : "See the service's log, then start it again.", "%s",
            *v->reason ? v->reason : "it crashes again and again");
    else if (m->wanted && (bad || v->health == HF_HEALTH_DEGRADED))
        add(core, HF_ALARM_SERVICE_UNHEALTHY, s->name, bad, v->advice, "%s", v->reason);
    if (m->oom_killed && m->exit_count && now - m->exits_ms[0] < NEWS_MS)
        add(core, HF_ALARM_OUT_OF_MEMORY, s->name, true,
            "Give the service a higher memory limit, or find what made it grow.",
            "the kernel ended it at its memory limit of %lld MB",
            (long long)(m->memory_bytes >> 20));
}

/* ---- the engine ---- */

static const struct warning_advice {
    const char *word, *subject, *advice;
    enum hf_alarm_kind kind;
} warning_advice[] = {
    {"live-restore", "live-restore",
     "Set \"live-restore\": true in /etc/docker/daemon.json, then: systemctl reload docker. Until "
     "then an update of Docker stops the record path.",
     HF_ALARM_ENGINE_SETUP},
    {"swap", "swap",
     "Add swapaccount=1 to the kernel's command line (on a Raspberry Pi: cmdline.txt) and restart "
     "the machine.",
     HF_ALARM_LIMIT_NOT_ENFORCED},
    {"memory", "memory",
     "Add cgroup_enable=memory to the kernel's command line (on a Raspberry Pi: cmdline.txt) and "
     "restart the machine.",
     HF_ALARM_LIMIT_NOT_ENFORCED},
    {"cpu", "cpu", "Use a kernel with CONFIG_CFS_BANDWIDTH.", HF_ALARM_LIMIT_NOT_ENFORCED},
    {"pids", "pids", "Use a kernel with CONFIG_CGROUP_PIDS.", HF_ALARM_LIMIT_NOT_ENFORCED},
    {"blkio", "blkio", "Use a kernel with CONFIG_BLK_CGROUP; until then disks are shared evenly.",
     HF_ALARM_LIMIT_NOT_ENFORCED},
};

static const struct warning_advice *
advice_for(const char *warning)
{
    static const struct warning_advice other = {"", "", "See the message, and the engine's log.",
                                                HF_ALARM_LIMIT_NOT_ENFORCED};

    for (size_t i = 0; i < HF_LEN(warning_advice); i++)
        if (strcasestr(warning, warning_advice[i].word))
            return &warning_advice[i];
    return &other;
}

static void
engine_conditions(struct hf_core *core)
{
    const struct hf_engine_view *e = &core->engine;

    if (e->state == HF_ENGINE_UNREACHABLE)
        add(core, HF_ALARM_ENGINE_UNREACHABLE, "", true,
            "What runs keeps running. See the engine's log, and start it again.", "%s", e->detail);
    for (size_t i = 0; i < e->warning_count; i++) {
        const struct warning_advice *a = advice_for(e->warnings[i]);

        if (strcasestr(e->warnings[i], "limit") || *a->subject)
            add(core, a->kind, a->subject, false, a->advice, "%s", e->warnings[i]);
    }
}

/* Refused when it is asked for, unless allowed; a release, or a memory module that is gone, may
 * bring it all the same. */
static void
overcommit_conditions(struct hf_core *core)
{
    int64_t total = core->host.memory_total_bytes, sum = 0;

    for (size_t i = 0; core->has_release && i < core->service_count; i++)
        sum += core->services[i].spec.limits.memory_bytes;
    if (total > 0 && sum > total)
        add(core, HF_ALARM_OVERCOMMIT, "", false,
            "Lower limits until they fit: else the kernel ends services when all use what they "
            "may.",
            "the services may take %lld MB together, and the machine has %lld MB",
            (long long)(sum >> 20), (long long)(total >> 20));
}

/* ---- the host ---- */

static void
disk_conditions(struct hf_core *core)
{
    const char *advice = core->settings.alarms.make_room
                             ? "Free some space. When it is serious, old logs of the gateway go by "
                               "themselves, then images of older releases; the buffer keeps within "
                               "its own limits."
                             : "Free some space: old logs and images first. The buffer keeps "
                               "within its own limits.";
    const struct hf_threshold *t = &core->settings.alarms.thresholds[HF_GUARD_DISK];
    double slack = guard_slack(HF_GUARD_DISK, t);

    for (size_t i = 0; i < core->host.disk_count; i++) {
        const struct hf_disk_view *d = &core->host.disks[i];
        enum guard_level *space = &core->watch.disks[i], *inodes = &core->watch.inodes[i];
        bool in_gb = (double)d->free_bytes >= gigabyte;
        char room[HF_TEXT_SIZE / 2];

        *space = guard_step(*space, guard_disk_percent(d), t, slack);
        *inodes = guard_step(*inodes, guard_inode_percent(d), t, slack);
        hf_core_room_text(core, i, room, sizeof room);
        if (*space)
            add(core, HF_ALARM_DISK_FULL, d->mount, *space == GUARD_BAD, advice,
                "%.0f %% of the space is used, %.*f %s are free%s", guard_disk_percent(d),
                in_gb ? 1 : 0, (double)d->free_bytes / (in_gb ? gigabyte : megabyte),
                in_gb ? "GB" : "MB", room);
        if (*inodes)
            add(core, HF_ALARM_INODES_FULL, d->mount, *inodes == GUARD_BAD,
                "Remove what consists of very many small files.",
                "%.0f %% of the files that it can hold are there", guard_inode_percent(d));
    }
}

static void
memory_conditions(struct hf_core *core)
{
    static const char advice[] =
        "See which service uses the most, and lower limits or stop what is not needed.";
    const struct hf_threshold *t = &core->settings.alarms.thresholds[HF_GUARD_MEMORY];
    const struct hf_host_view *h = &core->host;
    struct watch *w = &core->watch;
    double waits = h->has_pressure ? h->pressure.memory : (double)NAN;

    w->memory = guard_step(w->memory, guard_memory_percent(h), t, guard_slack(HF_GUARD_MEMORY, t));
    w->pressure = guard_step(w->pressure, waits, &pressure_threshold, pressure_slack);
    if (w->memory)
        add(core, HF_ALARM_MEMORY_PRESSURE, "", w->memory == GUARD_BAD, advice,
            "%.0f %% of the memory is in use, %lld MB are available", guard_memory_percent(h),
            (long long)((h->memory_total_bytes - h->memory_used_bytes) / 1000000));
    if (w->pressure)
        add(core, HF_ALARM_MEMORY_PRESSURE, "", w->pressure == GUARD_BAD, advice,
            "programs wait for memory %.0f %% of the time", waits);
}

static void
temperature_conditions(struct hf_core *core)
{
    const struct hf_threshold *t = &core->settings.alarms.thresholds[HF_GUARD_TEMPERATURE];
    const struct hf_host_view *h = &core->host;
    enum guard_level *level = &core->watch.temperature;

    *level = guard_step(*level, h->has_temperature ? h->temperature_c : (double)NAN, t,
                        guard_slack(HF_GUARD_TEMPERATURE, t));
    if (*level)
        add(core, HF_ALARM_TEMPERATURE, "", *level == GUARD_BAD,
            "Give it air or shade: it becomes slow, and then stops.", "it has %.0f °C",
            h->temperature_c);
}

static void
flash_conditions(struct hf_core *core, int64_t now)
{
    const struct hf_threshold *t = &core->settings.alarms.thresholds[HF_GUARD_FLASH];
    const struct hf_host_view *h = &core->host;
    struct watch *w = &core->watch;

    w->written_day = guard_day_step(&w->written, h->device_written_bytes, now);
    w->flash = guard_step(w->flash, w->written_day, t, guard_slack(HF_GUARD_FLASH, t));
    if (w->flash)
        add(core, HF_ALARM_FLASH_RATE, "", w->flash == GUARD_BAD,
            "Widen the durability window, or find what else writes to the disk.",
            "%.1f GB were written in a day", w->written_day / 1e9);
    if (h->flash_percent_used >= WEAR_WARN_PERCENT)
        add(core, HF_ALARM_FLASH_WEAR, h->flash_device, h->flash_percent_used >= WEAR_BAD_PERCENT,
            "Replace the card or board before it fails; take a copy of the configuration.",
            "%d %% of its life is used up", h->flash_percent_used);
}

static void
clock_conditions(struct hf_core *core)
{
    if (!core->host.clock_synced)
        add(core, HF_ALARM_CLOCK_UNSYNCHRONISED, "", false,
            "See whether the gateway reaches a time server (NTP).",
            "the clock is not synchronised: records say so, and may carry a wrong time");
}

/* ---- the record path ---- */

static bool
is_news(int64_t at_ms, int64_t now)
{
    return at_ms && now - at_ms < NEWS_MS;
}

static void
loss_conditions(struct hf_core *core, int64_t now)
{
    const struct hf_service_status *buffer = &core->services[hf_service_index("buffer")].status;
    const struct hf_service_status *broker = &core->services[hf_service_index("broker")].status;
    int64_t quarantined = buffer->gone ? 0 : hf_status_number(buffer, "quarantined", 0);

    if (is_news(core->watch.queue_dropped_at_ms, now))
        add(core, HF_ALARM_MESSAGES_DROPPED, "broker", true,
            "Devices publish faster than records can be stored: make room in the buffer, or see "
            "why it or the processor is behind.",
            "its queue was full: %lld messages were dropped so far",
            (long long)hf_status_number(broker, "queue_dropped", 0));
    if (is_news(core->watch.dropped_at_ms, now))
        add(core, HF_ALARM_RECORDS_DROPPED, "buffer", true,
            "The page Data says which, and whether a limit, damage or a person was the reason.",
            "%lld records have been given up so far",
            (long long)hf_status_number(buffer, "dropped", 0));
    if (quarantined > 0)
        add(core, HF_ALARM_QUARANTINE, "buffer", false,
            "Look at them on the page Data: try them again or give them up.",
            "%lld records were refused and wait for you", (long long)quarantined);
}

static void
uplink_conditions(struct hf_core *core, int64_t now)
{
    const struct hf_service_status *s = &core->services[hf_service_index("forwarder")].status;
    int64_t patience_ms = core->settings.alarms.uplink_away_s * 1000;
    int64_t *since_ms = &core->watch.uplink_away_at_ms;
    bool known = s->seen && !s->gone, refused = known && strcmp(s->uplink, "refused") == 0;
    bool away = known && (refused || strcmp(s->uplink, "away") == 0);

    if (!away)
        *since_ms = 0;
    else if (!*since_ms)
        *since_ms = now;
    if (refused)
        add(core, HF_ALARM_UPLINK_REFUSED, "", true,
            "See the token and the address of the sink, and the receiver's log.", "%s",
            *s->last_error ? s->last_error : "the cloud refuses what it is sent");
    else if (away && patience_ms && now - *since_ms >= patience_ms)
        add(core, HF_ALARM_UPLINK_AWAY, "", false,
            "Records are kept here until it is back. See the network, and the receiver.", "%s",
            *s->last_error ? s->last_error : "the cloud does not answer");
}

static void
silence_conditions(struct hf_core *core)
{
    const struct watch_silence *s = &core->watch.silence;
    int64_t total = s->total + s->missing;
    static const char advice[] = "See whether it has power and network.";

    if (!core->settings.alarms.silent_after_s)
        return;
    for (size_t i = 0; i < s->count; i++) {
        char last[HF_RFC3339_SIZE];

        hf_clock_rfc3339(s->list[i].last_ms, last);
        add(core, HF_ALARM_DEVICE_SILENT, s->list[i].device, false, advice,
            "it has said nothing since %s", s->list[i].last_ms ? last : "before the last start");
    }
    if (total > WATCH_SILENT_MAX)
        add(core, HF_ALARM_DEVICE_SILENT, "", true,
            "So many at once have something in common: a switch, an access point, the power.",
            "%lld devices are silent", (long long)total);
}

static void
device_conditions(struct hf_core *core)
{
    if (core->settings.broker.anonymous)
        add(core, HF_ALARM_ANONYMOUS_DEVICES, "", false,
            "Give the devices accounts on the page Devices, then set broker.anonymous to false.",
            "whoever is on the network can publish as any device: none needs an account");
}

/* The one of the site: the gateway's own is made anew by itself. */
static void
certificate_conditions(struct hf_core *core)
{
    static const char advice[] =
        "Get a new one from whoever issued it and upload it (holdfast certificate set), or remove "
        "it: then the gateway's own is used, which renews itself.";
    const struct hf_certificate_ops *ops = core->config.certificates;
    int64_t ends_ms = ops ? ops->site_ends_ms(core->config.certificates_context) : 0;
    int64_t wall_ms = hf_clock_wall_ms();
    enum guard_level level = guard_certificate(ends_ms, wall_ms, core->host.clock_synced);
    char at[HF_RFC3339_SIZE];

    if (!level)
        return;
    hf_clock_rfc3339(ends_ms, at);
    if (ends_ms <= wall_ms)
        add(core, HF_ALARM_CERTIFICATE_ENDS, "site", true, advice,
            "the site's certificate for HTTPS ended at %s: browsers and programs refuse it", at);
    else
        add(core, HF_ALARM_CERTIFICATE_ENDS, "site", level == GUARD_BAD, advice,
            "the site's certificate for HTTPS ends at %s", at);
}

void
hf_core_conditions(struct hf_core *core, int64_t now_ms)
{
    struct watch *w = &core->watch;
    const char *recovery;

    w->now.count = 0;
    engine_conditions(core);
    for (size_t i = 0; i < core->service_count; i++)
        service_conditions(core, &core->services[i], now_ms);
    overcommit_conditions(core);
    disk_conditions(core);
    memory_conditions(core);
    temperature_conditions(core);
    flash_conditions(core, now_ms);
    clock_conditions(core);
    loss_conditions(core, now_ms);
    uplink_conditions(core, now_ms);
    silence_conditions(core);
    device_conditions(core);
    certificate_conditions(core);
    if (hf_store_opened_as(core->config.store, &recovery) == HF_STORE_RECOVERED)
        add(core, HF_ALARM_STORE_RECOVERED, "", false, "See what was lost, and set it again.", "%s",
            recovery);
    for (size_t i = 0; i < WATCH_NOTES_MAX; i++) {
        const struct alarm_condition *c = &w->notes[i].condition;

        if (w->notes[i].until_ms > now_ms)
            alarm_set_add(&w->now, c->kind, c->subject, c->bad, c->cause, c->advice);
    }
}
