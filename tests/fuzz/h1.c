// SPDX-License-Identifier: Apache-2.0
/* An answer of HTTP/1.1: in one piece and byte by byte it means the same, and its parts add up. */
#include "h1/response.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sum {
    uint64_t bytes, hash;
    int status;
};

static bool
begun(void *context, int status)
{
    struct sum *s = context;

    if (s->status || status < 200 || status > 599)
        __builtin_trap();
    s->status = status;
    return true;
}

static bool
body(void *context, const char *data, size_t len)
{
    struct sum *s = context;

    if (!s->status || len == 0)
        __builtin_trap();
    for (size_t i = 0; i < len; i++)
        s->hash = s->hash * 31 + (unsigned char)data[i];
    s->bytes += len;
    return true;
}

/* 1 where it is whole, 0 where more may come, -1 where it is refused. */
static int
read_answer(const char *data, size_t size, size_t step, struct sum *ret)
{
    const struct hf_h1_reader reader = {.context = ret, .begun = begun, .body = body};
    struct hf_h1_response r;

    *ret = (struct sum){0};
    hf_h1_response_init(&r, &reader);
    for (size_t at = 0; at < size; at += step)
        if (hf_h1_response_feed(&r, data + at, size - at < step ? size - at : step, NULL) < 0)
            return -1;
    if (r.state == HF_H1_WHOLE && r.has_length && ret->bytes && ret->bytes != r.length)
        __builtin_trap();
    return r.state == HF_H1_WHOLE;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sum whole, single;

    if (read_answer((const char *)data, size, size ? size : 1, &whole) !=
            read_answer((const char *)data, size, 1, &single) ||
        memcmp(&whole, &single, sizeof whole) != 0)
        __builtin_trap();
    return 0;
}
