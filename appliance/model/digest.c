// SPDX-License-Identifier: Apache-2.0
#include "model/digest.h"

#include <sodium.h>
#include <stdint.h>
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

_Static_assert(HF_DIGEST_STATE_SIZE == sizeof(crypto_generichash_state) &&
                   HF_DIGEST_STATE_ALIGN == _Alignof(crypto_generichash_state),
               "the header knows no libsodium");

static crypto_generichash_state *
sodium_state(struct hf_digest_stream *s)
{
    size_t past = (uintptr_t)s->room % HF_DIGEST_STATE_ALIGN;

    return (void *)(s->room + (past ? HF_DIGEST_STATE_ALIGN - past : 0));
}

void
hf_digest_begin(struct hf_digest_stream *s)
{
    crypto_generichash_init(sodium_state(s), NULL, 0, DIGEST_BYTES);
}

void
hf_digest_add(struct hf_digest_stream *s, const void *data, size_t len)
{
    crypto_generichash_update(sodium_state(s), data, len);
}

void
hf_digest_end(struct hf_digest_stream *s, char out[HF_DIGEST_TEXT_SIZE])
{
    unsigned char digest[DIGEST_BYTES];

    crypto_generichash_final(sodium_state(s), digest, sizeof digest);
    sodium_bin2hex(out, HF_DIGEST_TEXT_SIZE, digest, sizeof digest);
}
