// SPDX-License-Identifier: Apache-2.0
/*
 * What was published and what of it was acknowledged: a file mapped into memory, so that the end of
 * the checker itself, by kill -9 too, forgets nothing.
 */
#pragma once

#include "checker/corpus.h"

struct hf_journal_head {
    char magic[8];
    struct hf_corpus corpus;
    uint64_t count;
    uint64_t topics;
};

struct hf_journal {
    struct hf_journal_head *head;
    unsigned char *acknowledged; /* [count], 1 where it was */
    size_t size;
};

/* path NULL: in memory alone. */
HF_MUST int hf_journal_create(const char *path, const struct hf_corpus *corpus, uint64_t count,
                              uint64_t topics, struct hf_journal *ret_journal,
                              struct hf_error *err);
HF_MUST int hf_journal_open(const char *path, struct hf_journal *ret_journal, struct hf_error *err);
void hf_journal_done(struct hf_journal *j);
