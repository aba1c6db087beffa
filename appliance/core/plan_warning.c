// SPDX-License-Identifier: Apache-2.0
#include "core/releases.h"

const char *
hf_plan_warning_name(enum hf_plan_warning_kind kind)
{
    static const char *const names[HF_WARNING_KIND_COUNT] = {
        [HF_WARNING_UNSIGNED] = "unsigned",           [HF_WARNING_OLDER] = "older",
        [HF_WARNING_NO_SIZES] = "no_limits_of_size",  [HF_WARNING_FAILED_BEFORE] = "failed_before",
        [HF_WARNING_IMAGE_MISSING] = "image_missing",
    };

    return names[kind];
}
