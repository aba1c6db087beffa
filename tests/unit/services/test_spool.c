// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/text.h"
#include "buffer/block.h"
#include "spoolkit.h"

#include <sqlite3.h>

#define NORMAL HF_LANE_NORMAL

static struct hf_spool *
open_spool(const char *dir, int64_t max_bytes)
{
    struct hf_spool_settings settings = spoolkit_settings(max_bytes);

    return spoolkit_open(dir, &settings);
}

static void
pain_08_deleted_only_when_acknowledged(void **state)
{
    HF_AUTO(hf_spool) struct hf_spool *s = open_spool(*state, 64 * MIB);
    struct hf_lease l, again;

    assert_int_equal(spoolkit_append(s, NORMAL, 0, 10, 200), HF_ERROR_NONE);
    assert_int_equal(spoolkit_lease(s, "uplink", NORMAL, MIB, &l), 1);
    assert_int_equal(spoolkit_status(s).books.held, 10);
    assert_int_equal(spoolkit_lease(s, "uplink", NORMAL, MIB, &again), 1);
    assert_int_equal(again.first, 1);
    assert_int_equal(again.last, 10);
    assert_int_equal(l.body.len, again.body.len);
    assert_memory_equal(l.body.data, again.body.data, l.body.len);
    assert_int_equal(spoolkit_ack(s, "uplink", &l, NULL, 0), HF_ERROR_NONE);
    assert_int_equal(spoolkit_ack(s, "uplink", &l, NULL, 0), HF_ERROR_NONE); /* once more */
    assert_int_equal(spoolkit_status(s).books.delivered, 10);
    assert_int_equal(spoolkit_status(s).blocks, 0);
    l.last = 99;
    assert_int_equal(spoolkit_ack(s, "uplink", &l, NULL, 0), HF_ERROR_CONFLICT);
    hf_buf_done(&l.body);
    hf_buf_done(&again.body);
}

static void
a_group_is_the_same_after_a_restart(void **state)
{
    struct hf_spool *s = open_spool(*state, 64 * MIB);
    struct hf_lease l, again;

    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(spoolkit_append(s, NORMAL, i * 10, i * 10 + 10, 200), HF_ERROR_NONE);
    assert_int_equal(spoolkit_lease(s, "uplink", NORMAL, MIB, &l), 1);
    assert_int_equal(l.last, 10); /* it may have been leased before */
    assert_true(l.more);
    assert_int_equal(spoolkit_ack(s, "uplink", &l, NULL, 0), HF_ERROR_NONE);
    hf_buf_done(&l.body);
    assert_int_equal(spoolkit_lease(s, "uplink", NORMAL, MIB, &l), 1);
    assert_int_equal(l.first, 11);
    assert_int_equal(l.last, 50);
    assert_int_equal(l.frames, 4);
    assert_int_equal(spoolkit_append(s, NORMAL, 50, 60, 200), HF_ERROR_NONE);
    hf_spool_close(s);
    s = open_spool(*state, 64 * MIB);
    assert_int_equal(spoolkit_lease(s, "uplink", NORMAL, 10, &again), 1);
    assert_int_equal(again.first, 11);
    assert_int_equal(again.last, 50);
    assert_int_equal(l.body.len, again.body.len);
    assert_memory_equal(l.body.data, again.body.data, l.body.len);
    assert_int_equal(spoolkit_ack(s, "uplink", &again, NULL, 0), HF_ERROR_NONE);
    hf_buf_done(&l.body);
    hf_buf_done(&again.body);
    assert_int_equal(spoolkit_drain(s, "uplink"), 10);
    hf_spool_close(s);
}

static int
reason_is_text(void *ctx, const struct hf_quarantined *q, struct hf_error *err)
{
    (void)err;
    assert_in_range(q->reason_len, 509, 512);
    assert_true(hf_text_utf8(q->reason, q->reason_len));
    ++*(int *)ctx;
    return 0;
}

/* Half a character in a reason would make the list of the quarantine no JSON. */
static void
a_long_reason_is_cut_at_a_character(void **state)
{
    struct hf_spool_settings settings = spoolkit_settings(64 * MIB);
    char reason[601] = "x";
    const struct hf_refused refused[] = {{.seq = 1, .status = 400, .reason = reason}};
    struct hf_spool *s = spoolkit_open(*state, &settings);
    struct hf_lease l;
    int seen = 0;

    for (size_t i = 1; i + 2 < sizeof reason; i += 2)
        memcpy(reason + i, "\xc3\xbc", 3);
    assert_int_equal(spoolkit_append(s, HF_LANE_NORMAL, 0, 2, 200), HF_ERROR_NONE);
    assert_int_equal(spoolkit_lease(s, "uplink", HF_LANE_UNSAID, MIB, &l), 1);
    hf_buf_done(&l.body);
    assert_int_equal(spoolkit_ack(s, "uplink", &l, refused, 1), HF_ERROR_NONE);
    assert_int_equal(hf_spool_quarantine_list(s, 0, 10, reason_is_text, &seen, NULL), 0);
    assert_int_equal(seen, 1);
    hf_spool_close(s);
}

/* Of what is behind a lease, which stays as it is. */
static void
a_peek_is_no_lease(void **state)
{
    struct hf_spool_settings settings = spoolkit_settings(64 * MIB);
    struct hf_spool *s = spoolkit_open(*state, &settings);
    struct hf_lease l, behind;

    assert_int_equal(hf_spool_peek(s, "uplink", HF_LANE_NORMAL, &behind, NULL), 0);
    assert_int_equal(spoolkit_append(s, HF_LANE_NORMAL, 0, 3, 200), HF_ERROR_NONE);
    assert_int_equal(spoolkit_lease(s, "uplink", HF_LANE_NORMAL, 1, &l), 1);
    assert_int_equal(hf_spool_peek(s, "uplink", HF_LANE_NORMAL, &behind, NULL), 0);
    assert_int_equal(spoolkit_append(s, HF_LANE_NORMAL, 3, 5, 200), HF_ERROR_NONE);
    assert_int_equal(spoolkit_append(s, HF_LANE_BULK, 5, 9, 200), HF_ERROR_NONE);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(hf_spool_peek(s, "uplink", HF_LANE_NORMAL, &behind, NULL), 1);
        assert_int_equal(behind.first, 4);
        assert_int_equal(behind.count, 2);
        hf_buf_done(&behind.body);
    }
    assert_int_equal(spoolkit_status(s).sinks[0].leased, 3);
    assert_int_equal(spoolkit_ack(s, "uplink", &l, NULL, 0), HF_ERROR_NONE);
    assert_int_equal(spoolkit_status(s).books.delivered, 3);
    hf_buf_done(&l.body);
    assert_int_equal(spoolkit_drain(s, "uplink"), 6);
    hf_spool_close(s);
}

static void
pain_07_the_books_balance_for_every_sink(void **state)
{
    struct hf_spool_settings settings = spoolkit_settings(64 * MIB);
    const struct hf_refused refused[] = {{.seq = 3, .status = 400, .reason = "no"}};
    struct hf_spool *s;
    struct hf_lease l;
    uint64_t count;

    snprintf(settings.sinks[1], sizeof settings.sinks[1], "second");
    settings.sink_count = 2;
    s = spoolkit_open(*state, &settings);
    assert_int_equal(spoolkit_append(s, HF_LANE_BULK, 0, 10, 200), HF_ERROR_NONE);
    assert_int_equal(spoolkit_append(s, HF_LANE_ALARM, 10, 15, 200), HF_ERROR_NONE);
    assert_int_equal(spoolkit_lease(s, "uplink", HF_LANE_UNSAID, MIB, &l), 1);
    assert_int_equal(l.lane, HF_LANE_ALARM);
    assert_int_equal(l.other_lanes, 1 << HF_LANE_BULK);
    hf_buf_done(&l.body);
    assert_int_equal(spoolkit_lease(s, "uplink", HF_LANE_BULK, MIB, &l), 1);
    hf_buf_done(&l.body);
    assert_int_equal(spoolkit_ack(s, "uplink", &l, refused, 1), HF_ERROR_NONE);
    assert_int_equal(spoolkit_status(s).books.held, 15); /* the second has none of it */
    assert_int_equal(spoolkit_status(s).sinks[0].quarantined, 1);
    assert_int_equal(spoolkit_drain(s, "second"), 15);
    assert_int_equal(spoolkit_status(s).books.held, 5);
    assert_int_equal(spoolkit_status(s).books.quarantined, 1);
    assert_int_equal(spoolkit_status(s).books.delivered, 9);

    /* Replayed, it goes to the one sink, with its number. */
    assert_int_equal(hf_spool_begin(s, NULL), 0);
    assert_int_equal(hf_spool_quarantine_replay(s, NULL, 0, &count, NULL), 0);
    assert_int_equal(hf_spool_commit(s, NULL), 0);
    assert_int_equal(count, 1);
    assert_int_equal(spoolkit_status(s).books.held, 6);
    assert_int_equal(spoolkit_lease(s, "second", HF_LANE_UNSAID, MIB, &l), 0);
    assert_int_equal(spoolkit_drain(s, "uplink"), 6);
    assert_int_equal(spoolkit_status(s).books.delivered, 15);
    assert_int_equal(spoolkit_status(s).books.quarantined, 0);
    hf_spool_close(s);
    s = spoolkit_open(*state, &settings);
    assert_int_equal(spoolkit_status(s).books.delivered, 15);
    hf_spool_close(s);
}

static void
pain_12_the_files_never_outgrow_their_cap(void **state)
{
    struct hf_spool *s = open_spool(*state, 32 * MIB);
    unsigned n = 0;

    while (spoolkit_append(s, NORMAL, n, n + 500, 1000) == HF_ERROR_NONE) {
        n += 500;
        hf_spool_tick(s);
        assert_true(spoolkit_status(s).disk_bytes <= 32 * MIB);
        assert_true(n < 60000);
    }
    assert_true(n > 5000);
    assert_string_not_equal(hf_spool_full(s), "");
    hf_spool_close(s);
    s = open_spool(*state, 32 * MIB); /* right after a restart too */
    assert_true(spoolkit_status(s).disk_bytes <= 32 * MIB);
    assert_int_equal(spoolkit_status(s).books.held, n);
    assert_int_equal(spoolkit_drain(s, "uplink"), n);
    hf_spool_tick(s);
    assert_string_equal(hf_spool_full(s), "");
    assert_int_equal(spoolkit_append(s, NORMAL, 0, 1, 50), HF_ERROR_NONE);
    hf_spool_close(s);
}

static void
pain_12_a_cap_that_is_lowered_is_reached(void **state)
{
    struct hf_spool_settings settings = spoolkit_settings(256 * MIB);
    struct hf_spool *s = spoolkit_open(*state, &settings);
    unsigned ticks = 0;

    for (unsigned n = 0; n < 60000; n += 1000)
        assert_int_equal(spoolkit_append(s, NORMAL, n, n + 1000, 1000), HF_ERROR_NONE);
    assert_true(spoolkit_status(s).disk_bytes > 32 * MIB);
    settings.max_bytes = 16 * MIB;
    settings.when_full = HF_WHEN_FULL_DROP_OLDEST;
    assert_int_equal(hf_spool_configure(s, &settings, NULL), 0);
    /* In life there is a second between two: what is tried again after one has the time for it
     * here, too. */
    while (spoolkit_status(s).disk_bytes > 16 * MIB && ticks++ < 1000) {
        hf_spool_tick(s);
        if (ticks > 100)
            usleep(5000);
    }
    assert_true(spoolkit_status(s).disk_bytes <= 16 * MIB);
    for (unsigned n = 0; n < 20000; n += 1000) {
        assert_int_equal(spoolkit_append(s, NORMAL, n, n + 1000, 1000), HF_ERROR_NONE);
        hf_spool_tick(s);
        assert_true(spoolkit_status(s).disk_bytes <= 16 * MIB);
    }
    hf_spool_close(s);
}

static void
the_oldest_go_and_are_told(void **state)
{
    struct hf_spool_settings settings = spoolkit_settings(32 * MIB);
    struct hf_shown_topic drops[HF_SHOWN_TOPICS];
    struct hf_spool *s;
    struct hf_spool_status st;
    size_t count;

    settings.when_full = HF_WHEN_FULL_DROP_LOWER;
    s = spoolkit_open(*state, &settings);
    assert_int_equal(spoolkit_append(s, HF_LANE_ALARM, 0, 10, 1000), HF_ERROR_NONE);
    for (unsigned n = 0; n < 40000; n += 500) {
        assert_int_equal(spoolkit_append(s, HF_LANE_BULK, n, n + 500, 1000), HF_ERROR_NONE);
        assert_true(spoolkit_status(s).disk_bytes <= 32 * MIB);
    }
    st = spoolkit_status(s);
    assert_true(st.books.dropped > 5000);
    assert_int_equal(st.lanes[HF_LANE_ALARM].held, 10);
    assert_true(st.lanes[NORMAL].held > 0); /* the gap records */
    assert_int_equal(hf_spool_top_drops(s, drops, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_string_equal(drops[0].topic, "t");
    assert_string_equal(drops[0].reason, "full");
    assert_int_equal(drops[0].records, st.books.dropped);
    hf_spool_close(s);
    s = spoolkit_open(*state, &settings); /* and is known after a restart */
    assert_int_equal(spoolkit_status(s).books.dropped, st.books.dropped);
    assert_int_equal(hf_spool_top_drops(s, drops, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_int_equal(drops[0].records, st.books.dropped);
    hf_spool_close(s);
}

static void
a_person_drops_all(void **state)
{
    HF_AUTO(hf_spool) struct hf_spool *s = open_spool(*state, 64 * MIB);

    assert_int_equal(spoolkit_append(s, NORMAL, 0, 10, 200), HF_ERROR_NONE);
    assert_int_equal(spoolkit_drop_step(s, &(struct hf_spool_drop){.until_ms = INT64_MAX}), 0);
    assert_int_equal(spoolkit_status(s).books.dropped, 10);
    assert_int_equal(spoolkit_append(s, NORMAL, 0, 1, 200), HF_ERROR_NONE);
    assert_int_equal(spoolkit_status(s).books.held, 2); /* with the gap record */
}

static void
drop_all(struct hf_spool *s)
{
    struct hf_spool_drop d = {.until_ms = INT64_MAX};

    assert_int_equal(spoolkit_drop_step(s, &d), 0);
}

/* A gap record that is dropped before anybody took it would hide the gap: it is told again. */
static void
a_dropped_gap_record_is_told_again(void **state)
{
    HF_AUTO(hf_spool) struct hf_spool *s = open_spool(*state, 64 * MIB);
    HF_AUTO_BUF struct hf_buf lines = HF_BUF_INIT(MIB);
    struct hf_lease l = {0};

    assert_int_equal(spoolkit_append(s, NORMAL, 0, 10, 200), HF_ERROR_NONE);
    drop_all(s);
    assert_int_equal(spoolkit_append(s, NORMAL, 0, 1, 200), HF_ERROR_NONE); /* 11, and 12 tells */
    drop_all(s);
    assert_int_equal(spoolkit_append(s, NORMAL, 0, 1, 200), HF_ERROR_NONE);
    assert_int_equal(spoolkit_status(s).books.held, 2);
    assert_int_equal(spoolkit_lease(s, "uplink", NORMAL, MIB, &l), 1);
    assert_int_equal(hf_block_unpack(l.body.data, l.body.len, &lines, NULL), 0);
    hf_buf_done(&l.body);
    assert_non_null(strstr(lines.data, "$holdfast/gap"));
    assert_non_null(strstr(lines.data, "\"spans\":[[\"1\",\"12\"]]"));
    assert_non_null(strstr(lines.data, "\"records\":12"));
}

static uint64_t
held_of(struct hf_spool *s, const char *topic)
{
    struct hf_shown_topic topics[HF_SHOWN_TOPICS];
    size_t count;

    assert_int_equal(hf_spool_top_topics(s, topics, &count, NULL), 0);
    for (size_t i = 0; i < count; i++)
        if (strcmp(topics[i].topic, topic) == 0)
            return topics[i].records;
    return 0;
}

static struct hf_spool_record
record_of(enum hf_lane lane, const char *topic, const char *reason, int64_t time_ms)
{
    static const char tail[] = ",\"time\":\"2026-11-24T03:01:33.123Z\",\"synced\":true,"
                               "\"topic\":\"x\",\"payload\":1}\n";

    return (struct hf_spool_record){.lane = lane,
                                    .time_ms = time_ms,
                                    .topic = topic,
                                    .topic_len = strlen(topic),
                                    .tail = tail,
                                    .tail_len = sizeof tail - 1,
                                    .reason = reason,
                                    .reason_len = reason ? strlen(reason) : 0,
                                    .payload_len = 1};
}

static void
append_all(struct hf_spool *s, const struct hf_spool_record *r, size_t n, uint64_t *first,
           uint64_t *last)
{
    assert_int_equal(hf_spool_begin(s, NULL), 0);
    assert_int_equal(hf_spool_append(s, r, n, first, last, NULL), 0);
    assert_int_equal(hf_spool_commit(s, NULL), 0);
}

static void
a_rollback_forgets_all(void **state)
{
    HF_AUTO(hf_spool) struct hf_spool *s = open_spool(*state, 64 * MIB);
    const struct hf_spool_record r = record_of(NORMAL, "new", NULL, 1795493037227);
    struct hf_spool_drop d = {.until_ms = INT64_MAX};
    uint64_t first, last;

    assert_int_equal(spoolkit_append(s, NORMAL, 0, 10, 200), HF_ERROR_NONE);
    assert_int_equal(hf_spool_begin(s, NULL), 0);
    assert_int_equal(hf_spool_drop(s, &d, NULL), 0);
    assert_int_equal(hf_spool_append(s, &r, 1, &first, &last, NULL), 0);
    hf_spool_rollback(s);
    assert_int_equal(held_of(s, "t"), 10);
    assert_int_equal(held_of(s, "new"), 0);
    append_all(s, &r, 1, &first, &last);
    assert_int_equal(first, 11);
    assert_int_equal(held_of(s, "new"), 1);
    assert_int_equal(spoolkit_status(s).books.held, 11);
}

/* A small rest would be a lease and a request of its own. */
static void
blocks_of_a_large_batch_are_of_one_size(void **state)
{
    const struct hf_spool_settings settings = spoolkit_settings(64 * MIB);
    HF_AUTO(hf_spool) struct hf_spool *s = spoolkit_open(*state, &settings);
    const size_t size = 10000, most = (size_t)MIB / 10000;
    struct hf_lease l = {0};
    unsigned left = (unsigned)most + 10;

    assert_int_equal(spoolkit_append(s, HF_LANE_NORMAL, 0, left, size), HF_ERROR_NONE);
    assert_int_equal(spoolkit_status(s).blocks, 2);
    assert_int_equal(spoolkit_status(s).sinks[0].leased_bytes, 0);
    assert_int_equal(spoolkit_lease(s, "uplink", HF_LANE_NORMAL, 1, &l), 1);
    assert_in_range(l.count, left / 2, left / 2 + 1);
    assert_int_equal(spoolkit_status(s).sinks[0].leased_bytes, l.raw_bytes);
    hf_buf_done(&l.body);
}

/* Alarms first; what comes in steadily does not hold up the backlog of the lowest lane. */
static void
normal_and_bulk_take_turns(void **state)
{
    static const enum hf_lane expected[] = {HF_LANE_NORMAL, HF_LANE_BULK, HF_LANE_ALARM,
                                            HF_LANE_BULK,   HF_LANE_BULK, HF_LANE_BULK,
                                            HF_LANE_NORMAL};
    HF_AUTO(hf_spool) struct hf_spool *s = open_spool(*state, 64 * MIB);

    for (unsigned i = 0; i < HF_LEN(expected); i++) {
        struct hf_lease l;

        assert_int_equal(spoolkit_append(s, HF_LANE_BULK, 0, 1, 200), HF_ERROR_NONE);
        assert_int_equal(spoolkit_append(s, HF_LANE_NORMAL, 0, 1, 200), HF_ERROR_NONE);
        if (expected[i] == HF_LANE_ALARM)
            assert_int_equal(spoolkit_append(s, HF_LANE_ALARM, 0, 1, 200), HF_ERROR_NONE);
        assert_int_equal(spoolkit_lease(s, "uplink", HF_LANE_UNSAID, MIB, &l), 1);
        assert_int_equal(l.lane, expected[i]);
        hf_buf_done(&l.body);
        assert_int_equal(spoolkit_ack(s, "uplink", &l, NULL, 0), HF_ERROR_NONE);
    }
}

static void
lanes_of_a_batch_are_numbered_apart(void **state)
{
    HF_AUTO(hf_spool) struct hf_spool *s = open_spool(*state, 64 * MIB);
    const struct hf_spool_record r[] = {record_of(HF_LANE_BULK, "b", NULL, 1795493037227),
                                        record_of(HF_LANE_ALARM, "a", NULL, 1795493037227),
                                        record_of(NORMAL, "n", NULL, 1795493037227),
                                        record_of(HF_LANE_ALARM, "a", NULL, 1795493037227)};
    struct hf_read_ask ask = {.max_blocks = 2, .max_bytes = (size_t)MIB, .to_ms = INT64_MAX};
    struct hf_read got;
    uint64_t first, last;

    append_all(s, r, HF_LEN(r), &first, &last);
    assert_int_equal(first, 1);
    assert_int_equal(last, 4);
    append_all(s, r, 1, &first, &last);
    assert_int_equal(hf_spool_read(s, &ask, &got, NULL), 0); /* the newest first */
    assert_int_equal(got.count, 2);
    assert_int_equal(got.blocks[0].first, 5);
    assert_int_equal(got.blocks[1].first, 4);
    assert_int_equal(got.blocks[1].lane, HF_LANE_BULK);
    hf_buf_done(&got.body);
    ask.from_block = got.next_block;
    assert_int_equal(hf_spool_read(s, &ask, &got, NULL), 0);
    assert_int_equal(got.count, 2);
    assert_int_equal(got.blocks[0].first, 3);
    assert_int_equal(got.blocks[1].first, 1);
    assert_int_equal(got.blocks[1].last, 2);
    assert_int_equal(got.next_block, 0);
    hf_buf_done(&got.body);
    ask = (struct hf_read_ask){.oldest_first = true,
                               .lane = HF_LANE_BULK,
                               .max_blocks = 9,
                               .max_bytes = (size_t)MIB,
                               .to_ms = INT64_MAX};
    assert_int_equal(hf_spool_read(s, &ask, &got, NULL), 0);
    assert_int_equal(got.count, 2);
    assert_int_equal(got.blocks[0].first, 4);
    assert_int_equal(got.blocks[1].first, 5);
    hf_buf_done(&got.body);
}

static void
the_aged_go_past_those_of_a_wrong_clock(void **state)
{
    struct hf_spool_settings settings = spoolkit_settings(64 * MIB);
    struct hf_shown_topic drops[HF_SHOWN_TOPICS];
    HF_AUTO(hf_spool) struct hf_spool *s = NULL;
    int64_t now = hf_clock_wall_ms();
    const struct hf_spool_record r[] = {record_of(NORMAL, "no-clock", NULL, 1000),
                                        record_of(NORMAL, "future", NULL, now + 86400000),
                                        record_of(NORMAL, "old", NULL, now - 7200000),
                                        record_of(NORMAL, "young", NULL, now)};
    uint64_t first, last;
    size_t count;

    settings.max_age_ms = 3600000;
    s = spoolkit_open(*state, &settings);
    for (size_t i = 0; i < HF_LEN(r); i++)
        append_all(s, &r[i], 1, &first, &last);
    hf_spool_tick(s);
    assert_int_equal(spoolkit_status(s).books.dropped, 1);
    assert_int_equal(hf_spool_top_drops(s, drops, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_string_equal(drops[0].topic, "old");
    assert_string_equal(drops[0].reason, "age");
}

static void
free_space_is_kept(void **state)
{
    struct hf_spool_settings settings = spoolkit_settings(64 * MIB);
    HF_AUTO(hf_spool) struct hf_spool *s = spoolkit_open(*state, &settings);

    assert_int_equal(spoolkit_append(s, NORMAL, 0, 10, 200), HF_ERROR_NONE);
    settings.keep_free_bytes = INT64_MAX;
    assert_int_equal(hf_spool_configure(s, &settings, NULL), 0);
    hf_spool_tick(s);
    assert_string_not_equal(hf_spool_full(s), "");
    assert_int_equal(spoolkit_append(s, NORMAL, 0, 1, 200), HF_ERROR_NO_SPACE);
    assert_int_equal(spoolkit_status(s).books.held, 10);
    settings.when_full = HF_WHEN_FULL_DROP_OLDEST;
    assert_int_equal(hf_spool_configure(s, &settings, NULL), 0);
    hf_spool_tick(s);
    assert_int_equal(spoolkit_status(s).books.dropped, 10);
    settings.keep_free_bytes = 0;
    assert_int_equal(hf_spool_configure(s, &settings, NULL), 0);
    hf_spool_tick(s);
    assert_int_equal(spoolkit_append(s, NORMAL, 0, 1, 200), HF_ERROR_NONE);
}

static void
what_the_processor_refused_can_be_replayed(void **state)
{
    HF_AUTO(hf_spool) struct hf_spool *s = open_spool(*state, 64 * MIB);
    const struct hf_spool_record r = record_of(NORMAL, "bad", "no number", 1795493037227);
    uint64_t first, last, count;

    append_all(s, &r, 1, &first, &last);
    assert_int_equal(first, 0);
    assert_int_equal(spoolkit_status(s).books.quarantined, 1);
    assert_int_equal(hf_spool_begin(s, NULL), 0);
    assert_int_equal(hf_spool_quarantine_replay(s, NULL, 0, &count, NULL), 0);
    assert_int_equal(hf_spool_commit(s, NULL), 0);
    assert_int_equal(count, 1);
    assert_int_equal(spoolkit_status(s).books.quarantined, 0);
    assert_int_equal(spoolkit_status(s).books.accepted, 1);
    assert_int_equal(spoolkit_drain(s, "uplink"), 1);
    for (int i = 0; i < 21; i++) { /* more than is kept */
        struct hf_spool_record many[500];

        for (size_t k = 0; k < HF_LEN(many); k++)
            many[k] = r;
        append_all(s, many, HF_LEN(many), &first, &last);
    }
    assert_int_equal(spoolkit_status(s).quarantine_items, 10000);
    assert_int_equal(spoolkit_status(s).books.dropped, 500);
}

static void
sinks_come_and_go(void **state)
{
    struct hf_spool_settings settings = spoolkit_settings(64 * MIB);
    HF_AUTO(hf_spool) struct hf_spool *s = NULL;

    settings.sink_count = 0;
    s = spoolkit_open(*state, &settings);
    assert_int_equal(spoolkit_append(s, NORMAL, 0, 10, 200), HF_ERROR_NONE);
    hf_spool_tick(s);
    assert_int_equal(spoolkit_status(s).books.held, 10); /* for whoever comes */
    settings.sink_count = 2;
    snprintf(settings.sinks[1], sizeof settings.sinks[1], "second");
    assert_int_equal(hf_spool_configure(s, &settings, NULL), 0);
    assert_int_equal(spoolkit_drain(s, "uplink"), 10);
    assert_int_equal(spoolkit_status(s).books.held, 10);
    settings.sink_count = 1; /* the second does not wait for it any more */
    assert_int_equal(hf_spool_configure(s, &settings, NULL), 0);
    hf_spool_tick(s);
    assert_int_equal(spoolkit_status(s).books.held, 0);
    assert_int_equal(spoolkit_status(s).books.delivered, 10);
}

static void
small_blocks_merge_while_the_uplink_is_away(void **state)
{
    enum { BLOCKS = 600, AWAY_US = 10100 * 1000 };
    HF_AUTO(hf_spool) struct hf_spool *s = open_spool(*state, 64 * MIB);
    struct hf_spool_status st;

    for (unsigned i = 0; i < BLOCKS; i++) /* of two lanes: numbers of a lane are not dense */
        assert_int_equal(spoolkit_append(s, i % 3 ? NORMAL : HF_LANE_BULK, i, i + 1, 200),
                         HF_ERROR_NONE);
    hf_spool_tick(s);
    assert_int_equal(spoolkit_status(s).blocks, BLOCKS);
    usleep(AWAY_US);
    for (int i = 0; i < 4; i++)
        hf_spool_tick(s);
    st = spoolkit_status(s);
    assert_true(st.blocks < BLOCKS - 200);
    assert_int_equal(st.books.held, BLOCKS);
    assert_int_equal(spoolkit_drain(s, "uplink"), BLOCKS);
    assert_int_equal(spoolkit_status(s).books.delivered, BLOCKS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(pain_08_deleted_only_when_acknowledged),
        with_tempdir(a_group_is_the_same_after_a_restart),
        with_tempdir(a_peek_is_no_lease),
        with_tempdir(pain_07_the_books_balance_for_every_sink),
        with_tempdir(a_long_reason_is_cut_at_a_character),
        with_tempdir(pain_12_the_files_never_outgrow_their_cap),
        with_tempdir(pain_12_a_cap_that_is_lowered_is_reached),
        with_tempdir(the_oldest_go_and_are_told),
        with_tempdir(a_person_drops_all),
        with_tempdir(a_dropped_gap_record_is_told_again),
        with_tempdir(a_rollback_forgets_all),
        with_tempdir(blocks_of_a_large_batch_are_of_one_size),
        with_tempdir(normal_and_bulk_take_turns),
        with_tempdir(lanes_of_a_batch_are_numbered_apart),
        with_tempdir(the_aged_go_past_those_of_a_wrong_clock),
        with_tempdir(free_space_is_kept),
        with_tempdir(what_the_processor_refused_can_be_replayed),
        with_tempdir(sinks_come_and_go),
        with_tempdir(small_blocks_merge_while_the_uplink_is_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
