// SPDX-License-Identifier: Apache-2.0
#include "sql.h"
#include "store/db.h"

static void
read_row(sqlite3_stmt *stmt, struct hf_device_account *a)
{
    *a = (struct hf_device_account){
        .enabled = sqlite3_column_int(stmt, 5),
        .created_ms = sqlite3_column_int64(stmt, 6),
        .password_ms = sqlite3_column_int64(stmt, 7),
    };
    hf_db_text(stmt, 0, a->name, sizeof a->name);
    hf_db_text(stmt, 1, a->password_hash, sizeof a->password_hash);
    hf_db_text(stmt, 2, a->publish, sizeof a->publish);
    hf_db_text(stmt, 3, a->subscribe, sizeof a->subscribe);
    hf_db_text(stmt, 4, a->description, sizeof a->description);
    hf_db_text(stmt, 8, a->certificate, sizeof a->certificate);
    a->certificate_ms = sqlite3_column_int64(stmt, 9);
    a->certificate_ends_ms = sqlite3_column_int64(stmt, 10);
}

int
hf_store_devices(struct hf_store *st, const struct hf_device_filter *f,
                 struct hf_device_account *ret_devices, size_t max, size_t *ret_count,
                 struct hf_error *err)
{
    HF_STMT stmt = NULL;
    size_t count = 0;
    int row;

    if (hf_db_query(st, &stmt, err, hf_sql_device_list, "tit", f->after, (int64_t)max, f->search) <
        0)
        return -1;
    while ((row = hf_db_step(st, stmt, err)) > 0 && count < max)
        read_row(stmt, &ret_devices[count++]);
    if (row < 0)
        return hf_error_wrap(err, "read the accounts of devices");
    *ret_count = count;
    return 0;
}

int
hf_store_device(struct hf_store *st, const char *name, struct hf_device_account *ret_device,
                struct hf_error *err)
{
    HF_STMT stmt = NULL;
    int row;

    if (hf_db_query(st, &stmt, err, hf_sql_device_get, "t", name) < 0)
        return -1;
    row = hf_db_step(st, stmt, err);
    if (row < 0)
        return hf_error_wrap(err, "read the account of device '%s'", name);
    if (!row)
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "there is no account of a device '%s'", name);
    read_row(stmt, ret_device);
    return 0;
}

int
hf_store_device_count(struct hf_store *st, size_t *ret_count, size_t *ret_enabled,
                      struct hf_error *err)
{
    HF_STMT stmt = NULL;

    if (hf_db_query(st, &stmt, err, hf_sql_device_count, "") < 0 || hf_db_step(st, stmt, err) < 0)
        return hf_error_wrap(err, "count the accounts of devices");
    *ret_count = (size_t)sqlite3_column_int64(stmt, 0);
    *ret_enabled = (size_t)sqlite3_column_int64(stmt, 1);
    return 0;
}

int
hf_store_certified_count(struct hf_store *st, size_t *ret_count, struct hf_error *err)
{
    HF_STMT stmt = NULL;

    if (hf_db_query(st, &stmt, err, hf_sql_device_certified_count, "") < 0 ||
        hf_db_step(st, stmt, err) < 0)
        return hf_error_wrap(err, "count the certificates of devices");
    *ret_count = (size_t)sqlite3_column_int64(stmt, 0);
    return 0;
}

static int
save_certificate(struct hf_store *st, const struct hf_device_account *a, struct hf_error *err)
{
    if (!*a->certificate)
        return hf_db_exec(st, err, hf_sql_device_certificate_delete, "t", a->name);
    return hf_db_exec(st, err, hf_sql_device_certificate_save, "ttii", a->name, a->certificate,
                      a->certificate_ms, a->certificate_ends_ms);
}

int
hf_store_save_device(struct hf_store *st, const struct hf_device_account *a, struct hf_error *err)
{
    if (hf_db_exec(st, err, hf_sql_device_save, "tttttiii", a->name, a->password_hash, a->publish,
                   a->subscribe, a->description, (int64_t)a->enabled, a->created_ms,
                   a->password_ms) < 0 ||
        save_certificate(st, a, err) < 0)
        return hf_error_wrap(err, "save the account of device '%s'", a->name);
    return 0;
}

int
hf_store_delete_device(struct hf_store *st, const char *name, struct hf_error *err)
{
    if (hf_db_exec(st, err, hf_sql_device_delete, "t", name) < 0)
        return hf_error_wrap(err, "delete the account of device '%s'", name);
    if (sqlite3_changes(st->db) == 0)
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "there is no account of a device '%s'", name);
    return 0;
}
