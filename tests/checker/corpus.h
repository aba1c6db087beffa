// SPDX-License-Identifier: Apache-2.0
/*
 * Numbered messages, made from a seed: the same seed and number give the same bytes, but for the
 * time that they carry. `sensor` is JSON as sensors send it, which compresses well; `binary` is
 * random bytes, which do not.
 */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum hf_corpus_kind { HF_CORPUS_SENSOR, HF_CORPUS_BINARY, HF_CORPUS_COUNT };

enum {
    HF_CORPUS_SIZES = 8,
    HF_CORPUS_RUN = 24,
    HF_CORPUS_LEAST = 200, /* bytes; below it the head and a few fields do not fit */
    HF_CORPUS_MOST = 1024 * 1024,
};

struct hf_corpus {
    uint64_t kind;
    uint64_t seed;
    char run[HF_CORPUS_RUN];
    uint64_t sizes[HF_CORPUS_SIZES]; /* taken in turn by number */
    uint64_t size_count;
};

struct hf_numbered {
    char run[HF_CORPUS_RUN];
    uint64_t n;
    int64_t t_ns; /* CLOCK_MONOTONIC of its first publishing */
};

/* "sensor" or "binary". */
bool hf_corpus_named(const char *name, uint64_t *ret_kind);

size_t hf_corpus_size(const struct hf_corpus *c, uint64_t n);

/* Writes the payload of a number; out has room for HF_CORPUS_MOST bytes. Returns its size. */
size_t hf_corpus_make(const struct hf_corpus *c, uint64_t n, int64_t t_ns, char *out);

/* Reads the head of a payload; false where it is none of ours. */
bool hf_corpus_read(const char *payload, size_t len, struct hf_numbered *ret);

/* The same of a line of api/uplink.md. */
bool hf_corpus_read_line(const char *line, size_t len, struct hf_numbered *ret);

/* Whether the line carries exactly the payload that was made. scratch has room for
 * 3 * HF_CORPUS_MOST bytes. */
bool hf_corpus_is_whole(const struct hf_corpus *c, const char *line, size_t len,
                        const struct hf_numbered *is, char *scratch);

int64_t hf_corpus_now_ns(void);
