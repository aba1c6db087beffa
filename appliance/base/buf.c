// SPDX-License-Identifier: Apache-2.0
#include "base/buf.h"

#include <stdarg.h>
#include <string.h>

enum { FIRST_CAPACITY = 256 };

void
hf_buf_done(struct hf_buf *b)
{
    free(b->data);
    b->data = NULL;
    b->len = b->cap = 0;
}

void
hf_buf_clear(struct hf_buf *b)
{
    b->len = 0;
    if (b->data)
        b->data[0] = '\0';
}

char *
hf_buf_reserve(struct hf_buf *b, size_t len)
{
    size_t cap = b->cap ? b->cap : FIRST_CAPACITY;
    char *grown;

    if (b->len > b->max || len > b->max - b->len)
        return NULL;
    while (cap < b->len + len + 1)
        cap *= 2;
    if (cap != b->cap) {
        grown = realloc(b->data, cap);
        if (!grown)
            return NULL;
        b->data = grown;
        b->cap = cap;
        b->data[b->len] = '\0';
    }
    return b->data + b->len;
}

static int
no_room(const struct hf_buf *b, size_t len, struct hf_error *err)
{
    if (b->len > b->max || len > b->max - b->len)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "more than %zu bytes", b->max);
    return hf_error_nomem(err);
}

int
hf_buf_add(struct hf_buf *b, const void *data, size_t len, struct hf_error *err)
{
    char *to = hf_buf_reserve(b, len);

    if (!to)
        return no_room(b, len, err);
    if (len)
        memcpy(to, data, len);
    b->len += len;
    b->data[b->len] = '\0';
    return 0;
}

int
hf_buf_adds(struct hf_buf *b, const char *text, struct hf_error *err)
{
    return hf_buf_add(b, text, strlen(text), err);
}

int
hf_buf_addf(struct hf_buf *b, struct hf_error *err, const char *fmt, ...)
{
    va_list args, again;
    char *to;
    int need;

    va_start(args, fmt);
    va_copy(again, args);
    need = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    to = need < 0 ? NULL : hf_buf_reserve(b, (size_t)need);
    if (to) {
        vsnprintf(to, (size_t)need + 1, fmt, again);
        b->len += (size_t)need;
    }
    va_end(again);
    if (to)
        return 0;
    return no_room(b, need < 0 ? SIZE_MAX : (size_t)need, err);
}

void
hf_buf_consume(struct hf_buf *b, size_t len)
{
    if (len >= b->len) {
        hf_buf_clear(b);
        return;
    }
    memmove(b->data, b->data + len, b->len - len + 1);
    b->len -= len;
}

char *
hf_buf_take(struct hf_buf *b)
{
    char *data = b->data ? b->data : calloc(1, 1);

    b->data = NULL;
    b->len = b->cap = 0;
    return data;
}
