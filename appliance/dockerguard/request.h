// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the head of one request of HTTP/1.1 (RFC 9112), strictly: what engine/ and curl never send
 * is refused, not guessed at. That is a bare CR or LF, folded lines (§5.2), a space before a colon
 * (§5.1), a target that is not a path (§3.2), no Host or two (§3.2), two lengths, equal ones too, a
 * length beside a transfer coding (§6.1), a coding other than chunked, Expect and Upgrade.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HF_DGUARD_HEAD_MAX = 16384,
    HF_DGUARD_TARGET_MAX = 4608, /* engine/client.h: PATH_BYTES_MAX and the API's version */
    HF_DGUARD_METHOD_MAX = 8
};

struct hf_dguard_request {
    char method[HF_DGUARD_METHOD_MAX];
    char target[HF_DGUARD_TARGET_MAX]; /* path and query as they came */
    bool chunked, has_length;
    uint64_t length;
    size_t head_len; /* bytes, with the empty line */
};

/* 1 where more has to come, 0 where the head is whole. MALFORMED for what is no such request,
 * TOO_LARGE past HF_DGUARD_HEAD_MAX. */
HF_MUST int hf_dguard_request_read(const char *data, size_t len, struct hf_dguard_request *ret,
                                   struct hf_error *err);
