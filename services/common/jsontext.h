// SPDX-License-Identifier: Apache-2.0
/* The inside of JSON strings (RFC 8259 §7). */
#pragma once

#include "base/buf.h"

#include <stdbool.h>

/* Reads the escape at *at, behind its backslash, as UTF-8 and moves *at past it. Returns how many
 * bytes there are; 0 where the escape is wrong or is half of a character. */
size_t hf_jsontext_escape(const char **at, const char *end, char out[4]);

/* Writes the text without escapes as UTF-8; it never grows. False where an escape is wrong or is
 * one of NUL or of half a character. */
bool hf_jsontext_unescape(const char *text, size_t len, char *to, size_t *ret_len);

/* Appends UTF-8 text as a JSON string with its quotes. Grows at most sixfold, for control
 * characters. */
HF_MUST int hf_jsontext_add(struct hf_buf *b, const char *text, size_t len, struct hf_error *err);
