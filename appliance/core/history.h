// SPDX-License-Identifier: Apache-2.0
/* The last HF_HISTORY_POINTS values of each series, in fixed memory. */
#pragma once

#include "core/core.h"

#include <pthread.h>

struct hf_history_ring {
    pthread_mutex_t lock;
    int64_t end_ms; /* wall clock of the newest point */
    size_t next;    /* where the next point goes */
    size_t points;
    size_t series_count;
    char names[HF_HISTORY_SERIES_MAX][48];
    float values[HF_HISTORY_SERIES_MAX][HF_HISTORY_POINTS];
};

void history_init(struct hf_history_ring *h);
void history_done(struct hf_history_ring *h);

/* Adds one point to every series from a picture of everything; the series are made by the first. */
void history_add(struct hf_history_ring *h, const struct hf_snapshot *s);

void history_read(struct hf_history_ring *h, struct hf_history *ret_history);
