// SPDX-License-Identifier: Apache-2.0
#include "common/backoff.h"

#include "base/text.h"

int64_t
hf_backoff_fail(struct hf_backoff *b, uint32_t random)
{
    int64_t floor_ms = b->first_ms / 2;
    int64_t span = b->first_ms;

    for (unsigned i = 0; i < b->attempt && span < b->cap_ms; i++)
        span *= 2;
    if (span > b->cap_ms)
        span = b->cap_ms;
    b->attempt++;
    return floor_ms + (int64_t)((double)(span - floor_ms) * ((double)random / UINT32_MAX));
}

int64_t
hf_backoff_fail_now(struct hf_backoff *b)
{
    uint32_t random;

    hf_random(&random, sizeof random);
    return hf_backoff_fail(b, random);
}

void
hf_backoff_reset(struct hf_backoff *b)
{
    b->attempt = 0;
}
