// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/text.h"
#include "telemetry/internal.h"
#include "telemetry/kernel_file.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

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
    free(t);
}

static bool
read_under(const struct hf_telemetry *t, const char *file, char *out, size_t size)
{
    char path[PATH_MAX];

    return hf_text_put(path, sizeof path, "%s%s", t->root, file) && hf_kernel_read(path, out, size);
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

    if (!read_under(t, "/proc/stat", text, sizeof text) || strncmp(text, "cpu ", 4) != 0 ||
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
read_memory(const struct hf_telemetry *t, struct hf_host_view *ret)
{
    char text[TELEMETRY_TEXT_MAX];
    int64_t total;
    int64_t available;

    if (!read_under(t, "/proc/meminfo", text, sizeof text) ||
        !hf_kernel_field(text, "MemTotal", &total) ||
        !hf_kernel_field(text, "MemAvailable", &available))
        return;
    ret->memory_total_bytes = total * 1024;
    ret->memory_used_bytes = (total - available) * 1024;
}

static void
read_load_and_uptime(const struct hf_telemetry *t, struct hf_host_view *ret)
{
    char text[128];

    if (read_under(t, "/proc/loadavg", text, sizeof text))
        ret->load1 = strtod(text, NULL);
    if (read_under(t, "/proc/uptime", text, sizeof text))
        ret->uptime_s = (int64_t)strtod(text, NULL);
}

static void
read_hostname(const struct hf_telemetry *t, struct hf_host_view *ret)
{
    char text[HF_NAME_SIZE];

    if (!read_under(t, "/proc/sys/kernel/hostname", text, sizeof text))
        return;
    text[strcspn(text, "\n")] = '\0';
    hf_text_put(ret->hostname, sizeof ret->hostname, "%s", text);
}

static void
read_disk(const char *path, struct hf_host_view *ret)
{
    struct statvfs fs;

    if (statvfs(path, &fs) < 0)
        return;
    ret->disk_total_bytes = (int64_t)(fs.f_blocks * fs.f_frsize);
    ret->disk_used_bytes = (int64_t)((fs.f_blocks - fs.f_bfree) * fs.f_frsize);
}

/* /sys/block/…/stat: the seventh number is sectors written. A partition counts for its disk, which
 * is the folder above it. What has no device of its own (overlay, btrfs, tmpfs) is not known. */
static void
read_device(const struct hf_telemetry *t, const char *path, struct hf_host_view *ret)
{
    enum { SECTORS_WRITTEN = 6, FIELD_COUNT, SECTOR_BYTES = 512 };
    char file[PATH_MAX], text[256];
    int64_t v[FIELD_COUNT];
    struct stat st;
    bool is_partition;

    ret->device_written_bytes = -1;
    if (stat(path, &st) < 0)
        return;
    hf_text_put(file, sizeof file, "%s/sys/dev/block/%u:%u/partition", t->root, major(st.st_dev),
                minor(st.st_dev));
    is_partition = access(file, F_OK) == 0;
    hf_text_put(file, sizeof file, "%s/sys/dev/block/%u:%u%s/stat", t->root, major(st.st_dev),
                minor(st.st_dev), is_partition ? "/.." : "");
    if (hf_kernel_read(file, text, sizeof text) &&
        hf_kernel_numbers(text, v, FIELD_COUNT) == FIELD_COUNT)
        ret->device_written_bytes = v[SECTORS_WRITTEN] * SECTOR_BYTES;
}

/* The hottest of all zones counts: which one is the processor differs from board to board. */
static void
read_temperature(const struct hf_telemetry *t, struct hf_host_view *ret)
{
    char path[PATH_MAX];
    const struct dirent *entry;
    DIR *zones;

    hf_text_put(path, sizeof path, "%s/sys/class/thermal", t->root);
    zones = opendir(path);
    if (!zones)
        return;
    while ((entry = readdir(zones))) {
        int64_t milli;
        double celsius;

        if (strncmp(entry->d_name, "thermal_zone", strlen("thermal_zone")) != 0 ||
            !hf_text_put(path, sizeof path, "%s/sys/class/thermal/%s/temp", t->root,
                         entry->d_name) ||
            !hf_kernel_number(path, &milli))
            continue;
        celsius = (double)milli / 1000.0;
        if (celsius < TEMPERATURE_MIN_C || celsius > TEMPERATURE_MAX_C)
            continue;
        if (!ret->has_temperature || celsius > ret->temperature_c)
            ret->temperature_c = celsius;
        ret->has_temperature = true;
    }
    closedir(zones);
}

/* proc(5) stat of ourselves. The name in brackets may hold anything, brackets too; behind it comes
 * a letter, and then numbers, of which the 11th and 12th are utime and stime. */
static bool
own_ticks(const struct hf_telemetry *t, int64_t *ret_ticks)
{
    enum { UTIME = 10, STIME, FIELD_COUNT };
    char text[1024];
    int64_t v[FIELD_COUNT];
    const char *behind;

    if (!read_under(t, "/proc/self/stat", text, sizeof text))
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

    if (read_under(t, "/proc/self/statm", text, sizeof text) &&
        hf_kernel_numbers(text, pages, HF_LEN(pages)) == HF_LEN(pages))
        ret->daemon_rss_bytes = pages[1] * sysconf(_SC_PAGESIZE);
    if (!own_ticks(t, &ticks))
        return;
    if (t->host_at_ms)
        ret->daemon_cpu_percent =
            hf_cgroup_percent((ticks - t->own_ticks) * nano_per_tick, now_ms - t->host_at_ms);
    t->own_ticks = ticks;
}

void
hf_telemetry_host(struct hf_telemetry *t, const char *disk_path, int64_t now_ms,
                  struct hf_host_view *ret_host)
{
    *ret_host = (struct hf_host_view){
        .cgroup_version = t->cgroup_version,
        .clock_synced = hf_clock_synced(),
    };
    read_cpu(t, ret_host);
    read_memory(t, ret_host);
    read_load_and_uptime(t, ret_host);
    read_hostname(t, ret_host);
    read_disk(disk_path, ret_host);
    read_device(t, disk_path, ret_host);
    read_temperature(t, ret_host);
    read_own(t, now_ms, ret_host);
    t->host_at_ms = now_ms;
}
