// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

/* Bytes of the sequence that starts here, 0 where it is not well-formed (RFC 3629 §4). */
static size_t
utf8_sequence(const unsigned char *s, size_t left)
{
    static const struct {
        unsigned char low, high, second_low, second_high;
        size_t len;
    } rows[] = {
        {0x01, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };

    for (size_t i = 0; i < HF_LEN(rows); i++) {
        size_t len = rows[i].len;

        if (s[0] < rows[i].low || s[0] > rows[i].high)
            continue;
        if (len > left)
            return 0;
        if (len > 1 && (s[1] < rows[i].second_low || s[1] > rows[i].second_high))
            return 0;
        for (size_t k = 2; k < len; k++)
            if ((s[k] & 0xc0) != 0x80)
                return 0;
        return len;
    }
    return 0;
}

/* Whether the eight bytes are all ASCII and none is NUL. */
static bool
is_plain(const unsigned char *s)
{
    static const uint64_t ones = 0x0101010101010101, highs = 0x8080808080808080;
    uint64_t word;

    memcpy(&word, s, sizeof word);
    return ((word | (word - ones)) & highs) == 0;
}

bool
hf_text_utf8(const char *text, size_t len)
{
    const unsigned char *s = (const unsigned char *)text;

    while (len) {
        size_t n =
            len >= sizeof(uint64_t) && is_plain(s) ? sizeof(uint64_t) : utf8_sequence(s, len);

        if (!n)
            return false;
        s += n;
        len -= n;
    }
    return true;
}

void
hf_text_whole(char *text)
{
    enum { MORE_MAX = 3 }; /* bytes behind the first of a character */
    size_t len = strlen(text), at = len;

    while (at && len - at < MORE_MAX && ((unsigned char)text[at - 1] & 0xc0) == 0x80)
        at--;
    if (at && (unsigned char)text[at - 1] >= 0xc0 &&
        !utf8_sequence((const unsigned char *)text + at - 1, len - at + 1))
        text[at - 1] = '\0';
}

size_t
hf_text_put_u64(char *to, uint64_t value)
{
    char digits[HF_TEXT_U64_MAX];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    memcpy(to, digits + at, sizeof digits - at);
    return sizeof digits - at;
}

bool
hf_text_u64(const char *text, uint64_t *ret_value)
{
    uint64_t value = 0;

    if (!*text)
        return false;
    for (; *text; text++) {
        unsigned digit = (unsigned)*text - '0';

        if (digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *ret_value = value;
    return true;
}

bool
hf_text_put(char *out, size_t size, const char *fmt, ...)
{
    va_list args;
    int len;

    va_start(args, fmt);
    len = vsnprintf(out, size, fmt, args);
    va_end(args);
    return len >= 0 && (size_t)len < size;
}

size_t
hf_text_base64(const void *data, size_t len, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *in = data;
    char *to = out;

    for (; len >= 3; in += 3, len -= 3) {
        *to++ = digits[in[0] >> 2];
        *to++ = digits[(in[0] & 3) << 4 | in[1] >> 4];
        *to++ = digits[(in[1] & 15) << 2 | in[2] >> 6];
        *to++ = digits[in[2] & 63];
    }
    if (len) {
        *to++ = digits[in[0] >> 2];
        *to++ = digits[(in[0] & 3) << 4 | (len > 1 ? in[1] >> 4 : 0)];
        *to++ = '=';
        if (len > 1)
            to[-1] = digits[(in[1] & 15) << 2];
        *to++ = '=';
    }
    *to = '\0';
    return (size_t)(to - out);
}

void
hf_text_hex(const void *data, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *in = data;

    for (size_t i = 0; i < len; i++) {
        *out++ = digits[in[i] >> 4];
        *out++ = digits[in[i] & 15];
    }
    *out = '\0';
}

void
hf_random(void *out, size_t len)
{
    char *to = out;

    while (len) {
        ssize_t n = getrandom(to, len, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            abort();
        to += n;
        len -= (size_t)n;
    }
}
