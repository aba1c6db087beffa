// SPDX-License-Identifier: Apache-2.0
#include "telemetry/internal.h"

#include <stdlib.h>
#include <string.h>

static bool
read_text(struct slot *s, enum controller c, enum service_file f, const char *name, char *out,
          size_t size)
{
    return hf_kernel_reread(&s->files[f], s->folders[c], name, out, size);
}

static bool
read_number(struct slot *s, enum controller c, enum service_file f, const char *name,
            int64_t *ret_value)
{
    return hf_kernel_reread_number(&s->files[f], s->folders[c], name, ret_value);
}

enum {
    CACHE_PART = 64, /* by how much memory must move until the dear memory.stat is read early */
    QUIET_NS = 5 * NANO_PER_MS, /* of CPU: idle services use 1 or 2 ms a second, by what they say */
};

static int64_t
read_cache(struct slot *s, bool v2, int64_t now_ms, int64_t usage)
{
    char text[TELEMETRY_TEXT_MAX];

    if (s->cache_at_ms && now_ms - s->cache_at_ms < SLOW_MS &&
        llabs(usage - s->cache_usage) < s->cache_usage / CACHE_PART)
        return s->cache_bytes;
    if (!read_text(s, MEMORY, FILE_MEMORY_STAT, "memory.stat", text, sizeof text) ||
        !hf_kernel_field(text, v2 ? "inactive_file" : "total_inactive_file", &s->cache_bytes))
        s->cache_bytes = 0;
    s->cache_usage = usage;
    s->cache_at_ms = now_ms;
    return s->cache_bytes;
}

/* Working set: what the kernel cannot simply drop, the number that the out-of-memory killer is near
 * to. The page cache that nobody used lately is taken off. */
static bool
read_memory(struct slot *s, bool v2, int64_t now_ms, struct hf_usage *ret)
{
    int64_t usage, cache;

    if (!read_number(s, MEMORY, FILE_MEMORY, v2 ? "memory.current" : "memory.usage_in_bytes",
                     &usage))
        return false;
    cache = read_cache(s, v2, now_ms, usage);
    ret->memory_bytes = usage > cache ? usage - cache : 0;
    return true;
}

static void
take_throttling(const char *cpu_stat, struct sample *ret)
{
    if (!hf_kernel_field(cpu_stat, "nr_periods", &ret->periods) ||
        !hf_kernel_field(cpu_stat, "nr_throttled", &ret->throttled))
        ret->periods = ret->throttled = 0;
}

/* With the throttling where that is in the same file. */
static bool
read_used(struct slot *s, bool v2, struct sample *ret)
{
    char text[TELEMETRY_TEXT_MAX];
    int64_t micros;

    if (!v2)
        return read_number(s, CPUACCT, FILE_CPU_USAGE, "cpuacct.usage", &ret->used_ns);
    if (!read_text(s, CPU, FILE_CPU, "cpu.stat", text, sizeof text) ||
        !hf_kernel_field(text, "usage_usec", &micros))
        return false;
    ret->used_ns = micros * NANO_PER_MICRO;
    take_throttling(text, ret);
    return true;
}

static void
read_throttling(struct slot *s, struct sample *ret)
{
    char text[TELEMETRY_TEXT_MAX];

    if (read_text(s, CPU, FILE_CPU, "cpu.stat", text, sizeof text))
        take_throttling(text, ret);
}

/* The sum of what stands behind each key; a device has a line. An empty file is a container that
 * has not touched a disk yet. */
static int64_t
sum_behind(const char *text, const char *key)
{
    int64_t sum = 0, one;

    for (const char *at = strstr(text, key); at; at = strstr(at + 1, key))
        if (hf_kernel_numbers(at + strlen(key), &one, 1) == 1)
            sum += one;
    return sum;
}

/* v2: `8:0 rbytes=1 wbytes=2 …`; v1: `8:0 Read 1` and `8:0 Write 2`. */
static void
read_io(struct slot *s, bool v2, struct sample *ret)
{
    char text[TELEMETRY_TEXT_MAX] = "";

    if (!read_text(s, BLKIO, FILE_IO, v2 ? "io.stat" : "blkio.throttle.io_service_bytes", text,
                   sizeof text) &&
        s->files[FILE_IO].fd_and_one <= 0)
        return;
    ret->io_read = sum_behind(text, v2 ? " rbytes=" : " Read ");
    ret->io_write = sum_behind(text, v2 ? " wbytes=" : " Write ");
}

/* net/dev as the process sees it: two lines of head, then `name: received, 7 more, sent, …`. What a
 * container says to itself does not count. */
static void
read_net(struct slot *s, struct sample *ret)
{
    enum { RECEIVED = 0, SENT = 8, FIELD_COUNT };
    char text[TELEMETRY_TEXT_MAX];
    int64_t v[FIELD_COUNT];

    if (!hf_kernel_reread(&s->files[FILE_NET], s->process, "net/dev", text, sizeof text))
        return;
    ret->net_rx = ret->net_tx = 0;
    for (const char *line = text, *next; line; line = next ? next + 1 : NULL) {
        const char *colon = strchr(line, ':');

        next = strchr(line, '\n');
        if (!colon || (next && colon > next))
            continue;
        if ((colon - line >= 2 && strncmp(colon - 2, "lo", 2) == 0 &&
             (colon - line == 2 || colon[-3] == ' ')) ||
            hf_kernel_numbers(colon + 1, v, FIELD_COUNT) != FIELD_COUNT)
            continue;
        ret->net_rx += v[RECEIVED];
        ret->net_tx += v[SENT];
    }
}

static bool
read_pressure(struct slot *s, enum service_file f, const char *name, double *ret_percent)
{
    char text[256];

    return read_text(s, MEMORY, f, name, text, sizeof text) &&
           hf_kernel_pressure(text, ret_percent);
}

static bool
is_slow_due(const struct slot *s, int64_t now_ms)
{
    return s->slow_at_ms == 0 || now_ms - s->slow_at_ms >= SLOW_MS;
}

static void
read_slow(struct slot *s, bool v2, int64_t now_ms)
{
    struct hf_usage *u = &s->usage;

    if (!is_slow_due(s, now_ms))
        return;
    s->slow_at_ms = now_ms;
    if (!read_number(s, PIDS, FILE_PIDS, "pids.current", &u->pids))
        u->pids = 0;
    if (!read_number(s, MEMORY, FILE_MEMORY_PEAK, v2 ? "memory.peak" : "memory.max_usage_in_bytes",
                     &u->memory_peak_bytes))
        u->memory_peak_bytes = -1;
    u->has_pressure =
        v2 && read_pressure(s, FILE_PRESSURE_CPU, "cpu.pressure", &u->pressure.cpu) &&
        read_pressure(s, FILE_PRESSURE_MEMORY, "memory.pressure", &u->pressure.memory) &&
        read_pressure(s, FILE_PRESSURE_IO, "io.pressure", &u->pressure.io);
}

double
hf_cgroup_percent(int64_t used_ns, int64_t passed_ms)
{
    if (passed_ms <= 0 || used_ns <= 0)
        return 0;
    return 100.0 * (double)used_ns / ((double)passed_ms * NANO_PER_MS);
}

/* -1 where either is not known. */
static double
per_second(int64_t was, int64_t is, int64_t passed_ms)
{
    if (was < 0 || is < was || passed_ms <= 0)
        return -1;
    return (double)(is - was) * 1000.0 / (double)passed_ms;
}

static void
compare(const struct sample *was, const struct sample *is, struct hf_usage *ret)
{
    int64_t periods = is->periods - was->periods;
    int64_t throttled = is->throttled - was->throttled;
    int64_t passed_ms = was->at_ms ? is->at_ms - was->at_ms : 0;
    bool compares = passed_ms > 0 && periods > 0 && throttled > 0;

    ret->net_rx_bytes = is->net_rx;
    ret->net_tx_bytes = is->net_tx;
    ret->io_read_bytes = is->io_read;
    ret->io_write_bytes = is->io_write;
    ret->throttled_percent = compares ? 100.0 * (double)throttled / (double)periods : 0;
    ret->net_rx_per_s = per_second(was->net_rx, is->net_rx, passed_ms);
    ret->net_tx_per_s = per_second(was->net_tx, is->net_tx, passed_ms);
    ret->io_read_per_s = per_second(was->io_read, is->io_read, passed_ms);
    ret->io_write_per_s = per_second(was->io_write, is->io_write, passed_ms);
}

/* Whether more than the CPU is read. What has used so little CPU since then has hardly sent,
 * written or taken memory. */
static bool
is_rest_due(const struct slot *s, const struct sample *now)
{
    return is_slow_due(s, now->at_ms) || now->used_ns - s->last.used_ns >= QUIET_NS;
}

static bool
read_rest(struct slot *s, bool v2, struct sample *now)
{
    if (!read_memory(s, v2, now->at_ms, &s->usage))
        return false;
    if (!v2)
        read_throttling(s, now);
    read_io(s, v2, now);
    read_net(s, now);
    compare(&s->last, now, &s->usage);
    s->last = *now;
    read_slow(s, v2, now->at_ms);
    return true;
}

static void
compare_cpu(struct slot *s, const struct sample *now)
{
    s->usage.cpu_percent =
        s->used_at_ms ? hf_cgroup_percent(now->used_ns - s->used_ns, now->at_ms - s->used_at_ms)
                      : 0;
    s->used_ns = now->used_ns;
    s->used_at_ms = now->at_ms;
}

static void
forget(struct slot *s)
{
    hf_kernel_close(s->files, SERVICE_FILE_COUNT);
    *s = (struct slot){0};
}

static bool
settle(struct hf_telemetry *t, struct slot *s, pid_t pid)
{
    if (s->pid == pid)
        return true;
    forget(s);
    return hf_cgroup_settle(t, s, pid);
}

void
hf_telemetry_service(struct hf_telemetry *t, size_t slot, pid_t pid, int64_t now_ms,
                     struct hf_usage *ret_usage)
{
    struct slot *s = &t->slots[slot];
    bool v2 = t->cgroup_version == 2;
    struct sample now = {
        .at_ms = now_ms, .net_rx = -1, .net_tx = -1, .io_read = -1, .io_write = -1};

    *ret_usage = (struct hf_usage){0};
    if (pid <= 0 || !settle(t, s, pid) || !read_used(s, v2, &now) ||
        (is_rest_due(s, &now) && !read_rest(s, v2, &now))) {
        if (s->pid)
            forget(s);
        return;
    }
    compare_cpu(s, &now);
    *ret_usage = s->usage;
    ret_usage->known = true;
}
