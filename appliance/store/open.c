// SPDX-License-Identifier: Apache-2.0
/*
 * A database comes into being as holdfast.db.new, complete, and is then renamed. So a holdfast.db
 * that is empty or has no gateway row is damage and never a first start; and a recovery that was
 * cut short after the old file moved away is finished from holdfast.db.new.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "sql.h"
#include "store/before.h"
#include "store/export.h"
#include "store/files.h"
#include "store/salvage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
    HF_APPLICATION_ID = 1212564564,
    REPORT_MAX = 2048,
    VERSION_PLAUSIBLE_MAX = 1000 /* more is damage, not a newer program */
};

enum verdict { WHOLE, DAMAGED, FAILED };

/* ---- looking at a database ---- */

static enum verdict
damaged(struct hf_error *err, const char *why)
{
    hf_error_set(err, HF_ERROR_INTERNAL, "%s", why);
    return DAMAGED;
}

/* The first column of the first row as text. */
static enum verdict
ask(struct hf_store *st, const char *sql, char *out, size_t size, struct hf_error *err)
{
    HF_STMT stmt = NULL;
    int rc = sqlite3_prepare_v2(st->db, sql, -1, &stmt, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_DONE)
        return damaged(err, "the gateway's own entry is missing");
    if (rc == SQLITE_ROW) {
        hf_db_text(stmt, 0, out, size);
        return WHOLE;
    }
    /* SQLITE_ERROR while reading our own SQL means a table that is not there */
    if (hf_db_is_damage(rc) || (rc & 0xff) == SQLITE_ERROR)
        return damaged(err, sqlite3_errmsg(st->db));
    hf_db_error(st->db, st->dir, err);
    return FAILED;
}

static enum verdict
check_header(struct hf_store *st, struct hf_error *err)
{
    char answer[32];
    uint64_t number = 0;
    enum verdict v = ask(st, "PRAGMA application_id", answer, sizeof answer, err);

    if (v == WHOLE && (!hf_text_u64(answer, &number) || number != HF_APPLICATION_ID))
        return damaged(err, "it is no database of a gateway");
    if (v == WHOLE)
        v = ask(st, "PRAGMA user_version", answer, sizeof answer, err);
    if (v == WHOLE &&
        (!hf_text_u64(answer, &number) || number == 0 || number > VERSION_PLAUSIBLE_MAX))
        return damaged(err, "its version makes no sense");
    return v;
}

static enum verdict
check(struct hf_store *st, struct hf_error *err)
{
    char answer[HF_TEXT_SIZE];
    enum verdict v = check_header(st, err);

    if (v == WHOLE)
        v = ask(st, "PRAGMA integrity_check(1)", answer, sizeof answer, err);
    if (v == WHOLE && strcmp(answer, "ok") != 0)
        return damaged(err, answer);
    return v == WHOLE ? ask(st, hf_sql_gateway_get, answer, sizeof answer, err) : v;
}

/* Opens and checks; the files are as they were unless it is WHOLE. */
static enum verdict
open_checked(struct hf_store *st, const char *suffix, struct hf_error *err)
{
    char path[PATH_MAX];
    enum verdict v;

    hf_files_path(st, suffix, path);
    if (hf_db_open(path, &st->db, err) < 0)
        return FAILED;
    sqlite3_db_config(st->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    v = check(st, err);
    if (v == WHOLE)
        sqlite3_db_config(st->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    else
        hf_db_close(st);
    return v;
}

/* ---- making one ---- */

struct making {
    enum { FIRST_START, LOST, BROKEN } kind;
    const char *why; /* what was damaged, where it is BROKEN */
    char aside[HF_STORE_ASIDE_SUFFIX];
};

static int
add_gateway(struct hf_store *st, struct hf_error *err)
{
    unsigned char random[4];
    char id[16] = "hf-";

    hf_random(random, sizeof random);
    hf_text_hex(random, sizeof random, id + strlen(id));
    return hf_db_exec(st, err, hf_sql_gateway_add, "ti", id, hf_clock_wall_ms());
}

/* What can be had of the old one. */
static int
take_over(struct hf_store *st, const struct making *m, struct hf_buf *text, struct hf_error *err)
{
    char path[PATH_MAX];

    if (m->kind == LOST) {
        if (hf_buf_adds(text, "The gateway's database was gone and a new one was started.", err) <
            0)
            return -1;
    } else {
        hf_files_path(st, "", path);
        if (hf_buf_addf(text, err,
                        "The gateway's database was damaged (%.100s) and a new one was started; "
                        "the old one is kept as holdfast.db%s. ",
                        m->why, m->aside) < 0 ||
            hf_salvage(st, path, text, err) < 0)
            return -1;
    }
    return hf_export_restore(st, text, err);
}

static int
recover_into(struct hf_store *st, const struct making *m, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(REPORT_MAX);
    int before;

    if (take_over(st, m, &text, err) < 0)
        return -1;
    before = sqlite3_total_changes(st->db);
    if (add_gateway(st, err) < 0)
        return -1;
    if (sqlite3_total_changes(st->db) != before &&
        hf_buf_adds(&text, " The gateway has a new id.", err) < 0)
        return -1;
    if (hf_db_exec(st, err, hf_sql_audit_add, "itt", hf_clock_wall_ms(), "holdfastd", text.data) <
        0)
        return -1;
    return hf_db_exec(st, err, hf_sql_gateway_set_recovery, "t", text.data);
}

static int
fill(struct hf_store *st, void *context, struct hf_error *err)
{
    const struct making *m = context;

    return m->kind == FIRST_START ? add_gateway(st, err) : recover_into(st, m, err);
}

/* Makes holdfast.db.new, complete; the database that is there stays as it is. */
static int
make_new(struct hf_store *st, struct making *m, struct hf_error *err)
{
    char path[PATH_MAX];
    int rc;

    if (hf_files_make(st, HF_FILES_NEW, err) < 0)
        return -1;
    hf_files_path(st, HF_FILES_NEW, path);
    if (hf_db_open(path, &st->db, err) < 0)
        return -1;
    rc = hf_db_migrate(st, hf_db_migrations, hf_db_version, err);
    if (rc == 0)
        rc = hf_store_transaction(st, fill, m, err);
    hf_db_close(st);
    if (rc < 0)
        unlink(path);
    return rc;
}

static int
recover(struct hf_store *st, const char *why, struct hf_error *err)
{
    struct making m = {.kind = BROKEN, .why = why};

    hf_files_pick_aside(st, m.aside);
    if (make_new(st, &m, err) < 0 || hf_files_set_aside(st, m.aside, err) < 0 ||
        hf_files_install_new(st, err) < 0)
        return hf_error_wrap(err, "replace the damaged database");
    return 0;
}

/* Nothing is there under the final name. With an export beside it that is no first start. */
static int
start_new(struct hf_store *st, struct hf_error *err)
{
    struct making m = {.kind = hf_export_exists(st) ? LOST : FIRST_START};

    if (hf_files_exist(st, "-wal")) { /* must not be replayed into another database */
        hf_files_pick_aside(st, m.aside);
        if (hf_files_set_aside(st, m.aside, err) < 0)
            return -1;
    }
    if (hf_files_exist(st, HF_FILES_NEW) && open_checked(st, HF_FILES_NEW, NULL) == WHOLE)
        hf_db_close(st);
    else if (make_new(st, &m, err) < 0)
        return hf_error_wrap(err, "make a database");
    return hf_files_install_new(st, err);
}

/* A reset that was begun is ended. One whose database rots on the disk is none: what is there then
 * stays. */
static int
end_reset(struct hf_store *st, struct hf_error *err)
{
    if (!hf_files_exist(st, HF_FILES_RESET))
        return 0;
    switch (open_checked(st, HF_FILES_RESET, err)) {
    case WHOLE:
        hf_db_close(st);
        return hf_files_finish_reset(st, err);
    case DAMAGED:
        hf_files_remove(st, HF_FILES_RESET);
        return 0;
    default:
        return -1;
    }
}

/* ---- opening ---- */

static int
load_gateway(struct hf_store *st, struct hf_error *err)
{
    HF_STMT stmt = NULL;

    if (hf_db_query(st, &stmt, err, hf_sql_gateway_get, "") < 0 || hf_db_step(st, stmt, err) < 0)
        return -1;
    hf_db_text(stmt, 0, st->gateway_id, sizeof st->gateway_id);
    hf_db_text(stmt, 1, st->opened_text, sizeof st->opened_text);
    if (!st->opened_text[0])
        return 0;
    st->opened_as = HF_STORE_RECOVERED;
    sqlite3_reset(stmt);
    /* Said once; where that cannot be written, once more. */
    (void)!hf_db_exec(st, NULL, hf_sql_gateway_set_recovery, "t", "");
    return 0;
}

static int
prepare(struct hf_store *st, bool went_back, struct hf_error *err)
{
    char path[PATH_MAX];

    hf_files_path(st, "", path);
    if (chmod(path, 0600) < 0)
        return hf_error_errno(err, errno, "cannot set the mode of '%s'", path);
    if (hf_before_keep(st, err) < 0 ||
        hf_db_migrate(st, hf_db_migrations, hf_db_version, err) < 0 ||
        (went_back && hf_before_say(st, err) < 0) ||
        hf_db_script(st, "PRAGMA journal_mode = WAL", err) < 0)
        return -1;
    if (load_gateway(st, err) < 0)
        return -1;
    hf_export_watch(st);
    hf_export_write(st);
    return 0;
}

static int
open_database(struct hf_store *st, struct hf_error *err)
{
    struct hf_error why = {0};
    bool went_back = false;
    enum verdict v;

    if (end_reset(st, err) < 0)
        return hf_error_wrap(err, "end the reset");
    st->opened_as = HF_STORE_EXISTING;
    if (!hf_files_exist(st, "")) {
        st->opened_as = HF_STORE_FRESH;
        if (start_new(st, err) < 0)
            return -1;
    }
    v = open_checked(st, "", &why);
    if (v == DAMAGED) {
        if (recover(st, why.message, err) < 0)
            return -1;
        v = open_checked(st, "", &why);
    }
    if (v == WHOLE && hf_before_take(st, &went_back, err) < 0)
        return -1;
    if (went_back)
        v = open_checked(st, "", &why);
    if (v != WHOLE) {
        if (err)
            *err = why;
        return -1;
    }
    return prepare(st, went_back, err);
}

/* A disk without room must not keep what was set up from starting. */
static int
prove_writable(const char *dir, bool *ret_full, struct hf_error *err)
{
    struct hf_error local = {0};
    char path[PATH_MAX];
    struct stat s;

    *ret_full = false;
    if (hf_file_prove_writable(dir, &local) == 0)
        return 0;
    snprintf(path, sizeof path, "%s/holdfast.db", dir);
    *ret_full = local.class == HF_ERROR_NO_SPACE && stat(path, &s) == 0;
    if (*ret_full)
        return 0;
    if (err)
        *err = local;
    return -1;
}

int
hf_store_open(const char *dir, struct hf_store **ret_store, struct hf_error *err)
{
    HF_AUTO(hf_store) struct hf_store *st = NULL;
    bool full;

    if (hf_file_mkdirs(dir, 0700, err) < 0 || prove_writable(dir, &full, err) < 0)
        return -1;
    st = calloc(1, sizeof *st);
    if (!st)
        return hf_error_nomem(err);
    st->lock_fd = -1;
    if (snprintf(st->dir, sizeof st->dir, "%s", dir) >= (int)sizeof st->dir - NAME_MAX)
        return hf_error_set(err, HF_ERROR_INVALID, "path too long: '%s'", dir);
    if (hf_files_lock(st, err) < 0 || open_database(st, err) < 0)
        return hf_error_wrap(err, "open the store");
    if (full && st->opened_as == HF_STORE_EXISTING) {
        st->opened_as = HF_STORE_FULL;
        snprintf(st->opened_text, sizeof st->opened_text,
                 "The disk with '%s' is full: nothing that is changed now can be kept. Free some "
                 "space there.",
                 dir);
    }
    *ret_store = hf_steal(&st);
    return 0;
}

void
hf_store_free(struct hf_store *st)
{
    if (!st)
        return;
    sqlite3_close(st->db);
    if (st->lock_fd >= 0)
        close(st->lock_fd);
    free(st);
}

enum hf_store_opened
hf_store_opened_as(const struct hf_store *st, const char **ret_text)
{
    if (ret_text)
        *ret_text = st->opened_text;
    return st->opened_as;
}

bool
hf_store_has_ended(const struct hf_store *st)
{
    return st->ended;
}

const char *
hf_store_gateway_id(const struct hf_store *st)
{
    return st->gateway_id;
}
