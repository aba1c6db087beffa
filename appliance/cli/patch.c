// SPDX-License-Identifier: Apache-2.0
/* Places in the configuration, as people write them. */
#include "cli/groups.h"

#include "base/text.h"

#include <string.h>

enum { SEGMENT_MAX = 256, VALUE_MAX = 65536 };

/* ---- paths: "a.b" or "/a/b" with ~0 and ~1 (RFC 6901 §3) ---- */

/* Reads the next segment, moves *path behind it. False where it is empty or too long. */
static bool
next_segment(const char **path, char separator, char out[SEGMENT_MAX])
{
    size_t len = 0;
    const char *c = *path;

    for (; *c && *c != separator; c++) {
        char plain = *c;

        if (separator == '/' && c[0] == '~' && (c[1] == '0' || c[1] == '1'))
            plain = *++c == '0' ? '~' : '/';
        if (len + 1 >= SEGMENT_MAX)
            return false;
        out[len++] = plain;
    }
    out[len] = '\0';
    *path = c + (*c == separator);
    /* A separator at the end names one more place, without a name. */
    return len > 0 && !(*c == separator && !c[1]);
}

static const struct hf_json *
element(const struct hf_json *list, const char *number)
{
    const struct hf_json *v = hf_json_first(list);
    uint64_t index;

    if (!hf_text_u64(number, &index))
        return NULL;
    while (v && index-- > 0)
        v = hf_json_next(v);
    return v;
}

const struct hf_json *
cli_at(const struct hf_json *doc, const char *path)
{
    char separator = *path == '/' ? '/' : '.', segment[SEGMENT_MAX];
    const char *rest = path + (*path == '/');

    while (*rest && doc) {
        if (!next_segment(&rest, separator, segment))
            return NULL;
        doc = hf_json_is_array(doc) ? element(doc, segment) : hf_json_get(doc, segment);
    }
    return doc;
}

/* ---- path=value ---- */

static struct hf_json *
read_value(const char *text, struct hf_error *err)
{
    struct hf_json *v = NULL;

    if (hf_json_parse(text, strlen(text), &v, NULL) == 0)
        return v;
    v = hf_text_utf8(text, strlen(text)) ? hf_json_of_string(text) : NULL;
    if (!v)
        hf_error_set(err, HF_ERROR_INVALID, "the value is no text");
    return v;
}

/* A patch that is being put together belongs to us: its parts may be changed. */
static struct hf_json *
part(struct hf_json *object, const char *name)
{
    return (struct hf_json *)(uintptr_t)hf_json_get(object, name);
}

static int
contradiction(const char *path, struct hf_error *err)
{
    return hf_error_set(err, HF_ERROR_INVALID,
                        "'%.100s' is said twice, or once more for a part of it", path);
}

/* Takes value. */
static int
put_at(struct hf_json *patch, const char *path, struct hf_json *value, struct hf_error *err)
{
    char separator = *path == '/' ? '/' : '.', segment[SEGMENT_MAX];
    const char *rest = path + (*path == '/');
    HF_AUTO(hf_json) struct hf_json *owned = value;
    struct hf_json *at = patch;

    for (;;) {
        struct hf_json *below;

        if (!next_segment(&rest, separator, segment))
            return hf_error_set(err, HF_ERROR_INVALID,
                                "'%.100s' is no place in the configuration; an example is "
                                "buffer.window_ms",
                                path);
        below = part(at, segment);
        if (!*rest)
            break;
        if (!below) {
            hf_json_put(at, segment, hf_json_object());
            below = part(at, segment);
        }
        if (!hf_json_is_object(below))
            return below ? contradiction(path, err) : hf_error_nomem(err);
        at = below;
    }
    if (part(at, segment))
        return contradiction(path, err);
    hf_json_put(at, segment, hf_steal(&owned));
    return 0;
}

int
cli_patch_add(struct hf_json *patch, const char *assignment, struct hf_error *err)
{
    const char *equals = strchr(assignment, '=');
    HF_AUTO_FREE char *path = NULL;
    struct hf_json *value;

    if (!equals || equals == assignment)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "'%.100s' is no change; say PATH=VALUE, as buffer.window_ms=1000",
                            assignment);
    path = strndup(assignment, (size_t)(equals - assignment));
    if (!path)
        return hf_error_nomem(err);
    value = read_value(equals + 1, err);
    return value ? put_at(patch, path, value, err) : -1;
}
