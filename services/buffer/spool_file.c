// SPDX-License-Identifier: Apache-2.0
#include "buffer/spool_file.h"

#include "base/text.h"
#include "buffer/spool_vfs.h"
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
    static const char settings[] =
        "PRAGMA locking_mode = EXCLUSIVE;"
        "PRAGMA page_size = 1024;"
        "PRAGMA auto_vacuum = INCREMENTAL;"
        "PRAGMA journal_mode = WAL;"
        "PRAGMA synchronous = FULL;"
        "PRAGMA wal_autocheckpoint = 0;"
        "PRAGMA journal_size_limit = 8388608;"
        "PRAGMA cache_size = -1024;"
        "PRAGMA cell_size_check = ON;"
        "PRAGMA temp_store = MEMORY;"
        "PRAGMA secure_delete = OFF;" /* else pages that become free are written, too */
        "PRAGMA trusted_schema = OFF";
    sqlite3 *db = NULL;
    int tables = 0, version = 0;
    int rc = sqlite3_open_v2(p->db, &db,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                                 SQLITE_OPEN_EXRESCODE,
                             hf_spool_vfs());

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

/* ---- a new file in the place of a damaged one ---- */

enum { NAME_MAX_MORE = 32 };

struct name {
    char path[PATH_MAX + NAME_MAX_MORE];
};

static struct name
name_of(const struct hf_spool_paths *p, const char *end)
{
    struct name n;

    snprintf(n.path, sizeof n.path, "%s%s", p->db, end);
    return n;
}

static int
move(struct name from, struct name to)
{
    return rename(from.path, to.path) < 0 && errno != ENOENT ? -1 : 0;
}

void
hf_spool_fresh_remove(const struct hf_spool_paths *p)
{
    (void)unlink(name_of(p, ".new").path);
    (void)unlink(name_of(p, ".new-wal").path);
}

void
hf_spool_fresh_paths(const struct hf_spool_paths *p, struct hf_spool_paths *ret_fresh)
{
    *ret_fresh = *p;
    snprintf(ret_fresh->db, sizeof ret_fresh->db, "%.*s.new", PATH_MAX - NAME_MAX_MORE, p->db);
    snprintf(ret_fresh->wal, sizeof ret_fresh->wal, "%.*s-wal", PATH_MAX - NAME_MAX_MORE,
             ret_fresh->db);
    hf_spool_fresh_remove(p);
}

static int
sync_folder(const struct hf_spool_paths *p)
{
    char dir[PATH_MAX];
    const char *end = strrchr(p->db, '/');
    HF_AUTO_CLOSE int fd = -1;

    snprintf(dir, sizeof dir, "%.*s", end ? (int)(end - p->db) : 1, end ? p->db : ".");
    fd = open(*dir ? dir : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -1 : fsync(fd);
}

int
hf_spool_end_replace(const struct hf_spool_paths *p, struct hf_error *err)
{
    struct name whole = name_of(p, ".salvaged");

    hf_spool_fresh_remove(p);
    if (access(whole.path, F_OK) < 0)
        return 0;
    if (move(name_of(p, "-wal"), name_of(p, ".damaged-wal")) < 0 ||
        move(name_of(p, ""), name_of(p, ".damaged")) < 0 || sync_folder(p) < 0 ||
        move(whole, name_of(p, "")) < 0 || sync_folder(p) < 0)
        return hf_error_errno(err, errno, "cannot set '%s' aside", p->db);
    (void)unlink(name_of(p, ".suspect").path);
    return 0;
}

void
hf_spool_mark_damaged(const struct hf_spool_paths *p)
{
    HF_AUTO_CLOSE int fd = open(name_of(p, ".suspect").path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

bool
hf_spool_marked_damaged(const struct hf_spool_paths *p)
{
    return access(name_of(p, ".suspect").path, F_OK) == 0;
}

int
hf_spool_replace(const struct hf_spool_paths *p, const struct hf_spool_paths *fresh,
                 struct hf_error *err)
{
    hf_spool_aside_remove(p);
    if (move(name_of(fresh, ""), name_of(p, ".salvaged")) < 0 || sync_folder(p) < 0)
        return hf_error_errno(err, errno, "cannot rename '%s'", fresh->db);
    return hf_spool_end_replace(p, err);
}

void
hf_spool_aside_remove(const struct hf_spool_paths *p)
{
    (void)unlink(name_of(p, ".damaged").path);
    (void)unlink(name_of(p, ".damaged-wal").path);
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
    return bytes_of(p->db) + bytes_of(p->wal) + bytes_of(p->reserve) + hf_spool_aside_bytes(p);
}

int64_t
hf_spool_aside_bytes(const struct hf_spool_paths *p)
{
    return bytes_of(name_of(p, ".damaged").path) + bytes_of(name_of(p, ".damaged-wal").path);
}
