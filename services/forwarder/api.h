// SPDX-License-Identifier: Apache-2.0
/* What holdfastd may ask (api/record-path.md, "The processor and the forwarder, looked at"). */
#pragma once

#include "common/conf.h"
#include "common/httpd.h"
#include "forwarder/sinks.h"
#include "forwarder/webhook.h"

#include <pthread.h>

struct hf_forwarder_api {
    struct hf_sinks *sinks;
    struct hf_webhook webhook;
    pthread_mutex_t lock;
    /* Guarded by lock. */
    char token[HF_SECRET_MAX]; /* holdfastd's; empty lets nobody in */
    char gateway[HF_GATEWAY_MAX];
};

void hf_forwarder_api_configure(struct hf_forwarder_api *api, const char *token,
                                const char *gateway);

/* ctx: struct hf_forwarder_api. */
void hf_forwarder_api_handle(void *ctx, struct hf_request *q);
