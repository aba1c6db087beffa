// SPDX-License-Identifier: Apache-2.0
/*
 * One request and its answer, as handlers see it. The connection below is a struct hf_wire, filled
 * by server.c with civetweb and by tests with memory.
 */
#pragma once

#include "api/gzip.h"
#include "api/once.h"
#include "api/refusals.h"
#include "api/state.h"
#include "api/streams.h"
#include "base/buf.h"
#include "identity/identity.h"
#include "json/json.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HF_API_BODY_MAX = 64 * 1024,
    HF_API_EXTRA_HEADERS_MAX = 512,
    HF_API_PARAM_SIZE = 64 /* longest thing a path can name, and a NUL */
};

struct hf_wire {
    void *context;
    /* The first header of that name or NULL; ret_count (may be NULL) gets how many there are. */
    const char *(*header)(void *context, const char *name, size_t *ret_count);
    /* Reads exactly len bytes of the body; false where they do not come in time. */
    bool (*read)(void *context, void *data, size_t len);
    /* Blocks for a bounded time; false where the other side does not take it. */
    bool (*write)(void *context, const void *data, size_t len);
    /* The connection ends after this answer. */
    void (*close_after)(void *context);
    /* As read, a hundred times faster, of those who may be believed to send it: the clock begins
     * anew with each byte. NULL: read. */
    bool (*read_fast)(void *context, void *data, size_t len);
    /* Who asks is known, so the connection is not given up for another one meanwhile. NULL: nothing
     * to do. */
    void (*known)(void *context);
};

struct hf_api_config;

/* What all handlers share. */
struct hf_api_common {
    const struct hf_api_config *config;
    struct hf_streams streams;
    struct hf_state_cache state, services;
    struct hf_once once;
    struct hf_refusals refusals;
};

struct hf_exchange {
    struct hf_api_common *api;
    struct hf_wire wire;
    const char *method;
    const char *path;
    const char *query; /* "" for none */
    const char *peer;  /* address without port */
    bool http10;

    bool head;                     /* answer without body */
    char param[HF_API_PARAM_SIZE]; /* what stands for {…} in the route */
    char token[HF_TOKEN_SIZE];     /* of the cookie, "" for none */
    struct hf_session session;     /* who asks, where the route needs to know */
    struct hf_buf body;

    int status; /* of the answer; 0 until there is one */
    bool closing;
    int retry_after_s;
    char extra[HF_API_EXTRA_HEADERS_MAX]; /* header lines to add */
    bool encoded;                         /* the body goes out as it is, never compressed */
    struct hf_gzip *gzip;                 /* of an answer in pieces */
};

/* ---- asking ---- */

/* NULL where absent. */
const char *hf_exchange_header(const struct hf_exchange *x, const char *name);

/* Whether the request announces a body, however wrongly. */
bool hf_exchange_has_body(const struct hf_exchange *x);

/* Reads the body of at most max bytes into x->body; max 0: there must be none. Errors: MALFORMED
 * (lengths in conflict, incomplete, not taken), TOO_LARGE; x->closing is set where the connection
 * cannot be used on. */
HF_MUST int hf_exchange_read_body(struct hf_exchange *x, size_t max, struct hf_error *err);

/* Passes the body of at most max bytes on as it comes; the sink returns -1 with err to end it. The
 * same errors; what takes longer than total_ms is MALFORMED. */
typedef int hf_body_sink(void *context, const void *data, size_t len, struct hf_error *err);
HF_MUST int hf_exchange_pass_body(struct hf_exchange *x, uint64_t max, int64_t total_ms,
                                  hf_body_sink *sink, void *context, struct hf_error *err);

/* The body as a JSON object with exactly these fields. MALFORMED, or INVALID with pointer. */
HF_MUST int hf_exchange_json(const struct hf_exchange *x, const struct hf_json_field *fields,
                             size_t count, struct hf_json **ret_doc, struct hf_error *err);

/* A query parameter that an operation takes. */
struct hf_query_field {
    const char *name;
    bool is_bool;
    uint64_t min, max;   /* of a number */
    uint64_t *ret_value; /* left as it is where absent */
    /* Or a text: not empty, percent-decoded (RFC 3986, so that '+' is a plus), without control
     * characters. */
    char *ret_text; /* left as it is where absent */
    size_t text_size;
    const char *const *words; /* NULL-terminated; only one of these, where given */
};

/* Percent-decodes (RFC 3986). False where an escape is broken, a control character comes out, or it
 * does not fit. */
bool hf_percent_decode(const char *text, char *out, size_t size);

/* Checks the whole query: unknown or doubled parameters and wrong values are MALFORMED. */
HF_MUST int hf_query_read(const char *query, const struct hf_query_field *fields, size_t count,
                          struct hf_error *err);

/* A parameter that is a time (RFC 3339); *ret_ms, which may be NULL, is 0 where it is "". */
HF_MUST int hf_query_time(const char *name, const char *text, int64_t *ret_ms,
                          struct hf_error *err);

/* The session token out of a Cookie header (NULL for none); "" where there is none. */
void hf_cookie_token(const char *header, char out[HF_TOKEN_SIZE]);

/* UNPROVEN where the password was not shown lately; see HF_ACCESS_ADMIN_PROVED. */
HF_MUST int hf_exchange_need_proof(const struct hf_exchange *x, struct hf_error *err);

/* FORBIDDEN for who has a lesser role: of a handler that may do what its route's role does not
 * allow. */
HF_MUST int hf_exchange_need_role(const struct hf_exchange *x, enum hf_role role,
                                  struct hf_error *err);

/* ---- answering: exactly one of these for each exchange ---- */

/* Adds a header line to the answer to come. value holds no line break. */
void hf_reply_header(struct hf_exchange *x, const char *name, const char *value);

/* Sends status with a body (NULL for none) and its cache rule. Text that is long enough to be worth
 * it is compressed where the reader takes that, but not what has an ETag: that names these bytes.
 */
void hf_reply(struct hf_exchange *x, int status, const char *type, const char *cache,
              const void *body, size_t len);

/* Sends consume as JSON; fails only before anything is sent. */
HF_MUST int hf_reply_json(struct hf_exchange *x, int status, struct hf_json *consume,
                          struct hf_error *err);

/* Sends text, which is JSON already. */
void hf_reply_json_text(struct hf_exchange *x, int status, const char *text, size_t len);

/* Sends application/problem+json (RFC 9457). */
void hf_reply_problem(struct hf_exchange *x, int status, const char *detail, const char *pointer);
void hf_reply_error(struct hf_exchange *x, const struct hf_error *err);

/* Sends the head of an answer that comes in pieces; false where nothing is to follow (HEAD, or
 * gone). Each piece by hf_reply_piece(); hf_reply_end() says that it is whole, and an answer that
 * is not ended so is seen to be cut off. */
HF_MUST bool hf_reply_begin(struct hf_exchange *x, const char *type);
HF_MUST bool hf_reply_piece(struct hf_exchange *x, const void *data, size_t len);
void hf_reply_end(struct hf_exchange *x);

/* Gives back what an answer in pieces held, ended or not. */
void hf_reply_done(struct hf_exchange *x);

/* Whether item is in a comma-separated list such as Accept-Encoding (NULL: none) and not refused
 * by ";q=0". */
bool hf_reply_lists(const char *list, const char *item);

/* Sends the head of an event stream; false where there is nothing to follow (HEAD, or gone). */
HF_MUST bool hf_reply_stream(struct hf_exchange *x);

/* The words for a status (RFC 9110). */
const char *hf_status_title(int status);

enum { HF_PROBLEM_TYPE_SIZE = 64 };
/* Where the reference says what to do about it (RFC 9457, 3.1.1): the title in lower case with
 * dashes; about:blank for what has no title, and so no page. */
void hf_problem_type(int status, char out[HF_PROBLEM_TYPE_SIZE]);

HF_MUST static inline bool
hf_exchange_write(struct hf_exchange *x, const void *data, size_t len)
{
    return x->wire.write(x->wire.context, data, len);
}
