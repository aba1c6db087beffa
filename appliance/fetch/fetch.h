// SPDX-License-Identifier: Apache-2.0
/*
 * Fetches one thing of a registry (OCI distribution spec, "Pull"): asks with what credentials the
 * registry wants, goes on where a line broke, and gives up where nothing comes any more. Redirects
 * are followed within the registry alone: elsewhere neither the credentials nor the trust belong.
 */
#pragma once

#include "fetch/request.h"

typedef int hf_fetch_sink(void *context, const char *data, size_t len, struct hf_error *err);

HF_MUST int hf_fetch(const struct hf_fetch_request *r, hf_fetch_sink *sink, void *context,
                     struct hf_error *err);
