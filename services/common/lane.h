// SPDX-License-Identifier: Apache-2.0
/* The three lanes by priority (api/record-path.md); the numbers are those of the frames. */
#pragma once

#include <stdbool.h>

enum hf_lane {
    HF_LANE_UNSAID,
    HF_LANE_ALARM,
    HF_LANE_NORMAL,
    HF_LANE_BULK,
    HF_LANE_COUNT /* 4: two bits */
};

/* "alarm", "normal", "bulk"; "" for HF_LANE_UNSAID. */
const char *hf_lane_name(enum hf_lane lane);

/* False where the text is no name of a lane. */
bool hf_lane_parse(const char *text, enum hf_lane *ret_lane);
