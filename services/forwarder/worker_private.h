// SPDX-License-Identifier: Apache-2.0
/*
 * The parts of a sink's worker, all of them on its one thread: worker.c goes round, worker_lease.c
 * and worker_ack.c are the buffer's side, worker_deliver.c is the sink's, worker_witness.c finds
 * out whom a refusal is to be blamed on.
 */
#pragma once

#include "forwarder/bisect.h"
#include "forwarder/notes.h"
#include "forwarder/pace.h"
#include "forwarder/source.h"
#include "forwarder/suspects.h"
#include "forwarder/worker.h"

enum {
    HF_WORKER_LANES = 3,
    HF_WORKER_PROBE_BYTES = 64 * 1024, /* a probe, or an alarm between two requests */
    HF_WORKER_STEP_MS = 100,           /* how soon a change is seen */
    HF_WORKER_REASON_MAX = 200,
    HF_NO_LINE = -1,
};

extern const char *const hf_worker_lanes[HF_WORKER_LANES]; /* the alarm lane first */

/* A lease on its way. */
struct hf_job {
    struct hf_leased batch;
    struct hf_bisect bisect;
    struct hf_suspects suspects;
    struct hf_refusals refusals;
    size_t cleared;    /* refusals before those of the suspects */
    int64_t leased_ms; /* monotonic, of the lease or its last extension */
    int64_t ahead;     /* the line that was taken out of its turn; HF_NO_LINE */
    int64_t newest;    /* the line that the sink took last; HF_NO_LINE */
    bool held;
    bool fixed;  /* the next request is tried again: the same lines under the same key */
    bool broken; /* what the buffer gave is no batch: to be leased anew */
};

/* A lane whose delivered lease the buffer does not take back. */
struct hf_unacked {
    bool on;
    char epoch[HF_LEASED_NAME_MAX], first[HF_LEASED_NAME_MAX], last[HF_LEASED_NAME_MAX];
    struct hf_refusals refusals;
    struct hf_backoff backoff;
    int64_t next_ms; /* monotonic */
    struct hf_error why;
};

struct hf_worker {
    struct hf_sink_settings settings;
    struct hf_worker_common common;
    const struct hf_sink_ops *ops;
    struct hf_sink_link *link;
    struct hf_source *source;
    struct hf_job job;
    struct hf_job alarm; /* what went in between, or is asked for a witness */
    struct hf_unacked unacked[HF_WORKER_LANES];
    struct hf_leased reference; /* one line: what the sink took last before these; count 0: none */
    struct hf_circuit circuit;
    struct hf_pace pace;
    struct hf_backoff backoff; /* of the buffer */
    uint64_t taken;            /* records that the sink took, and had not before */
    size_t on_repeats;         /* refused on the word of a repeat since */
    unsigned blamed;           /* how often the sink was since */
    bool searching;            /* for a witness: what is sent meanwhile begins no second search */
    bool bulk_next;            /* while a lane is unacknowledged the others take turns */
    int64_t alarm_looked_ms;   /* monotonic */
    pthread_t thread;
    atomic_bool quit;
    atomic_bool again;
    struct hf_notes notes;
};

bool hf_worker_quits(const struct hf_worker *w);

/* Waits while the connection is kept; false when the worker is to end. */
bool hf_worker_wait(struct hf_worker *w, int64_t ms);

/* ---- worker_lease.c ---- */

/* 1 leased, 0 nothing there, -1 no answer that helps (waited for). lane: NULL for any. */
int hf_worker_lease(struct hf_worker *w, struct hf_job *j, const char *lane, size_t max_bytes,
                    int64_t wait_ms);

/* Extends what is leased for long. */
void hf_worker_keep_leases(struct hf_worker *w);

/* What was leased cannot be read. */
void hf_worker_give_up(struct hf_worker *w, struct hf_job *j, const struct hf_error *err);

/* ---- worker_ack.c ---- */

/* Gives a lease back, all of whose lines are settled. */
void hf_worker_acknowledge(struct hf_worker *w, struct hf_job *j);

/* Lanes that wait for the buffer to take an acknowledgement are left out of leases. */
bool hf_worker_is_unacked(const struct hf_worker *w, const char *lane);
bool hf_worker_has_unacked(const struct hf_worker *w);

/* Tries those whose time has come. 1: one of them has another lease now, which is in w->job. */
int hf_worker_retry_unacked(struct hf_worker *w);

/* ---- worker_deliver.c ---- */

/* Until all of the batch is settled and given back. False when the worker is to end. */
bool hf_worker_deliver(struct hf_worker *w, struct hf_job *j);

/* Waits for the cap on bytes a second. False when the worker is to end. */
bool hf_worker_pace(struct hf_worker *w);

/* The lines that go next. */
bool hf_worker_next(struct hf_job *j, size_t *from, size_t *to);

/* One request of the job's, and what follows from it. False when the worker is to end. */
bool hf_worker_send_next(struct hf_worker *w, struct hf_job *j);

/* Sends lines and counts; what follows is the caller's. */
void hf_worker_send(struct hf_worker *w, struct hf_leased *b, size_t from, size_t to,
                    struct hf_sink_result *ret_result);

/* The sink took so many records that it had not before. */
void hf_worker_count_taken(struct hf_worker *w, size_t records);

/* It took something: it is there, and it is right. */
void hf_worker_took(struct hf_worker *w, struct hf_leased *b, const struct hf_sink_result *r);

/* Opens the circuit. */
void hf_worker_fail(struct hf_worker *w, struct hf_job *j, const struct hf_sink_result *r,
                    bool refused);

/* ---- worker_witness.c ---- */

/* Looks for a record that the sink takes, and clears up the job's suspects: it was they, or it is
 * the sink, and they go again when its circuit lets them. */
void hf_worker_clear_up(struct hf_worker *w, struct hf_job *j);

/* Keeps what the sink took last for hf_worker_clear_up() of a later job. */
void hf_worker_keep_reference(struct hf_worker *w, struct hf_job *j);
