// SPDX-License-Identifier: Apache-2.0
/*
 * What has changed from one picture to the next, in words: so that who was away for a while can be
 * told what it did not see. A ring: the oldest gives way. The caller locks it.
 */
#pragma once

#include "model/view.h"

enum { HF_HAPPENINGS_KEPT = 256 };

enum hf_happening_kind {
    HF_HAPPENED_SERVICE, /* the state of a container */
    HF_HAPPENED_HEALTH,
    HF_HAPPENED_BUFFER,
    HF_HAPPENED_UPLINK,
    HF_HAPPENED_ENGINE,
    HF_HAPPENED_RELEASE, /* what is in force */
    HF_HAPPENED_UPGRADE,
    HF_HAPPENED_ALARMS, /* how many are active */
    HF_HAPPENING_KIND_COUNT
};

/* "service", "health" … */
const char *hf_happening_kind_name(enum hf_happening_kind kind);

enum { HF_HAPPENING_WORD_SIZE = 64 };

struct hf_happening {
    uint64_t n; /* 1 for the first since the start */
    int64_t at_ms;
    enum hf_happening_kind kind;
    char subject[HF_NAME_SIZE]; /* the service; "" for the gateway */
    char from[HF_HAPPENING_WORD_SIZE], to[HF_HAPPENING_WORD_SIZE];
};

struct hf_happenings {
    uint64_t newest; /* 0: none yet */
    struct hf_happening ring[HF_HAPPENINGS_KEPT];
};

/* Adds what differs. before may be NULL: nothing does. */
void hf_happened(struct hf_happenings *h, const struct hf_snapshot *before,
                 const struct hf_snapshot *now);

/* Those after n, oldest first, at most max; ret_missed gets how many are no longer kept. */
size_t hf_happenings_after(const struct hf_happenings *h, uint64_t n, struct hf_happening *ret,
                           size_t max, uint64_t *ret_missed);
