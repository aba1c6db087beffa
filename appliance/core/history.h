// SPDX-License-Identifier: Apache-2.0
/*
 * What was, in fixed memory: each series has 600 values a second apart, 2,160 means of 10 s and
 * 4,320 means of a minute, that is 10 minutes, 6 hours and 3 days. A value takes 16 bits (see
 * history_code()), so a series takes 14,160 bytes, and a gateway with 8 services (65 series) 0.9
 * MB; the memory is asked for when a series first appears, and its pages are only touched when they
 * are reached.
 *
 * Time is the monotonic clock's, so a wall clock that jumps moves the whole picture and tears
 * nothing. A second in which nothing was put is a null, not a line across the gap.
 *
 * The minutes can be taken out as bytes (history_save) and given back after a restart
 * (history_load): series by name, each value as the difference to the one before, so that an hour
 * of 65 series has about 3 KB.
 */
#pragma once

#include "base/buf.h"
#include "core/core.h"

#include <pthread.h>

enum {
    HISTORY_SERIES_MAX = 9 + 7 * HF_SERVICES_MAX,
    HISTORY_SAVE_MAX = 256 * 1024 /* most bytes of one history_save() */
};

struct history_series;

struct history_tier {
    size_t next;  /* where the next point goes */
    size_t count; /* points there are */
};

struct hf_history_ring {
    pthread_mutex_t lock;
    struct history_tier tiers[HF_HISTORY_RANGE_COUNT];
    int64_t second; /* that is being filled, of the monotonic clock; 0: none yet */
    size_t unsaved; /* newest minutes that history_save() has not given yet */
    size_t series_count, cursor;
    struct history_series *series[HISTORY_SERIES_MAX];
};

void history_init(struct hf_history_ring *h);
void history_done(struct hf_history_ring *h);

/* Begins the second of mono_ms; what is put belongs to it. */
void history_begin(struct hf_history_ring *h, int64_t mono_ms);

/* The value of a series now; NaN: not known. Of two in a second the later counts. */
void history_put(struct hf_history_ring *h, const char *name, double value);

/* Takes the answer to a question; see hf_core_history(). */
HF_MUST int history_read(struct hf_history_ring *h, const struct hf_history_query *q,
                         struct hf_history *ret_history, struct hf_error *err);

/* Appends the minutes that were not given yet; *ret_points gets how many, 0 for none. They count as
 * given after history_saved(). */
HF_MUST int history_save(struct hf_history_ring *h, struct hf_buf *out, size_t *ret_points,
                         struct hf_error *err);
void history_saved(struct hf_history_ring *h, size_t points);

/* Before the first second: what was saved, oldest first, and gaps of so many minutes in between.
 * Bytes that make no sense are a gap. Returns how many minutes were read. */
size_t history_load(struct hf_history_ring *h, const void *data, size_t len);
void history_gap(struct hf_history_ring *h, int64_t minutes);

/* A value in 16 bits: 0 is "not known", 1 is zero; else a sign, 6 bits of exponent and 9 of
 * mantissa, within 0.1 % from 0.00002 to 280 × 10^12. */
uint16_t history_code(double value);
double history_value(uint16_t code);
