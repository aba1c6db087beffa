// SPDX-License-Identifier: Apache-2.0
#include "receiver/inbox.h"

#include "receiver/line.h"
#include "receiver/report.h"
#include "receiver/schema.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum statement { Q_INSERT, Q_SAME, Q_HIGH, Q_RAISE, Q_TALLY, Q_NAME, Q_READ, Q_STATEMENTS };

static const char *const sql[Q_STATEMENTS] = {
    [Q_INSERT] = "INSERT OR IGNORE INTO record (gateway, epoch, seq, time, topic, line)"
                 " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [Q_SAME] = "SELECT line = ?4 FROM record WHERE gateway = ?1 AND epoch = ?2 AND seq = ?3",
    [Q_HIGH] = "SELECT seq FROM high WHERE gateway = ?1 AND epoch = ?2 AND topic = ?3",
    [Q_RAISE] = "INSERT INTO high VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE"
                " SET seq = max(seq, excluded.seq)",
    [Q_TALLY] = "UPDATE tally SET n = n + ?2 WHERE name = ?1",
    [Q_NAME] = "INSERT OR IGNORE INTO named VALUES (?1, ?2, ?3, ?4, ?5)",
    [Q_READ] = "SELECT id, line FROM record WHERE id > ?1 AND (?2 IS NULL OR topic = ?2)"
               " ORDER BY id LIMIT ?3",
};

struct hf_inbox {
    pthread_mutex_t lock;
    sqlite3 *db;
    sqlite3_stmt *q[Q_STATEMENTS];
};

struct counts {
    int64_t records, duplicates, conflicts, out_of_order;
};

static int
failed(struct hf_inbox *in, struct hf_error *err)
{
    return hf_error_set(err, HF_ERROR_INTERNAL, "inbox: %s", sqlite3_errmsg(in->db));
}

int
hf_inbox_open(const char *path, struct hf_inbox **ret_inbox, struct hf_error *err)
{
    HF_AUTO(hf_inbox) struct hf_inbox *in = calloc(1, sizeof *in);

    if (!in)
        return hf_error_nomem(err);
    pthread_mutex_init(&in->lock, NULL);
    if (sqlite3_open_v2(path, &in->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK ||
        sqlite3_exec(in->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL", NULL, NULL,
                     NULL) != SQLITE_OK ||
        sqlite3_exec(in->db, HF_INBOX_SCHEMA, NULL, NULL, NULL) != SQLITE_OK)
        return failed(in, err);
    for (int i = 0; i < Q_STATEMENTS; i++)
        if (sqlite3_prepare_v2(in->db, sql[i], -1, &in->q[i], NULL) != SQLITE_OK)
            return failed(in, err);
    *ret_inbox = hf_steal(&in);
    return 0;
}

void
hf_inbox_close(struct hf_inbox *in)
{
    if (!in)
        return;
    for (int i = 0; i < Q_STATEMENTS; i++)
        sqlite3_finalize(in->q[i]);
    sqlite3_close(in->db);
    pthread_mutex_destroy(&in->lock);
    free(in);
}

static void
bind_text(sqlite3_stmt *q, int at, const char *text)
{
    sqlite3_bind_text(q, at, text, -1, SQLITE_STATIC);
}

/* A statement for one record, its first parameters gateway and epoch. */
static sqlite3_stmt *
begin(struct hf_inbox *in, enum statement which, const struct hf_line *l)
{
    sqlite3_stmt *q = in->q[which];

    sqlite3_reset(q);
    bind_text(q, 1, l->gateway);
    bind_text(q, 2, l->epoch);
    return q;
}

static int
run(sqlite3_stmt *q)
{
    int rc = sqlite3_step(q);

    sqlite3_reset(q);
    return rc == SQLITE_DONE ? 0 : -1;
}

/* The first whole number of the first row. */
static int64_t
read_one(sqlite3_stmt *q, int64_t otherwise)
{
    int64_t value = sqlite3_step(q) == SQLITE_ROW ? sqlite3_column_int64(q, 0) : otherwise;

    sqlite3_reset(q);
    return value;
}

static int
note_order(struct hf_inbox *in, const struct hf_line *l, struct counts *n)
{
    sqlite3_stmt *q = begin(in, Q_HIGH, l);

    bind_text(q, 3, l->topic);
    if (read_one(q, 0) > (int64_t)l->seq)
        n->out_of_order++;
    q = begin(in, Q_RAISE, l);
    bind_text(q, 3, l->topic);
    sqlite3_bind_int64(q, 4, (sqlite3_int64)l->seq);
    return run(q);
}

/* What a gap record names: {"reason","epoch","spans":[["17","20"],…]}. */
static int
note_gap(struct hf_inbox *in, const struct hf_line *l, const char *text, size_t len,
         struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const struct hf_json *payload;
    const char *epoch, *reason;

    if (hf_json_parse(text, len, &doc, err) < 0)
        return -1;
    payload = hf_json_get(doc, "payload");
    epoch = hf_json_string(payload, "epoch");
    reason = hf_json_string(payload, "reason");
    if (!epoch || !reason)
        return hf_error_set(err, HF_ERROR_INVALID, "a gap record without epoch or reason");
    for (const struct hf_json *span = hf_json_first(hf_json_get(payload, "spans")); span;
         span = hf_json_next(span)) {
        const char *first = hf_json_as_string(hf_json_first(span));
        const char *last = first ? hf_json_as_string(hf_json_next(hf_json_first(span))) : NULL;
        sqlite3_stmt *q = in->q[Q_NAME];

        if (!last)
            return hf_error_set(err, HF_ERROR_INVALID, "a gap record with a span that is none");
        bind_text(q, 1, l->gateway);
        bind_text(q, 2, epoch);
        sqlite3_bind_int64(q, 3, strtoll(first, NULL, 10));
        sqlite3_bind_int64(q, 4, strtoll(last, NULL, 10));
        bind_text(q, 5, reason);
        if (run(q) < 0)
            return failed(in, err);
    }
    return 0;
}

static int
store_line(struct hf_inbox *in, const char *text, size_t len, struct counts *n,
           struct hf_error *err)
{
    struct hf_line l;
    sqlite3_stmt *q;
    int rc;

    if (hf_line_parse(text, len, &l, err) < 0)
        return -1;
    n->records++;
    q = begin(in, Q_INSERT, &l);
    sqlite3_bind_int64(q, 3, (sqlite3_int64)l.seq);
    bind_text(q, 4, l.time);
    bind_text(q, 5, l.topic);
    sqlite3_bind_text(q, 6, text, (int)len, SQLITE_STATIC);
    rc = run(q);
    if (rc == 0 && sqlite3_changes(in->db)) {
        rc = note_order(in, &l, n);
        if (rc == 0 && strcmp(l.topic, "$holdfast/gap") == 0 &&
            note_gap(in, &l, text, len, err) < 0) {
            hf_line_done(&l);
            return -1;
        }
    } else if (rc == 0) {
        q = begin(in, Q_SAME, &l);
        sqlite3_bind_int64(q, 3, (sqlite3_int64)l.seq);
        sqlite3_bind_text(q, 4, text, (int)len, SQLITE_STATIC);
        n->duplicates++;
        n->conflicts += read_one(q, 0) == 0;
    }
    hf_line_done(&l);
    return rc < 0 ? failed(in, err) : 0;
}

static int
add_tally(struct hf_inbox *in, const char *name, int64_t n)
{
    sqlite3_stmt *q = in->q[Q_TALLY];

    if (n == 0)
        return 0;
    bind_text(q, 1, name);
    sqlite3_bind_int64(q, 2, n);
    return run(q);
}

static int
store_all(struct hf_inbox *in, const char *lines, size_t len, struct hf_error *err)
{
    struct counts n = {0};
    size_t number = 1;

    for (size_t at = 0; at < len; number++) {
        const char *newline = memchr(lines + at, '\n', len - at);
        size_t size = newline ? (size_t)(newline - lines) - at : len - at;

        if (store_line(in, lines + at, size, &n, err) < 0)
            return hf_error_wrap(err, "line %zu", number);
        at += size + 1;
    }
    if (add_tally(in, "records", n.records) < 0 || add_tally(in, "duplicates", n.duplicates) < 0 ||
        add_tally(in, "conflicts", n.conflicts) < 0 ||
        add_tally(in, "out_of_order", n.out_of_order) < 0 || add_tally(in, "batches", 1) < 0)
        return failed(in, err);
    return 0;
}

int
hf_inbox_store(struct hf_inbox *in, const char *lines, size_t len, struct hf_error *err)
{
    int rc;

    pthread_mutex_lock(&in->lock);
    rc = sqlite3_exec(in->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK ? 0
                                                                                : failed(in, err);
    if (rc == 0)
        rc = store_all(in, lines, len, err);
    if (rc == 0 && sqlite3_exec(in->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        rc = failed(in, err);
    if (rc < 0 && !sqlite3_get_autocommit(in->db))
        sqlite3_exec(in->db, "ROLLBACK", NULL, NULL, NULL);
    pthread_mutex_unlock(&in->lock);
    return rc;
}

int
hf_inbox_report(struct hf_inbox *in, struct hf_json **ret_report, struct hf_error *err)
{
    int rc;

    pthread_mutex_lock(&in->lock);
    rc = hf_report_make(in->db, ret_report, err);
    pthread_mutex_unlock(&in->lock);
    return rc;
}

int
hf_inbox_read(struct hf_inbox *in, const char *topic, uint64_t after, uint64_t limit,
              struct hf_buf *out, struct hf_error *err)
{
    sqlite3_stmt *q = in->q[Q_READ];
    int rc = 0;

    pthread_mutex_lock(&in->lock);
    sqlite3_bind_int64(q, 1, (sqlite3_int64)after);
    bind_text(q, 2, topic);
    sqlite3_bind_int64(q, 3, (sqlite3_int64)limit);
    while (rc == 0 && sqlite3_step(q) == SQLITE_ROW)
        rc = hf_buf_addf(out, err, "{\"rowid\":%lld,%s\n", (long long)sqlite3_column_int64(q, 0),
                         (const char *)sqlite3_column_text(q, 1) + 1);
    sqlite3_reset(q);
    sqlite3_clear_bindings(q);
    pthread_mutex_unlock(&in->lock);
    return rc;
}
