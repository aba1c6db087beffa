// SPDX-License-Identifier: Apache-2.0
/* When upgrades may begin to switch services: hours of days, by the machine's local time. */
#pragma once

#include "base/error.h"
#include "json/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HF_WINDOWS_MAX = 8, HF_DAY_MINUTES = 24 * 60, HF_WEEK_DAYS = 7, HF_WINDOW_TEXT_SIZE = 16 };

struct hf_window {
    unsigned days;           /* on which it opens: bit 0 is Monday */
    int from_min, until_min; /* of the day; of the next one where until is not later */
};

struct hf_windows {
    struct hf_window list[HF_WINDOWS_MAX];
    size_t count; /* 0: always open */
};

/* Of [{"days":["mon"],"from":"22:00","to":"04:00"}], where days may be absent: all. pointer is
 * where the list stands; INVALID carries the place in it. */
HF_MUST int hf_windows_read(const struct hf_json *list, const char *pointer,
                            struct hf_windows *ret_windows, struct hf_error *err);
struct hf_json *hf_windows_print(const struct hf_windows *w);

/* Minutes until one is open: 0 for now. day 0 is Monday, minute is of that day. A day is taken to
 * have 24 hours: on that of a change of the clock it is an hour off. */
int hf_windows_wait(const struct hf_windows *w, int day, int minute);

/* "Tue 02:00", so many minutes from then. */
void hf_window_text(int day, int minute, int wait_min, char out[HF_WINDOW_TEXT_SIZE]);
