// SPDX-License-Identifier: Apache-2.0
/*
 * A record on its way: the frame in which a processor hands it to the buffer
 * (application/vnd.holdfast.records, api/record-path.md) and the line in which it leaves for the
 * cloud (api/uplink.md).
 *
 *     u32 LE length of what follows · u64 LE time, ms of Unix time · u8 flags · u16 LE topic length
 * · [u16 LE reason length · reason] · topic · payload
 *
 * Flags: bit 0 the clock was synchronised, bits 1-2 the lane, bit 3 a reason is there.
 */
#pragma once

#include "base/buf.h"
#include "common/lane.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    HF_RECORD_BODY_MAX = 4 * 1024 * 1024, /* one batch of frames */
    HF_RECORD_TOPIC_MAX = 65535,
    HF_RECORD_REASON_MAX = 512,
    HF_RECORD_HEAD = 4 + 8 + 1 + 2
};

/* As what a payload is to leave. Frames know only the first. */
enum hf_payload_kind {
    HF_PAYLOAD_PLAIN, /* bytes of a device: "payload" where JSON, "text" where UTF-8, else "base64"
                       */
    HF_PAYLOAD_JSON,  /* compact JSON, checked before */
    HF_PAYLOAD_TEXT,  /* the inside of a JSON string, checked before, quotes apart */
    HF_PAYLOAD_BASE64 /* base64, checked before */
};

struct hf_record {
    int64_t time_ms;
    bool synced;
    enum hf_lane lane;
    enum hf_payload_kind kind;
    const char *topic; /* not NUL-terminated; borrowed */
    size_t topic_len;
    const char *payload; /* borrowed */
    size_t payload_len;
    const char *reason; /* why it goes to the quarantine; borrowed, NULL where it does not */
    size_t reason_len;
};

/* Appends one frame of a record of kind HF_PAYLOAD_PLAIN. A reason longer than HF_RECORD_REASON_MAX
 * is cut. */
HF_MUST int hf_record_encode(const struct hf_record *r, struct hf_buf *frames,
                             struct hf_error *err);

/* Reads the frame at *at and moves *at behind it. Returns 1, 0 at the end, -1 where the bytes are
 * no frame (HF_ERROR_MALFORMED with the offset). Topics and reasons are UTF-8 without NUL and not
 * empty. */
HF_MUST int hf_record_decode(const char *frames, size_t len, size_t *at,
                             struct hf_record *ret_record, struct hf_error *err);

/* Checks all frames and counts them. */
HF_MUST int hf_record_count(const char *frames, size_t len, size_t *ret_count,
                            struct hf_error *err);

/* Appends what follows the number in the record's line, from the comma to the newline: all of it
 * that does not depend on the commit. */
HF_MUST int hf_record_tail(const struct hf_record *r, struct hf_buf *lines, struct hf_error *err);

/* Appends the whole line, with its newline. */
HF_MUST int hf_record_line(const struct hf_record *r, const char *gateway, const char *epoch,
                           uint64_t seq, struct hf_buf *lines, struct hf_error *err);
