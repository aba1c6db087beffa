// SPDX-License-Identifier: Apache-2.0
#include "core/drift.h"

#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"

#include <string.h>

enum {
    EXTRA_AGAIN_MS = 30 * 1000, /* one that does not go is tried again, but not at every look */
    EXTRA_STOP_TIMEOUT_S = 10
};

static bool
is_in(char names[][2 * HF_NAME_SIZE], size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* ---- networks and volumes ---- */

/* One service after the other: the keeper asks for a look when it is done. */
static void
make_again(struct hf_core *core)
{
    for (size_t i = 0; i < core->service_count; i++) {
        struct job job = {.task = TASK_SURROUNDINGS};

        if (!core->drift.make_due[i] || worker_busy(&core->keeper))
            continue;
        job.spec = core->services[i].spec;
        worker_give(&core->keeper, &job);
        core->drift.make_due[i] = false;
    }
}

static void
find_lost_networks(struct hf_core *core, struct look *l)
{
    struct hf_network_spec networks[HF_SPEC_LIST_MAX];
    size_t count = hf_spec_networks(&core->config.placement, networks);

    for (size_t i = 0; i < count; i++) {
        char found[HF_TEXT_SIZE];

        if (!is_in(core->drift.was.networks, core->drift.was.network_count, networks[i].name) ||
            is_in(l->around.networks, l->around.network_count, networks[i].name))
            continue;
        hf_text_put(found, sizeof found, "network %s was removed by hand", networks[i].name);
        hf_core_note_drift(core, "", found, "it is made again");
        core->drift.make_due[0] = true;
    }
}

/* A container that still runs writes into a volume that is no longer there for the next one. */
static void
mark_container(struct look *l, const char *service, const char *volume)
{
    for (size_t i = 0; i < l->container_count; i++) {
        struct hf_container *c = &l->containers[i];

        if (strcmp(c->service, service) != 0)
            continue;
        c->limits_differ = c->lost_volume = true;
        hf_text_put(c->differs, sizeof c->differs, "volume %s", volume);
    }
}

static void
find_lost_volumes(struct hf_core *core, size_t index, struct look *l)
{
    const struct hf_spec *spec = &core->services[index].spec;

    for (size_t i = 0; i < spec->mount_count; i++) {
        const char *name = spec->mounts[i].source;
        char found[HF_TEXT_SIZE];

        if (spec->mounts[i].kind != HF_MOUNT_VOLUME ||
            !is_in(core->drift.was.volumes, core->drift.was.volume_count, name) ||
            is_in(l->around.volumes, l->around.volume_count, name))
            continue;
        hf_text_put(found, sizeof found, "volume %.120s was removed by hand, with what was in it",
                    name);
        hf_core_note_drift(core, spec->service, found, "it is made again, empty");
        mark_container(l, spec->service, name);
        core->drift.make_due[index] = true;
    }
}

/* ---- containers that nobody wants ---- */

static bool
is_noted(struct drift *d, const char *id)
{
    for (size_t i = 0; i < EXTRAS_MAX; i++)
        if (strcmp(d->extras[i], id) == 0)
            return true;
    hf_text_put(d->extras[d->extras_next], HF_HASH_SIZE, "%s", id);
    d->extras_next = (d->extras_next + 1) % EXTRAS_MAX;
    return false;
}

/* Ours by its label, and of a service that the release does not have. Without a release nobody
 * knows which those are. */
static bool
is_left_over(const struct hf_core *core, const struct hf_container *c)
{
    return core->has_release && c->labelled && hf_core_service_index(core, c->label_service) < 0;
}

static void
remove_extra(struct hf_core *core, const struct hf_container *c)
{
    struct job job = {.task = TASK_EXTRA, .started_ms = c->started_ms};
    int64_t now = hf_clock_mono_ms();

    if (worker_busy(&core->keeper) || now < core->drift.extra_at_ms)
        return;
    core->drift.extra_at_ms = now + EXTRA_AGAIN_MS;
    job.spec.stop_timeout_s = EXTRA_STOP_TIMEOUT_S;
    hf_text_put(job.spec.service, sizeof job.spec.service, "%s", c->label_service);
    hf_text_put(job.container, sizeof job.container, "%s", c->id);
    worker_give(&core->keeper, &job);
}

static void
find_extra(struct hf_core *core, const struct hf_container *c)
{
    char found[HF_TEXT_SIZE];
    bool left_over = is_left_over(core, c);

    if (hf_core_service_index(core, c->service) >= 0)
        return;
    if (!is_noted(&core->drift, c->id)) {
        hf_text_put(found, sizeof found, "container %.100s is there, and belongs to no service",
                    c->name);
        hf_core_note_drift(core, "", found,
                           left_over ? "it is removed: it carries this gateway's label"
                                     : "nothing: it is left alone");
    }
    if (left_over)
        remove_extra(core, c);
}

void
hf_core_find_drift(struct hf_core *core, struct look *l)
{
    struct drift *d = &core->drift;
    bool looked = d->looked;

    d->looked = true;
    if (looked && core->has_release) {
        find_lost_networks(core, l);
        for (size_t i = 0; i < core->service_count; i++)
            find_lost_volumes(core, i, l);
    }
    make_again(core);
    for (size_t i = 0; i < l->container_count; i++)
        find_extra(core, &l->containers[i]);
    d->was = l->around;
}
