// SPDX-License-Identifier: Apache-2.0
/*
 * Text of others on a terminal. What a gateway says may hold anything; what leaves here moves no
 * cursor, sets no title, turns no direction round and is well-formed UTF-8 (RFC 3629). It is UTF-8
 * whatever the locale says, as the answers are.
 */
#pragma once

#include "base/buf.h"

#include <stdbool.h>

/* For wcwidth(3): once, before anything else of this file. */
void cli_text_init(void);

/* Appends text so that it can be shown on one line: line ends and tabs become blanks, other control
 * characters and marks of direction become `\x1b` or `\u202e`, what is no UTF-8 becomes U+FFFD. */
HF_MUST int cli_text_add(struct hf_buf *out, const char *text, size_t len, struct hf_error *err);

/* The same as a string of its own, which the caller frees; NULL without memory. */
char *cli_text_clean(const char *text);

/* Columns that a text of cli_text_add() takes on a terminal. */
unsigned cli_text_width(const char *clean);

/* Bytes of the first characters of clean that together take at most columns, at least one
 * character where there is one. */
size_t cli_text_fit(const char *clean, unsigned columns);

/* Appends a JSON text (RFC 8259) that hf_json_parse() has taken, byte for byte but for control
 * characters and marks of direction: within strings these become `\u00XX`, which is the same
 * string, elsewhere they are blanks. */
HF_MUST int cli_text_add_json(struct hf_buf *out, const char *json, size_t len,
                              struct hf_error *err);
