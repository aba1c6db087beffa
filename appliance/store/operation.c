// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "sql.h"
#include "store/db.h"

int
hf_store_wanted(struct hf_store *st, const char *service, bool *ret_wanted, struct hf_error *err)
{
    HF_STMT stmt = NULL;
    int row;

    if (hf_db_query(st, &stmt, err, hf_sql_desired_get, "t", service) < 0)
        return -1;
    row = hf_db_step(st, stmt, err);
    if (row < 0)
        return hf_error_wrap(err, "read the desired state of '%s'", service);
    *ret_wanted = row ? sqlite3_column_int(stmt, 0) != 0 : true;
    return 0;
}

int
hf_store_set_wanted(struct hf_store *st, const char *service, bool wanted, const char *actor,
                    struct hf_error *err)
{
    if (hf_db_exec(st, err, hf_sql_desired_set, "titi", service, (int64_t)wanted, actor,
                   hf_clock_wall_ms()) < 0)
        return hf_error_wrap(err, "save the desired state of '%s'", service);
    return 0;
}

static int
save(struct hf_store *st, void *context, struct hf_error *err)
{
    const struct hf_operation *op = context;

    if (hf_db_exec(st, err, hf_sql_operation_save, "tiitttii", op->id, (int64_t)op->kind,
                   (int64_t)op->state, op->service, op->actor, op->detail, op->created_ms,
                   op->finished_ms) < 0)
        return -1;
    return hf_db_exec(st, err, hf_sql_operation_trim, "i", (int64_t)HF_STORE_OPERATIONS_MAX);
}

int
hf_store_save_operation(struct hf_store *st, const struct hf_operation *op, struct hf_error *err)
{
    struct hf_operation copy = *op;

    if (hf_store_transaction(st, save, &copy, err) < 0)
        return hf_error_wrap(err, "save operation %s", op->id);
    return 0;
}

/* A number that this program does not know reads as the last one it does: never as running. */
static int
known(sqlite3_stmt *stmt, int column, int last)
{
    int value = sqlite3_column_int(stmt, column);

    return value < 0 || value > last ? last : value;
}

static void
read_operation(sqlite3_stmt *stmt, struct hf_operation *op)
{
    *op = (struct hf_operation){
        .kind = (enum hf_operation_kind)known(stmt, 1, HF_OPERATION_KIND_COUNT - 1),
        .state = (enum hf_operation_state)known(stmt, 2, HF_OPERATION_FAILED),
        .n = sqlite3_column_int64(stmt, 8),
        .created_ms = sqlite3_column_int64(stmt, 6),
        .finished_ms = sqlite3_column_int64(stmt, 7),
    };
    hf_db_text(stmt, 0, op->id, sizeof op->id);
    hf_db_text(stmt, 3, op->service, sizeof op->service);
    hf_db_text(stmt, 4, op->actor, sizeof op->actor);
    hf_db_text(stmt, 5, op->detail, sizeof op->detail);
}

int
hf_store_operation(struct hf_store *st, const char *id, struct hf_operation *ret_operation,
                   struct hf_error *err)
{
    HF_STMT stmt = NULL;
    int row;

    if (hf_db_query(st, &stmt, err, hf_sql_operation_get, "t", id) < 0)
        return -1;
    row = hf_db_step(st, stmt, err);
    if (row < 0)
        return hf_error_wrap(err, "read operation %.32s", id);
    if (!row)
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "there is no operation '%.32s'", id);
    read_operation(stmt, ret_operation);
    return 0;
}

int
hf_store_operations(struct hf_store *st, const struct hf_operation_filter *filter,
                    struct hf_operation *ret_operations, size_t max, size_t *ret_count,
                    struct hf_error *err)
{
    static const struct hf_operation_filter all = {.state = -1};
    const struct hf_operation_filter *f = filter ? filter : &all;
    HF_STMT stmt = NULL;
    size_t count = 0;
    int row;

    if (hf_db_query(st, &stmt, err, hf_sql_operation_list, "iiti", (int64_t)max,
                    f->before ? f->before : INT64_MAX, f->service, (int64_t)f->state) < 0)
        return -1;
    while ((row = hf_db_step(st, stmt, err)) > 0 && count < max)
        read_operation(stmt, &ret_operations[count++]);
    if (row < 0)
        return hf_error_wrap(err, "read the operations");
    *ret_count = count;
    return 0;
}
