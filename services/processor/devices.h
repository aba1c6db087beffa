// SPDX-License-Identifier: Apache-2.0
/* The devices that were heard, by the level of the topic that a setting names. Bounded: the one not
 * heard for longest makes room, and is counted. */
#pragma once

#include "common/record.h"
#include "processor/lru.h"
#include "json/json.h"

enum {
    HF_DEVICES_MAX = 10000,
    HF_DEVICE_ID_MAX = 128,    /* longer ones are no device */
    HF_DEVICE_TOPIC_MAX = 256, /* of the last topic; what is longer is cut */
    HF_DEVICE_LAST_MAX = 256,  /* of the last value */
    HF_DEVICE_PATTERN_MAX = 256,
    HF_DEVICES_PAGE_MAX = 500,
    HF_DEVICES_SILENT_MAX = 16, /* named at once; the others are counted */

    /* Quiet is a device that has said nothing for so many of its own intervals, and not for less
     * than a minute; where one message is all there was, there is no interval. */
    HF_DEVICE_QUIET_INTERVALS = 5,
    HF_DEVICE_QUIET_MIN_MS = 60 * 1000,
    HF_DEVICE_QUIET_ALONE_MS = 600 * 1000,
};

struct hf_devices {
    struct hf_lru table;
    char filter[HF_DEVICE_PATTERN_MAX]; /* the pattern with + in place of ID */
    unsigned level;                     /* which level is the id, from 0 */
};

HF_MUST int hf_devices_init(struct hf_devices *d, struct hf_error *err);
void hf_devices_done(struct hf_devices *d);

/* Takes a pattern as `+/ID/#`: an MQTT filter in which one level is ID. Devices known by another
 * pattern are forgotten where it changes. */
HF_MUST int hf_devices_set_pattern(struct hf_devices *d, const char *pattern, struct hf_error *err);

/* Checks a pattern without taking it. */
HF_MUST int hf_devices_check_pattern(const char *pattern, struct hf_error *err);

/* How many have said nothing for after_ms; 0 where that is 0. */
size_t hf_devices_silent(const struct hf_devices *d, int64_t after_ms, int64_t mono_ms);

/* Appends the answer to POST /v1/devices/silent: those that were silent first, and which of known
 * have been heard meanwhile. */
HF_MUST int hf_devices_print_silent(struct hf_devices *d, int64_t after_ms, int64_t mono_ms,
                                    const struct hf_json *known, struct hf_buf *out,
                                    struct hf_error *err);

void hf_devices_hear(struct hf_devices *d, const struct hf_record *r, int64_t mono_ms);

struct hf_devices_page {
    size_t limit;
    char cursor[HF_DEVICE_ID_MAX + 1]; /* only ids above this */
    char search[HF_DEVICE_ID_MAX + 1]; /* only ids with this in them, in any case of ASCII */
    bool quiet;                        /* only those that are quiet */
};

/* Appends the page of GET /v1/devices, by id. */
HF_MUST int hf_devices_print(const struct hf_devices *d, const struct hf_devices_page *page,
                             int64_t mono_ms, struct hf_buf *out, struct hf_error *err);
