// SPDX-License-Identifier: Apache-2.0
#include "forwarder/outcome.h"

enum { RETRY_AFTER_MAX_S = 3600 }; /* a server that says more is more likely wrong than right */

enum hf_outcome
hf_outcome_of(int status)
{
    if (status >= 200 && status < 300)
        return HF_OUTCOME_STORED;
    if (status == 408 || status == 425 || status == 429 || status >= 500 || status < 300)
        return HF_OUTCOME_LATER;
    return HF_OUTCOME_REFUSED;
}

int64_t
hf_outcome_wait_ms(int64_t backoff_ms, int64_t retry_after_s)
{
    if (retry_after_s > RETRY_AFTER_MAX_S)
        retry_after_s = RETRY_AFTER_MAX_S;
    return retry_after_s * 1000 > backoff_ms ? retry_after_s * 1000 : backoff_ms;
}
