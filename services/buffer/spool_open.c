// SPDX-License-Identifier: Apache-2.0
#include "buffer/spool_private.h"

#include "base/log.h"
#include "common/record.h"

#include <stdio.h>
#include <string.h>

/* The worst that a batch of frames can become as lines: control characters grow sixfold. */
enum { BODY_MAX = 8 * HF_RECORD_BODY_MAX };

static const char *const sql[Q_STATEMENTS] = {
    [Q_BEGIN] = "BEGIN IMMEDIATE",
    [Q_COMMIT] = "COMMIT",
    [Q_ROLLBACK] = "ROLLBACK",
    [Q_BOOK_READ] = "SELECT epoch, next_seq, acked, accepted, delivered, dropped FROM book",
    [Q_BOOK_WRITE] = "UPDATE book SET next_seq = ?1, acked = ?2, accepted = ?3, delivered = ?4,"
                     " dropped = ?5",
    [Q_HELD] = "SELECT coalesce(sum(count), 0), coalesce(max(first + count), 0) FROM block"
               " WHERE first > ?1",
    [Q_OLDEST] = "SELECT oldest_ms FROM block WHERE first > ?1 ORDER BY first LIMIT 1",
    [Q_INSERT] = "INSERT INTO block (first, count, oldest_ms, crc, body)"
                 " VALUES (?1, ?2, ?3, ?4, ?5)",
    [Q_SPAN] = "SELECT min(first) FROM block WHERE first > ?1",
    [Q_COUNT] = "SELECT coalesce(sum(count), 0), coalesce(max(first + count - 1), 0) FROM block"
                " WHERE first > ?1 AND first <= ?2",
    [Q_DELETE] = "DELETE FROM block WHERE first IN"
                 " (SELECT first FROM block WHERE first <= ?1 ORDER BY first LIMIT ?2)",
    [Q_LEASE] = "SELECT first, count, crc, body FROM block WHERE first > ?1 ORDER BY first",
    [Q_ASIDE] = "INSERT OR REPLACE INTO aside (first, count, at_ms, reason, body)"
                " SELECT first, count, ?2, ?3, body FROM block WHERE first = ?1",
    [Q_REMOVE] = "DELETE FROM block WHERE first = ?1",
    [Q_PAGES] = "PRAGMA page_count",
    [Q_FREE_PAGES] = "PRAGMA freelist_count",
};

static int
count_wal(void *ctx, sqlite3 *db, const char *name, int pages)
{
    struct hf_spool *s = ctx;

    (void)db, (void)name;
    s->wal_pages = pages;
    return SQLITE_OK;
}

sqlite3_stmt *
hf_spool_bind(struct hf_spool *s, enum hf_spool_statement which, int count, const uint64_t *values)
{
    sqlite3_stmt *q = s->q[which];

    sqlite3_reset(q);
    for (int i = 0; i < count; i++)
        sqlite3_bind_int64(q, i + 1, (sqlite3_int64)values[i]);
    return q;
}

int
hf_spool_run(sqlite3_stmt *q)
{
    int rc = sqlite3_step(q);

    sqlite3_reset(q);
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}

int
hf_spool_read_row(sqlite3_stmt *q, int count, uint64_t *values)
{
    int rc = sqlite3_step(q);

    for (int i = 0; rc == SQLITE_ROW && i < count; i++)
        values[i] = (uint64_t)sqlite3_column_int64(q, i);
    sqlite3_reset(q);
    return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

void
hf_spool_set_alarm(struct hf_spool *s, const char *text)
{
    snprintf(s->alarm, sizeof s->alarm, "%s", text);
    hf_log_error("event=store-damaged detail=\"%s\"", text);
}

static int
read_book(struct hf_spool *s)
{
    uint64_t v[6] = {0}, held[2];
    sqlite3_stmt *q = s->q[Q_BOOK_READ];
    int rc = sqlite3_step(q);

    if (rc == SQLITE_ROW) {
        const unsigned char *epoch = sqlite3_column_text(q, 0);

        snprintf(s->epoch, sizeof s->epoch, "%s", epoch ? (const char *)epoch : "");
        for (int i = 1; i < 6; i++)
            v[i] = (uint64_t)sqlite3_column_int64(q, i);
    }
    sqlite3_reset(q);
    if (rc != SQLITE_ROW)
        return rc == SQLITE_DONE ? SQLITE_CORRUPT : rc;
    s->saved = (struct hf_book){v[1], v[2], v[3], v[4], v[5]};
    rc = hf_spool_read_row(BIND(s, Q_HELD, s->saved.acked), 2, held);
    if (rc != SQLITE_OK)
        return rc;
    /* More than the books know, or numbers that are still to be given out: not our file. */
    if (strlen(s->epoch) != HF_EPOCH_SIZE - 1 || held[1] > s->saved.next_seq ||
        s->saved.accepted < s->saved.delivered + s->saved.dropped + held[0])
        return SQLITE_CORRUPT;
    s->now = s->saved;
    s->now.dropped = s->saved.accepted - s->saved.delivered - held[0];
    if (s->now.dropped != s->saved.dropped) {
        char text[HF_SPOOL_ALARM_MAX];

        snprintf(text, sizeof text, "%llu records are missing in the store; counted as dropped",
                 (unsigned long long)(s->now.dropped - s->saved.dropped));
        hf_spool_set_alarm(s, text);
        s->saved = s->now; /* on disk with the next commit */
    }
    return SQLITE_OK;
}

int
hf_spool_write_book(struct hf_spool *s)
{
    const struct hf_book *b = &s->now;

    return hf_spool_run(
        BIND(s, Q_BOOK_WRITE, b->next_seq, b->acked, b->accepted, b->delivered, b->dropped));
}

void
hf_spool_read_oldest(struct hf_spool *s)
{
    uint64_t oldest = 0;

    if (hf_spool_read_row(BIND(s, Q_OLDEST, s->now.acked), 1, &oldest) != SQLITE_OK)
        oldest = 0;
    s->oldest_ms = (int64_t)oldest;
}

static int
start_using(struct hf_spool *s)
{
    int rc = SQLITE_OK;

    for (int i = 0; i < Q_STATEMENTS && rc == SQLITE_OK; i++)
        rc = sqlite3_prepare_v3(s->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &s->q[i], NULL);
    if (rc == SQLITE_OK)
        rc = read_book(s);
    if (rc != SQLITE_OK)
        return rc;
    sqlite3_wal_hook(s->db, count_wal, s);
    hf_spool_read_oldest(s);
    s->wal_pages = HF_SPOOL_CHECKPOINT_PAGES; /* whatever an earlier run left */
    return SQLITE_OK;
}

static void
stop_using(struct hf_spool *s)
{
    for (int i = 0; i < Q_STATEMENTS; i++) {
        sqlite3_finalize(s->q[i]);
        s->q[i] = NULL;
    }
    sqlite3_close(s->db);
    s->db = NULL;
}

static int
open_file(struct hf_spool *s, struct hf_error *err)
{
    int rc = hf_spool_file_open(&s->paths, &s->db, err);

    if (rc != SQLITE_OK)
        return rc;
    rc = start_using(s);
    if (rc == SQLITE_ERROR) /* a table or column that is not there */
        rc = SQLITE_CORRUPT;
    if (rc != SQLITE_OK) {
        (void)hf_spool_fail(s->db, rc, "cannot read the store", err);
        stop_using(s);
    }
    return rc;
}

int
hf_spool_replace_file(struct hf_spool *s, const struct hf_book *known, struct hf_error *err)
{
    struct hf_book before = known ? *known : (struct hf_book){0};
    uint64_t lost = before.accepted - before.delivered - before.dropped;
    char text[HF_SPOOL_ALARM_MAX], what[64] = "what it held";

    stop_using(s);
    s->lease_last = 0;
    if (hf_spool_set_aside(&s->paths, err) < 0 || open_file(s, err) != SQLITE_OK)
        return -1;
    if (known) {
        s->now.accepted = before.accepted;
        s->now.delivered = before.delivered;
        s->now.dropped = before.dropped + lost;
        s->saved = s->now;
        (void)hf_spool_write_book(s); /* else with the next commit */
        snprintf(what, sizeof what, "%llu records", (unsigned long long)lost);
    }
    snprintf(
        text, sizeof text,
        "the store was damaged and set aside as buffer.db.damaged with %s; a new one was begun",
        what);
    hf_spool_set_alarm(s, text);
    return 0;
}

int
hf_spool_open(const struct hf_spool_options *options, struct hf_spool **ret_spool,
              struct hf_error *err)
{
    HF_AUTO(hf_spool) struct hf_spool *s = calloc(1, sizeof *s);
    int rc;

    if (!s)
        return hf_error_nomem(err);
    s->options = *options;
    s->body = HF_BUF_INIT(BODY_MAX);
    if (hf_spool_paths_make(options->dir, &s->paths, err) < 0)
        return -1;
    rc = open_file(s, err);
    if ((rc & 0xff) == SQLITE_FULL) {
        hf_spool_reserve_free(&s->paths);
        rc = open_file(s, err);
    }
    if (hf_spool_rc_damaged(rc) && hf_spool_replace_file(s, NULL, err) == 0)
        rc = SQLITE_OK;
    if (rc != SQLITE_OK)
        return hf_error_wrap(err, "buffer");
    hf_spool_tick(s);
    *ret_spool = hf_steal(&s);
    return 0;
}

void
hf_spool_close(struct hf_spool *s)
{
    if (!s)
        return;
    stop_using(s);
    hf_buf_done(&s->body);
    free(s);
}

bool
hf_spool_is_open(const struct hf_spool *s)
{
    return s->db != NULL;
}

void
hf_spool_set_max_bytes(struct hf_spool *s, int64_t max_bytes)
{
    s->options.max_bytes = max_bytes;
}
