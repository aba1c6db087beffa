// SPDX-License-Identifier: Apache-2.0
/* The hours of core/guard.h over a restart, by the store. */
#include "base/clock.h"
#include "core/internal.h"

#include <string.h>

enum { HOUR_MS = 3600 * 1000 };

static const char NAME[] = "written";

/* A clock that was set back, or was first set meanwhile, does not say how long it was: then as if
 * no time had passed, so that nothing that was written is forgotten. */
static int64_t
hours_since(int64_t at_ms)
{
    int64_t now = hf_clock_wall_ms(), hours = (now - at_ms) / HOUR_MS;

    if (now < at_ms || (at_ms < HF_CLOCK_PLAUSIBLE_MS && now >= HF_CLOCK_PLAUSIBLE_MS))
        return 0;
    return hours < GUARD_HOURS ? hours : GUARD_HOURS;
}

static void
take(struct hf_core *core, const struct hf_json *doc, int64_t at_ms, int64_t now)
{
    int64_t hours[GUARD_HOURS] = {0};
    int i = 0;

    for (const struct hf_json *v = hf_json_first(hf_json_get(doc, "hours")); v && i < GUARD_HOURS;
         v = hf_json_next(v))
        hours[i++] = hf_json_as_int(v, 0);
    guard_day_restore(&core->watch.written, hours, hf_json_int(doc, "total", -1),
                      hours_since(at_ms), now);
}

void
hf_core_load_written(struct hf_core *core, int64_t now)
{
    HF_AUTO_FREE char *text = NULL;
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_error err;
    int64_t at_ms = 0;

    guard_day_init(&core->watch.written);
    if (hf_store_kept(core->config.store, NAME, &at_ms, &text, &err) == 0 &&
        hf_json_parse(text, strlen(text), &doc, &err) == 0)
        take(core, doc, at_ms, now);
    else if (err.class != HF_ERROR_NOT_FOUND)
        hf_log_warn("event=written-not-read error=\"%s\"", err.message);
}

int
hf_core_save_written(struct hf_core *core, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = hf_json_object();
    struct hf_json *list = hf_json_array();
    HF_AUTO_FREE char *text = NULL;
    int64_t hours[GUARD_HOURS];

    guard_day_read(&core->watch.written, hours);
    for (int i = 0; i < GUARD_HOURS; i++)
        hf_json_add_number(list, (double)hours[i]);
    hf_json_put_int(doc, "total", core->watch.written.total);
    hf_json_put(doc, "hours", list);
    if (hf_json_print(doc, &text, err) < 0)
        return -1;
    return hf_store_keep(core->config.store, NAME, hf_clock_wall_ms(), text, err);
}
