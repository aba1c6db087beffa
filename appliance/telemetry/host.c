// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/text.h"
#include "telemetry/internal.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

/* What a sensor of a running machine may say; the rest is a sensor that is not there. */
static const double TEMPERATURE_MIN_C = -40.0;
static const double TEMPERATURE_MAX_C = 150.0;

enum { STAT_TEXT_MAX = 16384 /* about 150 cores */ };

int
hf_telemetry_new(const char *root, struct hf_telemetry **ret_telemetry, struct hf_error *err)
{
    HF_AUTO(hf_telemetry) struct hf_telemetry *t = calloc(1, sizeof *t);

    if (!t)
        return hf_error_nomem(err);
    if (!hf_text_put(t->root, sizeof t->root, "%s", root))
        return hf_error_set(err, HF_ERROR_INVALID, "the root of the kernel's files is too long");
    hf_cgroup_find(t);
    *ret_telemetry = hf_steal(&t);
    return 0;
}

void
hf_telemetry_free(struct hf_telemetry *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < HF_SERVICES_MAX; i++)
        hf_kernel_close(t->slots[i].files, SERVICE_FILE_COUNT);
    hf_kernel_close(t->files, HOST_FILE_COUNT);
    hf_kernel_close(t->zones, ZONES_MAX);
    free(t);
}

static bool
read_kept(struct hf_telemetry *t, enum host_file f, char *out, size_t size)
{
    static const char *const names[HOST_FILE_COUNT] = {
        [FILE_STAT] = "stat",
        [FILE_MEMINFO] = "meminfo",
        [FILE_LOADAVG] = "loadavg",
        [FILE_UPTIME] = "uptime",
        [FILE_OWN_STAT] = "self/stat",
        [FILE_OWN_STATM] = "self/statm",
        [FILE_HOST_CPU] = "pressure/cpu",
        [FILE_HOST_MEMORY] = "pressure/memory",
        [FILE_HOST_IO] = "pressure/io",
    };
    char folder[sizeof t->root + sizeof "/proc"];

    return hf_text_put(folder, sizeof folder, "%s/proc", t->root) &&
           hf_kernel_reread(&t->files[f], folder, names[f], out, size);
}

static int
count_cores(const char *stat)
{
    int count = 0;

    for (const char *at = strstr(stat, "\ncpu"); at; at = strstr(at + 1, "\ncpu"))
        count++;
    return count;
}

/* The first line of proc(5) stat. */
static void
read_cpu(struct hf_telemetry *t, struct hf_host_view *ret)
{
    enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, FIELD_COUNT };
    char text[STAT_TEXT_MAX];
    int64_t v[FIELD_COUNT] = {0};
    int64_t total = 0;
    int64_t busy;

    if (!read_kept(t, FILE_STAT, text, sizeof text) || strncmp(text, "cpu ", 4) != 0 ||
        hf_kernel_numbers(text + 4, v, FIELD_COUNT) <= IDLE)
        return;
    ret->cores = count_cores(text);
    for (size_t i = 0; i < FIELD_COUNT; i++)
        total += v[i];
    busy = total - v[IDLE] - v[IOWAIT];
    if (t->host_total && total > t->host_total && busy >= t->host_busy)
        ret->cpu_percent = 100.0 * (double)(busy - t->host_busy) / (double)(total - t->host_total);
    t->host_busy = busy;
    t->host_total = total;
}

static void
read_memory(struct hf_telemetry *t, struct hf_host_view *ret)
{
    char text[TELEMETRY_TEXT_MAX];
    int64_t total;
    int64_t available;

    if (!read_kept(t, FILE_MEMINFO, text, sizeof text) ||
        !hf_kernel_field(text, "MemTotal", &total) ||
        !hf_kernel_field(text, "MemAvailable", &available))
        return;
    ret->memory_total_bytes = total * 1024;
    ret->memory_used_bytes = (total - available) * 1024;
}

static void
read_load_and_uptime(struct hf_telemetry *t, struct hf_host_view *ret)
{
    char text[128];

    if (read_kept(t, FILE_LOADAVG, text, sizeof text))
        ret->load1 = strtod(text, NULL);
    if (read_kept(t, FILE_UPTIME, text, sizeof text))
        ret->uptime_s = (int64_t)strtod(text, NULL);
}

static void
read_hostname(const struct hf_telemetry *t, struct hf_host_view *ret)
{
    char path[PATH_MAX], text[HF_NAME_SIZE];

    if (!hf_text_put(path, sizeof path, "%s/proc/sys/kernel/hostname", t->root) ||
        !hf_kernel_read(path, text, sizeof text))
        return;
    text[strcspn(text, "\n")] = '\0';
    hf_text_put(ret->hostname, sizeof ret->hostname, "%s", text);
}

/* localtime(5): a link into the database; without one it is UTC. */
static void
read_time_zone(const struct hf_telemetry *t, struct hf_host_view *ret)
{
    static const char database[] = "/zoneinfo/";
    char path[PATH_MAX], target[PATH_MAX];
    const char *name = NULL;
    ssize_t len = -1;

    if (hf_text_put(path, sizeof path, "%s/etc/localtime", t->root))
        len = readlink(path, target, sizeof target - 1);
    if (len > 0) {
        target[len] = '\0';
        name = strstr(target, database);
    }
    if (!name || !hf_text_put(ret->zone, sizeof ret->zone, "%s", name + strlen(database)))
        hf_text_put(ret->zone, sizeof ret->zone, "UTC");
}

static void
find_zones(struct hf_telemetry *t)
{
    char path[PATH_MAX], text[32];
    const struct dirent *entry;
    DIR *zones;

    t->zones_found = true;
    hf_text_put(path, sizeof path, "%s/sys/class/thermal", t->root);
    zones = opendir(path);
    while (zones && (entry = readdir(zones)) && t->zone_count < ZONES_MAX) {
        struct hf_kernel_file *f = &t->zones[t->zone_count];

        if (strncmp(entry->d_name, "thermal_zone", strlen("thermal_zone")) != 0 ||
            !hf_text_put(path, sizeof path, "%s/sys/class/thermal/%s", t->root, entry->d_name))
            continue;
        if (hf_kernel_reread(f, path, "temp", text, sizeof text))
            t->zone_count++;
        else
            hf_kernel_close(f, 1);
    }
    if (zones)
        closedir(zones);
}

/* The hottest of all zones counts: which one is the processor differs from board to board. */
static void
read_temperature(struct hf_telemetry *t, struct hf_host_view *ret)
{
    if (!t->zones_found)
        find_zones(t);
    for (size_t i = 0; i < t->zone_count; i++) {
        int64_t milli;
        double celsius;

        if (!hf_kernel_reread_number(&t->zones[i], "", "", &milli))
            continue;
        celsius = (double)milli / 1000.0;
        if (celsius < TEMPERATURE_MIN_C || celsius > TEMPERATURE_MAX_C)
            continue;
        if (!ret->has_temperature || celsius > ret->temperature_c)
            ret->temperature_c = celsius;
        ret->has_temperature = true;
    }
}

static bool
read_pressure(struct hf_telemetry *t, enum host_file f, double *ret_percent)
{
    char text[256];

    return read_kept(t, f, text, sizeof text) && hf_kernel_pressure(text, ret_percent);
}

/* proc(5) stat of ourselves. The name in brackets may hold anything, brackets too; behind it comes
 * a letter, and then numbers, of which the 11th and 12th are utime and stime. */
static bool
own_ticks(struct hf_telemetry *t, int64_t *ret_ticks)
{
    enum { UTIME = 10, STIME, FIELD_COUNT };
    char text[1024];
    int64_t v[FIELD_COUNT];
    const char *behind;

    if (!read_kept(t, FILE_OWN_STAT, text, sizeof text))
        return false;
    behind = strrchr(text, ')');
    if (!behind || strlen(behind) < strlen(") S ") ||
        hf_kernel_numbers(behind + strlen(") S "), v, FIELD_COUNT) != FIELD_COUNT)
        return false;
    *ret_ticks = v[UTIME] + v[STIME];
    return true;
}

static void
read_own(struct hf_telemetry *t, int64_t now_ms, struct hf_host_view *ret)
{
    const int64_t nano_per_tick = 1000000000 / sysconf(_SC_CLK_TCK);
    char text[128];
    int64_t pages[2]; /* size, resident */
    int64_t ticks;

    if (read_kept(t, FILE_OWN_STATM, text, sizeof text) &&
        hf_kernel_numbers(text, pages, HF_LEN(pages)) == HF_LEN(pages))
        ret->daemon_rss_bytes = pages[1] * sysconf(_SC_PAGESIZE);
    if (!own_ticks(t, &ticks))
        return;
    if (t->own_at_ms)
        ret->daemon_cpu_percent =
            hf_cgroup_percent((ticks - t->own_ticks) * nano_per_tick, now_ms - t->own_at_ms);
    t->own_ticks = ticks;
    t->own_at_ms = now_ms;
}

/* What hardly moves, and what is a mean of ten seconds, by itself or by being read so seldom. */
static void
read_slow(struct hf_telemetry *t, int64_t now_ms, struct hf_host_view *ret)
{
    t->slow_at_ms = now_ms;
    ret->flash_percent_used = -1;
    read_hostname(t, ret);
    read_time_zone(t, ret);
    read_load_and_uptime(t, ret);
    read_temperature(t, ret);
    read_own(t, now_ms, ret);
    hf_disk_read_wear(t, ret);
    ret->has_pressure = read_pressure(t, FILE_HOST_CPU, &ret->pressure.cpu) &&
                        read_pressure(t, FILE_HOST_MEMORY, &ret->pressure.memory) &&
                        read_pressure(t, FILE_HOST_IO, &ret->pressure.io);
}

void
hf_telemetry_host(struct hf_telemetry *t, const char *const *disk_paths, size_t count,
                  int64_t now_ms, struct hf_host_view *ret_host)
{
    if (count && !t->device_found)
        hf_disk_find(t, disk_paths[0]);
    if (t->slow_at_ms == 0 || now_ms - t->slow_at_ms >= SLOW_MS) {
        t->slow = (struct hf_host_view){0};
        read_slow(t, now_ms, &t->slow);
    }
    *ret_host = t->slow;
    ret_host->cgroup_version = t->cgroup_version;
    ret_host->clock_synced = hf_clock_synced();
    ret_host->device_written_bytes = -1;
    ret_host->device_written_per_s = -1;
    read_cpu(t, ret_host);
    read_memory(t, ret_host);
    hf_disk_read(t, disk_paths, count, ret_host);
    hf_disk_read_device(t, now_ms, ret_host);
}
