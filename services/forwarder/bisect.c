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

void
hf_bisect_pass(struct hf_bisect *b, size_t n)
{
    size_t most = b->ends[b->depth - 1] - b->at;

    b->at += n < most ? n : most;
    while (b->depth > 1 && b->ends[b->depth - 1] <= b->at)
        b->depth--;
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
hf_bisect_back(struct hf_bisect *b, size_t to)
{
    hf_bisect_begin(b, b->count);
    b->at = to;
    for (size_t n = HF_BISECT_NARROW; n; n /= 2)
        hf_bisect_cut(b, to + n);
}
