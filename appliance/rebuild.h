// SPDX-License-Identifier: Apache-2.0
/* What the store lost, had back from what runs. */
#pragma once

#include "engine/engine.h"
#include "store/store.h"

/* Where a store that is not new has no release, puts it together from the containers that run, so
 * that they are supervised on as they are. said gets a sentence for people, "" where there was
 * nothing to do. False where there may be one that is not to be had now. */
bool hf_rebuild_release(struct hf_engine *engine, struct hf_store *store, const char *instance,
                        char *said, size_t size);
