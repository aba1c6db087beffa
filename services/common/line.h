// SPDX-License-Identifier: Apache-2.0
/* Reads the lines that hf_record_line() wrote (api/uplink.md), without building a tree. */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum { HF_LINE_TOPIC_MAX = 6 * 65535 }; /* each byte may be an escape like \u0001 */

struct hf_line {
    uint64_t seq;
    const char *time; /* as text between its quotes; not NUL-terminated; all borrowed */
    size_t time_len;
    const char *topic; /* inside of a JSON string, with its escapes */
    size_t topic_len;
};

/* Reads the line of len bytes, with or without its newline. False where it is none of ours. */
bool hf_line_read(const char *line, size_t len, struct hf_line *ret_line);

/* The time as milliseconds; -1 where it cannot be read. */
int64_t hf_line_time_ms(const struct hf_line *l);

/* The topic without escapes: borrowed from the line, or put into work where it has some, which
 * takes HF_LINE_TOPIC_MAX bytes at most. */
HF_MUST int hf_line_topic(const struct hf_line *l, struct hf_buf *work, const char **ret_topic,
                          size_t *ret_len, struct hf_error *err);
