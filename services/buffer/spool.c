// SPDX-License-Identifier: Apache-2.0
#include "buffer/spool.h"

#include "base/clock.h"
#include "base/log.h"
#include "buffer/crc32.h"
#include "buffer/spool_private.h"
#include "common/record.h"

#include <stdio.h>
#include <string.h>

enum {
    PAGE = 4096,
    BLOCK_BYTES = 256 * 1024,    /* a block is closed once it is this large */
    BODY_KEEP = 2 * 1024 * 1024, /* memory that the block buffer keeps between commits */
    WAL_ROOM = 8 * 1024 * 1024,  /* what the cap leaves for the WAL */
    DELETE_BLOCKS = 256,         /* one step of deleting */
    VACUUM_PAGES = 512,          /* one step of shrinking */
    VACUUM_FROM_PAGES = 4096,    /* smaller holes are left for the next records */
    COMMIT_SLACK = 64 * 1024,    /* pages that a commit needs beside the blocks */
    RESERVE_RETRY_MS = 1000,
    CAP_CLEAR_PART = 16, /* a full buffer accepts again once a sixteenth is free */
};

/* ---- transactions ---- */

int
hf_spool_begin(struct hf_spool *s, struct hf_error *err)
{
    int rc = hf_spool_run(s->q[Q_BEGIN]);

    if (rc != SQLITE_OK)
        return hf_spool_fail(s->db, rc, "cannot begin", err);
    hf_buf_clear(&s->body);
    return 0;
}

void
hf_spool_rollback(struct hf_spool *s)
{
    if (s->db && !sqlite3_get_autocommit(s->db))
        (void)hf_spool_run(s->q[Q_ROLLBACK]);
    s->now = s->saved;
    hf_buf_clear(&s->body);
}

/* On a full disk the reserve makes room for what must go on. In a damaged file nothing can. */
static int
fail_write(struct hf_spool *s, int rc, struct hf_error *err)
{
    struct hf_error replacing = {0};

    (void)hf_spool_fail(s->db, rc, "cannot write", err);
    if ((rc & 0xff) == SQLITE_FULL) {
        hf_spool_reserve_free(&s->paths);
        s->reserve_there = false;
        s->reserve_tried_ms = hf_clock_mono_ms();
        snprintf(s->full, sizeof s->full,
                 "the disk is full: nothing is accepted until there is room");
    } else if (hf_spool_rc_damaged(rc)) {
        hf_spool_rollback(s);
        if (hf_spool_replace_file(s, &s->saved, &replacing) < 0)
            hf_log_error("event=store-lost reason=\"%s\"", replacing.message);
    }
    return -1;
}

/* Bytes in use in the database file. */
static int64_t
used_bytes(struct hf_spool *s)
{
    uint64_t pages = 0, free_pages = 0;

    if (hf_spool_read_row(s->q[Q_PAGES], 1, &pages) != SQLITE_OK ||
        hf_spool_read_row(s->q[Q_FREE_PAGES], 1, &free_pages) != SQLITE_OK)
        return 0;
    return (int64_t)(pages - free_pages) * PAGE;
}

/* What the database file may take: the rest is the WAL's and the reserve's. */
static int64_t
cap_bytes(const struct hf_spool *s)
{
    int64_t cap = s->options.max_bytes - WAL_ROOM - s->options.reserve_bytes;

    return cap < s->options.max_bytes / 4 ? s->options.max_bytes / 4 : cap;
}

static bool
has_room(struct hf_spool *s, int64_t bytes)
{
    return used_bytes(s) + bytes + COMMIT_SLACK <= cap_bytes(s);
}

static int
refuse_over_cap(struct hf_spool *s, size_t wanted, struct hf_error *err)
{
    s->over_cap = true;
    s->wanted_bytes = (int64_t)wanted;
    snprintf(s->full, sizeof s->full,
             "the buffer is full (%lld of %lld bytes on disk): nothing is accepted until some of "
             "it is delivered",
             (long long)hf_spool_disk_bytes(s), (long long)s->options.max_bytes);
    return hf_error_set(err, HF_ERROR_NO_SPACE, "%s", s->full);
}

static int
close_block(struct hf_spool *s, struct hf_error *err)
{
    sqlite3_stmt *q;
    int rc;

    if (s->body.len == 0)
        return 0;
    if (!has_room(s, (int64_t)s->body.len))
        return refuse_over_cap(s, s->body.len, err);
    q = BIND(s, Q_INSERT, s->body_first, s->now.next_seq - s->body_first,
             (uint64_t)s->body_oldest_ms, hf_crc32(s->body.data, s->body.len));
    sqlite3_bind_blob64(q, 5, s->body.data, s->body.len, SQLITE_STATIC);
    rc = hf_spool_run(q);
    sqlite3_clear_bindings(q);
    hf_buf_clear(&s->body);
    return rc == SQLITE_OK ? 0 : fail_write(s, rc, err);
}

int
hf_spool_append(struct hf_spool *s, const char *gateway, const char *frames, size_t len,
                uint64_t *ret_first, uint64_t *ret_last, struct hf_error *err)
{
    uint64_t first = s->now.next_seq;
    struct hf_record r;
    size_t at = 0;
    int rc;

    if (*s->full && !s->over_cap)
        return hf_error_set(err, HF_ERROR_NO_SPACE, "%s", s->full);
    if (!has_room(s, (int64_t)(len + s->body.len)))
        return refuse_over_cap(s, len + s->body.len, err);
    while ((rc = hf_record_decode(frames, len, &at, &r, err)) > 0) {
        if (s->body.len == 0) {
            s->body_first = s->now.next_seq;
            s->body_oldest_ms = r.time_ms;
        }
        if (r.time_ms < s->body_oldest_ms)
            s->body_oldest_ms = r.time_ms;
        if (hf_record_line(&r, gateway, s->epoch, s->now.next_seq, &s->body, err) < 0)
            return -1;
        s->now.next_seq++;
        s->now.accepted++;
        if (s->body.len >= BLOCK_BYTES && close_block(s, err) < 0)
            return -1;
    }
    *ret_first = first;
    *ret_last = s->now.next_seq - 1;
    return rc;
}

static int
delete_garbage(struct hf_spool *s)
{
    return hf_spool_run(BIND(s, Q_DELETE, s->now.acked, DELETE_BLOCKS));
}

int
hf_spool_ack(struct hf_spool *s, const char *epoch, uint64_t first, uint64_t last,
             struct hf_error *err)
{
    uint64_t oldest = 0, span[2] = {0};

    if (strcmp(epoch, s->epoch) != 0)
        return hf_error_set(err, HF_ERROR_CONFLICT, "the epoch is '%s' now", s->epoch);
    if (first > last || last > (s->lease_last ? s->lease_last : s->saved.next_seq - 1))
        return hf_error_set(err, HF_ERROR_CONFLICT, "that span was not leased");
    if (last <= s->now.acked)
        return 0;
    if (hf_spool_read_row(BIND(s, Q_SPAN, s->now.acked), 1, &oldest) != SQLITE_OK ||
        hf_spool_read_row(BIND(s, Q_COUNT, s->now.acked, last), 2, span) != SQLITE_OK)
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "cannot read the store: %s",
                            sqlite3_errmsg(s->db));
    if (first > oldest || span[1] != last)
        return hf_error_set(err, HF_ERROR_CONFLICT, "that span was not leased");
    s->now.acked = last;
    s->now.delivered += span[0];
    return 0;
}

int
hf_spool_commit(struct hf_spool *s, struct hf_error *err)
{
    int rc;

    if (close_block(s, err) < 0)
        return -1;
    if (memcmp(&s->now, &s->saved, sizeof s->now) == 0) { /* acknowledged before: no write */
        hf_spool_rollback(s);
        return 0;
    }
    rc = delete_garbage(s);
    if (rc == SQLITE_OK)
        rc = hf_spool_write_book(s);
    if (rc == SQLITE_OK)
        rc = hf_spool_run(s->q[Q_COMMIT]);
    if (rc != SQLITE_OK)
        return fail_write(s, rc, err);
    if (s->lease_last && s->now.acked >= s->lease_last)
        s->lease_last = 0;
    s->saved = s->now;
    if (s->body.cap > BODY_KEEP)
        hf_buf_done(&s->body);
    hf_spool_read_oldest(s);
    return 0;
}

/* ---- lease ---- */

static int
set_block_aside(struct hf_spool *s, uint64_t first, uint64_t count, const char *reason,
                struct hf_error *err)
{
    char text[HF_SPOOL_ALARM_MAX];
    sqlite3_stmt *q;
    int rc = hf_spool_run(s->q[Q_BEGIN]);

    q = BIND(s, Q_ASIDE, first, (uint64_t)hf_clock_wall_ms());
    sqlite3_bind_text(q, 3, reason, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = hf_spool_run(q);
    if (rc == SQLITE_OK)
        rc = hf_spool_run(BIND(s, Q_REMOVE, first));
    s->now.dropped += count;
    if (rc == SQLITE_OK)
        rc = hf_spool_write_book(s);
    if (rc == SQLITE_OK)
        rc = hf_spool_run(s->q[Q_COMMIT]);
    if (rc != SQLITE_OK) {
        (void)fail_write(s, rc, err);
        hf_spool_rollback(s);
        return -1;
    }
    s->saved = s->now;
    s->lease_last = 0;
    snprintf(text, sizeof text, "records %llu to %llu: %s; set aside and counted as dropped",
             (unsigned long long)first, (unsigned long long)(first + count - 1), reason);
    hf_spool_set_alarm(s, text);
    return 0;
}

/* Reads one lease; *ret_bad gets the damaged block that ended it, if one did. */
static int
read_blocks(struct hf_spool *s, size_t max_bytes, struct hf_lease *lease, struct hf_buf *lines,
            uint64_t ret_bad[2], struct hf_error *err)
{
    sqlite3_stmt *q = BIND(s, Q_LEASE, s->saved.acked);
    int rc;

    while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
        uint64_t first = (uint64_t)sqlite3_column_int64(q, 0);
        uint64_t count = (uint64_t)sqlite3_column_int64(q, 1);
        const void *body = sqlite3_column_blob(q, 3);
        size_t len = (size_t)sqlite3_column_bytes(q, 3);

        if (s->lease_last ? first > s->lease_last : lease->count && lines->len + len > max_bytes)
            break;
        if (!body || hf_crc32(body, len) != (uint32_t)sqlite3_column_int64(q, 2)) {
            ret_bad[0] = first;
            ret_bad[1] = count;
            break;
        }
        if (hf_buf_add(lines, body, len, err) < 0) {
            sqlite3_reset(q);
            return SQLITE_TOOBIG;
        }
        if (lease->count == 0)
            lease->first = first;
        lease->last = first + count - 1;
        lease->count += count;
    }
    sqlite3_reset(q);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int
hf_spool_lease(struct hf_spool *s, size_t max_bytes, struct hf_lease *ret_lease,
               struct hf_buf *lines, struct hf_error *err)
{
    for (;;) {
        struct hf_lease lease = {0};
        uint64_t bad[2] = {0, 0};
        size_t before = lines->len;
        int rc;

        if (s->saved.accepted == s->saved.delivered + s->saved.dropped)
            return 0;
        rc = read_blocks(s, max_bytes, &lease, lines, bad, err);
        if (rc == SQLITE_TOOBIG)
            return -1;
        if (rc != SQLITE_OK)
            return fail_write(s, rc, err);
        if (lease.count && !bad[1]) {
            memcpy(lease.epoch, s->epoch, sizeof lease.epoch);
            s->lease_last = lease.last;
            *ret_lease = lease;
            return 1;
        }
        lines->len = before;
        if (!bad[1])
            return 0;
        if (set_block_aside(s, bad[0], bad[1], "the bytes on disk are not those written", err) < 0)
            return -1;
    }
}

/* ---- housekeeping ---- */

static void
checkpoint(struct hf_spool *s)
{
    if (s->wal_pages < HF_SPOOL_CHECKPOINT_PAGES)
        return;
    /* There is no reader to wait for, so a passive one takes over everything, and the next commit
     * begins the WAL anew. */
    if (sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) == SQLITE_OK)
        s->wal_pages = 0;
}

static void
shrink(struct hf_spool *s)
{
    uint64_t free_pages = 0;
    char text[48];

    if (hf_spool_read_row(s->q[Q_FREE_PAGES], 1, &free_pages) != SQLITE_OK ||
        free_pages < (*s->full ? 1 : VACUUM_FROM_PAGES))
        return;
    snprintf(text, sizeof text, "PRAGMA incremental_vacuum(%d)", VACUUM_PAGES);
    if (sqlite3_exec(s->db, text, NULL, NULL, NULL) == SQLITE_OK && *s->full)
        s->wal_pages = HF_SPOOL_CHECKPOINT_PAGES; /* the file shrinks by the checkpoint */
}

static void
restore_reserve(struct hf_spool *s)
{
    int64_t now = hf_clock_mono_ms();

    if (s->reserve_there || now - s->reserve_tried_ms < RESERVE_RETRY_MS)
        return;
    s->reserve_tried_ms = now;
    s->reserve_there =
        s->options.reserve_bytes == 0 || hf_spool_reserve_make(&s->paths, s->options.reserve_bytes);
    if (!s->reserve_there)
        snprintf(s->full, sizeof s->full,
                 "the disk is full: nothing is accepted until there is room");
    else if (!s->over_cap)
        s->full[0] = '\0';
}

void
hf_spool_tick(struct hf_spool *s)
{
    uint64_t oldest = UINT64_MAX;

    if (!s->db)
        return;
    if (hf_spool_read_row(BIND(s, Q_SPAN, 0), 1, &oldest) == SQLITE_OK && oldest &&
        oldest <= s->now.acked)
        (void)delete_garbage(s);
    checkpoint(s);
    shrink(s);
    restore_reserve(s);
    if (s->over_cap && has_room(s, s->wanted_bytes) && has_room(s, cap_bytes(s) / CAP_CLEAR_PART)) {
        s->over_cap = false;
        if (s->reserve_there)
            s->full[0] = '\0';
    }
}

void
hf_spool_get_books(const struct hf_spool *s, struct hf_books *ret_books)
{
    const struct hf_book *b = &s->saved;

    *ret_books = (struct hf_books){
        .accepted = b->accepted,
        .delivered = b->delivered,
        .dropped = b->dropped,
        .held = b->accepted - b->delivered - b->dropped,
        .oldest_ms = s->oldest_ms,
    };
    memcpy(ret_books->epoch, s->epoch, sizeof ret_books->epoch);
}

int64_t
hf_spool_disk_bytes(const struct hf_spool *s)
{
    return hf_spool_file_bytes(&s->paths);
}

const char *
hf_spool_full(const struct hf_spool *s)
{
    return s->full;
}

const char *
hf_spool_alarm(const struct hf_spool *s)
{
    return s->alarm;
}
