// SPDX-License-Identifier: Apache-2.0
/*
 * Who may do what, as it is kept: accounts, sessions and API tokens. Only hashes, never a password
 * or token.
 */
#pragma once

#include "model/audit.h"
#include "model/release.h"

#include <stdint.h>

enum {
    HF_PASSWORD_HASH_SIZE = 128, /* crypto_pwhash_STRBYTES of libsodium */
    HF_TOKEN_HASH_SIZE = 65,     /* 64 hex digits */
    HF_CODE_HASH_SIZE = 128,     /* salt and hash of a setup code */
    HF_SETUP_CODE_SIZE = 15,     /* XXXX-XXXX-XXXX */
    HF_SETUP_CODE_CHARS = 12,
    HF_USERS_MAX = 16,
    HF_ACCOUNTS_MAX = HF_USERS_MAX + 1, /* "admin" comes back by a claim, however many there are */
    HF_SESSIONS_MAX = 64,
    HF_TOKENS_MAX = 32,
    HF_ADDRESS_SIZE = 46,    /* INET6_ADDRSTRLEN */
    HF_USER_CHARS = 32,      /* of an account's name */
    HF_TOKEN_NAME_CHARS = 30 /* so that "account/token" fits a name */
};

/* Characters of a setup code: none that looks like another one. */
extern const char hf_setup_code_alphabet[];

/* Each role may do what the ones above it may. */
enum hf_role { HF_ROLE_VIEWER, HF_ROLE_OPERATOR, HF_ROLE_ADMIN, HF_ROLE_COUNT };

const char *hf_role_name(enum hf_role role);
/* The role of a word; INVALID with pointer, which says what there is. */
HF_MUST int hf_role_read(const char *word, const char *pointer, enum hf_role *ret_role,
                         struct hf_error *err);

struct hf_account {
    char user[HF_NAME_SIZE];
    enum hf_role role;
    char password_hash[HF_PASSWORD_HASH_SIZE]; /* $argon2id$… */
    int64_t created_ms;                        /* wall clock */
    bool disabled;                             /* no login, no session, no token of it is taken */
};

/* What becomes of one account, of its sessions and of the audit log: all of it or nothing. Borrowed
 * for the call. */
struct hf_account_change {
    const char *user;
    const struct hf_account *account; /* from now on; NULL: it goes, its sessions and tokens too */
    bool end_sessions;
    const char *keep_hash; /* of the one session that stays; NULL for none */
    struct hf_audit_note note;
};

/* Times are of the wall clock when it was saved. What a session has left is expires_ms - seen_ms,
 * which stays right when the clock is set in between. */
struct hf_session_record {
    char token_hash[HF_TOKEN_HASH_SIZE];
    char user[HF_NAME_SIZE];
    enum hf_role role;
    int64_t created_ms, expires_ms, seen_ms;
    char address[HF_ADDRESS_SIZE]; /* where it was opened from; "" where that is not known */
};

/* What a program shows instead of a session. Times are of the wall clock: a token lives for months,
 * through many starts, and nothing else counts on. */
struct hf_token_record {
    char token_hash[HF_TOKEN_HASH_SIZE];
    char user[HF_NAME_SIZE]; /* whose it is */
    char name[HF_NAME_SIZE]; /* unique for each user */
    enum hf_role role;       /* at most; what counts is the lower one of this and the account's */
    int64_t created_ms, expires_ms;
    int64_t used_ms; /* 0: never */
};

/* Whether text may name an account: 1 to 32 of a-z, 0-9, dot, dash and underscore, a letter or
 * digit first. INVALID with pointer. */
HF_MUST int hf_user_name_check(const char *text, const char *pointer, struct hf_error *err);
/* And a token: 1 to 30 of the same and A-Z. */
HF_MUST int hf_token_name_check(const char *text, const char *pointer, struct hf_error *err);

/* Brings a setup code as somebody typed it (case, dashes, blanks) to XXXX-XXXX-XXXX. */
bool hf_setup_code_normalise(const char *typed, char out[HF_SETUP_CODE_SIZE]);

/* Checks that hash is an Argon2id string as libsodium makes it, with parameters that this gateway
 * can and wants to compute; the error carries pointer. */
HF_MUST int hf_password_hash_check(const char *hash, const char *pointer, struct hf_error *err);
