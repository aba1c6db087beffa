// SPDX-License-Identifier: Apache-2.0
#include "buffer/spool_file.h"

#include "base/text.h"
#include "buffer_schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCHEMA_VERSION = 3 };

_Static_assert(HF_SPOOL_PAGE == 1024, "PRAGMA page_size below");

int
hf_spool_paths_make(const char *dir, struct hf_spool_paths *ret_paths, struct hf_error *err)
{
    if (snprintf(ret_paths->db, PATH_MAX, "%s/buffer.db", dir) >= PATH_MAX - 16)
        return hf_error_set(err, HF_ERROR_INVALID, "path too long: '%s'", dir);
    snprintf(ret_paths->wal, PATH_MAX, "%s/buffer.db-wal", dir);
    snprintf(ret_paths->reserve, PATH_MAX, "%s/buffer.reserve", dir);
    return 0;
}

bool
hf_spool_rc_damaged(int rc)
{
    return (rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB ||
           rc == SQLITE_IOERR_SHORT_READ || (rc & 0xff) == SQLITE_FORMAT ||
           (rc & 0xff) == SQLITE_MISMATCH || (rc & 0xff) == SQLITE_SCHEMA;
}

int
hf_spool_fail(sqlite3 *db, int rc, const char *what, struct hf_error *err)
{
    if ((rc & 0xff) == SQLITE_FULL)
        return hf_error_set(err, HF_ERROR_NO_SPACE, "the disk is full");
    return hf_error_set(err, HF_ERROR_UNAVAILABLE, "%s: %s (%d)", what,
                        db ? sqlite3_errmsg(db) : sqlite3_errstr(rc), rc);
}

static int
read_number(sqlite3 *db, const char *sql, int *ret_value)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &q, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(q);
    if (rc == SQLITE_ROW) {
        *ret_value = sqlite3_column_int(q, 0);
        rc = SQLITE_OK;
    }
    sqlite3_finalize(q);
    return rc;
}

static int
make_schema(sqlite3 *db)
{
    char insert[128];
    uint32_t epoch;
    int rc;

    hf_random(&epoch, sizeof epoch);
    snprintf(insert, sizeof insert,
             "INSERT INTO state VALUES (0, 0, 0, NULL, %u, 1, 1, 0, 0, 0, 0); COMMIT", epoch);
    rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, HF_BUFFER_SCHEMA, NULL, NULL, NULL);
    return rc == SQLITE_OK ? sqlite3_exec(db, insert, NULL, NULL, NULL) : rc;
}

int
hf_spool_file_open(const struct hf_spool_paths *p, sqlite3 **ret_db, struct hf_error *err)
{
    /* One connection for good: locked, its WAL index lies in memory and needs no file. Checkpoints
     * are our own; the WAL is cut back to 8 MiB after a transaction that was larger. */
    static const char settings[] = "PRAGMA locking_mode = EXCLUSIVE;"
                                   "PRAGMA page_size = 1024;"
                                   "PRAGMA auto_vacuum = INCREMENTAL;"
                                   "PRAGMA journal_mode = WAL;"
                                   "PRAGMA synchronous = FULL;"
                                   "PRAGMA wal_autocheckpoint = 0;"
                                   "PRAGMA journal_size_limit = 8388608;"
                                   "PRAGMA cache_size = -1024;"
                                   "PRAGMA cell_size_check = ON;"
                                   "PRAGMA temp_store = MEMORY;"
                                   "PRAGMA trusted_schema = OFF";
    sqlite3 *db = NULL;
    int tables = 0, version = 0;
    int rc = sqlite3_open_v2(p->db, &db,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                                 SQLITE_OPEN_EXRESCODE,
                             NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, settings, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = read_number(db, "SELECT count(*) FROM sqlite_schema", &tables);
    if (rc == SQLITE_OK && tables == 0)
        rc = make_schema(db);
    if (rc == SQLITE_OK)
        rc = read_number(db, "PRAGMA user_version", &version);
    if (rc == SQLITE_OK && version != SCHEMA_VERSION)
        rc = SQLITE_NOTADB; /* of another time: set aside, not touched */
    if (rc != SQLITE_OK) {
        (void)hf_spool_fail(db, rc, "cannot open the store", err);
        sqlite3_close(db);
        return rc;
    }
    *ret_db = db;
    return SQLITE_OK;
}

static int
move(const char *from, const char *to)
{
    return rename(from, to) < 0 && errno != ENOENT ? -1 : 0;
}

int
hf_spool_set_aside(const struct hf_spool_paths *p, struct hf_error *err)
{
    char db[PATH_MAX + 32], old_db[PATH_MAX + 32], wal[PATH_MAX + 32], old_wal[PATH_MAX + 32];

    snprintf(db, sizeof db, "%s.damaged", p->db);
    snprintf(wal, sizeof wal, "%s.damaged-wal", p->db);
    snprintf(old_db, sizeof old_db, "%s.damaged.old", p->db);
    snprintf(old_wal, sizeof old_wal, "%s.damaged.old-wal", p->db);
    (void)unlink(old_wal);
    if (move(db, old_db) < 0 || move(wal, old_wal) < 0 || move(p->wal, wal) < 0 ||
        move(p->db, db) < 0)
        return hf_error_errno(err, errno, "cannot set '%s' aside", p->db);
    return 0;
}

bool
hf_spool_reserve_make(const struct hf_spool_paths *p, int64_t bytes)
{
    HF_AUTO_CLOSE int fd = open(p->reserve, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return false;
    if (posix_fallocate(fd, 0, bytes) != 0 || ftruncate(fd, bytes) < 0) {
        (void)unlink(p->reserve);
        return false;
    }
    return true;
}

void
hf_spool_reserve_free(const struct hf_spool_paths *p)
{
    (void)unlink(p->reserve);
}

static int64_t
bytes_of(const char *path)
{
    enum { SECTOR = 512 }; /* st_blocks' unit */
    struct stat st;

    return stat(path, &st) < 0 ? 0 : (int64_t)st.st_blocks * SECTOR;
}

int64_t
hf_spool_file_bytes(const struct hf_spool_paths *p)
{
    return bytes_of(p->db) + bytes_of(p->wal) + bytes_of(p->reserve);
}
