// SPDX-License-Identifier: Apache-2.0
/*
 * Where in a text a value stands. The parser's tree does not know; but only who is told of an error
 * wants it, so the text is looked through once more then.
 */
#include "json/raw.h"

#include "base/text.h"

#include <string.h>

struct hf_json_place
hf_json_place_at(const char *text, const char *at)
{
    struct hf_json_place place = {1, 1};

    for (const char *c = text; c < at; c++) {
        place.column++;
        if (*c == '\n') {
            place.line++;
            place.column = 1;
        }
    }
    return place;
}

/* Stands in text that hf_json_parse() has taken: what must come, comes. */
struct scan {
    const char *at, *end;
};

static void
skip_blanks(struct scan *s)
{
    while (s->at < s->end && strchr(" \t\r\n", *s->at))
        s->at++;
}

static void
skip_string(struct scan *s)
{
    for (s->at++; s->at < s->end && *s->at != '"'; s->at++)
        if (*s->at == '\\')
            s->at++;
    s->at++;
}

/* To the comma or bracket behind the value. */
static void
skip_value(struct scan *s)
{
    unsigned depth = 0;

    while (s->at < s->end) {
        char c = *s->at;

        if (c == '"') {
            skip_string(s);
            continue;
        }
        if (!depth && (c == ',' || c == '}' || c == ']'))
            return;
        if (c == '{' || c == '[')
            depth++;
        else if (c == '}' || c == ']')
            depth--;
        s->at++;
    }
}

static bool
skip_comma(struct scan *s)
{
    if (s->at >= s->end || *s->at != ',')
        return false;
    s->at++;
    skip_blanks(s);
    return true;
}

/* The next part of the pointer, with ~1 and ~0 as the characters they stand for (RFC 6901 §3). */
static void
take_token(const char **pointer, char token[HF_ERROR_POINTER_MAX])
{
    const char *from = *pointer + 1;
    size_t len = 0;

    for (; *from && *from != '/' && len < HF_ERROR_POINTER_MAX - 1; from++) {
        char c = *from;

        if (c == '~' && (from[1] == '0' || from[1] == '1'))
            c = *++from == '1' ? '/' : '~';
        token[len++] = c;
    }
    token[len] = '\0';
    *pointer = from;
}

void
hf_json_pointer_add(char pointer[HF_ERROR_POINTER_MAX], const char *name)
{
    size_t len = strlen(pointer);

    if (len + 1 < HF_ERROR_POINTER_MAX)
        pointer[len++] = '/';
    for (; *name && len + 2 < HF_ERROR_POINTER_MAX; name++) {
        if (*name == '~' || *name == '/')
            pointer[len++] = '~';
        pointer[len++] = (char)(*name == '~' ? '0' : *name == '/' ? '1' : *name);
    }
    pointer[len] = '\0';
    hf_text_whole(pointer);
}

static const struct hf_json *
element(const struct hf_json *array, const char *number)
{
    const struct hf_json *v = hf_json_first(array);
    uint64_t index;

    if (!hf_text_u64(number, &index))
        return NULL;
    for (; v && index > 0; index--)
        v = hf_json_next(v);
    return v;
}

const struct hf_json *
hf_json_at(const struct hf_json *doc, const char *pointer)
{
    while (doc && *pointer == '/') {
        char token[HF_ERROR_POINTER_MAX];

        take_token(&pointer, token);
        if (hf_json_is_array(doc))
            doc = element(doc, token);
        else
            doc = hf_json_is_object(doc) ? hf_json_get(doc, token) : NULL;
    }
    return doc;
}

/* From an object to the value of its member; ret_place gets where the member begins. */
static bool
enter_member(struct scan *s, const char *name, const char **ret_place)
{
    size_t len = strlen(name);

    s->at++;
    skip_blanks(s);
    while (s->at < s->end && *s->at == '"') {
        const char *key = s->at;
        bool found;

        skip_string(s);
        found = (size_t)(s->at - key) == len + 2 && memcmp(key + 1, name, len) == 0;
        skip_blanks(s);
        s->at++; /* the colon */
        skip_blanks(s);
        if (found) {
            *ret_place = key;
            return true;
        }
        skip_value(s);
        if (!skip_comma(s))
            return false;
    }
    return false;
}

static bool
enter_element(struct scan *s, const char *number, const char **ret_place)
{
    uint64_t index;

    if (!hf_text_u64(number, &index))
        return false;
    s->at++;
    skip_blanks(s);
    for (; s->at < s->end && *s->at != ']'; index--) {
        if (index == 0) {
            *ret_place = s->at;
            return true;
        }
        skip_value(s);
        if (!skip_comma(s))
            return false;
    }
    return false;
}

static bool
enter(struct scan *s, const char *token, const char **ret_place)
{
    if (s->at >= s->end)
        return false;
    if (*s->at == '{')
        return enter_member(s, token, ret_place);
    return *s->at == '[' && enter_element(s, token, ret_place);
}

struct hf_json_place
hf_json_find(const char *text, size_t len, const char *pointer)
{
    struct scan s = {.at = text, .end = text + len};
    const char *found;

    skip_blanks(&s);
    found = s.at;
    while (*pointer == '/') {
        char token[HF_ERROR_POINTER_MAX];

        take_token(&pointer, token);
        if (!enter(&s, token, &found))
            break;
    }
    return hf_json_place_at(text, found);
}

/* ---- by value ---- */

/* Text and tree side by side; true where wanted was come upon, and its place is known. */
static bool
walk(struct scan *s, const struct hf_json *v, const struct hf_json *wanted, const char **ret_place)
{
    bool is_object = hf_json_is_object(v);

    if (!is_object && !hf_json_is_array(v)) {
        skip_value(s);
        return false;
    }
    s->at++;
    skip_blanks(s);
    for (const struct hf_json *c = hf_json_first(v); c; c = hf_json_next(c)) {
        *ret_place = s->at;
        if (c == wanted)
            return true;
        if (s->at >= s->end)
            return false;
        if (is_object) {
            skip_string(s);
            skip_blanks(s);
            s->at++; /* the colon */
            skip_blanks(s);
        }
        if (walk(s, c, wanted, ret_place))
            return true;
        skip_blanks(s);
        (void)skip_comma(s);
    }
    s->at++; /* the bracket */
    return false;
}

struct hf_json_place
hf_json_place_of(const char *text, size_t len, const struct hf_json *doc, const struct hf_json *v)
{
    struct scan s = {.at = text, .end = text + len};
    const char *start, *found;

    skip_blanks(&s);
    start = found = s.at;
    return hf_json_place_at(text, v != doc && walk(&s, doc, v, &found) ? found : start);
}
