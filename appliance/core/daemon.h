// SPDX-License-Identifier: Apache-2.0
/*
 * holdfastd itself as a part of an upgrade (model/daemon.h has who says what where). The one that
 * runs asks holdfast-update for the new one and is ended; the new one takes the upgrade up in
 * INSTALLING, touches no container, and says how it does until holdfast-update has decided. The old
 * one that is put back reads why.
 */
#pragma once

#include "core/releases.h"
#include "model/daemon.h"
#include "supervisor/upgrade.h"

struct hf_core;
struct hf_core_config;
struct plan_wish;

/* What can be seen of the trial, until it is asked again. */
struct daemon_trial {
    bool loaded;                 /* the four below are of this operation */
    bool known[HF_SERVICES_MAX]; /* by core->services: there was a container before */
    char containers[HF_SERVICES_MAX][HF_HASH_SIZE];
    bool was_well[HF_SERVICES_MAX];
    int64_t good_since_ms; /* monotonic; 0: not all is well */
    bool told;             /* the next two are what was said last */
    enum hf_daemon_mood mood;
    int64_t told_ms;
};

/* Of this holdfastd. Any thread. */
const char *hf_core_version(const struct hf_core *core);

/* Whether an upgrade to it is to install the holdfastd that it brings: it is newer, there is a
 * package for this machine, somebody who may install it, and a signature. Owner thread only, as all
 * below but the last two. */
bool hf_core_installs_daemon(const struct hf_core *core, const struct hf_known_release *known,
                             const struct hf_release *to, enum hf_upgrade_kind kind);
/* Fills plan->daemon, and says what is in the way of it. */
void hf_core_plan_daemon(const struct hf_core *core, const struct hf_known_release *known,
                         const struct hf_release *to, const struct plan_wish *wish,
                         struct hf_plan *plan);

/* The effect INSTALL. Repeated it changes nothing. */
HF_MUST int hf_core_request_daemon(struct hf_core *core, struct hf_error *err);
/* Nobody asks for it any more, where nobody has begun. */
void hf_core_withdraw_daemon(const struct hf_core *core);
struct hf_upgrade_event hf_core_look_at_daemon(struct hf_core *core, int64_t now_ms);
/* Whether holdfast-update has begun to change what is installed, for this upgrade or one of before,
 * and may still put it back. */
bool hf_core_daemon_is_undecided(const struct hf_core *core);
/* Whether it is past what a person can give up. */
bool hf_core_daemon_is_begun(const struct hf_core *core);

/* ---- the files of packages; any thread ---- */

bool hf_core_has_daemon(const struct hf_core *core, const struct hf_release_daemon *d);
/* From the registry, where it is not here. */
HF_MUST int hf_core_fetch_daemon(const struct hf_core *core, const struct hf_release_daemon *d,
                                 const char *repository, bool (*cancelled)(void *context),
                                 void *context, struct hf_error *err);
