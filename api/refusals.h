// SPDX-License-Identifier: Apache-2.0
/*
 * What somebody who is known asked for and did not get, for the audit log. Who asks again and again
 * fills neither log nor flash: the same of the same one is written once in ten minutes, and what is
 * always another thing at most once a second after the first few.
 */
#pragma once

#include "base/error.h"
#include "model/account.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { HF_REFUSALS_MAX = 32, HF_REFUSALS_AGAIN_MS = 600 * 1000, HF_REFUSALS_APART_MS = 1000 };

struct hf_refusal {
    const void *what; /* the route; NULL for a free place */
    int status;
    char who[HF_NAME_SIZE], from[HF_ADDRESS_SIZE];
    int64_t at_ms; /* monotonic */
};

struct hf_refusals {
    pthread_mutex_t lock;
    struct hf_refusal newest[HF_REFUSALS_MAX];
    int64_t spent_until_ms; /* each that is told takes a second of it; at most so many ahead */
};

void hf_refusals_init(struct hf_refusals *r);
void hf_refusals_done(struct hf_refusals *r);

/* Whether it is to be told, which counts as told. */
HF_MUST bool hf_refusals_tell(struct hf_refusals *r, const struct hf_refusal *one);

struct hf_exchange;
struct hf_route;

/* Writes into the audit log why a request to change something came to nothing: REFUSED for what the
 * role or the state of things does not allow, FAILED for what broke. Nothing for a mistake in the
 * request, nor where the password is to be shown first. */
void hf_refusals_note(struct hf_exchange *x, const struct hf_route *route,
                      const struct hf_error *why);
