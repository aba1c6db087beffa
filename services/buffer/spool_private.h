// SPDX-License-Identifier: Apache-2.0
/* What the spool*.c share: the state, the statements, the steps of a transaction. */
#pragma once

#include "buffer/spool_file.h"

enum {
    HF_SPOOL_TOPICS_MAX = 10000,
    HF_SPOOL_GROUP_MAX = 256,              /* blocks leased together */
    HF_SPOOL_BLOCK_BYTES = 1024 * 1024,    /* of lines: a block has at most so many, or one line */
    HF_SPOOL_LINES_MAX = 64 * 1024 * 1024, /* of one block, where one record is very large */
    HF_SPOOL_CHECKPOINT_PAGES = 4 * 1024 * 1024 / HF_SPOOL_PAGE, /* of the WAL: taken over */
    HF_SPOOL_CHECKPOINT_LEAST = 256 * 1024 / HF_SPOOL_PAGE,      /* on a slow disk */
    HF_SPOOL_QUARANTINE_ITEMS = 10000,
    HF_SPOOL_QUARANTINE_BYTES = 16 * 1024 * 1024,
    HF_SPOOL_DROPPED_TOPICS = 1000,
    HF_SPOOL_BATCHES_MAX = 256, /* in one transaction */
};

enum hf_spool_statement {
    Q_BEGIN,
    Q_COMMIT,
    Q_ROLLBACK,
    Q_BOOK_READ,
    Q_ORIGIN_READ,
    Q_BOOK_WRITE,
    Q_SINKS,
    Q_SINK_WRITE,
    Q_SINK_DELETE,
    Q_PLACES,
    Q_PLACE_WRITE,
    Q_PLACE_DELETE,
    Q_TOPICS,
    Q_TOPIC_ADD,
    Q_TOPIC_NAME,
    Q_TOPIC_DELETE,
    Q_BLOCK_ADD,
    Q_BLOCK_ALL,
    Q_BLOCK_META,
    Q_BLOCK_BODY,
    Q_BLOCK_NEXT,
    Q_BLOCK_FROM,
    Q_BLOCK_UP_TO,
    Q_BLOCK_BEFORE,
    Q_BLOCK_AFTER,
    Q_BLOCK_SPANS,
    Q_BLOCK_MASK,
    Q_BLOCK_DELETE,
    Q_DROPPED_ADD,
    Q_DROPPED_NEW,
    Q_DROPPED_COUNT,
    Q_DROPPED_TOP,
    Q_GAP_EXTEND,
    Q_GAP_ADD,
    Q_GAP_COUNT,
    Q_GAP_READ,
    Q_GAP_DELETE,
    Q_ITEM_ADD,
    Q_ITEM_TOTALS,
    Q_ITEM_KEPT,
    Q_ITEM_COUNTED,
    Q_ITEM_SIBLINGS,
    Q_ITEM_READ,
    Q_ITEM_OLDEST,
    Q_ITEM_LIST,
    Q_ITEM_NEXT,
    Q_ITEM_DELETE,
    Q_PAGES,
    Q_FREE_PAGES,
    Q_STATEMENTS
};

struct hf_spool_place {
    int64_t cursor, group_last;
    uint32_t acked_epoch;
    uint64_t acked_last;
    /* Not on disk. */
    int64_t leased; /* the block that is leased alone; 0 for none */
    bool fresh;     /* nothing behind the cursor was ever leased */
    uint64_t leased_records, leased_bytes;
};

struct hf_spool_sink {
    char name[HF_SINK_NAME_SIZE]; /* empty: the slot is free */
    uint64_t accepted, delivered, dropped, quarantined;
    struct hf_spool_place places[HF_LANE_COUNT];
};

/* What a rollback brings back. All of it is on disk, or counted from there at opening. */
struct hf_spool_state {
    uint32_t epoch;
    char origin[HF_ORIGIN_SIZE]; /* that the epoch is of; "": not known */
    uint64_t next_seq, accepted, delivered, dropped, quarantined;
    int64_t next_block;
    struct hf_spool_sink sinks[HF_SINKS_MAX];
    struct {
        uint64_t held, blocks;
        int64_t raw, stored;
    } lanes[HF_LANE_COUNT];
    uint64_t items, item_bytes, gaps, dropped_rows, payload_bytes;
};

struct hf_spool_batch {
    const struct hf_spool_record *records;
    size_t count;
    uint64_t *ret_first, *ret_last;
    uint64_t first, last;
};

struct hf_spool_topic {
    uint64_t hash; /* 0: the id is free */
    uint64_t held;
    uint64_t saved_hash, saved_held; /* before the transaction, where it changed them */
    uint32_t pending;                /* records in the block in progress */
    uint8_t lane;
    bool changed;
};

struct hf_spool {
    struct hf_spool_settings settings;
    struct hf_spool_paths paths;
    char dir[PATH_MAX];
    sqlite3 *db;
    sqlite3_stmt *q[Q_STATEMENTS];
    struct hf_spool_state now, saved;
    struct hf_spool_batch batches[HF_SPOOL_BATCHES_MAX];
    size_t batch_count;
    bool touched; /* the transaction has written something */
    bool failed;  /* a write failed: it can only be rolled back */
    /* The block in progress. */
    struct hf_buf raw, frame, meta, spans;
    char head[HF_GATEWAY_MAX + 64]; /* what each line begins with, up to its number */
    size_t head_len;
    size_t block_bytes; /* of lines: where it is closed */
    uint64_t raw_first, raw_count;
    int64_t raw_oldest_ms, raw_newest_ms;
    uint16_t *pending_topics;
    size_t pending_count;
    /* The dictionary of topics: by id, and by hash. */
    struct hf_spool_topic *topics;
    uint16_t *topic_slots;
    uint64_t topic_seed;
    size_t topic_count;
    uint16_t *changed_topics; /* by the transaction */
    size_t changed_count;
    int wal_pages, checkpoint_pages;
    uint64_t commits, checkpoints;
    int64_t reserve_bytes, aside_bytes;
    bool reserve_there;
    int64_t reserve_tried_ms;
    bool over_cap, disk_low, disk_full;
    int64_t wanted_bytes; /* what found no room under the cap */
    int64_t disk_free;
    int64_t acked_mono_ms; /* the last acknowledgement, or opening */
    int64_t gap_mono_ms;   /* when gaps were looked at last without records coming */
    struct {
        bool bulk;      /* whose turn it is, else normal's */
        unsigned turns; /* until it is the other's */
    } turn[HF_SINKS_MAX];
    int64_t merge_from[HF_LANE_COUNT];
    int64_t age_from[HF_LANE_COUNT]; /* blocks up to here do not age, by their times */
    int64_t age_mono_ms;             /* when they were looked at last */
    bool damaged;                    /* a page cannot be read: to be salvaged at the next chance */
    bool broken;                     /* the disk gives errors: to be opened again */
    char full[HF_SPOOL_ALARM_MAX];
    char alarm[HF_SPOOL_ALARM_MAX];
};

/* What orders the blocks of all lanes among each other: the low bits of an id. */
static const int64_t HF_SPOOL_ORDER_MAX = ((int64_t)1 << 48) - 1;

static inline int64_t
hf_spool_order(int64_t id)
{
    return id & HF_SPOOL_ORDER_MAX;
}

static inline int64_t
hf_spool_id(enum hf_lane lane, int64_t order)
{
    return ((int64_t)lane << 48) + order;
}

/* A row of block; what it points to is good until the statement is reset. */
struct hf_block_row {
    int64_t id;
    enum hf_lane lane;
    uint32_t epoch;
    uint64_t first, last, count, weight;
    unsigned mask;
    int64_t oldest_ms, newest_ms;
    uint64_t raw;
    uint32_t crc;
    const void *topics, *spans, *body;
    size_t topics_len, spans_len, body_len; /* body_len also where body is NULL */
};

/* ---- spool_sql.c ---- */

int hf_spool_prepare(struct hf_spool *s);
void hf_spool_finalize(struct hf_spool *s);

/* Resets a statement and binds whole numbers to its first parameters. */
sqlite3_stmt *hf_spool_bind(struct hf_spool *s, enum hf_spool_statement which, int count,
                            const int64_t *values);

#define BIND(s, which, ...)                                                                        \
    hf_spool_bind(s, which, (int)HF_LEN(((const int64_t[]){__VA_ARGS__})),                         \
                  (const int64_t[]){__VA_ARGS__})

/* What is answered once a write of the transaction has failed. Returns -1. */
int hf_spool_refuse(const struct hf_spool *s, struct hf_error *err);

/* Runs a statement that writes; 0, or -1 with err, after which the transaction can only be rolled
 * back. */
HF_MUST int hf_spool_write(struct hf_spool *s, sqlite3_stmt *q, struct hf_error *err);

/* Runs a statement with at most one row of whole numbers: 1 with it, 0 without, -1. */
HF_MUST int hf_spool_read_row(struct hf_spool *s, sqlite3_stmt *q, int count, int64_t *values,
                              struct hf_error *err);

/* Steps to the next row of block: 1, 0 (and reset), -1 (and reset). */
HF_MUST int hf_spool_step_block(struct hf_spool *s, sqlite3_stmt *q, struct hf_block_row *ret_row,
                                struct hf_error *err);

/* The row that a statement is on. */
void hf_spool_read_block(sqlite3_stmt *q, struct hf_block_row *b);

/* Says what a SQLite code means and takes the consequences. Returns -1. */
int hf_spool_failed(struct hf_spool *s, int rc, struct hf_error *err);

void hf_spool_set_alarm(struct hf_spool *s, const char *text);

/* ---- spool_open.c ---- */

/* Reads all that is kept in memory; returns 0, or -1. */
HF_MUST int hf_spool_load(struct hf_spool *s, struct hf_error *err);
HF_MUST int hf_spool_open_file(struct hf_spool *s, int *ret_rc, struct hf_error *err);
void hf_spool_close_file(struct hf_spool *s);
HF_MUST int hf_spool_write_state(struct hf_spool *s, struct hf_error *err);

/* ---- spool_salvage.c ---- */

/* Builds a new file of what can be read of the damaged one, and sets that aside. On an error it is
 * still in place, and the spool not open: HF_ERROR_NO_SPACE where there is no room for both. known:
 * the books as they were, where they are known. */
HF_MUST int hf_spool_salvage(struct hf_spool *s, const struct hf_spool_state *known,
                             struct hf_error *err);

/* ---- spool_topics.c ---- */

HF_MUST int hf_spool_topics_init(struct hf_spool *s, struct hf_error *err);
void hf_spool_topics_done(struct hf_spool *s);
void hf_spool_topics_clear(struct hf_spool *s);
void hf_spool_topics_know(struct hf_spool *s, unsigned id, const char *name, size_t len);
/* The id of a topic, added where there is room; 0 for "(other)". */
HF_MUST int hf_spool_topics_id(struct hf_spool *s, const char *name, size_t len, unsigned *ret_id,
                               struct hf_error *err);
/* The transaction is over: what it changed stays, or is as before. */
void hf_spool_topics_commit(struct hf_spool *s);
void hf_spool_topics_rollback(struct hf_spool *s);
/* Frees ids of which nothing is held, where they run out. */
void hf_spool_topics_prune(struct hf_spool *s);
/* Reads the next pair of varints; false at the end. */
bool hf_spool_pair(const unsigned char **at, const unsigned char *end, uint64_t *a, uint64_t *b);
HF_MUST int hf_spool_add_pair(struct hf_buf *b, uint64_t x, uint64_t y, struct hf_error *err);
void hf_spool_topics_count(struct hf_spool *s, const struct hf_block_row *b, bool add);

/* ---- spool_block.c ---- */

/* Adds the row: id, crc and counters are filled in. */
HF_MUST int hf_spool_block_add(struct hf_spool *s, struct hf_block_row *b, struct hf_error *err);
/* reason NULL: every sink has it. */
HF_MUST int hf_spool_block_remove(struct hf_spool *s, int64_t id, const char *reason,
                                  struct hf_error *err);
/* Takes it out of what is counted in memory. */
void hf_spool_block_uncount(struct hf_spool *s, const struct hf_block_row *b);
bool hf_spool_block_sound(const struct hf_block_row *b);
/* Appends the lines of the block with that id. */
HF_MUST int hf_spool_block_lines(struct hf_spool *s, int64_t id, struct hf_buf *lines,
                                 struct hf_error *err);
HF_MUST int hf_spool_gap_add(struct hf_spool *s, const char *reason, uint32_t epoch, uint64_t first,
                             uint64_t last, uint64_t records, struct hf_error *err);
HF_MUST int hf_spool_dropped_add(struct hf_spool *s, const char *topic, size_t len,
                                 const char *reason, uint64_t records, struct hf_error *err);
/* The last block of the lane that every sink has passed; -1 where there is no sink. */
int64_t hf_spool_passed(const struct hf_spool *s, enum hf_lane lane);
/* Deletes what every sink has passed, up to so many blocks. */
HF_MUST int hf_spool_collect(struct hf_spool *s, enum hf_lane lane, unsigned most,
                             struct hf_error *err);
uint32_t hf_spool_block_crc(const struct hf_block_row *b);
/* The last block of the lane that is leased to the sink, or may have been; 0 for none. */
HF_MUST int hf_spool_frozen(struct hf_spool *s, const struct hf_spool_sink *k, enum hf_lane lane,
                            int64_t *ret_id, struct hf_error *err);

/* ---- spool_room.c ---- */

/* Makes room by the policy; HF_ERROR_NO_SPACE where it may not. */
HF_MUST int hf_spool_make_room(struct hf_spool *s, int64_t bytes, struct hf_error *err);
void hf_spool_checkpoint(struct hf_spool *s, int from_pages);
/* How many pages the next checkpoints are made of, after one of so many took so long. */
int hf_spool_checkpoint_step(int step, int pages, int64_t took_ms, int64_t window_ms);
void hf_spool_disk_is_full(struct hf_spool *s);
/* Removes what a salvage has set aside where it does not fit beside what is held. */
void hf_spool_trim_aside(struct hf_spool *s);

/* ---- spool_gap.c ---- */
HF_MUST int hf_spool_tell_gaps(struct hf_spool *s, struct hf_error *err);
/* Before a block is dropped: what gap records in it would have told is to be told anew. */
HF_MUST int hf_spool_keep_gaps(struct hf_spool *s, int64_t block, struct hf_error *err);

/* ---- spool.c ---- */

/* What each line of this transaction begins with. */
void hf_spool_render_head(struct hf_spool *s, const char *gateway);
/* Adds a record of our own to the block in progress of the lane. */
HF_MUST int hf_spool_stitch(struct hf_spool *s, enum hf_lane lane, int64_t time_ms,
                            const char *topic, size_t topic_len, const char *tail, size_t tail_len,
                            struct hf_error *err);
/* Forgets the block in progress. */
void hf_spool_forget_pending(struct hf_spool *s);
HF_MUST int hf_spool_close_block(struct hf_spool *s, enum hf_lane lane, struct hf_error *err);

/* ---- spool_quarantine.c ---- */

HF_MUST int hf_spool_quarantine_add(struct hf_spool *s, const struct hf_quarantined *q,
                                    enum hf_lane lane, uint32_t epoch, bool counted,
                                    struct hf_error *err);
HF_MUST int hf_spool_quarantine_trim(struct hf_spool *s, struct hf_error *err);

/* ---- spool_merge.c ---- */

void hf_spool_merge(struct hf_spool *s);
