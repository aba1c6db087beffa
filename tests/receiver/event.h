// SPDX-License-Identifier: Apache-2.0
/* CloudEvents 1.0, JSON batch format, as the gateway writes them, back into lines (api/uplink.md).
 */
#pragma once

#include "base/buf.h"

/* Appends a line for each event. HF_ERROR_MALFORMED with the number of the one that is wrong. */
HF_MUST int hf_event_lines(const char *text, size_t len, struct hf_buf *lines,
                           struct hf_error *err);
