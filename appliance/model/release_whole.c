// SPDX-License-Identifier: Apache-2.0
/* What no service of a release says alone. */
#include "base/text.h"
#include "model/release_parts.h"

#include <string.h>

enum { PATH_TEXT_MAX = 256 };

/* ---- what depends on what ---- */

/* The services from the first one that was asked, while its dependencies are followed. */
struct walk {
    const struct hf_release *r;
    size_t path[HF_SERVICES_MAX];
    size_t depth;
    bool done[HF_SERVICES_MAX]; /* nothing below it leads back */
};

static int
say_circle(const struct walk *w, size_t from, size_t back_to, struct hf_error *err)
{
    char text[PATH_TEXT_MAX] = "", pointer[HF_ERROR_POINTER_MAX];
    const char *name = w->r->services[back_to].name;

    for (size_t i = from; i < w->depth; i++) {
        size_t used = strlen(text);

        hf_text_put(text + used, sizeof text - used, "%s → ", w->r->services[w->path[i]].name);
    }
    hf_text_put(pointer, sizeof pointer, "/services/%s/depends_on", name);
    return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                           "%s: they wait for each other in a circle: %s%s", pointer, text, name);
}

static int
enter(struct walk *w, size_t index, struct hf_error *err)
{
    for (size_t i = 0; i < w->depth; i++)
        if (w->path[i] == index)
            return say_circle(w, i, index, err);
    w->path[w->depth++] = index;
    return 0;
}

/* At most HF_SERVICES_MAX deep: no service is on the path twice. */
static int
follow(struct walk *w, size_t index, struct hf_error *err) // NOLINT(misc-no-recursion)
{
    const struct hf_json *names = hf_json_get(w->r->services[index].own, "depends_on");

    if (w->done[index])
        return 0;
    if (enter(w, index, err) < 0)
        return -1;
    for (const struct hf_json *n = hf_json_first(names); n; n = hf_json_next(n)) {
        int next = hf_release_index(w->r, hf_json_as_string(n));
        char pointer[HF_ERROR_POINTER_MAX];

        hf_text_put(pointer, sizeof pointer, "/services/%s/depends_on", w->r->services[index].name);
        if (next < 0)
            return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                                   "%s: there is no service '%.40s' in this release", pointer,
                                   hf_json_as_string(n));
        if (follow(w, (size_t)next, err) < 0)
            return -1;
    }
    w->depth--;
    w->done[index] = true;
    return 0;
}

static int
check_dependencies(const struct hf_release *r, struct hf_error *err)
{
    struct walk w = {.r = r};

    for (size_t i = hf_service_count; i < r->count; i++)
        if (follow(&w, i, err) < 0)
            return -1;
    return 0;
}

/* A port of the host has one owner. */
static int
check_ports(const struct hf_release *r, struct hf_error *err)
{
    bool taken[UINT16_MAX + 1] = {false};

    for (size_t i = hf_service_count; i < r->count; i++) {
        const struct hf_json *ports = hf_json_get(r->services[i].own, "ports");

        for (const struct hf_json *p = hf_json_first(ports); p; p = hf_json_next(p)) {
            int64_t port = hf_json_int(p, "port", 0);
            char pointer[HF_ERROR_POINTER_MAX];

            hf_text_put(pointer, sizeof pointer, "/services/%s/ports", r->services[i].name);
            if (taken[port])
                return hf_error_set_at(err, HF_ERROR_INVALID, pointer,
                                       "%s: port %d is published twice", pointer, (int)port);
            taken[port] = true;
        }
    }
    return 0;
}

int
hf_release_check_whole(const struct hf_release *r, struct hf_error *err)
{
    return check_dependencies(r, err) < 0 ? -1 : check_ports(r, err);
}
