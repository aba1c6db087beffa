// SPDX-License-Identifier: Apache-2.0
/* What the files of core/ share. Nobody else includes it. */
#pragma once

#include "base/log.h"
#include "bus/bus.h"
#include "core/core.h"
#include "core/courier.h"
#include "core/drift.h"
#include "core/finder.h"
#include "core/history.h"
#include "core/incident.h"
#include "core/mailbox.h"
#include "core/putback.h"
#include "core/rate.h"
#include "core/reset.h"
#include "core/trial.h"
#include "core/upgrade.h"
#include "core/wanted.h"
#include "core/watch.h"
#include "core/worker.h"
#include "path/path.h"
#include "path/probe.h"
#include "supervisor/gate.h"
#include "supervisor/health.h"
#include "supervisor/lifecycle.h"
#include "supervisor/own_health.h"
#include "telemetry/telemetry.h"

#include <pthread.h>
#include <stdatomic.h>

/* One service as the owner knows it. */
struct service {
    char name[HF_NAME_SIZE]; /* fixed before the first thread starts */
    struct hf_spec spec;
    bool wish; /* a person's; what is wanted of the machine only where nothing is in the way */
    char blocked[HF_TEXT_SIZE]; /* why an own service cannot run; "": nothing */
    char blocked_advice[HF_TEXT_SIZE];
    struct hf_probe asking;
    int64_t asked_ms; /* last; monotonic, 0: never */
    struct hf_probe_result probe;
    struct hf_lifecycle_machine machine;
    int64_t gone_ms; /* since when its process is gone, and no look has seen that; 0: it is not */
    struct hf_health_watch watch;
    struct hf_health_verdict verdict;
    struct hf_service_status status;
    struct hf_usage usage;
    struct rate in, out;
    int64_t wake_ms;               /* when the machine wants a TICK; monotonic */
    struct hf_operation operation; /* id "" while none is under way */
    int64_t operation_until_ms;    /* monotonic */
    bool was_wanted;               /* before that operation */
    int64_t peak_bytes;            /* most memory seen in this run */
    struct incidents incidents;
};

struct hf_core {
    struct hf_core_config config;
    char gateway_id[HF_NAME_SIZE];
    char restored[HF_DIGEST_TEXT_SIZE]; /* the last restore, as the buffer hears of it; "": none */
    int64_t started_ms;                 /* wall clock */

    /* Owned by the owner thread from hf_core_start() on. */
    struct hf_settings settings;
    int64_t revision;   /* of settings; 0: the defaults */
    bool hand_over_due; /* the services have not got the settings yet */
    bool claimed;
    bool resetting;         /* no service is started before what ran has been taken away */
    bool reset_wipes;       /* fixed before the first thread starts */
    int64_t reset_ended_ms; /* monotonic; 0: there was none */
    bool disk_full;         /* as it was at the start, and still is */
    int64_t disk_at_ms;     /* when it is tried again; monotonic */
    bool has_release;
    struct hf_release release; /* while an upgrade is under way: partly of either */
    struct upgrade upgrade;
    struct trial trial;                       /* of the settings */
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
    int64_t looked_at_ms;      /* the last look that succeeded; wall clock, 0: none */
    struct drift drift;
    int64_t counts_at_ms;       /* when counted incidents are written next; monotonic */
    atomic_uint_fast64_t turns; /* of the owner's loop */
    bool look_due, looking;
    bool info_due;
    int64_t look_at_ms; /* the next look without a reason; monotonic */
    unsigned look_failures;
    int64_t tick_at_ms;
    char field_address[sizeof((struct hf_gateway_view *)0)->field_address]; /* found lately */
    int64_t address_at_ms; /* when it is to be found again; monotonic */
    int64_t publish_at_ms;
    int64_t keep_at_ms;                        /* when history and clock floor are stored next */
    int64_t clock_floor_ms, clock_floor_at_ms; /* what the store has; when that was, monotonic */
    struct watch watch;
    bool changed; /* something that people see at once */
    uint64_t version;
    uint64_t changes; /* of the newest picture */

    /* Shared; each guards itself. */
    struct mailbox mail;
    struct hf_bus *bus;
    struct hf_path *path;
    struct worker workers[HF_SERVICES_MAX]; /* effects, one thread a service */
    struct worker observer;
    struct worker listener; /* the engine's event stream */
    struct worker keeper;   /* puts right what belongs to no service */
    struct hf_archive *archive;
    struct courier courier;
    struct putback putback;
    struct finder finder;
    pthread_t owner;
    bool owner_runs;

    pthread_mutex_t snapshot_lock; /* guards the four below */
    struct hf_happenings happenings;
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
/* handover.c: the broker's file of devices alone; repeated where it fails. */
void hf_core_hand_over_devices(struct hf_core *core);
/* devices.c: the text of that file. TOO_LARGE past text->max. */
HF_MUST int hf_core_devices_text(const struct hf_core *core, struct hf_buf *text,
                                 struct hf_error *err);
/* handover.c: tries it once more where it failed the last time. */
void hf_core_hand_over_again(struct hf_core *core);

/* upgrade_gate.c: whether a service is held to doing its work after a change. One that does it now
 * is, and one of which nothing bad is known yet: it is only starting, or waits for a broker that
 * is. */
bool hf_core_is_expected(const struct hf_core *core, const struct service *s);

/* upgrade_gate.c: a service as the gate sees it; exits: how many there had been. */
struct hf_gate_service hf_core_gate_service(const struct hf_core *core, const struct service *s,
                                            bool was_well, int64_t exits);

/* upgrade_gate.c: the gate of an upgrade, asked of all services. */
struct hf_upgrade_event hf_core_gate_all(struct hf_core *core, const bool was_well[HF_SERVICES_MAX],
                                         int64_t now_ms);

/* present.c: how long until the buffer is full or drained at the present rates. stored_bytes: of
 * what is held, without what the file has anyway. */
void hf_core_forecast(struct hf_buffer_view *b, int64_t stored_bytes);

/* present.c: a new picture of everything, with one reference. NULL without memory. */
struct hf_snapshot *hf_core_present(const struct hf_core *core, int64_t now_ms);

/* sentence.c: the one line that answers whether all is well. */
void hf_core_say(const struct hf_snapshot *s, struct hf_sentence *t);

/* owner.c: one step of a service, and its effect given to its worker; owner thread only. */
void hf_core_step(struct hf_core *core, size_t index, const struct hf_lifecycle_event *event);

/* target.c: owner thread only, or before it runs. */
/* Where the gateway's things are, with the doors for devices that those settings want. */
struct hf_placement hf_core_placement(const struct hf_core *core,
                                      const struct hf_settings *settings);
HF_MUST int hf_core_make_spec(const struct hf_core *core, const struct hf_settings *settings,
                              size_t index, struct hf_spec *ret_spec, struct hf_error *err);
/* Whether settings have limits that this box and release can have. */
HF_MUST int hf_core_check_limits(const struct hf_core *core, const struct hf_settings *settings,
                                 struct hf_error *err);
/* What would become of the services with settings. */
void hf_core_effects(const struct hf_core *core, const struct hf_settings *settings,
                     struct hf_effects *ret_effects);
/* Fills a service's spec, and what is in its way, from the release and the settings. */
HF_MUST int hf_core_make_target(struct hf_core *core, size_t index, struct hf_error *err);
/* Gives its machine the spec. */
void hf_core_aim(struct service *s);
/* Both for every service, with a step: the settings are other ones. */
void hf_core_retarget_all(struct hf_core *core);
/* Lets own services wait for those that they depend on. */
void hf_core_hold_dependents(struct hf_core *core);

/* probe.c: a step a second; owner thread only. */
void hf_core_probe(struct hf_core *core, int64_t now_ms);
void hf_core_end_probes(struct hf_core *core);
/* measure.c: owner thread only; hf_core_load_history() before it runs. */
void hf_core_load_history(struct hf_core *core);
void hf_core_measure_host(struct hf_core *core, int64_t now_ms);
void hf_core_measure(struct hf_core *core, int64_t now_ms);
/* measure.c: stores what the history has more than the store, and the clock floor. */
void hf_core_keep(struct hf_core *core, int64_t now_ms);
/* measure.c: a time that has surely passed: the clock's where it is synchronised, else what the
 * floor was and how long that is ago; 0: none. */
int64_t hf_core_clock_floor(const struct hf_core *core, int64_t now_ms);

/* room.c: the keeper's part. */
void hf_core_free_room(struct hf_core *core, const struct job *job);

/* order.c: which services wait for which before they are started; owner thread only. */
void hf_core_order_starts(struct hf_core *core, int64_t now_ms);

/* releases.c: leads the upgrade under way back; ret_operation is as it was then. Owner only. */
HF_MUST int hf_core_give_up_upgrade(struct hf_core *core, const char *actor,
                                    struct hf_operation *ret_operation, struct hf_error *err);

/* operation.c: owner thread only. */
HF_MUST int hf_core_begin_operation(struct hf_core *core, enum hf_operation_kind kind,
                                    const char *service, const char *actor,
                                    struct hf_operation *ret_operation, struct hf_error *err);
void hf_core_check_operations(struct hf_core *core, int64_t now_ms);
void hf_core_end_left_operations(struct hf_core *core);
