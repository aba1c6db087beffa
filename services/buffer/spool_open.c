// SPDX-License-Identifier: Apache-2.0
/* Opening, what is kept in memory, the settings. */
#include "buffer/spool_private.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t RESERVE_MOST = 4LL * 1024 * 1024; /* for the commits a full disk still needs */

enum { RESERVE_PART = 8, META_MAX = 1024 * 1024, SPANS_MAX = 16 * 1024 * 1024 };

/* ---- reading ---- */

static int
read_origin(struct hf_spool *s, struct hf_error *err)
{
    sqlite3_stmt *q = s->q[Q_ORIGIN_READ];
    int rc = sqlite3_step(q);
    const char *text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(q, 0) : NULL;

    snprintf(s->now.origin, sizeof s->now.origin, "%s", text ? text : "");
    sqlite3_reset(q);
    return rc == SQLITE_ROW ? 0 : hf_spool_failed(s, rc, err);
}

static int
read_book(struct hf_spool *s, struct hf_error *err)
{
    int64_t v[7];
    int rc = hf_spool_read_row(s, s->q[Q_BOOK_READ], 7, v, err);

    if (rc <= 0)
        return rc < 0 ? -1 : hf_spool_failed(s, SQLITE_CORRUPT, err);
    s->now.epoch = (uint32_t)v[0];
    s->now.next_seq = (uint64_t)v[1];
    s->now.next_block = v[2];
    s->now.accepted = (uint64_t)v[3];
    s->now.delivered = (uint64_t)v[4];
    s->now.dropped = (uint64_t)v[5];
    s->now.quarantined = (uint64_t)v[6];
    return read_origin(s, err);
}

static int
read_sinks(struct hf_spool *s, struct hf_error *err)
{
    sqlite3_stmt *q = s->q[Q_SINKS];
    int rc;

    while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
        int64_t slot = sqlite3_column_int64(q, 0);
        const char *name = (const char *)sqlite3_column_text(q, 1);

        if (slot < 0 || slot >= HF_SINKS_MAX || !name)
            continue;
        s->now.sinks[slot] = (struct hf_spool_sink){
            .accepted = (uint64_t)sqlite3_column_int64(q, 2),
            .delivered = (uint64_t)sqlite3_column_int64(q, 3),
            .dropped = (uint64_t)sqlite3_column_int64(q, 4),
            .quarantined = (uint64_t)sqlite3_column_int64(q, 5),
        };
        snprintf(s->now.sinks[slot].name, HF_SINK_NAME_SIZE, "%s", name);
    }
    sqlite3_reset(q);
    if (rc != SQLITE_DONE)
        return hf_spool_failed(s, rc, err);
    q = s->q[Q_PLACES];
    while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
        int64_t slot = sqlite3_column_int64(q, 0), lane = sqlite3_column_int64(q, 1);

        if (slot < 0 || slot >= HF_SINKS_MAX || lane < HF_LANE_ALARM || lane >= HF_LANE_COUNT)
            continue;
        s->now.sinks[slot].places[lane] = (struct hf_spool_place){
            .cursor = sqlite3_column_int64(q, 2),
            .group_last = sqlite3_column_int64(q, 3),
            .acked_epoch = (uint32_t)sqlite3_column_int64(q, 4),
            .acked_last = (uint64_t)sqlite3_column_int64(q, 5),
        };
    }
    sqlite3_reset(q);
    return rc == SQLITE_DONE ? 0 : hf_spool_failed(s, rc, err);
}

static int
read_topics(struct hf_spool *s, struct hf_error *err)
{
    sqlite3_stmt *q = s->q[Q_TOPICS];
    int rc;

    hf_spool_topics_clear(s);
    while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(q, 1);

        if (name)
            hf_spool_topics_know(s, (unsigned)sqlite3_column_int64(q, 0), name,
                                 (size_t)sqlite3_column_bytes(q, 1));
    }
    sqlite3_reset(q);
    return rc == SQLITE_DONE ? 0 : hf_spool_failed(s, rc, err);
}

static int
count_blocks(struct hf_spool *s, struct hf_error *err)
{
    sqlite3_stmt *q = s->q[Q_BLOCK_ALL];
    struct hf_block_row b;
    int rc;

    memset(s->now.lanes, 0, sizeof s->now.lanes);
    while ((rc = hf_spool_step_block(s, q, &b, err)) > 0) {
        s->now.lanes[b.lane].held += b.weight;
        s->now.lanes[b.lane].blocks++;
        s->now.lanes[b.lane].raw += (int64_t)b.raw;
        s->now.lanes[b.lane].stored += (int64_t)b.body_len;
        hf_spool_topics_count(s, &b, true);
        if (hf_spool_order(b.id) >= s->now.next_block ||
            (b.epoch == s->now.epoch && b.last >= s->now.next_seq)) {
            sqlite3_reset(q);
            return hf_spool_failed(s, SQLITE_CORRUPT, err); /* numbers still to be given out */
        }
    }
    return rc;
}

static uint64_t
held(const struct hf_spool_state *b)
{
    uint64_t n = 0;

    for (int lane = HF_LANE_ALARM; lane < HF_LANE_COUNT; lane++)
        n += b->lanes[lane].held;
    return n;
}

static int
check_books(struct hf_spool *s, struct hf_error *err)
{
    uint64_t known = s->now.delivered + s->now.dropped + s->now.quarantined + held(&s->now);
    char text[HF_SPOOL_ALARM_MAX];

    if (known > s->now.accepted)
        return hf_spool_failed(s, SQLITE_CORRUPT, err);
    if (known == s->now.accepted)
        return 0;
    snprintf(text, sizeof text, "%llu records are missing in the store; counted as dropped",
             (unsigned long long)(s->now.accepted - known));
    hf_spool_set_alarm(s, text);
    s->now.dropped += s->now.accepted - known; /* on disk with the next commit */
    return 0;
}

int
hf_spool_load(struct hf_spool *s, struct hf_error *err)
{
    struct hf_spool_state before = s->now;
    int64_t items[2], gaps, dropped;

    if (read_book(s, err) < 0)
        return -1;
    memset(s->now.sinks, 0, sizeof s->now.sinks);
    if (read_sinks(s, err) < 0 || read_topics(s, err) < 0 || count_blocks(s, err) < 0 ||
        check_books(s, err) < 0 || hf_spool_read_row(s, s->q[Q_ITEM_TOTALS], 2, items, err) < 0 ||
        hf_spool_read_row(s, s->q[Q_GAP_COUNT], 1, &gaps, err) < 0 ||
        hf_spool_read_row(s, s->q[Q_DROPPED_COUNT], 1, &dropped, err) < 0)
        return -1;
    for (int i = 0; i < HF_SINKS_MAX; i++) /* what is only in memory */
        for (int lane = 0; lane < HF_LANE_COUNT; lane++) {
            struct hf_spool_place *p = &s->now.sinks[i].places[lane];
            const struct hf_spool_place *old = &before.sinks[i].places[lane];

            p->leased = p->cursor == old->cursor ? old->leased : 0;
            p->leased_records = old->leased_records;
            p->leased_bytes = old->leased_bytes;
            p->fresh = p->cursor == old->cursor && old->fresh;
        }
    s->now.items = (uint64_t)items[0];
    s->now.item_bytes = (uint64_t)items[1];
    s->now.gaps = (uint64_t)gaps;
    s->now.dropped_rows = (uint64_t)dropped;
    s->now.payload_bytes = before.payload_bytes;
    s->saved = s->now;
    hf_spool_topics_commit(s);
    return 0;
}

/* ---- writing ---- */

static int
write_sink(struct hf_spool *s, int slot, struct hf_error *err)
{
    const struct hf_spool_sink *now = &s->now.sinks[slot], *old = &s->saved.sinks[slot];

    if (memcmp(now, old, offsetof(struct hf_spool_sink, places)) != 0) {
        sqlite3_stmt *q = BIND(s, *now->name ? Q_SINK_WRITE : Q_SINK_DELETE, slot);

        if (*now->name) {
            q = BIND(s, Q_SINK_WRITE, slot, (int64_t)now->accepted, (int64_t)now->delivered,
                     (int64_t)now->dropped, (int64_t)now->quarantined);
            sqlite3_bind_text(q, 6, now->name, -1, SQLITE_STATIC);
        } else if (hf_spool_write(s, BIND(s, Q_PLACE_DELETE, slot), err) < 0) {
            return -1;
        }
        if (hf_spool_write(s, q, err) < 0)
            return -1;
    }
    for (int lane = HF_LANE_ALARM; *now->name && lane < HF_LANE_COUNT; lane++) {
        const struct hf_spool_place *p = &now->places[lane];

        if (memcmp(p, &old->places[lane], offsetof(struct hf_spool_place, leased)) != 0 &&
            hf_spool_write(s,
                           BIND(s, Q_PLACE_WRITE, slot, lane, p->cursor, p->group_last,
                                p->acked_epoch, (int64_t)p->acked_last),
                           err) < 0)
            return -1;
    }
    return 0;
}

int
hf_spool_write_state(struct hf_spool *s, struct hf_error *err)
{
    const struct hf_spool_state *b = &s->now;
    sqlite3_stmt *q;

    for (int slot = 0; slot < HF_SINKS_MAX; slot++)
        if (write_sink(s, slot, err) < 0)
            return -1;
    if (!s->touched)
        return 0;
    q = BIND(s, Q_BOOK_WRITE, b->epoch, (int64_t)b->next_seq, b->next_block, (int64_t)b->accepted,
             (int64_t)b->delivered, (int64_t)b->dropped, (int64_t)b->quarantined);
    sqlite3_bind_text(q, 8, b->origin, -1, SQLITE_STATIC);
    return hf_spool_write(s, q, err);
}

/* ---- sinks ---- */

static bool
is_wanted(const struct hf_spool_settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->sink_count; i++)
        if (strcmp(settings->sinks[i], name) == 0)
            return true;
    return false;
}

static bool
is_known(const struct hf_spool *s, const char *name)
{
    for (int i = 0; i < HF_SINKS_MAX; i++)
        if (strcmp(s->now.sinks[i].name, name) == 0)
            return true;
    return false;
}

/* Blocks that are for a removed sink only are for nobody. */
static int
drop_masked(struct hf_spool *s, int slot, struct hf_error *err)
{
    for (int lane = HF_LANE_ALARM; lane < HF_LANE_COUNT; lane++) {
        int64_t after = 0;
        struct hf_block_row b;
        int rc;

        while ((rc = hf_spool_step_block(s, BIND(s, Q_BLOCK_NEXT, lane, after, 1 << slot), &b,
                                         err)) > 0) {
            bool only = b.mask == 1U << slot;

            after = b.id;
            sqlite3_reset(s->q[Q_BLOCK_NEXT]);
            if (only && hf_spool_block_remove(s, after, "person", err) < 0)
                return -1;
        }
        if (rc < 0)
            return -1;
    }
    return 0;
}

/* A new sink begins with the oldest block that is held. */
static int
set_sinks(struct hf_spool *s, const struct hf_spool_settings *settings, struct hf_error *err)
{
    for (int i = 0; i < HF_SINKS_MAX; i++) {
        if (!*s->now.sinks[i].name || is_wanted(settings, s->now.sinks[i].name))
            continue;
        if (drop_masked(s, i, err) < 0)
            return -1;
        memset(&s->now.sinks[i], 0, sizeof s->now.sinks[i]);
    }
    for (size_t i = 0; i < settings->sink_count; i++) {
        int slot = 0;

        if (is_known(s, settings->sinks[i]))
            continue;
        while (slot < HF_SINKS_MAX && *s->now.sinks[slot].name)
            slot++;
        if (slot == HF_SINKS_MAX)
            return hf_error_set(err, HF_ERROR_INVALID, "too many sinks");
        snprintf(s->now.sinks[slot].name, HF_SINK_NAME_SIZE, "%s", settings->sinks[i]);
        s->now.sinks[slot].accepted = held(&s->now);
    }
    return 0;
}

static void
origin_of(const struct hf_spool_settings *settings, char out[HF_ORIGIN_SIZE])
{
    snprintf(out, HF_ORIGIN_SIZE, "%s%s%s", settings->gateway, *settings->restored ? "/" : "",
             settings->restored);
}

/* One that is not known (a file of before this was kept, or a salvaged one) is that of the settings
 * there were. */
static void
set_origin(struct hf_spool *s, const struct hf_spool_settings *settings)
{
    char origin[HF_ORIGIN_SIZE], before[HF_ORIGIN_SIZE];
    uint32_t old = s->now.epoch;

    origin_of(settings, origin);
    origin_of(&s->settings, before);
    if (strcmp(s->now.origin, origin) == 0)
        return;
    if (strcmp(*s->now.origin ? s->now.origin : before, origin) != 0) {
        while (s->now.epoch == old)
            hf_random(&s->now.epoch, sizeof s->now.epoch);
        s->now.next_seq = 1;
    }
    memcpy(s->now.origin, origin, sizeof origin);
    s->touched = true;
}

int
hf_spool_configure(struct hf_spool *s, const struct hf_spool_settings *settings,
                   struct hf_error *err)
{
    if (hf_spool_begin(s, err) < 0)
        return -1;
    set_origin(s, settings);
    hf_spool_render_head(s, settings->gateway);
    if (set_sinks(s, settings, err) < 0 || hf_spool_commit(s, err) < 0) {
        hf_spool_rollback(s);
        return -1;
    }
    s->settings = *settings;
    s->reserve_bytes = settings->max_bytes / RESERVE_PART;
    if (s->reserve_bytes > RESERVE_MOST)
        s->reserve_bytes = RESERVE_MOST;
    s->reserve_there = false;
    return 0;
}

/* ---- opening ---- */

int
hf_spool_open_file(struct hf_spool *s, int *ret_rc, struct hf_error *err)
{
    int rc = hf_spool_file_open(&s->paths, &s->db, err);

    s->damaged = s->broken = s->failed = false;
    if (rc == SQLITE_OK) {
        rc = hf_spool_prepare(s);
        if (rc == SQLITE_ERROR) /* a table or column that is not there */
            rc = SQLITE_CORRUPT;
        if (rc != SQLITE_OK)
            (void)hf_spool_fail(s->db, rc, "cannot read the store", err);
        else if (hf_spool_load(s, err) < 0)
            rc = s->damaged ? SQLITE_CORRUPT : SQLITE_IOERR;
    }
    *ret_rc = rc;
    if (rc == SQLITE_OK) {
        s->wal_pages = HF_SPOOL_CHECKPOINT_PAGES; /* whatever an earlier run left */
        return 0;
    }
    hf_spool_close_file(s);
    return -1;
}

void
hf_spool_close_file(struct hf_spool *s)
{
    hf_spool_finalize(s);
    sqlite3_close(s->db);
    s->db = NULL;
}

int
hf_spool_open(const char *dir, const struct hf_spool_settings *settings,
              struct hf_spool **ret_spool, struct hf_error *err)
{
    HF_AUTO(hf_spool) struct hf_spool *s = calloc(1, sizeof *s);
    int rc = SQLITE_CORRUPT;

    if (!s)
        return hf_error_nomem(err);
    s->settings = *settings;
    snprintf(s->dir, sizeof s->dir, "%s", dir);
    s->raw = HF_BUF_INIT(HF_SPOOL_LINES_MAX);
    s->frame = HF_BUF_INIT(HF_SPOOL_LINES_MAX + META_MAX);
    s->meta = HF_BUF_INIT(META_MAX);
    s->spans = HF_BUF_INIT(SPANS_MAX);
    if (hf_spool_topics_init(s, err) < 0 || hf_spool_paths_make(dir, &s->paths, err) < 0 ||
        hf_spool_end_replace(&s->paths, err) < 0)
        return -1;
    s->checkpoint_pages = HF_SPOOL_CHECKPOINT_PAGES;
    if (!hf_spool_marked_damaged(&s->paths) && hf_spool_open_file(s, &rc, err) < 0 &&
        (rc & 0xff) == SQLITE_FULL) {
        hf_spool_reserve_free(&s->paths);
        if (hf_spool_open_file(s, &rc, err) < 0 && !hf_spool_rc_damaged(rc))
            return hf_error_wrap(err, "buffer");
    }
    if (rc != SQLITE_OK && (!hf_spool_rc_damaged(rc) || hf_spool_salvage(s, NULL, err) < 0))
        return hf_error_wrap(err, "buffer");
    s->aside_bytes = hf_spool_aside_bytes(&s->paths);
    s->acked_mono_ms = s->gap_mono_ms = hf_clock_mono_ms();
    if (hf_spool_configure(s, settings, err) < 0) {
        if (!s->disk_full) /* then it is tried again with the next settings or opening */
            return hf_error_wrap(err, "buffer");
        if (hf_spool_configure(s, settings, err) < 0) /* the reserve is free now */
            return hf_error_wrap(err, "buffer");
    }
    hf_spool_tick(s);
    *ret_spool = hf_steal(&s);
    return 0;
}

void
hf_spool_close(struct hf_spool *s)
{
    if (!s)
        return;
    hf_spool_close_file(s);
    hf_spool_topics_done(s);
    hf_buf_done(&s->raw);
    hf_buf_done(&s->frame);
    hf_buf_done(&s->meta);
    hf_buf_done(&s->spans);
    free(s);
}

bool
hf_spool_is_open(const struct hf_spool *s)
{
    return s->db && !s->broken && !s->damaged;
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
