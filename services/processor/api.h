// SPDX-License-Identifier: Apache-2.0
/* The processor's HTTP on the internal network (api/record-path.md), for holdfastd to look on. */
#pragma once

#include "common/conf.h"
#include "processor/work.h"

struct hf_api;

/* Listens on ADDR:PORT; lets nobody in until it has a token. */
HF_MUST int hf_api_start(const char *listen, struct hf_work *work, struct hf_api **ret_api,
                         struct hf_error *err);
void hf_api_stop(struct hf_api *a);
HF_DEFINE_AUTO(struct hf_api, hf_api, hf_api_stop)

void hf_api_set_token(struct hf_api *a, const char *token);
