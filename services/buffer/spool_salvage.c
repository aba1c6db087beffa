// SPDX-License-Identifier: Apache-2.0
/*
 * From a damaged file to a new one: every block that can still be read, and whose checksum is
 * right, is taken over, first by the tree that they lie in, then by looking through the pages for
 * those that the tree has lost; what cannot is counted and named. New records get a new epoch,
 * because the book that would say which numbers were given out may be among what is lost.
 *
 * For as long as it takes there are two files, and the cap holds for each of them: a store that is
 * fuller than half of its cap could not be saved otherwise, and a damaged file cannot be thinned
 * out, since what is to be found by its pages may lie anywhere. When the new one is in place the
 * damaged one stays only where both are within the cap. What bounds it meanwhile is the disk: where
 * that has no room beside the free space to keep, nothing is begun: the damaged file stays as it
 * is, marked, and the store is not open until there is room.
 */
#include "buffer/spool_scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    STEP_BYTES = 1024 * 1024, /* taken over by one commit */
    STEP_PAGES = STEP_BYTES / HF_SPOOL_PAGE,
    STEP_ROWS = 64,              /* of small tables */
    ROOM_MORE = 4 * 1024 * 1024, /* the new file's WAL, and what its pages are filled less */
    HOLES_SHOWN = 4,
    HOLES_TOLD = 1000, /* as gaps of their own */
};

/* Past the end of any file: ids grow by one. */
static const int64_t FAR = INT64_MAX / 4;

struct salvage {
    const char *path; /* the damaged file */
    sqlite3 *db;
    sqlite3_stmt *from;
    bool torn;                     /* the tree has lost something */
    uint64_t records, first, last; /* what was taken over */
    size_t step_bytes;             /* and is not yet committed */
};

/* Numbers of which nothing is there any more. */
struct hole {
    uint64_t first, last;
};

struct holes {
    struct hole all[HOLES_TOLD];
    size_t count; /* may be more than are kept */
    uint64_t numbers, first, last;
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
        rc = sqlite3_exec(v->db, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -512", NULL,
                          NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(v->db, text, -1, &v->from, NULL);
    return rc;
}

/* By which its WAL is taken over. */
static void
close_damaged(struct salvage *v)
{
    sqlite3_finalize(v->from);
    sqlite3_close(v->db);
    v->from = NULL;
    v->db = NULL;
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
    v->torn = true;
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

/* Commits what was taken over since the last time. */
static int
settle(struct hf_spool *s, struct salvage *v, struct hf_error *err)
{
    if (sqlite3_get_autocommit(s->db))
        return 0;
    s->now.accepted = s->now.delivered + s->now.dropped + s->now.quarantined + v->records;
    v->step_bytes = 0;
    if (hf_spool_commit(s, err) < 0)
        return -1;
    hf_spool_checkpoint(s, STEP_PAGES);
    return 0;
}

static int
take_block(struct hf_spool *s, struct salvage *v, struct hf_block_row *b, struct hf_error *err)
{
    if (!hf_spool_block_sound(b))
        return 0;
    if (sqlite3_get_autocommit(s->db) && hf_spool_begin(s, err) < 0)
        return -1;
    b->id = hf_spool_id(b->lane, hf_spool_order(b->id)); /* in a file of before they had no lane */
    if (hf_spool_block_add(s, b, err) < 0)
        return -1;
    if (hf_spool_order(b->id) >= s->now.next_block)
        s->now.next_block = hf_spool_order(b->id) + 1;
    if (!v->records || b->first < v->first)
        v->first = b->first;
    if (b->last > v->last)
        v->last = b->last;
    v->records += b->weight;
    v->step_bytes += b->body_len;
    return v->step_bytes < STEP_BYTES ? 0 : settle(s, v, err);
}

static int
take_by_tree(struct hf_spool *s, struct salvage *v, struct hf_error *err)
{
    struct hf_block_row b = {.id = -1};

    while (seek_over(v, b.id + 1) > 0) {
        struct hf_block_row copy;

        hf_spool_read_block(v->from, &b);
        copy = b;
        if (take_block(s, v, &copy, err) < 0)
            return -1;
    }
    return settle(s, v, err);
}

struct search {
    struct hf_spool *s;
    struct salvage *v;
};

/* Whether the block next to where b would lie has some of its numbers. Blocks lie in the order of
 * their numbers, but for replayed ones, which have a mask. */
static int
meets(struct hf_spool *s, sqlite3_stmt *next, const struct hf_block_row *b, struct hf_error *err)
{
    int64_t n[2];
    int rc = hf_spool_read_row(s, next, 2, n, err);

    return rc <= 0 ? rc : (uint64_t)n[0] <= b->last && (uint64_t)n[1] >= b->first;
}

/* A page that became free keeps what was in it. A row that was found in the pages alone is not
 * taken where every sink has passed it, and not where its numbers are there in another block, into
 * which it was merged. */
static int
is_stale(struct hf_spool *s, const struct hf_block_row *b, struct hf_error *err)
{
    static const enum hf_spool_statement sides[] = {Q_BLOCK_BEFORE, Q_BLOCK_AFTER};
    int64_t n[1];
    int rc;

    if (b->id != hf_spool_id(b->lane, hf_spool_order(b->id)) ||
        b->id <= hf_spool_passed(s, b->lane))
        return 1;
    rc = hf_spool_read_row(s, BIND(s, Q_BLOCK_META, b->id), 1, n, err);
    for (size_t i = 0; rc == 0 && !b->mask && i < HF_LEN(sides); i++)
        rc = meets(s, BIND(s, sides[i], b->id, b->lane, b->epoch), b, err);
    return rc;
}

static int
take_found(void *ctx, const struct hf_block_row *found, struct hf_error *err)
{
    const struct search *f = ctx;
    struct hf_block_row b = *found;
    int rc = is_stale(f->s, &b, err);

    return rc ? (rc < 0 ? -1 : 0) : take_block(f->s, f->v, &b, err);
}

static int
take_by_pages(struct hf_spool *s, struct salvage *v, struct hf_error *err)
{
    HF_AUTO_CLOSE int fd = -1;

    close_damaged(v);
    fd = open(v->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    if (hf_spool_scan(fd, take_found, &(struct search){s, v}, err) < 0)
        return -1;
    return settle(s, v, err);
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
        for (unsigned n = 1; sqlite3_step(from) == SQLITE_ROW; n++) {
            for (int i = 0; i < columns; i++)
                sqlite3_bind_value(to, i + 1, sqlite3_column_value(from, i));
            (void)sqlite3_step(to);
            sqlite3_reset(to);
            if (n % STEP_ROWS == 0) {
                (void)sqlite3_exec(s->db, "COMMIT; BEGIN", NULL, NULL, NULL);
                hf_spool_checkpoint(s, STEP_PAGES);
            }
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

/* ---- what is lost ---- */

static void
add_hole(struct holes *h, uint64_t first, uint64_t last)
{
    if (first > last)
        return;
    if (h->count < HOLES_TOLD)
        h->all[h->count] = (struct hole){first, last};
    if (!h->count++)
        h->first = first;
    h->last = last;
    h->numbers += last - first + 1;
}

/* The last number up to which every sink has acknowledged every lane; 0 where that is not known. */
static uint64_t
acknowledged(const struct hf_spool *s, uint32_t epoch)
{
    uint64_t least = UINT64_MAX;

    for (int i = 0; i < HF_SINKS_MAX; i++)
        for (int lane = HF_LANE_ALARM; *s->now.sinks[i].name && lane < HF_LANE_COUNT; lane++) {
            const struct hf_spool_place *p = &s->now.sinks[i].places[lane];

            if (p->acked_epoch == epoch && p->acked_last && p->acked_last < least)
                least = p->acked_last;
        }
    return least == UINT64_MAX ? 0 : least;
}

/* Numbers of the old epoch that are within no block and not surely acknowledged. */
static int
find_holes(struct hf_spool *s, const struct hf_spool_state *old, struct holes *h,
           struct hf_error *err)
{
    uint64_t next = acknowledged(s, old->epoch) + 1;
    sqlite3_stmt *q = BIND(s, Q_BLOCK_SPANS, old->epoch);
    int rc;

    while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
        uint64_t first = (uint64_t)sqlite3_column_int64(q, 0);
        uint64_t last = (uint64_t)sqlite3_column_int64(q, 1);

        if (first > next)
            add_hole(h, next, first - 1);
        if (last >= next)
            next = last + 1;
    }
    sqlite3_reset(q);
    if (rc != SQLITE_DONE)
        return hf_spool_failed(s, rc, err);
    if (old->next_seq)
        add_hole(h, next, old->next_seq - 1);
    return 0;
}

/* Where the holes are exactly what is lost, each is told; else the span that they lie in. */
static int
tell_lost(struct hf_spool *s, const struct hf_spool_state *old, const struct holes *h,
          uint64_t lost, struct hf_error *err)
{
    bool exact = h->numbers == lost && h->count <= HOLES_TOLD;

    if (!lost)
        return 0;
    if (hf_spool_dropped_add(s, "(other)", sizeof "(other)" - 1, "damage", lost, err) < 0)
        return -1;
    for (size_t i = 0; exact && i < h->count; i++) {
        const struct hole *o = &h->all[i];

        if (hf_spool_gap_add(s, "damage", old->epoch, o->first, o->last, o->last - o->first + 1,
                             err) < 0)
            return -1;
    }
    if (exact)
        return 0;
    return hf_spool_gap_add(s, "damage", old->epoch, h->count ? h->first : 1,
                            old->next_seq > 1 ? old->next_seq - 1 : 1, lost, err);
}

static uint64_t
lost_of(const struct hf_spool_state *old, const struct salvage *v, uint64_t quarantined)
{
    uint64_t known = old->delivered + old->dropped + quarantined + v->records;

    return old->accepted > known ? old->accepted - known : 0;
}

/* Sets the books so that they balance: what is not there any more was dropped by damage. */
static int
balance(struct hf_spool *s, const struct hf_spool_state *old, const struct salvage *v,
        uint64_t quarantined, struct holes *h, struct hf_error *err)
{
    uint64_t there = v->records + quarantined, lost = lost_of(old, v, quarantined);

    if (hf_spool_begin(s, err) < 0 || find_holes(s, old, h, err) < 0)
        return -1;
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
    if (tell_lost(s, old, h, lost, err) < 0)
        return -1;
    return hf_spool_commit(s, err);
}

static void
say(struct hf_spool *s, const struct hf_spool_state *old, const struct salvage *v,
    const struct holes *h, bool known)
{
    char text[HF_SPOOL_ALARM_MAX], lost[64] = "an unknown number";
    uint64_t n = s->now.dropped - old->dropped;
    int at;

    if (known)
        snprintf(lost, sizeof lost, "%llu", (unsigned long long)n);
    at = snprintf(text, sizeof text,
                  "the store was damaged and built anew: %llu records (of %llu to %llu) were "
                  "saved, %s of epoch %08x lost",
                  (unsigned long long)v->records, (unsigned long long)v->first,
                  (unsigned long long)v->last, lost, old->epoch);
    for (size_t i = 0; n && i < h->count && i < HOLES_SHOWN && at < (int)sizeof text; i++)
        at += snprintf(text + at, sizeof text - (size_t)at, "%s%llu-%llu", i ? ", " : ", of ",
                       (unsigned long long)h->all[i].first, (unsigned long long)h->all[i].last);
    if (n && h->count > HOLES_SHOWN && at < (int)sizeof text)
        snprintf(text + at, sizeof text - (size_t)at, " and %zu more spans",
                 h->count - HOLES_SHOWN);
    hf_spool_set_alarm(s, text);
}

static int
take_over(struct hf_spool *s, struct salvage *v, const struct hf_spool_state *known,
          struct hf_error *err)
{
    struct hf_spool_state old = known ? *known : (struct hf_spool_state){0};
    HF_AUTO_FREE struct holes *h = calloc(1, sizeof *h);
    bool readable = open_damaged(v) == SQLITE_OK, is_known = known;
    int64_t items[1] = {0};

    if (!h)
        return hf_error_nomem(err);

    if (readable) {
        is_known = read_book(v, &old) || is_known;
        copy_table(s, v, "state", 11);
        copy_table(s, v, "topic", 2);
        copy_table(s, v, "quarantine", 12);
        copy_table(s, v, "dropped", 3);
        copy_table(s, v, "gap", 6);
        if (hf_spool_load(s, err) < 0 || take_by_tree(s, v, err) < 0)
            return -1;
    }
    if (hf_spool_read_row(s, s->q[Q_ITEM_KEPT], 1, items, err) < 0)
        return -1;
    if ((v->torn || !readable || !is_known || lost_of(&old, v, (uint64_t)items[0])) &&
        take_by_pages(s, v, err) < 0)
        return -1;
    if (balance(s, &old, v, (uint64_t)items[0], h, err) < 0 || hf_spool_load(s, err) < 0)
        return -1;
    say(s, &old, v, h, is_known);
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
    close_damaged(&v);
    if (rc < 0)
        hf_spool_rollback(s);
    hf_spool_close_file(s); /* which takes the WAL over */
    return rc;
}

/* The new file is hardly larger than the old one. */
static int
check_room(const struct hf_spool *s, struct hf_error *err)
{
    int64_t need = hf_spool_file_bytes(&s->paths) + ROOM_MORE, left;
    struct statvfs v;

    if (statvfs(s->dir, &v) < 0)
        return hf_error_errno(err, errno, "cannot see how much space is free in '%s'", s->dir);
    left = (int64_t)v.f_bavail * (int64_t)v.f_frsize - s->settings.keep_free_bytes;
    if (need <= left)
        return 0;
    return hf_error_set(err, HF_ERROR_NO_SPACE,
                        "the store is damaged, and to save what is in it takes %lld bytes beside "
                        "it, of which the disk has %lld to spare: nothing is accepted until there "
                        "is room",
                        (long long)need, (long long)(left > 0 ? left : 0));
}

int
hf_spool_salvage(struct hf_spool *s, const struct hf_spool_state *known, struct hf_error *err)
{
    struct hf_spool_state before = {0};
    struct hf_spool_paths paths = s->paths;
    uint64_t payload_bytes = s->saved.payload_bytes; /* of the process, not of the file */
    int rc;

    hf_spool_aside_remove(&paths); /* both files need room now */
    if (check_room(s, err) < 0) {
        hf_spool_mark_damaged(&paths);
        return -1;
    }
    if (known)
        before = *known;
    hf_spool_close_file(s);
    memset(&s->now, 0, sizeof s->now);
    s->now.payload_bytes = payload_bytes;
    memset(s->merge_from, 0, sizeof s->merge_from);
    memset(s->age_from, 0, sizeof s->age_from);
    hf_spool_fresh_paths(&paths, &s->paths);
    rc = build(s, paths.db, known ? &before : NULL, err);
    if (rc == 0 && access(s->paths.wal, F_OK) == 0)
        rc = hf_error_set(err, HF_ERROR_UNAVAILABLE, "the salvaged store cannot be completed");
    if (rc == 0)
        rc = hf_spool_replace(&paths, &s->paths, err);
    else
        hf_spool_mark_damaged(&paths);
    hf_spool_fresh_remove(&paths);
    s->paths = paths;
    if (rc == 0 && hf_spool_open_file(s, &rc, err) < 0)
        rc = -1;
    s->aside_bytes = hf_spool_aside_bytes(&s->paths);
    if (rc == 0)
        hf_spool_trim_aside(s);
    return rc;
}
