// SPDX-License-Identifier: Apache-2.0
/* Revisions of the settings that are kept; the newest is in force. */
#include "sql.h"
#include "store/db.h"

int
hf_store_revisions(struct hf_store *st, struct hf_settings_revision *ret_revisions, size_t max,
                   size_t *ret_count, struct hf_error *err)
{
    HF_STMT stmt = NULL;
    size_t count = 0;
    int row;

    if (hf_db_query(st, &stmt, err, hf_sql_settings_list, "i", (int64_t)max) < 0)
        return -1;
    while ((row = hf_db_step(st, stmt, err)) > 0 && count < max) {
        struct hf_settings_revision *r = &ret_revisions[count++];

        r->n = sqlite3_column_int64(stmt, 0);
        r->created_ms = sqlite3_column_int64(stmt, 1);
        hf_db_text(stmt, 2, r->author, sizeof r->author);
    }
    if (row < 0)
        return hf_error_wrap(err, "read the revisions of the configuration");
    *ret_count = count;
    return 0;
}

int
hf_store_revision(struct hf_store *st, int64_t n, char **ret_json, struct hf_error *err)
{
    HF_STMT stmt = NULL;
    int row;

    if (hf_db_query(st, &stmt, err, hf_sql_settings_get, "i", n) < 0)
        return -1;
    row = hf_db_step(st, stmt, err);
    if (row < 0)
        return hf_error_wrap(err, "read revision %lld of the configuration", (long long)n);
    if (!row)
        return hf_error_set(err, HF_ERROR_NOT_FOUND,
                            "revision %lld of the configuration is not kept: the newest %d are",
                            (long long)n, HF_STORE_REVISIONS_MAX);
    return hf_db_copy_text(stmt, 0, ret_json, err);
}
