// SPDX-License-Identifier: Apache-2.0
/*
 * Lease a span of records from the buffer, POST it to the uplink until it is stored there, give it
 * back as delivered. One span at a time, so order is kept; a span keeps its Idempotency-Key through
 * all tries.
 */
#pragma once

#include "common/conf.h"

#include <stdbool.h>
#include <stdint.h>

enum { HF_URL_MAX = 2048, HF_DELIVER_TEXT_MAX = 256 };

enum hf_uplink {
    HF_UPLINK_UNSET, /* no address: nothing is leased */
    HF_UPLINK_IDLE,  /* nothing to deliver */
    HF_UPLINK_DELIVERING,
    HF_UPLINK_AWAY,    /* the last try failed and is repeated */
    HF_UPLINK_REFUSED, /* the same, and somebody has to look: see last_error */
    HF_UPLINK_COUNT
};

struct hf_deliver_settings {
    char gateway[64];
    char url[HF_URL_MAX];
    char *ca_pem; /* NULL or PEM; owned */
    char buffer_token[HF_SECRET_MAX];
    char uplink_token[HF_SECRET_MAX];
};

struct hf_deliver_view {
    enum hf_uplink uplink;
    char last_error[HF_DELIVER_TEXT_MAX];   /* never with credentials */
    char buffer_error[HF_DELIVER_TEXT_MAX]; /* why the buffer gives nothing; empty when it does */
    uint64_t delivered;                     /* records */
    uint64_t batches;
    uint64_t failures;
    unsigned attempt;        /* failed tries of the present batch */
    int last_status;         /* HTTP; 0 when there was no answer */
    int64_t last_success_ms; /* Unix time; 0 for never */
    int64_t next_try_ms;     /* Unix time; 0 when not waiting */
};

struct hf_deliver;

/* buffer_url: http://HOST:PORT of the buffer. */
HF_MUST int hf_deliver_new(const char *buffer_url, struct hf_deliver **ret_deliver,
                           struct hf_error *err);
void hf_deliver_free(struct hf_deliver *d);
HF_DEFINE_AUTO(struct hf_deliver, hf_deliver, hf_deliver_free)

/* Takes over new settings (their ca_pem with them); a try that is waited for begins at once. From
 * any thread. */
void hf_deliver_configure(struct hf_deliver *d, struct hf_deliver_settings *consume);

/* Delivers until the service is to stop. */
void hf_deliver_run(struct hf_deliver *d);

void hf_deliver_look(struct hf_deliver *d, struct hf_deliver_view *ret_view);
