// SPDX-License-Identifier: Apache-2.0
/*
 * Time. Intervals come from the monotonic clock, which never jumps; the wall clock is only for
 * people and records.
 */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t hf_clock_mono_ms(void);

/* Milliseconds since 1970-01-01 UTC of CLOCK_REALTIME. */
int64_t hf_clock_wall_ms(void);

/* Whether the kernel says that the clock is synchronised (adjtimex(2), STA_UNSYNC). */
bool hf_clock_synced(void);

/* No clock of ours is before this: a time before it was said by a clock that had not been set.
 * 2025-01-01. */
#define HF_CLOCK_PLAUSIBLE_MS INT64_C(1735689600000)

/* Sets the clock of the machine to floor_ms where it is before that, as one without a battery is
 * after a start. 1: it was set; 0: no need; -1 with errno: not allowed. */
int hf_clock_raise(int64_t floor_ms);

/* Whether the wall clock has been set between two moments, by more than a drift: both clocks at
 * each. */
bool hf_clock_jumped(int64_t wall_ms, int64_t mono_ms, int64_t later_wall_ms,
                     int64_t later_mono_ms);

enum { HF_RFC3339_SIZE = 32 };

/* Writes `2026-11-24T03:01:33.123Z` (RFC 3339, UTC, milliseconds). */
void hf_clock_rfc3339(int64_t wall_ms, char out[HF_RFC3339_SIZE]);

/* Reads a date-time of RFC 3339 with any offset, years 1970 to 9999; what is finer than
 * milliseconds is cut off. False where it is anything else. */
bool hf_clock_parse(const char *text, int64_t *ret_wall_ms);
