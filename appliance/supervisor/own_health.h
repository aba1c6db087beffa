// SPDX-License-Identifier: Apache-2.0
/*
 * Whether an operator's own service does its work, by the way that its release names:
 *
 *   none        it runs
 *   tcp, http   it was asked within HF_OWN_FRESH_MS and answered; starting in the first 30 s
 *
 * A service that speaks on the bus, and one that does not run, are judged as built-in ones are:
 * hf_health_judge().
 */
#pragma once

#include "model/own.h"
#include "model/view.h"
#include "supervisor/health.h"

enum { HF_OWN_FRESH_MS = 30000 };

/* What came of asking it last. */
struct hf_probe_result {
    int64_t at_ms; /* monotonic; 0: not asked since it runs */
    bool ok;
    char why[HF_TEXT_SIZE]; /* it is not */
};

void hf_own_health_judge(enum hf_own_health kind, const struct hf_probe_result *probe,
                         int64_t running_since_ms, int64_t now_ms,
                         struct hf_health_verdict *ret_verdict);
