// SPDX-License-Identifier: Apache-2.0
/*
 * A factory reset (store/reset.h says what stays): begun by a person, and its last step, which
 * takes away the containers of before, and their volumes where the data is to go. That is done by
 * putback's thread, as soon as Docker answers; until then no service of ours is started.
 */
#pragma once

#include "core/core.h"
#include "store/reset.h"

struct hf_core_reset_view {
    struct hf_reset_counts counts;
    int64_t records;                     /* held; -1 where the buffer has not said so */
    char release[HF_RELEASE_LABEL_SIZE]; /* stays; "": there is none */
};

HF_MUST int hf_core_reset_view(struct hf_core *core, struct hf_core_reset_view *ret_view,
                               struct hf_error *err);

/* From then on nothing is written any more: the caller has the program started anew. */
HF_MUST int hf_core_reset(struct hf_core *core, bool wipe, const char *who, const char *what,
                          struct hf_error *err);

struct putback;

/* Before the owner runs: whether the last step is left; core->resetting then. */
HF_MUST int hf_core_load_reset(struct hf_core *core, struct hf_error *err);
/* The last step, in putback's thread; wait_ms says false at the stop. */
void hf_core_end_reset(struct hf_core *core, bool (*wait_ms)(struct putback *p, int64_t ms),
                       struct putback *p);
