// SPDX-License-Identifier: Apache-2.0
/* What the files of core/ share. Nobody else includes it. */
#pragma once

#include "base/log.h"
#include "bus/bus.h"
#include "core/core.h"
#include "core/history.h"
#include "core/mailbox.h"
#include "core/rate.h"
#include "core/worker.h"
#include "path/path.h"
#include "supervisor/health.h"
#include "supervisor/lifecycle.h"
#include "telemetry/telemetry.h"

#include <pthread.h>

/* One service as the owner knows it. */
struct service {
    char name[HF_NAME_SIZE]; /* fixed before the first thread starts */
    struct hf_spec spec;
    struct hf_lifecycle_machine machine;
    struct hf_health_watch watch;
    struct hf_health_verdict verdict;
    struct hf_service_status status;
    struct hf_usage usage;
    struct rate in, out;
    int64_t wake_ms;               /* when the machine wants a TICK; monotonic */
    struct hf_operation operation; /* id "" while none is under way */
    int64_t operation_until_ms;    /* monotonic */
};

struct hf_core {
    struct hf_core_config config;
    char gateway_id[HF_NAME_SIZE];
    int64_t started_ms; /* wall clock */

    /* Owned by the owner thread from hf_core_start() on. */
    struct hf_settings settings;
    int64_t revision;   /* of settings; 0: the defaults */
    bool hand_over_due; /* the services have not got the settings yet */
    bool claimed;
    bool has_release;
    struct hf_release release;
    size_t service_count;                     /* fixed before the first thread starts */
    struct service services[HF_SERVICES_MAX]; /* the built-in ones by hf_service_index(), first */
    struct hf_engine_view engine;
    struct hf_host_view host;
    struct hf_telemetry *telemetry;
    struct hf_history_ring history;
    char bus_password[HF_STORE_SECRET_SIZE];
    int64_t broker_answered_ms; /* monotonic, 0: never */
    int64_t uplink_away_since_ms;
    int64_t dropped_ms, queue_dropped_ms; /* wall clock, 0: never since the start */
    int64_t uplink_success_ms; /* the newest known; a forwarder forgets it when it restarts */
    bool look_due, looking;
    bool info_due;
    int64_t look_at_ms; /* the next look without a reason; monotonic */
    unsigned look_failures;
    int64_t tick_at_ms;
    int64_t clock_floor_at_ms;
    char field_address[sizeof((struct hf_gateway_view *)0)->field_address]; /* found lately */
    int64_t address_at_ms; /* when it is to be found again; monotonic */
    bool changed;          /* something that people see at once */
    uint64_t version;
    uint64_t changes; /* of the newest picture */

    /* Shared; each guards itself. */
    struct mailbox mail;
    struct hf_bus *bus;
    struct hf_path *path;
    struct worker workers[HF_SERVICES_MAX]; /* effects, one thread a service */
    struct worker observer;
    struct worker listener; /* the engine's event stream */
    pthread_t owner;
    bool owner_runs;

    pthread_mutex_t snapshot_lock; /* guards the three below */
    pthread_cond_t snapshot_new;
    const struct hf_snapshot *snapshot;
    bool stopping;
};

/* core.c: the place of a service, or -1. Any thread. */
int hf_core_service_index(const struct hf_core *core, const char *name);

/* owner.c: the thread's function. */
void *hf_core_owner(void *context);

/* owner.c: where devices find this machine, looked up where that is long ago. */
void hf_core_find_address(struct hf_core *core, int64_t now_ms);

/* handover.c: writes run_dir/services/<name>/{credentials,settings}.json for every service. */
HF_MUST int hf_core_hand_over(struct hf_core *core, struct hf_error *err);
/* handover.c: tries it once more where it failed the last time. */
void hf_core_hand_over_again(struct hf_core *core);

/* present.c: how long until the buffer is full or drained at the present rates. stored_bytes: of
 * what is held, without what the file has anyway. */
void hf_core_forecast(struct hf_buffer_view *b, int64_t stored_bytes);

/* present.c: a new picture of everything, with one reference. NULL without memory. */
struct hf_snapshot *hf_core_present(const struct hf_core *core, int64_t now_ms);

/* sentence.c: the one line that answers whether all is well. */
void hf_core_say(const struct hf_snapshot *s, struct hf_sentence *t);

/* owner.c: one step of a service, and its effect given to its worker; owner thread only. */
void hf_core_step(struct hf_core *core, size_t index, const struct hf_lifecycle_event *event);

/* operation.c: owner thread only. */
HF_MUST int hf_core_begin_operation(struct hf_core *core, enum hf_operation_kind kind,
                                    const char *service, const char *actor,
                                    struct hf_operation *ret_operation, struct hf_error *err);
void hf_core_check_operations(struct hf_core *core, int64_t now_ms);
void hf_core_end_left_operations(struct hf_core *core);
