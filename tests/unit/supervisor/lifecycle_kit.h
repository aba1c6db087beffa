// SPDX-License-Identifier: Apache-2.0
/* A machine and what is fed to it. */
#pragma once

#include "unit.h"

#include "supervisor/lifecycle.h"

#include <stdio.h>
#include <string.h>

#define SPEC "spec-a"
#define IMAGE "sha256:aaaa"

static inline struct hf_container
container_in(enum hf_container_state state)
{
    struct hf_container c = {.state = state, .started_ms = 1000, .pid = 42};

    snprintf(c.id, sizeof c.id, "c1");
    snprintf(c.spec_hash, sizeof c.spec_hash, SPEC);
    snprintf(c.image_id, sizeof c.image_id, IMAGE);
    if (state == HF_CONTAINER_EXITED || state == HF_CONTAINER_RESTARTING) {
        c.exit_code = 3;
        c.finished_ms = 2000;
    }
    return c;
}

static inline struct hf_lifecycle_step
see_with(struct hf_lifecycle_machine *m, const struct hf_container *c, bool has_image, int64_t now)
{
    return hf_lifecycle_step(
        m,
        &(struct hf_lifecycle_event){
            .kind = HF_EVENT_SEEN, .container = c, .has_image = has_image, .taken_ms = now},
        now);
}

static inline struct hf_lifecycle_step
see(struct hf_lifecycle_machine *m, const struct hf_container *c, int64_t now)
{
    return see_with(m, c, true, now);
}

static inline struct hf_lifecycle_step
send(struct hf_lifecycle_machine *m, enum hf_lifecycle_event_kind kind, int64_t now)
{
    static const struct hf_error error = {HF_ERROR_UPSTREAM, "no such luck", ""};

    return hf_lifecycle_step(m, &(struct hf_lifecycle_event){.kind = kind, .error = &error}, now);
}

static inline void
fresh(struct hf_lifecycle_machine *m, bool wanted)
{
    hf_lifecycle_init(m, wanted, 0);
    hf_lifecycle_target(m, SPEC, IMAGE, 64 << 20, 0);
}

static inline void
running(struct hf_lifecycle_machine *m)
{
    struct hf_container c = container_in(HF_CONTAINER_RUNNING);

    fresh(m, true);
    see(m, &c, 0);
}

/* Drives one effect to its end and shows what the engine has then. */
static inline struct hf_lifecycle_step
finish(struct hf_lifecycle_machine *m, const struct hf_container *then, int64_t now)
{
    send(m, HF_EVENT_DONE, now);
    return see(m, then, now);
}
