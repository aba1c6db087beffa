// SPDX-License-Identifier: Apache-2.0
#include "sql.h"
#include "store/db.h"

int
hf_store_keep(struct hf_store *st, const char *name, int64_t at_ms, const char *text,
              struct hf_error *err)
{
    if (hf_db_exec(st, err, hf_sql_kept_set, "tit", name, at_ms, text) < 0)
        return hf_error_wrap(err, "keep '%s'", name);
    return 0;
}

int
hf_store_kept(struct hf_store *st, const char *name, int64_t *ret_at_ms, char **ret_text,
              struct hf_error *err)
{
    HF_STMT stmt = NULL;
    int row;

    if (hf_db_query(st, &stmt, err, hf_sql_kept_get, "t", name) < 0)
        return -1;
    row = hf_db_step(st, stmt, err);
    if (row < 0)
        return hf_error_wrap(err, "read '%s'", name);
    if (!row)
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "nothing is kept as '%s'", name);
    *ret_at_ms = sqlite3_column_int64(stmt, 0);
    return hf_db_copy_text(stmt, 1, ret_text, err);
}

int
hf_store_unkeep(struct hf_store *st, const char *name, struct hf_error *err)
{
    return hf_db_exec(st, err, hf_sql_kept_delete, "t", name);
}
