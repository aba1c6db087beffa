// SPDX-License-Identifier: Apache-2.0
/* Who may do what, as it is kept: accounts and sessions. Only hashes, never a password or token. */
#pragma once

#include "model/release.h"

#include <stdint.h>

enum {
    HF_PASSWORD_HASH_SIZE = 128, /* crypto_pwhash_STRBYTES of libsodium */
    HF_TOKEN_HASH_SIZE = 65,     /* 64 hex digits */
    HF_CODE_HASH_SIZE = 128,     /* salt and hash of a setup code */
    HF_SETUP_CODE_SIZE = 15,     /* XXXX-XXXX-XXXX */
    HF_SETUP_CODE_CHARS = 12,
    HF_ACCOUNTS_MAX = 16,
    HF_SESSIONS_MAX = 64
};

/* Characters of a setup code: none that looks like another one. */
extern const char hf_setup_code_alphabet[];

/* Each role may do what the ones above it may. */
enum hf_role { HF_ROLE_VIEWER, HF_ROLE_OPERATOR, HF_ROLE_ADMIN, HF_ROLE_COUNT };

const char *hf_role_name(enum hf_role role);

struct hf_account {
    char user[HF_NAME_SIZE];
    enum hf_role role;
    char password_hash[HF_PASSWORD_HASH_SIZE]; /* $argon2id$… */
    int64_t created_ms;                        /* wall clock */
};

/* Times are of the wall clock when it was saved. What a session has left is expires_ms - seen_ms,
 * which stays right when the clock is set in between. */
struct hf_session_record {
    char token_hash[HF_TOKEN_HASH_SIZE];
    char user[HF_NAME_SIZE];
    enum hf_role role;
    int64_t created_ms, expires_ms, seen_ms;
};

/* Brings a setup code as somebody typed it (case, dashes, blanks) to XXXX-XXXX-XXXX. */
bool hf_setup_code_normalise(const char *typed, char out[HF_SETUP_CODE_SIZE]);

/* Checks that hash is an Argon2id string as libsodium makes it, with parameters that this gateway
 * can and wants to compute; the error carries pointer. */
HF_MUST int hf_password_hash_check(const char *hash, const char *pointer, struct hf_error *err);
