// SPDX-License-Identifier: Apache-2.0
/*
 * Who is there: claim, login, sessions. Thread-safe. All is in memory; what must survive a restart
 * goes through struct hf_identity_ops, filled in by main.c with the store behind the owner thread.
 *
 * Passwords are hashed with Argon2id (19 MiB, 2 passes), one at a time. Guessing is slowed down for
 * each address and for the account, exponentially; an address that has not guessed wrong is never
 * made to wait for others.
 */
#pragma once

#include "base/error.h"
#include "model/account.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    HF_TOKEN_SIZE = 65, /* 256 bits in hex */
    HF_PASSWORD_MIN = 10,
    HF_PASSWORD_MAX = 256,
    HF_SESSION_IDLE_S = 12 * 3600,
    HF_SESSION_LIFE_S = 7 * 24 * 3600
};

struct hf_identity;

/* Called from the thread that calls hf_identity_…, with no lock held; may block. Where claim fails
 * nothing has happened. A session that could not be saved lives until the next restart: a full disk
 * must not keep out the person who comes to clear it. */
struct hf_identity_ops {
    void *context;
    /* The first account; CONFLICT where there is one. */
    int (*claim)(void *context, const struct hf_account *a, struct hf_error *err);
    int (*save_session)(void *context, const struct hf_session_record *s, struct hf_error *err);
    int (*delete_session)(void *context, const char *token_hash, struct hf_error *err);
    /* What happened, for the audit log: e.g. who "admin" what "login from 192.168.1.7". NULL where
     * nobody keeps it. */
    void (*audit)(void *context, const char *who, const char *what);
};

/* What was there at the last end. Borrowed for the call. */
struct hf_identity_start {
    const struct hf_account *accounts;
    size_t account_count;
    const struct hf_session_record *sessions;
    size_t session_count;
    const char *setup_code_hash; /* of a provisioned code; NULL or "": a new code is made */
    const char *gateway_name;    /* no password may be this; NULL for none */
};

HF_MUST int hf_identity_new(const struct hf_identity_ops *ops,
                            const struct hf_identity_start *start,
                            struct hf_identity **ret_identity, struct hf_error *err);
void hf_identity_free(struct hf_identity *id);
HF_DEFINE_AUTO(struct hf_identity, hf_identity, hf_identity_free)

/* Whether somebody has set the admin password. */
bool hf_identity_claimed(struct hf_identity *id);

/* The code that claims this gateway, to print. False where it is claimed or where the code was
 * provisioned (only whoever wrote the file knows it). */
bool hf_identity_setup_code(struct hf_identity *id, char out[HF_SETUP_CODE_SIZE]);

struct hf_session {
    char user[HF_NAME_SIZE];
    enum hf_role role;
    int64_t expires_ms; /* wall clock now plus what is left */
};

struct hf_login {
    char token[HF_TOKEN_SIZE]; /* the cookie's value; shown once, kept only as a hash */
    struct hf_session session;
    int retry_after_s; /* set where the call failed with HF_ERROR_THROTTLED; at least 1 */
};

/* Makes user "admin" and its first session. address is the peer's without port ("192.168.1.7",
 * "fe80::1"). Errors: CONFLICT (claimed), FORBIDDEN (wrong code), INVALID with pointer /password
 * (not allowed as one), THROTTLED. */
HF_MUST int hf_identity_claim(struct hf_identity *id, const char *code, const char *password,
                              const char *address, struct hf_login *ret_login,
                              struct hf_error *err);

/* Errors: UNAUTHORIZED (one message for a wrong user and a wrong password), THROTTLED. */
HF_MUST int hf_identity_login(struct hf_identity *id, const char *user, const char *password,
                              const char *address, struct hf_login *ret_login,
                              struct hf_error *err);

/* Whether token is of a live session; if so it counts as used now. token may be anything, or NULL;
 * ret_session may be NULL. */
bool hf_identity_session(struct hf_identity *id, const char *token, struct hf_session *ret_session);

/* Ends the session; fine where there is none. */
void hf_identity_logout(struct hf_identity *id, const char *token);

/* ---- without a struct hf_identity ---- */

/* Whether password may be one: length, UTF-8, not the gateway's name (NULL for none). */
HF_MUST int hf_password_check(const char *password, const char *gateway_name, struct hf_error *err);

/* Salted hash of a setup code, case and dashes aside; INVALID where it is none. */
HF_MUST int hf_setup_code_hash(const char *code, char out[HF_CODE_HASH_SIZE], struct hf_error *err);
