// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void HF_PRINTF(4, 0)
fill(struct hf_error *err, enum hf_error_class class, const char *pointer, const char *fmt,
     va_list args)
{
    if (!err)
        return;
    err->class = class;
    vsnprintf(err->message, sizeof err->message, fmt, args);
    hf_text_whole(err->message);
    snprintf(err->pointer, sizeof err->pointer, "%s", pointer);
}

int
hf_error_set(struct hf_error *err, enum hf_error_class class, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fill(err, class, "", fmt, args);
    va_end(args);
    return -1;
}

int
hf_error_set_at(struct hf_error *err, enum hf_error_class class, const char *pointer,
                const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fill(err, class, pointer, fmt, args);
    va_end(args);
    return -1;
}

int
hf_error_errno(struct hf_error *err, int errnum, const char *fmt, ...)
{
    enum hf_error_class class = HF_ERROR_INTERNAL;
    char reason[128];
    va_list args;
    size_t used;

    if (errnum == ENOSPC || errnum == EDQUOT)
        class = HF_ERROR_NO_SPACE;
    else if (errnum == ENOENT)
        class = HF_ERROR_NOT_FOUND;

    va_start(args, fmt);
    fill(err, class, "", fmt, args);
    va_end(args);
    if (err) {
        used = strlen(err->message);
        snprintf(err->message + used, sizeof err->message - used, ": %s",
                 strerror_r(errnum, reason, sizeof reason));
    }
    return -1;
}

int
hf_error_wrap(struct hf_error *err, const char *fmt, ...)
{
    char context[HF_ERROR_MESSAGE_MAX];
    char whole[2 * HF_ERROR_MESSAGE_MAX + 2];
    va_list args;

    if (!err)
        return -1;
    va_start(args, fmt);
    vsnprintf(context, sizeof context, fmt, args);
    va_end(args);
    snprintf(whole, sizeof whole, "%s: %s", context, err->message);
    whole[sizeof err->message - 1] = '\0';
    hf_text_whole(whole);
    memcpy(err->message, whole, strlen(whole) + 1);
    return -1;
}

int
hf_error_nomem(struct hf_error *err)
{
    return hf_error_set(err, HF_ERROR_UNAVAILABLE, "out of memory");
}

int hf_error_http_status(enum hf_error_class class)
{
    static const int status[HF_ERROR_CLASS_COUNT] = {
        [HF_ERROR_NONE] = 200,         [HF_ERROR_INVALID] = 422,     [HF_ERROR_MALFORMED] = 400,
        [HF_ERROR_UNAUTHORIZED] = 401, [HF_ERROR_FORBIDDEN] = 403,   [HF_ERROR_UNPROVEN] = 403,
        [HF_ERROR_NOT_FOUND] = 404,    [HF_ERROR_CONFLICT] = 409,    [HF_ERROR_STALE] = 412,
        [HF_ERROR_TOO_LARGE] = 413,    [HF_ERROR_THROTTLED] = 429,   [HF_ERROR_INTERNAL] = 500,
        [HF_ERROR_UPSTREAM] = 502,     [HF_ERROR_UNAVAILABLE] = 503, [HF_ERROR_TIMEOUT] = 504,
        [HF_ERROR_NO_SPACE] = 507,
    };

    return class < HF_ERROR_CLASS_COUNT ? status[class] : 500;
}
