// SPDX-License-Identifier: Apache-2.0
#include "store/db.h"

#include "sql.h"
#include "store/export.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { BUSY_TIMEOUT_MS = 2000 };

/* Exclusive: one process has it open anyway (files.c), and then SQLite needs no shared memory
 * beside it, which could not be made on a full disk. The database is about a megabyte: a small
 * cache keeps the daemon small, and an early checkpoint keeps the log from outgrowing it. */
static const char connection_sql[] = "PRAGMA locking_mode = EXCLUSIVE;"
                                     "PRAGMA cell_size_check = ON;"
                                     "PRAGMA foreign_keys = ON;"
                                     "PRAGMA synchronous = FULL;"
                                     "PRAGMA cache_size = -128;"
                                     "PRAGMA temp_store = MEMORY;"
                                     "PRAGMA wal_autocheckpoint = 256;"
                                     "PRAGMA journal_size_limit = 1048576;"
                                     "PRAGMA trusted_schema = OFF;";

const char *const hf_db_migrations[] = {
    hf_sql_schema_1, hf_sql_schema_2, hf_sql_schema_3, hf_sql_schema_4, hf_sql_schema_5,
    hf_sql_schema_6, hf_sql_schema_7, hf_sql_schema_8, hf_sql_schema_9, hf_sql_schema_10};
const int hf_db_version = HF_LEN(hf_db_migrations);

bool
hf_db_is_damage(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return true;
    case SQLITE_IOERR:
        return rc == SQLITE_IOERR_SHORT_READ || rc == SQLITE_IOERR_READ ||
               rc == SQLITE_IOERR_CORRUPTFS;
    default:
        return false;
    }
}

int
hf_db_error(sqlite3 *db, const char *dir, struct hf_error *err)
{
    int rc = sqlite3_extended_errcode(db);
    int system = sqlite3_system_errno(db);

    if ((rc & 0xff) == SQLITE_FULL ||
        ((rc & 0xff) == SQLITE_IOERR && (system == ENOSPC || system == EDQUOT)))
        return hf_error_set(
            err, HF_ERROR_NO_SPACE,
            "the disk with '%s' is full: free some space there; nothing was changed", dir);
    if (hf_db_is_damage(rc))
        return hf_error_set(
            err, HF_ERROR_INTERNAL,
            "the database in '%s' is damaged (%s); it is repaired at the next start", dir,
            sqlite3_errmsg(db));
    if ((rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED)
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "another program locks the database in '%s'",
                            dir);
    if ((rc & 0xff) == SQLITE_NOMEM)
        return hf_error_nomem(err);
    return hf_error_set(err, HF_ERROR_INTERNAL, "database in '%s': %s", dir, sqlite3_errmsg(db));
}

int
hf_db_open(const char *path, sqlite3 **ret_db, struct hf_error *err)
{
    sqlite3 *db = NULL;
    int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

    if (rc == SQLITE_OK) {
        sqlite3_extended_result_codes(db, 1);
        sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
        rc = sqlite3_exec(db, connection_sql, NULL, NULL, NULL);
    }
    if (rc != SQLITE_OK && !hf_db_is_damage(rc)) {
        hf_db_error(db, path, err);
        sqlite3_close(db);
        return -1;
    }
    *ret_db = db;
    return 0;
}

/* Where SQLite has rolled back by itself (a full disk does that), what follows must not become
 * transactions of their own. */
static int
check_transaction(struct hf_store *st, struct hf_error *err)
{
    if (st->ended)
        return hf_error_set(err, HF_ERROR_UNAVAILABLE,
                            "the gateway was restored from a backup, or reset, and starts anew");
    if (st->depth && sqlite3_get_autocommit(st->db))
        return hf_error_set(err, HF_ERROR_INTERNAL, "the transaction was already undone");
    return 0;
}

int
hf_db_script(struct hf_store *st, const char *sql, struct hf_error *err)
{
    if (sqlite3_exec(st->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return hf_db_error(st->db, st->dir, err);
    return 0;
}

static int
bind(sqlite3_stmt *stmt, const char *types, va_list args)
{
    int rc = SQLITE_OK;

    for (int i = 1; *types && rc == SQLITE_OK; i++, types++) {
        if (*types == 't')
            rc = sqlite3_bind_text(stmt, i, va_arg(args, const char *), -1, SQLITE_TRANSIENT);
        else
            rc = sqlite3_bind_int64(stmt, i, va_arg(args, int64_t));
    }
    return rc;
}

static int
query_args(struct hf_store *st, sqlite3_stmt **ret_stmt, struct hf_error *err, const char *sql,
           const char *types, va_list args)
{
    HF_STMT stmt = NULL;

    if (check_transaction(st, err) < 0)
        return -1;
    if (sqlite3_prepare_v2(st->db, sql, -1, &stmt, NULL) != SQLITE_OK ||
        bind(stmt, types, args) != SQLITE_OK)
        return hf_db_error(st->db, st->dir, err);
    *ret_stmt = hf_steal(&stmt);
    return 0;
}

int
hf_db_query(struct hf_store *st, sqlite3_stmt **ret_stmt, struct hf_error *err, const char *sql,
            const char *types, ...)
{
    va_list args;
    int rc;

    va_start(args, types);
    rc = query_args(st, ret_stmt, err, sql, types, args);
    va_end(args);
    return rc;
}

int
hf_db_step(struct hf_store *st, sqlite3_stmt *stmt, struct hf_error *err)
{
    int rc = sqlite3_step(stmt);

    if (rc == SQLITE_ROW)
        return 1;
    return rc == SQLITE_DONE ? 0 : hf_db_error(st->db, st->dir, err);
}

int
hf_db_exec(struct hf_store *st, struct hf_error *err, const char *sql, const char *types, ...)
{
    HF_STMT stmt = NULL;
    va_list args;
    int rc;

    if (check_transaction(st, err) < 0)
        return -1;
    va_start(args, types);
    rc = query_args(st, &stmt, err, sql, types, args);
    va_end(args);
    if (rc < 0 || hf_db_step(st, stmt, err) < 0)
        return -1;
    sqlite3_reset(stmt); /* commits */
    hf_export_write(st);
    return 0;
}

void
hf_db_text(sqlite3_stmt *stmt, int column, char *out, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);

    snprintf(out, size, "%s", text ? text : "");
}

static int
begin(struct hf_store *st, struct hf_error *err)
{
    if (check_transaction(st, err) < 0)
        return -1;
    return hf_db_script(st, st->depth ? "SAVEPOINT inner_step" : "BEGIN IMMEDIATE", err);
}

static int
end(struct hf_store *st, bool keep, struct hf_error *err)
{
    const char *undo = st->depth ? "ROLLBACK TO inner_step; RELEASE inner_step" : "ROLLBACK";

    if (keep && check_transaction(st, err) == 0 &&
        hf_db_script(st, st->depth ? "RELEASE inner_step" : "COMMIT", err) == 0) {
        hf_export_write(st);
        return 0;
    }
    if (!sqlite3_get_autocommit(st->db))
        sqlite3_exec(st->db, undo, NULL, NULL, NULL);
    return -1;
}

int
hf_store_transaction(struct hf_store *st, hf_store_work *work, void *context, struct hf_error *err)
{
    bool keep;

    if (begin(st, err) < 0)
        return -1;
    st->depth++;
    keep = work(st, context, err) == 0 && check_transaction(st, err) == 0;
    st->depth--;
    return end(st, keep, err);
}

struct migration {
    const char *sql;
    int version;
};

static int
migrate_one(struct hf_store *st, void *context, struct hf_error *err)
{
    const struct migration *m = context;
    char set_version[64];

    snprintf(set_version, sizeof set_version, "PRAGMA user_version = %d", m->version);
    if (hf_db_script(st, m->sql, err) < 0)
        return -1;
    return hf_db_script(st, set_version, err);
}

void
hf_db_close(struct hf_store *st)
{
    sqlite3_close(st->db);
    st->db = NULL;
}

int
hf_db_version_of(struct hf_store *st, int *ret_version, struct hf_error *err)
{
    HF_STMT stmt = NULL;

    if (hf_db_query(st, &stmt, err, "PRAGMA user_version", "") < 0 || hf_db_step(st, stmt, err) < 0)
        return -1;
    *ret_version = sqlite3_column_int(stmt, 0);
    sqlite3_reset(stmt);
    return 0;
}

int
hf_db_migrate(struct hf_store *st, const char *const *migrations, int count, struct hf_error *err)
{
    int version = 0;

    if (hf_db_version_of(st, &version, err) < 0)
        return -1;
    if (version > count)
        return hf_error_set(err, HF_ERROR_CONFLICT,
                            "the database in '%s' is of a newer version (%d, this program knows "
                            "%d): start the newer program again",
                            st->dir, version, count);
    for (; version < count; version++) {
        struct migration m = {migrations[version], version + 1};

        if (hf_store_transaction(st, migrate_one, &m, err) < 0)
            return hf_error_wrap(err, "bring the database to version %d", m.version);
    }
    return 0;
}
