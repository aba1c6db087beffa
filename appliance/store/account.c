// SPDX-License-Identifier: Apache-2.0
#include "store/account.h"

#include "sql.h"

int
hf_store_accounts(struct hf_store *st, struct hf_account *ret_accounts, size_t max,
                  size_t *ret_count, struct hf_error *err)
{
    HF_STMT stmt = NULL;
    size_t count = 0;
    int row;

    if (hf_db_query(st, &stmt, err, hf_sql_account_list, "i", (int64_t)max) < 0)
        return -1;
    while ((row = hf_db_step(st, stmt, err)) > 0 && count < max) {
        struct hf_account *a = &ret_accounts[count++];

        *a = (struct hf_account){
            .role = (enum hf_role)sqlite3_column_int(stmt, 1),
            .created_ms = sqlite3_column_int64(stmt, 3),
            .disabled = sqlite3_column_int(stmt, 4) != 0,
        };
        hf_db_text(stmt, 0, a->user, sizeof a->user);
        hf_db_text(stmt, 2, a->password_hash, sizeof a->password_hash);
    }
    if (row < 0)
        return hf_error_wrap(err, "read the accounts");
    *ret_count = count;
    return 0;
}

static int
save_account(struct hf_store *st, void *context, struct hf_error *err)
{
    const struct hf_account *a = context;

    if (hf_db_exec(st, err, hf_sql_account_save, "titi", a->user, (int64_t)a->role,
                   a->password_hash, a->created_ms) < 0)
        return -1;
    return hf_db_exec(st, err, a->disabled ? hf_sql_account_disable : hf_sql_account_enable, "t",
                      a->user);
}

int
hf_store_save_account(struct hf_store *st, const struct hf_account *a, struct hf_error *err)
{
    struct hf_account copy = *a;

    if (hf_store_transaction(st, save_account, &copy, err) < 0)
        return hf_error_wrap(err, "save account '%s'", a->user);
    return 0;
}

static int
change_account(struct hf_store *st, void *context, struct hf_error *err)
{
    const struct hf_account_change *c = context;

    if (c->account ? hf_store_save_account(st, c->account, err) < 0
                   : hf_db_exec(st, err, hf_sql_account_delete, "t", c->user) < 0)
        return -1;
    if (c->end_sessions && hf_db_exec(st, err, hf_sql_session_end_all, "tt", c->user,
                                      c->keep_hash ? c->keep_hash : "") < 0)
        return -1;
    return hf_store_audit_note(st, &c->note, err);
}

int
hf_store_change_account(struct hf_store *st, const struct hf_account_change *change,
                        struct hf_error *err)
{
    struct hf_account_change copy = *change;

    if (hf_store_transaction(st, change_account, &copy, err) < 0)
        return hf_error_wrap(err, "change account '%s'", change->user);
    return 0;
}

int
hf_db_has_account(struct hf_store *st, struct hf_error *err)
{
    HF_STMT stmt = NULL;

    if (hf_db_query(st, &stmt, err, hf_sql_account_any, "") < 0)
        return -1;
    return hf_db_step(st, stmt, err);
}

static int
claim(struct hf_store *st, void *context, struct hf_error *err)
{
    const struct hf_account *a = context;
    char code[HF_CODE_HASH_SIZE];
    int has = hf_db_has_account(st, err);

    if (has < 0 || hf_store_setup_code(st, code, err) < 0)
        return -1;
    if (has && !*code)
        return hf_error_set(err, HF_ERROR_CONFLICT, "this gateway is already claimed");
    if (hf_store_save_account(st, a, err) < 0 ||
        hf_db_exec(st, err, hf_sql_session_end_all, "tt", a->user, "") < 0)
        return -1;
    return hf_db_exec(st, err, hf_sql_setup_code_delete, "");
}

int
hf_store_claim(struct hf_store *st, const struct hf_account *a, struct hf_error *err)
{
    struct hf_account copy = *a;

    return hf_store_transaction(st, claim, &copy, err);
}

int
hf_store_setup_code(struct hf_store *st, char ret_hash[HF_CODE_HASH_SIZE], struct hf_error *err)
{
    HF_STMT stmt = NULL;
    int row;

    if (hf_db_query(st, &stmt, err, hf_sql_setup_code_get, "") < 0)
        return -1;
    row = hf_db_step(st, stmt, err);
    if (row < 0)
        return hf_error_wrap(err, "read the setup code");
    ret_hash[0] = '\0';
    if (row)
        hf_db_text(stmt, 0, ret_hash, HF_CODE_HASH_SIZE);
    return 0;
}

int
hf_store_sessions(struct hf_store *st, struct hf_session_record *ret_sessions, size_t max,
                  size_t *ret_count, struct hf_error *err)
{
    HF_STMT stmt = NULL;
    size_t count = 0;
    int row;

    if (hf_db_query(st, &stmt, err, hf_sql_session_list, "i", (int64_t)max) < 0)
        return -1;
    while ((row = hf_db_step(st, stmt, err)) > 0 && count < max) {
        struct hf_session_record *s = &ret_sessions[count++];

        *s = (struct hf_session_record){
            .role = (enum hf_role)sqlite3_column_int(stmt, 2),
            .created_ms = sqlite3_column_int64(stmt, 3),
            .expires_ms = sqlite3_column_int64(stmt, 4),
            .seen_ms = sqlite3_column_int64(stmt, 5),
        };
        hf_db_text(stmt, 0, s->token_hash, sizeof s->token_hash);
        hf_db_text(stmt, 1, s->user, sizeof s->user);
        hf_db_text(stmt, 6, s->address, sizeof s->address);
    }
    if (row < 0)
        return hf_error_wrap(err, "read the sessions");
    *ret_count = count;
    return 0;
}

static int
save_session(struct hf_store *st, void *context, struct hf_error *err)
{
    const struct hf_session_record *s = context;

    if (hf_db_exec(st, err, hf_sql_session_save, "ttiiii", s->token_hash, s->user, (int64_t)s->role,
                   s->created_ms, s->expires_ms, s->seen_ms) < 0 ||
        (s->address[0] &&
         hf_db_exec(st, err, hf_sql_session_set_origin, "tt", s->token_hash, s->address) < 0))
        return -1;
    return hf_db_exec(st, err, hf_sql_session_trim, "it", (int64_t)HF_SESSIONS_MAX, s->token_hash);
}

int
hf_store_save_session(struct hf_store *st, const struct hf_session_record *s, struct hf_error *err)
{
    struct hf_session_record copy = *s;

    if (hf_store_transaction(st, save_session, &copy, err) < 0)
        return hf_error_wrap(err, "save the session");
    return 0;
}

int
hf_store_delete_session(struct hf_store *st, const char *token_hash, struct hf_error *err)
{
    if (hf_db_exec(st, err, hf_sql_session_delete, "t", token_hash) < 0)
        return hf_error_wrap(err, "end the session");
    return 0;
}
