// SPDX-License-Identifier: Apache-2.0
#include "store/backup.h"

#include "base/clock.h"
#include "model/device.h"
#include "sql.h"
#include "store/before.h"
#include "store/db.h"
#include "store/export.h"

#include <string.h>

/* Accounts first: what refers to them comes later. */
static const char *const tables[] = {"account", "disabled_account", "desired", "device_account"};

const char hf_store_kept_certificates[] = "restore.certificates";
const char hf_store_kept_records[] = "restore.records";
const char hf_store_kept_release[] = "restore.release";
const char hf_store_kept_mark[] = "restore.mark";
const char hf_store_kept_trial[] = "config_trial";

int
hf_store_schema(void)
{
    return hf_db_version;
}

/* ---- out ---- */

static int
add_head(struct hf_store *st, struct hf_buf *out, struct hf_error *err)
{
    HF_STMT stmt = NULL;
    const char *text;
    int64_t floor = 0;

    if (hf_store_release_floor(st, &floor, err) < 0 ||
        hf_db_query(st, &stmt, err, hf_sql_backup_head, "") < 0 || hf_db_step(st, stmt, err) < 0)
        return -1;
    text = (const char *)sqlite3_column_text(stmt, 0);
    if (!text || !*text)
        return hf_error_nomem(err);
    return hf_buf_addf(out, err, "%.*s,\"floor\":%lld", (int)strlen(text) - 1, text,
                       (long long)floor);
}

int
hf_store_backup(struct hf_store *st, struct hf_buf *out, struct hf_error *err)
{
    if (add_head(st, out, err) < 0)
        return hf_error_wrap(err, "read the state");
    for (size_t i = 0; i < HF_LEN(tables); i++)
        if (hf_export_add_table(st, tables[i], out, err) < 0)
            return hf_error_wrap(err, "read the state");
    return hf_buf_adds(out, "}\n", err);
}

int
hf_store_backup_release(struct hf_store *st, char **ret_json, char **ret_signature,
                        struct hf_error *err)
{
    HF_AUTO_FREE char *json = NULL;
    HF_STMT stmt = NULL;
    const char *signature;
    int row;

    if (hf_db_query(st, &stmt, err, hf_sql_backup_release, "") < 0)
        return -1;
    row = hf_db_step(st, stmt, err);
    if (row <= 0)
        return row < 0 ? -1 : hf_error_set(err, HF_ERROR_NOT_FOUND, "no release is set yet");
    if (hf_db_copy_text(stmt, 0, &json, err) < 0)
        return -1;
    signature = (const char *)sqlite3_column_text(stmt, 1);
    *ret_signature = strdup(signature ? signature : "");
    if (!*ret_signature)
        return hf_error_nomem(err);
    *ret_json = hf_steal(&json);
    return 0;
}

/* ---- back ---- */

static int64_t
number_of(struct hf_store *st, const char *sql, const char *types, const char *text, int column)
{
    HF_STMT stmt = NULL;

    if (hf_db_query(st, &stmt, NULL, sql, types, text) < 0 || hf_db_step(st, stmt, NULL) <= 0)
        return -1;
    return sqlite3_column_int64(stmt, column);
}

static int
check(struct hf_store *st, const struct hf_store_restore *r, struct hf_error *err)
{
    char code[HF_CODE_HASH_SIZE];

    if (hf_before_refuse(st, err) < 0)
        return -1;
    if (number_of(st, hf_sql_restore_readable, "t", r->state, 0) != 1)
        return hf_error_set(err, HF_ERROR_INVALID, "what it says of the gateway cannot be read");
    if (number_of(st, hf_sql_restore_busy, "", NULL, 0) != 0)
        return hf_error_set(err, HF_ERROR_CONFLICT,
                            "a release is being applied: wait for its end, or roll it back");
    if (hf_store_setup_code(st, code, err) < 0)
        return -1;
    if (r->unclaimed && !*code && number_of(st, hf_sql_restore_counts, "", NULL, 0) != 0)
        return hf_error_set(err, HF_ERROR_CONFLICT, "the gateway was claimed meanwhile");
    return 0;
}

static int
clear(struct hf_store *st, struct hf_error *err)
{
    const char *const all[] = {hf_sql_restore_clear_sessions, hf_sql_restore_clear_tokens,
                               hf_sql_restore_clear_accounts, hf_sql_restore_clear_devices,
                               hf_sql_restore_clear_desired,  hf_sql_restore_clear_setup_code};

    for (size_t i = 0; i < HF_LEN(all); i++)
        if (hf_db_exec(st, err, all[i], "") < 0)
            return -1;
    return 0;
}

static int
take_state(struct hf_store *st, const char *state, struct hf_error *err)
{
    if (hf_db_exec(st, err, hf_sql_restore_gateway, "t", state) < 0 ||
        hf_db_exec(st, err, hf_sql_restore_floor, "t", state) < 0)
        return (sqlite3_errcode(st->db) & 0xff) == SQLITE_CONSTRAINT
                   ? hf_error_set(err, HF_ERROR_INVALID,
                                  "the gateway's id or the floor of its releases cannot be so")
                   : -1;
    for (size_t i = 0; i < HF_LEN(tables); i++)
        if (hf_export_take_table(st, tables[i], state, err) < 0)
            return -1;
    if (number_of(st, hf_sql_restore_admins, "", NULL, 0) < 1)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "it has no account of role admin that can log in");
    if (number_of(st, hf_sql_restore_counts, "", NULL, 0) > HF_ACCOUNTS_MAX ||
        number_of(st, hf_sql_restore_counts, "", NULL, 1) > HF_DEVICE_ACCOUNTS_MAX)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "it has more accounts than a gateway can have (%d, and %d of devices)",
                            HF_ACCOUNTS_MAX, HF_DEVICE_ACCOUNTS_MAX);
    return 0;
}

static int
keep(struct hf_store *st, const char *name, const char *text, struct hf_error *err)
{
    return text ? hf_store_keep(st, name, hf_clock_wall_ms(), text, err)
                : hf_store_unkeep(st, name, err);
}

/* Of a restore before, where the buffer has not taken them all. */
static int
give_up_records(struct hf_store *st, const char *who, struct hf_error *err)
{
    HF_AUTO_FREE char *text = NULL;
    int64_t at_ms;

    if (hf_store_kept(st, hf_store_kept_records, &at_ms, &text, NULL) < 0)
        return 0;
    return hf_store_audit(st, who, "gave up records of the backup before, which still waited", err);
}

static int
apply(struct hf_store *st, void *context, struct hf_error *err)
{
    const struct hf_store_restore *r = context;

    if (check(st, r, err) < 0 || clear(st, err) < 0 || take_state(st, r->state, err) < 0 ||
        hf_store_add_settings(st, r->settings, r->who, NULL, err) < 0 ||
        (r->release && hf_store_add_release(st, r->release, err) < 0))
        return -1;
    if (give_up_records(st, r->who, err) < 0 ||
        keep(st, hf_store_kept_certificates, r->certificates, err) < 0 ||
        keep(st, hf_store_kept_records, r->records, err) < 0 ||
        keep(st, hf_store_kept_release, r->apply_release ? r->release->known.release.id : NULL,
             err) < 0 ||
        keep(st, hf_store_kept_mark, r->mark, err) < 0 ||
        hf_store_unkeep(st, hf_store_kept_trial, err) < 0)
        return -1;
    return hf_store_audit(st, r->who, r->what, err);
}

int
hf_store_apply_restore(struct hf_store *st, const struct hf_store_restore *r, struct hf_error *err)
{
    struct hf_store_restore copy = *r;

    if (hf_store_transaction(st, apply, &copy, err) < 0)
        return err && err->class == HF_ERROR_CONFLICT ? -1 : hf_error_wrap(err, "the backup");
    st->ended = true;
    return 0;
}
