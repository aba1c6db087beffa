// SPDX-License-Identifier: Apache-2.0
/*
 * Resource use of containers (cgroup v1 and v2) and of the host, read from kernel files that stay
 * open. A reading allocates nothing and starts no program. What hardly moves (names, peaks,
 * pressure, wear, temperature, load, uptime, our own use) is read every 10 s; so is all of a
 * service that uses hardly any CPU, but for the CPU itself. Percentages and rates need two samples:
 * the first one after a start says 0, or not known. One thread at a time.
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

/* Fills everything of ret_host; what cannot be read is 0, or as model/view.h says. disk_paths are
 * paths on the file systems to measure, first the one with the state; of two on the same one the
 * first counts, and one that is not there counts for nothing. */
void hf_telemetry_host(struct hf_telemetry *t, const char *const *disk_paths, size_t count,
                       int64_t now_ms, struct hf_host_view *ret_host);
