// SPDX-License-Identifier: Apache-2.0
/* What came, and what did not: api/uplink.md, "Try it". */
#pragma once

#include "json/json.h"

struct sqlite3;

HF_MUST int hf_report_make(struct sqlite3 *db, struct hf_json **ret_report, struct hf_error *err);
