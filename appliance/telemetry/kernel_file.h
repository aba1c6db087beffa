// SPDX-License-Identifier: Apache-2.0
/*
 * Small kernel files, read whole into the caller's buffer. What is read each second stays open: the
 * kernel makes the text anew at each read from the beginning. Private to the folder.
 */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads up to size - 1 bytes and ends them by NUL; false where nothing could be read. */
bool hf_kernel_read(const char *path, char *out, size_t size);

/* A file that stays open; all zero: not opened yet. One that is not there is not asked for again.
 */
struct hf_kernel_file {
    int fd_and_one; /* 0: not opened, -1: not there */
};

/* Opens dir/name where it was not yet, and reads it whole as hf_kernel_read() does. */
bool hf_kernel_reread(struct hf_kernel_file *f, const char *dir, const char *name, char *out,
                      size_t size);
bool hf_kernel_reread_number(struct hf_kernel_file *f, const char *dir, const char *name,
                             int64_t *ret_value);
void hf_kernel_close(struct hf_kernel_file *files, size_t count);

/* The one number in a file; false where there is none (`max` is none). */
bool hf_kernel_number(const char *path, int64_t *ret_value);

/* The number behind `key ` at the beginning of a line (`key: 17 kB` counts too). */
bool hf_kernel_field(const char *text, const char *key, int64_t *ret_value);

/* `some avg10` of a file of pressure (Documentation/accounting/psi.rst): percent of the last ten
 * seconds in which somebody had to wait. */
bool hf_kernel_pressure(const char *text, double *ret_percent);

/* Reads numbers parted by blanks until max or something else; returns how many. */
size_t hf_kernel_numbers(const char *text, int64_t *ret_values, size_t max);
