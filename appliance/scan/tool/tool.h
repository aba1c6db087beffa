// SPDX-License-Identifier: Apache-2.0
/* The verbs of holdfast-scan. Private to the folder. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stdio.h>

struct tool_options {
    const char *suite, *distro, *created, *debsecan, *out; /* data */
    const char *data, *settings;                           /* check */
    bool help;
};

HF_MUST int tool_data(const struct tool_options *o, char *const *packages, size_t count,
                      struct hf_error *err);
HF_MUST int tool_check(const struct tool_options *o, char *const *sboms, size_t count,
                       bool *ret_blocked, struct hf_error *err);

/* Opens a file that may be compressed by zlib or gzip; what comes is plain. */
HF_MUST int tool_open(const char *path, FILE **ret_file, struct hf_error *err);
