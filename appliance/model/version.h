// SPDX-License-Identifier: Apache-2.0
/* Versions by Semantic Versioning 2.0.0, without build metadata, which has no order. */
#pragma once

#include <stdbool.h>

enum { HF_VERSION_SIZE = 64 };

/* Whether text is an exact version: 1.4.2 or 1.4.2-rc.1. */
bool hf_version_is_exact(const char *text);

/* Below 0, 0 or above 0, as a is older than, equal to or newer than b (§11); both are exact. */
int hf_version_compare(const char *a, const char *b);
