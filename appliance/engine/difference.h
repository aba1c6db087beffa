// SPDX-License-Identifier: Apache-2.0
/* Which of a container's limits are no longer what they were. Private to the folder. */
#pragma once

#include <stddef.h>

/* was and is are `key=value key=value …` with the same keys; out gets the names of the keys whose
 * values differ, "memory, networks", or "" where none does. */
void hf_difference(const char *was, const char *is, char *out, size_t size);
