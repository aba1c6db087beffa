// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/error.h"
#include "model/view.h"

/* Reads the payload of status/<service>, which any program on the bus may have written: text that
 * is too long is cut at a character, numbers past HF_NUMBERS_MAX and members that are unknown are
 * ignored. MALFORMED where it is no JSON, INVALID where it has no known "state" or names another
 * service. ret_status->mono_ms is 0; it is written only on success. */
HF_MUST int hf_status_parse(const char *service, const char *payload, size_t len,
                            struct hf_service_status *ret_status, struct hf_error *err);
