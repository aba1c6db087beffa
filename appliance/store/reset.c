// SPDX-License-Identifier: Apache-2.0
#include "store/reset.h"

#include "base/clock.h"
#include "sql.h"
#include "store/before.h"
#include "store/files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char KEPT[] = "reset"; /* "keep 0", "wipe 1": and what is left */
static const char KEPT_HOST[] = "reset.host";
const char hf_store_kept_before_reset[] = "reset.provision";

/* ---- what there is ---- */

int
hf_store_reset_counts(struct hf_store *st, struct hf_reset_counts *ret_counts, struct hf_error *err)
{
    HF_STMT stmt = NULL;

    if (hf_db_query(st, &stmt, err, hf_sql_reset_counts, "") < 0 || hf_db_step(st, stmt, err) < 0)
        return hf_error_wrap(err, "count what there is");
    *ret_counts = (struct hf_reset_counts){
        .accounts = sqlite3_column_int64(stmt, 0),
        .tokens = sqlite3_column_int64(stmt, 1),
        .device_accounts = sqlite3_column_int64(stmt, 2),
        .revisions = sqlite3_column_int64(stmt, 3),
    };
    return 0;
}

/* ---- the database of afterwards ---- */

static int
make_empty(const struct hf_store *st, struct hf_error *err)
{
    struct hf_store *fresh = calloc(1, sizeof *fresh);
    char path[PATH_MAX];
    int rc;

    if (!fresh)
        return hf_error_nomem(err);
    memcpy(fresh->dir, st->dir, sizeof fresh->dir);
    hf_files_path(st, HF_FILES_RESET_NEW, path);
    rc = hf_files_make(st, HF_FILES_RESET_NEW, err);
    if (rc == 0)
        rc = hf_db_open(path, &fresh->db, err);
    if (rc == 0)
        rc = hf_db_migrate(fresh, hf_db_migrations, hf_db_version, err);
    sqlite3_close(fresh->db);
    free(fresh);
    return rc;
}

static int
put_access(struct hf_store *st, const struct hf_store_reset *r, struct hf_error *err)
{
    int64_t now = hf_clock_wall_ms();

    if (r->file_hash && hf_db_exec(st, err, hf_sql_reset_file, "ti", r->file_hash, now) < 0)
        return -1;
    if (r->setup_code_hash && hf_db_exec(st, err, hf_sql_reset_code, "t", r->setup_code_hash) < 0)
        return -1;
    return r->password_hash ? hf_db_exec(st, err, hf_sql_reset_admin, "ti", r->password_hash, now)
                            : 0;
}

static int
fill(struct hf_store *st, void *context, struct hf_error *err)
{
    const struct hf_store_reset *r = context;
    int64_t now = hf_clock_wall_ms();

    if (hf_db_script(st, hf_sql_reset_carry, err) < 0 || put_access(st, r, err) < 0 ||
        (!r->file_hash && hf_db_script(st, hf_sql_reset_carry_provision, err) < 0) ||
        hf_db_exec(st, err, hf_sql_reset_audit, "itt", now, r->who, r->what) < 0)
        return -1;
    if (*st->asked_from && hf_db_exec(st, err, hf_sql_reset_audit_origin, "t", st->asked_from) < 0)
        return -1;
    if (hf_db_exec(st, err, hf_sql_reset_left_set, "tit", KEPT_HOST, now, "") < 0)
        return -1;
    return hf_db_exec(st, err, hf_sql_reset_left_set, "tit", KEPT, now,
                      r->wipe ? "wipe 0" : "keep 0");
}

static int
fill_attached(struct hf_store *st, const struct hf_store_reset *r, struct hf_error *err)
{
    struct hf_store_reset copy = *r;
    char path[PATH_MAX];
    int rc;

    hf_files_path(st, HF_FILES_RESET_NEW, path);
    if (hf_db_exec(st, err, "ATTACH ?1 AS fresh", "t", path) < 0)
        return -1;
    rc = hf_store_transaction(st, fill, &copy, err);
    if (hf_db_script(st, "DETACH fresh", rc < 0 ? NULL : err) < 0)
        return -1;
    return rc;
}

int
hf_store_begin_reset(struct hf_store *st, const struct hf_store_reset *r, struct hf_error *err)
{
    if (hf_before_refuse(st, err) < 0)
        return -1;
    if (make_empty(st, err) < 0 || fill_attached(st, r, err) < 0 ||
        hf_files_promise_reset(st, err) < 0) {
        hf_files_remove(st, HF_FILES_RESET_NEW);
        return hf_error_wrap(err, "begin the reset");
    }
    st->ended = true;
    return 0;
}

/* ---- what is left ---- */

/* NULL where there is none. */
static int
find_kept(struct hf_store *st, const char *name, char **ret_text, struct hf_error *err)
{
    struct hf_error local = {0};
    int64_t at_ms;

    *ret_text = NULL;
    if (hf_store_kept(st, name, &at_ms, ret_text, &local) == 0 || local.class == HF_ERROR_NOT_FOUND)
        return 0;
    if (err)
        *err = local;
    return -1;
}

int
hf_store_reset_left(struct hf_store *st, enum hf_reset_left *ret_left, bool *ret_wipe,
                    struct hf_error *err)
{
    HF_AUTO_FREE char *text = NULL;

    *ret_left = HF_RESET_NOTHING;
    *ret_wipe = false;
    if (find_kept(st, KEPT, &text, err) < 0)
        return -1;
    if (text) {
        *ret_wipe = strncmp(text, "wipe", 4) == 0;
        *ret_left = strchr(text, '1') ? HF_RESET_CONTAINERS : HF_RESET_FILES;
    }
    return 0;
}

int
hf_store_reset_host_left(struct hf_store *st, bool *ret_left, struct hf_error *err)
{
    HF_AUTO_FREE char *text = NULL;

    if (find_kept(st, KEPT_HOST, &text, err) < 0)
        return -1;
    *ret_left = text != NULL;
    return 0;
}

int
hf_store_reset_host_did(struct hf_store *st, struct hf_error *err)
{
    return hf_store_unkeep(st, KEPT_HOST, err);
}

int
hf_store_reset_is_before(struct hf_store *st, const char *file_hash, bool *ret_before,
                         struct hf_error *err)
{
    HF_AUTO_FREE char *text = NULL;

    if (find_kept(st, hf_store_kept_before_reset, &text, err) < 0)
        return -1;
    *ret_before = text && strcmp(text, file_hash) == 0;
    return 0;
}

int
hf_store_reset_did(struct hf_store *st, enum hf_reset_left did, struct hf_error *err)
{
    enum hf_reset_left left;
    bool wipe;

    if (hf_store_reset_left(st, &left, &wipe, err) < 0)
        return -1;
    if (left != did)
        return 0;
    return did == HF_RESET_FILES
               ? hf_store_keep(st, KEPT, hf_clock_wall_ms(), wipe ? "wipe 1" : "keep 1", err)
               : hf_store_unkeep(st, KEPT, err);
}
