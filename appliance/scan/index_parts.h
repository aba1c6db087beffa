// SPDX-License-Identifier: Apache-2.0
/* The index in memory. Private to the folder. */
#pragma once

#include "scan/index.h"

enum { HF_FOREIGN_LINE_MAX = 1024 * 1024, HF_INDEX_MAX = 262144 };

struct hf_index_entry {
    char source[HF_PACKAGE_NAME_SIZE];
    char fixed[HF_DEBIAN_VERSION_MAX + 1];
};

struct hf_index_vulnerability {
    char source[HF_PACKAGE_NAME_SIZE];
    char *text; /* the line that comes of it, without "v " */
};

struct hf_scan_index {
    struct hf_index_entry *entries;
    size_t count;
    bool sorted;
    bool has_vulnerabilities;
    struct hf_index_vulnerability *vulnerabilities;
    size_t vulnerability_count;
};

/* Each source once, with its newest version, in order. */
void hf_scan_index_sort(struct hf_scan_index *index);

/* NULL where the suite has none of that name. Needs hf_scan_index_sort(). */
const struct hf_index_entry *hf_scan_index_find(const struct hf_scan_index *index,
                                                const char *source);

/* A line without its end. 1, 0 at the end of the file, -1. */
int hf_foreign_line(FILE *in, char **line, size_t *size, unsigned long *number, const char *what,
                    struct hf_error *err);
