// SPDX-License-Identifier: Apache-2.0
/*
 * A small HTTP server. Each open connection holds one of its threads; a request is handed whole to
 * one handler, which answers it exactly once.
 */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct hf_httpd;
struct hf_request;
struct hf_json;

struct hf_httpd_options {
    const char *listen; /* ADDR:PORT */
    int threads;
    void (*handle)(void *ctx, struct hf_request *q);
    void *ctx;
};

HF_MUST int hf_httpd_start(const struct hf_httpd_options *options, struct hf_httpd **ret_httpd,
                           struct hf_error *err);

/* Waits for the requests in progress: let them come to their end first. NULL is allowed. */
void hf_httpd_stop(struct hf_httpd *h);
HF_DEFINE_AUTO(struct hf_httpd, hf_httpd, hf_httpd_stop)

bool hf_request_is(const struct hf_request *q, const char *method, const char *path);

struct hf_route {
    const char *method, *path;
    int who; /* whose token opens it: an index into the caller's tokens */
    void (*handle)(void *ctx, struct hf_request *q);
};

/* Hands the request to the route that it asks for, if it bears tokens[who]; else answers 404, 405
 * or 401. What several may ask is a route for each of them. */
void hf_request_route(struct hf_request *q, const struct hf_route *routes, size_t count,
                      const char *const *tokens, void *ctx);

/* A header of the request, or NULL. */
const char *hf_request_header(const struct hf_request *q, const char *name);

/* A parameter of the query string as a whole number; otherwise where absent, false where wrong. */
HF_MUST bool hf_request_number(const struct hf_request *q, const char *name, uint64_t otherwise,
                               uint64_t *ret_value);

/* Decodes a parameter of the query string; false where absent or too long. */
bool hf_request_text(const struct hf_request *q, const char *name, char *out, size_t size);

/* Decodes a parameter into out; *ret_given is out, or NULL where it is absent. HF_ERROR_MALFORMED
 * where it is too long. */
HF_MUST int hf_request_get(const struct hf_request *q, const char *name, char *out, size_t size,
                           const char **ret_given, struct hf_error *err);

/* HF_ERROR_MALFORMED where the query string has a parameter that is none of the count names, or one
 * twice: a misspelt one must not be silence. */
HF_MUST int hf_request_parameters(const struct hf_request *q, const char *const *names,
                                  size_t count, struct hf_error *err);

/* Whether Accept-Encoding names the coding with a weight above 0 (RFC 9110, 12.5.3). */
bool hf_request_accepts(const struct hf_request *q, const char *coding);

/* The length that the request says for its body; -1 where it says none. */
int64_t hf_request_body_length(const struct hf_request *q);

/* Whether `Authorization: Bearer` carries the token; takes the same time for every wrong one. An
 * empty token lets nobody in. */
bool hf_request_bears(const struct hf_request *q, const char *token);

/* Reads the body into b; HF_ERROR_TOO_LARGE past b->max (the connection is closed then). */
HF_MUST int hf_request_body(struct hf_request *q, struct hf_buf *b, struct hf_error *err);

/* Reads on in the body: up to step bytes more are appended to b. Returns 1, 0 at the end of the
 * body, -1 where it was cut off or b has no room (HF_ERROR_TOO_LARGE). */
HF_MUST int hf_request_read(struct hf_request *q, struct hf_buf *b, size_t step,
                            struct hf_error *err);

/* Answers. headers: further lines, each `Name: value\r\n`, or NULL. */
void hf_request_answer(struct hf_request *q, int status, const char *type, const char *headers,
                       const void *body, size_t len);

/* Answers with a document. */
void hf_request_answer_json(struct hf_request *q, const struct hf_json *doc);

/* Answers in pieces, of a length that is not known before: begin, any number of writes, end. A
 * write blocks while the reader is slow and returns false when the answer can go no further: the
 * reader is gone, or took less than a piece in 10 s. end with whole = false closes the connection
 * in the middle, so that the reader sees that something is missing. */
void hf_request_stream_begin(struct hf_request *q, int status, const char *type,
                             const char *headers);
HF_MUST bool hf_request_stream_write(struct hf_request *q, const void *data, size_t len);
void hf_request_stream_end(struct hf_request *q, bool whole);

/* Answers with a status and no body. */
void hf_request_answer_status(struct hf_request *q, int status);

/* Closes the connection without an answer: for tests of those who wait for one. */
void hf_request_cut(struct hf_request *q);

/* Answers an error as application/problem+json (RFC 9457). */
void hf_request_answer_error(struct hf_request *q, const struct hf_error *err);

/* The same of an error that is made here. */
void hf_request_refuse(struct hf_request *q, enum hf_error_class class, const char *why);
