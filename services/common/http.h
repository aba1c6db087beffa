// SPDX-License-Identifier: Apache-2.0
/* HTTP requests, one at a time on a connection that is kept. One thread owns a client. */
#pragma once

#include "base/buf.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    HF_HTTP_HEADER_MAX = 512,
    HF_HTTP_HEADERS_MAX = 16384,
    HF_HTTP_URL_MAX = 2048,
    HF_HTTP_ADDRESS_MAX = 46, /* INET6_ADDRSTRLEN */
};

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
    const char *user_agent;      /* NULL: holdfast/VERSION */
    const char *ca_pem;          /* PEM of the authorities to trust; NULL or "" for the system's */
    const char *client_cert_pem; /* with client_key_pem: who we are (mutual TLS); NULL or "" */
    const char *client_key_pem;
    const char *server_name; /* asked for by SNI and looked for in the certificate; NULL or "":
                              * the URL's host. An address in an internal network may differ. */
    const char *proxy;       /* http://HOST:PORT, used by CONNECT; NULL or "": none */
    const char *proxy_user;
    const char *proxy_password;
    int redirects;             /* so many are followed, only by 307 or 308 to the same origin */
    int64_t max_bytes_per_s;   /* of what is sent; 0: as fast as it goes */
    const atomic_bool *cancel; /* ends the request once true; NULL: only the service's end does */
    /* Is shown the SSL_CTX of a new connection before it is used; NULL: nobody is. */
    void (*watch_tls)(void *ssl_ctx, void *watcher);
    void *watcher;
};

/* How far a request came; the answer is behind HF_HTTP_SECURED. */
enum hf_http_phase {
    HF_HTTP_NOWHERE,
    HF_HTTP_RESOLVED,
    HF_HTTP_CONNECTED,
    HF_HTTP_SECURED, /* TLS stands, or none was asked for */
    HF_HTTP_ANSWERED,
    HF_HTTP_PHASE_COUNT
};

struct hf_http_response {
    int status;
    struct hf_buf body;    /* at most its max, more is an error; not kept at all where max is 0 */
    bool cut;              /* keep the beginning of a longer body, which is no error then */
    struct hf_buf headers; /* as received */
    int64_t retry_after_s; /* Retry-After, as seconds or date (RFC 9110, 10.2.3); 0 without */
    /* Of the last request, also where it failed. */
    enum hf_http_phase phase;
    char address[HF_HTTP_ADDRESS_MAX]; /* of the other side, or of its proxy; "" where not known */
    int64_t reached_us[HF_HTTP_PHASE_COUNT]; /* since its begin; 0 where not reached */
    int64_t sent_bytes;                      /* head and body, without TLS and TCP */
};

HF_MUST int hf_http_new(struct hf_http **ret_http, struct hf_error *err);
void hf_http_free(struct hf_http *h);
HF_DEFINE_AUTO(struct hf_http, hf_http, hf_http_free)

/* Sets up an empty response that takes at most max_body bytes. */
void hf_http_response_init(struct hf_http_response *r, size_t max_body);
void hf_http_response_done(struct hf_http_response *r);

/* POSTs; certificates are verified. Any status is success, that of a redirect which is not followed
 * too; -1 where no whole answer came (HF_ERROR_UPSTREAM, HF_ERROR_TIMEOUT), where the address or a
 * certificate of ours is none (HF_ERROR_INVALID), or where the service is to stop and the request
 * is not patient, or cancel was set (HF_ERROR_UNAVAILABLE). */
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

/* Where location (absolute or relative, RFC 9110 §10.2.2) leads from url, if that is the same
 * scheme, host and port; false otherwise. */
bool hf_http_same_origin(const char *url, const char *location, char *out, size_t size);

struct hf_http_url {
    char scheme[16];
    char host[256]; /* an IPv6 address without its brackets */
    int port;       /* 0: not said */
    bool user;      /* a user or password stands in it */
    char *path;     /* owned; "/" at least, without query */
};

/* Takes a URL of any scheme apart; -1 where it is none (HF_ERROR_INVALID). */
HF_MUST int hf_http_url_parse(const char *url, struct hf_http_url *ret_url, struct hf_error *err);
void hf_http_url_done(struct hf_http_url *u);

/* Copies the URL without user, password, query and fragment: what may be shown. */
void hf_http_safe_url(const char *url, char *out, size_t size);
