// SPDX-License-Identifier: Apache-2.0
/* What the files of telemetry/ share. Nobody else includes it. */
#pragma once

#include "telemetry/kernel_file.h"
#include "telemetry/telemetry.h"

#include <limits.h>
#include <sys/types.h>

enum {
    TELEMETRY_TEXT_MAX = 8192, /* memory.stat of a v2 kernel has about 1.5 KiB */
    NANO_PER_MS = 1000000,
    NANO_PER_MICRO = 1000
};

/* The controllers that are read. In v2 all are found in one place. */
enum controller { MEMORY, CPU, CPUACCT, PIDS, BLKIO, CONTROLLER_COUNT };

/* Where the host mounts a controller, and which part of its tree that shows. */
struct hierarchy {
    char mount[256]; /* with root; "" for none */
    char shown[256]; /* "/" for all */
};

/* What is read of a container, each kept open. */
enum service_file {
    FILE_MEMORY,
    FILE_MEMORY_STAT,
    FILE_MEMORY_PEAK,
    FILE_CPU,
    FILE_CPU_USAGE, /* v1 */
    FILE_PIDS,
    FILE_IO,
    FILE_NET,
    FILE_PRESSURE_CPU,
    FILE_PRESSURE_MEMORY,
    FILE_PRESSURE_IO,
    SERVICE_FILE_COUNT
};

/* Counters at one moment. */
struct sample {
    int64_t at_ms; /* 0: none */
    int64_t used_ns;
    int64_t periods, throttled;
    int64_t net_rx, net_tx, io_read, io_write; /* -1: not known */
};

struct slot {
    pid_t pid; /* 0: none */
    char folders[CONTROLLER_COUNT][PATH_MAX / 4];
    char process[PATH_MAX / 4]; /* its folder in /proc */
    struct hf_kernel_file files[SERVICE_FILE_COUNT];
    int64_t used_ns, used_at_ms; /* CPU when it was last read; 0: never */
    struct sample last;          /* when all was */
    struct hf_usage usage;       /* what is known */
    int64_t slow_at_ms;          /* when what hardly moves was read; 0: never */
    /* What the kernel could drop, how much there was in all when it was counted, and when; 0:
     * never. */
    int64_t cache_bytes, cache_usage, cache_at_ms;
};

enum host_file {
    FILE_STAT,
    FILE_MEMINFO,
    FILE_LOADAVG,
    FILE_UPTIME,
    FILE_OWN_STAT,
    FILE_OWN_STATM,
    FILE_HOST_CPU,
    FILE_HOST_MEMORY,
    FILE_HOST_IO,
    FILE_DEVICE_STAT,
    HOST_FILE_COUNT
};

enum { ZONES_MAX = 16 }; /* thermal zones; a board has about four */

/* Where a file system is mounted that was found below a path. */
struct mount {
    char path[PATH_MAX / 4];
    dev_t device; /* 0: none known */
    char point[HF_TEXT_SIZE];
};

struct hf_telemetry {
    char root[256];
    int cgroup_version;
    struct hierarchy hierarchies[CONTROLLER_COUNT];
    struct slot slots[HF_SERVICES_MAX];

    struct hf_kernel_file files[HOST_FILE_COUNT];
    struct hf_kernel_file zones[ZONES_MAX];
    size_t zone_count;
    bool zones_found;
    char device[PATH_MAX / 4]; /* the disk with the state in /sys; "" for none */
    bool device_found;
    struct mount mounts[HF_DISKS_MAX];

    int64_t host_busy, host_total; /* ticks of /proc/stat */
    int64_t own_ticks, own_at_ms;  /* 0: none */
    int64_t device_written, device_at_ms;
    struct hf_host_view slow; /* what is not read each time */
    int64_t slow_at_ms;
};

/* How often what hardly moves is read: names, peaks, pressure (itself a mean of 10 s), flash. */
enum { SLOW_MS = 10 * 1000 };

/* cgroup.c: reads mountinfo; leaves cgroup_version 0 where there are no cgroups. */
void hf_cgroup_find(struct hf_telemetry *t);

/* cgroup.c: finds the folders of the process; false where there is no such process. */
bool hf_cgroup_settle(struct hf_telemetry *t, struct slot *s, pid_t pid);

/* Percent of one core between two readings of a counter in nanoseconds. */
double hf_cgroup_percent(int64_t used_ns, int64_t passed_ms);

/* disk.c: the file systems below the paths, each once. */
void hf_disk_read(struct hf_telemetry *t, const char *const *paths, size_t count,
                  struct hf_host_view *ret);
/* disk.c: the device below path; t->device. */
void hf_disk_find(struct hf_telemetry *t, const char *path);
/* disk.c: what was written to it since boot, and how worn it is. */
void hf_disk_read_device(struct hf_telemetry *t, int64_t now_ms, struct hf_host_view *ret);
void hf_disk_read_wear(const struct hf_telemetry *t, struct hf_host_view *ret);
