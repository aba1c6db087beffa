// SPDX-License-Identifier: Apache-2.0
#include "buffer/spool_private.h"

#include "base/log.h"

#include <stdio.h>

#define META                                                                                       \
    "id, lane, epoch, first, last, count, weight, mask, oldest_ms, newest_ms, raw, crc, topics,"   \
    " spans, length(body)"
#define FOR_SINK "(mask = 0 OR mask & ?3)"
#define ITEM "id, sink, lane, epoch, seq, counted, at_ms, time_ms, status, topic, reason, line"

static const char *const sql[Q_STATEMENTS] = {
    [Q_BEGIN] = "BEGIN IMMEDIATE",
    [Q_COMMIT] = "COMMIT",
    [Q_ROLLBACK] = "ROLLBACK",
    [Q_BOOK_READ] = "SELECT epoch, next_seq, next_block, accepted, delivered, dropped, quarantined"
                    " FROM book",
    [Q_ORIGIN_READ] = "SELECT name FROM state WHERE kind = 0",
    [Q_BOOK_WRITE] =
        "INSERT OR REPLACE INTO state VALUES (0, 0, 0, ?8, ?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [Q_SINKS] = "SELECT slot, name, accepted, delivered, dropped, quarantined FROM sink",
    [Q_SINK_WRITE] = "INSERT OR REPLACE INTO state (kind, slot, lane, a, b, c, d, name)"
                     " VALUES (1, ?1, 0, ?2, ?3, ?4, ?5, ?6)",
    [Q_SINK_DELETE] = "DELETE FROM state WHERE kind = 1 AND slot = ?1",
    [Q_PLACES] = "SELECT slot, lane, cursor, group_last, acked_epoch, acked_last FROM place",
    [Q_PLACE_WRITE] = "INSERT OR REPLACE INTO state (kind, slot, lane, a, b, c, d)"
                      " VALUES (2, ?1, ?2, ?3, ?4, ?5, ?6)",
    [Q_PLACE_DELETE] = "DELETE FROM state WHERE kind = 2 AND slot = ?1",
    [Q_TOPICS] = "SELECT id, name FROM topic",
    [Q_TOPIC_ADD] = "INSERT INTO topic (id, name) VALUES (?1, ?2)",
    [Q_TOPIC_NAME] = "SELECT name FROM topic WHERE id = ?1",
    [Q_TOPIC_DELETE] = "DELETE FROM topic WHERE id = ?1",
    [Q_BLOCK_ADD] = "INSERT INTO block (id, lane, epoch, first, last, count, weight, mask,"
                    " oldest_ms, newest_ms, raw, crc, topics, spans, body)"
                    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    [Q_BLOCK_ALL] = "SELECT " META " FROM block ORDER BY id",
    [Q_BLOCK_META] = "SELECT " META " FROM block WHERE id = ?1",
    [Q_BLOCK_BODY] = "SELECT " META ", body FROM block WHERE id = ?1",
    [Q_BLOCK_NEXT] =
        "SELECT " META " FROM block"
        " WHERE id > max(?2, ?1 << 48) AND id < (?1 + 1) << 48 AND " FOR_SINK " ORDER BY id",
    [Q_BLOCK_FROM] = "SELECT id FROM block WHERE id >= (?1 << 48) + ?2 AND id < (?1 + 1) << 48"
                     " ORDER BY id LIMIT 1",
    [Q_BLOCK_UP_TO] = "SELECT id, newest_ms FROM block WHERE id > ?1 << 48"
                      " AND id <= (?1 << 48) + ?2 ORDER BY id DESC LIMIT 1",
    [Q_BLOCK_BEFORE] = "SELECT first, last FROM block WHERE id < ?1 AND id > ?2 << 48"
                       " AND epoch = ?3 AND mask = 0 ORDER BY id DESC LIMIT 1",
    [Q_BLOCK_AFTER] = "SELECT first, last FROM block WHERE id > ?1 AND id < (?2 + 1) << 48"
                      " AND epoch = ?3 AND mask = 0 ORDER BY id LIMIT 1",
    [Q_BLOCK_SPANS] = "SELECT first, last FROM block WHERE epoch = ?1 AND mask = 0 ORDER BY first",
    [Q_BLOCK_MASK] = "UPDATE block SET mask = ?2, crc = ?3 WHERE id = ?1",
    [Q_BLOCK_DELETE] = "DELETE FROM block WHERE id = ?1",
    [Q_DROPPED_ADD] = "UPDATE dropped SET records = records + ?1 WHERE topic = ?2 AND reason = ?3",
    [Q_DROPPED_NEW] = "INSERT INTO dropped (records, topic, reason) VALUES (?1, ?2, ?3)"
                      " ON CONFLICT DO UPDATE SET records = records + ?1",
    [Q_DROPPED_COUNT] = "SELECT count(*) FROM dropped",
    [Q_DROPPED_TOP] = "SELECT topic, reason, records FROM dropped ORDER BY records DESC LIMIT ?1",
    [Q_GAP_EXTEND] = "UPDATE gap SET last = ?4, records = records + ?5"
                     " WHERE reason = ?1 AND epoch = ?2 AND last = ?3 - 1",
    [Q_GAP_ADD] = "INSERT INTO gap (reason, epoch, first, last, records)"
                  " VALUES (?1, ?2, ?3, ?4, ?5)",
    [Q_GAP_COUNT] = "SELECT count(*) FROM gap",
    [Q_GAP_READ] = "SELECT id, reason, epoch, first, last, records FROM gap"
                   " ORDER BY reason, epoch, last LIMIT 100",
    [Q_GAP_DELETE] = "DELETE FROM gap WHERE id = ?1",
    [Q_ITEM_ADD] = "INSERT INTO quarantine (lane, epoch, seq, counted, at_ms, time_ms, status,"
                   " sink, topic, reason, line)"
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    [Q_ITEM_TOTALS] = "SELECT count(*), coalesce(sum(length(line)), 0) FROM quarantine",
    [Q_ITEM_KEPT] = "SELECT count(*) FROM quarantine WHERE counted",
    [Q_ITEM_COUNTED] = "UPDATE quarantine SET counted = 1 WHERE epoch = ?1 AND seq >= ?2"
                       " AND seq <= ?3 AND lane = ?4 AND counted = 0 AND id ="
                       " (SELECT min(o.id) FROM quarantine AS o WHERE o.epoch = quarantine.epoch"
                       " AND o.seq = quarantine.seq)",
    [Q_ITEM_SIBLINGS] = "UPDATE quarantine SET counted = 0 WHERE epoch = ?1 AND seq = ?2"
                        " AND counted = 1",
    [Q_ITEM_READ] = "SELECT " ITEM " FROM quarantine WHERE id = ?1",
    [Q_ITEM_OLDEST] = "SELECT id FROM quarantine ORDER BY id LIMIT 1",
    [Q_ITEM_LIST] = "SELECT " ITEM " FROM quarantine WHERE id < ?1 ORDER BY id DESC",
    [Q_ITEM_NEXT] = "SELECT id FROM quarantine WHERE id > ?1 ORDER BY id LIMIT 1",
    [Q_ITEM_DELETE] = "DELETE FROM quarantine WHERE id = ?1",
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

int
hf_spool_prepare(struct hf_spool *s)
{
    int rc = SQLITE_OK;

    for (int i = 0; i < Q_STATEMENTS && rc == SQLITE_OK; i++)
        rc = sqlite3_prepare_v3(s->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &s->q[i], NULL);
    if (rc == SQLITE_OK)
        sqlite3_wal_hook(s->db, count_wal, s);
    return rc;
}

void
hf_spool_finalize(struct hf_spool *s)
{
    for (int i = 0; i < Q_STATEMENTS; i++) {
        sqlite3_finalize(s->q[i]);
        s->q[i] = NULL;
    }
}

sqlite3_stmt *
hf_spool_bind(struct hf_spool *s, enum hf_spool_statement which, int count, const int64_t *values)
{
    sqlite3_stmt *q = s->q[which];

    sqlite3_reset(q);
    for (int i = 0; i < count; i++)
        sqlite3_bind_int64(q, i + 1, values[i]);
    return q;
}

int
hf_spool_failed(struct hf_spool *s, int rc, struct hf_error *err)
{
    s->failed = true;
    (void)hf_spool_fail(s->db, rc, "the store", err);
    if ((rc & 0xff) == SQLITE_FULL) {
        hf_spool_disk_is_full(s);
    } else if (hf_spool_rc_damaged(rc)) {
        s->damaged = true;
    } else if ((rc & 0xff) == SQLITE_IOERR || (rc & 0xff) == SQLITE_READONLY ||
               (rc & 0xff) == SQLITE_CANTOPEN) {
        s->broken = true;
        snprintf(s->full, sizeof s->full,
                 "the disk gives errors (%s): nothing is accepted until it can be written again",
                 sqlite3_errstr(rc));
    }
    return -1;
}

int
hf_spool_refuse(const struct hf_spool *s, struct hf_error *err)
{
    return hf_error_set(err, *s->full ? HF_ERROR_NO_SPACE : HF_ERROR_UNAVAILABLE,
                        "the store could not be written: %s", *s->full ? s->full : "see log");
}

int
hf_spool_write(struct hf_spool *s, sqlite3_stmt *q, struct hf_error *err)
{
    int rc;

    /* SQLite may have rolled back by itself, and what came now would be committed alone. */
    if (s->failed)
        return hf_spool_refuse(s, err);
    rc = sqlite3_step(q);
    sqlite3_reset(q);
    s->touched = true;
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? 0 : hf_spool_failed(s, rc, err);
}

int
hf_spool_read_row(struct hf_spool *s, sqlite3_stmt *q, int count, int64_t *values,
                  struct hf_error *err)
{
    int rc = sqlite3_step(q);

    for (int i = 0; rc == SQLITE_ROW && i < count; i++)
        values[i] = sqlite3_column_int64(q, i);
    sqlite3_reset(q);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return hf_spool_failed(s, rc, err);
    return rc == SQLITE_ROW;
}

void
hf_spool_read_block(sqlite3_stmt *q, struct hf_block_row *b)
{
    enum { LENGTH = 14, BODY = 15 };
    int lane = sqlite3_column_int(q, 1);

    *b = (struct hf_block_row){
        .id = sqlite3_column_int64(q, 0),
        .lane = lane >= HF_LANE_ALARM && lane < HF_LANE_COUNT ? (enum hf_lane)lane : HF_LANE_NORMAL,
        .epoch = (uint32_t)sqlite3_column_int64(q, 2),
        .first = (uint64_t)sqlite3_column_int64(q, 3),
        .last = (uint64_t)sqlite3_column_int64(q, 4),
        .count = (uint64_t)sqlite3_column_int64(q, 5),
        .weight = (uint64_t)sqlite3_column_int64(q, 6),
        .mask = (unsigned)sqlite3_column_int(q, 7),
        .oldest_ms = sqlite3_column_int64(q, 8),
        .newest_ms = sqlite3_column_int64(q, 9),
        .raw = (uint64_t)sqlite3_column_int64(q, 10),
        .crc = (uint32_t)sqlite3_column_int64(q, 11),
        .topics = sqlite3_column_blob(q, 12),
        .topics_len = (size_t)sqlite3_column_bytes(q, 12),
        .spans = sqlite3_column_blob(q, 13),
        .spans_len = (size_t)sqlite3_column_bytes(q, 13),
        .body_len = (size_t)sqlite3_column_int64(q, LENGTH),
    };
    if (sqlite3_column_count(q) > BODY) {
        b->body = sqlite3_column_blob(q, BODY);
        b->body_len = (size_t)sqlite3_column_bytes(q, BODY);
    }
}

int
hf_spool_step_block(struct hf_spool *s, sqlite3_stmt *q, struct hf_block_row *ret_row,
                    struct hf_error *err)
{
    int rc = sqlite3_step(q);

    if (rc == SQLITE_ROW) {
        hf_spool_read_block(q, ret_row);
        return 1;
    }
    sqlite3_reset(q);
    return rc == SQLITE_DONE ? 0 : hf_spool_failed(s, rc, err);
}

void
hf_spool_set_alarm(struct hf_spool *s, const char *text)
{
    snprintf(s->alarm, sizeof s->alarm, "%s", text);
    hf_log_error("event=store-damaged detail=\"%s\"", text);
}
