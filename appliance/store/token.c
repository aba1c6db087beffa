// SPDX-License-Identifier: Apache-2.0
#include "sql.h"
#include "store/db.h"

int
hf_store_tokens(struct hf_store *st, struct hf_token_record *ret_tokens, size_t max,
                size_t *ret_count, struct hf_error *err)
{
    HF_STMT stmt = NULL;
    size_t count = 0;
    int row;

    if (hf_db_query(st, &stmt, err, hf_sql_token_list, "i", (int64_t)max) < 0)
        return -1;
    while ((row = hf_db_step(st, stmt, err)) > 0 && count < max) {
        struct hf_token_record *t = &ret_tokens[count++];

        *t = (struct hf_token_record){
            .role = (enum hf_role)sqlite3_column_int(stmt, 3),
            .created_ms = sqlite3_column_int64(stmt, 4),
            .expires_ms = sqlite3_column_int64(stmt, 5),
            .used_ms = sqlite3_column_int64(stmt, 6),
        };
        hf_db_text(stmt, 0, t->token_hash, sizeof t->token_hash);
        hf_db_text(stmt, 1, t->user, sizeof t->user);
        hf_db_text(stmt, 2, t->name, sizeof t->name);
    }
    if (row < 0)
        return hf_error_wrap(err, "read the tokens");
    *ret_count = count;
    return 0;
}

struct change {
    const struct hf_token_record *token;
    const struct hf_audit_note *note;
};

static int
add(struct hf_store *st, void *context, struct hf_error *err)
{
    const struct change *c = context;
    const struct hf_token_record *t = c->token;

    if (hf_db_exec(st, err, hf_sql_token_add, "tttiiii", t->token_hash, t->user, t->name,
                   (int64_t)t->role, t->created_ms, t->expires_ms, t->used_ms) < 0)
        return -1;
    return hf_store_audit_note(st, c->note, err);
}

int
hf_store_add_token(struct hf_store *st, const struct hf_token_record *token,
                   const struct hf_audit_note *note, struct hf_error *err)
{
    struct change c = {token, note};

    if (hf_store_transaction(st, add, &c, err) < 0)
        return hf_error_wrap(err, "keep the token");
    return 0;
}

int
hf_store_use_token(struct hf_store *st, const char *token_hash, int64_t used_ms,
                   struct hf_error *err)
{
    if (hf_db_exec(st, err, hf_sql_token_use, "ti", token_hash, used_ms) < 0)
        return hf_error_wrap(err, "note the use of a token");
    return 0;
}

static int
delete_token(struct hf_store *st, void *context, struct hf_error *err)
{
    const struct change *c = context;

    if (hf_db_exec(st, err, hf_sql_token_delete, "t", c->token->token_hash) < 0)
        return -1;
    return hf_store_audit_note(st, c->note, err);
}

int
hf_store_delete_token(struct hf_store *st, const struct hf_token_record *token,
                      const struct hf_audit_note *note, struct hf_error *err)
{
    struct change c = {token, note};

    if (hf_store_transaction(st, delete_token, &c, err) < 0)
        return hf_error_wrap(err, "revoke the token");
    return 0;
}
