// SPDX-License-Identifier: Apache-2.0
/* Releases, as other threads ask the owner for them; see core/core.h. */
#pragma once

#include "base/error.h"
#include "model/limits.h"
#include "model/upgrade.h"
#include "model/view.h"

#include <stddef.h>

struct hf_core;

enum { HF_PLAN_OBSTACLES_MAX = 12, HF_RELEASE_UPLOAD_MAX = 60000 };

struct hf_plan_service {
    char name[HF_NAME_SIZE];
    char from_tag[HF_TAG_SIZE], to_tag[HF_TAG_SIZE];
    struct hf_release_image to_image, from_image;
    bool image, settings, restarts;
    char limits[HF_CHANGE_SIZE]; /* "": nothing of them */
    bool present;
    int64_t fetch_bytes; /* of its layers that no service before it brings */
    int64_t last_gap_ms; /* -1: never switched */
};

enum hf_plan_warning_kind {
    HF_WARNING_UNSIGNED,
    HF_WARNING_OLDER,
    HF_WARNING_NO_ROOM,
    HF_WARNING_FAILED_BEFORE,
    HF_WARNING_IMAGE_MISSING,
    HF_WARNING_VULNERABLE,     /* known vulnerabilities that the policy warns of */
    HF_WARNING_NOT_SCANNED,    /* an image of which that is not known */
    HF_WARNING_OLDER_SETTINGS, /* what its services do not understand is in use */
    HF_WARNING_WAITS,          /* no window for upgrades is open */
    HF_WARNING_DAEMON_STAYS,   /* it brings a newer holdfastd, which cannot be installed here */
    HF_WARNING_KIND_COUNT
};

struct hf_plan_warning {
    enum hf_plan_warning_kind kind;
    char text[HF_TEXT_SIZE];
};

/* "unsigned", "older" … */
const char *hf_plan_warning_name(enum hf_plan_warning_kind kind);

struct hf_json;

struct hf_plan {
    struct hf_release_short to, from;
    char etag[HF_DIGEST_TEXT_SIZE]; /* of what would be done */
    char obstacles[HF_PLAN_OBSTACLES_MAX][HF_TEXT_SIZE];
    size_t obstacle_count;
    bool is_older; /* one of them is its counter, which allow_older takes away */
    struct hf_plan_service services[HF_SERVICES_MAX]; /* in the order of the switch */
    size_t count;
    char unchanged[HF_SERVICES_MAX][HF_NAME_SIZE];
    size_t unchanged_count;
    struct hf_release_daemon daemon; /* that it brings; version "": none that is newer */
    bool daemon_present;             /* its package is here */
    bool daemon_installs;
    size_t fetch_count;     /* images that are not here */
    size_t fetch_layers;    /* of them, those that are not here either */
    int64_t fetch_bytes;    /* of these, as the registry has them */
    int64_t free_bytes;     /* where the engine keeps images; -1: not known */
    int64_t held, in_per_s; /* records */
    int64_t held_meanwhile; /* -1: not known */
    int64_t room_s;         /* until the buffer is full, where nothing leaves it; -1: not known */
    int64_t queue_s;        /* until the broker's queue is, where nothing is taken; -1: not known */
    int64_t max_backlog;    /* 0: none */
    int64_t from_schema, to_schema; /* of the configuration */
    int64_t gate_s, switch_s;
    bool back_present; /* whether all images of the way back are here */
    struct hf_plan_warning warnings[HF_WARNING_KIND_COUNT]; /* one of a kind */
    size_t warning_count;
    struct hf_json *scan; /* owned; schema Scan of api/openapi.yaml, NULL: nobody scans */
};

void hf_plan_done(struct hf_plan *p);
/* Past HF_PLAN_OBSTACLES_MAX they are left out. */
void hf_plan_obstruct(struct hf_plan *p, const char *fmt, ...) HF_PRINTF(2, 3);
/* A second one of the kind says nothing. */
void hf_plan_warn(struct hf_plan *p, enum hf_plan_warning_kind kind, const char *fmt, ...)
    HF_PRINTF(3, 4);

/* More disk than now at the end, and meanwhile; about. */
int64_t hf_plan_needed_bytes(const struct hf_plan *p);
int64_t hf_plan_peak_bytes(const struct hf_plan *p);

/* Newest first; history has those that have ended. */
HF_MUST int hf_core_releases(struct hf_core *core, struct hf_known_release *ret_releases,
                             size_t max, size_t *ret_count, struct hf_error *err);
HF_MUST int hf_core_upgrades(struct hf_core *core, struct hf_upgrade_record *ret_upgrades,
                             size_t max, size_t *ret_count, struct hf_error *err);

/* NOT_FOUND. The caller ends ret_release with hf_release_done(); it may be NULL. */
HF_MUST int hf_core_known_release(struct hf_core *core, const char *id,
                                  struct hf_known_release *ret_known,
                                  struct hf_release *ret_release, struct hf_error *err);

/* A release that is to be known. */
struct hf_admission {
    const char *text, *signature; /* of its file; "" for no signature */
    const char *source;           /* "upload", "registry", "bundle" */
    const char *version;          /* that it must have; NULL: any */
    const char *actor;
};

/* Makes a release known. INVALID with a pointer into the file, and where release_keys are set and
 * none of them has signed it. ret_new (may be NULL) says whether it was not known before. */
HF_MUST int hf_core_admit(struct hf_core *core, const struct hf_admission *asked,
                          struct hf_known_release *ret_known, bool *ret_new, struct hf_error *err);
/* The same checks, and nothing more. The caller ends ret_release with hf_release_done(). */
HF_MUST int hf_core_examine(struct hf_core *core, const char *text, const char *signature,
                            struct hf_release *ret_release, struct hf_error *err);
/* Whether a package of holdfastd is newer than this one, and is not here. */
bool hf_core_wants_daemon(const struct hf_core *core, const struct hf_release_daemon *d);
/* Keeps its file: the newest few are. INVALID where it is not what the release names. */
HF_MUST int hf_core_keep_daemon(const struct hf_core *core, const struct hf_release_daemon *d,
                                struct hf_slice file, struct hf_error *err);
/* hf_core_admit() of an upload. */
HF_MUST int hf_core_add_release(struct hf_core *core, const char *text, const char *signature,
                                const char *actor, struct hf_known_release *ret_known,
                                struct hf_error *err);
/* What came of the last look into the registry. */
struct hf_registry_check {
    char host[HF_REGISTRY_SIZE]; /* that is set now; "": none */
    bool busy;
    bool failed;        /* its list could not be read */
    int64_t checked_ms; /* wall clock; 0: never since the start */
    unsigned found;     /* releases that are known now, those before too */
    unsigned added, refused;
    char detail[HF_TEXT_SIZE]; /* why it failed, or the first was refused; "": nothing */
};

/* Looks into the registry for new releases; they are known when the operation has ended. CONFLICT
 * where no registry is set, or it is being asked. */
HF_MUST int hf_core_check_registry(struct hf_core *core, const char *actor,
                                   struct hf_operation *ret_operation, struct hf_error *err);
/* The same by itself, that is again and again: without an operation, and nothing is written down.
 */
HF_MUST int hf_core_look_in_registry(struct hf_core *core, const char *actor, struct hf_error *err);
HF_MUST int hf_core_last_registry_check(struct hf_core *core, struct hf_registry_check *ret,
                                        struct hf_error *err);

/* NOT_FOUND, CONFLICT. */
HF_MUST int hf_core_forget_release(struct hf_core *core, const char *id, const char *actor,
                                   struct hf_error *err);

/* What applying it would do; the caller ends ret_plan with hf_plan_done(). Asks the engine which
 * images are here, and engine and registry what is in them: not for the owner thread. */
HF_MUST int hf_core_plan(struct hf_core *core, const char *id, struct hf_plan *ret_plan,
                         struct hf_error *err);

struct hf_apply {
    const char *id;
    const char *etag; /* "" takes what there is */
    bool allow_older; /* one with a counter below the highest that has run here, too */
};

/* Begins. NOT_FOUND, STALE, CONFLICT where something is in the way, UNAVAILABLE where another scan
 * is under way. */
HF_MUST int hf_core_apply(struct hf_core *core, const struct hf_apply *asked, const char *actor,
                          struct hf_operation *ret_operation, struct hf_error *err);

/* Gives up the upgrade under way, or begins one to the release before. CONFLICT where there is
 * neither. */
HF_MUST int hf_core_roll_back(struct hf_core *core, const char *actor,
                              struct hf_operation *ret_operation, struct hf_error *err);
