// SPDX-License-Identifier: Apache-2.0
/* Blocks: added, read, removed with all that is counted by it. */
#include "buffer/spool_private.h"

#include "buffer/block.h"
#include "buffer/crc32.h"

#include <string.h>

/* Also covers the row, so that a block is not taken for another one. */
uint32_t
hf_spool_block_crc(const struct hf_block_row *b)
{
    const uint64_t row[] = {(uint64_t)b->id, b->lane, b->epoch,  b->first, b->last,
                            b->count,        b->mask, b->weight, b->raw};

    return hf_crc32(b->body, b->body_len) ^ hf_crc32(row, sizeof row);
}

bool
hf_spool_block_sound(const struct hf_block_row *b)
{
    return b->body && b->crc == hf_spool_block_crc(b);
}

int
hf_spool_block_add(struct hf_spool *s, struct hf_block_row *b, struct hf_error *err)
{
    sqlite3_stmt *q;
    int rc;

    if (!b->id)
        b->id = hf_spool_id(b->lane, s->now.next_block++);
    b->crc = hf_spool_block_crc(b);
    q = BIND(s, Q_BLOCK_ADD, b->id, b->lane, b->epoch, (int64_t)b->first, (int64_t)b->last,
             (int64_t)b->count, (int64_t)b->weight, b->mask, b->oldest_ms, b->newest_ms,
             (int64_t)b->raw, b->crc);
    sqlite3_bind_blob64(q, 13, b->topics ? b->topics : "", b->topics_len, SQLITE_STATIC);
    sqlite3_bind_blob64(q, 14, b->spans, b->spans_len, SQLITE_STATIC);
    sqlite3_bind_blob64(q, 15, b->body, b->body_len, SQLITE_STATIC);
    rc = hf_spool_write(s, q, err);
    sqlite3_clear_bindings(q);
    if (rc < 0)
        return -1;
    s->now.lanes[b->lane].held += b->weight;
    s->now.lanes[b->lane].blocks++;
    s->now.lanes[b->lane].raw += (int64_t)b->raw;
    s->now.lanes[b->lane].stored += (int64_t)b->body_len;
    hf_spool_topics_count(s, b, true);
    return 0;
}

void
hf_spool_block_uncount(struct hf_spool *s, const struct hf_block_row *b)
{
    hf_spool_topics_count(s, b, false);
    s->now.lanes[b->lane].held -= b->weight;
    s->now.lanes[b->lane].blocks--;
    s->now.lanes[b->lane].raw -= (int64_t)b->raw;
    s->now.lanes[b->lane].stored -= (int64_t)b->body_len;
}

int
hf_spool_dropped_add(struct hf_spool *s, const char *topic, size_t len, const char *reason,
                     uint64_t records, struct hf_error *err)
{
    sqlite3_stmt *q = BIND(s, Q_DROPPED_ADD, (int64_t)records);
    bool other;

    sqlite3_bind_text(q, 2, topic, (int)len, SQLITE_STATIC);
    sqlite3_bind_text(q, 3, reason, -1, SQLITE_STATIC);
    if (hf_spool_write(s, q, err) < 0)
        return -1;
    if (sqlite3_changes(s->db))
        return 0;
    other = s->now.dropped_rows >= HF_SPOOL_DROPPED_TOPICS;
    q = BIND(s, Q_DROPPED_NEW, (int64_t)records);
    sqlite3_bind_text(q, 2, other ? "(other)" : topic, other ? -1 : (int)len, SQLITE_STATIC);
    sqlite3_bind_text(q, 3, reason, -1, SQLITE_STATIC);
    s->now.dropped_rows += !other;
    return hf_spool_write(s, q, err);
}

static int
count_dropped_topics(struct hf_spool *s, const struct hf_buf *topics, const char *reason,
                     struct hf_error *err)
{
    const unsigned char *at = (const unsigned char *)topics->data, *end = at + topics->len;
    uint64_t id, n;

    while (at && hf_spool_pair(&at, end, &id, &n)) {
        HF_AUTO_BUF struct hf_buf name = HF_BUF_INIT(1 << 17);
        sqlite3_stmt *q = BIND(s, Q_TOPIC_NAME, (int64_t)id);
        int rc = sqlite3_step(q) == SQLITE_ROW ? hf_buf_add(&name, sqlite3_column_text(q, 0),
                                                            (size_t)sqlite3_column_bytes(q, 0), err)
                                               : hf_buf_adds(&name, "(other)", err);

        sqlite3_reset(q);
        if (rc < 0 || hf_spool_dropped_add(s, name.data, name.len, reason, n, err) < 0)
            return -1;
    }
    return 0;
}

int
hf_spool_gap_add(struct hf_spool *s, const char *reason, uint32_t epoch, uint64_t first,
                 uint64_t last, uint64_t records, struct hf_error *err)
{
    static const enum hf_spool_statement tries[] = {Q_GAP_EXTEND, Q_GAP_ADD};

    for (size_t i = 0; i < HF_LEN(tries); i++) {
        sqlite3_stmt *q =
            BIND(s, tries[i], 0, epoch, (int64_t)first, (int64_t)last, (int64_t)records);

        sqlite3_bind_text(q, 1, reason, -1, SQLITE_STATIC);
        if (hf_spool_write(s, q, err) < 0)
            return -1;
        if (sqlite3_changes(s->db))
            break;
        s->now.gaps++;
    }
    return 0;
}

static int
add_gaps(struct hf_spool *s, const struct hf_block_row *b, const struct hf_buf *spans,
         const char *reason, struct hf_error *err)
{
    const unsigned char *at = (const unsigned char *)spans->data, *end = at + spans->len;
    uint64_t next = b->first, skip, n;

    if (!b->weight)
        return 0;
    if (!spans->len)
        return hf_spool_gap_add(s, reason, b->epoch, b->first, b->last, b->count, err);
    while (hf_spool_pair(&at, end, &skip, &n)) {
        next += skip;
        if (n && hf_spool_gap_add(s, reason, b->epoch, next, next + n - 1, n, err) < 0)
            return -1;
        next += n;
    }
    return 0;
}

/* What a drop means to the sinks that had not passed the block. */
static void
drop_for_sinks(struct hf_spool *s, const struct hf_block_row *b)
{
    for (unsigned i = 0; i < HF_SINKS_MAX; i++) {
        struct hf_spool_sink *k = &s->now.sinks[i];
        struct hf_spool_place *p = &k->places[b->lane];

        if (!*k->name || b->id <= p->cursor || (b->mask && !(b->mask & 1U << i)))
            continue;
        k->dropped += b->count;
        if (b->id != p->leased && b->id > p->group_last)
            continue;
        /* An acknowledgement of it that is still to come finds it done. */
        if (p->acked_epoch != b->epoch || p->acked_last < b->last)
            p->acked_last = b->last;
        p->acked_epoch = b->epoch;
        if (b->id == p->leased)
            p->leased = 0;
        if (b->id == p->group_last)
            p->group_last = 0;
    }
}

/* The records that some sink refused are quarantined, not delivered. */
static int
count_delivered(struct hf_spool *s, const struct hf_block_row *b, struct hf_error *err)
{
    uint64_t refused = 0;

    if (s->now.items && b->weight) {
        if (hf_spool_write(
                s, BIND(s, Q_ITEM_COUNTED, b->epoch, (int64_t)b->first, (int64_t)b->last, b->lane),
                err) < 0)
            return -1;
        refused = (uint64_t)sqlite3_changes(s->db);
    }
    s->now.quarantined += refused;
    s->now.delivered += b->weight - refused;
    return 0;
}

int
hf_spool_block_remove(struct hf_spool *s, int64_t id, const char *reason, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf topics = HF_BUF_INIT(1 << 20), spans = HF_BUF_INIT(1 << 24);
    sqlite3_stmt *q = BIND(s, Q_BLOCK_META, id);
    struct hf_block_row b;
    int rc = hf_spool_step_block(s, q, &b, err);

    if (rc <= 0)
        return rc;
    hf_spool_block_uncount(s, &b);
    s->touched = true;
    rc = reason ? hf_buf_add(&topics, b.topics, b.topics_len, err) : 0;
    if (rc == 0 && reason)
        rc = hf_buf_add(&spans, b.spans, b.spans_len, err);
    sqlite3_reset(q);
    if (rc == 0 && reason && b.weight && b.lane == HF_LANE_NORMAL)
        rc = hf_spool_keep_gaps(s, id, err);
    if (rc < 0 || hf_spool_write(s, BIND(s, Q_BLOCK_DELETE, id), err) < 0)
        return -1;
    if (!reason)
        return count_delivered(s, &b, err);
    s->now.dropped += b.weight;
    drop_for_sinks(s, &b);
    if (b.weight && count_dropped_topics(s, &topics, reason, err) < 0)
        return -1;
    return add_gaps(s, &b, &spans, reason, err);
}

int
hf_spool_block_lines(struct hf_spool *s, int64_t id, struct hf_buf *lines, struct hf_error *err)
{
    sqlite3_stmt *q = BIND(s, Q_BLOCK_BODY, id);
    struct hf_block_row b;
    int rc = hf_spool_step_block(s, q, &b, err);

    if (rc <= 0)
        return rc < 0 ? -1 : hf_error_set(err, HF_ERROR_NOT_FOUND, "no such block");
    rc = hf_spool_block_sound(&b)
             ? hf_block_unpack(b.body, b.body_len, lines, err)
             : hf_error_set(err, HF_ERROR_INTERNAL, "a block on disk is damaged");
    sqlite3_reset(q);
    return rc;
}

int64_t
hf_spool_passed(const struct hf_spool *s, enum hf_lane lane)
{
    int64_t passed = -1;

    for (unsigned i = 0; i < HF_SINKS_MAX; i++) {
        const struct hf_spool_sink *k = &s->now.sinks[i];

        if (*k->name && (passed < 0 || k->places[lane].cursor < passed))
            passed = k->places[lane].cursor;
    }
    return passed;
}

int
hf_spool_collect(struct hf_spool *s, enum hf_lane lane, unsigned most, struct hf_error *err)
{
    int64_t passed = hf_spool_passed(s, lane), id;
    int rc = 0;

    for (; passed > 0 && most; most--) {
        rc = hf_spool_read_row(s, BIND(s, Q_BLOCK_NEXT, lane, 0, -1), 1, &id, err);
        if (rc <= 0 || id > passed)
            break;
        rc = hf_spool_block_remove(s, id, NULL, err);
        if (rc < 0)
            break;
    }
    return rc < 0 ? -1 : 0;
}

int
hf_spool_frozen(struct hf_spool *s, const struct hf_spool_sink *k, enum hf_lane lane,
                int64_t *ret_id, struct hf_error *err)
{
    const struct hf_spool_place *p = &k->places[lane];
    unsigned bit = 1U << (k - s->now.sinks);
    int rc;

    *ret_id = p->group_last;
    if (p->group_last)
        return 0;
    rc = hf_spool_read_row(s, BIND(s, Q_BLOCK_NEXT, lane, p->cursor, bit), 1, ret_id, err);
    return rc < 0 ? -1 : 0;
}
