// SPDX-License-Identifier: Apache-2.0
/* One short name for the contents of texts: the same texts, the same name. */
#pragma once

#include <stddef.h>

enum { HF_DIGEST_TEXT_SIZE = 33 };

/* BLAKE2b, 128 bits in hexadecimal digits. */
void hf_digest(const char *const *texts, size_t count, char out[HF_DIGEST_TEXT_SIZE]);

enum { HF_DIGEST_STATE_SIZE = 384, HF_DIGEST_STATE_ALIGN = 64 /* libsodium's */ };

/* The same of bytes that come one after the other; here where they are cut does not count. Not to
 * be copied: the state is aligned within. */
struct hf_digest_stream {
    unsigned char room[HF_DIGEST_STATE_SIZE + HF_DIGEST_STATE_ALIGN - 1];
};

void hf_digest_begin(struct hf_digest_stream *s);
void hf_digest_add(struct hf_digest_stream *s, const void *data, size_t len);
void hf_digest_end(struct hf_digest_stream *s, char out[HF_DIGEST_TEXT_SIZE]);
