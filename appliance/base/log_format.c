// SPDX-License-Identifier: Apache-2.0
#include "base/log_format.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

struct line {
    char *out;
    size_t size, len;
    bool quoted, full;
};

/* Whole or not at all: half an escape would be another character. */
static void
put(struct line *l, const char *text, size_t len)
{
    if (l->full || len >= l->size - l->len) {
        l->full = true;
        return;
    }
    memcpy(l->out + l->len, text, len);
    l->len += len;
}

static void
put_char(struct line *l, char c)
{
    char escaped[8];
    bool control = (unsigned char)c < 0x20 || c == 0x7f;

    if (!l->quoted) {
        put(l, control ? " " : &c, 1);
        return;
    }
    if (c == '"' || c == '\\')
        snprintf(escaped, sizeof escaped, "\\%c", c);
    else if (c == '\n' || c == '\t')
        snprintf(escaped, sizeof escaped, c == '\n' ? "\\n" : "\\t");
    else if (control)
        snprintf(escaped, sizeof escaped, "\\x%02x", (unsigned char)c);
    else
        snprintf(escaped, sizeof escaped, "%c", c);
    put(l, escaped, strlen(escaped));
}

static void
put_text(struct line *l, const char *text, size_t most)
{
    if (!text)
        text = "(null)";
    for (size_t i = 0; i < most && text[i]; i++)
        put_char(l, text[i]);
}

enum length { PLAIN, LONG, LONG_LONG, SIZE };

static enum length
read_length(const char **fmt)
{
    if (**fmt == 'z') {
        ++*fmt;
        return SIZE;
    }
    if (**fmt != 'l')
        return PLAIN;
    if (*++*fmt != 'l')
        return LONG;
    ++*fmt;
    return LONG_LONG;
}

/* So that several functions can take from it in turn. */
struct values {
    va_list list;
};

/* ".7", ".*", or none. */
static size_t
read_precision(const char **fmt, struct values *v)
{
    int precision = 0;

    if (**fmt != '.')
        return SIZE_MAX;
    ++*fmt;
    if (**fmt == '*') {
        precision = va_arg(v->list, int);
        ++*fmt;
        return precision < 0 ? SIZE_MAX : (size_t)precision;
    }
    for (; **fmt >= '0' && **fmt <= '9' && precision < INT_MAX / 10 - 10; ++*fmt)
        precision = precision * 10 + (**fmt - '0');
    return (size_t)precision;
}

static void
put_signed(struct line *l, enum length length, struct values *v)
{
    char number[24];
    long long value = length == PLAIN       ? va_arg(v->list, int)
                      : length == LONG      ? va_arg(v->list, long)
                      : length == LONG_LONG ? va_arg(v->list, long long)
                                            : va_arg(v->list, ssize_t);

    snprintf(number, sizeof number, "%lld", value);
    put(l, number, strlen(number));
}

static void
put_unsigned(struct line *l, enum length length, bool hex, struct values *v)
{
    char number[24];
    unsigned long long value = length == PLAIN       ? va_arg(v->list, unsigned)
                               : length == LONG      ? va_arg(v->list, unsigned long)
                               : length == LONG_LONG ? va_arg(v->list, unsigned long long)
                                                     : va_arg(v->list, size_t);

    snprintf(number, sizeof number, hex ? "%llx" : "%llu", value);
    put(l, number, strlen(number));
}

/* fmt stands behind the '%', and at the end on the conversion. False where it is not known, and
 * with it what it would take: then nothing behind it can be read. */
static bool
convert(struct line *l, const char **fmt, struct values *v)
{
    size_t most = read_precision(fmt, v);
    enum length length = read_length(fmt);

    switch (**fmt) {
    case 's':
        put_text(l, va_arg(v->list, const char *), most);
        return true;
    case 'c':
        put_char(l, (char)va_arg(v->list, int));
        return true;
    case 'd':
    case 'i':
        put_signed(l, length, v);
        return true;
    case 'u':
    case 'x':
        put_unsigned(l, length, **fmt == 'x', v);
        return true;
    default:
        put_text(l, "(bad format)", SIZE_MAX);
        return false;
    }
}

void
hf_log_format(char *out, size_t size, const char *fmt, va_list args)
{
    struct line l = {.out = out, .size = size};
    struct values v;

    va_copy(v.list, args);
    for (; *fmt; fmt++) {
        if (*fmt == '%' && fmt[1] != '%') {
            fmt++;
            if (!convert(&l, &fmt, &v))
                break;
            continue;
        }
        fmt += *fmt == '%';
        if (*fmt == '"')
            l.quoted = !l.quoted;
        put(&l, (unsigned char)*fmt < 0x20 ? " " : fmt, 1);
    }
    va_end(v.list);
    out[l.len] = '\0';
}
