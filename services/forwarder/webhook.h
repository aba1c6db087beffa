// SPDX-License-Identifier: Apache-2.0
/*
 * Tells of alarms by POST to an address of the operator's, for holdfastd, which may not leave the
 * box. It keeps nothing: whether it was told is the answer, and trying again is holdfastd's.
 */
#pragma once

#include "common/conf.h"
#include "json/json.h"

#include <pthread.h>

enum { HF_WEBHOOK_URL_MAX = 512, HF_WEBHOOK_BODY_MAX = 16 * 1024 };

struct hf_webhook {
    pthread_mutex_t lock; /* guards the rest */
    char url[HF_WEBHOOK_URL_MAX];
    char token[HF_SECRET_MAX];
};

void hf_webhook_init(struct hf_webhook *w);

/* From settings.json /alarms_webhook and credentials.json /alarms_webhook_token. */
void hf_webhook_configure(struct hf_webhook *w, const struct hf_json *settings,
                          const struct hf_json *credentials);

/* request: {"key": Idempotency-Key, "body": {…}}. 0 once the other side answered 2xx. NOT_FOUND
 * where no address is set; UPSTREAM, TIMEOUT or the class of its status otherwise. */
HF_MUST int hf_webhook_post(struct hf_webhook *w, const struct hf_json *request,
                            struct hf_error *err);
