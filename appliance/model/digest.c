// SPDX-License-Identifier: Apache-2.0
#include "model/digest.h"

#include <sodium.h>
#include <string.h>

enum { DIGEST_BYTES = (HF_DIGEST_TEXT_SIZE - 1) / 2 };

void
hf_digest(const char *const *texts, size_t count, char out[HF_DIGEST_TEXT_SIZE])
{
    crypto_generichash_state state;
    unsigned char digest[DIGEST_BYTES];

    crypto_generichash_init(&state, NULL, 0, sizeof digest);
    for (size_t i = 0; i < count; i++) /* with their ends, so that no two can be one */
        crypto_generichash_update(&state, (const unsigned char *)texts[i], strlen(texts[i]) + 1);
    crypto_generichash_final(&state, digest, sizeof digest);
    sodium_bin2hex(out, HF_DIGEST_TEXT_SIZE, digest, sizeof digest);
}
