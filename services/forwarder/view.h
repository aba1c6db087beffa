// SPDX-License-Identifier: Apache-2.0
/* A line of the buffer (api/uplink.md), taken apart where it lies: nothing is copied. */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum hf_view_kind { HF_VIEW_PAYLOAD, HF_VIEW_TEXT, HF_VIEW_BASE64 };

struct hf_view {
    struct hf_slice gateway, epoch, time; /* what stands between the quotes */
    struct hf_slice topic;                /* JSON string with its quotes and escapes */
    uint64_t seq;
    bool synced;
    enum hf_view_kind kind;
    struct hf_slice value; /* of payload, text or base64: JSON, strings with their quotes */
};

/* Members in any order, unknown ones are passed over; HF_ERROR_UPSTREAM where the line is none. */
HF_MUST int hf_view_parse(const char *line, size_t len, struct hf_view *ret_view,
                          struct hf_error *err);

/* Only the number: what a key is made of. */
HF_MUST int hf_view_seq(const char *line, size_t len, uint64_t *ret_seq, struct hf_error *err);

/* Appends what a JSON string (with quotes) means, as UTF-8. */
HF_MUST int hf_view_unescape(struct hf_slice string, struct hf_buf *out, struct hf_error *err);

/* Appends the bytes that the device published. */
HF_MUST int hf_view_payload(const struct hf_view *v, struct hf_buf *out, struct hf_error *err);
