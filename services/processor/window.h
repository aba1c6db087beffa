// SPDX-License-Identifier: Apache-2.0
/* Tumbling windows over numbers: they begin at multiples of their length of Unix time. */
#pragma once

#include "processor/rules.h"

struct hf_window {
    int64_t from_ms; /* wall */
    uint64_t count;  /* 0: none is open */
    double min, max, mean;
    bool partial; /* some of it was lost, or came before us */
};

/* Whether an open window must be given out before a value of now is taken, or because time is up.
 * Also where the clock has jumped back before it: it is cut short, and partial. */
bool hf_window_over(const struct hf_window *w, int64_t length_ms, int64_t now_ms);

/* Opens one where none is open. since_ms: from when on nothing was missed. */
void hf_window_take(struct hf_window *w, int64_t length_ms, int64_t since_ms, int64_t now_ms,
                    double value);

/* Appends what a window of the rule gives, and closes it. cut: it ends before its time. */
HF_MUST int hf_window_give(struct hf_window *w, const struct hf_rule *rule, bool cut,
                           struct hf_buf *out, struct hf_error *err);
