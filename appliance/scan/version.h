// SPDX-License-Identifier: Apache-2.0
/* Versions of Debian packages, [epoch:]upstream[-revision] (Debian Policy, 5.6.12). */
#pragma once

#include <stdbool.h>

enum { HF_DEBIAN_VERSION_MAX = 128 }; /* bytes; the longest in Debian 13 has 50 */

/* Whether text is a version as dpkg takes it. */
bool hf_debian_version_valid(const char *text);

/* Below, at or above 0 as a is older than, the same as or newer than b. Both are valid. */
int hf_debian_version_compare(const char *a, const char *b);
