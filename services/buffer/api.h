// SPDX-License-Identifier: Apache-2.0
/* The buffer's HTTP on the lease network: records in, lease, ack. */
#pragma once

#include "buffer/owner.h"
#include "common/conf.h"
#include "common/httpd.h"

#include <pthread.h>

struct hf_buffer_tokens {
    char processor[HF_SECRET_MAX];
    char forwarder[HF_SECRET_MAX];
};

struct hf_buffer_api {
    struct hf_owner *owner;
    pthread_mutex_t lock;
    struct hf_buffer_tokens tokens; /* guarded by lock */
};

/* A handler for hf_httpd_start() with a struct hf_buffer_api as its ctx. */
void hf_buffer_api_handle(void *ctx, struct hf_request *q);
