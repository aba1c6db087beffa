// SPDX-License-Identifier: Apache-2.0
/* Inside the store: what can still be read of a damaged database. */
#pragma once

#include "base/buf.h"
#include "store/db.h"

/* Copies every readable row of the database at path into st (inside the caller's transaction).
 * Appends to report what was saved and what is missing. Fails only where st does not take it. */
HF_MUST int hf_salvage(struct hf_store *st, const char *path, struct hf_buf *report,
                       struct hf_error *err);
