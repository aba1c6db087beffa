// SPDX-License-Identifier: Apache-2.0
/*
 * What a new release must pass, as a pure function of what can be seen:
 *
 *     health    each service that changes does its work, where it did before       waiting, failed
 *     restarts  none of them has ended by itself since the gate began              failed
 *     memory    each stays below 95 % of its limit                                 waiting
 *     errors    no more records are dropped or put into quarantine than before     waiting
 *     canary    a message of our own comes to the processor, to the buffer, and to  waiting
 *               a sink where one can be reached; with a processor that does not
 *               count such, what devices publish, or else the broker's round trip
 *
 * Failed is proof. Waiting is what may pass; whoever asks has so much patience with it.
 */
#pragma once

#include "model/upgrade.h"
#include "model/view.h"

enum { HF_GATE_WRONGS = 3 };

/* One that changes. */
struct hf_gate_service {
    const char *name;
    bool wanted, was_well;
    bool failed; /* for good */
    bool spoken; /* its health is that of this run of its container */
    enum hf_health health;
    const char *reason;                 /* why it is not healthy */
    int64_t ended;                      /* how often since the gate began */
    int64_t memory_bytes, memory_limit; /* 0: not known */
};

/* A number that only grows, as it was when the gate began and as it is. */
struct hf_gate_number {
    int64_t before, now;
};

struct hf_gate_facts {
    struct hf_gate_service services[HF_SERVICES_MAX];
    size_t count;
    struct {
        const char *what; /* "dropped by the buffer" */
        struct hf_gate_number number;
    } wrong[HF_GATE_WRONGS];
    struct hf_gate_number processed, accepted, delivered; /* records */
    struct hf_gate_number canaries; /* that the processor had; before < 0: it counts none */
    bool broker_expected; /* to answer: it has, or it is one that changes and did before */
    bool broker_answered; /* since the gate began */
    bool sink_reached;    /* the uplink is not away */
};

/* ret_culprit gets the name of the service that stands in the way, "" for none. Borrowed. */
void hf_gate_judge(const struct hf_gate_facts *facts, struct hf_gate_result ret_results[],
                   const char **ret_culprit);
