// SPDX-License-Identifier: Apache-2.0
#include "core/guard.h"

#include <math.h>

enum { HOUR_MS = 3600 * 1000, CERTIFICATE_WARN_DAYS = 30, CERTIFICATE_BAD_DAYS = 7 };

static enum guard_level
level_of(double reading, double warn, double bad)
{
    if (reading >= bad)
        return GUARD_BAD;
    return reading >= warn ? GUARD_WARN : GUARD_OK;
}

enum guard_level
guard_step(enum guard_level level, double reading, const struct hf_threshold *t, double slack)
{
    enum guard_level up = level_of(reading, t->warn, t->bad);
    enum guard_level down = level_of(reading, t->warn - slack, t->bad - slack);

    if (isnan(reading))
        return level;
    if (up > level)
        return up;
    return down < level ? down : level;
}

double
guard_slack(enum hf_guard_kind kind, const struct hf_threshold *t)
{
    static const double percent = 2, celsius = 3, part = 0.1;

    switch (kind) {
    case HF_GUARD_TEMPERATURE:
        return celsius;
    case HF_GUARD_FLASH:
        return part * t->warn;
    default:
        return percent;
    }
}

/* As df(1): what is kept for root is neither used nor free. */
double
guard_disk_percent(const struct hf_disk_view *d)
{
    int64_t usable = d->used_bytes + d->free_bytes;

    return usable > 0 ? 100.0 * (double)d->used_bytes / (double)usable : (double)NAN;
}

double
guard_inode_percent(const struct hf_disk_view *d)
{
    return d->inodes_total > 0 ? 100.0 * (double)d->inodes_used / (double)d->inodes_total
                               : (double)NAN;
}

double
guard_memory_percent(const struct hf_host_view *h)
{
    return h->memory_total_bytes > 0
               ? 100.0 * (double)h->memory_used_bytes / (double)h->memory_total_bytes
               : (double)NAN;
}

void
guard_day_init(struct guard_day *d)
{
    *d = (struct guard_day){.total = -1};
}

/* A restart may put the hours before the beginning of the monotonic clock. */
static size_t
place_of(int64_t hour)
{
    return (size_t)((hour % GUARD_HOURS + GUARD_HOURS) % GUARD_HOURS);
}

double
guard_day_step(struct guard_day *d, int64_t total, int64_t mono_ms)
{
    int64_t hour = mono_ms / HOUR_MS;
    double sum = 0;

    for (int64_t h = d->hour + 1; h <= hour && h <= d->hour + GUARD_HOURS; h++)
        d->hours[place_of(h)] = 0;
    d->hour = hour;
    if (total >= 0 && d->total >= 0 && total > d->total)
        d->hours[place_of(hour)] += total - d->total;
    if (total >= 0)
        d->total = total;
    if (d->total < 0)
        return (double)NAN;
    for (int i = 0; i < GUARD_HOURS; i++)
        sum += (double)d->hours[i];
    return sum;
}

void
guard_day_read(const struct guard_day *d, int64_t ret_hours[GUARD_HOURS])
{
    for (int i = 0; i < GUARD_HOURS; i++)
        ret_hours[i] = d->hours[place_of(d->hour + 1 + i)];
}

void
guard_day_restore(struct guard_day *d, const int64_t hours[GUARD_HOURS], int64_t total,
                  int64_t gap_hours, int64_t mono_ms)
{
    guard_day_init(d);
    d->hour = mono_ms / HOUR_MS;
    d->total = total;
    for (int64_t i = 0; i < GUARD_HOURS - gap_hours; i++)
        d->hours[place_of(d->hour + 1 + i)] = hours[i + gap_hours];
}

enum guard_level
guard_certificate(int64_t ends_ms, int64_t now_ms, bool clock_synced)
{
    static const int64_t day_ms = INT64_C(24) * 3600 * 1000;
    int64_t left_ms = ends_ms - now_ms;

    if (!ends_ms || !clock_synced || left_ms > CERTIFICATE_WARN_DAYS * day_ms)
        return GUARD_OK;
    return left_ms > CERTIFICATE_BAD_DAYS * day_ms ? GUARD_WARN : GUARD_BAD;
}
