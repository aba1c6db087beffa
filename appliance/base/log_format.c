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

void
hf_log_format(char *out, size_t size, const char *fmt, va_list args)
{
    struct line l = {.out = out, .size = size};

    for (; *fmt; fmt++) {
        size_t most = SIZE_MAX;
        char number[32] = "";
        enum length length;

        if (*fmt != '%' || fmt[1] == '%') {
            fmt += *fmt == '%';
            if (*fmt == '"')
                l.quoted = !l.quoted;
            put(&l, (unsigned char)*fmt < 0x20 ? " " : fmt, 1);
            continue;
        }
        fmt++;
        if (*fmt == '.') {
            int precision = 0;

            if (*++fmt == '*') {
                precision = va_arg(args, int);
                fmt++;
            } else {
                for (; *fmt >= '0' && *fmt <= '9' && precision < INT_MAX / 10 - 10; fmt++)
                    precision = precision * 10 + (*fmt - '0');
            }
            most = precision < 0 ? SIZE_MAX : (size_t)precision;
        }
        length = read_length(&fmt);
        if (*fmt == 's') {
            put_text(&l, va_arg(args, const char *), most);
        } else if (*fmt == 'c') {
            put_char(&l, (char)va_arg(args, int));
        } else if (*fmt == 'd' || *fmt == 'i') {
            long long v = length == PLAIN       ? va_arg(args, int)
                          : length == LONG      ? va_arg(args, long)
                          : length == LONG_LONG ? va_arg(args, long long)
                                                : va_arg(args, ssize_t);

            snprintf(number, sizeof number, "%lld", v);
        } else if (*fmt == 'u' || *fmt == 'x') {
            unsigned long long v = length == PLAIN       ? va_arg(args, unsigned)
                                   : length == LONG      ? va_arg(args, unsigned long)
                                   : length == LONG_LONG ? va_arg(args, unsigned long long)
                                                         : va_arg(args, size_t);

            snprintf(number, sizeof number, *fmt == 'u' ? "%llu" : "%llx", v);
        } else {
            /* What it would take from args is not known: nothing behind it can be read. */
            put_text(&l, "(bad format)", SIZE_MAX);
            break;
        }
        put(&l, number, strlen(number));
    }
    out[l.len] = '\0';
}
