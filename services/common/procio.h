// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* Bytes that this process, and the children that it has waited for, have caused to be written to
 * storage since they started: write_bytes of /proc/self/io (proc(5)). 0 where the kernel does not
 * say. */
int64_t hf_procio_written(void);
/* The same of another process of our own user. */
int64_t hf_procio_written_by(pid_t pid);
