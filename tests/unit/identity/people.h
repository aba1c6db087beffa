// SPDX-License-Identifier: Apache-2.0
/* An identity with an admin and ann, an operator, behind which nothing is kept. */
#pragma once

#include "unit.h"

#include "base/clock.h"
#include "base/text.h"
#include "identity/identity.h"

#include <string.h>

static const char PASSWORD[] = "correct horse battery";
/* Of PASSWORD, made once by each program. */
static char password_hash[HF_PASSWORD_HASH_SIZE];

/* What was asked of the store. */
struct kept {
    bool full;
    enum hf_error_class fault; /* what the store fails with */
    int changes, tokens_added, tokens_deleted, uses, sessions_deleted;
    struct hf_account_change change;
    struct hf_account account;
    struct hf_token_record token;
    char keep_hash[HF_TOKEN_HASH_SIZE];
    char audit[256];
    int audit_status;
    char values[512]; /* of the entry in the audit log */
};

static int
refuse_if_full(const struct kept *k, struct hf_error *err)
{
    if (k->fault != HF_ERROR_NONE)
        return hf_error_set(err, k->fault, "a fault of a test");
    return k->full ? hf_error_set(err, HF_ERROR_NO_SPACE, "full") : 0;
}

static int
keep_claim(void *context, const struct hf_account *a, struct hf_error *err)
{
    struct kept *k = context;

    if (refuse_if_full(k, err) < 0)
        return -1;
    k->account = *a;
    if (!password_hash[0])
        memcpy(password_hash, a->password_hash, sizeof password_hash);
    return 0;
}

static int
keep_session(void *context, const struct hf_session_record *s, struct hf_error *err)
{
    (void)s;
    return refuse_if_full(context, err);
}

static int
drop_session(void *context, const char *hash, struct hf_error *err)
{
    struct kept *k = context;

    (void)hash;
    k->sessions_deleted++;
    return refuse_if_full(k, err);
}

static void
keep_note(struct kept *k, const struct hf_audit_note *note)
{
    hf_text_put(k->audit, sizeof k->audit, "%s: %s", note->who, note->what);
    k->audit_status = note->status;
    hf_text_put(k->values, sizeof k->values, "%s", note->changes ? note->changes : "");
}

static void
keep_audit(void *context, const struct hf_audit_note *note)
{
    keep_note(context, note);
}

static int
keep_change(void *context, const struct hf_account_change *change, struct hf_error *err)
{
    struct kept *k = context;

    if (refuse_if_full(k, err) < 0)
        return -1;
    k->changes++;
    k->change = *change;
    hf_text_put(k->keep_hash, sizeof k->keep_hash, "%s",
                change->keep_hash ? change->keep_hash : "");
    if (change->account)
        k->account = *change->account;
    keep_note(k, &change->note);
    return 0;
}

static int
keep_token(void *context, const struct hf_token_record *token, const struct hf_audit_note *note,
           struct hf_error *err)
{
    struct kept *k = context;

    if (refuse_if_full(k, err) < 0)
        return -1;
    k->tokens_added++;
    k->token = *token;
    keep_note(k, note);
    return 0;
}

static int
drop_token(void *context, const struct hf_token_record *token, const struct hf_audit_note *note,
           struct hf_error *err)
{
    struct kept *k = context;

    (void)token;
    k->tokens_deleted++;
    keep_note(k, note);
    return refuse_if_full(k, err);
}

static int
note_use(void *context, const char *hash, int64_t used_ms, struct hf_error *err)
{
    struct kept *k = context;

    (void)hash, (void)used_ms;
    k->uses++;
    return refuse_if_full(k, err);
}

static struct hf_identity *
begun(struct kept *k, const struct hf_identity_start *start)
{
    const struct hf_identity_ops ops = {
        .context = k,
        .claim = keep_claim,
        .save_session = keep_session,
        .delete_session = drop_session,
        .audit = keep_audit,
        .change_account = keep_change,
        .add_token = keep_token,
        .delete_token = drop_token,
        .use_token = note_use,
    };
    struct hf_identity *id = NULL;

    assert_int_equal(hf_identity_new(&ops, start, &id, NULL), 0);
    return id;
}

static struct hf_account
account(const char *user, enum hf_role role)
{
    struct hf_account a = {.role = role, .created_ms = 1};

    hf_text_put(a.user, sizeof a.user, "%s", user);
    memcpy(a.password_hash, password_hash, sizeof password_hash);
    return a;
}

/* Both have PASSWORD. */
static inline struct hf_identity *
two_people(struct kept *k)
{
    const struct hf_account accounts[] = {account("admin", HF_ROLE_ADMIN),
                                          account("ann", HF_ROLE_OPERATOR)};
    const struct hf_identity_start start = {.accounts = accounts, .account_count = 2};

    memset(k, 0, sizeof *k);
    return begun(k, &start);
}

static inline struct hf_session
logged_in(struct hf_identity *id, const char *user)
{
    struct hf_login login;
    struct hf_error err = {0};

    if (hf_identity_login(id, user, PASSWORD, "10.0.0.3", &login, &err) < 0)
        fail_msg("%s: %s", user, err.message);
    return login.session;
}

/* For cmocka_run_group_tests(). */
static int
make_password_hash(void **state)
{
    struct kept k = {0};
    const struct hf_identity_start nobody = {0};
    HF_AUTO(hf_identity) struct hf_identity *id = begun(&k, &nobody);
    struct hf_login login;
    char code[HF_SETUP_CODE_SIZE];

    (void)state;
    assert_true(hf_identity_setup_code(id, code));
    assert_int_equal(hf_identity_claim(id, code, PASSWORD, "10.0.0.1", &login, NULL), 0);
    return 0;
}
