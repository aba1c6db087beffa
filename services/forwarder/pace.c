// SPDX-License-Identifier: Apache-2.0
#include "forwarder/pace.h"

static const double newest_share = 0.3; /* of the newest request in the rate */
static const double worth = 1.1;        /* growth of the rate that makes a larger batch worth it */

void
hf_pace_begin(struct hf_pace *p, size_t most, int64_t per_s)
{
    *p = (struct hf_pace){
        .size = HF_PACE_FIRST < most ? HF_PACE_FIRST : most, .most = most, .per_s = per_s};
}

static size_t
between(size_t value, size_t least, size_t most)
{
    return value < least ? least : value > most ? most : value;
}

size_t
hf_pace_size(const struct hf_pace *p)
{
    return p->limit && p->limit < p->size ? p->limit : p->size;
}

static void
grow(struct hf_pace *p)
{
    p->before = p->rate;
    p->size = between(p->size * 2, HF_PACE_MIN, p->most);
    p->full = 0;
}

void
hf_pace_stored(struct hf_pace *p, size_t bytes, int64_t ms, bool full)
{
    double rate = (double)bytes * 1000 / (double)(ms > 0 ? ms : 1);
    double fits;

    /* A small one says how long the way is and not how wide. */
    if (!full && bytes < p->size / 2)
        return;
    p->rate = p->rate > 0 ? p->rate + newest_share * (rate - p->rate) : rate;
    fits = p->rate * HF_PACE_REQUEST_MS / 1000;
    if (fits < (double)p->size) {
        p->size = between((size_t)fits, HF_PACE_MIN, p->most);
        p->full = 0;
        p->before = 0;
        return;
    }
    p->full++;
    if (full && p->size < p->most && fits >= 2 * (double)p->size &&
        (p->rate >= worth * p->before || p->full >= HF_PACE_TRY_EVERY))
        grow(p);
}

bool
hf_pace_failed(struct hf_pace *p, int64_t ms)
{
    if (ms < HF_PACE_SLOW_MS || p->size == HF_PACE_MIN)
        return false;
    p->size = between(p->size / 2, HF_PACE_MIN, p->most);
    p->rate = p->before = 0;
    p->full = 0;
    return true;
}

void
hf_pace_too_large(struct hf_pace *p, size_t bytes)
{
    size_t half = bytes / 2 < HF_PACE_MIN ? HF_PACE_MIN : bytes / 2;

    if (!p->limit || half < p->limit)
        p->limit = half;
}

int64_t
hf_pace_wait_ms(struct hf_pace *p, int64_t now_ms)
{
    if (!p->per_s)
        return 0;
    if (p->filled_ms && now_ms > p->filled_ms)
        p->tokens += (double)(now_ms - p->filled_ms) * (double)p->per_s / 1000;
    p->filled_ms = now_ms;
    if (p->tokens > (double)p->per_s) /* a second's worth may leave at once */
        p->tokens = (double)p->per_s;
    return p->tokens >= 0 ? 0 : (int64_t)(-p->tokens * 1000 / (double)p->per_s) + 1;
}

void
hf_pace_sent(struct hf_pace *p, int64_t bytes)
{
    if (p->per_s)
        p->tokens -= (double)bytes;
}
