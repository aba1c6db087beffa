// SPDX-License-Identifier: Apache-2.0
/* Bytes that requests in progress may take together: who finds too little left waits. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hf_budget {
    pthread_mutex_t lock;
    pthread_cond_t freed;
    size_t left, all;
};

void hf_budget_init(struct hf_budget *b, size_t bytes);
void hf_budget_done(struct hf_budget *b);

/* Takes *bytes, cut down to the whole budget, waiting up to wait_ms; false where there was no room
 * in that time. */
bool hf_budget_take(struct hf_budget *b, size_t *bytes, int64_t wait_ms);
void hf_budget_give(struct hf_budget *b, size_t bytes);
