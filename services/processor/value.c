// SPDX-License-Identifier: Apache-2.0
#include "processor/value.h"

#include "base/text.h"
#include "common/jsontext.h"
#include "json/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_TEXT_MAX = 64, DIGITS = 15 };

static const double exact_max = 9007199254740992.0; /* 2^53 */

int
hf_pointer_check(const char *pointer, struct hf_error *err)
{
    if (strlen(pointer) > HF_POINTER_MAX)
        return hf_error_set(err, HF_ERROR_INVALID, "a pointer has at most %d bytes",
                            HF_POINTER_MAX);
    if (*pointer && *pointer != '/')
        return hf_error_set(err, HF_ERROR_INVALID,
                            "'%s' is no JSON pointer: one begins with '/', as in /temperature",
                            pointer);
    for (const char *p = pointer; (p = strchr(p, '~')); p++)
        if (p[1] != '0' && p[1] != '1')
            return hf_error_set(err, HF_ERROR_INVALID,
                                "'%s' is no JSON pointer: '~' is written ~0 and '/' in a name ~1",
                                pointer);
    return 0;
}

/* ---- finding, in text that is known to be compact JSON ---- */

static const char *
skip_string(const char *p)
{
    for (p++; *p != '"'; p++)
        p += *p == '\\';
    return p + 1;
}

static const char *
skip_value(const char *p, const char *end)
{
    int depth = 0;

    do {
        if (*p == '"') {
            p = skip_string(p);
        } else if (*p == '{' || *p == '[') {
            depth++;
            p++;
        } else if (*p == '}' || *p == ']') {
            depth--;
            p++;
        } else if (*p == ',' || *p == ':') {
            p++;
        } else {
            while (p < end && !strchr(",:]}", *p))
                p++;
        }
    } while (depth > 0);
    return p;
}

/* Whether the JSON string at p spells the name. */
static bool
spells(const char *p, const char *p_end, const char *name, size_t len)
{
    const char *end = name + len;

    for (p++; *p != '"';) {
        char bytes[4] = {*p};
        size_t n = 1;

        if (*p++ == '\\')
            n = hf_jsontext_escape(&p, p_end, bytes);
        if (n == 0 || (size_t)(end - name) < n || memcmp(name, bytes, n) != 0)
            return false;
        name += n;
    }
    return name == end;
}

static const char *
find_member(const char *p, const char *end, const char *name, size_t len)
{
    for (p++; *p != '}'; p += *p == ',') {
        bool here = spells(p, end, name, len);

        p = skip_string(p) + 1;
        if (here)
            return p;
        p = skip_value(p, end);
    }
    return NULL;
}

static const char *
find_element(const char *p, const char *end, const char *index)
{
    uint64_t left;

    if (!hf_text_u64(index, &left) || (*index == '0' && index[1]))
        return NULL;
    for (p++; *p != ']'; p += *p == ',') {
        if (left-- == 0)
            return p;
        p = skip_value(p, end);
    }
    return NULL;
}

/* The next name of a pointer that stands at '/', unescaped; returns what follows. */
static const char *
read_token(const char *pointer, char token[HF_POINTER_MAX + 1], size_t *ret_len)
{
    size_t len = 0;

    for (pointer++; *pointer && *pointer != '/'; pointer++) {
        char c = *pointer;

        if (c == '~')
            c = *++pointer == '1' ? '/' : '~';
        token[len++] = c;
    }
    token[len] = '\0';
    *ret_len = len;
    return pointer;
}

bool
hf_value_find(struct hf_slice json, const char *pointer, struct hf_slice *ret_value)
{
    const char *p = json.data, *end = json.data + json.len;
    char token[HF_POINTER_MAX + 1];
    size_t len;

    while (*pointer) {
        pointer = read_token(pointer, token, &len);
        p = *p == '{'   ? find_member(p, end, token, len)
            : *p == '[' ? find_element(p, end, token)
                        : NULL;
        if (!p)
            return false;
    }
    ret_value->data = p;
    ret_value->len = (size_t)(skip_value(p, end) - p);
    return true;
}

/* ---- numbers ---- */

struct hf_slice
hf_value_trim(struct hf_slice t)
{
    while (t.len && strchr(" \t\r\n", *t.data) && *t.data) {
        t.data++;
        t.len--;
    }
    while (t.len && strchr(" \t\r\n", t.data[t.len - 1]) && t.data[t.len - 1])
        t.len--;
    return t;
}

static size_t
digits(struct hf_slice t, size_t at)
{
    size_t n = 0;

    while (at + n < t.len && t.data[at + n] >= '0' && t.data[at + n] <= '9')
        n++;
    return n;
}

/* Length of the number that begins the text, 0 where none does; whole: neither point nor power. */
static size_t
scan_number(struct hf_slice t, bool *ret_whole)
{
    size_t at = t.len && t.data[0] == '-', n = digits(t, at);

    *ret_whole = true;
    if (n == 0 || (n > 1 && t.data[at] == '0'))
        return 0;
    at += n;
    if (at < t.len && t.data[at] == '.') {
        *ret_whole = false;
        n = digits(t, at + 1);
        if (n == 0)
            return 0;
        at += 1 + n;
    }
    if (at < t.len && (t.data[at] | 0x20) == 'e') {
        *ret_whole = false;
        at++;
        at += at < t.len && (t.data[at] == '+' || t.data[at] == '-');
        n = digits(t, at);
        if (n == 0)
            return 0;
        at += n;
    }
    return at;
}

bool
hf_value_is_number(struct hf_slice text)
{
    bool whole;

    return text.len && scan_number(text, &whole) == text.len;
}

bool
hf_value_number(struct hf_slice text, double *ret_number)
{
    char copy[NUMBER_TEXT_MAX];
    double value;
    bool whole;

    if (text.len == 0 || text.len >= sizeof copy || scan_number(text, &whole) != text.len)
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    value = strtod(copy, NULL); /* in the "C" locale, which no service leaves */
    if (!isfinite(value) || (whole && fabs(value) >= exact_max))
        return false;
    *ret_number = value;
    return true;
}

int
hf_value_put_number(struct hf_buf *b, double number, struct hf_error *err)
{
    if (number == 0)
        number = 0; /* never "-0" */
    return hf_buf_addf(b, err, "%.*g", DIGITS, number);
}

/* ---- text ---- */

int
hf_value_put_string(struct hf_buf *b, const char *text, size_t len, struct hf_error *err)
{
    size_t plain = 0;

    if (hf_buf_add(b, "\"", 1, err) < 0)
        return -1;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        if (hf_buf_add(b, text + plain, i - plain, err) < 0 ||
            hf_buf_addf(b, err, c < 0x20 ? "\\u%04x" : "\\%c", c) < 0)
            return -1;
        plain = i + 1;
    }
    return hf_buf_add(b, text + plain, len - plain, err) < 0 ? -1 : hf_buf_add(b, "\"", 1, err);
}

int
hf_value_put_base64(struct hf_buf *b, const char *data, size_t len, struct hf_error *err)
{
    char *to;

    if (hf_buf_add(b, "\"", 1, err) < 0)
        return -1;
    to = hf_buf_reserve(b, 4 * ((len + 2) / 3));
    if (!to)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "longer than %zu bytes as base64", b->max);
    b->len += hf_text_base64(data, len, to);
    return hf_buf_add(b, "\"", 1, err);
}

int
hf_value_put_payload(struct hf_buf *b, const char *data, size_t len, struct hf_error *err)
{
    size_t before = b->len;

    if (hf_buf_adds(b, "\"payload\":", err) < 0)
        return -1;
    if (hf_json_compact(data, len, b))
        return 0;
    b->len = before;
    if (hf_text_utf8(data, len))
        return hf_buf_adds(b, "\"text\":", err) < 0 ? -1 : hf_value_put_string(b, data, len, err);
    return hf_buf_adds(b, "\"base64\":", err) < 0 ? -1 : hf_value_put_base64(b, data, len, err);
}
