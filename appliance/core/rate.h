// SPDX-License-Identifier: Apache-2.0
/* Turns a counter that is read now and then into a smooth rate a second. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct rate {
    bool known;
    int64_t value;
    int64_t at_ms;
    double per_second;
};

/* A counter that falls has started again: the rate is kept, the next reading counts. */
void rate_update(struct rate *r, int64_t value, int64_t now_ms);
