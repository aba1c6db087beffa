// SPDX-License-Identifier: Apache-2.0
/*
 * One sink: a thread that leases its records from the buffer, delivers them until they are stored
 * there, and gives them back. Spans of a lane go one after the other, so the order of a topic
 * stays; a span keeps its Idempotency-Key and its bytes through all tries. Records that the sink
 * refuses for good are named when the span is given back; nothing is ever dropped here. Where the
 * buffer refuses to take a span back, its lane is left as it is, and the others go on.
 */
#pragma once

#include "common/conf.h"
#include "forwarder/circuit.h"
#include "forwarder/sink.h"

enum hf_worker_state {
    HF_WORKER_IDLE, /* nothing to deliver */
    HF_WORKER_DELIVERING,
    HF_WORKER_AWAY,      /* the last try failed and is repeated */
    HF_WORKER_REFUSED,   /* the same, and somebody has to look: see last_error */
    HF_WORKER_HALF_OPEN, /* that try is under way */
    HF_WORKER_STATE_COUNT
};

struct hf_worker_view {
    char name[HF_SINK_NAME_MAX + 1];
    enum hf_sink_type type;
    char url[HF_HTTP_URL_MAX]; /* what may be shown of it */
    enum hf_worker_state state;
    enum hf_circuit_state circuit;
    bool refused; /* somebody has to look, half-open too */
    unsigned attempt;
    int last_status;
    char last_error[HF_SINK_TEXT_MAX];   /* never with credentials */
    char buffer_error[HF_SINK_TEXT_MAX]; /* why the buffer gives nothing; "" when it does */
    int64_t last_success_ms;             /* Unix time; 0 for never */
    int64_t next_try_ms;                 /* Unix time; 0 when not waiting */
    int64_t away_since_ms;               /* Unix time; 0 when it is there */
    uint64_t delivered, quarantined;     /* records */
    size_t unacknowledged;               /* lanes: delivered, and the buffer refuses to note it */
    uint64_t requests, failures, bytes_out;
    int64_t latency_ms;  /* of the last request that was stored */
    int64_t batch_bytes; /* of lines in a request at present */
};

/* What all sinks have in common. */
struct hf_worker_common {
    char buffer_url[HF_HTTP_URL_MAX];
    char buffer_token[HF_SECRET_MAX];
    char holder[HF_SINK_NAME_MAX + 32];
};

struct hf_worker;

/* Starts its thread; takes the settings over (empty afterwards). */
HF_MUST int hf_worker_start(const struct hf_worker_common *common, struct hf_sink_settings *consume,
                            struct hf_worker **ret_worker, struct hf_error *err);

/* Ends what is under way and waits for the thread: a second at most, longer only where the system
 * resolves a name. What was leased comes again. */
void hf_worker_stop(struct hf_worker *w);

/* Says that something outside changed: a wait for the next try ends. */
void hf_worker_again(struct hf_worker *w);

/* What the sink was made from. */
const struct hf_sink_settings *hf_worker_settings(const struct hf_worker *w);

void hf_worker_look(struct hf_worker *w, struct hf_worker_view *ret_view);
