// SPDX-License-Identifier: Apache-2.0
/* Asks an own service whether it works, at its container's address. Blocks up to HF_PROBE_MS. */
#pragma once

#include "base/error.h"

#include <stdint.h>

enum { HF_PROBE_MS = 2000 };

/* Whether it takes a connection. UNAVAILABLE with the reason. */
HF_MUST int hf_probe_tcp(const char *address, uint16_t port, struct hf_error *err);

/* Whether it answers GET path with 2xx or 3xx. UNAVAILABLE with the reason. */
HF_MUST int hf_probe_http(const char *address, uint16_t port, const char *path,
                          struct hf_error *err);
