// SPDX-License-Identifier: Apache-2.0
/*
 * The thread that owns the spool. HTTP workers and the bus hand it commands by a bounded queue and
 * wait for their answer; it commits many of them in one transaction.
 *
 * When a commit happens: at once when the last one is longer ago than the durability window, so an
 * idle gateway adds no latency; else when the window since then is over, or earlier when
 * HF_COMMIT_RECORDS or HF_COMMIT_BYTES wait. A wider window so means fewer commits.
 *
 * A command belongs to the caller, lives on its stack, and is not touched after it was answered.
 */
#pragma once

#include "buffer/spool.h"

enum {
    HF_COMMIT_RECORDS = 1000,
    HF_COMMIT_BYTES = 256 * 1024,
    HF_OWNER_COMMANDS = 64,                  /* waiting at most; more are told to come again */
    HF_OWNER_BYTES = 16 * 1024 * 1024,       /* frames waiting at most */
    HF_OWNER_RESERVE_BYTES = 4 * 1024 * 1024 /* for the commits that a full disk still needs */
};

struct hf_owner;

struct hf_owner_settings {
    char gateway[HF_GATEWAY_MAX];
    int64_t window_ms;
    int64_t max_bytes;
};

struct hf_owner_view {
    struct hf_books books;
    struct hf_owner_settings settings;
    int64_t disk_bytes;
    int64_t last_commit_ms; /* Unix time; 0 before the first */
    uint64_t waiting;       /* records given, not yet committed */
    int64_t oldest_wait_ms; /* for how long the oldest command waits */
    bool open;              /* the store could be opened */
    char full[HF_SPOOL_ALARM_MAX];
    char alarm[HF_SPOOL_ALARM_MAX];
};

/* Starts the thread; a store that cannot be opened yet is tried again. */
HF_MUST int hf_owner_start(const char *dir, const struct hf_owner_settings *settings,
                           struct hf_owner **ret_owner, struct hf_error *err);

/* Commits what waits and ends; later commands are refused. NULL is allowed. */
void hf_owner_stop(struct hf_owner *o);
HF_DEFINE_AUTO(struct hf_owner, hf_owner, hf_owner_stop)

/* All of these may be called from any thread and return when the answer is there. */

/* Durable on success. HF_ERROR_UNAVAILABLE: too much waits, or no store; HF_ERROR_NO_SPACE. */
HF_MUST int hf_owner_append(struct hf_owner *o, const char *frames, size_t len, size_t count,
                            uint64_t *ret_first, uint64_t *ret_last, struct hf_error *err);

HF_MUST int hf_owner_ack(struct hf_owner *o, const char *epoch, uint64_t first, uint64_t last,
                         struct hf_error *err);

/* As hf_spool_lease(), waiting up to wait_ms for the first record. */
HF_MUST int hf_owner_lease(struct hf_owner *o, size_t max_bytes, int64_t wait_ms,
                           struct hf_lease *ret_lease, struct hf_buf *lines, struct hf_error *err);

void hf_owner_configure(struct hf_owner *o, const struct hf_owner_settings *settings);
void hf_owner_look(struct hf_owner *o, struct hf_owner_view *ret_view);
