// SPDX-License-Identifier: Apache-2.0
/* What a reset takes away beside the store: the second of its steps (see store/reset.h), at the
 * start, before anything of it is read. */
#pragma once

#include "provision/ask.h"
#include "store/store.h"

/* In the state folder: certificates with their keys, logs of containers that are gone, scan data,
 * records of a backup that still wait. Done again after a power cut; nothing where no reset asks
 * for it. */
HF_MUST int hf_reset_files(struct hf_store *store, const char *state_dir, struct hf_error *err);

/* Who might log in by SSH may no more; the host's root is asked for that. Nothing where no reset
 * asks for it, or nobody would do it here. On an error it is left for the next start. */
HF_MUST int hf_reset_host(struct hf_store *store, const struct hf_host_hand *hand,
                          struct hf_error *err);
