// SPDX-License-Identifier: Apache-2.0
/* What goes into the spool and by what limits: values, without the storage. */
#pragma once

#include "common/lane.h"

#include <stddef.h>
#include <stdint.h>

enum {
    HF_SINKS_MAX = 8,
    HF_SINK_NAME_SIZE = 33,
};

/* One record, ready but for its number. All texts are borrowed and not NUL-terminated. */
struct hf_spool_record {
    enum hf_lane lane; /* never HF_LANE_UNSAID */
    int64_t time_ms;
    const char *topic;
    size_t topic_len;
    const char *tail; /* what follows the number in the line, with its newline */
    size_t tail_len;
    size_t payload_len; /* bytes as the device sent them */
    const char *reason; /* goes to the quarantine, without a number, where reason_len is not 0 */
    size_t reason_len;
};

/* A record that a sink refused for good. */
struct hf_refused {
    uint64_t seq;
    int status; /* HTTP or MQTT; 0 where the sink gave none */
    const char *reason;
};

enum hf_when_full {
    HF_WHEN_FULL_HOLD,
    HF_WHEN_FULL_DROP_OLDEST,
    HF_WHEN_FULL_DROP_LOWER,
    HF_WHEN_FULL_COUNT
};

/* `hold`, `drop_oldest`, `drop_lower_first` */
extern const char *const hf_when_full_names[HF_WHEN_FULL_COUNT];
