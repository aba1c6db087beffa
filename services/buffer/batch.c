// SPDX-License-Identifier: Apache-2.0
#include "buffer/batch.h"

#include "common/ndjson.h"
#include "common/record.h"

#include <endian.h>
#include <string.h>

enum { FIRST_RECORDS = 64 };

void
hf_batch_done(struct hf_batch *b)
{
    free(b->records);
    hf_buf_done(&b->text);
    *b = HF_BATCH_INIT;
}

static int
grow(struct hf_batch *b, struct hf_error *err)
{
    size_t cap = b->cap ? 2 * b->cap : FIRST_RECORDS;
    struct hf_spool_record *grown;

    grown = realloc(b->records, cap * sizeof *grown);
    if (!grown)
        return hf_error_nomem(err);
    b->records = grown;
    b->cap = cap;
    return 0;
}

/* While the text still grows, the pointers into it are offsets. */
static const char *
offset(size_t at)
{
    return (const char *)(uintptr_t)at;
}

static void
relocate(struct hf_batch *b, const char **p)
{
    *p = b->text.data + (uintptr_t)*p;
}

/* Bytes of the payload as the device sent it. */
static size_t
payload_bytes(const struct hf_record *r)
{
    size_t len = r->payload_len;

    if (r->kind != HF_PAYLOAD_BASE64 || len == 0)
        return len;
    return len / 4 * 3 - (r->payload[len - 1] == '=') - (r->payload[len - 2] == '=');
}

static int
add(struct hf_batch *b, const struct hf_record *r, const struct hf_buffer_settings *s,
    struct hf_error *err)
{
    struct hf_spool_record one = {
        .lane = r->lane != HF_LANE_UNSAID ? r->lane
                                          : hf_buffer_settings_lane(s, r->topic, r->topic_len),
        .time_ms = r->time_ms,
        .payload_len = payload_bytes(r),
        .topic_len = r->topic_len,
        .reason_len = r->reason_len,
    };

    if (b->count == HF_BATCH_RECORDS_MAX)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "more than %d records in one batch",
                            HF_BATCH_RECORDS_MAX);
    if (b->count == b->cap && grow(b, err) < 0)
        return -1;
    one.tail = offset(b->text.len);
    if (hf_record_tail(r, &b->text, err) < 0)
        return -1;
    one.tail_len = b->text.len - (uintptr_t)one.tail;
    one.topic = offset(b->text.len);
    if (hf_buf_add(&b->text, r->topic, r->topic_len, err) < 0)
        return -1;
    if (r->reason) {
        one.reason = offset(b->text.len);
        if (hf_buf_add(&b->text, r->reason, r->reason_len, err) < 0)
            return -1;
    }
    b->records[b->count++] = one;
    return 0;
}

/* The bytes of the frame that begins here, 0 where its length is not there yet. */
static size_t
frame_bytes(const char *at, size_t left)
{
    uint32_t rest;

    if (left < sizeof rest)
        return 0;
    memcpy(&rest, at, sizeof rest);
    return sizeof rest + (size_t)le32toh(rest);
}

static int
add_frames(struct hf_batch *b, const char *frames, size_t len, const struct hf_buffer_settings *s,
           struct hf_error *err)
{
    struct hf_record r;
    size_t at = 0;
    int rc;

    while ((rc = hf_record_decode(frames, len, &at, &r, err)) > 0) {
        const char *wrong = r.reason ? NULL : hf_record_topic_wrong(r.topic, r.topic_len);

        if (wrong) {
            r.reason = wrong;
            r.reason_len = strlen(wrong);
        }
        if (add(b, &r, s, err) < 0)
            return -1;
    }
    return rc;
}

int
hf_batch_feed_frames(struct hf_batch *b, struct hf_buf *pending, const struct hf_buffer_settings *s,
                     struct hf_error *err)
{
    size_t whole = 0, next;

    while ((next = frame_bytes(pending->data + whole, pending->len - whole)) &&
           next <= pending->len - whole)
        whole += next;
    if (next > HF_RECORD_BODY_MAX)
        return hf_error_set(err, HF_ERROR_MALFORMED, "record %zu: its length does not fit",
                            b->count + 1);
    if (!whole)
        return 0;
    if (add_frames(b, pending->data, whole, s, err) < 0)
        return -1;
    hf_buf_consume(pending, whole);
    return 0;
}

int
hf_batch_feed_lines(struct hf_batch *b, struct hf_ndjson *lines, struct hf_buf *pending, bool end,
                    const struct hf_buffer_settings *s, struct hf_error *err)
{
    const char *newline = pending->len ? memrchr(pending->data, '\n', pending->len) : NULL;
    struct hf_record r;
    int rc;

    lines->text = pending->data;
    lines->len = end ? pending->len : newline ? (size_t)(newline - pending->data) + 1 : 0;
    lines->at = 0;
    while ((rc = hf_ndjson_next(lines, &r, err)) > 0)
        if (add(b, &r, s, err) < 0)
            return -1;
    if (rc == 0)
        hf_buf_consume(pending, lines->len);
    return rc;
}

void
hf_batch_finish(struct hf_batch *b)
{
    for (size_t i = 0; i < b->count; i++) {
        relocate(b, &b->records[i].topic);
        relocate(b, &b->records[i].tail);
        if (b->records[i].reason_len)
            relocate(b, &b->records[i].reason);
    }
}

int
hf_batch_from_frames(struct hf_batch *b, const char *frames, size_t len,
                     const struct hf_buffer_settings *s, struct hf_error *err)
{
    if (add_frames(b, frames, len, s, err) < 0)
        return -1;
    hf_batch_finish(b);
    return 0;
}
