// SPDX-License-Identifier: Apache-2.0
/* What a program that talks to foreign servers gives up before it begins. */
#pragma once

#include "base/error.h"

/* Closes all but the standard descriptors; ends with its parent; no core, no files, bounded memory;
 * nobody's user where it was root's. */
HF_MUST int hf_sandbox_enter(struct hf_error *err);
