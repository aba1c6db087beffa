// SPDX-License-Identifier: Apache-2.0
/* Transactions: what was given is numbered, stitched into lines, compressed, and written. */
#include "buffer/spool_private.h"

#include "base/clock.h"
#include "base/text.h"
#include "buffer/block.h"

#include <stdio.h>
#include <string.h>

enum {
    BUFFER_KEEP = 2 * 1024 * 1024, /* memory that a buffer keeps between commits */
    BLOCK_SLACK = 16 * 1024,       /* pages that a block takes beside its body */
    COLLECT_STEP = 256,            /* blocks deleted by one commit for each lane */
    HEAD_USUAL = 64,               /* bytes of a line before its tail */
};

void
hf_spool_render_head(struct hf_spool *s, const char *gateway)
{
    s->head_len =
        (size_t)snprintf(s->head, sizeof s->head,
                         "{\"gateway\":\"%s\",\"epoch\":\"%08x\",\"seq\":", gateway, s->now.epoch);
}

int
hf_spool_begin(struct hf_spool *s, struct hf_error *err)
{
    if (s->damaged && hf_spool_salvage(s, &s->saved, err) < 0)
        return -1;
    if (!hf_spool_is_open(s))
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "the store is not open");
    s->failed = s->touched = false;
    s->batch_count = 0;
    s->block_bytes = HF_SPOOL_BLOCK_BYTES;
    if (hf_spool_write(s, s->q[Q_BEGIN], err) < 0)
        return -1;
    s->touched = false;
    hf_spool_render_head(s, s->settings.gateway);
    return 0;
}

void
hf_spool_forget_pending(struct hf_spool *s)
{
    for (size_t i = 0; i < s->pending_count; i++)
        s->topics[s->pending_topics[i]].pending = 0;
    s->pending_count = 0;
    s->raw_count = 0;
    hf_buf_clear(&s->raw);
}

void
hf_spool_rollback(struct hf_spool *s)
{
    if (s->db && !sqlite3_get_autocommit(s->db)) {
        (void)sqlite3_step(s->q[Q_ROLLBACK]);
        sqlite3_reset(s->q[Q_ROLLBACK]);
    }
    hf_spool_forget_pending(s);
    hf_spool_topics_rollback(s);
    s->now = s->saved;
    s->batch_count = 0;
}

int
hf_spool_append(struct hf_spool *s, const struct hf_spool_record *records, size_t count,
                uint64_t *ret_first, uint64_t *ret_last, struct hf_error *err)
{
    if (*s->full)
        return hf_error_set(err, HF_ERROR_NO_SPACE, "%s", s->full);
    if (s->batch_count == HF_SPOOL_BATCHES_MAX)
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "too many batches for one commit");
    s->batches[s->batch_count++] = (struct hf_spool_batch){
        .records = records, .count = count, .ret_first = ret_first, .ret_last = ret_last};
    return 0;
}

/* ---- blocks ---- */

static int
render_topics(struct hf_spool *s, struct hf_error *err)
{
    hf_buf_clear(&s->meta);
    for (size_t i = 0; i < s->pending_count; i++) {
        unsigned id = s->pending_topics[i];

        if (hf_spool_add_pair(&s->meta, id, s->topics[id].pending, err) < 0)
            return -1;
    }
    return 0;
}

static void
accept_for_sinks(struct hf_spool *s, uint64_t count)
{
    s->now.accepted += count;
    for (unsigned i = 0; i < HF_SINKS_MAX; i++)
        if (*s->now.sinks[i].name)
            s->now.sinks[i].accepted += count;
}

int
hf_spool_close_block(struct hf_spool *s, enum hf_lane lane, struct hf_error *err)
{
    struct hf_block_row b = {.lane = lane,
                             .epoch = s->now.epoch,
                             .first = s->raw_first,
                             .last = s->raw_first + s->raw_count - 1,
                             .count = s->raw_count,
                             .weight = s->raw_count,
                             .oldest_ms = s->raw_oldest_ms,
                             .newest_ms = s->raw_newest_ms,
                             .raw = s->raw.len};

    if (!s->raw_count)
        return 0;
    hf_buf_clear(&s->frame);
    if (render_topics(s, err) < 0 || hf_block_pack(s->raw.data, s->raw.len, &s->frame, err) < 0)
        return -1;
    if (hf_spool_make_room(s, (int64_t)(s->frame.len + s->meta.len) + BLOCK_SLACK, err) < 0)
        return -1;
    b.topics = s->meta.data;
    b.topics_len = s->meta.len;
    b.body = s->frame.data;
    b.body_len = s->frame.len;
    if (hf_spool_block_add(s, &b, err) < 0)
        return -1;
    accept_for_sinks(s, s->raw_count);
    hf_spool_forget_pending(s);
    return 0;
}

static int
add_head(struct hf_spool *s, size_t more, struct hf_error *err)
{
    char *to = hf_buf_reserve(&s->raw, s->head_len + HF_TEXT_U64_MAX + more);

    if (!to)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "a record is too large");
    memcpy(to, s->head, s->head_len);
    s->raw.len += s->head_len + hf_text_put_u64(to + s->head_len, s->now.next_seq);
    return 0;
}

int
hf_spool_stitch(struct hf_spool *s, enum hf_lane lane, int64_t time_ms, const char *topic,
                size_t topic_len, const char *tail, size_t tail_len, struct hf_error *err)
{
    unsigned id;

    if (s->raw.len + tail_len > s->block_bytes && hf_spool_close_block(s, lane, err) < 0)
        return -1;
    if (hf_spool_topics_id(s, topic, topic_len, &id, err) < 0 || add_head(s, tail_len, err) < 0 ||
        hf_buf_add(&s->raw, tail, tail_len, err) < 0)
        return -1;
    if (s->topics[id].pending++ == 0)
        s->pending_topics[s->pending_count++] = (uint16_t)id;
    if (!s->raw_count++) {
        s->raw_first = s->now.next_seq;
        s->raw_oldest_ms = s->raw_newest_ms = time_ms;
    }
    if (time_ms < s->raw_oldest_ms)
        s->raw_oldest_ms = time_ms;
    if (time_ms > s->raw_newest_ms)
        s->raw_newest_ms = time_ms;
    s->now.next_seq++;
    return 0;
}

/* ---- commit ---- */

/* One that the processor could make nothing of: as a line without a number. */
static int
quarantine(struct hf_spool *s, const struct hf_spool_record *r, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf line = HF_BUF_INIT(HF_SPOOL_LINES_MAX);
    struct hf_quarantined q = {.sink = "processor",
                               .at_ms = hf_clock_wall_ms(),
                               .time_ms = r->time_ms,
                               .topic = r->topic,
                               .topic_len = r->topic_len,
                               .reason = r->reason,
                               .reason_len = r->reason_len};

    if (hf_buf_addf(&line, err, "{\"gateway\":\"%s\"", s->settings.gateway) < 0 ||
        hf_buf_add(&line, r->tail, r->tail_len, err) < 0 ||
        hf_spool_make_room(s, (int64_t)line.len + BLOCK_SLACK, err) < 0)
        return -1;
    q.line = line.data;
    q.line_len = line.len;
    s->now.accepted++;
    s->now.quarantined++;
    return hf_spool_quarantine_add(s, &q, r->lane, 0, true, err);
}

static int
add_record(struct hf_spool *s, struct hf_spool_batch *b, const struct hf_spool_record *r,
           struct hf_error *err)
{
    if (r->reason_len)
        return quarantine(s, r, err);
    if (!b->first)
        b->first = s->now.next_seq;
    b->last = s->now.next_seq;
    s->now.payload_bytes += r->payload_len;
    return hf_spool_stitch(s, r->lane, r->time_ms, r->topic, r->topic_len, r->tail, r->tail_len,
                           err);
}

/* Where to close the blocks of a lane, so that they are of one size and no small one is left over,
 * which would be a lease and a request of its own. */
static size_t
even_block(const struct hf_spool *s, enum hf_lane lane)
{
    size_t total = 0, largest = 0, even;

    for (size_t i = 0; i < s->batch_count; i++)
        for (size_t k = 0; k < s->batches[i].count; k++) {
            const struct hf_spool_record *r = &s->batches[i].records[k];
            size_t bytes = r->lane == lane ? HEAD_USUAL + r->tail_len : 0;

            total += bytes;
            largest = bytes > largest ? bytes : largest;
        }
    even = total / (total / HF_SPOOL_BLOCK_BYTES + 1) + largest;
    return even < HF_SPOOL_BLOCK_BYTES ? even : HF_SPOOL_BLOCK_BYTES;
}

static int
add_lane(struct hf_spool *s, enum hf_lane lane, struct hf_error *err)
{
    s->block_bytes = even_block(s, lane);
    if (lane == HF_LANE_NORMAL && s->now.gaps && hf_spool_tell_gaps(s, err) < 0)
        return -1;
    for (size_t i = 0; i < s->batch_count; i++) {
        struct hf_spool_batch *b = &s->batches[i];

        for (size_t k = 0; k < b->count; k++)
            if (b->records[k].lane == lane && add_record(s, b, &b->records[k], err) < 0)
                return -1;
    }
    return hf_spool_close_block(s, lane, err);
}

static int
write_all(struct hf_spool *s, struct hf_error *err)
{
    for (int lane = HF_LANE_ALARM; s->batch_count && lane < HF_LANE_COUNT; lane++)
        if (add_lane(s, (enum hf_lane)lane, err) < 0)
            return -1;
    if (hf_spool_quarantine_trim(s, err) < 0)
        return -1;
    for (int lane = HF_LANE_ALARM; s->touched && lane < HF_LANE_COUNT; lane++)
        if (hf_spool_collect(s, (enum hf_lane)lane, COLLECT_STEP, err) < 0)
            return -1;
    return hf_spool_write_state(s, err);
}

static void
give_numbers(struct hf_spool *s)
{
    for (size_t i = 0; i < s->batch_count; i++) {
        *s->batches[i].ret_first = s->batches[i].first;
        *s->batches[i].ret_last = s->batches[i].last;
    }
    s->batch_count = 0;
}

int
hf_spool_commit(struct hf_spool *s, struct hf_error *err)
{
    if (s->failed)
        return hf_spool_refuse(s, err);
    if (write_all(s, err) < 0)
        return -1;
    if (!s->touched) { /* acknowledged before: no write */
        hf_spool_rollback(s);
        return 0;
    }
    if (hf_spool_write(s, s->q[Q_COMMIT], err) < 0)
        return -1;
    s->saved = s->now;
    hf_spool_topics_commit(s);
    s->commits++;
    give_numbers(s);
    if (s->raw.cap > BUFFER_KEEP)
        hf_buf_done(&s->raw);
    if (s->frame.cap > BUFFER_KEEP)
        hf_buf_done(&s->frame);
    if (s->wal_pages >= 2 * s->checkpoint_pages) /* it must not wait for the tick */
        hf_spool_checkpoint(s, s->checkpoint_pages);
    return 0;
}
