// SPDX-License-Identifier: Apache-2.0
/* Argon2id, one computation at a time: each takes 19 MiB for its duration. */
#pragma once

#include "identity/identity.h"

#include <pthread.h>

enum { HF_ARGON2_WAIT_MS = 3000 };

struct hf_argon2 {
    pthread_mutex_t mutex;
    pthread_cond_t free; /* on the monotonic clock */
    bool busy;
};

void hf_argon2_init(struct hf_argon2 *a);
void hf_argon2_done(struct hf_argon2 *a);

/* THROTTLED where others are in the way for HF_ARGON2_WAIT_MS. */
HF_MUST int hf_argon2_hash(struct hf_argon2 *a, const char *password,
                           char out[HF_PASSWORD_HASH_SIZE], struct hf_error *err);
/* Of a text and a salt (crypto_pwhash_SALTBYTES) so many bytes, at a cost that somebody else says.
 */
HF_MUST int hf_argon2_derive(struct hf_argon2 *a, const char *text, const struct hf_kdf *kdf,
                             unsigned char *ret_key, size_t len, struct hf_error *err);
HF_MUST int hf_argon2_verify(struct hf_argon2 *a, const char *hash, const char *password,
                             bool *ret_match, struct hf_error *err);
