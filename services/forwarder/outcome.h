// SPDX-License-Identifier: Apache-2.0
/* What an answer of the uplink means (api/uplink.md). Pure. */
#pragma once

#include <stdint.h>

enum hf_outcome {
    HF_OUTCOME_STORED,  /* 2xx: the batch is safe there */
    HF_OUTCOME_LATER,   /* 408, 425, 429, 5xx, no answer: try again */
    HF_OUTCOME_REFUSED, /* 401, 403, other 4xx, redirects: try again, but a person has to look */
    HF_OUTCOME_COUNT
};

enum hf_outcome hf_outcome_of(int status);

/* How long to wait: what Retry-After asks for (up to an hour) or the backoff, whichever is longer.
 */
int64_t hf_outcome_wait_ms(int64_t backoff_ms, int64_t retry_after_s);
