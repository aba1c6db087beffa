// SPDX-License-Identifier: Apache-2.0
/* One line of an uplink request (api/uplink.md). */
#pragma once

#include "base/buf.h"

#include <stdint.h>

enum { HF_LINE_NAME_MAX = 64 };

struct hf_line {
    char gateway[HF_LINE_NAME_MAX];
    char epoch[HF_LINE_NAME_MAX];
    char time[HF_LINE_NAME_MAX];
    uint64_t seq;
    char *topic; /* owned */
};

/* Checks the line whole and takes the envelope out of it. */
HF_MUST int hf_line_parse(const char *text, size_t len, struct hf_line *ret_line,
                          struct hf_error *err);
void hf_line_done(struct hf_line *line);
