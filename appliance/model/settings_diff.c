// SPDX-License-Identifier: Apache-2.0
/* Two configurations beside each other. */
#include "base/text.h"
#include "model/changes.h"
#include "model/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_MAX_BYTES = 512 };

struct diff {
    struct hf_json *changes;
    int64_t count;
    char path[PATH_MAX_BYTES];
};

static bool
same(const struct hf_json *a, const struct hf_json *b)
{
    HF_AUTO_FREE char *one = NULL, *other = NULL;

    if (!a || !b)
        return a == b;
    return hf_json_print(a, &one, NULL) == 0 && hf_json_print(b, &other, NULL) == 0 &&
           strcmp(one, other) == 0;
}

/* As it is and as people see it: what is masked is of the same shape. */
struct side {
    const struct hf_json *whole, *shown;
};

static void
put_side(struct hf_json *o, const char *member, const struct side *s)
{
    if (!s->whole)
        hf_json_put_null(o, member);
    else if (!s->shown)
        hf_json_put_string(o, member, HF_SECRET_MASK);
    else
        hf_json_put(o, member, hf_json_copy(s->shown));
}

static void
add(struct diff *d, const struct side *a, const struct side *b)
{
    struct hf_json *o;

    if (d->count++ >= HF_SETTINGS_DIFF_MAX)
        return;
    o = hf_json_object();
    hf_json_put_string(o, "path", d->path);
    put_side(o, "before", a);
    put_side(o, "after", b);
    hf_json_add(d->changes, o);
}

/* As deep as settings are, which were checked. */
// NOLINTBEGIN(misc-no-recursion)
static void compare(struct diff *d, const struct side *a, const struct side *b);

static struct side
member(const struct side *s, const char *key)
{
    return (struct side){hf_json_get(s->whole, key), hf_json_get(s->shown, key)};
}

static void
below(struct diff *d, const char *key, const struct side *a, const struct side *b)
{
    size_t used = strlen(d->path);

    hf_text_put(d->path + used, sizeof d->path - used, "/%s", key);
    compare(d, a, b);
    d->path[used] = '\0';
}

static void
compare_objects(struct diff *d, const struct side *a, const struct side *b)
{
    for (const struct hf_json *v = hf_json_first(a->whole); v; v = hf_json_next(v)) {
        struct side one = member(a, hf_json_key(v)), other = member(b, hf_json_key(v));

        below(d, hf_json_key(v), &one, &other);
    }
    for (const struct hf_json *v = hf_json_first(b->whole); v; v = hf_json_next(v)) {
        struct side none = {NULL, NULL}, other = member(b, hf_json_key(v));

        if (!hf_json_get(a->whole, hf_json_key(v)))
            below(d, hf_json_key(v), &none, &other);
    }
}

static struct side
first(const struct side *s)
{
    return (struct side){hf_json_first(s->whole), hf_json_first(s->shown)};
}

static void
step(struct side *s)
{
    s->whole = s->whole ? hf_json_next(s->whole) : NULL;
    s->shown = s->shown ? hf_json_next(s->shown) : NULL;
}

static void
compare_arrays(struct diff *d, const struct side *a, const struct side *b)
{
    struct side one = first(a), other = first(b);

    for (int i = 0; one.whole || other.whole; i++) {
        char index[12];

        snprintf(index, sizeof index, "%d", i);
        below(d, index, &one, &other);
        step(&one);
        step(&other);
    }
}

static void
compare(struct diff *d, const struct side *a, const struct side *b)
{
    if (same(a->whole, b->whole))
        return;
    if (hf_json_is_object(a->whole) && hf_json_is_object(b->whole))
        compare_objects(d, a, b);
    else if (hf_json_is_array(a->whole) && hf_json_is_array(b->whole))
        compare_arrays(d, a, b);
    else
        add(d, a, b);
}
// NOLINTEND(misc-no-recursion)

static int
read_text(int (*print)(const struct hf_settings *s, char **ret_text, struct hf_error *err),
          const struct hf_settings *s, struct hf_json **ret_doc, struct hf_error *err)
{
    HF_AUTO_FREE char *text = NULL;

    return print(s, &text, err) < 0 ? -1 : hf_json_parse(text, strlen(text), ret_doc, err);
}

static int
compare_settings(struct diff *d, const struct hf_settings *a, const struct hf_settings *b,
                 struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *whole_a = NULL, *whole_b = NULL, *shown_a = NULL;
    HF_AUTO(hf_json) struct hf_json *shown_b = NULL;

    if (read_text(hf_settings_print, a, &whole_a, err) < 0 ||
        read_text(hf_settings_print, b, &whole_b, err) < 0 ||
        read_text(hf_settings_show, a, &shown_a, err) < 0 ||
        read_text(hf_settings_show, b, &shown_b, err) < 0)
        return -1;
    compare(d, &(struct side){whole_a, shown_a}, &(struct side){whole_b, shown_b});
    return 0;
}

static int64_t
omitted(const struct diff *d)
{
    return d->count > HF_SETTINGS_DIFF_MAX ? d->count - HF_SETTINGS_DIFF_MAX : 0;
}

int
hf_settings_diff(const struct hf_settings *a, const struct hf_settings *b,
                 struct hf_json **ret_diff, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *out = hf_json_object();
    struct diff d = {.changes = hf_json_array()};

    hf_json_put(out, "changes", d.changes);
    if (!hf_json_get(out, "changes"))
        return hf_error_nomem(err);
    if (compare_settings(&d, a, b, err) < 0)
        return -1;
    hf_json_put_int(out, "omitted", omitted(&d));
    *ret_diff = hf_steal(&out);
    return 0;
}

int
hf_settings_print_changes(const struct hf_settings *a, const struct hf_settings *b, char **ret_text,
                          struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *changes = hf_json_array();
    struct diff d = {.changes = changes};

    if (compare_settings(&d, a, b, err) < 0)
        return -1;
    return hf_changes_print(changes, omitted(&d), ret_text, err);
}

/* Who may come is in a file of its own, which the broker takes while it runs: that somebody closed
 * the door is not taken back because something died in the minute after. */
static void
remove_door(const struct hf_json *doc)
{
    const struct hf_json *broker = hf_json_get(doc, "broker");

    hf_json_remove((struct hf_json *)(uintptr_t)broker, "anonymous");
}

bool
hf_settings_touch_services(const struct hf_settings *a, const struct hf_settings *b)
{
    static const char *const ours[] = {"name",         "alarms",     "upgrade", "registry",
                                       "release_keys", "stick_keys", "scan"};
    HF_AUTO(hf_json) struct hf_json *one = NULL, *other = NULL;

    if (read_text(hf_settings_print, a, &one, NULL) < 0 ||
        read_text(hf_settings_print, b, &other, NULL) < 0)
        return true;
    for (size_t i = 0; i < HF_LEN(ours); i++) {
        hf_json_remove(one, ours[i]);
        hf_json_remove(other, ours[i]);
    }
    remove_door(one);
    remove_door(other);
    return !same(one, other);
}
