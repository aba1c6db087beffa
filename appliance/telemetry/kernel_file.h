// SPDX-License-Identifier: Apache-2.0
/* Small kernel files, read whole into the caller's buffer. Private to the folder. */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads up to size - 1 bytes and ends them by NUL; false where nothing could be read. */
bool hf_kernel_read(const char *path, char *out, size_t size);

/* The one number in a file; false where there is none (`max` is none). */
bool hf_kernel_number(const char *path, int64_t *ret_value);

/* The number behind `key ` at the beginning of a line (`key: 17 kB` counts too). */
bool hf_kernel_field(const char *text, const char *key, int64_t *ret_value);

/* Reads numbers parted by blanks until max or something else; returns how many. */
size_t hf_kernel_numbers(const char *text, int64_t *ret_values, size_t max);
