// SPDX-License-Identifier: Apache-2.0
/* A line as it is shown to a person: whole, or with its payload cut where it is long. */
#pragma once

#include "base/buf.h"

enum {
    /* A record of 1 MiB of control characters is a line of 6 MiB: no page for a browser. */
    HF_LOOK_LINE_MAX = 64 * 1024,
    HF_LOOK_CUT_BYTES = 4096, /* of a payload are left, give or take a character; by 4 for base64 */
};

/* Appends the line without its newline and closing brace. A long one gets the beginning of its
 * payload (of JSON as `text`), `"cut":true` and `"size"`, the bytes of the whole payload. */
HF_MUST int hf_look_add_line(const char *line, size_t len, struct hf_buf *out,
                             struct hf_error *err);
