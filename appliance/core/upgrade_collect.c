// SPDX-License-Identifier: Apache-2.0
/*
 * Old images. The store has a list of those that releases brought here, from the beginning of the
 * upgrade to them on; what may go is in none of the releases that run, ran before, are on their way
 * or may be applied as they are, and no container of ours stands on it. One by one they go after
 * the end of an upgrade, and where a disk is about to be full (room.c), by the name that a pull
 * gave them and never by force. What cannot go after an upgrade (somebody uses it, Docker is too
 * slow) holds up no other, and is tried again later, ever less often.
 */
#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"
#include "store/release.h"

#include <string.h>

enum { CANDIDATES_MAX = 64, AGAIN_FIRST_MS = 1000, AGAIN_MOST_MS = 3600 * 1000 };

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
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->ids[i], image_id) == 0)
            return true;
    return false;
}

/* As far as the last look shows. */
static bool
is_stood_on(const struct hf_core *core, const char *image_id)
{
    for (size_t i = 0; i < core->service_count; i++)
        if (strcmp(core->services[i].spec.image.image_id, image_id) == 0 ||
            strcmp(core->services[i].machine.container.image_id, image_id) == 0)
            return true;
    return false;
}

/* ---- what may go ---- */

/* Without a picture of what runs nothing is certain. */
bool
hf_core_pick_image(const struct hf_core *core, const char *after,
                   struct hf_release_image *ret_image)
{
    HF_AUTO_FREE struct hf_release_image *old = calloc(CANDIDATES_MAX, sizeof *old);
    HF_AUTO_FREE struct needed *needed = calloc(1, sizeof *needed);
    struct hf_error err = {0};
    size_t count = 0, from = 0;
    bool waits = false;

    *ret_image = (struct hf_release_image){.image = ""};
    if (!old || !needed || core->engine.state != HF_ENGINE_OK)
        return true;
    if (hf_store_old_images(core->config.store, old, CANDIDATES_MAX, &count, &err) < 0 ||
        (count && find_needed(core, needed, &err) < 0)) {
        hf_log_warn("event=images-not-collected error=\"%s\"", err.message);
        return true;
    }
    for (size_t i = 0; i < count; i++)
        if (strcmp(old[i].image_id, after) == 0)
            from = i + 1;
    for (size_t i = from; i < count; i++) {
        if (is_needed(needed, old[i].image_id))
            continue;
        if (!is_stood_on(core, old[i].image_id)) {
            *ret_image = old[i];
            return false;
        }
        waits = true;
    }
    return waits;
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
hf_core_collect_all(struct hf_core *core)
{
    core->upgrade.collecting = (struct collecting){.due = true};
}

/* What is left has another round. */
static void
try_later(struct collecting *c)
{
    c->failed[0] = '\0';
    c->wait_ms = c->wait_ms ? 2 * c->wait_ms : AGAIN_FIRST_MS;
    if (c->wait_ms > AGAIN_MOST_MS)
        c->wait_ms = AGAIN_MOST_MS;
    c->due = true;
    c->not_before_ms = hf_clock_mono_ms() + c->wait_ms;
}

static int
collect_next(struct hf_core *core, struct hf_error *err)
{
    struct collecting *c = &core->upgrade.collecting;
    struct fetch_job job = {.remove = true, .count = 1};
    bool waits = hf_core_pick_image(core, c->failed, &job.items[0].image);

    if (*job.items[0].image.image_id)
        return fetcher_give(&core->upgrade.fetcher, &job, err);
    if (!*c->failed && !waits)
        return hf_store_releases_collected(core->config.store, err);
    try_later(c);
    return 0;
}

void
hf_core_collect(struct hf_core *core, int64_t now_ms)
{
    struct collecting *c = &core->upgrade.collecting;
    struct hf_error err = {0};

    if (!c->due || now_ms < c->not_before_ms)
        return;
    c->due = false;
    if (collect_next(core, &err) < 0) {
        hf_log_warn("event=images-not-collected error=\"%s\"", err.message);
        try_later(c);
    }
}

void
hf_core_collected(struct hf_core *core, const struct fetch_news *news)
{
    struct collecting *c = &core->upgrade.collecting;

    if (!news->done)
        return;
    if (news->result < 0)
        memcpy(c->failed, news->image_id, sizeof c->failed);
    else
        hf_core_forget_image(core, news->image_id);
    c->due = true; /* there may be more */
}
