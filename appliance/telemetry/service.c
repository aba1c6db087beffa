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

/* How much must have changed before the dear memory.stat is read ahead of time: a 64th. */
enum { CACHE_PART = 64 };

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

static bool
read_cpu(struct slot *s, bool v2, struct sample *ret)
{
    char text[TELEMETRY_TEXT_MAX];
    int64_t micros;

    if (read_text(s, CPU, FILE_CPU, "cpu.stat", text, sizeof text)) {
        if (!hf_kernel_field(text, "nr_periods", &ret->periods) ||
            !hf_kernel_field(text, "nr_throttled", &ret->throttled))
            ret->periods = ret->throttled = 0;
        if (v2 && hf_kernel_field(text, "usage_usec", &micros)) {
            ret->used_ns = micros * NANO_PER_MICRO;
            return true;
        }
    }
    return !v2 && read_number(s, CPUACCT, FILE_CPU_USAGE, "cpuacct.usage", &ret->used_ns);
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

static void
read_slow(struct slot *s, bool v2, int64_t now_ms, struct hf_usage *ret)
{
    struct hf_usage *u = &s->slow;

    if (s->slow_at_ms == 0 || now_ms - s->slow_at_ms >= SLOW_MS) {
        s->slow_at_ms = now_ms;
        if (!read_number(s, PIDS, FILE_PIDS, "pids.current", &u->pids))
            u->pids = 0;
        if (!read_number(s, MEMORY, FILE_MEMORY_PEAK,
                         v2 ? "memory.peak" : "memory.max_usage_in_bytes", &u->memory_peak_bytes))
            u->memory_peak_bytes = -1;
        u->has_pressure =
            v2 && read_pressure(s, FILE_PRESSURE_CPU, "cpu.pressure", &u->pressure.cpu) &&
            read_pressure(s, FILE_PRESSURE_MEMORY, "memory.pressure", &u->pressure.memory) &&
            read_pressure(s, FILE_PRESSURE_IO, "io.pressure", &u->pressure.io);
    }
    ret->pids = u->pids;
    ret->memory_peak_bytes = u->memory_peak_bytes;
    ret->has_pressure = u->has_pressure;
    ret->pressure = u->pressure;
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
    int64_t passed_ms = is->at_ms - was->at_ms;

    ret->net_rx_bytes = is->net_rx;
    ret->net_tx_bytes = is->net_tx;
    ret->io_read_bytes = is->io_read;
    ret->io_write_bytes = is->io_write;
    ret->net_rx_per_s = ret->net_tx_per_s = ret->io_read_per_s = ret->io_write_per_s = -1;
    if (was->at_ms == 0)
        return;
    ret->cpu_percent = hf_cgroup_percent(is->used_ns - was->used_ns, passed_ms);
    if (periods > 0 && throttled > 0)
        ret->throttled_percent = 100.0 * (double)throttled / (double)periods;
    ret->net_rx_per_s = per_second(was->net_rx, is->net_rx, passed_ms);
    ret->net_tx_per_s = per_second(was->net_tx, is->net_tx, passed_ms);
    ret->io_read_per_s = per_second(was->io_read, is->io_read, passed_ms);
    ret->io_write_per_s = per_second(was->io_write, is->io_write, passed_ms);
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
    if (pid <= 0 || !settle(t, s, pid) || !read_memory(s, v2, now_ms, ret_usage) ||
        !read_cpu(s, v2, &now)) {
        if (s->pid)
            forget(s);
        return;
    }
    read_io(s, v2, &now);
    read_net(s, &now);
    compare(&s->last, &now, ret_usage);
    s->last = now;
    read_slow(s, v2, now_ms, ret_usage);
    ret_usage->known = true;
}
