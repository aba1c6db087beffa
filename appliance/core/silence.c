// SPDX-License-Identifier: Apache-2.0
/*
 * Devices that used to publish and say nothing any more. The processor knows whom it has heard; it
 * forgets them when it restarts. So a device that was silent stays so until the processor has heard
 * it again; and one that would never be missed after that is missed by us (survey.c).
 */
#include "base/text.h"
#include "core/internal.h"

#include <string.h>

enum { ASK_MS = 10 * 1000 };

void
hf_core_ask_silent(struct hf_core *core, int64_t now)
{
    const struct hf_service_status *s = &core->services[hf_service_index("processor")].status;
    struct watch *w = &core->watch;
    int64_t silent = hf_status_number(s, "devices_silent", 0);

    if (!core->settings.alarms.silent_after_s) {
        w->silence = (struct watch_silence){.count = 0};
        return;
    }
    if (!s->seen || s->gone || now < w->ask_silent_at_ms || (!silent && !w->silence.count))
        return;
    w->ask_silent_at_ms = now + ASK_MS;
    courier_ask_silent(&core->courier);
}

int
hf_core_silent_question(struct hf_core *core, char **ret_body, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *o = hf_json_object();
    struct hf_json *known = hf_json_array();

    for (size_t i = 0; i < core->watch.silence.count; i++)
        hf_json_add_string(known, core->watch.silence.list[i].device);
    hf_json_put(o, "known", known);
    return hf_json_print(o, ret_body, err);
}

static bool
has_text(const struct hf_json *list, const char *text)
{
    for (const struct hf_json *v = hf_json_first(list); v; v = hf_json_next(v)) {
        const char *one = hf_json_as_string(v);

        if (one && strcmp(one, text) == 0)
            return true;
    }
    return false;
}

static void
add_silent(struct watch_silence *s, const char *device, int64_t last_ms)
{
    if (!device || s->count == WATCH_SILENT_MAX)
        return;
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->list[i].device, device) == 0)
            return;
    if (!hf_text_put(s->list[s->count].device, HF_ALARM_SUBJECT_SIZE, "%s", device))
        return;
    s->list[s->count++].last_ms = last_ms;
}

void
hf_core_silent_answer(struct hf_core *core, const struct hf_json *answer)
{
    const struct hf_json *heard = hf_json_get(answer, "heard");
    const struct hf_json *silent = hf_json_get(answer, "silent");
    struct watch_silence *was = &core->watch.silence, is = {.count = 0};

    is.total = hf_json_int(answer, "total", 0);
    for (const struct hf_json *v = hf_json_first(heard); v; v = hf_json_next(v))
        if (hf_json_as_string(v))
            roster_heard(&core->watch.roster, hf_json_as_string(v));
    /* Those with an alarm first: theirs is not to be cleared for want of a place. */
    for (size_t i = 0; i < was->count; i++)
        if (!has_text(heard, was->list[i].device))
            add_silent(&is, was->list[i].device, was->list[i].last_ms);
    for (const struct hf_json *v = hf_json_first(silent); v; v = hf_json_next(v))
        add_silent(&is, hf_json_string(v, "device"), hf_json_int(v, "last_seen_ms", 0));
    *was = is;
}
