// SPDX-License-Identifier: Apache-2.0
/* Records as CloudEvents 1.0 in the JSON batch format (api/uplink.md says which member is what). */
#pragma once

#include "forwarder/view.h"

/* Replaces out by a JSON array with one event for each line. */
HF_MUST int hf_events_render(struct hf_slice lines, struct hf_buf *out, struct hf_error *err);
