// SPDX-License-Identifier: Apache-2.0
/* One short name for the contents of texts: the same texts, the same name. */
#pragma once

#include <stddef.h>

enum { HF_DIGEST_TEXT_SIZE = 33 };

/* BLAKE2b, 128 bits in hexadecimal digits. */
void hf_digest(const char *const *texts, size_t count, char out[HF_DIGEST_TEXT_SIZE]);
