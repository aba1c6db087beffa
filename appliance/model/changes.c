// SPDX-License-Identifier: Apache-2.0
#include "model/changes.h"

#include "base/text.h"
#include "model/settings.h"

#include <string.h>

/* ---- collecting ---- */

static struct hf_json *
place(const char *path)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_string(o, "path", path);
    return o;
}

void
hf_changes_text(struct hf_json *changes, const char *path, const char *before, const char *after)
{
    struct hf_json *o;

    if (before == after || (before && after && strcmp(before, after) == 0))
        return;
    o = place(path);
    hf_json_put_string(o, "before", before);
    hf_json_put_string(o, "after", after);
    hf_json_add(changes, o);
}

static void
put_bool(struct hf_json *o, const char *member, const bool *value)
{
    if (value)
        hf_json_put_bool(o, member, *value);
    else
        hf_json_put_null(o, member);
}

void
hf_changes_bool(struct hf_json *changes, const char *path, const bool *before, const bool *after)
{
    struct hf_json *o;

    if (before == after || (before && after && *before == *after))
        return;
    o = place(path);
    put_bool(o, "before", before);
    put_bool(o, "after", after);
    hf_json_add(changes, o);
}

void
hf_changes_secret(struct hf_json *changes, const char *path, bool before, bool after)
{
    struct hf_json *o = place(path);

    hf_json_put_string(o, "before", before ? HF_SECRET_MASK : NULL);
    hf_json_put_string(o, "after", after ? HF_SECRET_MASK : NULL);
    hf_json_add(changes, o);
}

void
hf_changes_time(struct hf_json *changes, const char *path, int64_t before_ms, int64_t after_ms)
{
    struct hf_json *o;

    if (before_ms == after_ms)
        return;
    o = place(path);
    hf_json_put_time(o, "before", before_ms);
    hf_json_put_time(o, "after", after_ms);
    hf_json_add(changes, o);
}

/* ---- keeping ---- */

static const char more[] = "…";

/* As it is, or the beginning of its text. NULL without memory. */
static struct hf_json *
shorten(const struct hf_json *v)
{
    char text[HF_CHANGES_VALUE_MAX + sizeof more];
    HF_AUTO_FREE char *json = NULL;
    const char *whole = hf_json_as_string(v);

    if (!whole && hf_json_print(v, &json, NULL) < 0)
        return NULL;
    whole = whole ? whole : json;
    if (strlen(whole) <= HF_CHANGES_VALUE_MAX)
        return hf_json_copy(v);
    hf_text_put(text, HF_CHANGES_VALUE_MAX + 1, "%s", whole);
    hf_text_whole(text);
    memcpy(text + strlen(text), more, sizeof more);
    return hf_json_of_string(text);
}

static int
print_place(const struct hf_json *change, char **ret_text, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *o = place(hf_json_string(change, "path"));

    hf_json_put(o, "before", shorten(hf_json_get(change, "before")));
    hf_json_put(o, "after", shorten(hf_json_get(change, "after")));
    return hf_json_print(o, ret_text, err);
}

/* The first ones, in their order; *left counts down those that are. */
static int
print_places(const struct hf_json *changes, struct hf_buf *text, size_t *left, struct hf_error *err)
{
    enum { TAIL = sizeof "],\"omitted\":9223372036854775807}" };
    size_t room = HF_CHANGES_MAX;

    for (const struct hf_json *c = hf_json_first(changes); c && room; c = hf_json_next(c), room--) {
        HF_AUTO_FREE char *one = NULL;

        if (print_place(c, &one, err) < 0)
            return -1;
        if (text->len + 1 + strlen(one) + TAIL > HF_CHANGES_BYTES_MAX)
            return 0;
        if (hf_buf_addf(text, err, "%s%s", room < HF_CHANGES_MAX ? "," : "", one) < 0)
            return -1;
        --*left;
    }
    return 0;
}

int
hf_changes_print(const struct hf_json *changes, int64_t omitted, char **ret_text,
                 struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_CHANGES_BYTES_MAX);
    size_t left = hf_json_count(changes);

    if (!hf_json_is_array(changes)) /* memory had run out */
        return hf_error_nomem(err);
    if (left == 0 && omitted == 0) {
        *ret_text = NULL;
        return 0;
    }
    if (hf_buf_adds(&text, "{\"changes\":[", err) < 0 ||
        print_places(changes, &text, &left, err) < 0 ||
        hf_buf_addf(&text, err, "],\"omitted\":%lld}", (long long)left + (long long)omitted) < 0)
        return -1;
    *ret_text = hf_buf_take(&text);
    return *ret_text ? 0 : hf_error_nomem(err);
}
