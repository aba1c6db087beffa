// SPDX-License-Identifier: Apache-2.0
/* What spool.c and spool_open.c share: the state, the statements, opening. */
#pragma once

#include "buffer/spool_file.h"

enum { HF_SPOOL_CHECKPOINT_PAGES = 1024 }; /* the WAL is taken over at 4 MiB */

enum hf_spool_statement {
    Q_BEGIN,
    Q_COMMIT,
    Q_ROLLBACK,
    Q_BOOK_READ,
    Q_BOOK_WRITE,
    Q_HELD,
    Q_OLDEST,
    Q_INSERT,
    Q_SPAN,
    Q_COUNT,
    Q_DELETE,
    Q_LEASE,
    Q_ASIDE,
    Q_REMOVE,
    Q_PAGES,
    Q_FREE_PAGES,
    Q_STATEMENTS
};

/* What the row of `book` says. */
struct hf_book {
    uint64_t next_seq, acked, accepted, delivered, dropped;
};

struct hf_spool {
    struct hf_spool_options options;
    struct hf_spool_paths paths;
    sqlite3 *db;
    sqlite3_stmt *q[Q_STATEMENTS];
    char epoch[HF_EPOCH_SIZE];
    struct hf_book saved; /* as on disk */
    struct hf_book now;   /* with the transaction in progress */
    int64_t oldest_ms;
    struct hf_buf body; /* the block in progress */
    uint64_t body_first;
    int64_t body_oldest_ms;
    uint64_t lease_last; /* end of the lease out; 0 for none */
    int wal_pages;
    bool reserve_there;
    int64_t reserve_tried_ms;
    bool over_cap;
    int64_t wanted_bytes; /* what found no room under the cap */
    char full[HF_SPOOL_ALARM_MAX];
    char alarm[HF_SPOOL_ALARM_MAX];
};

/* Resets a statement and binds whole numbers to its first parameters. */
sqlite3_stmt *hf_spool_bind(struct hf_spool *s, enum hf_spool_statement which, int count,
                            const uint64_t *values);

#define BIND(s, which, ...)                                                                        \
    hf_spool_bind(s, which, (int)HF_LEN(((const uint64_t[]){__VA_ARGS__})),                        \
                  (const uint64_t[]){__VA_ARGS__})

/* Runs a statement without rows; returns a SQLite code. */
int hf_spool_run(sqlite3_stmt *q);

/* Runs a statement with one row of whole numbers; returns a SQLite code. */
int hf_spool_read_row(sqlite3_stmt *q, int count, uint64_t *values);

/* Writes s->now into the file; returns a SQLite code. */
int hf_spool_write_book(struct hf_spool *s);

void hf_spool_read_oldest(struct hf_spool *s);
void hf_spool_set_alarm(struct hf_spool *s, const char *text);

/* Begins a new file under a new epoch. The counters go on where they are known, with all that was
 * held counted as dropped. */
HF_MUST int hf_spool_replace_file(struct hf_spool *s, const struct hf_book *known,
                                  struct hf_error *err);
