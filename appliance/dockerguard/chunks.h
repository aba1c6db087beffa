// SPDX-License-Identifier: Apache-2.0
/*
 * Takes the chunks of a request's body apart (RFC 9112 §7.1) as its bytes come. Extensions and
 * trailers are refused: nobody sends them here, and what understands them differently could be
 * told two things at once.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hf_dguard_chunk_state {
    HF_DGUARD_CHUNK_SIZE,
    HF_DGUARD_CHUNK_SIZE_LF,
    HF_DGUARD_CHUNK_DATA,
    HF_DGUARD_CHUNK_DATA_CR,
    HF_DGUARD_CHUNK_DATA_LF,
    HF_DGUARD_CHUNK_LAST_CR, /* the line that ends the body */
    HF_DGUARD_CHUNK_LAST_LF,
    HF_DGUARD_CHUNK_WHOLE,
    HF_DGUARD_CHUNK_STATE_COUNT
};

struct hf_dguard_chunks { /* all zero: at the beginning */
    enum hf_dguard_chunk_state state;
    unsigned digits;
    uint64_t left; /* of the chunk */
};

/* Takes len bytes and writes what of them is body to out, which has room for as many. MALFORMED
 * for what are no chunks, and for bytes behind the last one. */
HF_MUST int hf_dguard_chunks_take(struct hf_dguard_chunks *c, const char *data, size_t len,
                                  char *out, size_t *ret_len, struct hf_error *err);
