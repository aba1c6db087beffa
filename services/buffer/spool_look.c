// SPDX-License-Identifier: Apache-2.0
/* Looking: blocks for people, numbers, topics. */
#include "buffer/spool_private.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

enum { LOOK_BODY_MAX = 128 * 1024 * 1024 };

/* ---- blocks ---- */

struct wanted {
    const struct hf_read_ask *ask;
    uint8_t known[HF_SPOOL_TOPICS_MAX + 1]; /* 0 not asked, 1 wanted, 2 not */
};

static bool
wants_id(struct hf_spool *s, struct wanted *w, uint64_t id)
{
    sqlite3_stmt *q;

    if (id == 0 || id > HF_SPOOL_TOPICS_MAX) /* "(other)" may be anything */
        return true;
    if (!w->known[id]) {
        bool yes = true;

        q = BIND(s, Q_TOPIC_NAME, (int64_t)id);
        if (sqlite3_step(q) == SQLITE_ROW)
            yes = w->ask->wants_topic(w->ask->ctx, (const char *)sqlite3_column_text(q, 0),
                                      (size_t)sqlite3_column_bytes(q, 0));
        sqlite3_reset(q);
        w->known[id] = yes ? 1 : 2;
    }
    return w->known[id] == 1;
}

static bool
is_wanted(struct hf_spool *s, struct wanted *w, const struct hf_block_row *b)
{
    const unsigned char *at = b->topics, *end = at + b->topics_len;
    uint64_t id, n;

    if ((w->ask->lane != HF_LANE_UNSAID && w->ask->lane != b->lane) ||
        b->newest_ms < w->ask->from_ms || b->oldest_ms > w->ask->to_ms)
        return false;
    if (!w->ask->wants_topic)
        return true;
    while (at && hf_spool_pair(&at, end, &id, &n))
        if (wants_id(s, w, id))
            return true;
    return false;
}

/* The block that follows in the order of all lanes, from that order on: 1, 0, or -1. */
static int
seek_block(struct hf_spool *s, const struct hf_read_ask *ask, int64_t from, int64_t *ret_id,
           struct hf_error *err)
{
    bool found = false;

    for (int lane = HF_LANE_ALARM; lane < HF_LANE_COUNT; lane++) {
        int64_t id;
        int rc;

        if (ask->lane != HF_LANE_UNSAID && (int)ask->lane != lane)
            continue;
        rc = hf_spool_read_row(
            s, BIND(s, ask->oldest_first ? Q_BLOCK_FROM : Q_BLOCK_UP_TO, lane, from), 1, &id, err);
        if (rc < 0)
            return -1;
        if (rc > 0 &&
            (!found || (hf_spool_order(id) < hf_spool_order(*ret_id)) == ask->oldest_first)) {
            *ret_id = id;
            found = true;
        }
    }
    return found;
}

/* 1 where it was taken or is not wanted, 0 where it does not fit any more. */
static int
read_block(struct hf_spool *s, struct wanted *w, int64_t id, struct hf_read *r,
           struct hf_error *err)
{
    sqlite3_stmt *q = BIND(s, Q_BLOCK_BODY, id);
    struct hf_block_row b;
    int rc = hf_spool_step_block(s, q, &b, err);

    if (rc <= 0)
        return rc;
    if (r->count && r->body.len + b.body_len > w->ask->max_bytes) {
        rc = 0;
    } else if (is_wanted(s, w, &b) && hf_spool_block_sound(&b)) {
        r->blocks[r->count++] = (struct hf_read_block){.id = hf_spool_order(b.id),
                                                       .lane = b.lane,
                                                       .first = b.first,
                                                       .last = b.last,
                                                       .count = b.count,
                                                       .raw_bytes = (size_t)b.raw,
                                                       .at = r->body.len,
                                                       .len = b.body_len};
        rc = hf_buf_add(&r->body, b.body, b.body_len, err) < 0 ? -1 : 1;
    }
    sqlite3_reset(q);
    return rc;
}

static int
read_blocks(struct hf_spool *s, struct wanted *w, struct hf_read *r, struct hf_error *err)
{
    const struct hf_read_ask *ask = w->ask;
    int64_t from = ask->from_block, id;
    size_t looked = 0;
    int rc;

    if (from > HF_SPOOL_ORDER_MAX || (!from && !ask->oldest_first))
        from = HF_SPOOL_ORDER_MAX;
    if (from < 0)
        from = 0;
    while ((rc = seek_block(s, ask, from, &id, err)) > 0) {
        r->next_block = hf_spool_order(id);
        if (looked++ == ask->max_blocks || r->count == HF_READ_BLOCKS_MAX)
            return 0;
        rc = read_block(s, w, id, r, err);
        if (rc <= 0)
            return rc;
        from = r->next_block + (ask->oldest_first ? 1 : -1);
    }
    r->next_block = 0;
    return rc;
}

int
hf_spool_read(struct hf_spool *s, const struct hf_read_ask *ask, struct hf_read *ret,
              struct hf_error *err)
{
    struct wanted w = {.ask = ask};
    struct hf_read r = {.body = HF_BUF_INIT(LOOK_BODY_MAX)};

    if (read_blocks(s, &w, &r, err) < 0) {
        hf_buf_done(&r.body);
        return -1;
    }
    *ret = r;
    return 0;
}

/* ---- numbers ---- */

static int64_t
oldest_of(struct hf_spool *s, int lane, int64_t after, int bits)
{
    enum { OLDEST_MS = 8, COLUMNS };
    int64_t v[COLUMNS];

    return hf_spool_read_row(s, BIND(s, Q_BLOCK_NEXT, lane, after, bits), COLUMNS, v, NULL) > 0
               ? v[OLDEST_MS]
               : 0;
}

static void
sink_status(struct hf_spool *s, int slot, struct hf_sink_status *out)
{
    const struct hf_spool_sink *k = &s->now.sinks[slot];

    *out =
        (struct hf_sink_status){.accepted = k->accepted,
                                .delivered = k->delivered,
                                .dropped = k->dropped,
                                .quarantined = k->quarantined,
                                .held = k->accepted - k->delivered - k->dropped - k->quarantined};
    memcpy(out->name, k->name, sizeof out->name);
    for (int lane = HF_LANE_ALARM; out->held && lane < HF_LANE_COUNT; lane++) {
        const struct hf_spool_place *p = &k->places[lane];
        int64_t ms = oldest_of(s, lane, p->cursor, 1 << slot);

        if (ms && (!out->oldest_ms || ms < out->oldest_ms))
            out->oldest_ms = ms;
        if (p->leased || p->group_last)
            out->leased += p->leased_records, out->leased_bytes += p->leased_bytes;
    }
}

static void
lane_times(struct hf_spool *s, int lane, struct hf_spool_status *st)
{
    int64_t oldest = oldest_of(s, lane, 0, -1), last[2];

    st->lanes[lane].oldest_ms = oldest;
    if (!st->oldest_ms || oldest < st->oldest_ms)
        st->oldest_ms = oldest;
    if (hf_spool_read_row(s, BIND(s, Q_BLOCK_UP_TO, lane, HF_SPOOL_ORDER_MAX), 2, last, NULL) > 0 &&
        last[1] > st->newest_ms)
        st->newest_ms = last[1];
}

void
hf_spool_get_status(struct hf_spool *s, struct hf_spool_status *ret_status)
{
    const struct hf_spool_state *b = &s->saved;
    struct hf_spool_status st = {.books = {.accepted = b->accepted,
                                           .delivered = b->delivered,
                                           .dropped = b->dropped,
                                           .quarantined = b->quarantined},
                                 .disk_bytes = hf_spool_file_bytes(&s->paths),
                                 .disk_free = s->disk_free,
                                 .payload_bytes = b->payload_bytes,
                                 .commits = s->commits,
                                 .checkpoints = s->checkpoints,
                                 .quarantine_items = b->items,
                                 .quarantine_bytes = b->item_bytes};

    snprintf(st.books.epoch, sizeof st.books.epoch, "%08x", b->epoch);
    for (int lane = HF_LANE_ALARM; lane < HF_LANE_COUNT; lane++) {
        st.books.held += b->lanes[lane].held;
        st.blocks += b->lanes[lane].blocks;
        st.raw_bytes += (uint64_t)b->lanes[lane].raw;
        st.stored_bytes += (uint64_t)b->lanes[lane].stored;
        st.lanes[lane].held = b->lanes[lane].held;
        st.lanes[lane].bytes = b->lanes[lane].stored;
        if (b->lanes[lane].blocks && hf_spool_is_open(s))
            lane_times(s, lane, &st);
    }
    for (int slot = 0; hf_spool_is_open(s) && slot < HF_SINKS_MAX; slot++)
        if (*s->now.sinks[slot].name)
            sink_status(s, slot, &st.sinks[st.sink_count++]);
    *ret_status = st;
}

/* ---- topics ---- */

/* Cut at a character. */
static void
show(char out[HF_SHOWN_TOPIC_SIZE], const char *text)
{
    size_t len = strlen(text);

    if (len >= HF_SHOWN_TOPIC_SIZE)
        for (len = HF_SHOWN_TOPIC_SIZE - 1; len && ((unsigned char)text[len] & 0xC0) == 0x80;)
            len--;
    memcpy(out, text, len);
    out[len] = '\0';
}

int
hf_spool_top_topics(struct hf_spool *s, struct hf_shown_topic *out, size_t *ret_count,
                    struct hf_error *err)
{
    unsigned ids[HF_SHOWN_TOPICS];
    size_t count = 0;

    for (unsigned id = 0; id <= HF_SPOOL_TOPICS_MAX; id++) {
        uint64_t held = s->topics[id].held;
        size_t at;

        if (!held || (count == HF_SHOWN_TOPICS && held <= s->topics[ids[count - 1]].held))
            continue;
        at = count < HF_SHOWN_TOPICS ? count++ : count - 1;
        for (; at && s->topics[ids[at - 1]].held < held; at--)
            ids[at] = ids[at - 1];
        ids[at] = id;
    }
    for (size_t i = 0; i < count; i++) {
        sqlite3_stmt *q = BIND(s, Q_TOPIC_NAME, ids[i]);
        int rc = sqlite3_step(q);

        out[i] = (struct hf_shown_topic){.lane = (enum hf_lane)s->topics[ids[i]].lane,
                                         .records = s->topics[ids[i]].held};
        show(out[i].topic, rc == SQLITE_ROW ? (const char *)sqlite3_column_text(q, 0) : "(other)");
        sqlite3_reset(q);
        if (rc != SQLITE_ROW && rc != SQLITE_DONE)
            return hf_spool_failed(s, rc, err);
    }
    *ret_count = count;
    return 0;
}

int
hf_spool_top_drops(struct hf_spool *s, struct hf_shown_topic *out, size_t *ret_count,
                   struct hf_error *err)
{
    sqlite3_stmt *q = BIND(s, Q_DROPPED_TOP, HF_SHOWN_TOPICS);
    size_t count = 0;
    int rc;

    while ((rc = sqlite3_step(q)) == SQLITE_ROW && count < HF_SHOWN_TOPICS) {
        const char *topic = (const char *)sqlite3_column_text(q, 0);
        const char *reason = (const char *)sqlite3_column_text(q, 1);

        out[count] = (struct hf_shown_topic){.records = (uint64_t)sqlite3_column_int64(q, 2)};
        show(out[count].topic, topic ? topic : "");
        snprintf(out[count].reason, sizeof out[count].reason, "%s", reason ? reason : "");
        count++;
    }
    sqlite3_reset(q);
    *ret_count = count;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : hf_spool_failed(s, rc, err);
}
