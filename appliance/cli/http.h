// SPDX-License-Identifier: Apache-2.0
/*
 * One request to the gateway, over HTTPS and nothing else. No redirect is followed, no proxy asked,
 * and everything that comes has a bound. The only file that includes curl.h.
 *
 * Errors: UNAVAILABLE (nothing answers there), TIMEOUT, UPSTREAM (what answers is no gateway),
 * FORBIDDEN (it is not the one that is trusted), CONFLICT (interrupted by a person), and what
 * a taker of bytes says.
 */
#pragma once

#include "base/buf.h"
#include "cli/trust.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    CLI_BODY_MAX = 4 * 1024 * 1024,
    CLI_URL_MAX = 300,
    CLI_SECRET_MAX = 256, /* a cookie's value, an API token */
    CLI_ETAG_MAX = 80,
    CLI_HEADERS_MAX = 4,
};

/* Who asks; NULL or "" where there is none. The token goes before the session. */
struct cli_credentials {
    const char *session; /* value of the cookie */
    const char *token;   /* API token */
};

/* Bytes of an answer as they come. 0: go on; 1: that was enough, the transfer ends well; -1. */
typedef int cli_take(void *context, const char *data, size_t len, struct hf_error *err);

struct cli_request {
    const char *method;
    const char *path; /* below /api/v1, percent-encoded, with its query */
    const char *type; /* media type of the body; NULL: there is none */
    const void *body;
    size_t len;
    int fd; /* a body from this file, len bytes from offset on; used where body is NULL */
    uint64_t offset;
    const char *headers[CLI_HEADERS_MAX]; /* whole lines; NULL where there are fewer */
    cli_take *take;                       /* gets the body of a good answer; NULL: body does */
    void *context;
    int idle_s;      /* ends where nothing came or went for so long; 0 for 120 */
    bool ask_nobody; /* without credentials */
};

struct cli_answer {
    int status;
    struct hf_buf body;
    bool is_problem; /* application/problem+json */
    char etag[CLI_ETAG_MAX];
    bool has_session; /* a cookie came: session is its value, "" where it was ended */
    char session[CLI_SECRET_MAX];
    int64_t upload_offset; /* -1 where it does not say */
    int retry_after_s;     /* 0 where it does not say */
    bool line_broke;       /* behind the request: it may have come through */
};

void cli_answer_done(struct cli_answer *a);
#define CLI_AUTO_ANSWER __attribute__((cleanup(cli_answer_done)))

struct cli_http;

/* Reads an address as people write it: https:// may be left out, and with it the port (8443).
 * Errors: INVALID. */
HF_MUST int cli_url_parse(const char *text, char out[CLI_URL_MAX], struct hf_error *err);

/* url as cli_url_parse() writes it; trust is borrowed for life. */
HF_MUST int cli_http_new(const char *url, struct cli_trust *trust, struct cli_http **ret,
                         struct hf_error *err);
void cli_http_free(struct cli_http *h);
HF_DEFINE_AUTO(struct cli_http, cli_http, cli_http_free)

/* Borrowed until the next call. */
void cli_http_credentials(struct cli_http *h, struct cli_credentials who);

/* Fills *ret_answer, which the caller has zeroed or done before, also where it fails midway. Any
 * status is an answer. */
HF_MUST int cli_http_call(struct cli_http *h, const struct cli_request *r,
                          struct cli_answer *ret_answer, struct hf_error *err);

/* Which certificate is there, into trust->seen: a handshake that ends before anything is sent. */
HF_MUST int cli_http_look(struct cli_http *h, struct hf_error *err);

/* From now on ^C does not end the program but the call under way, and cli_interrupted() says so. */
void cli_interrupt_watch(void);
bool cli_interrupted(void);
