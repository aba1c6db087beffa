// SPDX-License-Identifier: Apache-2.0
/* Requests against the router over a connection in memory. */
#pragma once

#include "api/exchange.h"

enum { CALL_COOKIE_SIZE = HF_TOKEN_SIZE + 32 };

extern char call_cookie[CALL_COOKIE_SIZE]; /* with a session of admin */
extern struct hf_api_common call_common;

/* One request: its headers as "Name: value" lines, its answer as it was written. */
struct call {
    const char *headers[12]; /* name, value, name, value …, NULL */
    const char *body;
    size_t body_len; /* 0: up to its NUL */
    size_t body_read;
    void (*before)(bool serving); /* called with true before it is served, and with false after */
    int writes_left;              /* then the other side is gone */
    struct hf_buf out;
    int status;
    bool closed;
};

struct hf_wire call_wire(struct call *c);

/* Serves it and checks the status, unless that is CALL_ANY. */
enum { CALL_ANY = -1 };
void call_serve(struct call *c, const char *method, const char *path, const char *query,
                int status);
bool call_has(const struct call *c, const char *text);

/* A request with the session and nothing special; its answer contains text. */
void call_expect(const char *method, const char *path, const char *query, int status,
                 const char *text);

int call_set_up(void **state);
int call_tear_down(void **state);
