// SPDX-License-Identifier: Apache-2.0
#include "common/http.h"

#include "common/stop.h"
#include "json/json.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { STALL_BYTES_PER_S = 64 }; /* slower than any modem */

struct hf_http {
    CURL *curl;
    char detail[CURL_ERROR_SIZE];
};

static void
init_once(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

int
hf_http_new(struct hf_http **ret_http, struct hf_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    HF_AUTO(hf_http) struct hf_http *h = calloc(1, sizeof *h);

    pthread_once(&once, init_once);
    if (!h)
        return hf_error_nomem(err);
    h->curl = curl_easy_init();
    if (!h->curl)
        return hf_error_nomem(err);
    *ret_http = hf_steal(&h);
    return 0;
}

void
hf_http_free(struct hf_http *h)
{
    if (!h)
        return;
    curl_easy_cleanup(h->curl);
    free(h);
}

void
hf_http_response_init(struct hf_http_response *r, size_t max_body)
{
    *r = (struct hf_http_response){.body = HF_BUF_INIT(max_body),
                                   .headers = HF_BUF_INIT(HF_HTTP_HEADERS_MAX)};
}

void
hf_http_response_done(struct hf_http_response *r)
{
    hf_buf_done(&r->body);
    hf_buf_done(&r->headers);
}

/* libcurl's way: fewer bytes taken than given ends the transfer. */
static size_t
take(char *data, size_t size, size_t count, void *ctx)
{
    struct hf_buf *b = ctx;

    if (b->max == 0)
        return size * count;
    return hf_buf_add(b, data, size * count, NULL) < 0 ? 0 : size * count;
}

static int
check_stop(void *ctx, curl_off_t dt, curl_off_t dn, curl_off_t ut, curl_off_t un)
{
    (void)ctx, (void)dt, (void)dn, (void)ut, (void)un;
    return hf_stopping();
}

static int
add_header(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);

    if (!longer)
        return -1;
    *list = longer;
    return 0;
}

static int
make_headers(const struct hf_http_request *q, struct curl_slist **list)
{
    char type[HF_HTTP_HEADER_MAX];
    int rc = add_header(list, "Expect:");

    if (q->content_type) {
        snprintf(type, sizeof type, "Content-Type: %s", q->content_type);
        rc |= add_header(list, type);
    }
    for (const char *const *h = q->headers; h && *h; h++)
        rc |= add_header(list, *h);
    return rc;
}

static void
set_up(struct hf_http *h, const struct hf_http_request *q, struct hf_http_response *r,
       struct curl_slist *headers)
{
    CURL *c = h->curl;

    curl_easy_reset(c); /* keeps the connection and the DNS cache */
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->detail);
    curl_easy_setopt(c, CURLOPT_URL, q->url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_USERAGENT, q->user_agent ? q->user_agent : "holdfast/" HF_VERSION);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)q->connect_timeout_ms);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)q->timeout_ms);
    if (q->stall_s) {
        curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)STALL_BYTES_PER_S);
        curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)q->stall_s);
    }
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, &r->body);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, &r->headers);
    if (!q->patient) {
        curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, check_stop);
        curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    }
    if (q->bearer && *q->bearer) {
        curl_easy_setopt(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        curl_easy_setopt(c, CURLOPT_XOAUTH2_BEARER, q->bearer);
    }
    if (q->ca_pem && *q->ca_pem) {
        struct curl_blob pem = {.data = (void *)(uintptr_t)q->ca_pem,
                                .len = strlen(q->ca_pem),
                                .flags = CURL_BLOB_COPY};

        curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, &pem);
    }
}

static int
failed(struct hf_http *h, CURLcode code, struct hf_error *err)
{
    enum hf_error_class class = HF_ERROR_UPSTREAM;

    if (code == CURLE_OPERATION_TIMEDOUT)
        class = HF_ERROR_TIMEOUT;
    else if (code == CURLE_ABORTED_BY_CALLBACK)
        class = HF_ERROR_UNAVAILABLE;
    else if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL)
        class = HF_ERROR_INVALID;
    if (code == CURLE_WRITE_ERROR)
        return hf_error_set(err, class, "the answer is too large");
    return hf_error_set(err, class, "%s", *h->detail ? h->detail : curl_easy_strerror(code));
}

static int
perform(struct hf_http *h, const struct hf_http_request *q, bool post, struct hf_http_response *r,
        struct hf_error *err)
{
    struct curl_slist *headers = NULL;
    CURLcode code;
    curl_off_t retry_after = 0;
    long status = 0;

    hf_buf_clear(&r->body);
    hf_buf_clear(&r->headers);
    h->detail[0] = '\0';
    if (make_headers(q, &headers) < 0) {
        curl_slist_free_all(headers);
        return hf_error_nomem(err);
    }
    set_up(h, q, r, headers);
    if (post) {
        curl_easy_setopt(h->curl, CURLOPT_POST, 1L);
        curl_easy_setopt(h->curl, CURLOPT_POSTFIELDS, q->body ? q->body : "");
        curl_easy_setopt(h->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body_len);
    }
    code = curl_easy_perform(h->curl);
    curl_slist_free_all(headers);
    if (code != CURLE_OK)
        return failed(h, code, err);
    curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(h->curl, CURLINFO_RETRY_AFTER, &retry_after);
    r->status = (int)status;
    r->retry_after_s = retry_after;
    return 0;
}

int
hf_http_post(struct hf_http *h, const struct hf_http_request *request,
             struct hf_http_response *response, struct hf_error *err)
{
    return perform(h, request, true, response, err);
}

int
hf_http_get(struct hf_http *h, const struct hf_http_request *request,
            struct hf_http_response *response, struct hf_error *err)
{
    return perform(h, request, false, response, err);
}

bool
hf_http_header(const struct hf_http_response *r, const char *name, char *out, size_t size)
{
    size_t name_len = strlen(name);
    const char *line = r->headers.data;

    for (; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        size_t len = strcspn(line, "\r\n");
        const char *value = line + name_len + 1;

        if (len <= name_len || line[name_len] != ':' || strncasecmp(line, name, name_len) != 0)
            continue;
        while (value < line + len && *value == ' ')
            value++;
        len -= (size_t)(value - line);
        if (len >= size)
            return false;
        memcpy(out, value, len);
        out[len] = '\0';
        return true;
    }
    return false;
}

static enum hf_error_class
class_of(int status)
{
    for (int c = HF_ERROR_NONE + 1; c < HF_ERROR_CLASS_COUNT; c++)
        if (hf_error_http_status((enum hf_error_class)c) == status)
            return (enum hf_error_class)c;
    return HF_ERROR_UPSTREAM;
}

int
hf_http_problem(const struct hf_http_response *r, const char *who, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const char *detail = NULL;

    if (r->body.len && hf_json_parse(r->body.data, r->body.len, &doc, NULL) == 0)
        detail = hf_json_string(doc, "detail");
    return hf_error_set(err, class_of(r->status), "%s answers %d%s%s", who, r->status,
                        detail ? ": " : "", detail ? detail : "");
}

void
hf_http_safe_url(const char *url, char *out, size_t size)
{
    const char *host = strstr(url, "://");
    size_t authority, at = 0;

    host = host ? host + 3 : url;
    authority = strcspn(host, "/?#");
    for (size_t i = 0; i < authority; i++)
        if (host[i] == '@')
            at = i + 1;
    snprintf(out, size, "%.*s%.*s", (int)(host - url), url, (int)(strcspn(host, "?#") - at),
             host + at);
}
