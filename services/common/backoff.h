// SPDX-License-Identifier: Apache-2.0
/*
 * How long to wait before the next try: exponential with full jitter (a time drawn evenly from the
 * whole span, so that a thousand gateways do not come back in step) and a cap. Pure.
 */
#pragma once

#include <stdint.h>

struct hf_backoff {
    int64_t first_ms; /* span of the first wait */
    int64_t cap_ms;   /* no span is longer */
    unsigned attempt; /* tries that failed since the last success */
};

/* Counts one more failure; returns the wait: first_ms / 2 at least, drawn by random. */
int64_t hf_backoff_fail(struct hf_backoff *b, uint32_t random);

/* The same with a number from the kernel. */
int64_t hf_backoff_fail_now(struct hf_backoff *b);

void hf_backoff_reset(struct hf_backoff *b);
