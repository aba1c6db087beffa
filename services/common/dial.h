// SPDX-License-Identifier: Apache-2.0
/* A TCP connection of our own: by name, in bounded time, given up when the service is to stop. */
#pragma once

#include "common/env.h"
#include "common/last_peer.h"

#include <stdint.h>

/* Connects to one of the host's addresses, or where no resolver answers to the last one. Returns
 * the descriptor, non-blocking, that the caller closes; until deadline_ms, monotonic. */
HF_MUST int hf_dial(const struct hf_address *to, const struct hf_last_peer *last,
                    int64_t deadline_ms, struct hf_error *err);

/* Waits until fd is ready for events of poll(2). False: the time is over, or the service is to
 * stop. */
HF_MUST bool hf_dial_ready(int fd, short events, int64_t deadline_ms);
