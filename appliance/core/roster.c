// SPDX-License-Identifier: Apache-2.0
#include "core/roster.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

void
roster_done(struct roster *r)
{
    free(r->list);
    *r = (struct roster){.count = 0};
}

void
roster_begin(struct roster *r, const char *topic)
{
    if (strcmp(r->topic, topic) != 0) {
        r->changed |= r->count > 0;
        r->count = 0;
        hf_text_put(r->topic, sizeof r->topic, "%s", topic);
    }
    for (size_t i = 0; i < r->count; i++)
        r->list[i].listed = false;
}

static struct roster_entry *
find(struct roster *r, const char *device)
{
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->list[i].device, device) == 0)
            return &r->list[i];
    return NULL;
}

/* A place for one more; the one heard longest ago makes room. */
static struct roster_entry *
place(struct roster *r)
{
    struct roster_entry *oldest;

    if (!r->list && !(r->list = calloc(ROSTER_MAX, sizeof *r->list)))
        return NULL;
    if (r->count < ROSTER_MAX)
        return &r->list[r->count++];
    oldest = &r->list[0];
    for (size_t i = 1; i < r->count; i++)
        if (r->list[i].last_ms < oldest->last_ms)
            oldest = &r->list[i];
    return oldest;
}

static void
add(struct roster *r, const char *device, int64_t last_ms, bool listed)
{
    struct roster_entry *e;

    if (!*device || strlen(device) >= sizeof e->device || !(e = place(r)))
        return;
    *e = (struct roster_entry){.last_ms = last_ms, .listed = listed};
    hf_text_put(e->device, sizeof e->device, "%s", device);
    r->changed = true;
    r->grown |= r->count < ROSTER_MAX;
}

void
roster_list(struct roster *r, const char *device, int64_t last_ms)
{
    struct roster_entry *e = find(r, device);

    if (!e) {
        add(r, device, last_ms, true);
        return;
    }
    r->changed |= e->last_ms != last_ms;
    e->last_ms = last_ms;
    e->listed = true;
}

void
roster_end(struct roster *r, int64_t mono_ms)
{
    for (size_t i = 0; i < r->count; i++) {
        struct roster_entry *e = &r->list[i];

        if (e->listed)
            e->missed_ms = 0;
        else if (!e->missed_ms)
            e->missed_ms = mono_ms;
    }
}

void
roster_heard(struct roster *r, const char *device)
{
    struct roster_entry *e = find(r, device);

    if (e)
        e->missed_ms = 0;
}

const struct roster_entry *
roster_silent(const struct roster *r, size_t i, int64_t after_ms, int64_t mono_ms)
{
    const struct roster_entry *e = &r->list[i];

    return e->missed_ms && mono_ms - e->missed_ms >= after_ms ? e : NULL;
}

int
roster_save(const struct roster *r, char **ret_text, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = hf_json_object();
    struct hf_json *all = hf_json_array();

    for (size_t i = 0; i < r->count; i++) {
        struct hf_json *pair = hf_json_array();

        hf_json_add_string(pair, r->list[i].device);
        hf_json_add_number(pair, (double)r->list[i].last_ms);
        hf_json_add(all, pair);
    }
    hf_json_put_string(doc, "topic", r->topic);
    hf_json_put(doc, "devices", all);
    return hf_json_print(doc, ret_text, err);
}

void
roster_load(struct roster *r, const char *text)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;

    if (hf_json_parse(text, strlen(text), &doc, NULL) < 0 || !hf_json_string(doc, "topic") ||
        !hf_text_put(r->topic, sizeof r->topic, "%s", hf_json_string(doc, "topic")))
        return;
    for (const struct hf_json *v = hf_json_first(hf_json_get(doc, "devices"));
         v && r->count < ROSTER_MAX; v = hf_json_next(v)) {
        const struct hf_json *device = hf_json_first(v);
        const char *name = hf_json_as_string(device);

        if (name && !find(r, name))
            add(r, name, (int64_t)hf_json_as_number(hf_json_next(device), 0), false);
    }
    r->changed = r->grown = false;
}
