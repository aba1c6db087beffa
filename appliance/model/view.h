// SPDX-License-Identifier: Apache-2.0
/*
 * What the gateway shows: one flat, immutable picture of everything, made by the owner thread and
 * read by many (see core/core.h). Times are wall-clock milliseconds since 1970 UTC, 0 for never;
 * sizes are bytes; a negative number where documented means unknown.
 */
#pragma once

#include "model/release.h"
#include "model/settings.h"
#include "model/spec.h"
#include "model/upgrade.h"

#include <stdbool.h>
#include <stdint.h>

enum { HF_TEXT_SIZE = 256, HF_NUMBERS_MAX = 48, HF_WARNINGS_MAX = 16, HF_ID_SIZE = 33 };

enum hf_lifecycle {
    HF_LIFECYCLE_ABSENT,
    HF_LIFECYCLE_PULLING,
    HF_LIFECYCLE_CREATING,
    HF_LIFECYCLE_STARTING,
    HF_LIFECYCLE_RUNNING,
    HF_LIFECYCLE_STOPPING,
    HF_LIFECYCLE_STOPPED,
    HF_LIFECYCLE_BACKOFF, /* waits before it tries again */
    HF_LIFECYCLE_FAILED,  /* gave up: a person must look */
    HF_LIFECYCLE_COUNT
};

enum hf_health {
    HF_HEALTH_STARTING,
    HF_HEALTH_HEALTHY,
    HF_HEALTH_DEGRADED,
    HF_HEALTH_WAITING, /* for another part that is away */
    HF_HEALTH_UNREACHABLE,
    HF_HEALTH_STOPPED,
    HF_HEALTH_FAILED,
    HF_HEALTH_COUNT
};

/* The words of the API, e.g. "running", "healthy". */
const char *hf_lifecycle_name(enum hf_lifecycle l);
const char *hf_health_name(enum hf_health h);

/* Pressure (PSI): percent of the last 10 s in which somebody had to wait for it. */
struct hf_pressure {
    double cpu, memory, io;
};

struct hf_usage {
    bool known;
    int64_t memory_bytes;      /* working set: usage without inactive page cache */
    int64_t memory_peak_bytes; /* page cache included; -1: not known */
    double cpu_percent;        /* of one core */
    double throttled_percent;
    int64_t pids;
    int64_t net_rx_bytes, net_tx_bytes;    /* since its start, without loopback; -1: not known */
    int64_t io_read_bytes, io_write_bytes; /* -1: not known */
    double net_rx_per_s, net_tx_per_s, io_read_per_s, io_write_per_s; /* bytes; -1: not known */
    bool has_pressure;
    struct hf_pressure pressure;
};

struct hf_number {
    char name[32];
    int64_t value;
};

/* status/<service> as it came over the bus. */
struct hf_service_status {
    bool seen;       /* since this holdfastd started */
    bool gone;       /* last will */
    bool busy;       /* with what must not be cut: a switch waits for it */
    int64_t mono_ms; /* when it came; monotonic */
    char state[16];  /* starting, ok, degraded */
    char reason[HF_TEXT_SIZE];
    char version[HF_NAME_SIZE];
    char epoch[HF_NAME_SIZE];      /* buffer only */
    char uplink[16];               /* forwarder only */
    char last_error[HF_TEXT_SIZE]; /* forwarder only */
    struct hf_number numbers[HF_NUMBERS_MAX];
    size_t number_count;
};

/* The value of a number, or otherwise where the service did not say it. */
int64_t hf_status_number(const struct hf_service_status *s, const char *name, int64_t otherwise);

struct hf_service_view {
    struct hf_spec spec; /* all but its service "" and 0 where no release is set */
    char title[HF_NAME_SIZE];
    bool wanted; /* desired: running or stopped */
    enum hf_lifecycle lifecycle;
    enum hf_health health;
    char reason[HF_TEXT_SIZE];
    char advice[HF_TEXT_SIZE];
    int64_t started_ms;     /* of the running container */
    int64_t restarts;       /* of this container by the engine, and by us */
    int64_t stale_since_ms; /* as of the engine */
    bool has_exit_code;
    int exit_code;
    bool oom_killed;
    char container_id[HF_HASH_SIZE];
    char address[64]; /* where the host reaches it; "" while it does not run */
    struct hf_usage usage;
    double rate_in; /* records a second */
    double rate_out;
    struct hf_service_status status;
};

/* The file systems that are measured: with the state, and with the engine's data. */
enum { HF_DISK_STATE, HF_DISK_ENGINE, HF_DISKS_MAX };

struct hf_disk_view {
    char mount[HF_TEXT_SIZE];
    int64_t used_bytes, free_bytes, total_bytes; /* free: to everybody, not only root */
    int64_t inodes_used, inodes_total;           /* 0: the file system has none to run out of */
    bool holds_state, holds_engine;              /* what of ours lies on it */
};

struct hf_host_view {
    char hostname[HF_NAME_SIZE];
    double cpu_percent; /* of all cores together, 0 to 100 */
    double load1;
    int64_t memory_used_bytes, memory_total_bytes;
    int64_t disk_used_bytes, disk_total_bytes; /* of the file system with the state */
    struct hf_disk_view disks[HF_DISKS_MAX];   /* first the one with the state */
    size_t disk_count;
    int64_t device_written_bytes; /* to the disk below the state, since boot; -1: not known */
    double device_written_per_s;  /* -1: not known */
    int flash_percent_used;       /* of its life, rounded up to tens, 110: past it; -1: not known */
    char flash_device[HF_NAME_SIZE];
    bool has_pressure;
    struct hf_pressure pressure;
    bool has_temperature;
    double temperature_c;
    int64_t uptime_s;
    int cgroup_version;
    int cores;
    bool clock_synced;
    char zone[HF_NAME_SIZE]; /* of local time, as the time zone database calls it */
    int64_t clock_floor_ms;  /* no clock of ours starts before it; 0: none yet */
    int64_t daemon_rss_bytes;
    double daemon_cpu_percent;
};

enum hf_engine_state { HF_ENGINE_STARTING, HF_ENGINE_OK, HF_ENGINE_UNREACHABLE };

struct hf_engine_view {
    enum hf_engine_state state;
    char version[HF_NAME_SIZE];
    char api_version[16];
    char detail[HF_TEXT_SIZE];
    int64_t stale_since_ms; /* while it is unreachable: when what is known of it was seen */
    char warnings[HF_WARNINGS_MAX][HF_TEXT_SIZE]; /* limits that the kernel would not enforce */
    size_t warning_count;
    bool has_io_weight; /* the host has shares of the disk */
};

struct hf_buffer_view {
    bool known;
    bool ok;
    char reason[HF_TEXT_SIZE];
    int64_t held, oldest_ms, disk_bytes, disk_limit_bytes;
    int64_t accepted, delivered, dropped, quarantined, window_ms;
    int64_t dropped_ms; /* when the newest drop was seen; 0: none since this holdfastd started */
    double in_per_s, out_per_s;
    int64_t drain_s; /* -1: not draining */
    int64_t full_s;  /* -1: not filling */
    char epoch[HF_NAME_SIZE];
    int64_t updated_ms;
    int64_t rated_endurance_bytes; /* of the card, from the settings; 0: not known */
};

struct hf_uplink_view {
    char state[16];        /* unset, idle, delivering, away, refused, unknown */
    char url[HF_URL_SIZE]; /* without user information and query */
    char last_error[HF_TEXT_SIZE];
    int64_t last_success_ms, next_try_ms, away_since_ms;
    int64_t last_status; /* HTTP status, 0: none */
    int64_t attempt;
};

/* What the broker acknowledged and could not keep. */
struct hf_broker_view {
    int64_t queue_dropped;
    int64_t queue_dropped_ms; /* when the newest was seen; 0: none since this holdfastd started */
};

struct hf_alarms_view {
    int active, unacknowledged;
    bool bad; /* one of the active ones is; else they are warnings */
};

struct hf_sentence {
    char level[8]; /* ok, warn, bad */
    char eyebrow[HF_TEXT_SIZE];
    char title[HF_TEXT_SIZE];
    char detail[HF_TEXT_SIZE];
};

struct hf_gateway_view {
    char id[HF_NAME_SIZE];
    char name[HF_NAME_SIZE];
    int64_t started_ms;
    bool claimed;
    char field_address[64];  /* to publish to */
    uint16_t field_port;     /* of plain MQTT; where there is none, of TLS */
    uint16_t field_tls_port; /* 0: none */
    struct hf_engine_view engine;
    struct hf_host_view host;
    char recovery[2 * HF_TEXT_SIZE]; /* what became of a damaged database of ours; "" for none */
};

enum hf_operation_kind {
    HF_OPERATION_START,
    HF_OPERATION_STOP,
    HF_OPERATION_RESTART,
    HF_OPERATION_UPGRADE,
    HF_OPERATION_ROLLBACK,
    HF_OPERATION_CHECK, /* whether the registry has new releases */
    HF_OPERATION_KIND_COUNT
};
enum hf_operation_state {
    HF_OPERATION_QUEUED,
    HF_OPERATION_RUNNING,
    HF_OPERATION_SUCCEEDED,
    HF_OPERATION_FAILED
};

struct hf_operation {
    char id[HF_ID_SIZE]; /* 32 hex digits */
    int64_t n;           /* grows; of the store */
    enum hf_operation_kind kind;
    enum hf_operation_state state;
    char service[HF_NAME_SIZE]; /* "": all of them */
    char actor[HF_NAME_SIZE];   /* who asked */
    char detail[HF_TEXT_SIZE];
    int64_t created_ms, finished_ms;
};

const char *hf_operation_kind_name(enum hf_operation_kind k);
const char *hf_operation_state_name(enum hf_operation_state s);

struct hf_snapshot {
    uint64_t version;  /* grows with each one */
    uint64_t changes;  /* grows where something changed, not where only time passed */
    uint64_t happened; /* the newest happening that it shows (core/happened.h); 0: none */
    int64_t at_ms;
    struct hf_gateway_view gateway;
    bool has_release;
    struct hf_release release; /* its descriptions are the core's, and live as long */
    struct hf_service_view services[HF_SERVICES_MAX]; /* the built-in ones first */
    size_t service_count;
    struct hf_broker_view broker;
    struct hf_buffer_view buffer;
    struct hf_uplink_view uplink;
    struct hf_upgrade_view upgrade;
    struct hf_alarms_view alarms;
    struct hf_sentence sentence;
};

/* The memory that all services together may take. More than the host has is an overcommit. */
int64_t hf_snapshot_memory_limits(const struct hf_snapshot *s);

/* The service of that name, or NULL. */
const struct hf_service_view *hf_snapshot_service(const struct hf_snapshot *s, const char *name);
