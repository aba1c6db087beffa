// SPDX-License-Identifier: Apache-2.0
/*
 * Who is there: claim, login, sessions, accounts, API tokens. Thread-safe. All is in memory; what
 * must survive a restart goes through struct hf_identity_ops, filled in by main.c with the store
 * behind the owner thread. The role of a session is the one that its account has now, that of a
 * token the lower one of its own and its account's.
 *
 * Passwords are hashed with Argon2id (19 MiB, 2 passes), one at a time; a second one waits for
 * three seconds and is THROTTLED then. Guessing is slowed down for each address and for the
 * account, exponentially; an address that has not guessed wrong is never made to wait for others.
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
    HF_SESSION_LIFE_S = 7 * 24 * 3600,
    HF_PROVED_S = 600,          /* for how long a password that was shown counts */
    HF_API_TOKEN_SIZE = 4 + 65, /* "hft_" and 256 bits in hex */
    HF_CREDENTIAL_ID_SIZE = 17, /* of a session or token: the first 64 bits of its hash, in hex */
    HF_API_TOKEN_DAYS_MAX = 3650
};

struct hf_identity;

/* Called from the thread that calls hf_identity_…, with no lock held; may block. Where claim fails
 * nothing has happened. A session that could not be saved lives until the next restart: a full disk
 * must not keep out the person who comes to clear it. */
struct hf_identity_ops {
    void *context;
    /* The first account, or "admin" anew where a setup code is stored; else CONFLICT. */
    int (*claim)(void *context, const struct hf_account *a, struct hf_error *err);
    int (*save_session)(void *context, const struct hf_session_record *s, struct hf_error *err);
    int (*delete_session)(void *context, const char *token_hash, struct hf_error *err);
    /* What happened, for the audit log: e.g. who "admin" what "login from 192.168.1.7". NULL where
     * nobody keeps it. */
    void (*audit)(void *context, const struct hf_audit_note *note);
    /* One transaction each, with its entry in the audit log: where one fails nothing has happened.
     * NULL where accounts are not to be changed. */
    int (*change_account)(void *context, const struct hf_account_change *change,
                          struct hf_error *err);
    int (*add_token)(void *context, const struct hf_token_record *token,
                     const struct hf_audit_note *note, struct hf_error *err);
    int (*delete_token)(void *context, const struct hf_token_record *token,
                        const struct hf_audit_note *note, struct hf_error *err);
    /* Every quarter of an hour that a token is used in. */
    int (*use_token)(void *context, const char *token_hash, int64_t used_ms, struct hf_error *err);
};

/* What was there at the last end. Borrowed for the call. */
struct hf_identity_start {
    const struct hf_account *accounts;
    size_t account_count;
    const struct hf_session_record *sessions;
    size_t session_count;
    const struct hf_token_record *tokens;
    size_t token_count;
    /* Of a provisioned code, or one of a recovery: where there is one the gateway can be claimed,
     * whatever accounts there are. NULL or "": a new code is made where there is no account. */
    const char *setup_code_hash;
    const char *gateway_name; /* no password may be this; NULL for none */
};

HF_MUST int hf_identity_new(const struct hf_identity_ops *ops,
                            const struct hf_identity_start *start,
                            struct hf_identity **ret_identity, struct hf_error *err);
void hf_identity_free(struct hf_identity *id);
HF_DEFINE_AUTO(struct hf_identity, hf_identity, hf_identity_free)

/* Whether somebody has set the admin password, and no setup code waits for another one to. */
bool hf_identity_claimed(struct hf_identity *id);

/* The code that claims this gateway, to print. False where it is claimed or where the code was
 * provisioned (only whoever wrote the file knows it). */
bool hf_identity_setup_code(struct hf_identity *id, char out[HF_SETUP_CODE_SIZE]);

/* Who asks: a person by a session, or a program by a token. */
struct hf_session {
    char user[HF_NAME_SIZE];    /* for logs: the account, or "account/token" */
    char account[HF_NAME_SIZE]; /* whose it is */
    char hash[HF_TOKEN_HASH_SIZE];
    enum hf_role role;
    int64_t expires_ms; /* wall clock now plus what is left */
    bool is_token;
    bool proved; /* the password was shown in the last HF_PROVED_S; a token needs none */
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

/* Whether what was asked with by a session or token is still good; if so it counts as used. */
bool hf_identity_still(struct hf_identity *id, const struct hf_session *session);

/* Ends the session; fine where there is none. */
void hf_identity_logout(struct hf_identity *id, const char *token);

/* ---- for somebody who is there (users.c, listing.c, tokens.c) ---- */

/* Borrowed for the call. What an actor may do to others is decided here: an admin everything,
 * anybody else only what is his own. */
struct hf_actor {
    const struct hf_session *session;
    const char *address;
};

/* Shows the password once more, which then counts as shown for HF_PROVED_S. FORBIDDEN with pointer
 * /password where it is wrong, CONFLICT for a token, THROTTLED with *ret_retry_after_s. */
HF_MUST int hf_identity_prove(struct hf_identity *id, const struct hf_actor *actor,
                              const char *password, int *ret_retry_after_s, struct hf_error *err);

/* Sets the actor's own password and ends all other sessions of the account. FORBIDDEN with pointer
 * /current, INVALID with pointer /new, THROTTLED with *ret_retry_after_s. */
HF_MUST int hf_identity_set_password(struct hf_identity *id, const struct hf_actor *actor,
                                     const char *current, const char *fresh, int *ret_retry_after_s,
                                     struct hf_error *err);

struct hf_user {
    char name[HF_NAME_SIZE];
    enum hf_role role;
    bool disabled;
    int64_t created_ms;
    int sessions, tokens;
};

/* All accounts by name; ret_users has room for HF_ACCOUNTS_MAX. */
void hf_identity_users(struct hf_identity *id, struct hf_user *ret_users, size_t *ret_count);
/* NOT_FOUND. */
HF_MUST int hf_identity_user(struct hf_identity *id, const char *name, struct hf_user *ret_user,
                             struct hf_error *err);
/* INVALID with pointer /name or /password; CONFLICT where the name is taken or there are
 * HF_USERS_MAX. */
HF_MUST int hf_identity_add_user(struct hf_identity *id, const struct hf_actor *actor,
                                 const char *name, const char *password, enum hf_role role,
                                 struct hf_user *ret_user, struct hf_error *err);

struct hf_user_change {
    const char *password; /* NULL: stays */
    bool has_role, has_disabled;
    enum hf_role role;
    bool disabled;
};

/* Another password, role or lock ends the account's sessions but the one that the actor asks by.
 * NOT_FOUND; CONFLICT where no admin would be left who can log in; INVALID with pointer. */
HF_MUST int hf_identity_change_user(struct hf_identity *id, const struct hf_actor *actor,
                                    const char *name, const struct hf_user_change *change,
                                    struct hf_user *ret_user, struct hf_error *err);
/* With its sessions and tokens. Errors as of a change. */
HF_MUST int hf_identity_remove_user(struct hf_identity *id, const struct hf_actor *actor,
                                    const char *name, struct hf_error *err);

struct hf_session_info {
    char id[HF_CREDENTIAL_ID_SIZE];
    char user[HF_NAME_SIZE];
    enum hf_role role;
    char address[HF_ADDRESS_SIZE]; /* "" where that is not known */
    int64_t created_ms, used_ms, expires_ms;
    bool current; /* the one that the actor asks by */
};

/* Those that the actor may see, last used first; ret_list has room for HF_SESSIONS_MAX. */
void hf_identity_sessions(struct hf_identity *id, const struct hf_actor *actor,
                          struct hf_session_info *ret_list, size_t *ret_count);
/* NOT_FOUND, also where it is another's and the actor may not. Where it fails otherwise it has
 * ended, but may come back at the next start: the message says so. */
HF_MUST int hf_identity_end_session(struct hf_identity *id, const struct hf_actor *actor,
                                    const char *session_id, struct hf_error *err);
/* The actor's own but the current one; fails as above. */
HF_MUST int hf_identity_end_sessions(struct hf_identity *id, const struct hf_actor *actor,
                                     struct hf_error *err);

struct hf_token {
    char id[HF_CREDENTIAL_ID_SIZE];
    char user[HF_NAME_SIZE];
    char name[HF_NAME_SIZE];
    enum hf_role role; /* that it has now */
    int64_t created_ms, expires_ms;
    int64_t used_ms; /* 0: never */
};

/* Whether text is a live token; if so it counts as used now. UNAUTHORIZED; THROTTLED with
 * *ret_retry_after_s for an address that shows wrong ones, which keeps out neither right tokens
 * nor a login from there. */
HF_MUST int hf_identity_token(struct hf_identity *id, const char *text, const char *address,
                              struct hf_session *ret_session, int *ret_retry_after_s,
                              struct hf_error *err);

/* Those that the actor may see, by user and name; ret_list has room for HF_TOKENS_MAX. */
void hf_identity_tokens(struct hf_identity *id, const struct hf_actor *actor,
                        struct hf_token *ret_list, size_t *ret_count);
/* For the actor's own account. ret_text is shown once and kept only as a hash. FORBIDDEN with
 * pointer /role above the actor's; INVALID with pointer /name; CONFLICT where the account has one
 * of that name or there are HF_TOKENS_MAX. days is 1 to HF_API_TOKEN_DAYS_MAX. */
HF_MUST int hf_identity_add_token(struct hf_identity *id, const struct hf_actor *actor,
                                  const char *name, enum hf_role role, int days,
                                  char ret_text[HF_API_TOKEN_SIZE], struct hf_token *ret_token,
                                  struct hf_error *err);
/* NOT_FOUND, also where it is another's and the actor may not. */
HF_MUST int hf_identity_revoke_token(struct hf_identity *id, const struct hf_actor *actor,
                                     const char *token_id, struct hf_error *err);

/* ---- a key of a passphrase ---- */

enum { HF_KDF_SALT_SIZE = 16, HF_KDF_PASSES = 2, HF_KDF_MEMORY_KIB = 19 * 1024 };

struct hf_kdf {
    unsigned passes, memory_kib;
    unsigned char salt[HF_KDF_SALT_SIZE];
};

/* By Argon2id, in turn with the passwords; THROTTLED as they are. */
HF_MUST int hf_identity_derive(struct hf_identity *id, const char *passphrase,
                               const struct hf_kdf *kdf, unsigned char *ret_key, size_t len,
                               struct hf_error *err);

/* Whether code claims this gateway, guessed at as in a claim: CONFLICT where it is claimed,
 * FORBIDDEN, THROTTLED with *ret_retry_after_s. Claims nothing. */
HF_MUST int hf_identity_check_code(struct hf_identity *id, const char *code, const char *address,
                                   int *ret_retry_after_s, struct hf_error *err);

/* ---- without a struct hf_identity ---- */

/* Whether password may be one: length, UTF-8, not the gateway's name (NULL for none). */
HF_MUST int hf_password_check(const char *password, const char *gateway_name, struct hf_error *err);

/* Salted hash of a setup code, case and dashes aside; INVALID where it is none. */
HF_MUST int hf_setup_code_hash(const char *code, char out[HF_CODE_HASH_SIZE], struct hf_error *err);
