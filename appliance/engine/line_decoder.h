// SPDX-License-Identifier: Apache-2.0
/* Cuts a stream of bytes into lines (`\n` or `\r\n`), in pieces of any size, with a bound. */
#pragma once

#include "base/buf.h"

#include <stdbool.h>

enum { HF_LINE_BYTES_MAX = 64 * 1024 };

/* line is not NUL-terminated; len 0 for an empty one. cut: it was longer than HF_LINE_BYTES_MAX and
 * this is its beginning, the rest is skipped. Returns -1 to end. */
typedef int hf_line_sink(void *context, const char *line, size_t len, bool cut,
                         struct hf_error *err);

struct hf_line_decoder {
    struct hf_buf line;
    bool skipping; /* the rest of a line that was too long */
    hf_line_sink *sink;
    void *context;
};

void hf_line_decoder_init(struct hf_line_decoder *d, hf_line_sink *sink, void *context);
void hf_line_decoder_done(struct hf_line_decoder *d);

/* Fails only where the sink or memory does. A line without its end is kept for the next call. */
HF_MUST int hf_line_decoder_feed(struct hf_line_decoder *d, const char *data, size_t len,
                                 struct hf_error *err);
