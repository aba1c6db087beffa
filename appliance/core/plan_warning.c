// SPDX-License-Identifier: Apache-2.0
#include "core/releases.h"

const char *
hf_plan_warning_name(enum hf_plan_warning_kind kind)
{
    static const char *const names[HF_WARNING_KIND_COUNT] = {
        [HF_WARNING_UNSIGNED] = "unsigned",
        [HF_WARNING_OLDER] = "older",
        [HF_WARNING_NO_ROOM] = "no_room",
        [HF_WARNING_FAILED_BEFORE] = "failed_before",
        [HF_WARNING_IMAGE_MISSING] = "image_missing",
    };

    return names[kind];
}

/* A layer is about two and a half times as big when it is unpacked, and the engine keeps what came
 * until then: engine/load.c goes by the same. */
int64_t
hf_plan_needed_bytes(const struct hf_plan *p)
{
    return p->fetch_bytes > INT64_MAX / 8 ? INT64_MAX / 2 : p->fetch_bytes * 5 / 2;
}

int64_t
hf_plan_peak_bytes(const struct hf_plan *p)
{
    return p->fetch_bytes > INT64_MAX / 8 ? INT64_MAX : hf_plan_needed_bytes(p) + p->fetch_bytes;
}
