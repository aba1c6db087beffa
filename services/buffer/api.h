// SPDX-License-Identifier: Apache-2.0
/* The buffer's HTTP on the lease network (api/record-path.md). */
#pragma once

#include "buffer/budget.h"
#include "buffer/owner.h"
#include "common/conf.h"
#include "common/httpd.h"

#include <stdatomic.h>

enum hf_buffer_who { HF_WHO_PROCESSOR, HF_WHO_FORWARDER, HF_WHO_HOLDFASTD, HF_WHO_COUNT };

enum {
    HF_BUFFER_EXPORTS_MAX = 2, /* at the same time */
    /* What bodies and answers of requests in progress may take in memory. */
    HF_BUFFER_REQUEST_BYTES = 6 * 1024 * 1024,
};

struct hf_buffer_tokens {
    char of[HF_WHO_COUNT][HF_SECRET_MAX];
};

struct hf_buffer_api {
    struct hf_owner *owner;
    struct hf_budget budget;
    atomic_int exports;
    int64_t started_ms;      /* Unix time */
    int64_t started_mono_ms; /* since when flash is counted, however the clock is set */
    pthread_mutex_t lock;
    struct hf_buffer_tokens tokens; /* guarded by lock */
};

void hf_buffer_api_init(struct hf_buffer_api *api, struct hf_owner *owner);
void hf_buffer_api_done(struct hf_buffer_api *api);
void hf_buffer_api_set_tokens(struct hf_buffer_api *api, const struct hf_buffer_tokens *tokens);

/* A handler for hf_httpd_start() with a struct hf_buffer_api as its ctx. */
void hf_buffer_api_handle(void *ctx, struct hf_request *q);
