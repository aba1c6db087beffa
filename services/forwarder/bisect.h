// SPDX-License-Identifier: Apache-2.0
/*
 * Which lines of a batch go next. All of them at first; a request that is too large or refused is
 * halved, its first half before its second, so that order stays and what is refused for good is
 * found in about 2 log2(n) requests. Pure.
 *
 *     hf_bisect_begin(&b, lines);
 *     while (hf_bisect_next(&b, &from, &to))        send [from, to), then one of:
 *         hf_bisect_pass(&b, to - from);            stored: go on behind it
 *         if (!hf_bisect_split(&b))                 refused: halve it …
 *             hf_bisect_pass(&b, 1);                … or it is a single line, which is set aside
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
    HF_BISECT_DEPTH = 64,
    HF_BISECT_NARROW = 256, /* lines that go in small steps after hf_bisect_back() */
};

struct hf_bisect {
    size_t count; /* lines */
    size_t at;    /* lines before it are settled */
    size_t depth;
    size_t ends[HF_BISECT_DEPTH]; /* the next request is [at, ends[depth - 1]) */
};

void hf_bisect_begin(struct hf_bisect *b, size_t count);

/* The lines to send; false where all are settled. */
bool hf_bisect_next(const struct hf_bisect *b, size_t *ret_from, size_t *ret_to);

/* Lets the next request end before line `to` already; what is behind comes after it. */
void hf_bisect_cut(struct hf_bisect *b, size_t to);

/* The first n lines of the request are settled. */
void hf_bisect_pass(struct hf_bisect *b, size_t n);

/* Halves the next request; false where it is a single line. */
bool hf_bisect_split(struct hf_bisect *b);

/* Lines from `to` on are not settled after all: they go once more, the first of them alone, then
 * few together, since it is not known whether any is taken. */
void hf_bisect_back(struct hf_bisect *b, size_t to);
