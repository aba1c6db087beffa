// SPDX-License-Identifier: Apache-2.0
/* holdfastd's side of holdfast-network (network/parts.h says what lies where). Thread-safe. */
#pragma once

#include "base/error.h"
#include "json/json.h"

struct hf_host_hand {
    const char *run;     /* of holdfastd, where it asks */
    const char *out;     /* where it is answered; NULL: there is no such program on this host */
    int64_t patience_ms; /* 0: ten seconds */
};

/* What it said last; NULL where it has said nothing. The caller's. */
struct hf_json *hf_host_told(const struct hf_host_hand *h);

/* Asks for request, which gets its id, and waits as long as h says. ret_told is what was said then,
 * the caller's. CONFLICT where it was refused, UNAVAILABLE where nobody answers: then nobody is
 * asked any more. */
HF_MUST int hf_host_ask(const struct hf_host_hand *h, struct hf_json *request,
                        struct hf_json **ret_told, struct hf_error *err);
