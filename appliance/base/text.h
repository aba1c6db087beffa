// SPDX-License-Identifier: Apache-2.0
/* Small, exact readings of text. */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether all len bytes are well-formed UTF-8 (RFC 3629) without NUL. */
bool hf_text_utf8(const char *text, size_t len);

/* Takes away what is left of a character that was cut at the end: JSON with half of one is refused
 * by every reader. */
void hf_text_whole(char *text);

enum { HF_TEXT_U64_MAX = 20 };

/* Writes the number in decimal, up to HF_TEXT_U64_MAX digits without a NUL; returns how many. */
size_t hf_text_put_u64(char *to, uint64_t value);

/* Reads a whole decimal number without sign or blanks; false where it is anything else. */
bool hf_text_u64(const char *text, uint64_t *ret_value);

/* snprintf for fixed-size fields: false where the text did not fit and was cut. */
bool hf_text_put(char *out, size_t size, const char *fmt, ...) HF_PRINTF(3, 4);

/* Standard base64 with padding (RFC 4648 §4); returns the bytes written without the NUL.
 * out has room for 4 * ((len + 2) / 3) + 1 bytes. */
size_t hf_text_base64(const void *data, size_t len, char *out);

/* Lower-case hex; out has room for 2 * len + 1 bytes. */
void hf_text_hex(const void *data, size_t len, char *out);

/* Fills out with bytes from getrandom(2); ends the process where the kernel has none, because
 * nothing that needs them may go on without. */
void hf_random(void *out, size_t len);
