// SPDX-License-Identifier: Apache-2.0
/*
 * Old images. The store has a list of those that releases brought here, from the beginning of the
 * upgrade to them on; what may go is in none of the releases that run, ran before, are on their way
 * or may be applied as they are, and no container of ours stands on it. One by one they go after
 * the end of an upgrade, and where a disk is about to be full (room.c), by the name that a pull
 * gave them and never by force. What somebody else uses is not ours to remove: it is tried again
 * after the next end, and once for room.
 */
#include "base/text.h"
#include "core/internal.h"
#include "store/release.h"

#include <string.h>

enum { CANDIDATES_MAX = 64 };

/* ---- what is needed ---- */

struct needed {
    const struct hf_core *core;
    char ids[(HF_STORE_RELEASES_MAX + 2) * HF_SERVICES_MAX][HF_DIGEST_SIZE];
    size_t count;
};

static void
add_images(struct needed *n, const struct hf_release *r)
{
    for (size_t i = 0; r && i < r->count && n->count < HF_LEN(n->ids); i++)
        memcpy(n->ids[n->count++], r->services[i].image.image_id, HF_DIGEST_SIZE);
}

static int
add_needed(void *context, const char *json, struct hf_error *err)
{
    struct needed *n = context;
    struct hf_release r;

    if (hf_core_parse_release(n->core, json, &r, err) < 0)
        return -1;
    add_images(n, &r);
    hf_release_done(&r);
    return 0;
}

static int
find_needed(const struct hf_core *core, struct needed *n, struct hf_error *err)
{
    const struct upgrade *u = &core->upgrade;

    n->core = core;
    if (hf_store_release_texts(core->config.store, false, add_needed, n, err) < 0)
        return -1;
    if (u->active) {
        add_images(n, u->to);
        add_images(n, u->from);
    }
    return 0;
}

static bool
is_needed(const struct needed *n, const char *image_id)
{
    const struct hf_core *core = n->core;

    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->ids[i], image_id) == 0)
            return true;
    for (size_t i = 0; i < core->service_count; i++)
        if (strcmp(core->services[i].spec.image.image_id, image_id) == 0 ||
            strcmp(core->services[i].machine.container.image_id, image_id) == 0)
            return true;
    return false;
}

/* ---- what may go ---- */

static bool
was_used(const struct hf_core *core, const char *image_id)
{
    const struct upgrade *u = &core->upgrade;

    for (size_t i = 0; i < u->used_count; i++)
        if (strcmp(u->used[i], image_id) == 0)
            return true;
    return false;
}

/* Without a picture of what runs nothing is certain. */
void
hf_core_pick_image(const struct hf_core *core, bool but_used, struct hf_release_image *ret_image)
{
    HF_AUTO_FREE struct hf_release_image *old = calloc(CANDIDATES_MAX, sizeof *old);
    HF_AUTO_FREE struct needed *needed = calloc(1, sizeof *needed);
    struct hf_error err = {0};
    size_t count = 0;

    *ret_image = (struct hf_release_image){.image = ""};
    if (!old || !needed || core->engine.state != HF_ENGINE_OK)
        return;
    if (hf_store_old_images(core->config.store, old, CANDIDATES_MAX, &count, &err) < 0 ||
        (count && find_needed(core, needed, &err) < 0)) {
        hf_log_warn("event=images-not-collected error=\"%s\"", err.message);
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (!is_needed(needed, old[i].image_id) && !(but_used && was_used(core, old[i].image_id))) {
            *ret_image = old[i];
            return;
        }
}

void
hf_core_forget_image(const struct hf_core *core, const char *image_id)
{
    struct hf_error err = {0};

    if (hf_store_forget_image(core->config.store, image_id, &err) < 0)
        hf_log_warn("event=image-not-forgotten error=\"%s\"", err.message);
}

/* ---- after an upgrade ---- */

void
hf_core_collect(struct hf_core *core)
{
    struct upgrade *u = &core->upgrade;
    struct fetch_job job = {.remove = true, .count = 1};
    struct hf_error err = {0};

    u->collect_due = false;
    hf_core_pick_image(core, true, &job.items[0].image);
    if ((*job.items[0].image.image_id ? fetcher_give(&u->fetcher, &job, &err)
                                      : hf_store_releases_collected(core->config.store, &err)) < 0)
        hf_log_warn("event=images-not-collected error=\"%s\"", err.message);
}

/* Where the engine does not answer, it is tried again after the next end or start. */
void
hf_core_collected(struct hf_core *core, const struct fetch_news *news)
{
    struct upgrade *u = &core->upgrade;

    if (!news->done)
        return;
    if (news->result == 0)
        hf_core_forget_image(core, news->image_id);
    else if (news->err.class == HF_ERROR_CONFLICT && u->used_count < HF_LEN(u->used))
        memcpy(u->used[u->used_count++], news->image_id, sizeof u->used[0]);
    else
        return;
    u->collect_due = true;
}
