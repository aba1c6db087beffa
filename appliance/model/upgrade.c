// SPDX-License-Identifier: Apache-2.0
#include "model/upgrade.h"

const char *
hf_release_state_name(enum hf_release_state s)
{
    static const char *const names[HF_RELEASE_STATE_COUNT] = {
        [HF_RELEASE_AVAILABLE] = "available",
        [HF_RELEASE_RUNNING] = "running",
        [HF_RELEASE_PREVIOUS] = "previous",
        [HF_RELEASE_FAILED] = "failed",
    };

    return names[s];
}

void
hf_release_id(const char *canonical, char out[HF_DIGEST_TEXT_SIZE])
{
    hf_digest(&canonical, 1, out);
}

const char *
hf_upgrade_state_name(enum hf_upgrade_state s)
{
    static const char *const names[HF_UPGRADE_STATE_COUNT] = {
        [HF_UPGRADE_PLANNED] = "planned",
        [HF_UPGRADE_PULLING] = "pulling",
        [HF_UPGRADE_VERIFIED] = "verified",
        [HF_UPGRADE_SWITCHING] = "switching",
        [HF_UPGRADE_GATING] = "gating",
        [HF_UPGRADE_COMMITTED] = "committed",
        [HF_UPGRADE_ROLLING_BACK] = "rolling_back",
        [HF_UPGRADE_ROLLED_BACK] = "rolled_back",
        [HF_UPGRADE_INSTALLING] = "installing",
    };

    return names[s];
}

bool
hf_upgrade_ended(enum hf_upgrade_state state)
{
    return state == HF_UPGRADE_COMMITTED || state == HF_UPGRADE_ROLLED_BACK;
}

const char *
hf_upgrade_kind_name(enum hf_upgrade_kind k)
{
    return k == HF_UPGRADE_BACK ? "rollback" : "upgrade";
}

const char *
hf_gate_check_name(enum hf_gate_check c)
{
    static const char *const names[HF_GATE_COUNT] = {
        [HF_GATE_HEALTH] = "health", [HF_GATE_RESTARTS] = "restarts", [HF_GATE_MEMORY] = "memory",
        [HF_GATE_ERRORS] = "errors", [HF_GATE_CANARY] = "canary",
    };

    return names[c];
}
