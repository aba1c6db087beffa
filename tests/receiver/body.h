// SPDX-License-Identifier: Apache-2.0
/* The body of a request as lines, whatever it came as (api/uplink.md). Pure. */
#pragma once

#include "base/buf.h"

/* encoding: Content-Encoding, NULL for none. body and lines take each other's place as often as it
 * needs; lines holds the lines at the end. HF_ERROR_MALFORMED where it is not what it says;
 * HF_ERROR_INVALID for a type or an encoding that is not known. */
HF_MUST int hf_body_lines(const char *type, const char *encoding, struct hf_buf *body,
                          struct hf_buf *lines, struct hf_error *err);
