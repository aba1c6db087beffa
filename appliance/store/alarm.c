// SPDX-License-Identifier: Apache-2.0
#include "sql.h"
#include "store/db.h"

static int
save(struct hf_store *st, void *context, struct hf_error *err)
{
    const struct hf_alarm *a = context;

    if (hf_db_exec(st, err, hf_sql_alarm_save, "ittittiiitiii", a->id, hf_alarm_kind_name(a->kind),
                   a->subject, (int64_t)a->bad, a->cause, a->advice, a->raised_ms, a->last_ms,
                   a->count, a->acknowledged_by, a->acknowledged_ms, a->cleared_ms,
                   (int64_t)a->untold) < 0)
        return -1;
    return hf_db_exec(st, err, hf_sql_alarm_trim, "i", (int64_t)HF_STORE_ALARMS_MAX);
}

int
hf_store_save_alarm(struct hf_store *st, const struct hf_alarm *a, struct hf_error *err)
{
    struct hf_alarm copy = *a;

    if (hf_store_transaction(st, save, &copy, err) < 0)
        return hf_error_wrap(err, "save an alarm");
    return 0;
}

/* False for a kind of a newer program. */
static bool
read_alarm(sqlite3_stmt *stmt, struct hf_alarm *a)
{
    char kind[HF_NAME_SIZE];
    int known;

    hf_db_text(stmt, 1, kind, sizeof kind);
    known = hf_alarm_kind_of(kind);
    *a = (struct hf_alarm){
        .id = sqlite3_column_int64(stmt, 0),
        .bad = sqlite3_column_int(stmt, 3) != 0,
        .raised_ms = sqlite3_column_int64(stmt, 6),
        .last_ms = sqlite3_column_int64(stmt, 7),
        .count = sqlite3_column_int64(stmt, 8),
        .acknowledged_ms = sqlite3_column_int64(stmt, 10),
        .cleared_ms = sqlite3_column_int64(stmt, 11),
        .untold = (unsigned)sqlite3_column_int64(stmt, 12),
    };
    if (known < 0)
        return false;
    a->kind = (enum hf_alarm_kind)known;
    hf_db_text(stmt, 2, a->subject, sizeof a->subject);
    hf_db_text(stmt, 4, a->cause, sizeof a->cause);
    hf_db_text(stmt, 5, a->advice, sizeof a->advice);
    hf_db_text(stmt, 9, a->acknowledged_by, sizeof a->acknowledged_by);
    return true;
}

int
hf_store_alarms(struct hf_store *st, const struct hf_alarm_filter *f, struct hf_alarm *ret_alarms,
                size_t max, size_t *ret_count, struct hf_error *err)
{
    HF_STMT stmt = NULL;
    size_t count = 0;
    int row;

    if (hf_db_query(st, &stmt, err, hf_sql_alarm_list, "iiit", f->before ? f->before : INT64_MAX,
                    (int64_t)f->active_only, (int64_t)max,
                    f->kind ? hf_alarm_kind_name(*f->kind) : "") < 0)
        return -1;
    while ((row = hf_db_step(st, stmt, err)) > 0 && count < max)
        count += read_alarm(stmt, &ret_alarms[count]);
    if (row < 0)
        return hf_error_wrap(err, "read the alarms");
    *ret_count = count;
    return 0;
}

int
hf_store_last_alarm(struct hf_store *st, int64_t *ret_id, struct hf_error *err)
{
    HF_STMT stmt = NULL;

    if (hf_db_query(st, &stmt, err, hf_sql_alarm_last, "") < 0 || hf_db_step(st, stmt, err) < 0)
        return hf_error_wrap(err, "read the alarms");
    *ret_id = sqlite3_column_int64(stmt, 0);
    return 0;
}

int
hf_store_untold_alarm(struct hf_store *st, unsigned mask, struct hf_alarm *ret_alarm,
                      struct hf_error *err)
{
    HF_STMT stmt = NULL;
    int row;

    if (hf_db_query(st, &stmt, err, hf_sql_alarm_untold, "i", (int64_t)mask) < 0)
        return -1;
    row = hf_db_step(st, stmt, err);
    if (row < 0)
        return hf_error_wrap(err, "read the alarms");
    if (!row || !read_alarm(stmt, ret_alarm))
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "everything is told");
    return 0;
}

int
hf_store_alarm_told(struct hf_store *st, int64_t id, unsigned mask, struct hf_error *err)
{
    if (hf_db_exec(st, err, hf_sql_alarm_told, "ii", id, (int64_t)mask) < 0)
        return hf_error_wrap(err, "note that an alarm was told");
    return 0;
}
