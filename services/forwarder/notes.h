// SPDX-License-Identifier: Apache-2.0
/* What is known of a sink for those who look: written by its thread, read by any. */
#pragma once

#include "forwarder/worker.h"

#include <pthread.h>

struct hf_notes {
    pthread_mutex_t lock;
    struct hf_worker_view view;
    bool buffer_away;
    char unacked[HF_SINK_TEXT_MAX]; /* why; "" where no lane is */
};

void hf_notes_init(struct hf_notes *n, const struct hf_sink_settings *s);
void hf_notes_done(struct hf_notes *n);
void hf_notes_look(struct hf_notes *n, struct hf_worker_view *ret_view);

/* err: why the buffer gives nothing; NULL: it answers. */
void hf_notes_buffer(struct hf_notes *n, const struct hf_error *err);

/* So many lanes wait for an acknowledgement to be taken, and why: shown while the buffer answers.
 */
void hf_notes_unacked(struct hf_notes *n, size_t lanes, const char *why);

void hf_notes_idle(struct hf_notes *n);

/* A request begins. */
void hf_notes_begin(struct hf_notes *n, const struct hf_circuit *c);

/* It ended: counted, and then one of: stored; failed and tried again after wait_ms; or refused for
 * what was in it. */
void hf_notes_request(struct hf_notes *n, const struct hf_sink_result *r);
void hf_notes_success(struct hf_notes *n, const struct hf_leased *b, const struct hf_sink_result *r,
                      size_t next_bytes);
void hf_notes_failure(struct hf_notes *n, const struct hf_circuit *c, const struct hf_leased *b,
                      const struct hf_sink_result *r, int64_t wait_ms);
void hf_notes_refusal(struct hf_notes *n, const struct hf_circuit *c,
                      const struct hf_sink_result *r);

/* A batch was given back. */
void hf_notes_acked(struct hf_notes *n, size_t stored, size_t refused);
