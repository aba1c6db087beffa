// SPDX-License-Identifier: Apache-2.0
/*
 * Images that were of a release once and that nothing needs any more: neither the release that
 * runs, nor the one before it, nor one that is yet to be applied. One release at a time; what
 * cannot be removed now (somebody else uses it) is tried again after the next upgrade.
 */
#include "base/text.h"
#include "core/internal.h"
#include "store/release.h"

#include <string.h>

struct needed {
    const struct hf_core *core;
    char ids[HF_STORE_RELEASES_MAX * HF_SERVICES_MAX][HF_DIGEST_SIZE];
    size_t count;
};

static int
add_needed(void *context, const char *json, struct hf_error *err)
{
    struct needed *n = context;
    struct hf_release r;

    if (hf_core_parse_release(n->core, json, &r, err) < 0)
        return -1;
    for (size_t i = 0; i < r.count && n->count < HF_LEN(n->ids); i++)
        memcpy(n->ids[n->count++], r.services[i].image.image_id, HF_DIGEST_SIZE);
    hf_release_done(&r);
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

bool
hf_core_needs_image(const struct hf_core *core, const char *image_id)
{
    HF_AUTO_FREE struct needed *needed = calloc(1, sizeof *needed);
    struct hf_error err = {0};

    if (!needed)
        return true;
    needed->core = core;
    if (hf_store_release_texts(core->config.store, false, add_needed, needed, &err) < 0)
        return true;
    return is_needed(needed, image_id);
}

struct leftovers {
    const struct needed *needed;
    const char *but; /* the one that failed before */
    struct fetch_job job;
};

static void
add_items(struct leftovers *l, const struct hf_release *r)
{
    for (size_t i = 0; i < r->count; i++) {
        struct fetch_item *item = &l->job.items[l->job.count];

        if (is_needed(l->needed, r->services[i].image.image_id))
            continue;
        hf_text_put(item->service, sizeof item->service, "%s", r->services[i].name);
        item->image = r->services[i].image;
        l->job.count++;
    }
}

/* The first one, but for the one that could not be. */
static int
take_leftover(void *context, const char *json, struct hf_error *err)
{
    struct leftovers *l = context;
    char id[HF_DIGEST_TEXT_SIZE];
    struct hf_release r;

    hf_release_id(json, id);
    if (*l->job.release_id || strcmp(id, l->but) == 0)
        return 0;
    if (hf_core_parse_release(l->needed->core, json, &r, err) < 0)
        return -1;
    memcpy(l->job.release_id, id, sizeof l->job.release_id);
    add_items(l, &r);
    hf_release_done(&r);
    return 0;
}

void
hf_core_collect(struct hf_core *core)
{
    struct upgrade *u = &core->upgrade;
    struct hf_store *store = core->config.store;
    HF_AUTO_FREE struct needed *needed = calloc(1, sizeof *needed);
    HF_AUTO_FREE struct leftovers *l = calloc(1, sizeof *l);
    struct hf_error err = {0};

    u->collect_due = false;
    if (!needed || !l)
        return;
    needed->core = core;
    l->needed = needed;
    l->but = u->uncollected;
    l->job.remove = true;
    if (hf_store_release_texts(store, false, add_needed, needed, &err) < 0 ||
        hf_store_release_texts(store, true, take_leftover, l, &err) < 0 ||
        (*l->job.release_id && fetcher_give(&u->fetcher, &l->job, &err) < 0))
        hf_log_warn("event=images-not-collected error=\"%s\"", err.message);
}

void
hf_core_collected(struct hf_core *core, const struct fetch_news *news)
{
    struct upgrade *u = &core->upgrade;
    struct hf_error err = {0};

    if (!news->done)
        return;
    if (news->result < 0) {
        memcpy(u->uncollected, news->release_id, sizeof u->uncollected);
    } else if (hf_store_release_collected(core->config.store, news->release_id, &err) < 0) {
        hf_log_warn("event=images-not-collected error=\"%s\"", err.message);
        return;
    }
    u->collect_due = news->result == 0; /* there may be more */
}
