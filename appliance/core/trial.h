// SPDX-License-Identifier: Apache-2.0
/*
 * Other settings on trial: what a service reads of them has changed, and for config_gate_s all that
 * did its work before must go on doing it. Otherwise the configuration goes back, whole, to the
 * revision that was the last to do well. It is the gate of an upgrade (supervisor/upgrade.h, from
 * SWITCHING on), asked for health, restarts and memory: records that other rules or another sink
 * put into quarantine are what a person may want, and are not lost.
 *
 * The revision to go back to is written with the change itself, so that a trial outlives a restart.
 * Owner thread only.
 */
#pragma once

#include "core/upgrade.h"

struct trial {
    bool active;
    int64_t good; /* revision; 0: the defaults */
    bool was_well[HF_SERVICES_MAX];
    struct hf_upgrade_machine machine;
    struct gate_base base;
    char said[HF_TEXT_SIZE], culprit[HF_NAME_SIZE];
    int64_t retry_ms; /* where it could not be written; monotonic */
};

/* trial.c: takes up what was written. */
void hf_core_load_trial(struct hf_core *core);

/* trial.c: in the transaction that makes a revision; good: the one before. */
HF_MUST int hf_core_write_trial(struct hf_core *core, int64_t good, struct hf_error *err);
/* trial.c: after it, and before the services hear of it; s is of the new one. */
void hf_core_begin_trial(struct hf_core *core, int64_t good, const struct hf_upgrade_settings *s);

/* trial.c: one turn of the owner's loop. */
void hf_core_try_config(struct hf_core *core, int64_t now_ms);

/* config.c: puts a kept revision into force again: a new one of the same text. The caller's actor
 * and words go into the audit log. */
HF_MUST int hf_core_return_to(struct hf_core *core, int64_t revision, const char *actor,
                              const char *why, struct hf_error *err);
