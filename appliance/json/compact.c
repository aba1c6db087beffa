// SPDX-License-Identifier: Apache-2.0
/*
 * Validates one JSON value (RFC 8259) and copies it without insignificant whitespace. It stands on
 * the record path, where building a tree for each message would cost more than all the rest, and
 * where a number must leave exactly as the device wrote it.
 */
#include "json/json.h"

#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX = 127 }; /* characters; longer ones are no measurement */

struct cursor {
    const char *at;
    const char *end;
    char *to; /* always within room for (end - start) bytes: compacting never grows */
};

static bool
next_is_one_of(const struct cursor *c, const char *set)
{
    return c->at < c->end && *c->at && strchr(set, *c->at);
}

static void
skip_blanks(struct cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r'))
        c->at++;
}

static bool
take(struct cursor *c, char wanted)
{
    if (c->at == c->end || *c->at != wanted)
        return false;
    *c->to++ = *c->at++;
    return true;
}

static bool
take_word(struct cursor *c, const char *word)
{
    for (; *word; word++)
        if (!take(c, *word))
            return false;
    return true;
}

static bool
take_digits(struct cursor *c)
{
    const char *start = c->at;

    while (c->at < c->end && *c->at >= '0' && *c->at <= '9')
        *c->to++ = *c->at++;
    return c->at > start;
}

/* Strict readers refuse a number that a double cannot hold, and with it the whole request. Without
 * an exponent NUMBER_MAX digits are never that much, and need no look. */
static bool
fits_double(const char *from, const char *end, bool exponent)
{
    char text[NUMBER_MAX + 1];
    size_t len = (size_t)(end - from);

    if (len > NUMBER_MAX || !exponent)
        return len <= NUMBER_MAX;
    memcpy(text, from, len);
    text[len] = '\0';
    return isfinite(strtod(text, NULL));
}

static bool
take_number_text(struct cursor *c, bool *ret_exponent)
{
    (void)!take(c, '-');
    if (!take(c, '0') && !take_digits(c))
        return false;
    if (take(c, '.') && !take_digits(c))
        return false;
    *ret_exponent = take(c, 'e') || take(c, 'E');
    if (*ret_exponent) {
        if (!take(c, '+'))
            (void)!take(c, '-');
        return take_digits(c);
    }
    return true;
}

static bool
take_number(struct cursor *c)
{
    const char *from = c->at;

    bool exponent = false;

    return take_number_text(c, &exponent) && fits_double(from, c->at, exponent);
}

static bool
take_hex4(struct cursor *c, unsigned *ret_unit)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";

    *ret_unit = 0;
    for (int i = 0; i < 4; i++) {
        if (!next_is_one_of(c, digits))
            return false;
        *ret_unit = *ret_unit << 4 | (unsigned)(strchr(digits, *c->at) - digits) % 16;
        *c->to++ = *c->at++;
    }
    return true;
}

/* What follows \u: no NUL and no half of a surrogate pair, which RFC 8259 §8.2 lets a receiver
 * refuse. */
static bool
take_unicode(struct cursor *c)
{
    unsigned unit, second;

    if (!take_hex4(c, &unit) || unit == 0 || (unit >= 0xdc00 && unit <= 0xdfff))
        return false;
    if (unit < 0xd800 || unit > 0xdbff)
        return true;
    return take(c, '\\') && take(c, 'u') && take_hex4(c, &second) && second >= 0xdc00 &&
           second <= 0xdfff;
}

static bool
take_escape(struct cursor *c)
{
    if (!next_is_one_of(c, "\"\\/bfnrtu"))
        return false;
    *c->to++ = *c->at++;
    return c->at[-1] != 'u' || take_unicode(c);
}

/* Eight bytes at a time while none of them ends or escapes anything. */
static void
take_plain(struct cursor *c)
{
    static const uint64_t ones = 0x0101010101010101, highs = 0x8080808080808080;
    uint64_t word;

    while ((size_t)(c->end - c->at) >= sizeof word) {
        uint64_t quote, escape, control;

        memcpy(&word, c->at, sizeof word);
        quote = word ^ ones * '"';
        escape = word ^ ones * '\\';
        control = word & (ones * 0xe0); /* a byte of 0 here is below 0x20 */
        /* (x - 1) & ~x has its high bit only where a byte is 0, or above one that is. */
        if (((quote - ones) & ~quote & highs) || ((escape - ones) & ~escape & highs) ||
            ((control - ones) & ~control & highs))
            return;
        memcpy(c->to, &word, sizeof word);
        c->to += sizeof word;
        c->at += sizeof word;
    }
}

static bool
take_string(struct cursor *c)
{
    if (!take(c, '"'))
        return false;
    while (c->at < c->end) {
        char ch;

        take_plain(c);
        if (c->at == c->end)
            return false;
        ch = *c->at;

        if ((unsigned char)ch < 0x20)
            return false;
        *c->to++ = *c->at++;
        if (ch == '"')
            return true;
        if (ch == '\\' && !take_escape(c))
            return false;
    }
    return false;
}

static bool take_value(struct cursor *c, int depth);

static bool
take_members(struct cursor *c, char close, int depth)
{
    skip_blanks(c);
    if (take(c, close))
        return true;
    for (;;) {
        skip_blanks(c);
        if (close == '}') {
            if (!take_string(c))
                return false;
            skip_blanks(c);
            if (!take(c, ':'))
                return false;
        }
        if (!take_value(c, depth))
            return false;
        skip_blanks(c);
        if (take(c, close))
            return true;
        if (!take(c, ','))
            return false;
    }
}

static bool
take_value(struct cursor *c, int depth) // NOLINT(misc-no-recursion): bounded by HF_JSON_DEPTH_MAX
{
    skip_blanks(c);
    if (c->at == c->end)
        return false;
    switch (*c->at) {
    case '{':
    case '[':
        if (depth == HF_JSON_DEPTH_MAX)
            return false;
        *c->to++ = *c->at++;
        return take_members(c, c->at[-1] == '{' ? '}' : ']', depth + 1);
    case '"':
        return take_string(c);
    case 't':
        return take_word(c, "true");
    case 'f':
        return take_word(c, "false");
    case 'n':
        return take_word(c, "null");
    default:
        return take_number(c);
    }
}

bool
hf_json_compact(const char *text, size_t len, struct hf_buf *out)
{
    struct cursor c = {.at = text, .end = text + len, .to = hf_buf_reserve(out, len)};

    if (!len || !c.to || !hf_text_utf8(text, len) || !take_value(&c, 0))
        return false;
    skip_blanks(&c);
    if (c.at != c.end)
        return false;
    out->len = (size_t)(c.to - out->data);
    out->data[out->len] = '\0';
    return true;
}
