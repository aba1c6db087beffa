// SPDX-License-Identifier: Apache-2.0
/* What is to be fetched for a release, and what disk that takes. */
#include "base/text.h"
#include "core/internal.h"

#include <string.h>

static bool
has_layer(const struct hf_release_service *s, size_t count, const char *digest)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(s->layers[i].digest, digest) == 0)
            return true;
    return false;
}

/* With what runs, with an image that is here, or with one of the plan that is fetched before. */
static bool
is_there(const struct hf_core *core, const struct hf_release *to, const struct hf_plan *plan,
         size_t before, const char *digest)
{
    const struct hf_release *runs = &core->release;

    for (size_t i = 0; i < runs->count; i++)
        if (has_layer(&runs->services[i], runs->services[i].layer_count, digest))
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
weigh_service(const struct hf_core *core, const struct hf_release *to, size_t index,
              struct hf_plan *plan)
{
    struct hf_plan_service *p = &plan->services[index];
    const struct hf_release_service *s = &to->services[hf_release_index(to, p->name)];

    for (size_t i = 0; i < s->layer_count; i++) {
        const struct hf_release_layer *l = &s->layers[i];

        if (has_layer(s, i, l->digest) || is_there(core, to, plan, index, l->digest))
            continue;
        p->fetch_bytes += l->size;
        plan->fetch_layers++;
    }
    plan->fetch_bytes += p->fetch_bytes;
}

static void
warn_of_room(struct hf_plan *plan)
{
    struct hf_plan_warning *w;

    if (plan->free_bytes < 0 || hf_plan_peak_bytes(plan) <= plan->free_bytes)
        return;
    w = &plan->warnings[plan->warning_count++];
    w->kind = HF_WARNING_NO_ROOM;
    hf_text_put(w->text, sizeof w->text,
                "What is to be fetched takes about %lld MB of disk while it is unpacked, and %lld "
                "MB are free.",
                (long long)(hf_plan_peak_bytes(plan) / 1000000),
                (long long)(plan->free_bytes / 1000000));
}

void
hf_core_weigh_plan(const struct hf_core *core, const struct hf_release *to, struct hf_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        if (!plan->services[i].present)
            weigh_service(core, to, i, plan);
    warn_of_room(plan);
}
