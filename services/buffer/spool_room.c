// SPDX-License-Identifier: Apache-2.0
/* Room: the cap, the free space to keep, the age, the reserve, the WAL; and the tick. */
#include "buffer/spool_private.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

enum {
    DROP_STEP = 64,                    /* blocks dropped by one tick */
    DROP_MOST = 4096,                  /* by one commit */
    DROP_STEP_BYTES = 8 * 1024 * 1024, /* of blocks, by one step of a person's drop */
    LOOK_STEP = 1024,                  /* blocks looked at by it */
    COLLECT_STEP = 256,                /* blocks deleted by one tick and lane */
    COMMIT_SLACK = 64 * 1024,          /* pages that a commit needs beside the blocks */
    VACUUM_PAGES = 2 * 1024 * 1024 / HF_SPOOL_PAGE, /* one step of shrinking */
    VACUUM_FROM_PAGES =
        16 * 1024 * 1024 / HF_SPOOL_PAGE, /* smaller holes are left for the next records */
    RESERVE_RETRY_MS = 1000,
    GAP_MS = 5000, /* gaps are told after so long, where no records come to ride with */
    AGE_AGAIN_MS = 600 * 1000,
    WINDOW_LEAST_MS = 50, /* where it is shorter, a checkpoint of any use takes longer */
    CAP_CLEAR_PART = 16,  /* a full buffer accepts again once a sixteenth is free */
};

/* 2024-01-01. A record from before was taken with no clock: how old it is, nobody knows. */
static const int64_t PLAUSIBLE_MS = 1704067200000;

static const int64_t WAL_ROOM_MOST = 16LL * 1024 * 1024;

/* What the cap leaves for the WAL: half of it is reached between checkpoints, and one commit. */
static int64_t
wal_room(const struct hf_spool *s)
{
    int64_t half = s->settings.max_bytes / 2;

    return half < WAL_ROOM_MOST ? half : WAL_ROOM_MOST;
}

/* What the database file may take: the rest is the WAL's and the reserve's. */
static int64_t
cap_bytes(const struct hf_spool *s)
{
    return s->settings.max_bytes - wal_room(s) - s->reserve_bytes - s->aside_bytes;
}

static bool
pages(struct hf_spool *s, int64_t *ret_used, int64_t *ret_free)
{
    int64_t all = 0;

    *ret_free = 0;
    if (hf_spool_read_row(s, s->q[Q_PAGES], 1, &all, NULL) < 0 ||
        hf_spool_read_row(s, s->q[Q_FREE_PAGES], 1, ret_free, NULL) < 0)
        return false;
    *ret_used = (all - *ret_free) * HF_SPOOL_PAGE;
    return true;
}

static bool
has_room(struct hf_spool *s, int64_t bytes)
{
    int64_t used, free_pages;

    if (!pages(s, &used, &free_pages))
        return false;
    if (s->disk_low && free_pages * HF_SPOOL_PAGE < bytes + COMMIT_SLACK)
        return false;
    return used + bytes + COMMIT_SLACK <= cap_bytes(s);
}

static void
say_full(struct hf_spool *s)
{
    if (s->broken)
        return;
    s->full[0] = '\0';
    if (s->disk_full)
        snprintf(s->full, sizeof s->full,
                 "the disk is full: nothing is accepted until there is room");
    else if (s->disk_low && s->settings.when_full == HF_WHEN_FULL_HOLD)
        snprintf(s->full, sizeof s->full,
                 "the disk has %lld bytes free and %lld are to be kept: nothing is accepted until "
                 "there is room",
                 (long long)s->disk_free, (long long)s->settings.keep_free_bytes);
    else if (s->over_cap)
        snprintf(s->full, sizeof s->full,
                 "the buffer is full (%lld of %lld bytes on disk): nothing is accepted until some "
                 "of it is delivered",
                 (long long)hf_spool_file_bytes(&s->paths), (long long)s->settings.max_bytes);
}

/* Records need the room of a damaged file more than anybody needs that. */
static void
give_up_aside(struct hf_spool *s)
{
    if (!s->aside_bytes)
        return;
    hf_log_warn("event=damaged-store-removed bytes=%lld", (long long)s->aside_bytes);
    hf_spool_aside_remove(&s->paths);
    s->aside_bytes = 0;
}

void
hf_spool_disk_is_full(struct hf_spool *s)
{
    give_up_aside(s);
    hf_spool_reserve_free(&s->paths);
    s->reserve_there = false;
    s->reserve_tried_ms = hf_clock_mono_ms();
    s->disk_full = true;
    say_full(s);
}

/* ---- dropping ---- */

/* The block that goes next: 1, or 0 where there is none. */
static int
victim(struct hf_spool *s, int64_t *ret_id, struct hf_error *err)
{
    int64_t id;
    int rc = 0;

    *ret_id = 0;
    for (int lane = HF_LANE_BULK; lane >= HF_LANE_ALARM; lane--) {
        rc = hf_spool_read_row(s, BIND(s, Q_BLOCK_NEXT, lane, 0, -1), 1, &id, err);
        if (rc < 0)
            return -1;
        if (rc == 0 || (*ret_id && hf_spool_order(*ret_id) < hf_spool_order(id)))
            continue;
        *ret_id = id;
        if (s->settings.when_full == HF_WHEN_FULL_DROP_LOWER)
            break;
    }
    return *ret_id != 0;
}

int
hf_spool_make_room(struct hf_spool *s, int64_t bytes, struct hf_error *err)
{
    int64_t id;
    int rc = 1;

    if (s->aside_bytes && !has_room(s, bytes))
        give_up_aside(s);
    for (int n = 0; n < DROP_MOST && !has_room(s, bytes); n++) {
        rc = s->settings.when_full == HF_WHEN_FULL_HOLD ? 0 : victim(s, &id, err);
        if (rc <= 0 || hf_spool_order(id) >= s->saved.next_block)
            break;
        if (hf_spool_block_remove(s, id, s->disk_low ? "disk" : "full", err) < 0)
            return -1;
    }
    if (rc < 0 || s->failed)
        return rc < 0 ? -1 : hf_error_set(err, HF_ERROR_UNAVAILABLE, "the store cannot be read");
    if (has_room(s, bytes))
        return 0;
    s->over_cap = true;
    s->wanted_bytes = bytes;
    say_full(s);
    return hf_error_set(err, HF_ERROR_NO_SPACE, "%s", s->full);
}

/* One step within a lane: 1 where the bounds ended it. */
static int
drop_lane(struct hf_spool *s, struct hf_spool_drop *d, int lane, unsigned *looked, size_t *bytes,
          struct hf_error *err)
{
    sqlite3_stmt *q = s->q[Q_BLOCK_NEXT];
    struct hf_block_row b;
    int rc;

    for (;;) {
        rc = hf_spool_step_block(s, BIND(s, Q_BLOCK_NEXT, lane, d->after[lane], -1), &b, err);
        sqlite3_reset(q);
        if (rc <= 0 || hf_spool_order(b.id) > d->up_to)
            return rc < 0 ? -1 : 0;
        if (++*looked > LOOK_STEP || *bytes > DROP_STEP_BYTES)
            return 1;
        d->after[lane] = b.id;
        if (b.newest_ms > d->until_ms)
            continue;
        *bytes += b.body_len;
        if (hf_spool_block_remove(s, b.id, "person", err) < 0)
            return -1;
    }
}

static void
dont_merge(struct hf_spool *s, enum hf_lane lane, int64_t up_to)
{
    int64_t id = hf_spool_id(lane, up_to);

    if (s->merge_from[lane] < id)
        s->merge_from[lane] = id;
}

int
hf_spool_drop(struct hf_spool *s, struct hf_spool_drop *d, struct hf_error *err)
{
    uint64_t before = s->now.dropped;
    unsigned looked = 0;
    size_t bytes = 0;
    int rc = 0;

    if (!d->up_to)
        d->up_to = s->now.next_block - 1;
    for (int i = HF_LANE_ALARM; rc == 0 && i < HF_LANE_COUNT; i++) {
        if (d->lane != HF_LANE_UNSAID && (int)d->lane != i)
            continue;
        if (d->until_ms == INT64_MAX) /* what is to go must not become one with what came since */
            dont_merge(s, (enum hf_lane)i, d->up_to);
        rc = drop_lane(s, d, i, &looked, &bytes, err);
    }
    d->count += s->now.dropped - before;
    return rc;
}

/* Blocks lie in the order in which they came, and so in that of their times, but for those that a
 * wrong clock stamped: from before 2024, or from the future. Those are passed by, so that they do
 * not keep the others, and looked at again now and then. */
static int
drop_aged_lane(struct hf_spool *s, int lane, int64_t now, unsigned *left)
{
    struct hf_block_row b;
    int rc;

    while (*left && (rc = hf_spool_step_block(s, BIND(s, Q_BLOCK_NEXT, lane, s->age_from[lane], -1),
                                              &b, NULL)) != 0) {
        if (rc < 0)
            return -1;
        sqlite3_reset(s->q[Q_BLOCK_NEXT]);
        (*left)--;
        if (b.newest_ms < PLAUSIBLE_MS || b.newest_ms > now) {
            s->age_from[lane] = b.id;
            continue;
        }
        if (b.newest_ms > now - s->settings.max_age_ms)
            break;
        if (hf_spool_block_remove(s, b.id, "age", NULL) < 0)
            return -1;
    }
    return 0;
}

static int
drop_aged(struct hf_spool *s)
{
    int64_t now = hf_clock_mono_ms();
    unsigned left = DROP_STEP;

    if (!s->settings.max_age_ms)
        return 0;
    if (now - s->age_mono_ms > AGE_AGAIN_MS) {
        s->age_mono_ms = now;
        memset(s->age_from, 0, sizeof s->age_from);
    }
    for (int lane = HF_LANE_ALARM; lane < HF_LANE_COUNT; lane++)
        if (drop_aged_lane(s, lane, hf_clock_wall_ms(), &left) < 0)
            return -1;
    return 0;
}

/* Under its cap and with the free space kept, also after a limit was lowered. */
static int
drop_over_limits(struct hf_spool *s)
{
    int64_t used, free_pages, id;

    if (s->settings.when_full == HF_WHEN_FULL_HOLD)
        return 0;
    for (int n = 0; n < DROP_STEP; n++) {
        if (!pages(s, &used, &free_pages))
            return -1;
        /* What is free in the file is given back first. */
        if (used <= cap_bytes(s) && (!s->disk_low || free_pages > VACUUM_PAGES))
            return 0;
        if (victim(s, &id, NULL) <= 0)
            return s->failed ? -1 : 0;
        if (hf_spool_block_remove(s, id, used > cap_bytes(s) ? "full" : "disk", NULL) < 0)
            return -1;
    }
    return 0;
}

static int
tell_gaps(struct hf_spool *s)
{
    int64_t now = hf_clock_mono_ms();

    if (!s->now.gaps || *s->full)
        s->gap_mono_ms = now;
    if (now - s->gap_mono_ms < GAP_MS)
        return 0;
    s->gap_mono_ms = now;
    if (hf_spool_tell_gaps(s, NULL) < 0)
        return -1;
    return hf_spool_close_block(s, HF_LANE_NORMAL, NULL);
}

/* Whether a tick has anything to write: looked at without a transaction. */
static bool
has_work(struct hf_spool *s)
{
    int64_t used, free_pages, id;

    if (s->now.gaps || s->settings.max_age_ms)
        return true;
    if (s->settings.when_full != HF_WHEN_FULL_HOLD &&
        (!pages(s, &used, &free_pages) || used > cap_bytes(s) || s->disk_low))
        return true;
    for (int lane = HF_LANE_ALARM; lane < HF_LANE_COUNT; lane++)
        if (s->now.lanes[lane].blocks &&
            hf_spool_read_row(s, BIND(s, Q_BLOCK_NEXT, lane, 0, -1), 1, &id, NULL) > 0 &&
            id <= hf_spool_passed(s, (enum hf_lane)lane))
            return true;
    return false;
}

static void
retain(struct hf_spool *s)
{
    int rc;

    if (!has_work(s) || hf_spool_begin(s, NULL) < 0)
        return;
    rc = drop_aged(s);
    if (rc == 0)
        rc = drop_over_limits(s);
    if (rc == 0)
        rc = tell_gaps(s);
    for (int lane = HF_LANE_ALARM; rc == 0 && lane < HF_LANE_COUNT; lane++)
        rc = hf_spool_collect(s, (enum hf_lane)lane, COLLECT_STEP, NULL);
    if (rc < 0 || hf_spool_commit(s, NULL) < 0)
        hf_spool_rollback(s);
}

/* ---- the files ---- */

/* A commit may find twice a step before it, and that is to be over in one window: its own write has
 * the other one. */
int
hf_spool_checkpoint_step(int step, int pages, int64_t took_ms, int64_t window_ms)
{
    int64_t window = window_ms > WINDOW_LEAST_MS ? window_ms : WINDOW_LEAST_MS;
    int64_t next = took_ms > 0 ? pages * window / (2 * took_ms) : HF_SPOOL_CHECKPOINT_PAGES;
    int64_t most = (int64_t)2 * step; /* a fast one may have found the disk's own memory empty */

    if (next > most)
        next = most;
    if (next > HF_SPOOL_CHECKPOINT_PAGES)
        return HF_SPOOL_CHECKPOINT_PAGES;
    return next < HF_SPOOL_CHECKPOINT_LEAST ? HF_SPOOL_CHECKPOINT_LEAST : (int)next;
}

void
hf_spool_checkpoint(struct hf_spool *s, int from_pages)
{
    int64_t most = wal_room(s) / 4 / HF_SPOOL_PAGE;
    int64_t began_ms = hf_clock_mono_ms();
    int pages = 0;

    if (s->wal_pages < (most < from_pages ? (int)most : from_pages))
        return;
    /* There is no reader to wait for, so a passive one takes over everything, and the next commit
     * begins the WAL anew. */
    if (sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, &pages) ==
        SQLITE_OK) {
        s->checkpoint_pages = hf_spool_checkpoint_step(
            s->checkpoint_pages, pages, hf_clock_mono_ms() - began_ms, s->settings.window_ms);
        s->wal_pages = 0;
        s->checkpoints++;
    }
}

static void
shrink(struct hf_spool *s)
{
    bool urgent = *s->full || s->disk_low;
    int64_t used, free_pages;
    char text[48];

    if (!pages(s, &used, &free_pages))
        return;
    urgent = urgent || used + free_pages * HF_SPOOL_PAGE > cap_bytes(s); /* it was higher before */
    if (free_pages < (urgent ? 1 : VACUUM_FROM_PAGES))
        return;
    if (!urgent && free_pages * HF_SPOOL_PAGE < used) /* what is held would be moved for little */
        return;
    snprintf(text, sizeof text, "PRAGMA incremental_vacuum(%d)", VACUUM_PAGES);
    if (sqlite3_exec(s->db, text, NULL, NULL, NULL) == SQLITE_OK && urgent)
        s->wal_pages = HF_SPOOL_CHECKPOINT_PAGES; /* the file shrinks by the checkpoint */
}

static void
restore_reserve(struct hf_spool *s)
{
    int64_t now = hf_clock_mono_ms();

    if (s->reserve_there || now - s->reserve_tried_ms < RESERVE_RETRY_MS)
        return;
    s->reserve_tried_ms = now;
    s->reserve_there = hf_spool_reserve_make(&s->paths, s->reserve_bytes);
    s->disk_full = !s->reserve_there;
}

static void
look_at_disk(struct hf_spool *s)
{
    struct statvfs v;

    if (statvfs(s->dir, &v) < 0)
        return;
    s->disk_free = (int64_t)v.f_bavail * (int64_t)v.f_frsize;
    s->disk_low = s->disk_free < s->settings.keep_free_bytes;
}

void
hf_spool_trim_aside(struct hf_spool *s)
{
    look_at_disk(s);
    if (s->aside_bytes && (s->disk_low || !has_room(s, 0)))
        give_up_aside(s);
}

void
hf_spool_tick(struct hf_spool *s)
{
    struct hf_error err = {0};

    if (s->damaged && hf_spool_salvage(s, &s->saved, &err) < 0)
        return;
    if (!hf_spool_is_open(s))
        return;
    hf_spool_trim_aside(s);
    retain(s);
    if (!hf_spool_is_open(s))
        return;
    hf_spool_merge(s);
    hf_spool_topics_prune(s);
    hf_spool_checkpoint(s, s->checkpoint_pages);
    shrink(s);
    restore_reserve(s);
    if (s->over_cap && has_room(s, s->wanted_bytes) && has_room(s, cap_bytes(s) / CAP_CLEAR_PART))
        s->over_cap = false;
    say_full(s);
}
