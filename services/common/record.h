// SPDX-License-Identifier: Apache-2.0
/*
 * A record on its way: the frame in which a processor hands it to the buffer
 * (application/vnd.holdfast.records) and the line in which it leaves for the cloud (api/uplink.md).
 *
 *     u32 LE length of what follows · u64 LE time, ms of Unix time · u8 flags (bit 0: the clock was
 *     synchronised) · u16 LE topic length · topic · payload
 */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    HF_RECORD_BODY_MAX = 4 * 1024 * 1024, /* one batch of frames */
    HF_RECORD_TOPIC_MAX = 65535,
    HF_RECORD_HEAD = 4 + 8 + 1 + 2
};

struct hf_record {
    int64_t time_ms;
    bool synced;
    const char *topic; /* not NUL-terminated; borrowed */
    size_t topic_len;
    const char *payload; /* borrowed */
    size_t payload_len;
};

/* Appends one frame. */
HF_MUST int hf_record_encode(const struct hf_record *r, struct hf_buf *frames,
                             struct hf_error *err);

/* Reads the frame at *at and moves *at behind it. Returns 1, 0 at the end, -1 where the bytes are
 * no frame (HF_ERROR_MALFORMED with the offset). Topics are UTF-8 without NUL and not empty. */
HF_MUST int hf_record_decode(const char *frames, size_t len, size_t *at,
                             struct hf_record *ret_record, struct hf_error *err);

/* Checks all frames and counts them. */
HF_MUST int hf_record_count(const char *frames, size_t len, size_t *ret_count,
                            struct hf_error *err);

/* Appends the record as one line of NDJSON with its newline. The payload is "payload" where it is
 * JSON, "text" where it is UTF-8, else "base64". */
HF_MUST int hf_record_line(const struct hf_record *r, const char *gateway, const char *epoch,
                           uint64_t seq, struct hf_buf *lines, struct hf_error *err);
