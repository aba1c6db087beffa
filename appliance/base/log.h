// SPDX-License-Identifier: Apache-2.0
/*
 * One event a line on stderr, `key=value`:
 *
 *     hf_log_info("service=%s event=started container=%s", name, id);
 *     → time=2026-11-24T03:01:33.123Z level=info service=broker event=started container=4f…
 *
 * Writing never blocks: a line that the pipe has no room for is dropped and counted, and the count
 * is said once there is room again. A line that repeats the last one within
 * HF_LOG_REPEAT_MS is only counted; a warning or an error, where it repeats one of the last eight
 * of these. Thread-safe.
 */
#pragma once

#include "base/cleanup.h"

#include <stdint.h>

enum hf_log_level { HF_LOG_DEBUG, HF_LOG_INFO, HF_LOG_WARN, HF_LOG_ERROR };

enum { HF_LOG_LINE_MAX = 1024, HF_LOG_REPEAT_MS = 10000 };

/* Lines below level are not written; HF_LOG_INFO at start. */
void hf_log_set_level(enum hf_log_level level);

void hf_log_write(enum hf_log_level level, const char *fmt, ...) HF_PRINTF(2, 3);

/* Lines dropped since start because nobody read the pipe. */
uint64_t hf_log_dropped(void);

#define hf_log_debug(...) hf_log_write(HF_LOG_DEBUG, __VA_ARGS__)
#define hf_log_info(...) hf_log_write(HF_LOG_INFO, __VA_ARGS__)
#define hf_log_warn(...) hf_log_write(HF_LOG_WARN, __VA_ARGS__)
#define hf_log_error(...) hf_log_write(HF_LOG_ERROR, __VA_ARGS__)
