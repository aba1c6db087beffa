// SPDX-License-Identifier: Apache-2.0
#include "json/raw.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { WHAT_SIZE = 80 };

/* Where text is no JSON, and why. */
struct trouble {
    const char *at;
    char what[WHAT_SIZE];
};

static int
found(struct trouble *t, const char *at, const char *what)
{
    t->at = at;
    hf_text_put(t->what, sizeof t->what, "%s", what);
    return -1;
}

/* ---- what cJSON would take, or take too far ---- */

/* Bytes that are UTF-8. */
static size_t
utf8_span(const char *text, size_t len)
{
    size_t at = 0;

    while (at < len) {
        unsigned char c = (unsigned char)text[at];
        size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

        if (n > len - at || !hf_text_utf8(text + at, n))
            break;
        at += n;
    }
    return at;
}

static bool
is_utf16(const char *text, size_t len)
{
    return len >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0 ||
                        !text[0] || !text[1]);
}

static int
check_encoding(const char *text, size_t len, struct trouble *t)
{
    const char *bad;

    if (hf_text_utf8(text, len))
        return 0;
    bad = text + utf8_span(text, len);
    if (is_utf16(text, len))
        return found(t, text, "this is UTF-16, not UTF-8 text: save it as UTF-8");
    return found(t, bad, *bad ? "not UTF-8 text from here on" : "a NUL byte: not UTF-8 text");
}

/* cJSON would recurse to its compiled-in limit; ours is lower and known before it starts. It would
 * end a string at the NUL that \u0000 stands for, and takes any control character for a blank. */
static int
check_structure(const char *text, size_t len, struct trouble *t)
{
    unsigned depth = 0;
    bool in_string = false;

    for (size_t i = 0; i < len; i++) {
        char c = text[i];

        if (in_string) {
            if (c == '\\' && len - i >= 6 && memcmp(text + i, "\\u0000", 6) == 0)
                return found(t, text + i, "\\u0000 in a text: no character may be NUL");
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if ((unsigned char)c < ' ' && c != '\t' && c != '\r' && c != '\n') {
            return found(t, text + i, "a control character: not valid JSON from here on");
        } else if (c == '[' || c == '{') {
            if (++depth > HF_JSON_DEPTH_MAX) {
                t->at = text + i;
                snprintf(t->what, sizeof t->what, "nested deeper than %d levels",
                         HF_JSON_DEPTH_MAX);
                return -1;
            }
        } else if ((c == ']' || c == '}') && depth) {
            depth--;
        }
    }
    return 0;
}

static size_t
count_blanks(const char *from, const char *end)
{
    const char *at = from;

    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
        at++;
    return (size_t)(at - from);
}

static int
parse_tree(const char *text, size_t len, struct hf_json **ret_doc, struct trouble *t)
{
    const char *end = NULL;

    if (check_encoding(text, len, t) < 0 || check_structure(text, len, t) < 0)
        return -1;

    HF_AUTO(hf_json)
    struct hf_json *doc = wrapped(cJSON_ParseWithLengthOpts(text, len, &end, false));
    if (!doc)
        return found(t, end ? end : text, "not valid JSON from here on");
    end += count_blanks(end, text + len);
    if (end != text + len)
        return found(t, end, "something stands behind the end of the JSON value");
    *ret_doc = hf_steal(&doc);
    return 0;
}

static int
check_size(size_t len, struct hf_error *err)
{
    return len <= HF_JSON_TEXT_MAX
               ? 0
               : hf_error_set(err, HF_ERROR_TOO_LARGE, "JSON text of more than %d bytes",
                              HF_JSON_TEXT_MAX);
}

/* ---- the first thing that is wrong ---- */

/* The earlier member of the same name. */
static const cJSON *
find_earlier(const cJSON *object, const cJSON *member)
{
    for (const cJSON *m = object->child; m != member; m = m->next)
        if (strcmp(m->string, member->string) == 0)
            return m;
    return NULL;
}

static const cJSON *
find_doubled(const cJSON *v)
{
    for (const cJSON *a = v->child; a; a = a->next) {
        const cJSON *below = find_doubled(a);

        if (below)
            return below;
        if (cJSON_IsObject(v) && find_earlier(v, a))
            return a;
    }
    return NULL;
}

int
hf_json_parse(const char *text, size_t len, struct hf_json **ret_doc, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct trouble t = {.at = text};
    struct hf_json_place p;
    const cJSON *doubled;

    if (check_size(len, err) < 0)
        return -1;
    if (parse_tree(text, len, &doc, &t) < 0) {
        p = hf_json_place_at(text, t.at);
        return hf_error_set(err, HF_ERROR_MALFORMED, "line %zu, column %zu: %s", p.line, p.column,
                            t.what);
    }
    doubled = find_doubled(raw(doc));
    if (doubled) {
        p = hf_json_place_of(text, len, doc, (const struct hf_json *)doubled);
        return hf_error_set(err, HF_ERROR_MALFORMED,
                            "line %zu, column %zu: member '%s' is there twice", p.line, p.column,
                            doubled->string);
    }
    *ret_doc = hf_steal(&doc);
    return 0;
}

/* ---- all that is wrong ---- */

struct noting {
    const char *text;
    size_t len;
    const struct hf_json *doc;
    struct hf_json_faults *faults;
};

static void
pointer_below(const cJSON *v, const char *pointer, const cJSON *child, size_t index,
              char out[HF_ERROR_POINTER_MAX])
{
    char number[HF_TEXT_U64_MAX + 1] = "";

    hf_text_put(out, HF_ERROR_POINTER_MAX, "%s", pointer);
    number[hf_text_put_u64(number, index)] = '\0';
    hf_json_pointer_add(out, cJSON_IsObject(v) ? child->string : number);
}

static void
note_doubled(const struct noting *n, const cJSON *v, const char *pointer)
{
    size_t index = 0;

    for (const cJSON *a = v->child; a && !n->faults->more; a = a->next, index++) {
        const cJSON *first = cJSON_IsObject(v) ? find_earlier(v, a) : NULL;
        char below[HF_ERROR_POINTER_MAX];

        pointer_below(v, pointer, a, index, below);
        if (first)
            hf_json_faults_note(
                n->faults, hf_json_place_of(n->text, n->len, n->doc, (const struct hf_json *)a),
                below, "is there twice, first in line %zu: keep one of the two",
                hf_json_place_of(n->text, n->len, n->doc, (const struct hf_json *)first).line);
        note_doubled(n, a, below);
    }
}

static void
drop_doubled(cJSON *v)
{
    cJSON *next;

    for (cJSON *a = v->child; a; a = next) {
        next = a->next;
        if (cJSON_IsObject(v) && find_earlier(v, a))
            cJSON_Delete(cJSON_DetachItemViaPointer(v, a));
        else
            drop_doubled(a);
    }
}

void
hf_json_drop_doubled(struct hf_json *doc)
{
    drop_doubled(raw(doc));
}

int
hf_json_parse_noting(const char *text, size_t len, struct hf_json **ret_doc,
                     struct hf_json_faults *faults, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct trouble t = {.at = text};

    if (check_size(len, err) < 0)
        return -1;
    if (parse_tree(text, len, &doc, &t) < 0) {
        struct hf_json_place p = hf_json_place_at(text, t.at);

        hf_json_faults_note(faults, p, "", "%s", t.what);
        return hf_error_set(err, HF_ERROR_MALFORMED, "line %zu, column %zu: %s", p.line, p.column,
                            t.what);
    }
    if (find_doubled(raw(doc))) {
        const struct noting n = {text, len, doc, faults};

        note_doubled(&n, raw(doc), "");
    }
    *ret_doc = hf_steal(&doc);
    return 0;
}
