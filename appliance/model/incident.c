// SPDX-License-Identifier: Apache-2.0
#include "model/incident.h"

const char *
hf_incident_kind_name(enum hf_incident_kind kind)
{
    static const char *const names[HF_INCIDENT_KIND_COUNT] = {
        [HF_INCIDENT_EXIT] = "exit",
        [HF_INCIDENT_OOM] = "oom",
        [HF_INCIDENT_CRASH_LOOP] = "crash_loop",
        [HF_INCIDENT_UNHEALTHY] = "unhealthy",
        [HF_INCIDENT_DRIFT] = "drift",
        [HF_INCIDENT_UPGRADE] = "upgrade",
    };

    return names[kind];
}
