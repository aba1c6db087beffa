// SPDX-License-Identifier: Apache-2.0
/* Signs as minisign does, with a key of this run whose id is all zeros. */
#pragma once

#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum {
    SIGN_ID_BYTES = 8,
    SIGN_BYTES = 2 + SIGN_ID_BYTES + crypto_sign_BYTES,
    SIGN_BASE64_SIZE = 128,
    SIGN_TEXT_SIZE = 512
};

struct signer {
    unsigned char public_key[crypto_sign_PUBLICKEYBYTES], secret_key[crypto_sign_SECRETKEYBYTES];
    char key[SIGN_BASE64_SIZE]; /* for release_keys */
};

static inline void
sign_base64(const unsigned char *bytes, size_t len, char out[SIGN_BASE64_SIZE])
{
    sodium_bin2base64(out, SIGN_BASE64_SIZE, bytes, len, sodium_base64_VARIANT_ORIGINAL);
}

static inline void
signer_init(struct signer *s)
{
    unsigned char key[2 + SIGN_ID_BYTES + crypto_sign_PUBLICKEYBYTES] = "Ed";

    crypto_sign_keypair(s->public_key, s->secret_key);
    memcpy(key + 2 + SIGN_ID_BYTES, s->public_key, sizeof s->public_key);
    sign_base64(key, sizeof key, s->key);
}

static inline void
signer_sign(const struct signer *s, const char *file, char out[SIGN_TEXT_SIZE])
{
    static const char comment[] = "a test";
    unsigned char hash[64], whole[SIGN_BYTES] = "ED", global[crypto_sign_BYTES];
    unsigned char both[crypto_sign_BYTES + sizeof comment - 1];
    char first[SIGN_BASE64_SIZE], second[SIGN_BASE64_SIZE];

    crypto_generichash(hash, sizeof hash, (const unsigned char *)file, strlen(file), NULL, 0);
    crypto_sign_detached(whole + 2 + SIGN_ID_BYTES, NULL, hash, sizeof hash, s->secret_key);
    memcpy(both, whole + 2 + SIGN_ID_BYTES, crypto_sign_BYTES);
    memcpy(both + crypto_sign_BYTES, comment, sizeof comment - 1);
    crypto_sign_detached(global, NULL, both, sizeof both, s->secret_key);
    sign_base64(whole, sizeof whole, first);
    sign_base64(global, sizeof global, second);
    snprintf(out, SIGN_TEXT_SIZE, "untrusted comment: \n%s\ntrusted comment: %s\n%s\n", first,
             comment, second);
}
