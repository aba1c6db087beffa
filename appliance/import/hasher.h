// SPDX-License-Identifier: Apache-2.0
/*
 * Hashes a blob on a thread of its own, while the same bytes are unpacked, looked at and sent. They
 * are copied and handed over in large pieces, since to wake a thread for each of the small ones
 * that a connection takes costs more than it saves (tried). Two pieces are all there is: who adds
 * waits while both are full.
 */
#pragma once

#include "base/error.h"
#include "model/sha256.h"

struct hf_hasher;

HF_MUST int hf_hasher_new(struct hf_hasher **ret_hasher, struct hf_error *err);
/* Waits for what is being hashed. */
void hf_hasher_free(struct hf_hasher *h);

/* Forgets what was added before. */
void hf_hasher_begin(struct hf_hasher *h);
void hf_hasher_add(struct hf_hasher *h, const char *data, size_t len);
/* Waits for all that was added. */
void hf_hasher_end(struct hf_hasher *h, char out[HF_DIGEST_SIZE]);
