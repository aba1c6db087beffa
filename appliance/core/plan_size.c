// SPDX-License-Identifier: Apache-2.0
/* What is to be fetched for a release, and what disk that takes. */
#include "base/text.h"
#include "core/internal.h"

#include <string.h>

struct weighed {
    const struct hf_release *runs, *ran; /* ran may be NULL */
    const struct hf_release *to;
};

static bool
has_layer(const struct hf_release_service *s, size_t count, const char *digest)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(s->layers[i].digest, digest) == 0)
            return true;
    return false;
}

static bool
is_of(const struct hf_release *r, const char *digest)
{
    for (size_t i = 0; r && i < r->count; i++)
        if (has_layer(&r->services[i], r->services[i].layer_count, digest))
            return true;
    return false;
}

/* With what runs or ran before, with an image that is here, or with one of the plan that is fetched
 * before. */
static bool
is_there(const struct weighed *w, const struct hf_plan *plan, size_t before, const char *digest)
{
    const struct hf_release *to = w->to;

    if (is_of(w->runs, digest) || is_of(w->ran, digest))
        return true;
    for (size_t i = 0; i < plan->count; i++) {
        const struct hf_release_service *s =
            &to->services[hf_release_index(to, plan->services[i].name)];

        if ((plan->services[i].present || i < before) && has_layer(s, s->layer_count, digest))
            return true;
    }
    return false;
}

static void
weigh_service(const struct weighed *w, size_t index, struct hf_plan *plan)
{
    struct hf_plan_service *p = &plan->services[index];
    const struct hf_release_service *s = &w->to->services[hf_release_index(w->to, p->name)];

    for (size_t i = 0; i < s->layer_count; i++) {
        const struct hf_release_layer *l = &s->layers[i];

        if (has_layer(s, i, l->digest) || is_there(w, plan, index, l->digest))
            continue;
        p->fetch_bytes += l->size;
        plan->fetch_layers++;
    }
    plan->fetch_bytes += p->fetch_bytes;
}

static void
warn_of_room(struct hf_plan *plan)
{
    if (plan->free_bytes < 0 || hf_plan_peak_bytes(plan) <= plan->free_bytes)
        return;
    hf_plan_warn(plan, HF_WARNING_NO_ROOM,
                 "What is to be fetched takes about %lld MB of disk while it is unpacked, and %lld "
                 "MB are free.",
                 (long long)(hf_plan_peak_bytes(plan) / 1000000),
                 (long long)(plan->free_bytes / 1000000));
}

void
hf_core_weigh_plan(const struct hf_core *core, const struct hf_release *to,
                   const struct hf_release *ran, struct hf_plan *plan)
{
    const struct weighed w = {&core->release, ran, to};

    for (size_t i = 0; i < plan->count; i++)
        if (!plan->services[i].present)
            weigh_service(&w, i, plan);
    warn_of_room(plan);
}
