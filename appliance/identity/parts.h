// SPDX-License-Identifier: Apache-2.0
/* Inside identity: what its files share. */
#pragma once

#include "identity/identity.h"
#include "identity/password.h"
#include "identity/session.h"
#include "identity/throttle.h"

#include <pthread.h>

extern const char hf_identity_nobody[]; /* in logs: a name that nobody has */

enum { HF_AUDIT_SIZE = 256 /* of an entry's text */ };

struct hf_live_token {
    struct hf_token_record record; /* .token_hash "" for a free place */
    int64_t saved_ms;              /* of record.used_ms; monotonic */
};

struct hf_identity {
    struct hf_identity_ops ops;
    struct hf_argon2 argon2;
    /* Who changes accounts or tokens does so alone, from the look at them to the end: held across
     * ops, and taken before mutex. */
    pthread_mutex_t changing;
    pthread_mutex_t mutex; /* of all below; never held across ops or Argon2 */
    struct hf_throttle throttle;
    struct hf_sessions sessions;
    int64_t wall_ms, mono_ms;                    /* both clocks when they were last compared */
    struct hf_account accounts[HF_ACCOUNTS_MAX]; /* by name */
    size_t account_count;
    struct hf_live_token tokens[HF_TOKENS_MAX];
    char setup_code[HF_SETUP_CODE_SIZE];     /* "" where it is not ours to show */
    char setup_code_hash[HF_CODE_HASH_SIZE]; /* "" where it is claimed */
    char gateway_name[HF_NAME_SIZE];
};

/* A guess that is on its way. */
struct hf_guess {
    char address[HF_ADDRESS_SIZE];
    const char *account;
};

/* One spelling for each address, IPv4 in IPv6 and zones aside. */
void hf_identity_address(const char *address, char out[HF_ADDRESS_SIZE]);

void hf_identity_guess_right(struct hf_identity *id, const struct hf_guess *g);
/* After a failure that says nothing about the guess. */
void hf_identity_guess_undone(struct hf_identity *id, const struct hf_guess *g);
/* THROTTLED; -1. */
int hf_identity_throttled(int64_t wait_ms, int *ret_retry_after_s, struct hf_error *err);

void hf_identity_audit(struct hf_identity *id, const char *who, const char *what,
                       const char *address);
/* Of a guess. */
void hf_identity_audit_wrong(struct hf_identity *id, const char *who, const char *what,
                             enum hf_error_class why, const char *address);

/* With mutex held. NULL where there is none. */
struct hf_account *hf_identity_account(struct hf_identity *id, const char *user);
/* With mutex held: puts the account in the place of the one of that name, or adds it. */
void hf_identity_keep_account(struct hf_identity *id, const struct hf_account *account);
/* With mutex held: forgets the account and its tokens. */
void hf_identity_drop_account(struct hf_identity *id, const char *user);

/* Forgets sessions in memory, then for good what was saved of them meanwhile. */
void hf_identity_end_all(struct hf_identity *id, const char *user, const char *keep_hash);

/* Whether the actor may see and end what is of user. */
bool hf_identity_may_touch(const struct hf_actor *actor, const char *user);

/* tokens.c: by its hash; counts as used where it is good. */
enum hf_token_state { HF_TOKEN_GOOD, HF_TOKEN_EXPIRED, HF_TOKEN_UNKNOWN };
HF_MUST enum hf_token_state hf_token_use(struct hf_identity *id, const char *hash,
                                         struct hf_session *ret_session);

/* The first characters of a hash. */
void hf_credential_id(const char *hash, char out[HF_CREDENTIAL_ID_SIZE]);
