// SPDX-License-Identifier: Apache-2.0
/* What a reset takes away in the state folder beside the store: the second of its steps (see
 * store/reset.h), at the start, before anything of it is read. */
#pragma once

#include "store/store.h"

/* Certificates with their keys, logs of containers that are gone, scan data, records of a backup
 * that still wait. Done again after a power cut; nothing where no reset asks for it. */
HF_MUST int hf_reset_files(struct hf_store *store, const char *state_dir, struct hf_error *err);
