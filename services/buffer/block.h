// SPDX-License-Identifier: Apache-2.0
/* The body of a block: lines of NDJSON in one zstd frame. Pure functions, the same bytes each time.
 */
#pragma once

#include "base/buf.h"

/* Appends the lines of one or more frames that lie one after another. HF_ERROR_MALFORMED where they
 * are none; HF_ERROR_TOO_LARGE past lines->max. */
HF_MUST int hf_block_unpack(const void *frames, size_t len, struct hf_buf *lines,
                            struct hf_error *err);

/* Appends one frame of the lines. */
HF_MUST int hf_block_pack(const void *lines, size_t len, struct hf_buf *frame,
                          struct hf_error *err);

/* The same, smaller and slower: for what is to lie for long. */
HF_MUST int hf_block_pack_tight(const void *lines, size_t len, struct hf_buf *frame,
                                struct hf_error *err);
