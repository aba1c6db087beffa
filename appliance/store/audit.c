// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "sql.h"
#include "store/db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
add_result(struct hf_store *st, const struct hf_audit_note *n, struct hf_error *err)
{
    if (hf_db_exec(st, err, hf_sql_audit_result_add, "ti", hf_audit_results[n->result],
                   (int64_t)n->status) < 0)
        return -1;
    return hf_db_exec(st, err, hf_sql_audit_result_trim, "i", (int64_t)HF_STORE_AUDIT_NOT_DONE_MAX);
}

static int
add(struct hf_store *st, void *context, struct hf_error *err)
{
    const struct hf_audit_note *n = context;

    if (hf_db_exec(st, err, hf_sql_audit_add, "itt", hf_clock_wall_ms(), n->who, n->what) < 0 ||
        (*st->asked_from &&
         hf_db_exec(st, err, hf_sql_audit_origin_add, "t", st->asked_from) < 0) ||
        (n->changes && hf_db_exec(st, err, hf_sql_audit_change_add, "t", n->changes) < 0) ||
        (n->result != HF_AUDIT_DONE && add_result(st, n, err) < 0))
        return -1;
    return hf_db_exec(st, err, hf_sql_audit_trim, "i", (int64_t)HF_STORE_AUDIT_MAX);
}

void
hf_store_asked_from(struct hf_store *st, const char *address)
{
    snprintf(st->asked_from, sizeof st->asked_from, "%s", address);
}

int
hf_store_audit_note(struct hf_store *st, const struct hf_audit_note *note, struct hf_error *err)
{
    struct hf_audit_note copy = *note;

    if (hf_store_transaction(st, add, &copy, err) < 0)
        return hf_error_wrap(err, "write the audit log");
    return 0;
}

int
hf_store_audit(struct hf_store *st, const char *who, const char *what, struct hf_error *err)
{
    return hf_store_audit_note(st, &(struct hf_audit_note){.who = who, .what = what}, err);
}

void
hf_audit_entries_done(struct hf_audit_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(entries[i].changes);
        entries[i].changes = NULL;
    }
}

static int
read_row(sqlite3_stmt *stmt, bool with_changes, struct hf_audit_entry *e, struct hf_error *err)
{
    char result[HF_NAME_SIZE];

    *e = (struct hf_audit_entry){.n = sqlite3_column_int64(stmt, 0),
                                 .at_ms = sqlite3_column_int64(stmt, 1)};
    hf_db_text(stmt, 2, e->who, sizeof e->who);
    hf_db_text(stmt, 3, e->what, sizeof e->what);
    hf_db_text(stmt, 4, e->from, sizeof e->from);
    hf_db_text(stmt, 6, result, sizeof result);
    for (int r = 0; r < HF_AUDIT_RESULT_COUNT; r++)
        if (strcmp(result, hf_audit_results[r]) == 0)
            e->result = r;
    e->status = sqlite3_column_int(stmt, 7);
    if (!with_changes || sqlite3_column_type(stmt, 5) == SQLITE_NULL)
        return 0;
    return hf_db_copy_text(stmt, 5, &e->changes, err);
}

int
hf_store_audit_list(struct hf_store *st, const struct hf_audit_filter *filter,
                    struct hf_audit_entry *ret_entries, size_t max, size_t *ret_count,
                    struct hf_error *err)
{
    static const struct hf_audit_filter none;
    const struct hf_audit_filter *f = filter ? filter : &none;
    HF_STMT stmt = NULL;
    size_t count = 0;
    int row;

    if (hf_db_query(st, &stmt, err, hf_sql_audit_list, "iittiit", (int64_t)max,
                    f->before ? f->before : INT64_MAX, f->who ? f->who : "", f->text ? f->text : "",
                    f->from_ms, f->to_ms ? f->to_ms : INT64_MAX, f->result ? f->result : "") < 0)
        return -1;
    while ((row = hf_db_step(st, stmt, err)) > 0 && count < max) {
        if (read_row(stmt, f->with_changes, &ret_entries[count++], err) < 0) {
            row = -1;
            break;
        }
    }
    if (row < 0) {
        hf_audit_entries_done(ret_entries, count);
        return hf_error_wrap(err, "read the audit log");
    }
    *ret_count = count;
    return 0;
}
