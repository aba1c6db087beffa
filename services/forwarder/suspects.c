// SPDX-License-Identifier: Apache-2.0
#include "forwarder/suspects.h"

void
hf_suspects_add(struct hf_suspects *s, size_t line, uint64_t taken)
{
    if (!hf_suspects_count(s, taken))
        *s = (struct hf_suspects){.first = line, .taken = taken};
    s->count++;
}

size_t
hf_suspects_count(const struct hf_suspects *s, uint64_t taken)
{
    return s->taken == taken ? s->count : 0;
}

bool
hf_suspects_enough(const struct hf_suspects *s, uint64_t taken, unsigned blamed)
{
    size_t enough = HF_SUSPECTS_FEW;

    while (blamed-- > 0 && enough < HF_SUSPECTS_MOST)
        enough *= 2;
    return hf_suspects_count(s, taken) >= enough;
}

void
hf_suspects_clear(struct hf_suspects *s)
{
    s->count = 0;
}
