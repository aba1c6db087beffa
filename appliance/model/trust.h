// SPDX-License-Identifier: Apache-2.0
/*
 * Whether a gateway may run a release: signed by a key that it trusts, no older than what it ran,
 * and made for a holdfastd such as this one. Each is asked for by itself, because the first must
 * come before the file is read at all, and a person may decide otherwise on the second.
 */
#pragma once

#include "base/buf.h"
#include "model/minisign.h"
#include "model/release.h"

enum { HF_RELEASE_KEYS_MAX = 8 };

/* Checks a configuration's release_keys: public keys of minisign, no two with the same id. */
HF_MUST int hf_trust_check_keys(const struct hf_json *keys, const char *pointer,
                                struct hf_error *err);

/* Checks the signature of a release file by checked release_keys. A gateway without keys takes any
 * file, also one whose signature is wrong; ret_comment is "" then. signature.data is NULL where
 * there is none. */
HF_MUST int hf_trust_check_signature(const struct hf_json *keys, struct hf_slice file,
                                     struct hf_slice signature,
                                     char ret_comment[HF_MINISIGN_COMMENT_MAX + 1],
                                     struct hf_error *err);

/* CONFLICT where the counter is below the floor, which is the highest one that this gateway has
 * run: an old release, though signed, brings back what newer ones have mended. */
HF_MUST int hf_release_check_floor(const struct hf_release *r, int64_t floor, struct hf_error *err);

/* INVALID where it wants a newer holdfastd, or one that knows newer settings, and does not bring it
 * for this host. */
HF_MUST int hf_release_check_fit(const struct hf_release *r, const char *holdfastd,
                                 int64_t settings_schema, struct hf_error *err);
