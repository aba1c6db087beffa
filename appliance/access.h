// SPDX-License-Identifier: Apache-2.0
/* Keeps what identity knows in the store, on the owner thread. */
#pragma once

#include "core/core.h"
#include "identity/identity.h"
#include "store/store.h"

struct hf_access {
    struct hf_core *core; /* set before the first request */
};

/* An identity of what the store has; access is borrowed for its life. No password may be
 * gateway_name. */
HF_MUST int hf_access_start(struct hf_access *access, struct hf_store *store,
                            const char *gateway_name, struct hf_identity **ret_identity,
                            struct hf_error *err);
