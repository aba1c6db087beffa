// SPDX-License-Identifier: Apache-2.0
/*
 * Resource use of containers (cgroup v1 and v2) and of the host, read from kernel files. A reading
 * opens, reads and closes a few files; it allocates nothing and starts no program. Percentages
 * need two samples: the first one after a start says 0. One thread at a time.
 */
#pragma once

#include "base/error.h"
#include "model/release.h"
#include "model/view.h"

#include <stdint.h>
#include <sys/types.h>

struct hf_telemetry;

/* root stands before /proc and /sys: "" on a real machine, a folder of captured files in tests. */
HF_MUST int hf_telemetry_new(const char *root, struct hf_telemetry **ret_telemetry,
                             struct hf_error *err);
void hf_telemetry_free(struct hf_telemetry *t);
HF_DEFINE_AUTO(struct hf_telemetry, hf_telemetry, hf_telemetry_free)

/* Reads the cgroups of the container whose first process on the host is pid. slot, below
 * HF_SERVICES_MAX, is where the previous sample is kept; another pid in it starts afresh. now_ms is
 * monotonic. ret_usage->known is false where there is no such process or no cgroup to read; pid 0
 * (not running) forgets the slot. */
void hf_telemetry_service(struct hf_telemetry *t, size_t slot, pid_t pid, int64_t now_ms,
                          struct hf_usage *ret_usage);

/* Fills everything of ret_host; what cannot be read is 0 (has_temperature false). disk_path is a
 * path on the file system to measure. */
void hf_telemetry_host(struct hf_telemetry *t, const char *disk_path, int64_t now_ms,
                       struct hf_host_view *ret_host);
