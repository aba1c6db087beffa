// SPDX-License-Identifier: Apache-2.0
/* Which paths a layer has named so far, by keyed hashes of eight bytes: two that differ are taken
 * for one once in 2^64, and nobody can aim at that without the key. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HF_NAMES_MAX = 500000 }; /* 8 MB at most; a whole Debian has a fifth of it */

enum hf_name_kind { HF_NAME_NONE, HF_NAME_FOLDER, HF_NAME_SYMLINK, HF_NAME_OTHER };

struct hf_names {
    uint64_t *slots; /* hash with its kind in the two lowest bits; 0: free */
    size_t count, size;
    unsigned char key[16];
};

void hf_names_init(struct hf_names *n);
void hf_names_done(struct hf_names *n);

/* What was added by that name. */
enum hf_name_kind hf_names_find(const struct hf_names *n, const char *name, size_t len);

/* Name is not there yet. TOO_LARGE past HF_NAMES_MAX. */
HF_MUST int hf_names_add(struct hf_names *n, const char *name, size_t len, enum hf_name_kind kind,
                         struct hf_error *err);
