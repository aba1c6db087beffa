// SPDX-License-Identifier: Apache-2.0
/* What rules would make of messages, as JSON, with states of its own: nothing else changes. */
#pragma once

#include "processor/recent.h"
#include "processor/rules.h"

enum { HF_DRY_RUN_ANSWER_MAX = 8 * 1024 * 1024 };

/* Appends the answer of POST /v1/dry-run. A window that is open at the end is shown with the last
 * message that it holds. */
HF_MUST int hf_dry_run(const struct hf_recent *messages, struct hf_rules *consume_rules,
                       struct hf_buf *out, struct hf_error *err);
