// SPDX-License-Identifier: Apache-2.0
/*
 * Containers of services that the release no longer has: stopped and removed, one after the other,
 * by a worker of their own. Their volumes stay, and what they said is kept.
 */
#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"

#include <string.h>

enum { AGAIN_MS = 30 * 1000, STOP_TIMEOUT_S = 10 };

static const struct hf_container *
find_stray(const struct hf_core *core, const struct look *l)
{
    for (size_t i = 0; i < l->container_count; i++) {
        const struct hf_container *c = &l->containers[i];

        if (*c->service && hf_core_service_index(core, c->service) < 0)
            return c;
    }
    return NULL;
}

/* One that does not go is tried again, but not at every look. */
void
hf_core_sweep(struct hf_core *core, const struct look *l, int64_t now)
{
    const struct hf_container *stray = core->has_release ? find_stray(core, l) : NULL;
    struct job job = {.effect = HF_EFFECT_REMOVE};

    if (!stray || now < core->sweep_at_ms)
        return;
    core->sweep_at_ms = now + AGAIN_MS;
    hf_log_info("service=%s event=sweep reason=\"the release no longer has it\"", stray->service);
    hf_text_put(job.spec.service, sizeof job.spec.service, "%s", stray->service);
    hf_text_put(job.container, sizeof job.container, "%s", stray->id);
    job.started_ms = stray->started_ms;
    worker_give(&core->sweeper, &job);
}

static int
sweep(const struct hf_core *core, const struct job *job, struct hf_error *err)
{
    const struct hf_engine_ops *ops = core->config.engine_ops;

    if (ops->stop(core->config.engine, job->container, STOP_TIMEOUT_S, err) < 0)
        return -1;
    worker_keep_log(core, job);
    return ops->remove(core->config.engine, job->container, err);
}

void *
hf_core_sweeper(void *worker)
{
    struct worker *w = worker;
    struct job job;

    while (worker_next(w, &job)) {
        struct hf_error err = {0};

        if (sweep(w->core, &job, &err) < 0)
            hf_log_warn("service=%s event=sweep-failed error=\"%s\"", job.spec.service,
                        err.message);
        else
            mailbox_hint(&w->core->mail, false); /* there may be another one */
    }
    return NULL;
}
