// SPDX-License-Identifier: Apache-2.0
/*
 * A sealed file: what is written to it can be read by whoever has the passphrase, and only as it
 * was written. All numbers are little-endian.
 *
 *     head      magic "HFBACKUP", version (1 byte), passes (1), KiB of memory (4), salt (16),
 *               head of the stream (24)
 *     chunks    HF_SEAL_CHUNK bytes each, the last one shorter or as long; each with 17 bytes that
 *               prove it
 *
 * The key is Argon2id's of passphrase and salt; the chunks are libsodium's secretstream
 * (XChaCha20-Poly1305), which finds a byte that was changed and chunks that were swapped, dropped
 * or doubled. The whole head is proven by the first chunk, and the last chunk says that it is the
 * last: a file that was cut is no shorter file. Both sides hold one chunk in memory.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HF_SEAL_CHUNK = 64 * 1024,
    HF_SEAL_SALT_SIZE = 16,
    HF_SEAL_KEY_SIZE = 32,
    HF_SEAL_HEAD_SIZE = 54,
    HF_SEAL_CHUNK_MORE = 17 /* bytes that a chunk takes beside its content */
};

/* How the key is made of the passphrase. */
struct hf_seal_kdf {
    unsigned passes;     /* 1 to HF_SEAL_PASSES_MAX */
    unsigned memory_kib; /* HF_SEAL_MEMORY_MIN_KIB to HF_SEAL_MEMORY_MAX_KIB */
    unsigned char salt[HF_SEAL_SALT_SIZE];
};

/* What a file may ask for: whoever made it must not take the memory or time of who reads it. */
enum { HF_SEAL_PASSES_MAX = 4, HF_SEAL_MEMORY_MIN_KIB = 1024, HF_SEAL_MEMORY_MAX_KIB = 64 * 1024 };

/* Takes what comes out. */
typedef int hf_seal_sink(void *context, const void *data, size_t len, struct hf_error *err);

/* ---- writing ---- */

struct hf_seal;

/* Writes the head. */
HF_MUST int hf_seal_new(const struct hf_seal_kdf *kdf, const unsigned char key[HF_SEAL_KEY_SIZE],
                        hf_seal_sink *sink, void *context, struct hf_seal **ret_seal,
                        struct hf_error *err);
HF_MUST int hf_seal_add(struct hf_seal *s, const void *data, size_t len, struct hf_error *err);
/* Writes the last chunk: without it the file is one that was cut. */
HF_MUST int hf_seal_end(struct hf_seal *s, struct hf_error *err);
void hf_seal_free(struct hf_seal *s);
HF_DEFINE_AUTO(struct hf_seal, hf_seal, hf_seal_free)

/* ---- reading ---- */

struct hf_unseal;

/* Makes the key of what the head says; may take long. */
typedef int hf_seal_key(void *context, const struct hf_seal_kdf *kdf,
                        unsigned char ret_key[HF_SEAL_KEY_SIZE], struct hf_error *err);

struct hf_unseal_ops {
    void *context; /* of both */
    hf_seal_key *key;
    hf_seal_sink *sink; /* gets only what has been proven */
};

HF_MUST int hf_unseal_new(const struct hf_unseal_ops *ops, struct hf_unseal **ret_unseal,
                          struct hf_error *err);
/* Bytes of the file as they come. INVALID, with what is wrong: no such file, of a newer version, a
 * wrong passphrase or a damaged head (they look the same), a damaged chunk, bytes behind the end.
 * After an error only hf_unseal_free(). */
HF_MUST int hf_unseal_add(struct hf_unseal *u, const void *data, size_t len, struct hf_error *err);
/* There are no more. INVALID where the file was cut. */
HF_MUST int hf_unseal_end(struct hf_unseal *u, struct hf_error *err);
void hf_unseal_free(struct hf_unseal *u);
HF_DEFINE_AUTO(struct hf_unseal, hf_unseal, hf_unseal_free)
