// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "sql.h"
#include "store/db.h"

static int
add(struct hf_store *st, void *context, struct hf_error *err)
{
    const struct hf_audit_entry *e = context;

    if (hf_db_exec(st, err, hf_sql_audit_add, "itt", e->at_ms, e->who, e->what) < 0 ||
        (*st->asked_from && hf_db_exec(st, err, hf_sql_audit_origin_add, "t", st->asked_from) < 0))
        return -1;
    return hf_db_exec(st, err, hf_sql_audit_trim, "i", (int64_t)HF_STORE_AUDIT_MAX);
}

void
hf_store_asked_from(struct hf_store *st, const char *address)
{
    snprintf(st->asked_from, sizeof st->asked_from, "%s", address);
}

int
hf_store_audit(struct hf_store *st, const char *who, const char *what, struct hf_error *err)
{
    struct hf_audit_entry e = {.at_ms = hf_clock_wall_ms()};

    snprintf(e.who, sizeof e.who, "%s", who);
    snprintf(e.what, sizeof e.what, "%s", what);
    if (hf_store_transaction(st, add, &e, err) < 0)
        return hf_error_wrap(err, "write the audit log");
    return 0;
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

    if (hf_db_query(st, &stmt, err, hf_sql_audit_list, "iittii", (int64_t)max,
                    f->before ? f->before : INT64_MAX, f->who ? f->who : "", f->text ? f->text : "",
                    f->from_ms, f->to_ms ? f->to_ms : INT64_MAX) < 0)
        return -1;
    while ((row = hf_db_step(st, stmt, err)) > 0 && count < max) {
        struct hf_audit_entry *e = &ret_entries[count++];

        e->n = sqlite3_column_int64(stmt, 0);
        e->at_ms = sqlite3_column_int64(stmt, 1);
        hf_db_text(stmt, 2, e->who, sizeof e->who);
        hf_db_text(stmt, 3, e->what, sizeof e->what);
        hf_db_text(stmt, 4, e->from, sizeof e->from);
    }
    if (row < 0)
        return hf_error_wrap(err, "read the audit log");
    *ret_count = count;
    return 0;
}
