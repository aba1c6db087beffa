// SPDX-License-Identifier: Apache-2.0
/*
 * Healthy means doing its work. A container that runs proves little, so a service is judged by what
 * it says on the bus and by whether its own numbers move while it has work:
 *
 *   lifecycle is not RUNNING                        → starting, stopped, failed or unreachable,
 *                                                     with the lifecycle's reason
 *   broker: no round trip within HF_HEALTH_FRESH_MS → unreachable (starting in the first 30 s)
 *   broker: dropped messages in the last minute     → degraded
 *   others: the broker is away                      → waiting; never held against them
 *   others: last will, or no status message within
 *           HF_HEALTH_FRESH_MS                      → unreachable (starting in the first 30 s)
 *   says `starting` or `degraded`                   → starting (degraded after 30 s), degraded
 *   not subscribed                                  → degraded
 *   work waits and nothing moves for 10 s (of the
 *   forwarder, while it says that it delivers:
 *   neither a success nor a failure for 2 min)      → degraded
 *   else                                            → healthy
 *
 * A pure function of its facts and a small memory of when numbers last moved.
 */
#pragma once

#include "model/view.h"
#include "supervisor/reason.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    HF_HEALTH_FRESH_MS = 10000, /* services speak every 2 s, the round trip is made as often */
    HF_HEALTH_GRACE_MS = 30000,
    HF_HEALTH_STUCK_MS = 10000,
    HF_HEALTH_DELIVERY_STUCK_MS = 120000, /* a request may take its time on a slow line */
    HF_HEALTH_DROP_MS = 60000
};

/* One per service; all zero at first. */
struct hf_health_watch {
    bool has_progress;
    int64_t progress; /* the number that moves when work is done */
    int64_t moved_ms; /* when it last did, or when there was nothing to do; monotonic */
    bool has_dropped;
    int64_t dropped;
    int64_t dropped_ms; /* when the number of dropped messages last rose; 0: never */
    int64_t dropped_by;
};

struct hf_health_facts {
    const char *service; /* of hf_service_names */
    enum hf_lifecycle lifecycle;
    enum hf_reason why;         /* of the lifecycle */
    const char *reason;         /* "" for none */
    int64_t running_since_ms;   /* monotonic */
    int64_t broker_answered_ms; /* the last round trip; monotonic, 0: never */
    const struct hf_service_status *status;
};

struct hf_health_verdict {
    enum hf_health health;
    enum hf_reason why;        /* HF_REASON_NONE when healthy */
    char reason[HF_TEXT_SIZE]; /* "" when healthy */
    const char *advice;        /* one line on what to do; "" when healthy */
};

void hf_health_judge(struct hf_health_watch *watch, const struct hf_health_facts *facts,
                     int64_t now_ms, struct hf_health_verdict *ret_verdict);
