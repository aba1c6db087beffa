// SPDX-License-Identifier: Apache-2.0
#include "supervisor/backoff.h"

#include <limits.h>

int64_t
hf_backoff_wait_ms(const struct hf_backoff *b)
{
    int64_t wait = HF_BACKOFF_FIRST_MS;

    if (b->failures == 0)
        return 0;
    for (unsigned i = 1; i < b->failures && wait < HF_BACKOFF_MOST_MS; i++)
        wait *= 2;
    return wait < HF_BACKOFF_MOST_MS ? wait : HF_BACKOFF_MOST_MS;
}

void
hf_backoff_fail(struct hf_backoff *b, int64_t now_ms)
{
    if (b->failures < UINT_MAX)
        b->failures++;
    b->not_before_ms = now_ms + hf_backoff_wait_ms(b);
}

void
hf_backoff_reset(struct hf_backoff *b)
{
    *b = (struct hf_backoff){0};
}

bool
hf_backoff_due(const struct hf_backoff *b, int64_t now_ms)
{
    return b->failures == 0 || now_ms >= b->not_before_ms;
}
