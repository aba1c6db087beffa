// SPDX-License-Identifier: Apache-2.0
/*
 * Records on disk until they are delivered: one SQLite file in WAL mode with synchronous=FULL. What
 * hf_spool_commit() has returned from survives a power cut. One thread owns a spool.
 *
 * The file is bounded: max_bytes holds for all files together, but while a damaged one is saved
 * into a new one: then for each of the two. The reserve is a file of zeros that is given up when
 * the disk is full, so that acknowledging and deleting go on; nothing is accepted until it is back.
 *
 *     accepted = delivered + held + dropped + quarantined      in every committed state
 */
#pragma once

#include "base/buf.h"
#include "buffer/records.h"

#include <stdbool.h>
#include <stdint.h>

struct hf_spool;

enum {
    HF_EPOCH_SIZE = 9,
    HF_SPOOL_ALARM_MAX = 256,
    HF_GATEWAY_MAX = 64,
    HF_RESTORED_MAX = 33,
    HF_ORIGIN_SIZE = HF_GATEWAY_MAX + HF_RESTORED_MAX,
    HF_SHOWN_TOPIC_SIZE = 128, /* of a topic in status lists, cut at a character */
    HF_SHOWN_TOPICS = 50,
    HF_READ_BLOCKS_MAX = 16,
};

struct hf_spool_settings {
    char gateway[HF_GATEWAY_MAX];
    char restored[HF_RESTORED_MAX]; /* from which backup; "": from none. See hf_spool_configure() */
    int64_t max_bytes;              /* of all files together */
    int64_t max_age_ms;             /* 0: none */
    int64_t keep_free_bytes;        /* of the file system */
    int64_t window_ms;              /* of durability: a commit must not wait for more than two */
    enum hf_when_full when_full;
    char sinks[HF_SINKS_MAX][HF_SINK_NAME_SIZE]; /* others are removed */
    size_t sink_count;
};

/* Opens or makes the file. From a damaged one all readable blocks are taken over into a new one,
 * under a new epoch; the old one is kept as `buffer.db.damaged` as long as both have room under
 * max_bytes, and hf_spool_alarm() says what was lost. */
HF_MUST int hf_spool_open(const char *dir, const struct hf_spool_settings *settings,
                          struct hf_spool **ret_spool, struct hf_error *err);
void hf_spool_close(struct hf_spool *s);
HF_DEFINE_AUTO(struct hf_spool, hf_spool, hf_spool_close)

/* False after a fault of the disk, or damage that not even a new file could follow: hf_spool_full()
 * says what; close it and open again. */
bool hf_spool_is_open(const struct hf_spool *s);

/* Takes other settings over; outside a transaction. Another gateway than before, or the same one
 * restored from a backup since, begins a new epoch: its numbers are not those of this file. */
HF_MUST int hf_spool_configure(struct hf_spool *s, const struct hf_spool_settings *settings,
                               struct hf_error *err);

/* A transaction: begin, any of append, ack, drop and quarantine, commit. After an error of any of
 * them but ack call hf_spool_rollback(). After HF_ERROR_NO_SPACE the reserve has been given up, and
 * the acks alone, tried again, find room. */
HF_MUST int hf_spool_begin(struct hf_spool *s, struct hf_error *err);
/* May be called several times in a transaction. The records are read by the commit, and stay the
 * caller's. The numbers are known after it: alarm first, then normal, then bulk. *ret_first and
 * *ret_last are written by hf_spool_commit() (0 where all went to the quarantine). */
HF_MUST int hf_spool_append(struct hf_spool *s, const struct hf_spool_record *records, size_t count,
                            uint64_t *ret_first, uint64_t *ret_last, struct hf_error *err);
/* refused is sorted by number. 1: it ends the lease; 0: it was acknowledged before, or dropped
 * since, and a lease that is out is another one.
 * HF_ERROR_CONFLICT: another epoch, or no span that was leased. An error leaves the transaction
 * usable. */
HF_MUST int hf_spool_ack(struct hf_spool *s, const char *sink, enum hf_lane lane, const char *epoch,
                         uint64_t first, uint64_t last, const struct hf_refused *refused,
                         size_t refused_count, struct hf_error *err);
struct hf_spool_drop {
    enum hf_lane lane; /* HF_LANE_UNSAID: all */
    int64_t until_ms;
    uint64_t count; /* records dropped so far */
    /* Where it is: zero before the first step. */
    int64_t up_to;
    int64_t after[HF_LANE_COUNT];
};

/* Within a transaction. Drops whole blocks that were there at the first step and whose newest
 * record is not younger; counted for the reason `person`. A step is bounded, so that commits go on
 * between two of them. 1: there may be more; 0: that was all. */
HF_MUST int hf_spool_drop(struct hf_spool *s, struct hf_spool_drop *d, struct hf_error *err);
/* Within a transaction; count 0 means all. Replay gives a record to its sink again with its number;
 * one whose sink is configured no more stays. */
HF_MUST int hf_spool_quarantine_replay(struct hf_spool *s, const uint64_t *ids, size_t count,
                                       uint64_t *ret_count, struct hf_error *err);
HF_MUST int hf_spool_quarantine_drop(struct hf_spool *s, const uint64_t *ids, size_t count,
                                     uint64_t *ret_count, struct hf_error *err);
HF_MUST int hf_spool_commit(struct hf_spool *s, struct hf_error *err);
void hf_spool_rollback(struct hf_spool *s);

struct hf_lease {
    enum hf_lane lane;
    char epoch[HF_EPOCH_SIZE];
    uint64_t first, last, count, raw_bytes;
    size_t frames;
    bool more;            /* of this lane behind it */
    unsigned other_lanes; /* 1 << lane for each other lane with something to lease */
    struct hf_buf body;   /* the frames one after another; the caller's to free */
};

/* In what order a sink that names no lane is given them: alarms first; the other two take turns, so
 * that what comes in steadily in one does not hold up the backlog of the other. */
void hf_spool_lane_order(struct hf_spool *s, const char *sink,
                         enum hf_lane ret_order[HF_LANE_COUNT - 1]);

/* A block, or a group of consecutive small ones that were never leased, up to max_bytes of lines.
 * The span and the bytes stay the same until it is acknowledged, after a restart too. A damaged
 * block is counted as dropped. 1, or 0 when nothing is there. HF_ERROR_NOT_FOUND: no such sink.
 * Outside a transaction. */
HF_MUST int hf_spool_lease(struct hf_spool *s, const char *sink, enum hf_lane lane,
                           size_t max_bytes, struct hf_lease *ret_lease, struct hf_error *err);

/* The block behind what is leased, which stays as it is. 1; 0: there is none that can be read. */
HF_MUST int hf_spool_peek(struct hf_spool *s, const char *sink, enum hf_lane lane,
                          struct hf_lease *ret_lease, struct hf_error *err);

struct hf_read_ask {
    enum hf_lane lane;  /* HF_LANE_UNSAID: all */
    int64_t from_block; /* 0: the very first or last */
    bool oldest_first;
    size_t max_blocks, max_bytes; /* at least one block is given; blocks looked at count too */
    int64_t from_ms, to_ms;       /* blocks wholly outside are skipped */
    bool (*wants_topic)(void *ctx, const char *topic, size_t len); /* NULL: all */
    void *ctx;
};

struct hf_read_block {
    int64_t id;
    enum hf_lane lane;
    uint64_t first, last, count;
    size_t raw_bytes;
    size_t at, len; /* its frame in body */
};

struct hf_read {
    size_t count;
    struct hf_read_block blocks[HF_READ_BLOCKS_MAX];
    int64_t next_block; /* where to go on; 0: the end */
    struct hf_buf body;
};

HF_MUST int hf_spool_read(struct hf_spool *s, const struct hf_read_ask *ask, struct hf_read *ret,
                          struct hf_error *err);

struct hf_quarantined {
    uint64_t id, seq;             /* seq 0: it has none */
    char sink[HF_SINK_NAME_SIZE]; /* "processor" */
    char epoch[HF_EPOCH_SIZE];
    int64_t at_ms, time_ms;
    int status;
    const char *topic, *reason, *line;
    size_t topic_len, reason_len, line_len;
};

/* Calls each for up to limit items with id below before (0: the newest), newest first. */
HF_MUST int hf_spool_quarantine_list(struct hf_spool *s, uint64_t before, unsigned limit,
                                     int (*each)(void *ctx, const struct hf_quarantined *q,
                                                 struct hf_error *err),
                                     void *ctx, struct hf_error *err);

struct hf_books {
    char epoch[HF_EPOCH_SIZE];
    uint64_t accepted, delivered, held, dropped, quarantined;
};

struct hf_sink_status {
    char name[HF_SINK_NAME_SIZE];
    uint64_t accepted, delivered, held, dropped, quarantined, leased;
    uint64_t leased_bytes; /* of lines */
    int64_t oldest_ms;
};

struct hf_spool_status {
    struct hf_books books;
    int64_t oldest_ms, newest_ms;
    struct {
        uint64_t held;
        int64_t bytes, oldest_ms;
    } lanes[HF_LANE_COUNT]; /* by number; 0 unused */
    struct hf_sink_status sinks[HF_SINKS_MAX];
    size_t sink_count;
    int64_t disk_bytes, disk_free;
    uint64_t blocks, raw_bytes, stored_bytes;
    uint64_t payload_bytes, commits, checkpoints; /* since opened */
    uint64_t quarantine_items, quarantine_bytes;
};

/* Cheap. */
void hf_spool_get_status(struct hf_spool *s, struct hf_spool_status *ret_status);

struct hf_shown_topic {
    char topic[HF_SHOWN_TOPIC_SIZE];
    enum hf_lane lane;
    char reason[16];
    uint64_t records;
};

/* The topics with most held, and the drops with most records; both at most HF_SHOWN_TOPICS. */
HF_MUST int hf_spool_top_topics(struct hf_spool *s, struct hf_shown_topic *out, size_t *ret_count,
                                struct hf_error *err);
HF_MUST int hf_spool_top_drops(struct hf_spool *s, struct hf_shown_topic *out, size_t *ret_count,
                               struct hf_error *err);

/* Housekeeping in bounded steps, outside a transaction: retention, merging, checkpoint, shrinking,
 * the reserve. Call a few times a second. */
void hf_spool_tick(struct hf_spool *s);

/* Why nothing is accepted at present; empty when there is room. */
const char *hf_spool_full(const struct hf_spool *s);

/* What was found damaged since this spool was opened; empty for nothing. */
const char *hf_spool_alarm(const struct hf_spool *s);
