// SPDX-License-Identifier: Apache-2.0
/*
 * Signatures as minisign makes and checks them (https://jedisct1.github.io/minisign/):
 *
 *     untrusted comment: <text>
 *     base64("ED", id of the key (8 bytes), Ed25519 signature of the file's BLAKE2b-512)
 *     trusted comment: <text>
 *     base64(Ed25519 signature of the signature and the trusted comment)
 *
 * A public key is base64("Ed", id, key), the second line of minisign.pub.
 *
 * The legacy form, "Ed", which signs the file itself, is refused: minisign writes it only when told
 * to (-l), and a signature of one form could be looked at as one of the other.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

enum {
    HF_MINISIGN_ID_BYTES = 8,
    HF_MINISIGN_ID_SIZE = 2 * HF_MINISIGN_ID_BYTES + 1,
    HF_MINISIGN_PUBLIC_BYTES = 32,
    HF_MINISIGN_COMMENT_MAX = 1024,
    HF_MINISIGN_TEXT_MAX = 4096 /* a signature with comments of such length, and more */
};

struct hf_minisign_key {
    unsigned char id[HF_MINISIGN_ID_BYTES];
    unsigned char public[HF_MINISIGN_PUBLIC_BYTES];
};

/* Reads a public key; INVALID where text is none. */
HF_MUST int hf_minisign_key_parse(const char *text, struct hf_minisign_key *ret_key,
                                  struct hf_error *err);

/* The id of a key as minisign prints it: 16 upper-case hex digits. */
void hf_minisign_id(const unsigned char id[HF_MINISIGN_ID_BYTES], char out[HF_MINISIGN_ID_SIZE]);

/* Checks the text of a signature, comments included, over data. Errors: MALFORMED where it is no
 * such text, INVALID where none of the keys made it, with the id of the key that says it did, or
 * where it is of other data. ret_comment (HF_MINISIGN_COMMENT_MAX + 1 bytes, NULL allowed) gets the
 * trusted comment, without control characters but tabulators. */
HF_MUST int hf_minisign_verify(struct hf_slice signature, struct hf_slice data,
                               const struct hf_minisign_key *keys, size_t key_count,
                               char *ret_comment, struct hf_error *err);
