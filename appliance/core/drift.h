// SPDX-License-Identifier: Apache-2.0
/*
 * What somebody did to what belongs to no container of ours: networks and volumes that were
 * removed, containers that were added. What a look shows is compared with the look before, put
 * right by the keeper, and noted as an incident. Owner thread only.
 */
#pragma once

#include "model/engine_ops.h"

struct hf_core;
struct look;

enum { EXTRAS_MAX = 16 };

struct drift {
    bool looked;
    struct hf_surroundings was;
    char extras[EXTRAS_MAX][HF_HASH_SIZE]; /* noted already; the newest replaces the oldest */
    size_t extras_next;
    int64_t extra_at_ms;            /* none is removed before; monotonic */
    bool make_due[HF_SERVICES_MAX]; /* what that service stands on is to be made again */
};

/* Also says in the look's containers which of them have lost a volume. */
void hf_core_find_drift(struct hf_core *core, struct look *l);
