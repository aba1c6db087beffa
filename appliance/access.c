// SPDX-License-Identifier: Apache-2.0
#include "access.h"

#include "base/log.h"

/* What is handed to the owner thread. */
struct work {
    const struct hf_account *account;
    const struct hf_session_record *session;
    const struct hf_account_change *change;
    const struct hf_token_record *token;
    const struct hf_audit_note *note;
    const char *hash;
    int64_t at_ms;
};

static int
run(void *context, hf_core_work *work, struct work *w, struct hf_error *err)
{
    const struct hf_access *a = context;

    return hf_core_run(a->core, work, w, err);
}

static int
claim_in_store(struct hf_store *store, void *context, struct hf_error *err)
{
    const struct work *w = context;

    return hf_store_claim(store, w->account, err);
}

static int
claim(void *context, const struct hf_account *a, struct hf_error *err)
{
    return run(context, claim_in_store, &(struct work){.account = a}, err);
}

static int
save_session_in_store(struct hf_store *store, void *context, struct hf_error *err)
{
    const struct work *w = context;

    return hf_store_save_session(store, w->session, err);
}

static int
save_session(void *context, const struct hf_session_record *s, struct hf_error *err)
{
    return run(context, save_session_in_store, &(struct work){.session = s}, err);
}

static int
delete_session_in_store(struct hf_store *store, void *context, struct hf_error *err)
{
    const struct work *w = context;

    return hf_store_delete_session(store, w->hash, err);
}

static int
delete_session(void *context, const char *token_hash, struct hf_error *err)
{
    struct hf_error local;

    if (run(context, delete_session_in_store, &(struct work){.hash = token_hash}, &local) == 0)
        return 0;
    hf_log_error("event=logout-not-kept error=\"%s\"", local.message);
    if (err)
        *err = local;
    return -1;
}

static int
audit_in_store(struct hf_store *store, void *context, struct hf_error *err)
{
    const struct work *w = context;

    return hf_store_audit_note(store, w->note, err);
}

static void
audit(void *context, const struct hf_audit_note *note)
{
    struct hf_error err;

    hf_log_info("event=audit who=%s what=\"%s\"", note->who, note->what);
    if (run(context, audit_in_store, &(struct work){.note = note}, &err) < 0)
        hf_log_error("event=audit-not-kept error=\"%s\"", err.message);
}

static int
change_in_store(struct hf_store *store, void *context, struct hf_error *err)
{
    const struct work *w = context;

    return hf_store_change_account(store, w->change, err);
}

static int
change_account(void *context, const struct hf_account_change *change, struct hf_error *err)
{
    if (run(context, change_in_store, &(struct work){.change = change}, err) < 0)
        return -1;
    hf_log_info("event=audit who=%s what=\"%s\"", change->note.who, change->note.what);
    return 0;
}

static int
add_token_in_store(struct hf_store *store, void *context, struct hf_error *err)
{
    const struct work *w = context;

    return hf_store_add_token(store, w->token, w->note, err);
}

static int
add_token(void *context, const struct hf_token_record *token, const struct hf_audit_note *note,
          struct hf_error *err)
{
    struct work w = {.token = token, .note = note};

    if (run(context, add_token_in_store, &w, err) < 0)
        return -1;
    hf_log_info("event=audit who=%s what=\"%s\"", note->who, note->what);
    return 0;
}

static int
delete_token_in_store(struct hf_store *store, void *context, struct hf_error *err)
{
    const struct work *w = context;

    return hf_store_delete_token(store, w->token, w->note, err);
}

static int
delete_token(void *context, const struct hf_token_record *token, const struct hf_audit_note *note,
             struct hf_error *err)
{
    struct work w = {.token = token, .note = note};

    hf_log_info("event=audit who=%s what=\"%s\"", note->who, note->what);
    return run(context, delete_token_in_store, &w, err);
}

static int
use_token_in_store(struct hf_store *store, void *context, struct hf_error *err)
{
    const struct work *w = context;

    return hf_store_use_token(store, w->hash, w->at_ms, err);
}

static int
use_token(void *context, const char *token_hash, int64_t used_ms, struct hf_error *err)
{
    return run(context, use_token_in_store, &(struct work){.hash = token_hash, .at_ms = used_ms},
               err);
}

int
hf_access_start(struct hf_access *access, struct hf_store *store, const char *gateway_name,
                struct hf_identity **ret_identity, struct hf_error *err)
{
    const struct hf_identity_ops ops = {
        .context = access,
        .claim = claim,
        .save_session = save_session,
        .delete_session = delete_session,
        .audit = audit,
        .change_account = change_account,
        .add_token = add_token,
        .delete_token = delete_token,
        .use_token = use_token,
    };
    struct hf_account accounts[HF_ACCOUNTS_MAX];
    struct hf_session_record sessions[HF_SESSIONS_MAX];
    struct hf_token_record tokens[HF_TOKENS_MAX];
    char code[HF_CODE_HASH_SIZE];
    struct hf_identity_start start = {.accounts = accounts,
                                      .sessions = sessions,
                                      .tokens = tokens,
                                      .setup_code_hash = code,
                                      .gateway_name = gateway_name};

    if (hf_store_accounts(store, accounts, HF_ACCOUNTS_MAX, &start.account_count, err) < 0 ||
        hf_store_sessions(store, sessions, HF_SESSIONS_MAX, &start.session_count, err) < 0 ||
        hf_store_tokens(store, tokens, HF_TOKENS_MAX, &start.token_count, err) < 0 ||
        hf_store_setup_code(store, code, err) < 0)
        return -1;
    return hf_identity_new(&ops, &start, ret_identity, err);
}
