// SPDX-License-Identifier: Apache-2.0
/* Compares what was acknowledged to a publisher with what a receiver has stored. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hf_check {
    const char *url;                   /* of the receiver: http://HOST:PORT */
    const char *run;                   /* name of the run, as it stands in the payloads */
    size_t count;                      /* numbers 0 to count - 1 were published */
    size_t topics;                     /* number n went to topic n % topics */
    const unsigned char *acknowledged; /* [count] */
    int64_t settle_s;                  /* wait so long since the last arrival for what is missing */
};

struct hf_check_result {
    uint64_t acknowledged;
    uint64_t arrived;    /* distinct numbers */
    uint64_t lost;       /* acknowledged and not arrived */
    uint64_t duplicated; /* arrivals of a number after its first */
    uint64_t reordered;  /* first arrivals below an earlier one of the same topic */
};

HF_MUST int hf_check_run(const struct hf_check *c, struct hf_check_result *ret_result,
                         struct hf_error *err);
