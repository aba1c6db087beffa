// SPDX-License-Identifier: Apache-2.0
/*
 * The owner thread. It alone holds the desired state, the store's connection and what is known of
 * the engine and the bus; everybody else talks to it by the functions here, which never wait for
 * Docker. Pure steps (supervisor/) say what to do; workers do it and post the result back.
 */
#pragma once

#include "archive/archive.h"
#include "base/error.h"
#include "core/happened.h"
#include "model/alarm.h"
#include "model/engine_ops.h"
#include "model/settings.h"
#include "model/view.h"
#include "path/path.h"
#include "scan/scanner.h"
#include "store/store.h"

struct hf_core;

/* Of the gateway's certificates, which are identity's. Any thread. */
struct hf_certificate_ops {
    /* When the one of the site ends, by the wall clock; 0: there is none. */
    int64_t (*site_ends_ms)(void *context);
    /* Appends the broker's key and certificates, and the authority's certificate alone, as PEM. */
    int (*for_broker)(void *context, const char *gateway, struct hf_buf *ret_pem,
                      struct hf_buf *ret_ca, struct hf_error *err);
};

struct hf_core_config {
    struct hf_placement placement; /* strings are borrowed for the life of the core */
    const char *state_dir;
    const struct hf_engine_ops *engine_ops;
    void *engine;               /* context of engine_ops; borrowed */
    struct hf_scanner *scanner; /* borrowed; NULL: plans say nothing of vulnerabilities */
    const char *version;        /* of this holdfastd; NULL: HF_VERSION */
    const char *update_dir; /* of holdfast-update; NULL: nobody installs another holdfastd here */
    const char *system;     /* hf_daemon_system(); may be NULL */
    const char *trouble;    /* what was wrong at the start, for people; "" or NULL for nothing */
    struct hf_store *store; /* borrowed; used by the owner thread alone from hf_core_start() on */
    const struct hf_certificate_ops *certificates; /* NULL: no TLS at the broker */
    void *certificates_context;
};

/* Takes desired state, release and settings from the store and hands the services what they need.
 * From here on others may use it; what needs the owner thread waits for hf_core_start(). */
HF_MUST int hf_core_new(const struct hf_core_config *config, struct hf_core **ret_core,
                        struct hf_error *err);

/* Starts the threads: supervision begins. */
HF_MUST int hf_core_start(struct hf_core *core, struct hf_error *err);

/* Stops the threads and frees it; the containers run on. NULL is fine. False where a thread is
 * still in a call of the engine: then it is left behind, with the engine, for the process to end.
 */
bool hf_core_stop(struct hf_core *core);

/* The newest picture; never NULL. Give it back with hf_snapshot_unref(). */
const struct hf_snapshot *hf_core_snapshot(struct hf_core *core);

/* Waits until there is a picture newer than seen, at most timeout_ms; NULL on timeout or stop. */
const struct hf_snapshot *hf_core_wait(struct hf_core *core, uint64_t seen, int timeout_ms);

/* Waits until something has changed that had not in a picture with so many changes, at most
 * timeout_ms, or until the stop. */
void hf_core_wait_change(struct hf_core *core, uint64_t changes, int timeout_ms);

void hf_snapshot_unref(const struct hf_snapshot *snapshot);

/* What has happened after number n, oldest first, at most max; ret_missed gets how many of those
 * are no longer kept. */
size_t hf_core_happenings(struct hf_core *core, uint64_t n, struct hf_happening *ret_happenings,
                          size_t max, uint64_t *ret_missed);

/* What this thread asks for from now on it asks for somebody at this address, as the audit log will
 * have it; "" for nobody. */
void hf_core_asked_from(const char *address);

/* Asks for start, stop or restart of a service; fills ret_operation with what was queued.
 * Errors: NOT_FOUND (no such service), CONFLICT (one is under way), UNAVAILABLE (queue full). */
HF_MUST int hf_core_command(struct hf_core *core, enum hf_operation_kind kind, const char *service,
                            const char *actor, struct hf_operation *ret_operation,
                            struct hf_error *err);

/* Newest first, at most max; see store/store.h. */
HF_MUST int hf_core_operations(struct hf_core *core, const struct hf_operation_filter *filter,
                               struct hf_operation *ret_operations, size_t max, size_t *ret_count,
                               struct hf_error *err);
HF_MUST int hf_core_operation(struct hf_core *core, const char *id,
                              struct hf_operation *ret_operation, struct hf_error *err);

/* Gives up one that is under way: an upgrade goes back, a look into the registry ends, a service
 * that was stopped and is only fetched or waited for stays stopped. ret_operation is as it is then:
 * an upgrade and a look end a little later. NOT_FOUND; CONFLICT where it has ended or cannot be
 * given up. */
HF_MUST int hf_core_give_up(struct hf_core *core, const char *id, const char *actor,
                            struct hf_operation *ret_operation, struct hf_error *err);

/* Incidents, newest first; see store/store.h. */
HF_MUST int hf_core_incidents(struct hf_core *core, const struct hf_incident_filter *filter,
                              struct hf_incident *ret_incidents, size_t max, size_t *ret_count,
                              struct hf_error *err);
HF_MUST int hf_core_incident(struct hf_core *core, int64_t n, struct hf_incident *ret_incident,
                             char **ret_log, char **ret_curve, struct hf_error *err);

/* How often the owner's loop has gone round: it does so every 2 s at least, so that one which
 * stands still makes no progress. Any thread. */
uint64_t hf_core_turns(const struct hf_core *core);

/* Runs work(store, context) on the owner thread and waits for it; work must be short and fills err
 * on failure. This is how identity keeps its accounts and sessions. */
typedef int hf_core_work(struct hf_store *store, void *context, struct hf_error *err);
HF_MUST int hf_core_run(struct hf_core *core, hf_core_work *work, void *context,
                        struct hf_error *err);

/* Says that the gateway has been claimed and, where name is not NULL, what it is called now. */
HF_MUST int hf_core_claimed(struct hf_core *core, const char *name, struct hf_error *err);

/* Says that the broker's certificate is another one. */
HF_MUST int hf_core_broker_certificate(struct hf_core *core, struct hf_error *err);

/* Writes an entry of the audit log. */
HF_MUST int hf_core_audit(struct hf_core *core, const char *who, const char *what,
                          struct hf_error *err);
HF_MUST int hf_core_audit_note(struct hf_core *core, const struct hf_audit_note *note,
                               struct hf_error *err);

/* The configuration as people see it (hf_settings_show) and its revision. The caller frees
 * *ret_text. */
HF_MUST int hf_core_config(struct hf_core *core, char **ret_text, int64_t *ret_revision,
                           struct hf_error *err);

enum { HF_REVISION_ANY = -1 };

/* What a change of limits does to a service. */
struct hf_limit_effect {
    char service[HF_NAME_SIZE];
    char change[HF_CHANGE_SIZE]; /* for people */
    bool live;                   /* while it runs; else a new container is made */
};

struct hf_effects {
    struct hf_limit_effect list[HF_SERVICES_MAX];
    size_t count;
};

struct hf_config_change {
    /* One of three: a merge patch (RFC 7396), the whole document, or the kept revision `again`. */
    const struct hf_json *patch, *whole;
    int64_t again;
    int64_t revision; /* that the patch was made for, or HF_REVISION_ANY */
    bool dry_run;     /* only check */
    const char *actor;
    struct hf_effects *ret_effects; /* may be NULL; filled on success, by a dry run too */
};

/* Checks the whole of what would come out, then makes it a new revision, with an entry in the audit
 * log, and hands the services what changed. Answers as hf_core_config() with what is in force then
 * (dry run: what would be, and the old revision). Errors: INVALID with a pointer, STALE where
 * another revision is in force. Nothing is changed then. */
HF_MUST int hf_core_change_config(struct hf_core *core, const struct hf_config_change *change,
                                  char **ret_text, int64_t *ret_revision, struct hf_error *err);

/* Whether the revision in force is on trial (core/trial.h). */
struct hf_config_trial {
    bool active;
    int64_t good; /* where it would go back to */
    int64_t gate_s, left_s;
    char waiting[HF_TEXT_SIZE]; /* what it waits for; "": nothing */
};

/* Newest first, at most max. */
HF_MUST int hf_core_config_revisions(struct hf_core *core, struct hf_settings_revision *ret_list,
                                     size_t max, size_t *ret_count,
                                     struct hf_config_trial *ret_trial, struct hf_error *err);
/* As hf_settings_diff(); revision 0 are the defaults. NOT_FOUND. */
HF_MUST int hf_core_config_diff(struct hf_core *core, int64_t from, int64_t to,
                                struct hf_json **ret_diff, struct hf_error *err);

/* ---- accounts of devices ---- */

struct hf_device_totals {
    size_t accounts, enabled;
    bool anonymous; /* devices without an account are let in too */
};

/* By name, at most max; see store/store.h. */
HF_MUST int hf_core_devices(struct hf_core *core, const struct hf_device_filter *filter,
                            struct hf_device_account *ret_devices, size_t max, size_t *ret_count,
                            struct hf_device_totals *ret_totals, struct hf_error *err);
/* NOT_FOUND. */
HF_MUST int hf_core_device(struct hf_core *core, const char *name,
                           struct hf_device_account *ret_device, struct hf_error *err);

/* Adds all of them or none, with an entry in the audit log; times are filled in. What may come is
 * in force at the broker a moment later, and nobody else is disconnected. CONFLICT where a name is
 * taken or there are too many; TOO_LARGE past what the broker's file holds. */
HF_MUST int hf_core_add_devices(struct hf_core *core, struct hf_device_account *devices,
                                size_t count, const char *actor, struct hf_error *err);

struct hf_device_binding {
    const char *fingerprint; /* of its certificate; "": it comes by its password again */
    int64_t ends_ms;
};

/* What is NULL stays, but a new password ends the certificate. The texts have been checked. */
struct hf_device_change {
    const char *password_hash, *publish, *subscribe, *description;
    const bool *enabled;
    const struct hf_device_binding *certificate;
};

/* The device is disconnected where it may do something else then, or comes by another password or
 * certificate. NOT_FOUND, also of a certificate that is to end; TOO_LARGE. */
HF_MUST int hf_core_change_device(struct hf_core *core, const char *name,
                                  const struct hf_device_change *change, const char *actor,
                                  struct hf_device_account *ret_device, struct hf_error *err);
/* NOT_FOUND. */
HF_MUST int hf_core_delete_device(struct hf_core *core, const char *name, const char *actor,
                                  struct hf_error *err);

/* The logs of containers that are gone; lives as long as core. */
struct hf_archive *hf_core_archive(struct hf_core *core);

/* Asks the services on the record path; lives as long as core. */
struct hf_path *hf_core_path(struct hf_core *core);

/* What was: 600 values a second apart, 2,160 of 10 s, 4,320 of a minute. */
enum hf_history_range { HF_HISTORY_10M, HF_HISTORY_6H, HF_HISTORY_3D, HF_HISTORY_RANGE_COUNT };

/* "10m", "6h", "3d"; seconds between two values. */
const char *hf_history_range_name(enum hf_history_range range);
int hf_history_interval_s(enum hf_history_range range);

struct hf_history_query {
    enum hf_history_range range;
    const char *const *names; /* series wanted; all where name_count is 0 */
    size_t name_count;
    size_t most; /* newest values only; 0: all */
};

struct hf_history_series {
    char name[HF_NAME_SIZE + 32]; /* e.g. "buffer.held", "broker.memory_bytes" */
    uint16_t *codes;              /* read by hf_history_value() */
};

/* All series have the same points, oldest first. */
struct hf_history {
    enum hf_history_range range;
    int64_t end_ms; /* wall clock; 0: there is nothing yet */
    size_t points;
    size_t series_count;
    struct hf_history_series *series;
    uint16_t *codes; /* of all series */
};

/* Any thread; the result is the caller's, for hf_history_done(). */
HF_MUST int hf_core_history(struct hf_core *core, const struct hf_history_query *query,
                            struct hf_history *ret_history, struct hf_error *err);
void hf_history_done(struct hf_history *history);

/* NaN where not known. */
double hf_history_value(const struct hf_history_series *s, size_t i);

/* ---- alarms ---- */

/* Newest first, at most max; see store/store.h. */
HF_MUST int hf_core_alarms(struct hf_core *core, const struct hf_alarm_filter *filter,
                           struct hf_alarm *ret_alarms, size_t max, size_t *ret_count,
                           struct hf_error *err);

/* Says that somebody has seen it; the first who says so stays. CONFLICT where it is cleared,
 * NOT_FOUND. */
HF_MUST int hf_core_acknowledge(struct hf_core *core, int64_t id, const char *actor,
                                struct hf_alarm *ret_alarm, struct hf_error *err);
