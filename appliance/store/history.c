// SPDX-License-Identifier: Apache-2.0
#include "sql.h"
#include "store/db.h"

enum {
    MINUTES_MAX = 4320, /* what core/history.h can take back */
    ROWS_MAX = 500      /* a daemon that is started again and again makes short ones */
};

struct rows {
    int64_t ended_ms, points, floor_ms;
    const void *data;
    size_t len;
};

static int
add(struct hf_store *st, void *context, struct hf_error *err)
{
    const struct rows *r = context;
    HF_STMT stmt = NULL;

    if (hf_db_query(st, &stmt, err, hf_sql_history_add, "ii", r->ended_ms, r->points) < 0)
        return -1;
    if (sqlite3_bind_blob64(stmt, 3, r->data, r->len, SQLITE_STATIC) != SQLITE_OK)
        return hf_db_error(st->db, st->dir, err);
    if (hf_db_step(st, stmt, err) < 0 ||
        hf_db_exec(st, err, hf_sql_history_trim, "ii", (int64_t)ROWS_MAX, (int64_t)MINUTES_MAX) < 0)
        return -1;
    return r->floor_ms ? hf_store_set_clock_floor(st, r->floor_ms, err) : 0;
}

int
hf_store_add_history(struct hf_store *st, int64_t ended_ms, size_t points, const void *data,
                     size_t len, int64_t floor_ms, struct hf_error *err)
{
    struct rows r = {ended_ms, (int64_t)points, floor_ms, data, len};

    if (hf_store_transaction(st, add, &r, err) < 0)
        return hf_error_wrap(err, "keep the history");
    return 0;
}

int
hf_store_history(struct hf_store *st, hf_store_history_row *take, void *context,
                 struct hf_error *err)
{
    HF_STMT stmt = NULL;
    int row;

    if (hf_db_query(st, &stmt, err, hf_sql_history_list, "") < 0)
        return -1;
    while ((row = hf_db_step(st, stmt, err)) > 0)
        take(context, sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1),
             sqlite3_column_blob(stmt, 2), (size_t)sqlite3_column_bytes(stmt, 2));
    return row < 0 ? hf_error_wrap(err, "read the history") : 0;
}
