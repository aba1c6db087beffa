// SPDX-License-Identifier: Apache-2.0
/* What all operations that take a while have in common: begun once for each Idempotency-Key, waited
 * for where Prefer says so (RFC 7240), answered by 202, or 200 where they have ended. */
#pragma once

#include "api/exchange.h"

/* Begins it; the errors are those of the answer. */
typedef int hf_begin(struct hf_exchange *x, const void *context, struct hf_operation *ret_operation,
                     struct hf_error *err);

HF_MUST int hf_reply_begun(struct hf_exchange *x, hf_begin *begin, const void *context,
                           struct hf_error *err);

/* Waits as long as Prefer says until operation has ended, and says so in a header. */
void hf_prefer_wait(struct hf_exchange *x, struct hf_operation *operation);
