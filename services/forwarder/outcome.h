// SPDX-License-Identifier: Apache-2.0
/* What an answer of the uplink means (api/uplink.md). Pure. */
#pragma once

#include <stdint.h>

enum hf_outcome {
    HF_OUTCOME_STORED,  /* 2xx: all of it is safe there */
    HF_OUTCOME_LATER,   /* 408, 425, 429, 5xx, no answer: try again */
    HF_OUTCOME_REFUSED, /* 401, 403, 407, redirects: try again slowly, a person has to look */
    HF_OUTCOME_SPLIT,   /* 413: too much at once */
    HF_OUTCOME_POISON,  /* 400, 409, 422 and the rest of 4xx: a record in it is refused for good */
    HF_OUTCOME_ADDRESS, /* 404 and such: the address is wrong, unless it took others of this batch
                         */
    HF_OUTCOME_COUNT
};

enum hf_outcome hf_outcome_of(int status);

/* Text for what a person reads: the status and what it means for the gateway. */
const char *hf_outcome_text(enum hf_outcome outcome);
