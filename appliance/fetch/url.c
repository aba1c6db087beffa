// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "fetch/transfer.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

/* Distribution spec 1.1, "Listing Tags". */
#define PAGE "?n=100"

int
hf_fetch_url(const struct hf_fetch_request *r, char out[HF_FETCH_URL_SIZE], struct hf_error *err)
{
    static const char *const places[HF_FETCH_KIND_COUNT] = {"blobs/", "blobs/", "manifests/",
                                                            "tags/list"};
    const char *query = r->kind != HF_FETCH_TAGS ? "" : *r->reference ? PAGE "&last=" : PAGE;

    if (hf_text_put(out, HF_FETCH_URL_SIZE, "%s://%s/v2/%s/%s%s%s", r->plain ? "http" : "https",
                    r->host, r->repository, places[r->kind], query, r->reference))
        return 0;
    return hf_error_set(err, HF_ERROR_INVALID, "the name of the image is too long");
}

/* ---- parts ---- */

struct parts {
    char *scheme, *host, *port;
};

static void
parts_done(struct parts *p)
{
    curl_free(p->scheme);
    curl_free(p->host);
    curl_free(p->port);
}

static bool
parts_of(const char *url, struct parts *ret)
{
    CURLU *u = curl_url();
    bool fine = u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
                curl_url_get(u, CURLUPART_SCHEME, &ret->scheme, 0) == CURLUE_OK &&
                curl_url_get(u, CURLUPART_HOST, &ret->host, 0) == CURLUE_OK &&
                curl_url_get(u, CURLUPART_PORT, &ret->port, CURLU_DEFAULT_PORT) == CURLUE_OK;

    curl_url_cleanup(u);
    return fine;
}

bool
hf_fetch_same_origin(const char *a, const char *b)
{
    struct parts x = {0}, y = {0};
    bool same = parts_of(a, &x) && parts_of(b, &y) && strcasecmp(x.scheme, y.scheme) == 0 &&
                strcasecmp(x.host, y.host) == 0 && strcmp(x.port, y.port) == 0;

    parts_done(&x);
    parts_done(&y);
    return same;
}

bool
hf_fetch_is_at(const char *url, const char *host)
{
    struct parts p = {0};
    size_t len = strcspn(host, ":");
    bool same = parts_of(url, &p) && strlen(p.host) == len && strncasecmp(p.host, host, len) == 0 &&
                (!host[len] || strcmp(p.port, host + len + 1) == 0);

    parts_done(&p);
    return same;
}

/* ---- tokens ---- */

static bool
is_secure(const struct hf_fetch_request *r, const char *url)
{
    return strncasecmp(url, "https://", 8) == 0 ||
           (r->plain && strncasecmp(url, "http://", 7) == 0);
}

static bool
is_trusted(const struct hf_fetch_request *r, const char *url)
{
    char own[HF_FETCH_URL_SIZE];

    if (*r->token_host)
        return hf_fetch_is_at(url, r->token_host);
    hf_text_put(own, sizeof own, "%.*s", (int)strcspn(r->host, ":"), r->host);
    return hf_fetch_is_at(url, own);
}

static bool
build(const struct hf_fetch_request *r, const struct hf_challenge *c, CURLU *u, char *out)
{
    char query[2 * HF_FETCH_URL_SIZE], *url = NULL;
    bool fine =
        hf_text_put(query, sizeof query, "service=%s", c->service) && u &&
        curl_url_set(u, CURLUPART_URL, c->realm, 0) == CURLUE_OK &&
        (!*c->service || curl_url_set(u, CURLUPART_QUERY, query,
                                      CURLU_APPENDQUERY | CURLU_URLENCODE) == CURLUE_OK) &&
        hf_text_put(query, sizeof query, "scope=repository:%s:pull", r->repository) &&
        curl_url_set(u, CURLUPART_QUERY, query, CURLU_APPENDQUERY | CURLU_URLENCODE) == CURLUE_OK &&
        curl_url_set(u, CURLUPART_USER, NULL, 0) == CURLUE_OK &&
        curl_url_set(u, CURLUPART_PASSWORD, NULL, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_URL, &url, 0) == CURLUE_OK &&
        hf_text_put(out, HF_FETCH_URL_SIZE, "%s", url);

    curl_free(url);
    return fine;
}

int
hf_fetch_token_url(const struct hf_fetch_request *r, const struct hf_challenge *c,
                   char out[HF_FETCH_URL_SIZE], struct hf_error *err)
{
    CURLU *u = curl_url();
    bool fine = build(r, c, u, out);

    curl_url_cleanup(u);
    if (!fine)
        return hf_error_set(err, HF_ERROR_UPSTREAM,
                            "the registry wants a token, but does not say from where");
    if (!is_secure(r, out) || !is_trusted(r, out))
        return hf_error_set(err, HF_ERROR_FORBIDDEN,
                            "the registry sends for a token to %.200s, which is not to have its "
                            "password: where that is right, set registry.token_host",
                            c->realm);
    return 0;
}
