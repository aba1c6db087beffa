// SPDX-License-Identifier: Apache-2.0
/*
 * Who has which lease, and for how long. Only in memory: after a restart a lease is anybody's, and
 * the spool sees to it that its span and bytes are the same. One thread owns a table; times are
 * those of the monotonic clock.
 */
#pragma once

#include "base/error.h"
#include "common/lane.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HF_HOLDERS_MAX = 8 * (HF_LANE_COUNT - 1), /* as many as there are sinks and lanes */
    HF_HOLDER_SIZE = 65,
    HF_HOLDER_SINK_SIZE = 33,
};

struct hf_holder {
    char sink[HF_HOLDER_SINK_SIZE]; /* empty: the place is free */
    enum hf_lane lane;
    char name[HF_HOLDER_SIZE];
    int64_t until_ms;
};

struct hf_holders {
    struct hf_holder all[HF_HOLDERS_MAX];
};

/* Whether name may have the lease of this lane now. */
bool hf_holders_may(const struct hf_holders *h, const char *sink, enum hf_lane lane,
                    const char *name, int64_t now_ms);

/* Gives it to name until then; after hf_holders_may(). */
void hf_holders_take(struct hf_holders *h, const char *sink, enum hf_lane lane, const char *name,
                     int64_t until_ms);

/* Sets the end of a lease that is out; false where there is none, or its time was over. */
bool hf_holders_extend(struct hf_holders *h, const char *sink, enum hf_lane lane, int64_t now_ms,
                       int64_t until_ms);

/* The lease is over: acknowledged. */
void hf_holders_end(struct hf_holders *h, const char *sink, enum hf_lane lane);
