// SPDX-License-Identifier: Apache-2.0
/* Sealed files in memory. The key is made of the salt and one byte, without Argon2's time. */
#pragma once

#include "unit.h"

#include "backup/seal.h"
#include "base/buf.h"

#include <string.h>

enum { SEALED_MAX = 8 * 1024 * 1024, RIGHT_KEY = 7 };

static const struct hf_seal_kdf sealed_kdf = {
    .passes = 2, .memory_kib = 19 * 1024, .salt = {1, 2, 3, 4, 5, 6, 7, 8}};

static inline void
sealed_key_of(const struct hf_seal_kdf *kdf, unsigned char secret,
              unsigned char ret_key[HF_SEAL_KEY_SIZE])
{
    for (size_t i = 0; i < HF_SEAL_KEY_SIZE; i++)
        ret_key[i] = (unsigned char)(kdf->salt[i % HF_SEAL_SALT_SIZE] * 31 + secret + i);
}

/* What reads a file. */
struct sealed_reader {
    unsigned char secret;
    unsigned keys; /* made */
    struct hf_buf out;
};

static inline int
sealed_key(void *context, const struct hf_seal_kdf *kdf, unsigned char ret_key[HF_SEAL_KEY_SIZE],
           struct hf_error *err)
{
    struct sealed_reader *r = context;

    (void)err;
    r->keys++;
    sealed_key_of(kdf, r->secret, ret_key);
    return 0;
}

static inline int
sealed_keep(void *context, const void *data, size_t len, struct hf_error *err)
{
    return hf_buf_add(context, data, len, err);
}

static inline struct hf_seal *
sealed_begin(struct hf_buf *file)
{
    unsigned char key[HF_SEAL_KEY_SIZE];
    struct hf_seal *s = NULL;

    sealed_key_of(&sealed_kdf, RIGHT_KEY, key);
    assert_int_equal(hf_seal_new(&sealed_kdf, key, sealed_keep, file, &s, NULL), 0);
    return s;
}
