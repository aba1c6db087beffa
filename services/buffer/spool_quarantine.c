// SPDX-License-Identifier: Apache-2.0
/* What was refused for good: kept to be looked at, given again, or dropped. */
#include "buffer/spool_private.h"

#include "base/clock.h"
#include "buffer/block.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 128 * 1024 };

int
hf_spool_quarantine_add(struct hf_spool *s, const struct hf_quarantined *i, enum hf_lane lane,
                        uint32_t epoch, bool counted, struct hf_error *err)
{
    sqlite3_stmt *q =
        BIND(s, Q_ITEM_ADD, lane, epoch, (int64_t)i->seq, counted, i->at_ms, i->time_ms, i->status);

    sqlite3_bind_text(q, 8, i->sink, -1, SQLITE_STATIC);
    sqlite3_bind_text(q, 9, i->topic, (int)i->topic_len, SQLITE_STATIC);
    sqlite3_bind_text(q, 10, i->reason_len ? i->reason : "", (int)i->reason_len, SQLITE_STATIC);
    sqlite3_bind_blob64(q, 11, i->line, i->line_len, SQLITE_STATIC);
    s->now.items++;
    s->now.item_bytes += i->line_len;
    return hf_spool_write(s, q, err);
}

/* An item with texts of its own. */
struct item {
    struct hf_quarantined q;
    enum hf_lane lane;
    uint32_t epoch;
    bool counted;
    struct hf_buf topic, line;
};

static void
read_row(sqlite3_stmt *q, struct item *i)
{
    const char *sink = (const char *)sqlite3_column_text(q, 1);
    const void *topic = sqlite3_column_text(q, 9), *reason = sqlite3_column_text(q, 10);
    const void *line = sqlite3_column_blob(q, 11);
    int lane = sqlite3_column_int(q, 2);

    i->lane = lane >= HF_LANE_ALARM && lane < HF_LANE_COUNT ? (enum hf_lane)lane : HF_LANE_NORMAL;
    i->epoch = (uint32_t)sqlite3_column_int64(q, 3);
    i->counted = sqlite3_column_int(q, 5) != 0;
    i->q = (struct hf_quarantined){
        .id = (uint64_t)sqlite3_column_int64(q, 0),
        .seq = (uint64_t)sqlite3_column_int64(q, 4),
        .at_ms = sqlite3_column_int64(q, 6),
        .time_ms = sqlite3_column_int64(q, 7),
        .status = sqlite3_column_int(q, 8),
        .topic = topic ? topic : "",
        .topic_len = (size_t)sqlite3_column_bytes(q, 9),
        .reason = reason ? reason : "",
        .reason_len = (size_t)sqlite3_column_bytes(q, 10),
        .line = line ? line : "",
        .line_len = (size_t)sqlite3_column_bytes(q, 11),
    };
    snprintf(i->q.sink, sizeof i->q.sink, "%s", sink ? sink : "");
    snprintf(i->q.epoch, sizeof i->q.epoch, "%08x", i->epoch);
}

/* 1, or 0 where there is none. */
static int
read_item(struct hf_spool *s, uint64_t id, struct item *i, struct hf_error *err)
{
    sqlite3_stmt *q = BIND(s, Q_ITEM_READ, (int64_t)id);
    int rc = sqlite3_step(q), kept = 0;

    if (rc == SQLITE_ROW) {
        read_row(q, i);
        hf_buf_clear(&i->topic);
        hf_buf_clear(&i->line);
        kept = hf_buf_add(&i->topic, i->q.topic, i->q.topic_len, err);
        if (kept == 0)
            kept = hf_buf_add(&i->line, i->q.line, i->q.line_len, err);
    }
    sqlite3_reset(q);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return hf_spool_failed(s, rc, err);
    return kept < 0 ? -1 : rc == SQLITE_ROW;
}

static struct hf_spool_sink *
sink_of(struct hf_spool *s, const struct item *i)
{
    for (int k = 0; k < HF_SINKS_MAX; k++)
        if (*s->now.sinks[k].name && strcmp(s->now.sinks[k].name, i->q.sink) == 0)
            return &s->now.sinks[k];
    return NULL;
}

static int
delete_item(struct hf_spool *s, const struct item *i, struct hf_error *err)
{
    s->now.items--;
    s->now.item_bytes -= i->line.len;
    return hf_spool_write(s, BIND(s, Q_ITEM_DELETE, (int64_t)i->q.id), err);
}

static int
drop_item(struct hf_spool *s, const struct item *i, const char *reason, struct hf_error *err)
{
    struct hf_spool_sink *k = sink_of(s, i);

    if (delete_item(s, i, err) < 0)
        return -1;
    if (k) {
        k->quarantined--;
        k->dropped++;
    }
    if (!i->counted)
        return 0;
    s->now.quarantined--;
    s->now.dropped++;
    if (hf_spool_dropped_add(s, i->topic.len ? i->topic.data : "", i->topic.len, reason, 1, err) <
        0)
        return -1;
    return i->q.seq ? hf_spool_gap_add(s, "quarantined", i->epoch, i->q.seq, i->q.seq, 1, err) : 0;
}

/* ---- replay ---- */

/* One that had no number gets one, as if it came now; accepted it was before. */
static int
replay_unnumbered(struct hf_spool *s, const struct item *i, struct hf_error *err)
{
    const char *tail = i->line.len ? strstr(i->line.data, "\",\"time\":") : NULL;

    if (!tail)
        return 0;
    tail++;
    if (delete_item(s, i, err) < 0 ||
        hf_spool_stitch(s, i->lane, i->q.time_ms, i->topic.data, i->topic.len, tail,
                        i->line.len - (size_t)(tail - i->line.data), err) < 0 ||
        hf_spool_close_block(s, i->lane, err) < 0)
        return -1;
    s->now.accepted--;
    s->now.quarantined--;
    return 1;
}

/* As a block of its own for that sink only. It counts as held unless the record still is. */
static int
replay_to_sink(struct hf_spool *s, const struct item *i, struct hf_spool_sink *k,
               struct hf_error *err)
{
    struct hf_block_row b = {.lane = i->lane,
                             .epoch = i->epoch,
                             .first = i->q.seq,
                             .last = i->q.seq,
                             .count = 1,
                             .mask = 1U << (k - s->now.sinks),
                             .oldest_ms = i->q.time_ms,
                             .newest_ms = i->q.time_ms,
                             .raw = i->line.len};
    unsigned topic;

    hf_buf_clear(&s->meta);
    hf_buf_clear(&s->frame);
    if (hf_spool_write(s, BIND(s, Q_ITEM_SIBLINGS, i->epoch, (int64_t)i->q.seq), err) < 0)
        return -1;
    b.weight = sqlite3_changes(s->db) > 0;
    if (delete_item(s, i, err) < 0 ||
        hf_spool_topics_id(s, i->topic.data, i->topic.len, &topic, err) < 0 ||
        hf_spool_add_pair(&s->meta, topic, 1, err) < 0 ||
        hf_block_pack(i->line.data, i->line.len, &s->frame, err) < 0)
        return -1;
    b.topics = s->meta.data;
    b.topics_len = s->meta.len;
    b.body = s->frame.data;
    b.body_len = s->frame.len;
    if (hf_spool_block_add(s, &b, err) < 0)
        return -1;
    s->now.quarantined -= b.weight;
    k->quarantined--;
    return 1;
}

static int
replay_item(struct hf_spool *s, const struct item *i, struct hf_error *err)
{
    struct hf_spool_sink *k = sink_of(s, i);

    if (!i->q.seq)
        return replay_unnumbered(s, i, err);
    return k ? replay_to_sink(s, i, k, err) : 0;
}

/* ---- for people ---- */

static int
do_item(struct hf_spool *s, uint64_t id, bool replay, uint64_t *count, struct hf_error *err)
{
    struct item i = {.topic = HF_BUF_INIT(TEXT_MAX), .line = HF_BUF_INIT(HF_SPOOL_LINES_MAX)};
    int rc = read_item(s, id, &i, err);

    if (rc > 0 && replay)
        rc = replay_item(s, &i, err);
    else if (rc > 0)
        rc = drop_item(s, &i, "person", err) < 0 ? -1 : 1;
    hf_buf_done(&i.topic);
    hf_buf_done(&i.line);
    *count += rc > 0;
    return rc < 0 ? -1 : 0;
}

static int
do_items(struct hf_spool *s, const uint64_t *ids, size_t count, bool replay, uint64_t *ret_count,
         struct hf_error *err)
{
    int64_t id = 0;
    int rc;

    *ret_count = 0;
    for (size_t n = 0; n < count; n++)
        if (do_item(s, ids[n], replay, ret_count, err) < 0)
            return -1;
    if (count)
        return 0;
    while ((rc = hf_spool_read_row(s, BIND(s, Q_ITEM_NEXT, id), 1, &id, err)) > 0)
        if (do_item(s, (uint64_t)id, replay, ret_count, err) < 0)
            return -1;
    return rc;
}

int
hf_spool_quarantine_replay(struct hf_spool *s, const uint64_t *ids, size_t count,
                           uint64_t *ret_count, struct hf_error *err)
{
    return do_items(s, ids, count, true, ret_count, err);
}

int
hf_spool_quarantine_drop(struct hf_spool *s, const uint64_t *ids, size_t count, uint64_t *ret_count,
                         struct hf_error *err)
{
    return do_items(s, ids, count, false, ret_count, err);
}

int
hf_spool_quarantine_list(struct hf_spool *s, uint64_t before, unsigned limit,
                         int (*each)(void *ctx, const struct hf_quarantined *q,
                                     struct hf_error *err),
                         void *ctx, struct hf_error *err)
{
    sqlite3_stmt *q =
        BIND(s, Q_ITEM_LIST, before && before < INT64_MAX ? (int64_t)before : INT64_MAX);
    struct item i;
    int rc = SQLITE_DONE, more = 0;

    for (; limit && more >= 0 && (rc = sqlite3_step(q)) == SQLITE_ROW; limit--) {
        read_row(q, &i);
        if (!i.q.seq)
            i.q.epoch[0] = '\0';
        more = each(ctx, &i.q, err);
    }
    sqlite3_reset(q);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return hf_spool_failed(s, rc, err);
    return more < 0 ? -1 : 0;
}

int
hf_spool_quarantine_trim(struct hf_spool *s, struct hf_error *err)
{
    while (s->now.items > HF_SPOOL_QUARANTINE_ITEMS ||
           s->now.item_bytes > HF_SPOOL_QUARANTINE_BYTES) {
        struct item i = {.topic = HF_BUF_INIT(TEXT_MAX), .line = HF_BUF_INIT(HF_SPOOL_LINES_MAX)};
        int64_t id;
        int rc = hf_spool_read_row(s, s->q[Q_ITEM_OLDEST], 1, &id, err);

        if (rc > 0)
            rc = read_item(s, (uint64_t)id, &i, err);
        if (rc > 0 && drop_item(s, &i, "quarantine", err) < 0)
            rc = -1;
        hf_buf_done(&i.topic);
        hf_buf_done(&i.line);
        if (rc <= 0)
            return rc;
    }
    return 0;
}
