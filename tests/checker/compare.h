// SPDX-License-Identifier: Apache-2.0
/* Compares what was acknowledged to a publisher with what the reference receiver has stored. */
#pragma once

#include "checker/journal.h"

struct hf_topic_result {
    uint64_t acknowledged, arrived, lost, duplicated, reordered;
    uint64_t next; /* the highest number that came + 1 */
};

struct hf_compare {
    const struct hf_journal *journal;
    const char *url;  /* of the receiver: http://HOST:PORT */
    int64_t settle_s; /* wait so long since the last arrival for what is missing */
    unsigned char *arrived;
    struct hf_topic_result *topics; /* [journal->head->topics] */
    struct hf_topic_result sum;
    uint64_t unasked;   /* came, though the publisher was never told that it would */
    uint64_t corrupted; /* not the bytes that were sent */
};

HF_MUST int hf_compare_run(struct hf_compare *c, struct hf_error *err);
void hf_compare_done(struct hf_compare *c);
