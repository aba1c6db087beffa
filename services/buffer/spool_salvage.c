// SPDX-License-Identifier: Apache-2.0
/*
 * From a damaged file to a new one: every block that can still be read, and whose checksum is
 * right, is taken over; what cannot is counted and named. New records get a new epoch, because the
 * book that would say which numbers were given out may be among what is lost.
 */
#include "buffer/spool_private.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STEP_BLOCKS = 64 };

/* Past the end of any file: ids grow by one. */
static const int64_t FAR = INT64_MAX / 4;

struct salvage {
    const char *path; /* the damaged file */
    sqlite3 *db;
    sqlite3_stmt *from;
    uint64_t records, first, last; /* what was taken over */
};

static int
open_damaged(struct salvage *v)
{
    static const char text[] =
        "SELECT id, lane, epoch, first, last, count, weight, mask, oldest_ms, newest_ms, raw, crc,"
        " topics, spans, length(body), body FROM block WHERE id >= ?1 ORDER BY id LIMIT 1";
    int rc = sqlite3_open_v2(
        v->path, &v->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_db_config(v->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(v->db, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -512", NULL,
                          NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(v->db, text, -1, &v->from, NULL);
    return rc;
}

/* Puts the statement on the first block from id on that can be read. 1, or 0 for none. */
static int
seek(struct salvage *v, int64_t id)
{
    sqlite3_reset(v->from);
    sqlite3_bind_int64(v->from, 1, id);
    switch (sqlite3_step(v->from)) {
    case SQLITE_ROW:
        return 1;
    case SQLITE_DONE:
        return 0;
    default:
        return -1;
    }
}

/* Leaps over what cannot be read, and then finds where the readable begins. */
static int
seek_over(struct salvage *v, int64_t id)
{
    int64_t bad = id, good, step = 1;
    int rc = seek(v, id);

    if (rc >= 0)
        return rc;
    for (; rc < 0; step *= 2) {
        if (step > FAR)
            return 0;
        bad = id + step - 1;
        rc = seek(v, id + step);
    }
    good = id + step / 2;
    while (bad + 1 < good) {
        int64_t middle = bad + (good - bad) / 2;

        if (seek(v, middle) >= 0)
            good = middle;
        else
            bad = middle;
    }
    return seek(v, good);
}

static int
take_block(struct hf_spool *s, struct salvage *v, int64_t *ret_next, struct hf_error *err)
{
    struct hf_block_row b;

    hf_spool_read_block(v->from, &b);
    *ret_next = b.id + 1;
    if (!hf_spool_block_sound(&b))
        return 0;
    b.id = hf_spool_id(b.lane, hf_spool_order(b.id)); /* in a file of before they had no lane */
    if (hf_spool_block_add(s, &b, err) < 0)
        return -1;
    if (hf_spool_order(b.id) >= s->now.next_block)
        s->now.next_block = hf_spool_order(b.id) + 1;
    if (!v->records || b.first < v->first)
        v->first = b.first;
    if (b.last > v->last)
        v->last = b.last;
    v->records += b.weight;
    return 0;
}

static int
take_blocks(struct hf_spool *s, struct salvage *v, struct hf_error *err)
{
    int64_t next = 0;
    int rc = 1;

    while (rc > 0) {
        if (hf_spool_begin(s, err) < 0)
            return -1;
        for (int n = 0; n < STEP_BLOCKS && (rc = seek_over(v, next)) > 0; n++)
            if (take_block(s, v, &next, err) < 0)
                return -1;
        s->now.accepted = s->now.delivered + s->now.dropped + s->now.quarantined + v->records;
        s->batch_count = 0;
        if (hf_spool_commit(s, err) < 0)
            return -1;
    }
    return 0;
}

/* Copies a small table as far as it can be read: nobody's records hang on it. */
static void
copy_table(struct hf_spool *s, struct salvage *v, const char *table, int columns)
{
    char text[128];
    sqlite3_stmt *from = NULL, *to = NULL;

    snprintf(text, sizeof text, "SELECT * FROM %s", table);
    if (sqlite3_prepare_v2(v->db, text, -1, &from, NULL) != SQLITE_OK)
        return;
    snprintf(text, sizeof text, "INSERT OR IGNORE INTO %s VALUES (?%.*s)", table, 2 * (columns - 1),
             ",?,?,?,?,?,?,?,?,?,?,?");
    if (sqlite3_prepare_v2(s->db, text, -1, &to, NULL) == SQLITE_OK &&
        sqlite3_exec(s->db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK) {
        while (sqlite3_step(from) == SQLITE_ROW) {
            for (int i = 0; i < columns; i++)
                sqlite3_bind_value(to, i + 1, sqlite3_column_value(from, i));
            (void)sqlite3_step(to);
            sqlite3_reset(to);
        }
        (void)sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
    }
    sqlite3_finalize(to);
    sqlite3_finalize(from);
}

/* The book of the damaged file, where it can be read. */
static bool
read_book(struct salvage *v, struct hf_spool_state *b)
{
    sqlite3_stmt *q = NULL;
    bool there = false;

    if (sqlite3_prepare_v2(v->db,
                           "SELECT epoch, next_seq, next_block, accepted, delivered, dropped,"
                           " quarantined FROM book",
                           -1, &q, NULL) == SQLITE_OK &&
        sqlite3_step(q) == SQLITE_ROW) {
        there = true;
        b->epoch = (uint32_t)sqlite3_column_int64(q, 0);
        b->next_seq = (uint64_t)sqlite3_column_int64(q, 1);
        b->next_block = sqlite3_column_int64(q, 2);
        b->accepted = (uint64_t)sqlite3_column_int64(q, 3);
        b->delivered = (uint64_t)sqlite3_column_int64(q, 4);
        b->dropped = (uint64_t)sqlite3_column_int64(q, 5);
        b->quarantined = (uint64_t)sqlite3_column_int64(q, 6);
    }
    sqlite3_finalize(q);
    return there;
}

/* Sets the books so that they balance: what is not there any more was dropped by damage. */
static int
balance(struct hf_spool *s, const struct hf_spool_state *old, const struct salvage *v,
        uint64_t quarantined, struct hf_error *err)
{
    uint64_t there = v->records + quarantined, lost = 0;

    if (hf_spool_begin(s, err) < 0)
        return -1;
    if (old->accepted >= old->delivered + old->dropped + there)
        lost = old->accepted - old->delivered - old->dropped - there;
    s->now.quarantined = quarantined;
    s->now.delivered = old->delivered;
    s->now.dropped = old->dropped + lost;
    s->now.accepted = s->now.delivered + s->now.dropped + there;
    if (s->now.next_block < old->next_block)
        s->now.next_block = old->next_block;
    for (int i = 0; i < HF_SINKS_MAX; i++) {
        struct hf_spool_sink *k = &s->now.sinks[i];
        uint64_t known = k->delivered + k->quarantined + k->dropped;

        if (*k->name && k->accepted > known + v->records)
            k->dropped += k->accepted - known - v->records;
        else if (*k->name)
            k->accepted = known + v->records;
    }
    s->touched = true;
    if (lost &&
        (hf_spool_dropped_add(s, "(other)", sizeof "(other)" - 1, "damage", lost, err) < 0 ||
         hf_spool_gap_add(s, "damage", old->epoch, v->records ? v->first : 1,
                          old->next_seq > 1 ? old->next_seq - 1 : 1, lost, err) < 0))
        return -1;
    return hf_spool_commit(s, err);
}

static void
say(struct hf_spool *s, const struct hf_spool_state *old, const struct salvage *v, bool known)
{
    char text[HF_SPOOL_ALARM_MAX], lost[64] = "an unknown number";
    uint64_t n = s->now.dropped - old->dropped;

    if (known)
        snprintf(lost, sizeof lost, "%llu", (unsigned long long)n);
    snprintf(text, sizeof text,
             "the store was damaged and set aside as buffer.db.damaged: %llu records (of %llu to "
             "%llu) were saved, %s of epoch %08x up to %llu lost",
             (unsigned long long)v->records, (unsigned long long)v->first,
             (unsigned long long)v->last, lost, old->epoch,
             (unsigned long long)(old->next_seq ? old->next_seq - 1 : 0));
    hf_spool_set_alarm(s, text);
}

static int
take_over(struct hf_spool *s, struct salvage *v, const struct hf_spool_state *known,
          struct hf_error *err)
{
    struct hf_spool_state old = known ? *known : (struct hf_spool_state){0};
    bool readable = open_damaged(v) == SQLITE_OK, is_known = known;
    int64_t items[1] = {0};

    if (readable) {
        is_known = read_book(v, &old) || is_known;
        copy_table(s, v, "state", 11);
        copy_table(s, v, "topic", 2);
        copy_table(s, v, "quarantine", 12);
        copy_table(s, v, "dropped", 3);
        copy_table(s, v, "gap", 6);
        if (hf_spool_load(s, err) < 0 || take_blocks(s, v, err) < 0)
            return -1;
    }
    if (hf_spool_read_row(s, s->q[Q_ITEM_KEPT], 1, items, err) < 0 ||
        balance(s, &old, v, (uint64_t)items[0], err) < 0 || hf_spool_load(s, err) < 0)
        return -1;
    say(s, &old, v, is_known);
    return 0;
}

static int
build(struct hf_spool *s, const char *damaged, const struct hf_spool_state *known,
      struct hf_error *err)
{
    struct salvage v = {.path = damaged};
    int rc;

    if (hf_spool_open_file(s, &rc, err) < 0)
        return -1;
    rc = take_over(s, &v, known, err);
    sqlite3_finalize(v.from);
    sqlite3_close(v.db);
    if (rc < 0)
        hf_spool_rollback(s);
    hf_spool_close_file(s); /* which takes the WAL over */
    return rc;
}

int
hf_spool_salvage(struct hf_spool *s, const struct hf_spool_state *known, struct hf_error *err)
{
    struct hf_spool_state before = {0};
    struct hf_spool_paths paths = s->paths;
    int rc;

    if (known)
        before = *known;
    hf_spool_close_file(s);
    memset(&s->now, 0, sizeof s->now);
    memset(s->merge_from, 0, sizeof s->merge_from);
    memset(s->age_from, 0, sizeof s->age_from);
    hf_spool_aside_remove(&paths); /* both files need room now */
    hf_spool_fresh_paths(&paths, &s->paths);
    rc = build(s, paths.db, known ? &before : NULL, err);
    if (rc == 0 && access(s->paths.wal, F_OK) == 0)
        rc = hf_error_set(err, HF_ERROR_UNAVAILABLE, "the salvaged store cannot be completed");
    if (rc == 0)
        rc = hf_spool_replace(&paths, &s->paths, err);
    s->paths = paths;
    if (rc == 0 && hf_spool_open_file(s, &rc, err) < 0)
        rc = -1;
    s->aside_bytes = hf_spool_aside_bytes(&s->paths);
    return rc;
}
