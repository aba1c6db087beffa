// SPDX-License-Identifier: Apache-2.0
/* HTTP requests, one at a time on a connection that is kept. One thread owns a client. */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum { HF_HTTP_HEADER_MAX = 512, HF_HTTP_HEADERS_MAX = 16384 };

struct hf_http; /* a client */

struct hf_http_request {
    const char *url;
    const char *content_type;   /* NULL: no body */
    const char *bearer;         /* token, NULL or "" for none; never logged, never in an error */
    const char *const *headers; /* further `Name: value`, NULL-terminated, or NULL */
    const void *body;
    size_t body_len;
    int64_t connect_timeout_ms;
    int64_t timeout_ms;
    bool patient;    /* goes on when the service is to stop: what was begun must be known */
    int64_t stall_s; /* give up when hardly a byte has moved for so long; 0: only timeout_ms */
    const char *user_agent; /* NULL: holdfast/VERSION */
    const char *ca_pem;     /* PEM of further authorities; NULL or "" for the system's */
};

struct hf_http_response {
    int status;
    struct hf_buf body;    /* at most its max, more is an error; not kept at all where max is 0 */
    struct hf_buf headers; /* as received */
    int64_t retry_after_s; /* Retry-After, as seconds or date (RFC 9110, 10.2.3); 0 without */
};

HF_MUST int hf_http_new(struct hf_http **ret_http, struct hf_error *err);
void hf_http_free(struct hf_http *h);
HF_DEFINE_AUTO(struct hf_http, hf_http, hf_http_free)

/* Sets up an empty response that takes at most max_body bytes. */
void hf_http_response_init(struct hf_http_response *r, size_t max_body);
void hf_http_response_done(struct hf_http_response *r);

/* POSTs; redirects are not followed, certificates are verified. Any status is success; -1 where no
 * whole answer came (HF_ERROR_UPSTREAM, HF_ERROR_TIMEOUT) or the service is to stop and the request
 * is not patient. */
HF_MUST int hf_http_post(struct hf_http *h, const struct hf_http_request *request,
                         struct hf_http_response *response, struct hf_error *err);

/* The same with GET. */
HF_MUST int hf_http_get(struct hf_http *h, const struct hf_http_request *request,
                        struct hf_http_response *response, struct hf_error *err);

/* Copies the value of a header; false where absent or longer than size. */
bool hf_http_header(const struct hf_http_response *r, const char *name, char *out, size_t size);

/* Makes an error of an answer that is none of 2xx: its class from the status, its text from the
 * problem+json. Returns -1. */
int hf_http_problem(const struct hf_http_response *r, const char *who, struct hf_error *err);

/* Copies the URL without user, password, query and fragment: what may be shown. */
void hf_http_safe_url(const char *url, char *out, size_t size);
