// SPDX-License-Identifier: Apache-2.0
/*
 * Whether a sink may be asked now. Closed: yes. Open, after a failure: not before its time, drawn
 * from an exponentially growing span. Half-open: one probe is on its way, which closes it or opens
 * it for longer. Pure: the caller brings time and chance.
 */
#pragma once

#include "common/backoff.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    HF_CIRCUIT_FIRST_MS = 1000,
    HF_CIRCUIT_CAP_MS = 60000,
    /* Where a person has to look, probing often helps nobody. */
    HF_CIRCUIT_REFUSED_FIRST_MS = 5000,
    HF_CIRCUIT_REFUSED_CAP_MS = 300000,
    HF_CIRCUIT_RETRY_AFTER_MAX_S = 3600, /* who says more is more likely wrong than right */
};

enum hf_circuit_state {
    HF_CIRCUIT_CLOSED,
    HF_CIRCUIT_OPEN,
    HF_CIRCUIT_HALF_OPEN,
    HF_CIRCUIT_STATE_COUNT
};

struct hf_circuit {
    enum hf_circuit_state state;
    bool refused;     /* a person has to look */
    unsigned attempt; /* failures since the last success */
    int64_t next_ms;  /* monotonic; when an open one may be tried */
};

/* Something was stored. */
void hf_circuit_success(struct hf_circuit *c);

/* It answers, if only to refuse what was sent: closed, but how often it failed is not forgotten.
 * One that a person has to look at stays half-open until it stores something. */
void hf_circuit_answered(struct hf_circuit *c);

/* Opens it; returns the wait in ms: the backoff or what Retry-After asks for, whichever is longer.
 */
int64_t hf_circuit_failure(struct hf_circuit *c, bool refused, int64_t retry_after_s,
                           int64_t now_ms, uint32_t random);

/* Whether to ask now; an open one whose time has come becomes half-open. */
bool hf_circuit_ready(struct hf_circuit *c, int64_t now_ms);

/* Something changed (settings): an open one may be tried at once. */
void hf_circuit_again(struct hf_circuit *c, int64_t now_ms);
