// SPDX-License-Identifier: Apache-2.0
/* A spool for tests: records in, leases out, books that must balance. */
#pragma once

#include "buffer/block.h"
#include "buffer/spool.h"
#include "tempdir.h"
#include "unit.h"

static const int64_t MIB = 1024LL * 1024;

static inline struct hf_spool_settings
spoolkit_settings(int64_t max_bytes)
{
    return (struct hf_spool_settings){
        .gateway = "g", .max_bytes = max_bytes, .sinks = {"uplink"}, .sink_count = 1};
}

static inline struct hf_spool *
spoolkit_open(const char *dir, const struct hf_spool_settings *settings)
{
    struct hf_spool *s = NULL;
    struct hf_error err = {0};

    if (hf_spool_open(dir, settings, &s, &err) < 0)
        fail_msg("%s", err.message);
    return s;
}

/* The books, which balance, for each sink too. */
static inline struct hf_spool_status
spoolkit_status(struct hf_spool *s)
{
    struct hf_spool_status st;

    hf_spool_get_status(s, &st);
    assert_int_equal(st.books.accepted,
                     st.books.delivered + st.books.held + st.books.dropped + st.books.quarantined);
    for (size_t i = 0; i < st.sink_count; i++)
        assert_int_equal(st.sinks[i].accepted, st.sinks[i].delivered + st.sinks[i].held +
                                                   st.sinks[i].dropped + st.sinks[i].quarantined);
    return st;
}

/* Commits records n = from to to - 1 of about size bytes; returns the class of the error. */
static inline enum hf_error_class
spoolkit_append(struct hf_spool *s, enum hf_lane lane, unsigned from, unsigned to, size_t size)
{
    struct hf_spool_record *records = calloc(to - from, sizeof *records);
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT((size_t)(64 * MIB));
    struct hf_error err = {0};
    uint64_t first = 0, last = 0;
    unsigned noise = from * 2654435761U + 1;
    int rc;

    assert_non_null(records);
    for (unsigned n = from; n < to; n++) {
        struct hf_spool_record *r = &records[n - from];
        size_t at = text.len;

        assert_int_equal(hf_buf_addf(&text, NULL,
                                     ",\"time\":\"2026-11-24T03:01:33.123Z\",\"synced\":true,"
                                     "\"topic\":\"t\",\"payload\":{\"n\":%u,\"pad\":\"",
                                     n),
                         0);
        while (text.len - at + 4 < size) { /* hardly compressible */
            char c;

            noise = noise * 1664525U + 1013904223U;
            c = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"[noise >> 26];
            assert_int_equal(hf_buf_add(&text, &c, 1, NULL), 0);
        }
        assert_int_equal(hf_buf_adds(&text, "\"}}\n", NULL), 0);
        *r = (struct hf_spool_record){.lane = lane,
                                      .time_ms = 1795493037227,
                                      .topic = "t",
                                      .topic_len = 1,
                                      .tail_len = text.len - at,
                                      .payload_len = size};
    }
    for (size_t i = 0, at = 0; i < to - from; at += records[i++].tail_len)
        records[i].tail = text.data + at;
    rc = hf_spool_begin(s, &err);
    if (rc == 0)
        rc = hf_spool_append(s, records, to - from, &first, &last, &err);
    if (rc == 0)
        rc = hf_spool_commit(s, &err);
    if (rc < 0)
        hf_spool_rollback(s);
    else
        assert_int_equal(last - first + 1, to - from);
    free(records);
    return rc < 0 ? err.class : HF_ERROR_NONE;
}

/* Leases; free body with hf_buf_done(). 0 where nothing is there. */
static inline int
spoolkit_lease(struct hf_spool *s, const char *sink, enum hf_lane lane, size_t max,
               struct hf_lease *l)
{
    struct hf_error err = {0};
    int rc = hf_spool_lease(s, sink, lane, max, l, &err);

    if (rc < 0)
        fail_msg("%s", err.message);
    return rc;
}

static inline enum hf_error_class
spoolkit_ack(struct hf_spool *s, const char *sink, const struct hf_lease *l,
             const struct hf_refused *refused, size_t count)
{
    struct hf_error err = {0};
    int rc;

    assert_int_equal(hf_spool_begin(s, NULL), 0);
    rc = hf_spool_ack(s, sink, l->lane, l->epoch, l->first, l->last, refused, count, &err);
    if (rc >= 0)
        rc = hf_spool_commit(s, &err);
    if (rc < 0)
        hf_spool_rollback(s);
    return rc < 0 ? err.class : HF_ERROR_NONE;
}

/* One step of a person's drop: 1 where there may be more. */
static inline int
spoolkit_drop_step(struct hf_spool *s, struct hf_spool_drop *d)
{
    int rc;

    assert_int_equal(hf_spool_begin(s, NULL), 0);
    rc = hf_spool_drop(s, d, NULL);
    assert_true(rc >= 0);
    assert_int_equal(hf_spool_commit(s, NULL), 0);
    return rc;
}

/* Takes all that is there, in order; returns how many records. Damage that an acknowledgement finds
 * is mended by the next try. */
static inline uint64_t
spoolkit_drain(struct hf_spool *s, const char *sink)
{
    struct hf_lease l;
    enum hf_error_class class;
    uint64_t count = 0;
    int damaged = 0;

    while (spoolkit_lease(s, sink, HF_LANE_UNSAID, (size_t)MIB, &l)) {
        HF_AUTO_BUF struct hf_buf lines = HF_BUF_INIT((size_t)(64 * MIB));
        uint64_t n = 0;

        assert_int_equal(hf_block_unpack(l.body.data, l.body.len, &lines, NULL), 0);
        hf_buf_done(&l.body);
        assert_int_equal(lines.len, l.raw_bytes);
        for (const char *c = lines.data; (c = strchr(c, '\n')); c++)
            n++;
        assert_int_equal(n, l.count);
        class = spoolkit_ack(s, sink, &l, NULL, 0);
        if (class == HF_ERROR_UNAVAILABLE && damaged++ < 3)
            continue;
        assert_int_equal(class, HF_ERROR_NONE);
        count += n;
    }
    return count;
}
