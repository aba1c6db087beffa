// SPDX-License-Identifier: Apache-2.0
/*
 * Guards: how near something is to damage. A level rises as soon as a reading reaches its
 * threshold, and falls only when the reading is below that threshold by some slack, so that one at
 * the edge does not make a new alarm each second. Pure.
 */
#pragma once

#include "model/settings.h"
#include "model/view.h"

enum guard_level { GUARD_OK, GUARD_WARN, GUARD_BAD };

/* The level after a reading; NaN (not known) leaves it as it is. */
enum guard_level guard_step(enum guard_level level, double reading, const struct hf_threshold *t,
                            double slack);

/* The slack of a kind, in its unit. */
double guard_slack(enum hf_guard_kind kind, const struct hf_threshold *t);

/* Percent of what everybody may use that is used; NaN where there is nothing to use. */
double guard_disk_percent(const struct hf_disk_view *d);
double guard_inode_percent(const struct hf_disk_view *d);
double guard_memory_percent(const struct hf_host_view *h);

/* Of a certificate: WARN 30 days before its end, BAD 7 days before and from then on. OK where
 * there is none (ends_ms 0), and where the clock may be what is wrong. Times of the wall clock. */
enum guard_level guard_certificate(int64_t ends_ms, int64_t now_ms, bool clock_synced);

/* Bytes written in the last 24 hours, or in as many of them as were seen. */
enum { GUARD_HOURS = 24 };
struct guard_day {
    int64_t hours[GUARD_HOURS];
    int64_t hour;  /* the newest one, of the monotonic clock */
    int64_t total; /* the counter at the last reading; -1: none yet */
};

void guard_day_init(struct guard_day *d);
/* total is a counter that only grows (it begins anew where it is less); -1: not known. Returns the
 * sum, NaN where nothing is known. */
double guard_day_step(struct guard_day *d, int64_t total, int64_t mono_ms);

/* The hours, the oldest first; and what was read so before a restart that long ago taken back. What
 * was written meanwhile counts where the counter went on. */
void guard_day_read(const struct guard_day *d, int64_t ret_hours[GUARD_HOURS]);
void guard_day_restore(struct guard_day *d, const int64_t hours[GUARD_HOURS], int64_t total,
                       int64_t gap_hours, int64_t mono_ms);
