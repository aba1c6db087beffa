// SPDX-License-Identifier: Apache-2.0
/* Exponential waiting between tries: 1 s, 2 s, 4 s … 60 s. Times are monotonic milliseconds. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { HF_BACKOFF_FIRST_MS = 1000, HF_BACKOFF_MOST_MS = 60000 };

struct hf_backoff {
    unsigned failures;     /* in a row */
    int64_t not_before_ms; /* the next try, where there were failures */
};

/* One more failure: the next try is due after twice the previous wait. */
void hf_backoff_fail(struct hf_backoff *b, int64_t now_ms);

/* Forgets the failures: the next try is due at once. */
void hf_backoff_reset(struct hf_backoff *b);

/* How long the wait after the last failure is; 0 without one. */
int64_t hf_backoff_wait_ms(const struct hf_backoff *b);

/* Whether the next try is due. */
bool hf_backoff_due(const struct hf_backoff *b, int64_t now_ms);
