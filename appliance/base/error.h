// SPDX-License-Identifier: Apache-2.0
/*
 * The error contract. A function that can fail returns 0 or -1 and fills the caller's struct
 * hf_error, which may be NULL when the caller does not care. The callee says what failed; each
 * layer that knows more wraps it with context; whoever decides what to do logs it. The message is
 * safe to show to a user: no secret, no pointer, no internal path that the user cannot act on.
 */
#pragma once

#include "base/cleanup.h"

#include <stddef.h>

/* Each class maps to one HTTP status, see hf_error_http_status(). */
enum hf_error_class {
    HF_ERROR_NONE,
    HF_ERROR_INVALID,      /* 422: well-formed, but not allowed */
    HF_ERROR_MALFORMED,    /* 400: cannot be read at all */
    HF_ERROR_UNAUTHORIZED, /* 401 */
    HF_ERROR_FORBIDDEN,    /* 403 */
    HF_ERROR_UNPROVEN,     /* 403: the password must be shown once more */
    HF_ERROR_NOT_FOUND,    /* 404 */
    HF_ERROR_CONFLICT,     /* 409 */
    HF_ERROR_STALE,        /* 412: it has been changed meanwhile */
    HF_ERROR_TOO_LARGE,    /* 413 */
    HF_ERROR_THROTTLED,    /* 429 */
    HF_ERROR_INTERNAL,     /* 500 */
    HF_ERROR_UPSTREAM,     /* 502: a part we depend on answered nonsense */
    HF_ERROR_UNAVAILABLE,  /* 503 */
    HF_ERROR_TIMEOUT,      /* 504 */
    HF_ERROR_NO_SPACE,     /* 507 */
    HF_ERROR_CLASS_COUNT
};

enum { HF_ERROR_MESSAGE_MAX = 512, HF_ERROR_POINTER_MAX = 128 };

struct hf_error {
    enum hf_error_class class;
    char message[HF_ERROR_MESSAGE_MAX];
    char pointer[HF_ERROR_POINTER_MAX]; /* RFC 6901 pointer to the wrong field, or "" */
};

/* Fills err (NULL allowed) and returns -1, so that `return hf_error_set(err, …);` reads well. */
int hf_error_set(struct hf_error *err, enum hf_error_class class, const char *fmt, ...)
    HF_PRINTF(3, 4);

/* As hf_error_set with a JSON pointer (RFC 6901) to the field that is wrong. */
int hf_error_set_at(struct hf_error *err, enum hf_error_class class, const char *pointer,
                    const char *fmt, ...) HF_PRINTF(4, 5);

/* From errno: ENOSPC and EDQUOT become HF_ERROR_NO_SPACE, ENOENT HF_ERROR_NOT_FOUND, the rest
 * HF_ERROR_INTERNAL. The text of errnum is appended. */
int hf_error_errno(struct hf_error *err, int errnum, const char *fmt, ...) HF_PRINTF(3, 4);

/* Puts context in front: "load service 'x': <old message>". Class and pointer stay. Returns -1. */
int hf_error_wrap(struct hf_error *err, const char *fmt, ...) HF_PRINTF(2, 3);

/* Out of memory; returns -1. */
int hf_error_nomem(struct hf_error *err);

/* The HTTP status (RFC 9110) of a class. */
int hf_error_http_status(enum hf_error_class class);
