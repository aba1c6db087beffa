// SPDX-License-Identifier: Apache-2.0
/* Reading times as people and programs write them (RFC 3339, 5.6). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Reads `2026-11-24T03:01:33.123Z` or with an offset (`+01:00`) as milliseconds of Unix time, of
 * the years 1970 to 9999; digits past the milliseconds are cut off. False where it is no such time.
 */
bool hf_rfc3339_parse(const char *text, int64_t *ret_ms);
