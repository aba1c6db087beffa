// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdint.h>

/* Bytes that this process has caused to be written to storage since it started: write_bytes of
 * /proc/self/io (proc(5)). 0 where the kernel does not say. */
int64_t hf_procio_written(void);
