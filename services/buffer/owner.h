// SPDX-License-Identifier: Apache-2.0
/*
 * The thread that owns the spool. HTTP workers and the bus hand it commands by a bounded queue and
 * wait for their answer; it commits many of them in one transaction.
 *
 * When a commit happens: at once when the last one is longer ago than the durability window, so an
 * idle gateway adds no latency; else when the window since then is over, or earlier when
 * HF_COMMIT_RECORDS or HF_COMMIT_BYTES wait. A wider window so means fewer commits. An
 * acknowledgement rides with the next commit of records, and goes alone only where none comes a
 * little after the window; unless records wait behind it: then the sink is draining a backlog, and
 * the acknowledgement is committed a little after the last commit, or at once where it is for
 * HF_COMMIT_ACKED_BYTES, beside which the pages of its commit are little.
 *
 * A command belongs to the caller, lives on its stack, and is not touched after it was answered.
 */
#pragma once

#include "buffer/asks.h"
#include "buffer/batch.h"
#include "buffer/settings.h"
#include "buffer/spool.h"

enum {
    HF_COMMIT_RECORDS = 1000,
    HF_COMMIT_BYTES = 512 * 1024,
    HF_COMMIT_ACKED_BYTES = 256 * 1024,      /* of lines */
    HF_OWNER_STALLED_MS = 5000,              /* a commit that takes longer is said */
    HF_OWNER_COMMANDS = 64,                  /* waiting at most; more are told to come again */
    HF_OWNER_BYTES = 8 * 1024 * 1024,        /* rendered records waiting at most */
    HF_OWNER_RESERVE_BYTES = 4 * 1024 * 1024 /* for the commits that a full disk still needs */
};

struct hf_owner;

struct hf_owner_view {
    /* As of the last commit or tick; what spools count since they were opened is counted here since
     * the owner began. */
    struct hf_spool_status status;
    int64_t window_ms;
    int64_t max_bytes, keep_free_bytes;
    enum hf_when_full when_full;
    int64_t last_commit_ms; /* Unix time; 0 before the first */
    int64_t commit_ms;      /* how long the last one took */
    int64_t commit_max_ms;  /* the longest of the last minute */
    uint64_t waiting;       /* records given, not yet committed */
    int64_t oldest_wait_ms; /* for how long the oldest command waits */
    bool open;              /* the store could be opened */
    char full[HF_SPOOL_ALARM_MAX];
    char alarm[HF_SPOOL_ALARM_MAX];
};

/* The topics with most, as of a few seconds ago. */
struct hf_owner_topics {
    struct hf_shown_topic held[HF_SHOWN_TOPICS];
    struct hf_shown_topic drops[HF_SHOWN_TOPICS];
    size_t held_count, drop_count;
};

/* Starts the thread; a store that cannot be opened yet is tried again. dir outlives it. */
HF_MUST int hf_owner_start(const char *dir, struct hf_buffer_settings *settings,
                           struct hf_owner **ret_owner, struct hf_error *err);

/* Commits what waits and ends; later commands are refused. NULL is allowed. */
void hf_owner_stop(struct hf_owner *o);
HF_DEFINE_AUTO(struct hf_owner, hf_owner, hf_owner_stop)

/* All of these may be called from any thread and return when the answer is there. */

/* Durable on success. HF_ERROR_UNAVAILABLE: too much waits, or no store; HF_ERROR_NO_SPACE. Both
 * numbers are 0 where all records went to the quarantine. */
HF_MUST int hf_owner_append(struct hf_owner *o, const struct hf_batch *batch, uint64_t *ret_first,
                            uint64_t *ret_last, struct hf_error *err);

/* For how many ms a further append would wait for its window. */
int64_t hf_owner_window_left(struct hf_owner *o);

HF_MUST int hf_owner_ack(struct hf_owner *o, const struct hf_ack_ask *ask, struct hf_error *err);

/* As hf_spool_lease(), waiting up to ask->wait_ms for the first record. HF_ERROR_CONFLICT: leased
 * to another holder. */
HF_MUST int hf_owner_lease(struct hf_owner *o, const struct hf_lease_ask *ask,
                           struct hf_lease *ret_lease, struct hf_error *err);

HF_MUST int hf_owner_extend(struct hf_owner *o, const struct hf_extend_ask *ask,
                            struct hf_error *err);

/* Runs work on the owner's thread: inside a transaction that is committed when it returns 0 or
 * more, or, to look only, outside of one. Returns what it returned. */
typedef int hf_owner_work(struct hf_spool *spool, void *ctx, struct hf_error *err);
HF_MUST int hf_owner_change(struct hf_owner *o, hf_owner_work *work, void *ctx,
                            struct hf_error *err);
HF_MUST int hf_owner_read(struct hf_owner *o, hf_owner_work *work, void *ctx, struct hf_error *err);

/* Takes the settings over before the next command. */
void hf_owner_configure(struct hf_owner *o, struct hf_buffer_settings *settings);

/* The settings in use; the reference is the caller's. */
struct hf_buffer_settings *hf_owner_settings(struct hf_owner *o);

/* How it is: these never wait for the disk. */
void hf_owner_look(struct hf_owner *o, struct hf_owner_view *ret_view);
void hf_owner_look_topics(struct hf_owner *o, struct hf_owner_topics *ret_topics);

/* `ok`, `starting` or `degraded`, and why. */
const char *hf_owner_state(const struct hf_owner_view *v, char *reason, size_t size);
