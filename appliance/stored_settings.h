// SPDX-License-Identifier: Apache-2.0
/* The configuration as it is kept, before the core has it. */
#pragma once

#include "model/settings.h"
#include "store/store.h"

/* The defaults where there are none yet. ret_usable says whether they could be read. The caller
 * ends s with hf_settings_done(), on failure too. */
HF_MUST int hf_stored_settings(struct hf_store *store, struct hf_settings *s, bool *ret_usable,
                               struct hf_error *err);
/* Settings that are stored but cannot be read are as good as none: a file says all anew. */
HF_MUST int hf_current_settings(struct hf_store *store, struct hf_settings *s,
                                struct hf_error *err);
