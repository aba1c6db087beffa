// SPDX-License-Identifier: Apache-2.0
/*
 * A way to deliver. An implementation is a table of functions; its link belongs to one thread. What
 * it does blocks, and ends soon once *cancel is true.
 */
#pragma once

#include "forwarder/leased.h"
#include "forwarder/outcome.h"
#include "forwarder/settings.h"

#include <stdatomic.h>

enum { HF_SINK_TEXT_MAX = 256, HF_SINK_STEPS_MAX = 5 };

struct hf_sink_result {
    enum hf_outcome outcome;
    int status;            /* of HTTP, or MQTT's reason; 0 without an answer */
    int64_t retry_after_s; /* 0: not said */
    size_t stored;         /* lines at the begin that are safe there, whatever the outcome */
    bool exact;            /* what the outcome says is about the line behind them alone */
    bool unsendable;       /* … and not the sink's word: it was never sent */
    int64_t sent_bytes;    /* on the wire */
    int64_t ms;
    char error[HF_SINK_TEXT_MAX]; /* never with credentials */
};

struct hf_sink_step {
    const char *step; /* resolve, connect, tls, auth, send */
    bool ok;
    int64_t ms;
    char detail[HF_SINK_TEXT_MAX];
};

struct hf_sink_steps {
    struct hf_sink_step steps[HF_SINK_STEPS_MAX];
    size_t count;
};

/* Appends a step. */
void hf_sink_step_add(struct hf_sink_steps *steps, const char *step, bool ok, int64_t ms,
                      const char *detail);

struct hf_sink_link; /* of the implementation */

struct hf_sink_ops {
    /* s and cancel outlive the link. No network yet. */
    int (*open)(const struct hf_sink_settings *s, const atomic_bool *cancel,
                struct hf_sink_link **ret_link, struct hf_error *err);
    /* Delivers lines [from, to) of the batch. */
    void (*send)(struct hf_sink_link *link, struct hf_leased *batch, size_t from, size_t to,
                 struct hf_sink_result *ret_result);
    /* Tries the way with a record of its own (trial.h), up to the first step that fails. */
    void (*test)(struct hf_sink_link *link, struct hf_sink_steps *ret_steps);
    /* Keeps an open connection alive: called many times a second while nothing may be sent. */
    void (*keep)(struct hf_sink_link *link);
    /* Nothing to do for a while: memory and connections that can be had again may go. */
    void (*rest)(struct hf_sink_link *link);
    void (*close)(struct hf_sink_link *link);
};

extern const struct hf_sink_ops hf_sink_https, hf_sink_mqtt;

const struct hf_sink_ops *hf_sink_ops_of(enum hf_sink_type type);
