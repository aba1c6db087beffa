// SPDX-License-Identifier: Apache-2.0
/*
 * What lies in the pages of a damaged file, whatever became of the tree above them: each page that
 * reads as a leaf of a table is looked through for rows of `block` whose own checksum is right.
 * (https://www.sqlite.org/fileformat2.html: 1.6 b-tree pages, 1.7 overflow, 1.8 pointer map,
 * 2.1 record format.)
 */
#pragma once

#include "buffer/spool_private.h"

typedef int hf_spool_scan_each(void *ctx, const struct hf_block_row *b, struct hf_error *err);

/* Calls each for every such row, in the order of the pages. fd is only read; what is in a WAL must
 * have been taken over. Pages that the file says are free are left out, so far as its pointer map
 * can be read; where it cannot, a row may be one that was deleted before: the caller must judge.
 * What each is given is good during the call. Returns -1 when each does. */
HF_MUST int hf_spool_scan(int fd, hf_spool_scan_each *each, void *ctx, struct hf_error *err);
