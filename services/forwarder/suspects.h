// SPDX-License-Identifier: Apache-2.0
/*
 * Whose fault a refusal is. A record that the sink refuses for good (400, 404, 413 alone, 422 …) is
 * a suspect until the sink takes another record after it: then it was the record. Where the sink
 * takes nothing of what is tried, it is the sink, and the suspects are tried again later. So an
 * address with a typing error costs no record, and a bad record costs only itself. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    /* In a row, until another record is tried out of its turn. Each time that the sink was blamed
     * doubles it, for a row of such records that is longer, up to the second. */
    HF_SUSPECTS_FEW = 16,
    HF_SUSPECTS_MOST = 256,
    /* A sink that takes what it had before may do so without looking at it: its word on so many,
     * and then it has to take a new one. */
    HF_SUSPECTS_ON_REPEATS = 256,
};

struct hf_suspects {
    size_t first;   /* the line of the first; those behind it follow one after the other */
    size_t count;   /* refused since the sink last took something */
    uint64_t taken; /* how much it had taken then */
};

/* One more: `taken` counts whatever the sink took so far. */
void hf_suspects_add(struct hf_suspects *s, size_t line, uint64_t taken);

/* Those that no record taken since has cleared up. */
size_t hf_suspects_count(const struct hf_suspects *s, uint64_t taken);

/* Whether there are enough to look for another record. blamed: how often the sink was, in a row. */
bool hf_suspects_enough(const struct hf_suspects *s, uint64_t taken, unsigned blamed);

void hf_suspects_clear(struct hf_suspects *s);
