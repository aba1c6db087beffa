// SPDX-License-Identifier: Apache-2.0
#include "identity/code.h"

#include "base/text.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { SALT_BYTES = 16, HASH_BYTES = 32, SALT_CHARS = 2 * SALT_BYTES };

void
hf_setup_code_make(char out[HF_SETUP_CODE_SIZE])
{
    uint32_t letters = (uint32_t)strlen(hf_setup_code_alphabet);

    for (size_t i = 0; i < HF_SETUP_CODE_SIZE - 1; i++)
        out[i] = (char)(i % 5 == 4 ? '-' : hf_setup_code_alphabet[randombytes_uniform(letters)]);
    out[HF_SETUP_CODE_SIZE - 1] = '\0';
}

/* "<salt>$<BLAKE2b-256 of the code, keyed by the salt>", in hex. A code has 59 random bits and is
 * good for one use, so a slow hash would protect nothing. */
static void
hash_with(const unsigned char salt[SALT_BYTES], const char code[HF_SETUP_CODE_SIZE],
          char out[HF_CODE_HASH_SIZE])
{
    unsigned char hash[HASH_BYTES];

    crypto_generichash(hash, sizeof hash, (const unsigned char *)code, HF_SETUP_CODE_SIZE - 1, salt,
                       SALT_BYTES);
    hf_text_hex(salt, SALT_BYTES, out);
    out[SALT_CHARS] = '$';
    hf_text_hex(hash, sizeof hash, out + SALT_CHARS + 1);
}

int
hf_setup_code_hash(const char *code, char out[HF_CODE_HASH_SIZE], struct hf_error *err)
{
    char normal[HF_SETUP_CODE_SIZE];
    unsigned char salt[SALT_BYTES];

    if (sodium_init() < 0)
        return hf_error_set(err, HF_ERROR_INTERNAL, "libsodium does not start");
    if (!hf_setup_code_normalise(code, normal))
        return hf_error_set_at(err, HF_ERROR_INVALID, "/setup_code",
                               "a setup code looks like XXXX-XXXX-XXXX, of the characters %s",
                               hf_setup_code_alphabet);
    hf_random(salt, sizeof salt);
    hash_with(salt, normal, out);
    sodium_memzero(normal, sizeof normal);
    return 0;
}

bool
hf_setup_code_verify(const char *typed, const char *hash)
{
    char normal[HF_SETUP_CODE_SIZE], expected[HF_CODE_HASH_SIZE] = "";
    unsigned char salt[SALT_BYTES];
    size_t len = strlen(hash), salt_len = 0;
    bool same;

    if (len != SALT_CHARS + 1 + 2 * HASH_BYTES ||
        sodium_hex2bin(salt, sizeof salt, hash, SALT_CHARS, NULL, &salt_len, NULL) < 0 ||
        salt_len != sizeof salt || !hf_setup_code_normalise(typed, normal))
        return false;
    hash_with(salt, normal, expected);
    same = sodium_memcmp(expected, hash, len) == 0;
    sodium_memzero(normal, sizeof normal);
    return same;
}
