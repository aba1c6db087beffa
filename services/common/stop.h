// SPDX-License-Identifier: Apache-2.0
/*
 * The end of a service. As PID 1 of a container it gets no default signal action, so SIGTERM and
 * SIGINT are taken by a thread of our own, which says stop to all others and ends the process when
 * they take longer than HF_STOP_GRACE_MS: every service is safe to end at any instant.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum { HF_STOP_GRACE_MS = 9000 }; /* Docker waits 10 s */

/* Call once, before any other thread starts: they inherit the blocked signals. */
HF_MUST int hf_stop_init(struct hf_error *err);

/* Says stop as a signal would. */
void hf_stop_now(void);

bool hf_stopping(void);

/* Sleeps; true as soon as the service is to stop. */
bool hf_stop_sleep(int64_t ms);

/* Readable once the service is to stop: for poll(2). */
int hf_stop_fd(void);
