// SPDX-License-Identifier: Apache-2.0
/* SHA-256 (FIPS 180-4) as its bytes come, written as digests of the OCI image spec are:
 * `sha256:` and 64 lower-case hexadecimal digits. */
#pragma once

#include "model/release.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hf_sha256 {
    _Alignas(8) unsigned char opaque[128];
};

void hf_sha256_begin(struct hf_sha256 *h);
void hf_sha256_add(struct hf_sha256 *h, const void *data, size_t len);
void hf_sha256_end(struct hf_sha256 *h, char out[HF_DIGEST_SIZE]);

/* Of bytes that are all there. */
void hf_sha256_of(const void *data, size_t len, char out[HF_DIGEST_SIZE]);

/* Whether text is a digest in that form, and nothing more. */
bool hf_sha256_is_digest(const char *text);
