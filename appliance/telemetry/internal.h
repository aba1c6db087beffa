// SPDX-License-Identifier: Apache-2.0
/* What the files of telemetry/ share. Nobody else includes it. */
#pragma once

#include "telemetry/telemetry.h"

#include <limits.h>

enum {
    TELEMETRY_TEXT_MAX = 8192, /* memory.stat of a v2 kernel has about 1.5 KiB */
    NANO_PER_MS = 1000000,
    NANO_PER_MICRO = 1000
};

/* The controllers that are read. In v2 all are found in one place. */
enum controller { MEMORY, CPU, CPUACCT, PIDS, CONTROLLER_COUNT };

/* Where the host mounts a controller, and which part of its tree that shows. */
struct hierarchy {
    char mount[256]; /* with root; "" for none */
    char shown[256]; /* "/" for all */
};

struct cpu_sample {
    int64_t at_ms; /* 0: none */
    int64_t used_ns;
    int64_t periods, throttled;
};

struct slot {
    pid_t pid; /* 0: none */
    char folders[CONTROLLER_COUNT][PATH_MAX / 4];
    struct cpu_sample last;
};

struct hf_telemetry {
    char root[256];
    int cgroup_version;
    struct hierarchy hierarchies[CONTROLLER_COUNT];
    struct slot slots[HF_SERVICES_MAX];

    int64_t host_at_ms;            /* of the samples below; 0: none */
    int64_t host_busy, host_total; /* ticks of /proc/stat */
    int64_t own_ticks;
};

/* Reads mountinfo; leaves cgroup_version 0 where there are no cgroups. */
void hf_cgroup_find(struct hf_telemetry *t);

/* Percent of one core between two readings of a counter in nanoseconds. */
double hf_cgroup_percent(int64_t used_ns, int64_t passed_ms);
