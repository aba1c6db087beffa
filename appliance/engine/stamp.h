// SPDX-License-Identifier: Apache-2.0
/* Docker's times: RFC 3339 with up to nine digits of a second. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads exactly len bytes, e.g. `2026-11-24T03:01:33.123456789Z`, into milliseconds since 1970 UTC;
 * Docker's "never" (year 1) becomes 0. False where it is no such time. */
bool hf_stamp_parse(const char *text, size_t len, int64_t *ret_ms);
