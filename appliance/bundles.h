// SPDX-License-Identifier: Apache-2.0
/* Bundles of this gateway: their releases are known by the core, their images by Docker. */
#pragma once

#include "core/core.h"
#include "intake/intake.h"

struct hf_engine;

/* Both are borrowed for the life of the intake. */
HF_MUST int hf_bundles_new(struct hf_core *core, struct hf_engine *engine,
                           struct hf_intake **ret_intake, struct hf_error *err);
