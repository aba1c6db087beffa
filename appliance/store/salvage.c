// SPDX-License-Identifier: Apache-2.0
#include "store/salvage.h"

#include "store/first_page.h"

#include <stdio.h>
#include <string.h>

enum { SQL_MAX = 512 };

/* Accounts come before the sessions that refer to them. */
static const struct table {
    const char *name;
    const char *label;
    const char *columns;
    int column_count;
} tables[] = {
    {"gateway", "gateway id", "one, id, created, clock_floor", 4},
    {"account", "accounts", "user, role, password_hash, created", 4},
    {"disabled_account", "disabled accounts", "user", 1},
    {"token", "tokens", "token_hash, user, name, role, created, expires, used", 7},
    {"secret", "secrets", "name, value", 2},
    {"settings", "settings", "n, created, author, json", 4},
    {"release", "release", "one, imported, json", 3},
    {"release_floor", "release floor", "one, counter", 2},
    {"desired", "desired state", "service, wanted, actor, changed", 4},
    {"device_account", "accounts of devices",
     "name, password_hash, publish, subscribe, description, enabled, created, password_set", 8},
    {"device_certificate", "certificates of devices", "name, fingerprint, issued, ends", 4},
    {"setup_code", "setup code", "one, hash", 2},
    {"provision", "provisioning mark", "one, file_hash, applied", 3},
    {"recovery_file", "recovery mark", "one, file_hash, applied", 3},
    {"session", "sessions", "token_hash, user, role, created, expires, seen", 6},
    {"session_origin", "origins of sessions", "token_hash, address", 2},
    {"operation", "operations", "n, id, kind, state, service, actor, detail, created, finished", 9},
    {"audit", "audit log", "n, at, who, what", 4},
    {"audit_origin", "origins of audit entries", "n, address", 2},
    {"audit_change", "values in audit entries", "n, json", 2},
    {"audit_result", "results of audit entries", "n, result, status", 3},
    {"known_release", "known releases",
     "n, id, state, name, created, source, added, detail, leftovers, signature, json", 11},
    {"start_release", "release of the start", "one, id", 2},
    {"upgrade", "upgrades",
     "n, kind, state, idx, to_id, to_name, from_id, from_name, actor, operation, started, since, "
     "finished, reason, services, to_json, from_json",
     17},
    {"alarm", "alarms",
     "n, kind, subject, bad, cause, advice, raised, last, count, acknowledged_by, acknowledged, "
     "cleared, untold",
     13},
    {"history", "history", "n, ended, points, data", 4},
    {"image", "images noted", "image_id, image, tag, turn", 4},
    {"kept", "counts of days", "name, at, value", 3},
    {"incident", "incidents",
     "n, service, kind, at, last, times, found, done, exit_code, oom_killed, uptime_s, restarts, "
     "image_tag, image_digest, log_lines, bytes, log, curve",
     18},
};

/* A row that our constraints refuse is not worth saving; any other failure is one of st. */
static int
copy_row(struct hf_store *st, sqlite3_stmt *from, sqlite3_stmt *to, int columns,
         struct hf_error *err)
{
    int rc;

    for (int i = 0; i < columns; i++)
        if (sqlite3_bind_value(to, i + 1, sqlite3_column_value(from, i)) != SQLITE_OK)
            return hf_db_error(st->db, st->dir, err);
    rc = sqlite3_step(to);
    sqlite3_reset(to);
    if (rc == SQLITE_DONE || (rc & 0xff) == SQLITE_CONSTRAINT)
        return 0;
    return hf_db_error(st->db, st->dir, err);
}

static int
insert_for(struct hf_store *st, const struct table *t, sqlite3_stmt **ret_stmt,
           struct hf_error *err)
{
    char sql[SQL_MAX];
    int len =
        snprintf(sql, sizeof sql, "INSERT OR IGNORE INTO %s (%s) VALUES (?", t->name, t->columns);

    for (int i = 1; i < t->column_count; i++)
        len += snprintf(sql + len, sizeof sql - (size_t)len, ",?");
    snprintf(sql + len, sizeof sql - (size_t)len, ")");
    return hf_db_query(st, ret_stmt, err, sql, "");
}

/* Reads in one direction until the end or the damage. *ret_whole: came to the end. */
static int
copy_rows(struct hf_store *st, sqlite3 *old, const struct table *t, const char *direction,
          bool *ret_whole, struct hf_error *err)
{
    HF_STMT from = NULL;
    HF_STMT to = NULL;
    char sql[SQL_MAX];
    int rc;

    /* NOT INDEXED: an index may be what is damaged */
    snprintf(sql, sizeof sql, "SELECT %s FROM %s NOT INDEXED ORDER BY rowid %s", t->columns,
             t->name, direction);
    *ret_whole = false;
    if (sqlite3_prepare_v2(old, sql, -1, &from, NULL) != SQLITE_OK)
        return 0;
    if (insert_for(st, t, &to, err) < 0)
        return -1;
    while ((rc = sqlite3_step(from)) == SQLITE_ROW)
        if (copy_row(st, from, to, t->column_count, err) < 0)
            return -1;
    *ret_whole = rc == SQLITE_DONE;
    return 0;
}

static int
copy_table(struct hf_store *st, sqlite3 *old, const struct table *t, struct hf_buf *saved,
           struct hf_buf *lost, struct hf_error *err)
{
    int before = sqlite3_total_changes(st->db);
    bool whole;
    int rows;

    if (copy_rows(st, old, t, "ASC", &whole, err) < 0)
        return -1;
    if (!whole) {
        bool ignored;

        if (copy_rows(st, old, t, "DESC", &ignored, err) < 0)
            return -1;
    }
    rows = sqlite3_total_changes(st->db) - before;
    if (rows && hf_buf_addf(saved, err, "%s%s (%d)", saved->len ? ", " : "", t->label, rows) < 0)
        return -1;
    if (!whole && hf_buf_addf(lost, err, "%s%s", lost->len ? ", " : "", t->label) < 0)
        return -1;
    return 0;
}

static bool
has_tables(sqlite3 *db)
{
    HF_STMT stmt = NULL;

    return sqlite3_prepare_v2(db, "SELECT 1 FROM gateway, account, secret, settings", -1, &stmt,
                              NULL) == SQLITE_OK;
}

static int
open_damaged(const char *path, sqlite3 **ret_db, struct hf_error *err)
{
    sqlite3 *db = NULL, *mended;

    if (hf_db_open(path, &db, err) < 0)
        return -1;
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_exec(db, "PRAGMA writable_schema = ON", NULL, NULL, NULL);
    mended = has_tables(db) ? NULL : hf_first_page_open(path);
    if (mended)
        sqlite3_close(db);
    *ret_db = mended ? mended : db;
    return 0;
}

int
hf_salvage(struct hf_store *st, const char *path, struct hf_buf *report, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf saved = HF_BUF_INIT(HF_STORE_REPORT_MAX);
    HF_AUTO_BUF struct hf_buf lost = HF_BUF_INIT(HF_STORE_REPORT_MAX);
    sqlite3 *old = NULL;
    int rc = 0;

    if (open_damaged(path, &old, err) < 0)
        return -1;
    for (size_t i = 0; i < HF_LEN(tables) && rc == 0; i++)
        rc = copy_table(st, old, &tables[i], &saved, &lost, err);
    sqlite3_close(old);
    if (rc < 0)
        return -1;
    return hf_buf_addf(report, err, "Saved: %s. Lost, all or in part: %s.",
                       saved.len ? saved.data : "nothing", lost.len ? lost.data : "nothing");
}
