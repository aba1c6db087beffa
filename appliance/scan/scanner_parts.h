// SPDX-License-Identifier: Apache-2.0
/* What the scanner is made of. Private to the folder. */
#pragma once

#include "scan/sbom.h"
#include "scan/scanner.h"

#include <limits.h>
#include <pthread.h>

enum { SBOMS_KEPT = 8, KEEP_PACKAGES_MAX = 256 };

struct kept_sbom {
    char key[HF_HASH_SIZE]; /* id of the container, or hex of the document's digest */
    struct hf_sbom sbom;
};

struct hf_scanner {
    char dir[PATH_MAX - 16];
    char data_path[PATH_MAX], new_path[PATH_MAX];
    const struct hf_engine_ops *engine_ops;
    void *engine;
    pthread_mutex_t uploading;
    pthread_mutex_t scanning;          /* guards the rest */
    struct kept_sbom kept[SBOMS_KEPT]; /* the newest replaces the oldest */
    size_t kept_next;
};

/* Opens the data. NOT_FOUND. */
HF_MUST int hf_scanner_open(const struct hf_scanner *s, FILE **ret_data, struct hf_error *err);
