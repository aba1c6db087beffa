// SPDX-License-Identifier: Apache-2.0
#include "model/sha256.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

static const char PREFIX[] = "sha256:";

static_assert(sizeof(crypto_hash_sha256_state) <= sizeof(struct hf_sha256), "room for the state");

static crypto_hash_sha256_state *
state_of(struct hf_sha256 *h)
{
    return (void *)h->opaque;
}

void
hf_sha256_begin(struct hf_sha256 *h)
{
    crypto_hash_sha256_init(state_of(h));
}

void
hf_sha256_add(struct hf_sha256 *h, const void *data, size_t len)
{
    crypto_hash_sha256_update(state_of(h), data, len);
}

void
hf_sha256_end(struct hf_sha256 *h, char out[HF_DIGEST_SIZE])
{
    unsigned char digest[crypto_hash_sha256_BYTES];

    crypto_hash_sha256_final(state_of(h), digest);
    memcpy(out, PREFIX, sizeof PREFIX);
    sodium_bin2hex(out + sizeof PREFIX - 1, HF_DIGEST_SIZE - sizeof PREFIX + 1, digest,
                   sizeof digest);
}

void
hf_sha256_of(const void *data, size_t len, char out[HF_DIGEST_SIZE])
{
    struct hf_sha256 h;

    hf_sha256_begin(&h);
    hf_sha256_add(&h, data, len);
    hf_sha256_end(&h, out);
}

bool
hf_sha256_is_digest(const char *text)
{
    size_t prefix = sizeof PREFIX - 1, digits = 2 * (size_t)crypto_hash_sha256_BYTES;

    return strncmp(text, PREFIX, prefix) == 0 &&
           strspn(text + prefix, "0123456789abcdef") == digits && strlen(text) == prefix + digits;
}
