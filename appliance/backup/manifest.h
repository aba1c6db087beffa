// SPDX-License-Identifier: Apache-2.0
/* What a backup is of. */
#pragma once

#include "base/buf.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct hf_backup_manifest {
    char gateway[16];
    char name[64];
    char version[64];   /* of the holdfastd that made it */
    int64_t created_ms; /* wall clock */
    int64_t schema;     /* of its store */
    bool records;       /* whether it was to have those that were held */
};

enum { HF_BACKUP_MANIFEST_MAX = 4096 };

HF_MUST int hf_backup_manifest_print(const struct hf_backup_manifest *m, struct hf_buf *out,
                                     struct hf_error *err);
/* INVALID, also where its store's schema is newer than schema. */
HF_MUST int hf_backup_manifest_parse(const char *text, size_t len, int64_t schema,
                                     struct hf_backup_manifest *ret_manifest, struct hf_error *err);
