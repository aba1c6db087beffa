// SPDX-License-Identifier: Apache-2.0
#include "forwarder/view.h"

#include "common/jsontext.h"

#include <string.h>

struct scan {
    const char *at, *end;
};

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
skip_blanks(struct scan *s)
{
    while (s->at < s->end && is_blank(*s->at))
        s->at++;
}

static bool
skip_string(struct scan *s)
{
    if (s->at >= s->end || *s->at != '"')
        return false;
    for (s->at++; s->at < s->end; s->at++) {
        if (*s->at == '\\')
            s->at++;
        else if (*s->at == '"') {
            s->at++;
            return true;
        }
    }
    return false;
}

/* Any value; the buffer checked it, so brackets are counted and not matched. */
static bool
skip_value(struct scan *s)
{
    size_t depth = 0;

    while (s->at < s->end) {
        char c = *s->at;

        if (c == '"') {
            if (!skip_string(s))
                return false;
        } else if (c == '{' || c == '[') {
            depth++;
            s->at++;
        } else if ((c == '}' || c == ']') && depth) {
            depth--;
            s->at++;
        } else if (!depth && (c == ',' || c == '}' || c == ']')) {
            return true;
        } else {
            s->at++;
        }
    }
    return depth == 0;
}

static bool
slice_value(struct scan *s, struct hf_slice *out)
{
    skip_blanks(s);
    out->data = s->at;
    if (!skip_value(s))
        return false;
    out->len = (size_t)(s->at - out->data);
    while (out->len && is_blank(out->data[out->len - 1]))
        out->len--;
    return out->len > 0;
}

static bool
is(struct hf_slice name, const char *text)
{
    return name.len == strlen(text) && memcmp(name.data, text, name.len) == 0;
}

static bool
is_string(struct hf_slice v)
{
    return v.len >= 2 && v.data[0] == '"' && v.data[v.len - 1] == '"';
}

static struct hf_slice
inside(struct hf_slice v)
{
    return (struct hf_slice){.data = v.data + 1, .len = v.len - 2};
}

static bool
read_number(struct hf_slice v, uint64_t *out)
{
    uint64_t n = 0;

    for (size_t i = 0; i < v.len; i++) {
        unsigned digit = (unsigned char)v.data[i] - '0';

        if (digit > 9 || n > (UINT64_MAX - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    *out = n;
    return v.len > 0;
}

static bool
take_text(struct hf_slice value, struct hf_slice *out)
{
    if (!is_string(value))
        return false;
    *out = inside(value);
    return true;
}

static bool
take_value(struct hf_view *v, enum hf_view_kind kind, struct hf_slice value)
{
    v->kind = kind;
    v->value = value;
    return kind == HF_VIEW_PAYLOAD || is_string(value);
}

static bool
take_member(struct hf_view *v, struct hf_slice name, struct hf_slice value)
{
    if (is(name, "seq"))
        return read_number(value, &v->seq);
    if (is(name, "topic")) {
        v->topic = value;
        return is_string(value);
    }
    if (is(name, "payload"))
        return take_value(v, HF_VIEW_PAYLOAD, value);
    if (is(name, "text"))
        return take_value(v, HF_VIEW_TEXT, value);
    if (is(name, "base64"))
        return take_value(v, HF_VIEW_BASE64, value);
    if (is(name, "gateway"))
        return take_text(value, &v->gateway);
    if (is(name, "epoch"))
        return take_text(value, &v->epoch);
    if (is(name, "time"))
        return take_text(value, &v->time);
    if (is(name, "synced"))
        v->synced = is(value, "true");
    return true;
}

static bool
skip_char(struct scan *s, char c)
{
    if (s->at >= s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

/* Reads members until the one named `last`, or all. */
static bool
scan_members(struct scan *s, struct hf_view *v, const char *last)
{
    skip_blanks(s);
    if (!skip_char(s, '{'))
        return false;
    for (;;) {
        struct hf_slice name, value;

        skip_blanks(s);
        name.data = s->at + 1;
        if (!skip_string(s))
            return false;
        name.len = (size_t)(s->at - 1 - name.data);
        skip_blanks(s);
        if (!skip_char(s, ':') || !slice_value(s, &value) || !take_member(v, name, value))
            return false;
        if (last && is(name, last))
            return true;
        if (skip_char(s, '}'))
            return true;
        if (!skip_char(s, ','))
            return false;
    }
}

static int
no_line(struct hf_error *err)
{
    return hf_error_set(err, HF_ERROR_UPSTREAM, "buffer: a line is no record");
}

int
hf_view_parse(const char *line, size_t len, struct hf_view *ret_view, struct hf_error *err)
{
    struct scan s = {.at = line, .end = line + len};
    struct hf_view v = {0};

    if (!scan_members(&s, &v, NULL) || !v.seq || !v.topic.data || !v.value.data ||
        !v.gateway.data || !v.epoch.data || !v.time.data)
        return no_line(err);
    *ret_view = v;
    return 0;
}

int
hf_view_seq(const char *line, size_t len, uint64_t *ret_seq, struct hf_error *err)
{
    struct scan s = {.at = line, .end = line + len};
    struct hf_view v = {0};

    if (!scan_members(&s, &v, "seq") || !v.seq)
        return no_line(err);
    *ret_seq = v.seq;
    return 0;
}

int
hf_view_unescape(struct hf_slice string, struct hf_buf *out, struct hf_error *err)
{
    const char *at = string.data + 1, *end = string.data + string.len - 1;

    while (at < end) {
        const char *escape = memchr(at, '\\', (size_t)(end - at));
        size_t plain = (size_t)((escape ? escape : end) - at), n;
        char bytes[4];

        if (hf_buf_add(out, at, plain, err) < 0)
            return -1;
        if (!escape)
            break;
        at = escape + 1;
        n = hf_jsontext_escape(&at, end, bytes);
        if (!n)
            return no_line(err);
        if (hf_buf_add(out, bytes, n, err) < 0)
            return -1;
    }
    return 0;
}

/* RFC 4648 §4 as hf_text_base64() writes it. */
static int
decode_base64(struct hf_slice text, struct hf_buf *out, struct hf_error *err)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *to = hf_buf_reserve(out, text.len / 4 * 3 + 3);
    unsigned bits = 0, have = 0;

    if (!to)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "more than %zu bytes", out->max);
    for (size_t i = 0; i < text.len && text.data[i] != '='; i++) {
        const char *digit = text.data[i] ? strchr(digits, text.data[i]) : NULL;

        if (!digit)
            return no_line(err);
        bits = bits << 6 | (unsigned)(digit - digits);
        have += 6;
        if (have >= 8) {
            have -= 8;
            to[0] = (char)(bits >> have & 0xFF);
            to++;
            out->len++;
        }
    }
    out->data[out->len] = '\0';
    return 0;
}

int
hf_view_payload(const struct hf_view *v, struct hf_buf *out, struct hf_error *err)
{
    if (v->kind == HF_VIEW_PAYLOAD)
        return hf_buf_add(out, v->value.data, v->value.len, err);
    if (v->kind == HF_VIEW_TEXT)
        return hf_view_unescape(v->value, out, err);
    return decode_base64(inside(v->value), out, err);
}
