// SPDX-License-Identifier: Apache-2.0
/* Leases and acknowledgements. */
#include "buffer/spool_private.h"

#include "base/clock.h"
#include "base/text.h"
#include "buffer/block.h"
#include "common/line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 64 * 1024 * 1024, REASON_MAX = 512, TURNS_AFTER_EMPTY = 4 };

static struct hf_spool_sink *
find_sink(struct hf_spool *s, const char *name, struct hf_error *err)
{
    for (unsigned i = 0; i < HF_SINKS_MAX; i++)
        if (*s->now.sinks[i].name && strcmp(s->now.sinks[i].name, name) == 0)
            return &s->now.sinks[i];
    (void)hf_error_set(err, HF_ERROR_NOT_FOUND, "no sink '%s' is configured", name);
    return NULL;
}

static sqlite3_stmt *
blocks_of(struct hf_spool *s, const struct hf_spool_sink *k, enum hf_lane lane, int64_t after)
{
    return BIND(s, Q_BLOCK_NEXT, lane, after, 1 << (k - s->now.sinks));
}

/* The blocks of one lease. */
struct span {
    int64_t ids[HF_SPOOL_GROUP_MAX];
    unsigned masks[HF_SPOOL_GROUP_MAX];
    size_t count;
    uint32_t epoch;
    uint64_t first, last, records, raw;
    bool more;
};

/* Finds what is leased, or what may be: with max_bytes 0 only what is. */
static int
find_span(struct hf_spool *s, struct hf_spool_sink *k, enum hf_lane lane, size_t max_bytes,
          struct span *ret_span, struct hf_error *err)
{
    const struct hf_spool_place *p = &k->places[lane];
    sqlite3_stmt *q = blocks_of(s, k, lane, p->cursor);
    struct hf_block_row b;
    int rc;

    *ret_span = (struct span){0};
    while ((rc = hf_spool_step_block(s, q, &b, err)) > 0) {
        bool alone = !p->group_last && (b.id == p->leased || !p->fresh || !max_bytes);
        bool grouped = p->group_last && b.id <= p->group_last;

        ret_span->more = ret_span->count > 0;
        if (ret_span->count && !grouped &&
            (p->group_last || ret_span->count == HF_SPOOL_GROUP_MAX || ret_span->epoch != b.epoch ||
             b.first < ret_span->last || ret_span->raw + b.raw > max_bytes))
            break;
        ret_span->more = false;
        if (!ret_span->count) {
            ret_span->first = b.first;
            ret_span->epoch = b.epoch;
        }
        ret_span->masks[ret_span->count] = b.mask;
        ret_span->ids[ret_span->count++] = b.id;
        ret_span->last = b.last;
        ret_span->records += b.count;
        ret_span->raw += b.raw;
        if (alone || ret_span->count == HF_SPOOL_GROUP_MAX) {
            ret_span->more = hf_spool_step_block(s, q, &b, NULL) > 0;
            break;
        }
    }
    sqlite3_reset(q);
    return rc < 0 ? -1 : ret_span->count > 0;
}

/* A block that is not what was written is given up. */
static int
drop_damaged(struct hf_spool *s, int64_t id, const struct span *span, struct hf_error *err)
{
    char text[HF_SPOOL_ALARM_MAX];

    if (hf_spool_begin(s, err) < 0)
        return -1;
    if (hf_spool_block_remove(s, id, "damage", err) < 0 || hf_spool_commit(s, err) < 0) {
        hf_spool_rollback(s);
        return -1;
    }
    snprintf(text, sizeof text,
             "a block between records %llu and %llu was damaged on the disk: counted as dropped",
             (unsigned long long)span->first, (unsigned long long)span->last);
    hf_spool_set_alarm(s, text);
    return 0;
}

/* Copies the frames; *ret_bad gets the block that is damaged. */
static int
copy_frames(struct hf_spool *s, const struct span *span, struct hf_buf *body, int64_t *ret_bad,
            struct hf_error *err)
{
    *ret_bad = 0;
    for (size_t i = 0; i < span->count; i++) {
        sqlite3_stmt *q = BIND(s, Q_BLOCK_BODY, span->ids[i]);
        struct hf_block_row b;
        int rc = hf_spool_step_block(s, q, &b, err);

        if (rc <= 0)
            return rc < 0 ? -1 : hf_error_set(err, HF_ERROR_INTERNAL, "a block has gone");
        if (!hf_spool_block_sound(&b))
            *ret_bad = span->ids[i];
        else
            rc = hf_buf_add(body, b.body, b.body_len, err);
        sqlite3_reset(q);
        if (rc < 0 || *ret_bad)
            return rc < 0 ? -1 : 0;
    }
    return 0;
}

/* A group must be the same after a restart. */
static int
record_group(struct hf_spool *s, struct hf_spool_place *p, const struct span *span,
             struct hf_error *err)
{
    if (p->group_last || span->count == 1) {
        p->leased = span->count == 1 && !p->group_last ? span->ids[0] : 0;
        return 0;
    }
    if (hf_spool_begin(s, err) < 0)
        return -1;
    p->group_last = span->ids[span->count - 1];
    p->leased = 0;
    s->touched = true;
    if (hf_spool_commit(s, err) == 0)
        return 0;
    hf_spool_rollback(s);
    return -1;
}

static unsigned
other_lanes(struct hf_spool *s, const struct hf_spool_sink *k, enum hf_lane lane)
{
    unsigned lanes = 0;
    int64_t id;

    for (int i = HF_LANE_ALARM; i < HF_LANE_COUNT; i++)
        if (i != (int)lane &&
            hf_spool_read_row(s, blocks_of(s, k, (enum hf_lane)i, k->places[i].cursor), 1, &id,
                              NULL) > 0)
            lanes |= 1U << i;
    return lanes;
}

/* A lane that was emptied trickles, each time at the price of an acknowledgement: it waits for more
 * turns of the other one. */
static void
took_turn(struct hf_spool *s, const struct hf_spool_sink *k, const struct hf_lease *l)
{
    size_t i = (size_t)(k - s->now.sinks);
    bool bulk = l->lane == HF_LANE_BULK;

    if (l->lane == HF_LANE_ALARM)
        return;
    if (bulk == s->turn[i].bulk && s->turn[i].turns > 1) {
        s->turn[i].turns--;
        return;
    }
    s->turn[i].bulk = !bulk;
    s->turn[i].turns = l->more ? 1 : TURNS_AFTER_EMPTY;
}

static int
lease_lane(struct hf_spool *s, struct hf_spool_sink *k, enum hf_lane lane, size_t max_bytes,
           struct hf_lease *ret_lease, struct hf_error *err)
{
    for (;;) {
        struct hf_spool_place *p = &k->places[lane];
        HF_AUTO_BUF struct hf_buf body = HF_BUF_INIT(BODY_MAX);
        struct span span;
        int64_t bad, first;
        int rc;

        if (p->group_last) { /* all of it was dropped meanwhile */
            rc = hf_spool_read_row(s, blocks_of(s, k, lane, p->cursor), 1, &first, err);
            if (rc > 0 && first > p->group_last)
                p->group_last = 0;
        }
        rc = find_span(s, k, lane, max_bytes ? max_bytes : 1, &span, err);
        if (rc <= 0)
            return rc;
        if (copy_frames(s, &span, &body, &bad, err) < 0)
            return -1;
        if (bad) {
            if (drop_damaged(s, bad, &span, err) < 0)
                return -1;
            continue;
        }
        if (record_group(s, p, &span, err) < 0)
            return -1;
        p->leased_records = span.records;
        p->leased_bytes = span.raw;
        s->saved.sinks[k - s->now.sinks].places[lane] = *p;
        *ret_lease = (struct hf_lease){.lane = lane,
                                       .first = span.first,
                                       .last = span.last,
                                       .count = span.records,
                                       .raw_bytes = span.raw,
                                       .frames = span.count,
                                       .more = span.more,
                                       .other_lanes = other_lanes(s, k, lane),
                                       .body = body};
        snprintf(ret_lease->epoch, sizeof ret_lease->epoch, "%08x", span.epoch);
        body = HF_BUF_INIT(0);
        took_turn(s, k, ret_lease);
        return 1;
    }
}

void
hf_spool_lane_order(struct hf_spool *s, const char *sink, enum hf_lane ret_order[HF_LANE_COUNT - 1])
{
    const struct hf_spool_sink *k = find_sink(s, sink, NULL);
    bool bulk = k && s->turn[k - s->now.sinks].bulk;

    ret_order[0] = HF_LANE_ALARM;
    ret_order[1] = bulk ? HF_LANE_BULK : HF_LANE_NORMAL;
    ret_order[2] = bulk ? HF_LANE_NORMAL : HF_LANE_BULK;
}

static int
lease_any(struct hf_spool *s, const char *sink, enum hf_lane lane, size_t max_bytes,
          struct hf_lease *ret_lease, struct hf_error *err)
{
    struct hf_spool_sink *k = find_sink(s, sink, err);
    enum hf_lane order[HF_LANE_COUNT - 1];
    int rc = 0;

    if (!k)
        return -1;
    if (lane != HF_LANE_UNSAID)
        return lease_lane(s, k, lane, max_bytes, ret_lease, err);
    hf_spool_lane_order(s, sink, order);
    for (size_t i = 0; rc == 0 && i < HF_LEN(order); i++)
        rc = lease_lane(s, k, order[i], max_bytes, ret_lease, err);
    return rc;
}

int
hf_spool_lease(struct hf_spool *s, const char *sink, enum hf_lane lane, size_t max_bytes,
               struct hf_lease *ret_lease, struct hf_error *err)
{
    int rc;

    if (!s->db)
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "the store is not open");
    rc = lease_any(s, sink, lane, max_bytes, ret_lease, err);
    if (rc >= 0 || !s->damaged)
        return rc;
    if (hf_spool_salvage(s, &s->saved, err) < 0)
        return -1;
    return lease_any(s, sink, lane, max_bytes, ret_lease, err);
}

int
hf_spool_peek(struct hf_spool *s, const char *sink, enum hf_lane lane, struct hf_lease *ret_lease,
              struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf body = HF_BUF_INIT(BODY_MAX);
    struct hf_spool_sink *k = find_sink(s, sink, err);
    struct span out, behind = {.count = 1};
    struct hf_block_row b;
    sqlite3_stmt *q;
    int64_t bad;
    int rc;

    if (!k)
        return -1;
    if (!s->db)
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "the store is not open");
    rc = find_span(s, k, lane, 0, &out, err);
    if (rc <= 0)
        return rc;
    q = blocks_of(s, k, lane, out.ids[out.count - 1]);
    rc = hf_spool_step_block(s, q, &b, err);
    sqlite3_reset(q);
    if (rc <= 0)
        return rc;
    behind.ids[0] = b.id;
    if (copy_frames(s, &behind, &body, &bad, err) < 0)
        return -1;
    if (bad)
        return 0; /* its lease will find that, too, and count it */
    *ret_lease = (struct hf_lease){.lane = lane,
                                   .first = b.first,
                                   .last = b.last,
                                   .count = b.count,
                                   .raw_bytes = b.raw,
                                   .frames = 1,
                                   .body = body};
    snprintf(ret_lease->epoch, sizeof ret_lease->epoch, "%08x", b.epoch);
    body = HF_BUF_INIT(0);
    return 1;
}

/* ---- acknowledgement ---- */

struct ack {
    struct hf_spool_sink *sink;
    enum hf_lane lane;
    uint32_t epoch;
    const struct hf_refused *refused;
    size_t refused_count;
    uint64_t found; /* of the refused ones */
};

static const struct hf_refused *
refusal_of(const struct ack *a, uint64_t seq)
{
    size_t low = 0, high = a->refused_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (a->refused[middle].seq < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low < a->refused_count && a->refused[low].seq == seq ? &a->refused[low] : NULL;
}

static int
refuse_line(struct hf_spool *s, struct ack *a, const char *line, size_t len, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf work = HF_BUF_INIT(HF_LINE_TOPIC_MAX);
    struct hf_quarantined item = {.at_ms = hf_clock_wall_ms(), .line = line, .line_len = len};
    const struct hf_refused *r;
    struct hf_line l;

    if (!hf_line_read(line, len, &l) || !(r = refusal_of(a, l.seq)))
        return 0;
    if (hf_line_topic(&l, &work, &item.topic, &item.topic_len, err) < 0)
        return -1;
    item.seq = l.seq;
    item.time_ms = hf_line_time_ms(&l);
    item.status = r->status;
    item.reason = r->reason ? r->reason : "";
    item.reason_len = strnlen(item.reason, REASON_MAX);
    while (item.reason_len && !hf_text_utf8(item.reason, item.reason_len)) /* cut in a character */
        item.reason_len--;
    snprintf(item.sink, sizeof item.sink, "%s", a->sink->name);
    a->found++;
    return hf_spool_quarantine_add(s, &item, a->lane, a->epoch, false, err);
}

static int
refuse_in_block(struct hf_spool *s, struct ack *a, int64_t id, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf lines = HF_BUF_INIT(HF_SPOOL_LINES_MAX);
    const char *at, *end, *next;

    if (hf_spool_block_lines(s, id, &lines, err) < 0)
        return -1;
    for (at = lines.data, end = at + lines.len; at < end; at = next) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));

        next = newline ? newline + 1 : end;
        if (refuse_line(s, a, at, (size_t)(next - at), err) < 0)
            return -1;
    }
    return 0;
}

/* A block for some sinks only goes when the last of them has it. */
static int
unmask(struct hf_spool *s, const struct ack *a, int64_t id, unsigned mask, struct hf_error *err)
{
    unsigned left = mask & ~(1U << (a->sink - s->now.sinks));
    struct hf_block_row b;
    sqlite3_stmt *q;

    if (!mask)
        return 0;
    if (!left)
        return hf_spool_block_remove(s, id, NULL, err);
    q = BIND(s, Q_BLOCK_BODY, id);
    if (hf_spool_step_block(s, q, &b, err) <= 0)
        return -1;
    b.mask = left;
    b.crc = hf_spool_block_crc(&b);
    sqlite3_reset(q);
    return hf_spool_write(s, BIND(s, Q_BLOCK_MASK, id, left, b.crc), err);
}

static int
take_ack(struct hf_spool *s, struct ack *a, const struct span *span, struct hf_error *err)
{
    struct hf_spool_place *p = &a->sink->places[a->lane];

    for (size_t i = 0; a->refused_count && i < span->count; i++)
        if (refuse_in_block(s, a, span->ids[i], err) < 0)
            return -1;
    *p = (struct hf_spool_place){.cursor = span->ids[span->count - 1],
                                 .acked_epoch = span->epoch,
                                 .acked_last = span->last,
                                 .fresh = true};
    a->sink->delivered += span->records - a->found;
    a->sink->quarantined += a->found;
    s->touched = true;
    s->acked_mono_ms = hf_clock_mono_ms();
    for (size_t i = 0; i < span->count; i++)
        if (unmask(s, a, span->ids[i], span->masks[i], err) < 0)
            return -1;
    return hf_spool_collect(s, a->lane, HF_SPOOL_GROUP_MAX, err);
}

int
hf_spool_ack(struct hf_spool *s, const char *sink, enum hf_lane lane, const char *epoch,
             uint64_t first, uint64_t last, const struct hf_refused *refused, size_t refused_count,
             struct hf_error *err)
{
    struct ack a = {.sink = find_sink(s, sink, err),
                    .lane = lane,
                    .epoch = (uint32_t)strtoul(epoch, NULL, 16),
                    .refused = refused,
                    .refused_count = refused_count};
    const struct hf_spool_place *p;
    struct span span;
    int rc;

    if (!a.sink)
        return -1;
    if (lane <= HF_LANE_UNSAID || lane >= HF_LANE_COUNT || first > last)
        return hf_error_set(err, HF_ERROR_CONFLICT, "that span was not leased");
    p = &a.sink->places[lane];
    rc = find_span(s, a.sink, lane, 0, &span, err);
    if (rc < 0)
        return -1;
    if (rc > 0 && span.epoch == a.epoch && span.last == last && first <= span.first) {
        rc = take_ack(s, &a, &span, err);
        s->failed = s->failed || rc < 0; /* half of it is done: the transaction must not commit */
        return rc < 0 ? -1 : 1;
    }
    if (p->acked_epoch == a.epoch && last <= p->acked_last)
        return 0;
    if (a.epoch != (rc > 0 ? span.epoch : s->now.epoch))
        return hf_error_set(err, HF_ERROR_CONFLICT, "the epoch is '%08x' now",
                            rc > 0 ? span.epoch : s->now.epoch);
    return hf_error_set(err, HF_ERROR_CONFLICT, "that span was not leased");
}
