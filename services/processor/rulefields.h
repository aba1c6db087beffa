// SPDX-License-Identifier: Apache-2.0
/* The members of one rule. */
#pragma once

#include "processor/rules.h"

/* Reads r->doc into the rest of r; pointer is where the rule stands. */
HF_MUST int hf_rule_read_fields(struct hf_rule *r, const char *pointer, struct hf_error *err);
