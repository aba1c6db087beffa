// SPDX-License-Identifier: Apache-2.0
/* What the files of archive/ share. Nobody else includes it. */
#pragma once

#include "archive/archive.h"

#include <limits.h>

enum { ARCHIVE_NAME_SIZE = 64, ARCHIVE_FILES_MAX = 256, ARCHIVE_LINE_MAX = 64 * 1024 };

struct hf_archive {
    char folder[PATH_MAX / 2];
};

struct archive_file {
    char service[HF_NAME_SIZE];
    char name[ARCHIVE_NAME_SIZE]; /* sorts by age */
    int64_t bytes;
};

/* The files of a service, oldest first, at most the ARCHIVE_FILES_MAX newest; returns how many. */
size_t archive_list(const struct hf_archive *a, const char *service, struct archive_file *files);

/* Deletes the oldest until each service and all together are within their bounds. */
void archive_make_room(const struct hf_archive *a);

void archive_path(const struct hf_archive *a, const char *service, const char *name,
                  char out[PATH_MAX]);
