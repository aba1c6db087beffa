// SPDX-License-Identifier: Apache-2.0
/* The release that a provisioning file pins by its id: looked for in the registry until it is
 * there, then applied as by a person, or left where something is in its way. By putback's thread;
 * its id stands in the store until then, so that neither a stick that is gone nor a power cut loses
 * it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct hf_core;
struct putback;

/* Under which name hf_store_kept() has the id. */
extern const char hf_core_kept_wanted[];

/* id is of that; wait_ms says false at the stop. */
void hf_core_bring_wanted(struct hf_core *core, const char *id,
                          bool (*wait_ms)(struct putback *p, int64_t ms), struct putback *p);
