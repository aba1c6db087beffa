// SPDX-License-Identifier: Apache-2.0
/*
 * One question to a neighbour by HTTP/1.1 (RFC 9112), and its answer as it comes: to the Docker
 * Engine on its Unix socket, and to our services on their internal network. No TLS, no proxy, no
 * redirects, no cookies, and a connection for each call: all of them are local, and few.
 *
 * A call never waits past its deadlines and never blocks in between.
 */
#pragma once

#include "base/error.h"
#include "h1/dial.h"
#include "h1/response.h"

struct hf_h1_call {
    struct hf_h1_place place;
    const char *host; /* of the Host field, RFC 9112 §3.2 */
    const char *method;
    const char *path;   /* with query; already percent-encoded */
    const char *bearer; /* token, or NULL */
    const char *body;   /* to POST, or NULL: a POST has an empty one then */
    const char *type;   /* of the body; NULL: application/json */
    /* A body that is made while it is sent, in chunks (RFC 9112 §7.1), instead of body; NULL: none.
     * Gives up to size bytes, 0 at its end; -1 breaks the connection off before the body is whole.
     * Its context is the reader's. It may block, and looks itself whether the call is cancelled. */
    int (*more)(void *context, char *out, size_t size, size_t *ret_len, struct hf_error *err);

    int64_t connect_ms; /* each of these: 0 for no bound */
    int64_t total_ms;   /* from the beginning to the end of the answer */
    int64_t idle_ms;    /* without a byte in either direction */

    /* Whether nobody wants the answer any more; may be NULL. It is asked whenever something comes,
     * every look_ms meanwhile, and much more often once wake_fd (-1: none) can be read. */
    bool (*cancelled)(void *context);
    int64_t look_ms;
    int wake_fd;

    struct hf_h1_reader reader; /* its context is also cancelled's */
};

enum hf_h1_end {
    HF_H1_END_WHOLE,         /* the answer is there; its status may be anything from 200 on */
    HF_H1_END_STOPPED,       /* by the reader */
    HF_H1_END_CANCELLED,     /* by cancelled() */
    HF_H1_END_NO_CONNECTION, /* nobody takes it: os_error */
    HF_H1_END_TIMEOUT,       /* one of the deadlines */
    HF_H1_END_GARBAGE,       /* what came is not HTTP/1.1 */
    HF_H1_END_CUT,           /* the connection ended or broke before the answer was whole */
    HF_H1_END_UNSENT,        /* nothing left us: not a path, no memory, no descriptor */
    HF_H1_END_NO_BODY,       /* more() had no more, with its own error */
    HF_H1_END_COUNT
};

struct hf_h1_answer {
    enum hf_h1_end end;
    int status;   /* 0 where no head has come */
    int os_error; /* errno of NO_CONNECTION and CUT, 0 where there is none */
};

/* Asks, and fills *ret_answer in any case. 0 for WHOLE, STOPPED and CANCELLED. */
HF_MUST int hf_h1_call(const struct hf_h1_call *call, struct hf_h1_answer *ret_answer,
                       struct hf_error *err);
