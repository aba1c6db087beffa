// SPDX-License-Identifier: Apache-2.0
/* Names and versions that are taken from foreign texts. Private to the folder. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Each copies text to out where it is one and fits. */
bool hf_scan_name(const char *text, char *out, size_t size); /* of a package (Policy 5.6.1) */
bool hf_scan_version(const char *text, char *out, size_t size);
bool hf_scan_id(const char *text, char *out, size_t size); /* "CVE-2026-1", "TEMP-0000000-1A2B3C" */
bool hf_scan_word(const char *text, char *out, size_t size); /* a suite, a distribution */
