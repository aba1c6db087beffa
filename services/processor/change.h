// SPDX-License-Identifier: Apache-2.0
/* What a rule makes of a payload: decode, select, scale. */
#pragma once

#include "common/record.h"
#include "processor/rules.h"

struct hf_change {
    struct hf_buf *json, *next; /* room to work in, the caller's */
    struct hf_slice payload;    /* what it became; in one of them, or the message's own */
    double deadband, window;    /* the numbers that these two look at, 0 without */
};

/* HF_ERROR_INVALID with a reason to show where the payload is not what the rule needs. */
HF_MUST int hf_change_payload(const struct hf_rule *rule, const struct hf_record *in,
                              struct hf_change *c, struct hf_error *err);
