// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "store/db.h"

/* 1 where the gateway is claimed, 0, or -1. */
HF_MUST int hf_db_has_account(struct hf_store *st, struct hf_error *err);
