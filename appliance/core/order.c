// SPDX-License-Identifier: Apache-2.0
/*
 * Dependencies start in order (own services: target.c): a service is started once those that it
 * needs run. Nothing else follows from it: one that restarts drags no other with it, and none waits
 * for long, since each can wait for the others by itself too.
 */
#include "core/internal.h"

#include <string.h>

enum { WAIT_MOST_MS = 30 * 1000 };

static const struct {
    const char *service, *needs;
} needs[] = {
    {"buffer", "broker"},    {"processor", "broker"}, {"processor", "buffer"},
    {"forwarder", "broker"}, {"forwarder", "buffer"},
};

/* Whether it is worth waiting for: it is to run, and may come. */
static bool
is_coming(const struct service *s)
{
    const struct hf_lifecycle_machine *m = &s->machine;

    return m->wanted && *m->spec_hash && m->state != HF_LIFECYCLE_RUNNING &&
           m->state != HF_LIFECYCLE_FAILED;
}

static const char *
waits_for(const struct hf_core *core, const struct service *s, int64_t now_ms)
{
    const struct hf_lifecycle_machine *m = &s->machine;

    if (m->state == HF_LIFECYCLE_STARTING && now_ms - m->since_ms >= WAIT_MOST_MS)
        return "";
    for (size_t i = 0; i < HF_LEN(needs); i++) {
        int other = strcmp(needs[i].service, s->name) == 0
                        ? hf_core_service_index(core, needs[i].needs)
                        : -1;

        if (other >= 0 && is_coming(&core->services[other]))
            return needs[i].needs;
    }
    return "";
}

void
hf_core_order_starts(struct hf_core *core, int64_t now_ms)
{
    for (size_t i = 0; i < hf_service_count; i++) {
        struct service *s = &core->services[i];
        const char *other = waits_for(core, s, now_ms);

        if (strcmp(s->machine.waits_for, other) == 0)
            continue;
        hf_lifecycle_hold(&s->machine, other);
        s->wake_ms = 0;
    }
}
