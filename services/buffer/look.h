// SPDX-License-Identifier: Apache-2.0
/* Records for people: pages of them, and the export. Blocks are fetched by the owner's thread and
 * read here, in the caller's. */
#pragma once

#include "buffer/asks.h"
#include "buffer/owner.h"

enum {
    HF_LOOK_BLOCKS_MAX = 64,             /* looked at for one page */
    HF_LOOK_PAGE_BYTES = 1024 * 1024,    /* a page ends where it is longer */
    HF_LOOK_LINES_MAX = 32 * 1024 * 1024 /* one block; a commit never makes a larger one */
};

/* Appends `{"records":[…],"next":…}`. HF_ERROR_MALFORMED where the cursor is none of ours. */
HF_MUST int hf_look_page(struct hf_owner *o, const struct hf_look_ask *ask, struct hf_buf *page,
                         struct hf_error *err);

/* Gives the lines that are asked for, in pieces, oldest first, up to those that are there at the
 * beginning. Ends early, with -1, where write returns false. */
HF_MUST int hf_look_export(struct hf_owner *o, const struct hf_look_ask *ask,
                           bool (*write)(void *ctx, const char *lines, size_t len), void *ctx,
                           struct hf_error *err);
