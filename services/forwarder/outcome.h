// SPDX-License-Identifier: Apache-2.0
/* What an answer of the uplink means (api/uplink.md). Pure. */
#pragma once

#include <stdint.h>

enum hf_outcome {
    HF_OUTCOME_STORED,  /* 2xx: all of it is safe there */
    HF_OUTCOME_LATER,   /* 408, 425, 429, 5xx, no answer: try again */
    HF_OUTCOME_REFUSED, /* 401, 403, 407, redirects: try again slowly, a person has to look */
    HF_OUTCOME_SPLIT,   /* 413: too much at once */
    HF_OUTCOME_POISON,  /* any other 4xx: never, be it a record in it or the sink (suspects.h) */
    HF_OUTCOME_COUNT
};

enum hf_outcome hf_outcome_of(int status);
