// SPDX-License-Identifier: Apache-2.0
/* The newest messages as they came, for trying rules on: at most HF_RECENT_MAX of them and
 * HF_RECENT_BYTES. One that is larger than all of that is not kept. */
#pragma once

#include "common/record.h"

enum { HF_RECENT_MAX = 200, HF_RECENT_BYTES = 256 * 1024 };

struct hf_recent {
    struct hf_record records[HF_RECENT_MAX]; /* each with its texts in one piece behind topic */
    size_t first, count, bytes;
};

void hf_recent_done(struct hf_recent *r);

void hf_recent_keep(struct hf_recent *r, const struct hf_record *record);

/* A copy, oldest first; the caller's to hf_recent_done(). */
HF_MUST int hf_recent_copy(const struct hf_recent *r, struct hf_recent *ret_copy,
                           struct hf_error *err);

/* The i-th, from the oldest. */
const struct hf_record *hf_recent_at(const struct hf_recent *r, size_t i);
