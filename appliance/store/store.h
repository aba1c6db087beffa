// SPDX-License-Identifier: Apache-2.0
/*
 * What the gateway remembers: one SQLite database, `holdfast.db`, in the state folder.
 *
 * A store belongs to one thread at a time. Every call is one transaction that is on the disk when
 * the call returns (WAL, synchronous=FULL), or has changed nothing when it failed:
 * HF_ERROR_NO_SPACE on a full disk, HF_ERROR_INTERNAL where the disk fails. hf_store_transaction()
 * makes several calls one. Times are wall-clock milliseconds since 1970 UTC.
 */
#pragma once

#include "base/error.h"
#include "model/account.h"
#include "model/alarm.h"
#include "model/audit.h"
#include "model/device.h"
#include "model/incident.h"
#include "model/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HF_STORE_REVISIONS_MAX = 50,        /* settings revisions kept */
    HF_STORE_OPERATIONS_MAX = 200,      /* operations kept */
    HF_STORE_AUDIT_MAX = 10000,         /* audit entries kept */
    HF_STORE_AUDIT_NOT_DONE_MAX = 2000, /* of these, of what was refused or failed: who asks again
                                         * and again pushes out nothing that was done */
    HF_STORE_INCIDENTS_MAX = 200,       /* incidents kept */
    HF_STORE_INCIDENT_BYTES_MAX = 4 * 1024 * 1024, /* of their logs and curves together */
    HF_STORE_ALARMS_MAX = 500, /* alarms kept; the oldest cleared ones go first */
    HF_STORE_ASIDE_MAX = 3,    /* corrupt databases kept */
    HF_STORE_SECRET_SIZE = 65  /* 256 bits in hex */
};

struct hf_store;

/* Opens the database in dir (made, 0700, if it is not there; the files are 0600) after proving that
 * the folder takes data; where its disk is full, a database that is whole is opened all the same. A
 * database that is damaged is set aside as `holdfast.db.corrupt-<time>` and a new one is started
 * with all that could be read of it, and of what somebody had set up what the last export has
 * (`holdfast.export.json`, written after each change): hf_store_opened_as() says so. A database
 * that is gone, while its export is there, is no first start: a new one is filled from that. One of
 * a newer program is refused with HF_ERROR_CONFLICT and left alone; so is one that another process
 * has open (HF_ERROR_CONFLICT). */
HF_MUST int hf_store_open(const char *dir, struct hf_store **ret_store, struct hf_error *err);

void hf_store_free(struct hf_store *st);
HF_DEFINE_AUTO(struct hf_store, hf_store, hf_store_free)

enum hf_store_opened {
    HF_STORE_FRESH,
    HF_STORE_EXISTING,
    HF_STORE_RECOVERED,
    HF_STORE_FULL /* whole, and its disk has no room: nothing can be written yet */
};

/* The copy that was made before the schema was changed goes: nobody will go back to the program of
 * before. Where it is there, an older program takes it in the place of a database that is too new
 * for it, and says so as after a recovery. */
void hf_store_forget_before(struct hf_store *st);

/* How it was opened. ret_text (NULL allowed) gets a sentence to show: that the disk is full; after
 * a recovery what was damaged, where the old file is, what was saved and what was lost; else "".
 * Lives as long as st.
 */
enum hf_store_opened hf_store_opened_as(const struct hf_store *st, const char **ret_text);

/* Whether it takes nothing more, since a restore or a reset has ended what was here. */
bool hf_store_has_ended(const struct hf_store *st);

/* Runs work in one transaction: all of its calls, or none where it returns -1. May be nested; the
 * outermost one decides. */
typedef int hf_store_work(struct hf_store *st, void *context, struct hf_error *err);
HF_MUST int hf_store_transaction(struct hf_store *st, hf_store_work *work, void *context,
                                 struct hf_error *err);

/* ---- the gateway ---- */

/* `hf-` and 8 hex digits, made with the database and never changed. Lives as long as st. */
const char *hf_store_gateway_id(const struct hf_store *st);

/* The secret of that name, made of 256 random bits (64 hex digits) when first asked for. */
HF_MUST int hf_store_secret(struct hf_store *st, const char *name,
                            char ret_secret[HF_STORE_SECRET_SIZE], struct hf_error *err);

/* The last wall time known to be true, 0 for never: no clock may start before it. */
HF_MUST int hf_store_clock_floor(struct hf_store *st, int64_t *ret_wall_ms, struct hf_error *err);
/* Only ever moves forward. */
HF_MUST int hf_store_set_clock_floor(struct hf_store *st, int64_t wall_ms, struct hf_error *err);

/* ---- settings and release, as JSON text of model/ ---- */

/* The newest revision and its number; NOT_FOUND before the first. The caller frees *ret_json. */
HF_MUST int hf_store_settings(struct hf_store *st, char **ret_json, int64_t *ret_revision,
                              struct hf_error *err);
/* Adds a revision; the same text as the newest adds none and gives its number. ret_revision may be
 * NULL. */
HF_MUST int hf_store_add_settings(struct hf_store *st, const char *json, const char *author,
                                  int64_t *ret_revision, struct hf_error *err);

/* NOT_FOUND where none was imported. The caller frees *ret_json. */
HF_MUST int hf_store_release(struct hf_store *st, char **ret_json, struct hf_error *err);
/* Puts a release into force and raises the floor to its counter, in one transaction. The text it
 * already has is not written again. */
HF_MUST int hf_store_set_release(struct hf_store *st, const char *json, int64_t counter,
                                 struct hf_error *err);
/* The highest counter that was ever in force, or that of the release that is, where damage has
 * taken the floor; 0 before the first. */
HF_MUST int hf_store_release_floor(struct hf_store *st, int64_t *ret_floor, struct hf_error *err);

/* Images of releases that were set or were to be, and are neither of the newest that was set nor of
 * the one before it: nothing goes back to them. Those that never ran first, then the oldest, at
 * most max. */
HF_MUST int hf_store_old_images(struct hf_store *st, struct hf_release_image *ret_images,
                                size_t max, size_t *ret_count, struct hf_error *err);
/* It is gone, or is not to be asked for again. */
HF_MUST int hf_store_forget_image(struct hf_store *st, const char *image_id, struct hf_error *err);

/* ---- desired state and operations ---- */

/* Whether the service shall run; true where nobody has said anything. */
HF_MUST int hf_store_wanted(struct hf_store *st, const char *service, bool *ret_wanted,
                            struct hf_error *err);
HF_MUST int hf_store_set_wanted(struct hf_store *st, const char *service, bool wanted,
                                const char *actor, struct hf_error *err);

/* Adds the operation or, by its id, writes its new state. */
HF_MUST int hf_store_save_operation(struct hf_store *st, const struct hf_operation *op,
                                    struct hf_error *err);
HF_MUST int hf_store_operation(struct hf_store *st, const char *id,
                               struct hf_operation *ret_operation, struct hf_error *err);
struct hf_operation_filter {
    int64_t before;      /* only older ones than this n; 0: all */
    const char *service; /* NULL: all */
    int state;           /* of enum hf_operation_state; -1: all */
};

/* Newest first, at most max. */
HF_MUST int hf_store_operations(struct hf_store *st, const struct hf_operation_filter *filter,
                                struct hf_operation *ret_operations, size_t max, size_t *ret_count,
                                struct hf_error *err);

/* ---- accounts, sessions, tokens ---- */

/* By user name, at most max. A gateway with an account is claimed. */
HF_MUST int hf_store_accounts(struct hf_store *st, struct hf_account *ret_accounts, size_t max,
                              size_t *ret_count, struct hf_error *err);
/* Adds the account or replaces the one of that user. */
HF_MUST int hf_store_save_account(struct hf_store *st, const struct hf_account *a,
                                  struct hf_error *err);
/* All of it in one transaction; fine where an account that shall go is not there. */
HF_MUST int hf_store_change_account(struct hf_store *st, const struct hf_account_change *change,
                                    struct hf_error *err);
/* Adds the first account and forgets the setup code. Where there are accounts: CONFLICT, unless a
 * setup code waits (a recovery); then it takes the place of the one of that user and ends its
 * sessions. */
HF_MUST int hf_store_claim(struct hf_store *st, const struct hf_account *a, struct hf_error *err);

/* Hash of a setup code that came by provisioning; "" where there is none. */
HF_MUST int hf_store_setup_code(struct hf_store *st, char ret_hash[HF_CODE_HASH_SIZE],
                                struct hf_error *err);

/* Last seen first, at most max. */
HF_MUST int hf_store_sessions(struct hf_store *st, struct hf_session_record *ret_sessions,
                              size_t max, size_t *ret_count, struct hf_error *err);
/* Adds or, by token hash, replaces; keeps the HF_SESSIONS_MAX last seen. */
HF_MUST int hf_store_save_session(struct hf_store *st, const struct hf_session_record *s,
                                  struct hf_error *err);
/* Fine where there is none. */
HF_MUST int hf_store_delete_session(struct hf_store *st, const char *token_hash,
                                    struct hf_error *err);

/* By user and name, at most max. */
HF_MUST int hf_store_tokens(struct hf_store *st, struct hf_token_record *ret_tokens, size_t max,
                            size_t *ret_count, struct hf_error *err);
/* With its entry in the audit log, in one transaction. */
HF_MUST int hf_store_add_token(struct hf_store *st, const struct hf_token_record *token,
                               const struct hf_audit_note *note, struct hf_error *err);
/* Fine where there is none. */
HF_MUST int hf_store_use_token(struct hf_store *st, const char *token_hash, int64_t used_ms,
                               struct hf_error *err);
/* As hf_store_add_token(); fine where there is none. */
HF_MUST int hf_store_delete_token(struct hf_store *st, const struct hf_token_record *token,
                                  const struct hf_audit_note *note, struct hf_error *err);
/* ---- accounts of devices ---- */

struct hf_device_filter {
    const char *after;  /* only names behind this; "": all */
    const char *search; /* only names with this in them, in any case of ASCII; "": all */
};
/* By name, at most max. */
HF_MUST int hf_store_devices(struct hf_store *st, const struct hf_device_filter *filter,
                             struct hf_device_account *ret_devices, size_t max, size_t *ret_count,
                             struct hf_error *err);
/* NOT_FOUND. */
HF_MUST int hf_store_device(struct hf_store *st, const char *name,
                            struct hf_device_account *ret_device, struct hf_error *err);
/* How many there are, and how many of them are enabled. */
HF_MUST int hf_store_device_count(struct hf_store *st, size_t *ret_count, size_t *ret_enabled,
                                  struct hf_error *err);
/* How many of those that are enabled have a certificate. */
HF_MUST int hf_store_certified_count(struct hf_store *st, size_t *ret_count, struct hf_error *err);
/* Adds the account or replaces the one of that name; within a transaction of the caller's. */
HF_MUST int hf_store_save_device(struct hf_store *st, const struct hf_device_account *a,
                                 struct hf_error *err);
/* NOT_FOUND. */
HF_MUST int hf_store_delete_device(struct hf_store *st, const char *name, struct hf_error *err);

/* ---- provisioning ---- */

struct hf_store_provision {
    const char *file_hash;       /* what makes a file the same file */
    const char *settings_json;   /* whole new settings */
    const char *changes;         /* what they change, for the audit log; NULL for nothing */
    const char *password_hash;   /* of user "admin"; NULL for none */
    const char *setup_code_hash; /* NULL for none */
    /* What else belongs to the file, done where it is a new one, at the end of the transaction: it
     * must stand being done again after a power cut. NULL for nothing. */
    int (*also)(void *context, struct hf_error *err);
    void *context;
};

/* Applies all of it and remembers the file, in one transaction. The file applied last changes
 * nothing again: *ret_applied is false then. A file that brings an account or a setup code to a
 * gateway that is claimed is refused whole (CONFLICT). */
HF_MUST int hf_store_apply_provision(struct hf_store *st, const struct hf_store_provision *p,
                                     bool *ret_applied, struct hf_error *err);

/* Whether the provisioning or recovery file applied last is this one. */
HF_MUST int hf_store_knows_file(struct hf_store *st, const char *file_hash, bool *ret_known,
                                struct hf_error *err);

struct hf_store_recovery {
    const char *file_hash;
    const char *password_hash;   /* of user "admin", who is an admin then; NULL for none */
    const char *setup_code_hash; /* which claims the gateway anew; until then all stays as it is */
};

/* Applies it, with its entry in the audit log, and remembers the file, in one transaction. The file
 * applied last changes nothing again: *ret_applied is false then. */
HF_MUST int hf_store_apply_recovery(struct hf_store *st, const struct hf_store_recovery *r,
                                    bool *ret_applied, struct hf_error *err);

/* ---- incidents ---- */

/* log is a JSON array of lines and curve a JSON object, both as the API shows them. The oldest give
 * way. */
HF_MUST int hf_store_add_incident(struct hf_store *st, const struct hf_incident *incident,
                                  const char *log, const char *curve, int64_t *ret_n,
                                  struct hf_error *err);
/* The same happened `times` times more, at last_ms for the last time. Fine where it has given way.
 */
HF_MUST int hf_store_count_incident_again(struct hf_store *st, int64_t n, int64_t times,
                                          int64_t last_ms, struct hf_error *err);
/* What is alike: of one service and kind and, where found is not NULL, with that very text. */
struct hf_incident_alike {
    const char *service;
    enum hf_incident_kind kind;
    const char *found;
};

/* How many of them began after since_ms and not after until_ms, and the newest. */
HF_MUST int hf_store_recent_incidents(struct hf_store *st, const struct hf_incident_alike *alike,
                                      int64_t since_ms, int64_t until_ms, int64_t *ret_count,
                                      int64_t *ret_newest, struct hf_error *err);

struct hf_incident_filter {
    int64_t before;      /* only older ones than this; 0: all */
    const char *service; /* NULL: all */
    int kind;            /* of enum hf_incident_kind; -1: all */
};

/* Newest first, at most max. */
HF_MUST int hf_store_incidents(struct hf_store *st, const struct hf_incident_filter *filter,
                               struct hf_incident *ret_incidents, size_t max, size_t *ret_count,
                               struct hf_error *err);
/* NOT_FOUND. The caller frees *ret_log and *ret_curve. */
HF_MUST int hf_store_incident(struct hf_store *st, int64_t n, struct hf_incident *ret_incident,
                              char **ret_log, char **ret_curve, struct hf_error *err);

/* ---- audit ---- */

struct hf_audit_entry {
    int64_t n; /* grows */
    int64_t at_ms;
    char who[HF_NAME_SIZE];
    char what[HF_TEXT_SIZE];
    char from[HF_ADDRESS_SIZE]; /* "": the gateway did it by itself, or that is not known */
    char *changes; /* of hf_changes_print(); NULL where there are none, or nobody asked for them */
    enum hf_audit_result result;
    int status; /* why not; see struct hf_audit_note */
};

/* Frees what is in them. */
void hf_audit_entries_done(struct hf_audit_entry *entries, size_t count);

/* What is written into the audit log until it says otherwise was asked for from this address; ""
 * for nobody. */
void hf_store_asked_from(struct hf_store *st, const char *address);

HF_MUST int hf_store_audit(struct hf_store *st, const char *who, const char *what,
                           struct hf_error *err);
HF_MUST int hf_store_audit_note(struct hf_store *st, const struct hf_audit_note *note,
                                struct hf_error *err);
struct hf_audit_filter {
    int64_t before;         /* entries older than this one; 0: from the newest on */
    const char *who, *text; /* whose, and with this in what was done; NULL or "": any */
    const char *result;     /* one of hf_audit_results; NULL or "": any */
    int64_t from_ms, to_ms; /* not before, and before; 0: any time */
    bool with_changes;      /* then hf_audit_entries_done() is the caller's to call */
};
/* Newest first, at most max; all where filter is NULL. */
HF_MUST int hf_store_audit_list(struct hf_store *st, const struct hf_audit_filter *filter,
                                struct hf_audit_entry *ret_entries, size_t max, size_t *ret_count,
                                struct hf_error *err);

/* ---- alarms ---- */

/* Adds the alarm or, by its id, writes its new state; what is untold of it is added. */
HF_MUST int hf_store_save_alarm(struct hf_store *st, const struct hf_alarm *a,
                                struct hf_error *err);
struct hf_alarm_filter {
    bool active_only;
    int64_t before;                 /* of the ids; 0: all */
    const enum hf_alarm_kind *kind; /* NULL: all */
};
/* Newest first, at most max. */
HF_MUST int hf_store_alarms(struct hf_store *st, const struct hf_alarm_filter *filter,
                            struct hf_alarm *ret_alarms, size_t max, size_t *ret_count,
                            struct hf_error *err);
/* The highest id; 0 where there is none. */
HF_MUST int hf_store_last_alarm(struct hf_store *st, int64_t *ret_id, struct hf_error *err);
/* The oldest one of which something in mask is untold; NOT_FOUND. */
HF_MUST int hf_store_untold_alarm(struct hf_store *st, unsigned mask, struct hf_alarm *ret_alarm,
                                  struct hf_error *err);
HF_MUST int hf_store_alarm_told(struct hf_store *st, int64_t id, unsigned mask,
                                struct hf_error *err);

/* ---- revisions of the settings ---- */

struct hf_settings_revision {
    int64_t n, created_ms;
    char author[HF_NAME_SIZE];
};

/* Newest first, at most max. */
HF_MUST int hf_store_revisions(struct hf_store *st, struct hf_settings_revision *ret_revisions,
                               size_t max, size_t *ret_count, struct hf_error *err);
/* NOT_FOUND. The caller frees *ret_json. */
HF_MUST int hf_store_revision(struct hf_store *st, int64_t n, char **ret_json,
                              struct hf_error *err);

/* ---- small things to remember ---- */

/* Name of what core/trial.h keeps: whether settings are on trial, and where they would go back to;
 * a restore ends it. */
extern const char hf_store_kept_trial[];

/* Keeps a text under a name, in place of the one of before. */
HF_MUST int hf_store_keep(struct hf_store *st, const char *name, int64_t at_ms, const char *text,
                          struct hf_error *err);
/* Fine where nothing is. */
HF_MUST int hf_store_unkeep(struct hf_store *st, const char *name, struct hf_error *err);
/* NOT_FOUND. The caller frees *ret_text. */
HF_MUST int hf_store_kept(struct hf_store *st, const char *name, int64_t *ret_at_ms,
                          char **ret_text, struct hf_error *err);

/* ---- history ---- */

/* Adds so many minutes that ended then, and a new clock floor (0: none) in the same write; what is
 * past three days goes. */
HF_MUST int hf_store_add_history(struct hf_store *st, int64_t ended_ms, size_t points,
                                 const void *data, size_t len, int64_t floor_ms,
                                 struct hf_error *err);
typedef void hf_store_history_row(void *context, int64_t ended_ms, int64_t points, const void *data,
                                  size_t len);
/* Calls take for each, oldest first; data is borrowed for the call. */
HF_MUST int hf_store_history(struct hf_store *st, hf_store_history_row *take, void *context,
                             struct hf_error *err);
