// SPDX-License-Identifier: Apache-2.0
#include "core/releases.h"

#include "base/text.h"
#include "json/json.h"

#include <stdarg.h>
#include <stdio.h>

const char *
hf_plan_warning_name(enum hf_plan_warning_kind kind)
{
    static const char *const names[HF_WARNING_KIND_COUNT] = {
        [HF_WARNING_UNSIGNED] = "unsigned",
        [HF_WARNING_OLDER] = "older",
        [HF_WARNING_NO_ROOM] = "no_room",
        [HF_WARNING_FAILED_BEFORE] = "failed_before",
        [HF_WARNING_IMAGE_MISSING] = "image_missing",
        [HF_WARNING_VULNERABLE] = "vulnerable",
        [HF_WARNING_NOT_SCANNED] = "not_scanned",
        [HF_WARNING_OLDER_SETTINGS] = "older_settings",
        [HF_WARNING_WAITS] = "waits",
        [HF_WARNING_DAEMON_STAYS] = "daemon_stays",
    };

    return names[kind];
}

void
hf_plan_done(struct hf_plan *p)
{
    hf_json_free(p->scan);
    p->scan = NULL;
}

void
hf_plan_obstruct(struct hf_plan *p, const char *fmt, ...)
{
    char *text;
    va_list args;

    if (p->obstacle_count == HF_PLAN_OBSTACLES_MAX)
        return;
    text = p->obstacles[p->obstacle_count];
    va_start(args, fmt);
    vsnprintf(text, HF_TEXT_SIZE, fmt, args);
    va_end(args);
    hf_text_whole(text);
    p->obstacle_count++;
}

void
hf_plan_warn(struct hf_plan *p, enum hf_plan_warning_kind kind, const char *fmt, ...)
{
    struct hf_plan_warning *w;
    va_list args;

    for (size_t i = 0; i < p->warning_count; i++)
        if (p->warnings[i].kind == kind)
            return;
    w = &p->warnings[p->warning_count];
    w->kind = kind;
    va_start(args, fmt);
    vsnprintf(w->text, sizeof w->text, fmt, args);
    va_end(args);
    hf_text_whole(w->text);
    p->warning_count++;
}

/* A layer is about two and a half times as big when it is unpacked, and the engine keeps what came
 * until then: engine/load.c goes by the same. */
int64_t
hf_plan_needed_bytes(const struct hf_plan *p)
{
    return p->fetch_bytes > INT64_MAX / 8 ? INT64_MAX / 2 : p->fetch_bytes * 5 / 2;
}

int64_t
hf_plan_peak_bytes(const struct hf_plan *p)
{
    return p->fetch_bytes > INT64_MAX / 8 ? INT64_MAX : hf_plan_needed_bytes(p) + p->fetch_bytes;
}
