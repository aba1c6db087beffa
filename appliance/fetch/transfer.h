// SPDX-License-Identifier: Apache-2.0
/* One GET by libcurl, and what came of it. Private to the folder. */
#pragma once

#include "base/buf.h"
#include "fetch/challenge.h"
#include "fetch/request.h"

enum { HF_FETCH_URL_SIZE = 1024, HF_FETCH_TOKEN_MAX = 16 * 1024 };

struct hf_transfer {
    const char *url;
    const char *accept; /* media types, or NULL */
    const char *bearer; /* token, or NULL */
    const char *user;   /* with password: HTTP Basic; or NULL */
    const char *password;
    uint64_t from; /* first byte that is wanted */
    /* Gets the body of a 200 or 206 from there on; -1 ends it with its error. */
    int (*take)(void *context, const char *data, size_t len, struct hf_error *err);
    void *context;

    /* Filled by hf_transfer_perform(). */
    int status;  /* 0 where no answer came */
    bool is_cut; /* the line broke, or said too little for too long: try again */
    char redirect[HF_FETCH_URL_SIZE]; /* "" for none */
    struct hf_challenge challenge;
};

struct hf_fetcher;

HF_MUST int hf_fetcher_new(const struct hf_fetch_request *r, struct hf_fetcher **ret,
                           struct hf_error *err);
void hf_fetcher_free(struct hf_fetcher *f);
HF_DEFINE_AUTO(struct hf_fetcher, hf_fetcher, hf_fetcher_free)

/* 0 where an answer came whole, whatever its status. */
HF_MUST int hf_transfer_perform(struct hf_fetcher *f, struct hf_transfer *t, struct hf_error *err);

/* ---- token.c ---- */

/* Asks for a token to pull the request's repository. FORBIDDEN where the registry sends for one to
 * a host that is not to have the password. */
HF_MUST int hf_token_get(struct hf_fetcher *f, const struct hf_fetch_request *r,
                         const struct hf_challenge *c, char **ret_token, struct hf_error *err);

/* ---- url.c ---- */

/* Where the request's thing is. */
HF_MUST int hf_fetch_url(const struct hf_fetch_request *r, char out[HF_FETCH_URL_SIZE],
                         struct hf_error *err);

/* Whether two URLs have the same scheme, host and port; and whether a URL has a host (of two with
 * ports, the ports too). */
bool hf_fetch_same_origin(const char *a, const char *b);
bool hf_fetch_is_at(const char *url, const char *host);

/* Where a token is given; as hf_token_get(). */
HF_MUST int hf_fetch_token_url(const struct hf_fetch_request *r, const struct hf_challenge *c,
                               char out[HF_FETCH_URL_SIZE], struct hf_error *err);
