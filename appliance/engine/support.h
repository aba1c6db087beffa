// SPDX-License-Identifier: Apache-2.0
/* What this host enforces of limits, and what the engine says it does not. Private to the folder.
 */
#pragma once

#include "engine/client.h"

/* Whether the kernel has shares of the disk that Docker can set: it asks for blkio.weight (cgroup
 * v1), and writes io.weight or io.bfq.weight (v2). root stands before /sys: "" but in tests. */
bool hf_support_io_weight(const char *root);

/* A warning of the engine with what to do about it, where that is known: the boot parameter or the
 * kernel's option that it takes. */
void hf_support_explain(const char *warning, char *out, size_t size);

/* Keeps the "Warnings" of the answer to a create or update of a service, instead of those that it
 * had. */
void hf_support_keep(struct hf_engine *e, const char *service, const struct hf_json *answer);

/* Adds a warning, once. */
void hf_support_add(struct hf_engine_info *info, const char *text);

/* Adds /info's warnings and what was kept, each once. */
void hf_support_tell(struct hf_engine *e, const struct hf_json *info_warnings,
                     struct hf_engine_info *info);
