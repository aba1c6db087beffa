// SPDX-License-Identifier: Apache-2.0
/*
 * Releases that a gateway knows, and the way from one to another (supervisor/upgrade.h has the
 * steps of it).
 */
#pragma once

#include "model/digest.h"
#include "model/release.h"

#include <stdint.h>

enum {
    HF_UPGRADE_TEXT_SIZE = 256,
    HF_UPGRADE_ACTOR_SIZE = 64,
    HF_UPGRADE_OPERATION_SIZE = 33,
    HF_RELEASE_SOURCE_SIZE = 16
};

/* In the store by these numbers. */
enum hf_release_state {
    HF_RELEASE_AVAILABLE,
    HF_RELEASE_RUNNING,  /* one */
    HF_RELEASE_PREVIOUS, /* at most one: where a rollback leads */
    HF_RELEASE_FAILED,   /* the last upgrade to it was rolled back */
    HF_RELEASE_STATE_COUNT
};

/* "available", "running", "previous", "failed". */
const char *hf_release_state_name(enum hf_release_state s);

struct hf_release_short {
    char id[HF_DIGEST_TEXT_SIZE];     /* "": none */
    char name[HF_RELEASE_LABEL_SIZE]; /* and version, for people */
};

struct hf_known_release {
    struct hf_release_short release;
    char created[HF_NAME_SIZE]; /* RFC 3339, as the release says */
    enum hf_release_state state;
    char source[HF_RELEASE_SOURCE_SIZE]; /* "upload", "start" … */
    bool is_signed; /* by one of the keys that are set; of the store: a signature came with it */
    int64_t added_ms;
    char detail[HF_UPGRADE_TEXT_SIZE]; /* why it failed */
};

/* The id of a release: of its canonical text. */
void hf_release_id(const char *canonical, char out[HF_DIGEST_TEXT_SIZE]);

/* In the store by these numbers; supervisor/upgrade.h has the table of them. */
enum hf_upgrade_state {
    HF_UPGRADE_PLANNED,
    HF_UPGRADE_PULLING,
    HF_UPGRADE_VERIFIED,
    HF_UPGRADE_SWITCHING,
    HF_UPGRADE_GATING,
    HF_UPGRADE_COMMITTED,
    HF_UPGRADE_ROLLING_BACK,
    HF_UPGRADE_ROLLED_BACK,
    HF_UPGRADE_INSTALLING, /* comes behind PULLING */
    HF_UPGRADE_STATE_COUNT
};

/* "planned", "pulling" … */
const char *hf_upgrade_state_name(enum hf_upgrade_state s);

/* Committed or rolled back. */
bool hf_upgrade_ended(enum hf_upgrade_state state);

enum hf_upgrade_kind { HF_UPGRADE_FORTH, HF_UPGRADE_BACK };

/* "upgrade", "rollback". */
const char *hf_upgrade_kind_name(enum hf_upgrade_kind k);

struct hf_upgrade_service {
    char name[HF_NAME_SIZE];
    bool was_well;  /* before: what was not is not held against the new release */
    int64_t gap_ms; /* how long it was away; -1: not known */
};

/* What is written of an upgrade, while it is under way and after. */
struct hf_upgrade_record {
    int64_t n; /* grows; 0: there was none yet */
    enum hf_upgrade_kind kind;
    enum hf_upgrade_state state;
    unsigned index; /* of services */
    struct hf_release_short to, from;
    char actor[HF_UPGRADE_ACTOR_SIZE];
    char operation[HF_UPGRADE_OPERATION_SIZE];
    int64_t started_ms, since_ms, finished_ms;           /* wall clock */
    char reason[HF_UPGRADE_TEXT_SIZE];                   /* why it went back */
    struct hf_upgrade_service services[HF_SERVICES_MAX]; /* that change, in their order */
    size_t count;
};

enum hf_gate_check {
    HF_GATE_HEALTH,
    HF_GATE_RESTARTS,
    HF_GATE_MEMORY,
    HF_GATE_ERRORS,
    HF_GATE_CANARY,
    HF_GATE_COUNT
};

/* "health", "restarts" … */
const char *hf_gate_check_name(enum hf_gate_check c);

enum hf_gate_state { HF_GATE_WAITING, HF_GATE_PASSING, HF_GATE_FAILED };

struct hf_gate_result {
    enum hf_gate_state state;
    char detail[HF_UPGRADE_TEXT_SIZE];
};

/* How far the layers of an image have come. */
struct hf_pull_bytes {
    char layer[HF_DIGEST_SIZE]; /* the one that comes now; "": none does yet */
    int64_t layer_done, layer_size;
    int64_t done, size; /* of all that are fetched for it; size 0: not known yet */
};

/* What people see of the upgrade under way, or of the last one. */
struct hf_upgrade_view {
    struct hf_upgrade_record record;
    char waiting[HF_UPGRADE_TEXT_SIZE];
    unsigned pull_number, pull_of; /* images; 0: none is fetched */
    char pull_service[HF_NAME_SIZE];
    struct hf_pull_bytes pull;
    int64_t gate_s, gate_left_s;
    struct hf_gate_result gate[HF_GATE_COUNT];
};
