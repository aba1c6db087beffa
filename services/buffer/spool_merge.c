// SPDX-License-Identifier: Apache-2.0
/* While the uplink is away, small blocks of one lane become larger ones: one run a tick. */
#include "buffer/spool_private.h"

#include "base/clock.h"
#include "buffer/block.h"

enum {
    AWAY_MS = 10000,          /* blocks that leave soon are not worth writing again */
    SMALL_BYTES = 256 * 1024, /* of lines: larger ones are left */
    /* As much as is packed at a time, for commits wait for it; twice as much is hardly denser. */
    MERGED_BYTES = 512 * 1024,
    RUN_LEAST = 8,
    RUN_MOST = 256,
};

struct run {
    int64_t ids[RUN_MOST];
    size_t count;
    struct hf_block_row sum;
};

/* False where the block does not belong to the run. */
static bool
run_add(struct run *r, const struct hf_block_row *b)
{
    if (b->raw >= SMALL_BYTES || b->mask || b->weight != b->count)
        return false;
    if (r->count && (b->epoch != r->sum.epoch || b->first <= r->sum.last || r->count == RUN_MOST ||
                     r->sum.raw + b->raw > MERGED_BYTES))
        return false;
    if (!r->count)
        r->sum = *b;
    else
        r->sum.count += b->count, r->sum.raw += b->raw;
    if (b->oldest_ms < r->sum.oldest_ms)
        r->sum.oldest_ms = b->oldest_ms;
    if (b->newest_ms > r->sum.newest_ms)
        r->sum.newest_ms = b->newest_ms;
    r->sum.last = b->last;
    r->sum.id = b->id;
    r->ids[r->count++] = b->id;
    return true;
}

/* Finds the next run worth merging: 1, or 0 for none. */
static int
find_run(struct hf_spool *s, enum hf_lane lane, struct run *r)
{
    sqlite3_stmt *q = BIND(s, Q_BLOCK_NEXT, lane, s->merge_from[lane], -1);
    struct hf_block_row b;
    int rc;

    r->count = 0;
    while ((rc = hf_spool_step_block(s, q, &b, NULL)) > 0) {
        if (run_add(r, &b))
            continue;
        if (r->count >= RUN_LEAST)
            break;
        /* What lies before is done with. */
        s->merge_from[lane] = b.id - 1;
        r->count = 0;
        if (!run_add(r, &b))
            s->merge_from[lane] = b.id;
    }
    sqlite3_reset(q);
    if (rc < 0)
        return -1;
    return rc > 0 || r->count == RUN_MOST || (r->count >= RUN_LEAST && r->sum.raw >= SMALL_BYTES);
}

/* Counts the topics and spans of a block towards those of the run. */
static int
gather(struct hf_spool *s, const struct hf_block_row *b, uint64_t *next, struct hf_error *err)
{
    const unsigned char *at = b->topics, *end = at + b->topics_len;
    uint64_t id, n, skip, seq = b->first;

    while (at && hf_spool_pair(&at, end, &id, &n)) {
        unsigned topic = id <= HF_SPOOL_TOPICS_MAX ? (unsigned)id : 0;

        if (!s->topics[topic].pending)
            s->pending_topics[s->pending_count++] = (uint16_t)topic;
        s->topics[topic].pending += (uint32_t)n;
    }
    if (!b->spans_len) {
        if (hf_spool_add_pair(&s->spans, b->first - *next, b->count, err) < 0)
            return -1;
        *next = b->last + 1;
        return 0;
    }
    at = b->spans;
    for (end = at + b->spans_len; hf_spool_pair(&at, end, &skip, &n);) {
        seq += skip;
        if (hf_spool_add_pair(&s->spans, seq - *next, n, err) < 0)
            return -1;
        seq += n;
        *next = seq;
    }
    return 0;
}

static int
take_out(struct hf_spool *s, int64_t id, uint64_t *next, struct hf_error *err)
{
    sqlite3_stmt *q;
    struct hf_block_row b;
    int rc;

    if (hf_spool_block_lines(s, id, &s->raw, err) < 0)
        return -1;
    q = BIND(s, Q_BLOCK_META, id);
    if (hf_spool_step_block(s, q, &b, err) <= 0)
        return -1;
    rc = gather(s, &b, next, err);
    hf_spool_block_uncount(s, &b);
    s->touched = true;
    sqlite3_reset(q);
    return rc < 0 ? -1 : hf_spool_write(s, BIND(s, Q_BLOCK_DELETE, id), err);
}

static int
merge_run(struct hf_spool *s, struct run *r, struct hf_error *err)
{
    uint64_t next = r->sum.first;

    hf_buf_clear(&s->spans);
    hf_buf_clear(&s->frame);
    hf_buf_clear(&s->meta);
    for (size_t i = 0; i < r->count; i++)
        if (take_out(s, r->ids[i], &next, err) < 0)
            return -1;
    for (size_t i = 0; i < s->pending_count; i++)
        if (hf_spool_add_pair(&s->meta, s->pending_topics[i],
                              s->topics[s->pending_topics[i]].pending, err) < 0)
            return -1;
    if (hf_block_pack_tight(s->raw.data, s->raw.len, &s->frame, err) < 0)
        return -1;
    r->sum.weight = r->sum.count;
    r->sum.raw = s->raw.len;
    r->sum.topics = s->meta.data;
    r->sum.topics_len = s->meta.len;
    r->sum.body = s->frame.data;
    r->sum.body_len = s->frame.len;
    r->sum.spans = NULL;
    r->sum.spans_len = 0;
    if (r->sum.last - r->sum.first + 1 != r->sum.count) {
        r->sum.spans = s->spans.data;
        r->sum.spans_len = s->spans.len;
    }
    return hf_spool_block_add(s, &r->sum, err);
}

static bool
merge_lane(struct hf_spool *s, enum hf_lane lane)
{
    struct hf_error err = {0};
    struct run r;
    int rc;

    for (unsigned i = 0; i < HF_SINKS_MAX; i++) {
        int64_t frozen = 0;

        if (*s->now.sinks[i].name && hf_spool_frozen(s, &s->now.sinks[i], lane, &frozen, NULL) < 0)
            return false;
        if (frozen > s->merge_from[lane])
            s->merge_from[lane] = frozen;
    }
    if (find_run(s, lane, &r) <= 0 || hf_spool_begin(s, NULL) < 0)
        return false;
    rc = merge_run(s, &r, &err);
    if (rc == 0)
        hf_spool_forget_pending(s);
    if (rc < 0 || hf_spool_commit(s, &err) < 0) {
        hf_spool_rollback(s);
        s->merge_from[lane] = r.ids[r.count - 1]; /* not again and again */
    }
    return true;
}

void
hf_spool_merge(struct hf_spool *s)
{
    if (hf_clock_mono_ms() - s->acked_mono_ms < AWAY_MS || s->disk_full)
        return;
    for (int lane = HF_LANE_ALARM; lane < HF_LANE_COUNT; lane++)
        if (merge_lane(s, (enum hf_lane)lane))
            return;
}
