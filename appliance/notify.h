// SPDX-License-Identifier: Apache-2.0
/*
 * What the service manager is told, by the protocol of sd_notify(3): datagrams of VARIABLE=VALUE
 * lines to the Unix socket that $NOTIFY_SOCKET names. Without one, every call does nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Ready for requests; status is one line for people. */
void hf_notify_ready(const char *status);

/* One line for people; the one it said last is not said again. */
void hf_notify_status(const char *status);

void hf_notify_stopping(void);

/* Alive: to be said more often than every hf_notify_watchdog_ms(). */
void hf_notify_alive(void);

/* After how long without a sign of life the manager ends this process ($WATCHDOG_USEC, where
 * $WATCHDOG_PID is not another one's); 0: never. */
int64_t hf_notify_watchdog_ms(void);
