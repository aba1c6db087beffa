// SPDX-License-Identifier: Apache-2.0
/* What a release must be to be known here, however it came. Private to the folder but for what
 * core/releases.h has of it. */
#pragma once

#include "core/releases.h"

#include <stdbool.h>

/* Whether one of the keys that are set now has signed what is kept; owner thread only. */
void hf_core_verify(const struct hf_core *core, struct hf_known_release *known);

/* As hf_store_known_release(), verified. */
HF_MUST int hf_core_find_release(const struct hf_core *core, const char *id,
                                 struct hf_known_release *ret_known, char **ret_json,
                                 struct hf_error *err);
