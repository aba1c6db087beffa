// SPDX-License-Identifier: Apache-2.0
/* The files that are part of the program; the table is made by embed.sh at build. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct hf_asset {
    const char *path; /* as asked for, e.g. "/assets/index-4f0c1d2e.js" */
    const char *type;
    const char *etag; /* without quotes */
    bool immutable;   /* the name changes with the content */
    const unsigned char *data;
    size_t size;
    const unsigned char *gzip; /* NULL where it would not be smaller */
    size_t gzip_size;
};

extern const struct hf_asset hf_assets[];
extern const size_t hf_asset_count;
