// SPDX-License-Identifier: Apache-2.0
/*
 * Records as lines of JSON (application/x-ndjson, api/record-path.md): a line each,
 *
 *     {"topic":"a/b","payload":…}   or "text" or "base64" in place of payload,
 *
 * and "time", "synced" and "lane" where the sender wants to say them. Empty lines are skipped.
 */
#pragma once

#include "common/record.h"

struct hf_ndjson {
    const char *text; /* borrowed */
    size_t len;
    int64_t now_ms; /* the time of records that say none */
    bool synced;    /* and what is said of their clock */
    size_t at;      /* the rest is the reader's own */
    unsigned line;
    struct hf_buf compact;
    struct hf_buf topic;
};

/* Starts reading; close with hf_ndjson_done(). */
void hf_ndjson_init(struct hf_ndjson *n, const char *text, size_t len, int64_t now_ms, bool synced);
void hf_ndjson_done(struct hf_ndjson *n);

/* Reads the next record, which borrows from n until the next call. Returns 1, 0 at the end, -1
 * where a line is wrong: the message has the line, the pointer the member. */
HF_MUST int hf_ndjson_next(struct hf_ndjson *n, struct hf_record *ret_record, struct hf_error *err);

/* Whether a device or processor may publish to it: no wildcards, and not the gateway's own. Returns
 * what is wrong, or NULL. */
const char *hf_record_topic_wrong(const char *topic, size_t len);
