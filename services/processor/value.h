// SPDX-License-Identifier: Apache-2.0
/* Values inside payloads, found and rewritten as text: a number that no rule touches leaves with
 * every digit that it came with. */
#pragma once

#include "base/buf.h"

#include <stdbool.h>

enum { HF_POINTER_MAX = 256 }; /* bytes of a JSON pointer in a rule */

/* HF_ERROR_INVALID where the text is no JSON pointer (RFC 6901) or longer than HF_POINTER_MAX. */
HF_MUST int hf_pointer_check(const char *pointer, struct hf_error *err);

/* Finds what a checked pointer names in json, which hf_json_compact() wrote. */
HF_MUST bool hf_value_find(struct hf_slice json, const char *pointer, struct hf_slice *ret_value);

/* Without blanks, tabs and line ends before and behind. */
struct hf_slice hf_value_trim(struct hf_slice text);

/* Whether the text is a JSON number (RFC 8259 §6) that a double holds: not beyond its range, and
 * where it is a whole number, below 2^53, from where on digits would be lost silently. */
HF_MUST bool hf_value_number(struct hf_slice text, double *ret_number);

/* Whether it has the form of a JSON number, whatever its size. */
bool hf_value_is_number(struct hf_slice text);

/* Appends a number in at most 15 significant digits: what a calculation of decimals means. */
HF_MUST int hf_value_put_number(struct hf_buf *b, double number, struct hf_error *err);

/* Appends a JSON string; text is UTF-8. */
HF_MUST int hf_value_put_string(struct hf_buf *b, const char *text, size_t len,
                                struct hf_error *err);

/* Appends the base64 of the bytes as a JSON string. */
HF_MUST int hf_value_put_base64(struct hf_buf *b, const char *data, size_t len,
                                struct hf_error *err);

/* Appends `"payload":…` where the bytes are JSON, else `"text":…` where they are UTF-8, else
 * `"base64":…`. */
HF_MUST int hf_value_put_payload(struct hf_buf *b, const char *data, size_t len,
                                 struct hf_error *err);
