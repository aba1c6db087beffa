// SPDX-License-Identifier: Apache-2.0
/*
 * By OpenSSL, which uses what the CPU has for it: five times as fast as libsodium's, and a layer is
 * hashed twice on its way in. Its older functions, because their state needs no memory of its own
 * that a caller who gives up would have to free.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "model/sha256.h"

#include <assert.h>
#include <openssl/sha.h>
#include <sodium.h>
#include <string.h>

static const char PREFIX[] = "sha256:";

static_assert(sizeof(SHA256_CTX) <= sizeof(struct hf_sha256), "room for the state");

static SHA256_CTX *
state_of(struct hf_sha256 *h)
{
    return (void *)h->opaque;
}

void
hf_sha256_begin(struct hf_sha256 *h)
{
    (void)SHA256_Init(state_of(h));
}

void
hf_sha256_add(struct hf_sha256 *h, const void *data, size_t len)
{
    (void)SHA256_Update(state_of(h), data, len);
}

void
hf_sha256_end(struct hf_sha256 *h, char out[HF_DIGEST_SIZE])
{
    unsigned char digest[SHA256_DIGEST_LENGTH];

    (void)SHA256_Final(digest, state_of(h));
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
    size_t prefix = sizeof PREFIX - 1, digits = 2 * (size_t)SHA256_DIGEST_LENGTH;

    return strncmp(text, PREFIX, prefix) == 0 &&
           strspn(text + prefix, "0123456789abcdef") == digits && strlen(text) == prefix + digits;
}
