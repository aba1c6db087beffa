// SPDX-License-Identifier: Apache-2.0
/* The buffer's side: leases, acknowledgements (api/record-path.md). One thread owns a source. */
#pragma once

#include "common/conf.h"
#include "forwarder/leased.h"

#include <stdatomic.h>

enum {
    HF_SOURCE_HOLDER_MAX = 64,
    HF_SOURCE_LEASE_MS = 60000,
    HF_SOURCE_EXTEND_MS = 20000, /* extend a lease that is held longer */
    HF_REFUSALS_REASONS = 512 * 1024,
};

struct hf_source_options {
    char url[HF_HTTP_URL_MAX]; /* http://HOST:PORT of the buffer */
    char token[HF_SECRET_MAX];
    char holder[HF_SOURCE_HOLDER_MAX]; /* the same after a restart: it gets its leases back */
    char sink[HF_SINK_NAME_MAX + 1];
    char gateway[HF_GATEWAY_MAX];
    const atomic_bool *cancel; /* ends the wait for a lease */
};

struct hf_refusal {
    uint64_t seq;
    int status;
    char *reason; /* owned */
};

struct hf_refusals {
    struct hf_refusal *items;
    size_t count, cap;
    size_t reason_bytes;
};

/* Copies reason; behind HF_REFUSALS_REASONS bytes of them a short one stands in its place, so that
 * an acknowledgement stays within what the buffer takes. */
HF_MUST int hf_refusals_add(struct hf_refusals *r, uint64_t seq, int status, const char *reason,
                            struct hf_error *err);
/* Keeps the first count of them. */
void hf_refusals_cut(struct hf_refusals *r, size_t count);
void hf_refusals_clear(struct hf_refusals *r);
void hf_refusals_done(struct hf_refusals *r);

struct hf_source;

HF_MUST int hf_source_new(const struct hf_source_options *options, struct hf_source **ret_source,
                          struct hf_error *err);
void hf_source_free(struct hf_source *s);

/* lane: NULL for the first that has something. 1 a batch, 0 nothing there, -1 error:
 * HF_ERROR_CONFLICT where another holder has it, HF_ERROR_NOT_FOUND where the buffer does not know
 * the sink (yet). */
HF_MUST int hf_source_lease(struct hf_source *s, const char *lane, size_t max_bytes,
                            int64_t wait_ms, struct hf_leased *b, struct hf_error *err);

/* What is behind the lease of that lane that is out, without leasing it. 1, 0 nothing, -1. */
HF_MUST int hf_source_peek(struct hf_source *s, const char *lane, struct hf_leased *b,
                           struct hf_error *err);

/* Once; a HF_ERROR_CONFLICT means that the buffer no longer has that lease. */
HF_MUST int hf_source_ack(struct hf_source *s, const struct hf_leased *b,
                          const struct hf_refusals *refused, struct hf_error *err);

HF_MUST int hf_source_extend(struct hf_source *s, const struct hf_leased *b, struct hf_error *err);
