// SPDX-License-Identifier: Apache-2.0
#include "common/jsontext.h"

#include <string.h>

enum { UNIT_DIGITS = 4 };

/* Reads the four digits of a \u escape. */
static bool
take_unit(const char **at, const char *end, unsigned *ret_unit)
{
    unsigned value = 0;

    if (end - *at < UNIT_DIGITS)
        return false;
    for (int i = 0; i < UNIT_DIGITS; i++) {
        char c = *(*at)++;
        char lower = (char)(c | 0x20);

        if (c >= '0' && c <= '9')
            value = value << 4 | (unsigned)(c - '0');
        else if (lower >= 'a' && lower <= 'f')
            value = value << 4 | (unsigned)(lower - 'a' + 10);
        else
            return false;
    }
    *ret_unit = value;
    return true;
}

/* Reads what follows \u: one unit, or two that are one character. */
static bool
take_code(const char **at, const char *end, unsigned *ret_code)
{
    unsigned first, second;

    if (!take_unit(at, end, &first) || (first >= 0xdc00 && first <= 0xdfff))
        return false;
    *ret_code = first;
    if (first < 0xd800 || first > 0xdbff)
        return true;
    if (end - *at < 2 || (*at)[0] != '\\' || (*at)[1] != 'u')
        return false;
    *at += 2;
    if (!take_unit(at, end, &second) || second < 0xdc00 || second > 0xdfff)
        return false;
    *ret_code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
    return true;
}

static size_t
put_utf8(unsigned code, char *to)
{
    static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
    size_t more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;

    to[0] = (char)(lead[more] | code >> (6 * more));
    for (size_t i = 1; i <= more; i++)
        to[i] = (char)(0x80 | (code >> (6 * (more - i)) & 0x3f));
    return more + 1;
}

size_t
hf_jsontext_escape(const char **at, const char *end, char out[4])
{
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    const char *simple;
    unsigned code;

    if (*at == end)
        return 0;
    if (**at == 'u') {
        ++*at;
        return take_code(at, end, &code) ? put_utf8(code, out) : 0;
    }
    simple = memchr(from, *(*at)++, sizeof from - 1);
    if (!simple)
        return 0;
    out[0] = into[simple - from];
    return 1;
}

bool
hf_jsontext_unescape(const char *text, size_t len, char *to, size_t *ret_len)
{
    const char *at = text, *end = text + len;
    char *begin = to;

    while (at < end) {
        char bytes[4];
        size_t n;

        if (*at != '\\') {
            *to++ = *at++;
            continue;
        }
        at++;
        n = hf_jsontext_escape(&at, end, bytes);
        if (n == 0 || bytes[0] == '\0')
            return false;
        memcpy(to, bytes, n);
        to += n;
    }
    *ret_len = (size_t)(to - begin);
    return true;
}

int
hf_jsontext_add(struct hf_buf *b, const char *text, size_t len, struct hf_error *err)
{
    static const char hex[] = "0123456789abcdef";
    size_t plain = 0;

    if (hf_buf_add(b, "\"", 1, err) < 0)
        return -1;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        char escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
        bool simple = c == '"' || c == '\\';

        if (c >= 0x20 && !simple)
            continue;
        if (simple)
            escape[1] = (char)c;
        if (hf_buf_add(b, text + plain, i - plain, err) < 0 ||
            hf_buf_add(b, escape, simple ? 2 : 6, err) < 0)
            return -1;
        plain = i + 1;
    }
    return hf_buf_add(b, text + plain, len - plain, err) < 0 ? -1 : hf_buf_add(b, "\"", 1, err);
}
