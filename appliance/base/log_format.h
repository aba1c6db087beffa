// SPDX-License-Identifier: Apache-2.0
/* printf for key=value lines. Private to the folder. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

/* Writes the line into out, cut where it does not fit. A value that the format puts between double
 * quotes is escaped (`\"`, `\\`, `\n`, `\t`, `\x1b`), so that no text can end its quotes and
 * pretend to be another key; elsewhere control characters become blanks. Conversions: %s with a
 * precision or without, %c, %d, %i, %u and %x with or without l, ll or z, %%. */
void hf_log_format(char *out, size_t size, const char *fmt, va_list args);
