// SPDX-License-Identifier: Apache-2.0
/* Whom the processor knows, remembered over its restarts and ours; see roster.h. */
#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"

#include <string.h>

enum {
    PAGE_DEVICES = 64,
    EVERY_LEAST_MS = 10 * 1000,
    EVERY_MOST_MS = 10 * 60 * 1000,
    SAVE_GROWN_MS = 10 * 60 * 1000 /* a new device is worth a write of its own, but not each */
};

static const char NAME[] = "devices";

void
hf_core_survey_path(struct hf_survey_page *p)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t len;

    hf_text_put(p->path, sizeof p->path, "/v1/devices?limit=%d%s", PAGE_DEVICES,
                *p->cursor ? "&cursor=" : "");
    len = strlen(p->path);
    /* All of it encoded: an id may be any text. */
    for (const unsigned char *c = (const unsigned char *)p->cursor; *c && len + 4 < sizeof p->path;
         c++) {
        p->path[len++] = '%';
        p->path[len++] = digits[*c >> 4];
        p->path[len++] = digits[*c & 15];
        p->path[len] = '\0';
    }
}

void
hf_core_survey_page(struct hf_core *core, struct hf_survey_page *p)
{
    struct roster *r = &core->watch.roster;
    const char *next = hf_json_string(p->answer, "next");

    if (p->first)
        roster_begin(r, core->settings.device_topic);
    for (const struct hf_json *v = hf_json_first(hf_json_get(p->answer, "devices")); v;
         v = hf_json_next(v)) {
        const char *device = hf_json_string(v, "device");

        if (device)
            roster_list(r, device, hf_json_int(v, "last_seen_ms", 0));
    }
    /* A page that leads nowhere new ends it. */
    p->last = !next || strcmp(next, p->cursor) == 0 ||
              !hf_text_put(p->cursor, sizeof p->cursor, "%s", next);
    if (p->last)
        roster_end(r, hf_clock_mono_ms());
}

static int64_t
interval_ms(const struct hf_core *core)
{
    int64_t part = core->settings.alarms.silent_after_s * 1000 / 4;

    if (part < EVERY_LEAST_MS)
        return EVERY_LEAST_MS;
    return part < EVERY_MOST_MS ? part : EVERY_MOST_MS;
}

/* A device by its name, once. */
static void
add_missing(struct watch_silence *s, const struct roster_entry *e)
{
    s->missing++;
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->list[i].device, e->device) == 0)
            return;
    if (s->count == WATCH_SILENT_MAX)
        return;
    memcpy(s->list[s->count].device, e->device, sizeof e->device);
    s->list[s->count++].last_ms = e->last_ms;
}

void
hf_core_survey(struct hf_core *core, int64_t now)
{
    const struct hf_service_status *s = &core->services[hf_service_index("processor")].status;
    int64_t after_ms = core->settings.alarms.silent_after_s * 1000;
    struct watch *w = &core->watch;

    if (!after_ms)
        return;
    w->silence.missing = 0;
    for (size_t i = 0; i < w->roster.count; i++) {
        const struct roster_entry *e = roster_silent(&w->roster, i, after_ms, now);

        if (e)
            add_missing(&w->silence, e);
    }
    if (w->roster.grown && now >= w->roster_saved_ms + SAVE_GROWN_MS) {
        struct hf_error err;

        if (hf_core_save_roster(core, now, &err) < 0)
            hf_log_warn("event=devices-not-kept error=\"%s\"", err.message);
    }
    /* From the last one on, so that another setting is minded at once. */
    if (!s->seen || s->gone || (w->surveyed_ms && now - w->surveyed_ms < interval_ms(core)))
        return;
    w->surveyed_ms = now;
    courier_survey(&core->courier);
}

/* ---- the store ---- */

void
hf_core_load_roster(struct hf_core *core)
{
    HF_AUTO_FREE char *text = NULL;
    struct hf_error err;
    int64_t at_ms;

    if (hf_store_kept(core->config.store, NAME, &at_ms, &text, &err) == 0)
        roster_load(&core->watch.roster, text);
    else if (err.class != HF_ERROR_NOT_FOUND)
        hf_log_warn("event=devices-not-read error=\"%s\"", err.message);
    /* The first that is new is not worth a write before some more may have come. */
    core->watch.roster_saved_ms = hf_clock_mono_ms() - SAVE_GROWN_MS + EVERY_LEAST_MS;
}

int
hf_core_save_roster(struct hf_core *core, int64_t now, struct hf_error *err)
{
    HF_AUTO_FREE char *text = NULL;
    struct roster *r = &core->watch.roster;

    core->watch.roster_saved_ms = now;
    if (!r->changed)
        return 0;
    if (roster_save(r, &text, err) < 0 ||
        hf_store_keep(core->config.store, NAME, hf_clock_wall_ms(), text, err) < 0)
        return -1;
    r->changed = r->grown = false;
    return 0;
}
