// SPDX-License-Identifier: Apache-2.0
#include "store/export.h"

#include "base/file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { EXPORT_MAX = 4 * 1024 * 1024 /* most of it 5,000 accounts of devices */, SQL_MAX = 512 };

#define FILE_NAME "holdfast.export.json"

/* Each in the order of its columns; the newest settings are enough. Accounts first: what refers to
 * them comes later. */
static const struct {
    const char *name, *label, *columns, *values, *which;
} tables[] = {
    {"gateway", "gateway id", "one, id, created, clock_floor",
     "value->>0, value->>1, value->>2, value->>3", ""},
    {"account", "accounts", "user, role, password_hash, created",
     "value->>0, value->>1, value->>2, value->>3", ""},
    {"disabled_account", "disabled accounts", "user", "value->>0", ""},
    {"token", "tokens", "token_hash, user, name, role, created, expires, used",
     "value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6", ""},
    {"secret", "secrets", "name, value", "value->>0, value->>1", ""},
    {"settings", "settings", "n, created, author, json",
     "value->>0, value->>1, value->>2, value->>3", "ORDER BY n DESC LIMIT 1"},
    {"release", "release", "one, imported, json", "value->>0, value->>1, value->>2", ""},
    {"start_release", "release of the start", "one, id", "value->>0, value->>1", ""},
    {"release_floor", "release floor", "one, counter", "value->>0, value->>1", ""},
    {"desired", "desired state", "service, wanted, actor, changed",
     "value->>0, value->>1, value->>2, value->>3", ""},
    {"device_account", "accounts of devices",
     "name, password_hash, publish, subscribe, description, enabled, created, password_set",
     "value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7", ""},
    {"device_certificate", "certificates of devices", "name, fingerprint, issued, ends",
     "value->>0, value->>1, value->>2, value->>3", ""},
    {"setup_code", "setup code", "one, hash", "value->>0, value->>1", ""},
    /* or a stick that was left in would be applied once more, over what was changed since */
    {"provision", "provisioning mark", "one, file_hash, applied", "value->>0, value->>1, value->>2",
     ""},
    {"recovery_file", "recovery mark", "one, file_hash, applied", "value->>0, value->>1, value->>2",
     ""},
};

static void
path_of(const struct hf_store *st, char out[PATH_MAX])
{
    if (snprintf(out, PATH_MAX, "%s/" FILE_NAME, st->dir) >= PATH_MAX)
        out[0] = '\0';
}

bool
hf_export_exists(const struct hf_store *st)
{
    char path[PATH_MAX];
    struct stat s;

    path_of(st, path);
    return lstat(path, &s) == 0;
}

/* The clock floor is written every hour and a token's last use as often: no reason. */
static void
on_change(void *context, int operation, const char *database, const char *table,
          sqlite3_int64 rowid)
{
    struct hf_store *st = context;

    (void)rowid;
    if (strcmp(database, "main") != 0) /* of a reset, which has one beside it */
        return;
    for (size_t i = 0; i < HF_LEN(tables); i++)
        if (strcmp(tables[i].name, table) == 0 &&
            (operation != SQLITE_UPDATE ||
             (strcmp(table, "gateway") != 0 && strcmp(table, "token") != 0)))
            st->export_due = true;
}

void
hf_export_watch(struct hf_store *st)
{
    st->export_due = !hf_export_exists(st);
    sqlite3_update_hook(st->db, on_change, st);
}

static int
add_table(struct hf_store *st, size_t i, struct hf_buf *out, struct hf_error *err)
{
    HF_STMT stmt = NULL;
    char sql[SQL_MAX];

    snprintf(sql, sizeof sql,
             "SELECT coalesce(json_group_array(json_array(%s)), '[]') FROM (SELECT * FROM %s %s)",
             tables[i].columns, tables[i].name, tables[i].which);
    if (hf_db_query(st, &stmt, err, sql, "") < 0 || hf_db_step(st, stmt, err) < 0)
        return -1;
    return hf_buf_addf(out, err, ",\n\"%s\":%s", tables[i].name,
                       (const char *)sqlite3_column_text(stmt, 0));
}

static size_t
index_of(const char *table)
{
    size_t i = 0;

    while (strcmp(tables[i].name, table) != 0)
        i++;
    return i;
}

int
hf_export_add_table(struct hf_store *st, const char *table, struct hf_buf *out,
                    struct hf_error *err)
{
    return add_table(st, index_of(table), out, err);
}

int
hf_export_take_table(struct hf_store *st, const char *table, const char *text, struct hf_error *err)
{
    size_t i = index_of(table);
    char sql[SQL_MAX];
    int class;

    snprintf(sql, sizeof sql, "INSERT INTO %s (%s) SELECT %s FROM json_each(?1, '$.%s')",
             tables[i].name, tables[i].columns, tables[i].values, tables[i].name);
    if (hf_db_exec(st, err, sql, "t", text) == 0)
        return 0;
    class = sqlite3_errcode(st->db) & 0xff;
    if (class != SQLITE_CONSTRAINT && class != SQLITE_MISMATCH && class != SQLITE_ERROR)
        return -1;
    return hf_error_set(err, HF_ERROR_INVALID, "the %s are not such as a gateway can have (%.200s)",
                        tables[i].label, sqlite3_errmsg(st->db));
}

void
hf_export_write(struct hf_store *st)
{
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(EXPORT_MAX);
    char path[PATH_MAX];

    if (!st->export_due || st->depth || hf_buf_adds(&out, "{\"format\":1", NULL) < 0)
        return;
    for (size_t i = 0; i < HF_LEN(tables); i++)
        if (add_table(st, i, &out, NULL) < 0)
            return;
    path_of(st, path);
    if (hf_buf_adds(&out, "}\n", NULL) == 0 &&
        hf_file_replace(path, out.data, out.len, 0600, (uid_t)-1, (gid_t)-1, NULL) == 0)
        st->export_due = false;
}

/* -1 where that cannot be asked. */
static int64_t
count(struct hf_store *st, const char *table)
{
    HF_STMT stmt = NULL;
    char sql[SQL_MAX];

    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
    if (hf_db_query(st, &stmt, NULL, sql, "") < 0 || hf_db_step(st, stmt, NULL) < 0)
        return -1;
    return sqlite3_column_int64(stmt, 0);
}

/* A row that our constraints refuse is left out, as in a salvage. */
static int
fill_table(struct hf_store *st, size_t i, const char *text, struct hf_buf *taken,
           struct hf_error *err)
{
    char sql[SQL_MAX];

    if (count(st, tables[i].name) != 0)
        return 0;
    snprintf(sql, sizeof sql, "INSERT OR IGNORE INTO %s (%s) SELECT %s FROM json_each(?1, '$.%s')",
             tables[i].name, tables[i].columns, tables[i].values, tables[i].name);
    if (hf_db_exec(st, err, sql, "t", text) < 0)
        return -1;
    return count(st, tables[i].name) > 0
               ? hf_buf_addf(taken, err, "%s%s", taken->len ? ", " : "", tables[i].label)
               : 0;
}

static bool
is_readable(struct hf_store *st, const char *text)
{
    HF_STMT stmt = NULL;

    return hf_db_query(st, &stmt, NULL, "SELECT json_valid(?1) AND ?1->>'format' = 1", "t", text) ==
               0 &&
           hf_db_step(st, stmt, NULL) > 0 && sqlite3_column_int(stmt, 0) == 1;
}

static int
read_export(const struct hf_store *st, struct hf_buf *text)
{
    char path[PATH_MAX];

    path_of(st, path);
    return hf_file_read(path, text, NULL) == 0 && text->data ? 0 : -1;
}

int
hf_export_restore(struct hf_store *st, struct hf_buf *report, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(EXPORT_MAX);
    HF_AUTO_BUF struct hf_buf taken = HF_BUF_INIT(HF_STORE_REPORT_MAX);

    if (read_export(st, &text) < 0 || !is_readable(st, text.data))
        return 0;
    for (size_t i = 0; i < HF_LEN(tables); i++)
        if (fill_table(st, i, text.data, &taken, err) < 0)
            return -1;
    return taken.len ? hf_buf_addf(report, err, " Taken from the last export: %s.", taken.data) : 0;
}
