// SPDX-License-Identifier: Apache-2.0
/*
 * Records on disk until they are delivered: one SQLite file in WAL mode with synchronous=FULL. What
 * hf_spool_commit() has returned from survives a power cut. One thread owns a spool.
 *
 * The file is bounded: the room that max_bytes leaves beside the WAL and the reserve is a hard cap.
 * The reserve is a file of zeros that is given up when the disk is full, so that acknowledging and
 * deleting go on; nothing is accepted until it is back.
 */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct hf_spool;

enum { HF_EPOCH_SIZE = 9, HF_SPOOL_ALARM_MAX = 256, HF_GATEWAY_MAX = 64 };

struct hf_spool_options {
    const char *dir;
    int64_t max_bytes;     /* of all files together */
    int64_t reserve_bytes; /* size of the reserve; 0 for none */
};

/* accepted = delivered + dropped + held, in every state. */
struct hf_books {
    char epoch[HF_EPOCH_SIZE];
    uint64_t accepted;
    uint64_t delivered;
    uint64_t dropped;
    uint64_t held;
    int64_t oldest_ms; /* Unix time of the oldest record held; 0 for none */
};

struct hf_lease {
    char epoch[HF_EPOCH_SIZE];
    uint64_t first; /* sequence numbers, both inclusive */
    uint64_t last;
    uint64_t count; /* less than the span where blocks were set aside */
};

/* Opens or makes the file. A damaged one is set aside (`buffer.db.damaged`, the one before as
 * `buffer.db.damaged.old`), a new one begun under a new epoch, and hf_spool_alarm() says so. */
HF_MUST int hf_spool_open(const struct hf_spool_options *options, struct hf_spool **ret_spool,
                          struct hf_error *err);
void hf_spool_close(struct hf_spool *s);
HF_DEFINE_AUTO(struct hf_spool, hf_spool, hf_spool_close)

/* False after damage that not even a new file could follow: close it and open again. */
bool hf_spool_is_open(const struct hf_spool *s);

void hf_spool_set_max_bytes(struct hf_spool *s, int64_t max_bytes);

/* A transaction: begin, any of append and ack, commit. After an error of append or commit call
 * hf_spool_rollback(); an error of ack leaves the transaction usable. After HF_ERROR_NO_SPACE the
 * reserve has been given up, and the acks alone, tried again, find room. */
HF_MUST int hf_spool_begin(struct hf_spool *s, struct hf_error *err);

/* Numbers the records of a batch of frames and adds them. HF_ERROR_NO_SPACE when full. */
HF_MUST int hf_spool_append(struct hf_spool *s, const char *gateway, const char *frames, size_t len,
                            uint64_t *ret_first, uint64_t *ret_last, struct hf_error *err);

/* Counts the span as delivered; what already was is no error. HF_ERROR_CONFLICT: another epoch, or
 * no span that was leased. */
HF_MUST int hf_spool_ack(struct hf_spool *s, const char *epoch, uint64_t first, uint64_t last,
                         struct hf_error *err);

HF_MUST int hf_spool_commit(struct hf_spool *s, struct hf_error *err);
void hf_spool_rollback(struct hf_spool *s);

/* Appends the lines of the oldest blocks to lines: whole blocks, at least one, up to max_bytes. The
 * span stays the same until it is acknowledged. Returns 1, or 0 when nothing is held. A damaged
 * block is set aside and counted as dropped. Outside a transaction only. */
HF_MUST int hf_spool_lease(struct hf_spool *s, size_t max_bytes, struct hf_lease *ret_lease,
                           struct hf_buf *lines, struct hf_error *err);

/* Housekeeping in bounded steps, outside a transaction: delete what was delivered, checkpoint,
 * shrink, restore the reserve. Call a few times a second. */
void hf_spool_tick(struct hf_spool *s);

void hf_spool_get_books(const struct hf_spool *s, struct hf_books *ret_books);

/* Bytes of all files of the spool on disk. */
int64_t hf_spool_disk_bytes(const struct hf_spool *s);

/* Why nothing is accepted at present; empty when there is room. */
const char *hf_spool_full(const struct hf_spool *s);

/* What was found damaged since this spool was opened; empty for nothing. */
const char *hf_spool_alarm(const struct hf_spool *s);
