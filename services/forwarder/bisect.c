// SPDX-License-Identifier: Apache-2.0
#include "forwarder/bisect.h"

void
hf_bisect_begin(struct hf_bisect *b, size_t count)
{
    *b = (struct hf_bisect){.count = count, .depth = 1, .ends = {count}};
}

bool
hf_bisect_next(const struct hf_bisect *b, size_t *ret_from, size_t *ret_to)
{
    if (b->at >= b->count)
        return false;
    *ret_from = b->at;
    *ret_to = b->ends[b->depth - 1];
    return true;
}

void
hf_bisect_cut(struct hf_bisect *b, size_t to)
{
    if (to <= b->at || to >= b->ends[b->depth - 1])
        return;
    /* Without room for one more end the innermost is forgotten: its lines go with the next outer.
     */
    if (b->depth < HF_BISECT_DEPTH)
        b->depth++;
    b->ends[b->depth - 1] = to;
}

static void
go_on(struct hf_bisect *b, size_t n)
{
    b->at += n;
    while (b->depth > 1 && b->ends[b->depth - 1] <= b->at)
        b->depth--;
}

void
hf_bisect_stored(struct hf_bisect *b, size_t n)
{
    size_t most = b->ends[b->depth - 1] - b->at;

    if (n > most)
        n = most;
    b->stored += n;
    go_on(b, n);
}

bool
hf_bisect_split(struct hf_bisect *b)
{
    size_t n = b->ends[b->depth - 1] - b->at;

    if (n <= 1)
        return false;
    hf_bisect_cut(b, b->at + n / 2);
    return true;
}

void
hf_bisect_refuse(struct hf_bisect *b)
{
    b->refused++;
    go_on(b, 1);
}

bool
hf_bisect_blames_uplink(const struct hf_bisect *b, size_t before)
{
    if (b->count >= HF_BISECT_BATCH_MIN)
        return b->refused * 2 > b->count || (b->stored == 0 && b->refused >= HF_BISECT_ROW_MAX);
    return b->stored == 0 && before + b->refused >= HF_BISECT_BATCH_MIN;
}
