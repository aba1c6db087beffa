// SPDX-License-Identifier: Apache-2.0
/* A program that is asked on its standard input and answers on its output: holdfast-fetch. Private
 * to the folder. */
#pragma once

#include "import/source.h"

#include <sys/types.h>

struct hf_child {
    pid_t pid; /* 0: none runs */
    int out, err;
    const struct hf_import_watch *watch;
};

enum { HF_CHILD_REQUEST_MAX = 64 * 1024 }; /* what a pipe takes without a reader */

/* watch is borrowed until hf_child_end(). */
HF_MUST int hf_child_start(struct hf_child *c, const char *program, const char *request, size_t len,
                           const struct hf_import_watch *watch, struct hf_error *err);

/* What it says next; 0 bytes where it has ended well. */
HF_MUST int hf_child_read(struct hf_child *c, char *out, size_t size, size_t *ret_len,
                          struct hf_error *err);

/* Kills it where it still runs. */
void hf_child_end(struct hf_child *c);
