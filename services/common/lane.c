// SPDX-License-Identifier: Apache-2.0
#include "common/lane.h"

#include <string.h>

static const char *const names[HF_LANE_COUNT] = {"", "alarm", "normal", "bulk"};

const char *
hf_lane_name(enum hf_lane lane)
{
    return names[lane];
}

bool
hf_lane_parse(const char *text, enum hf_lane *ret_lane)
{
    for (int i = HF_LANE_ALARM; i < HF_LANE_COUNT; i++) {
        if (strcmp(text, names[i]) != 0)
            continue;
        *ret_lane = (enum hf_lane)i;
        return true;
    }
    return false;
}
