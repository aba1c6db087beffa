// SPDX-License-Identifier: Apache-2.0
/*
 * A body of POST /v1/records made ready for the spool: checked, in its lane, its lines rendered
 * except for the numbers that the commit gives. All of it is done by whoever brings the batch, so
 * that the owner's thread has only to stitch. A batch keeps nothing of the body.
 */
#pragma once

#include "buffer/records.h"
#include "buffer/settings.h"
#include "common/ndjson.h"

enum {
    HF_BATCH_RECORDS_MAX = 20000,
    /* A payload grows sixfold at most, where it is all control characters. */
    HF_BATCH_TEXT_MAX = 32 * 1024 * 1024,
};

struct hf_batch {
    struct hf_spool_record *records; /* point into text */
    size_t count;
    size_t cap;
    struct hf_buf text;
};

#define HF_BATCH_INIT ((struct hf_batch){.text = HF_BUF_INIT(HF_BATCH_TEXT_MAX)})
#define HF_AUTO_BATCH __attribute__((cleanup(hf_batch_done)))

void hf_batch_done(struct hf_batch *b);

/* Takes the whole frames from pending and leaves the rest of it, so that a body need never be there
 * as a whole. A record whose topic is the gateway's own ($holdfast/…), which a device can publish
 * to, goes to the quarantine: refusing the batch would hold up all behind it. */
HF_MUST int hf_batch_feed_frames(struct hf_batch *b, struct hf_buf *pending,
                                 const struct hf_buffer_settings *s, struct hf_error *err);

/* Takes the whole lines from pending, and what stands behind the last newline where it is the end.
 * lines carries the count of lines from call to call. */
HF_MUST int hf_batch_feed_lines(struct hf_batch *b, struct hf_ndjson *lines, struct hf_buf *pending,
                                bool end, const struct hf_buffer_settings *s, struct hf_error *err);

/* After the last feeding: the records may be used. */
void hf_batch_finish(struct hf_batch *b);

/* All of it at once. */
HF_MUST int hf_batch_from_frames(struct hf_batch *b, const char *frames, size_t len,
                                 const struct hf_buffer_settings *s, struct hf_error *err);
