// SPDX-License-Identifier: Apache-2.0
#include "identity/device.h"

#include "base/text.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

enum {
    SALT_BYTES = 12,
    HASH_BYTES = 64,
    ROUNDS_MADE = 101, /* mosquitto_passwd's own default */
    /* About 1 ms of a PC and 5 of a Raspberry Pi, in which the broker does nothing else. It needs
     * them once for each device after its start. */
    ROUNDS_CHOSEN = 1000
};

/* None that looks like another one: 32 of them. */
static const char ALPHABET[] = "abcdefghijkmnpqrstuvwxyz23456789";

void
hf_device_password_make(char out[HF_DEVICE_MADE_SIZE])
{
    unsigned char random[HF_DEVICE_MADE_SIZE - 1];

    _Static_assert(sizeof ALPHABET - 1 == 32, "each byte gives five bits");
    hf_random(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        out[i] = ALPHABET[random[i] % 32];
    out[sizeof random] = '\0';
    OPENSSL_cleanse(random, sizeof random);
}

int
hf_device_password_hash(const char *password, bool made, char out[HF_DEVICE_HASH_SIZE],
                        struct hf_error *err)
{
    int rounds = made ? ROUNDS_MADE : ROUNDS_CHOSEN;
    unsigned char salt[SALT_BYTES], hash[HASH_BYTES];
    char salt64[4 * ((SALT_BYTES + 2) / 3) + 1], hash64[4 * ((HASH_BYTES + 2) / 3) + 1];

    hf_random(salt, sizeof salt);
    if (PKCS5_PBKDF2_HMAC(password, (int)strlen(password), salt, SALT_BYTES, rounds, EVP_sha512(),
                          HASH_BYTES, hash) != 1)
        return hf_error_set(err, HF_ERROR_INTERNAL, "cannot hash the password");
    hf_text_base64(salt, SALT_BYTES, salt64);
    hf_text_base64(hash, HASH_BYTES, hash64);
    hf_text_put(out, HF_DEVICE_HASH_SIZE, "$7$%d$%s$%s", rounds, salt64, hash64);
    return 0;
}
