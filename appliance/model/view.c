// SPDX-License-Identifier: Apache-2.0
#include "model/view.h"

#include <string.h>

const char *
hf_lifecycle_name(enum hf_lifecycle l)
{
    static const char *const names[HF_LIFECYCLE_COUNT] = {
        [HF_LIFECYCLE_ABSENT] = "absent",     [HF_LIFECYCLE_PULLING] = "pulling",
        [HF_LIFECYCLE_CREATING] = "creating", [HF_LIFECYCLE_STARTING] = "starting",
        [HF_LIFECYCLE_RUNNING] = "running",   [HF_LIFECYCLE_STOPPING] = "stopping",
        [HF_LIFECYCLE_STOPPED] = "stopped",   [HF_LIFECYCLE_BACKOFF] = "backoff",
        [HF_LIFECYCLE_FAILED] = "failed",
    };

    return names[l];
}

const char *
hf_health_name(enum hf_health h)
{
    static const char *const names[HF_HEALTH_COUNT] = {
        [HF_HEALTH_STARTING] = "starting",       [HF_HEALTH_HEALTHY] = "healthy",
        [HF_HEALTH_DEGRADED] = "degraded",       [HF_HEALTH_WAITING] = "waiting",
        [HF_HEALTH_UNREACHABLE] = "unreachable", [HF_HEALTH_STOPPED] = "stopped",
        [HF_HEALTH_FAILED] = "failed",
    };

    return names[h];
}

const char *
hf_operation_kind_name(enum hf_operation_kind k)
{
    static const char *const names[] = {"start", "stop", "restart", "upgrade", "rollback", "check"};

    return names[k];
}

const char *
hf_operation_state_name(enum hf_operation_state s)
{
    static const char *const names[] = {"queued", "running", "succeeded", "failed"};

    return names[s];
}

int64_t
hf_status_number(const struct hf_service_status *s, const char *name, int64_t otherwise)
{
    for (size_t i = 0; i < s->number_count; i++)
        if (strcmp(s->numbers[i].name, name) == 0)
            return s->numbers[i].value;
    return otherwise;
}

const struct hf_service_view *
hf_snapshot_service(const struct hf_snapshot *s, const char *name)
{
    for (size_t i = 0; i < s->service_count; i++)
        if (strcmp(s->services[i].spec.service, name) == 0)
            return &s->services[i];
    return NULL;
}

int64_t
hf_snapshot_memory_limits(const struct hf_snapshot *s)
{
    int64_t sum = 0;

    for (size_t i = 0; i < s->service_count; i++)
        sum += s->services[i].spec.limits.memory_bytes;
    return sum;
}
