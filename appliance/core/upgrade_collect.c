// SPDX-License-Identifier: Apache-2.0
/*
 * Images that were of a release once and that nothing needs any more: neither the release that
 * runs, nor the one before it, nor one that is yet to be applied. One release at a time, the oldest
 * first; those whose images cannot be removed now (somebody uses one, Docker is too slow) hold up
 * no other, and are tried again later, ever less often.
 */
#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"
#include "store/release.h"

#include <string.h>

enum { AGAIN_FIRST_MS = 10 * 1000, AGAIN_MOST_MS = 3600 * 1000 };

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

static bool
has_image(const struct hf_release *r, const char *image_id)
{
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->services[i].image.image_id, image_id) == 0)
            return true;
    return false;
}

/* A release that has run or failed before is needed again only by the upgrade to it. */
bool
hf_core_needs_image(const struct hf_core *core, const char *image_id)
{
    HF_AUTO_FREE struct needed *needed = calloc(1, sizeof *needed);
    const struct upgrade *u = &core->upgrade;
    struct hf_error err = {0};

    if (!needed || (u->active && (has_image(u->to, image_id) || has_image(u->from, image_id))))
        return true;
    needed->core = core;
    if (hf_store_release_texts(core->config.store, false, add_needed, needed, &err) < 0)
        return true;
    return is_needed(needed, image_id);
}

struct leftovers {
    const struct needed *needed;
    const char *after; /* the one that failed last; "": from the first on */
    bool past;         /* it has been met */
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

/* The first one behind those that were tried in this round. */
static int
take_leftover(void *context, const char *json, struct hf_error *err)
{
    struct leftovers *l = context;
    char id[HF_DIGEST_TEXT_SIZE];
    struct hf_release r;

    hf_release_id(json, id);
    if (*l->job.release_id || !l->past) {
        l->past = l->past || strcmp(id, l->after) == 0;
        return 0;
    }
    if (hf_core_parse_release(l->needed->core, json, &r, err) < 0)
        return -1;
    memcpy(l->job.release_id, id, sizeof l->job.release_id);
    add_items(l, &r);
    hf_release_done(&r);
    return 0;
}

void
hf_core_collect_all(struct hf_core *core)
{
    struct collecting *c = &core->upgrade.collecting;

    *c = (struct collecting){.due = true};
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
give_next(struct hf_core *core, struct hf_error *err)
{
    struct collecting *c = &core->upgrade.collecting;
    HF_AUTO_FREE struct needed *needed = calloc(1, sizeof *needed);
    HF_AUTO_FREE struct leftovers *l = calloc(1, sizeof *l);

    if (!needed || !l)
        return hf_error_nomem(err);
    needed->core = core;
    l->needed = needed;
    l->after = c->failed;
    l->past = !*c->failed;
    l->job.remove = true;
    if (hf_store_release_texts(core->config.store, false, add_needed, needed, err) < 0 ||
        hf_store_release_texts(core->config.store, true, take_leftover, l, err) < 0)
        return -1;
    if (!*l->job.release_id) {
        if (*c->failed)
            try_later(c);
        return 0;
    }
    return fetcher_give(&core->upgrade.fetcher, &l->job, err);
}

void
hf_core_collect(struct hf_core *core, int64_t now_ms)
{
    struct collecting *c = &core->upgrade.collecting;
    struct hf_error err = {0};

    if (!c->due || now_ms < c->not_before_ms)
        return;
    c->due = false;
    if (give_next(core, &err) < 0) {
        hf_log_warn("event=images-not-collected error=\"%s\"", err.message);
        try_later(c);
    }
}

void
hf_core_collected(struct hf_core *core, const struct fetch_news *news)
{
    struct collecting *c = &core->upgrade.collecting;
    struct hf_error err = {0};

    if (!news->done)
        return;
    if (news->result < 0) {
        memcpy(c->failed, news->release_id, sizeof c->failed);
    } else if (hf_store_release_collected(core->config.store, news->release_id, &err) < 0) {
        hf_log_warn("event=images-not-collected error=\"%s\"", err.message);
        return;
    }
    c->due = true; /* there may be more */
}
