// SPDX-License-Identifier: Apache-2.0
#include "core/rate.h"

/* Weight of the newest reading: half of a step shows after one reading, nearly all after four. */
static const double WEIGHT = 0.5;

enum { SHORTEST_MS = 200 };

void
rate_update(struct rate *r, int64_t value, int64_t now_ms)
{
    int64_t span = now_ms - r->at_ms;

    if (r->known && span < SHORTEST_MS)
        return;
    if (r->known && value >= r->value) {
        double newest = (double)(value - r->value) * 1000.0 / (double)span;

        r->per_second += WEIGHT * (newest - r->per_second);
        if (r->per_second < 0.01)
            r->per_second = 0;
    }
    r->known = true;
    r->value = value;
    r->at_ms = now_ms;
}
