// SPDX-License-Identifier: Apache-2.0
/* What a look has brought to light that a person should be able to read later. */
#pragma once

#include "model/incident.h"

struct hf_finding {
    bool some;
    enum hf_incident_kind kind;
    char found[HF_TEXT_SIZE]; /* "exited with code 139 (SIGSEGV) after 42 s" */
    char done[HF_TEXT_SIZE];  /* "Docker starts it again" */
    bool has_exit_code;
    int exit_code;
    bool oom_killed;
    int64_t uptime_s; /* of the run that ended; -1: not known */
    int64_t ended_ms; /* when it ended, by the engine's clock; 0: not known */
};
