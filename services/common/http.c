// SPDX-License-Identifier: Apache-2.0
#include "common/http.h"

#include "common/last_address.h"
#include "common/stop.h"
#include "json/json.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    STALL_BYTES_PER_S = 64, /* slower than any modem */
    AUTHORITY_MAX = 640,    /* two names and two ports */
};

struct hf_http {
    CURL *curl;
    char detail[CURL_ERROR_SIZE];
    struct hf_last_address last; /* of the host of the last request that got so far */
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
    return hf_buf_add(ctx, data, size * count, NULL) < 0 ? 0 : size * count;
}

static size_t
take_body(char *data, size_t size, size_t count, void *ctx)
{
    struct hf_http_response *r = ctx;
    size_t len = size * count, room = r->body.max - r->body.len;

    if (r->body.max == 0)
        return len;
    if (r->cut && len > room)
        return hf_buf_add(&r->body, data, room, NULL) < 0 ? 0 : len;
    return take(data, size, count, &r->body);
}

static int
check_stop(void *ctx, curl_off_t dt, curl_off_t dn, curl_off_t ut, curl_off_t un)
{
    const struct hf_http_request *q = ctx;

    (void)dt, (void)dn, (void)ut, (void)un;
    return (!q->patient && hf_stopping()) || (q->cancel && atomic_load(q->cancel));
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
set_blob(CURL *c, CURLoption option, const char *pem)
{
    struct curl_blob blob = {
        .data = (void *)(uintptr_t)pem, .len = strlen(pem), .flags = CURL_BLOB_COPY};

    curl_easy_setopt(c, option, &blob);
}

static bool
given(const char *text)
{
    return text && *text;
}

static CURLcode
show_tls(CURL *c, void *ssl_ctx, void *ctx)
{
    const struct hf_http_request *q = ctx;

    (void)c;
    q->watch_tls(ssl_ctx, q->watcher);
    return CURLE_OK;
}

static void
set_tls(CURL *c, const struct hf_http_request *q)
{
    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (given(q->ca_pem)) {
        set_blob(c, CURLOPT_CAINFO_BLOB, q->ca_pem);
        curl_easy_setopt(c, CURLOPT_CAPATH, NULL); /* in place of the system's */
    }
    if (given(q->client_cert_pem) && given(q->client_key_pem)) {
        curl_easy_setopt(c, CURLOPT_SSLCERTTYPE, "PEM");
        curl_easy_setopt(c, CURLOPT_SSLKEYTYPE, "PEM");
        set_blob(c, CURLOPT_SSLCERT_BLOB, q->client_cert_pem);
        set_blob(c, CURLOPT_SSLKEY_BLOB, q->client_key_pem);
    }
    if (q->watch_tls) {
        curl_easy_setopt(c, CURLOPT_SSL_CTX_FUNCTION, show_tls);
        curl_easy_setopt(c, CURLOPT_SSL_CTX_DATA, (void *)(uintptr_t)q);
    }
}

static void
set_proxy(CURL *c, const struct hf_http_request *q)
{
    if (!given(q->proxy)) {
        curl_easy_setopt(c, CURLOPT_PROXY, ""); /* nor one from the environment */
        return;
    }
    curl_easy_setopt(c, CURLOPT_PROXY, q->proxy);
    curl_easy_setopt(c, CURLOPT_HTTPPROXYTUNNEL, 1L);
    curl_easy_setopt(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (given(q->proxy_user)) {
        curl_easy_setopt(c, CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(c, CURLOPT_PROXYUSERNAME, q->proxy_user);
        curl_easy_setopt(c, CURLOPT_PROXYPASSWORD, q->proxy_password ? q->proxy_password : "");
    }
}

static void
set_limits(CURL *c, const struct hf_http_request *q)
{
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)q->connect_timeout_ms);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)q->timeout_ms);
    if (q->stall_s) {
        curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)STALL_BYTES_PER_S);
        curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)q->stall_s);
    }
    if (q->max_bytes_per_s)
        curl_easy_setopt(c, CURLOPT_MAX_SEND_SPEED_LARGE, (curl_off_t)q->max_bytes_per_s);
    if (!q->patient || q->cancel) {
        curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, check_stop);
        curl_easy_setopt(c, CURLOPT_XFERINFODATA, (void *)(uintptr_t)q);
        curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    }
}

static void
set_up(struct hf_http *h, const struct hf_http_request *q, struct hf_http_response *r,
       struct curl_slist *headers)
{
    CURL *c = h->curl;

    curl_easy_reset(c); /* keeps the connection and the DNS cache */
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->detail);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_USERAGENT, q->user_agent ? q->user_agent : "holdfast/" HF_VERSION);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, r);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, &r->headers);
    if (given(q->bearer)) {
        curl_easy_setopt(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        curl_easy_setopt(c, CURLOPT_XOAUTH2_BEARER, q->bearer);
    }
    set_limits(c, q);
    set_tls(c, q);
    set_proxy(c, q);
}

static int
failed(struct hf_http *h, CURLcode code, struct hf_error *err)
{
    enum hf_error_class class = HF_ERROR_UPSTREAM;

    if (code == CURLE_OPERATION_TIMEDOUT)
        class = HF_ERROR_TIMEOUT;
    else if (code == CURLE_ABORTED_BY_CALLBACK)
        class = HF_ERROR_UNAVAILABLE;
    else if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ||
             code == CURLE_SSL_CERTPROBLEM || code == CURLE_SSL_CACERT_BADFILE)
        class = HF_ERROR_INVALID;
    if (code == CURLE_WRITE_ERROR)
        return hf_error_set(err, class, "the answer is too large");
    return hf_error_set(err, class, "%s", *h->detail ? h->detail : curl_easy_strerror(code));
}

/* The connection goes to the URL's host, TLS and its certificate are those of server_name. */
static struct curl_slist *
set_target(struct hf_http *h, const struct hf_http_request *q, const char *url, CURLU *parts)
{
    struct curl_slist *to = NULL;
    char line[AUTHORITY_MAX];
    char *host = NULL, *port = NULL;

    if (!given(q->server_name) || curl_url_set(parts, CURLUPART_URL, url, 0) ||
        curl_url_get(parts, CURLUPART_HOST, &host, 0) ||
        curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) ||
        curl_url_set(parts, CURLUPART_HOST, q->server_name, 0)) {
        curl_easy_setopt(h->curl, CURLOPT_URL, url);
    } else {
        snprintf(line, sizeof line, "%s:%s:%s:%s", q->server_name, port, host, port);
        to = curl_slist_append(NULL, line);
        curl_easy_setopt(h->curl, CURLOPT_CURLU, parts);
        curl_easy_setopt(h->curl, CURLOPT_CONNECT_TO, to);
    }
    curl_free(host);
    curl_free(port);
    return to;
}

/* libcurl sets the time of a connection only with all that stands on it. */
static bool
is_tls_failure(CURLcode code)
{
    return code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION ||
           code == CURLE_SSL_CERTPROBLEM || code == CURLE_SSL_CIPHER ||
           code == CURLE_SSL_ISSUER_ERROR || code == CURLE_SSL_CACERT_BADFILE;
}

static void
note_progress(struct hf_http *h, CURLcode code, struct hf_http_response *r)
{
    curl_off_t resolved = 0, connected = 0, secured = 0, total = 0, sent = 0;
    char *address = NULL;
    long head = 0;

    curl_easy_getinfo(h->curl, CURLINFO_PRIMARY_IP, &address);
    snprintf(r->address, sizeof r->address, "%s", address ? address : "");
    curl_easy_getinfo(h->curl, CURLINFO_NAMELOOKUP_TIME_T, &resolved);
    curl_easy_getinfo(h->curl, CURLINFO_CONNECT_TIME_T, &connected);
    curl_easy_getinfo(h->curl, CURLINFO_PRETRANSFER_TIME_T, &secured);
    curl_easy_getinfo(h->curl, CURLINFO_TOTAL_TIME_T, &total);
    curl_easy_getinfo(h->curl, CURLINFO_SIZE_UPLOAD_T, &sent);
    curl_easy_getinfo(h->curl, CURLINFO_REQUEST_SIZE, &head);
    /* A body that left with its head is counted in both. */
    r->sent_bytes = head > sent ? head : head + sent;
    if (is_tls_failure(code) && !connected)
        connected = total;
    r->phase = code == CURLE_OK ? HF_HTTP_ANSWERED
               : secured > 0    ? HF_HTTP_SECURED
               : connected > 0  ? HF_HTTP_CONNECTED
               : resolved > 0   ? HF_HTTP_RESOLVED
                                : HF_HTTP_NOWHERE;
    if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY)
        r->phase = HF_HTTP_NOWHERE;
    r->reached_us[HF_HTTP_RESOLVED] = resolved;
    r->reached_us[HF_HTTP_CONNECTED] = connected;
    r->reached_us[HF_HTTP_SECURED] = secured;
    r->reached_us[HF_HTTP_ANSWERED] = total;
}

/* Where no resolver knows the host, its last address may still be right. A proxy finds hosts
 * itself. */
static CURLcode
perform_by_name_or_address(struct hf_http *h, const struct hf_http_request *q, const char *url,
                           struct hf_http_response *r)
{
    CURLcode code = curl_easy_perform(h->curl);
    struct curl_slist *resolved;

    note_progress(h, code, r);
    if (given(q->proxy))
        return code;
    if (r->phase >= HF_HTTP_CONNECTED)
        hf_last_address_keep(&h->last, h->curl, url);
    if (r->phase != HF_HTTP_NOWHERE ||
        (code != CURLE_COULDNT_RESOLVE_HOST && code != CURLE_OPERATION_TIMEDOUT))
        return code;
    resolved = hf_last_address_of(&h->last, url);
    if (!resolved)
        return code;
    curl_easy_setopt(h->curl, CURLOPT_RESOLVE, resolved);
    h->detail[0] = '\0';
    code = curl_easy_perform(h->curl);
    note_progress(h, code, r);
    curl_easy_setopt(h->curl, CURLOPT_RESOLVE, NULL);
    curl_slist_free_all(resolved);
    return code;
}

static int
perform_once(struct hf_http *h, const struct hf_http_request *q, const char *url, bool post,
             struct hf_http_response *r, struct hf_error *err)
{
    struct curl_slist *headers = NULL, *to = NULL;
    CURLU *parts = curl_url();
    CURLcode code = CURLE_OUT_OF_MEMORY;
    curl_off_t retry_after = 0;
    long status = 0;

    hf_buf_clear(&r->body);
    hf_buf_clear(&r->headers);
    h->detail[0] = '\0';
    r->status = 0;
    r->retry_after_s = 0;
    if (parts && make_headers(q, &headers) == 0) {
        set_up(h, q, r, headers);
        to = set_target(h, q, url, parts);
        if (post) {
            curl_easy_setopt(h->curl, CURLOPT_POST, 1L);
            curl_easy_setopt(h->curl, CURLOPT_POSTFIELDS, q->body ? q->body : "");
            curl_easy_setopt(h->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body_len);
        }
        code = perform_by_name_or_address(h, q, url, r);
    }
    curl_slist_free_all(headers);
    curl_slist_free_all(to);
    curl_url_cleanup(parts);
    if (code != CURLE_OK)
        return failed(h, code, err);
    curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(h->curl, CURLINFO_RETRY_AFTER, &retry_after);
    r->status = (int)status;
    r->retry_after_s = retry_after;
    return 0;
}

static int
perform(struct hf_http *h, const struct hf_http_request *q, bool post, struct hf_http_response *r,
        struct hf_error *err)
{
    char url[HF_HTTP_URL_MAX], location[HF_HTTP_URL_MAX];

    if (snprintf(url, sizeof url, "%s", q->url) >= (int)sizeof url)
        return hf_error_set(err, HF_ERROR_INVALID, "the address is too long");
    for (int left = q->redirects;; left--) {
        if (perform_once(h, q, url, post, r, err) < 0)
            return -1;
        if ((r->status != 307 && r->status != 308) || left <= 0 ||
            !hf_http_header(r, "Location", location, sizeof location) ||
            !hf_http_same_origin(url, location, url, sizeof url))
            return 0;
    }
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

/* Copies a part; empty where it is not there, false where it does not fit. */
static bool
url_part(CURLU *u, CURLUPart part, unsigned flags, char *out, size_t size)
{
    char *text = NULL;
    bool fits = true;

    out[0] = '\0';
    if (curl_url_get(u, part, &text, flags) == CURLUE_OK)
        fits = snprintf(out, size, "%s", text) < (int)size;
    curl_free(text);
    return fits;
}

static bool
origin_of(CURLU *u, char *out, size_t size)
{
    char scheme[16], host[256], port[8];

    return url_part(u, CURLUPART_SCHEME, 0, scheme, sizeof scheme) &&
           url_part(u, CURLUPART_HOST, 0, host, sizeof host) &&
           url_part(u, CURLUPART_PORT, CURLU_DEFAULT_PORT, port, sizeof port) &&
           snprintf(out, size, "%s://%s:%s", scheme, host, port) < (int)size;
}

bool
hf_http_same_origin(const char *url, const char *location, char *out, size_t size)
{
    CURLU *u = curl_url();
    char before[HF_HTTP_URL_MAX], after[HF_HTTP_URL_MAX], found[HF_HTTP_URL_MAX];
    bool same = u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
                origin_of(u, before, sizeof before) &&
                curl_url_set(u, CURLUPART_URL, location, 0) == CURLUE_OK &&
                origin_of(u, after, sizeof after) && strcasecmp(before, after) == 0 &&
                url_part(u, CURLUPART_URL, 0, found, sizeof found);

    curl_url_cleanup(u);
    return same && snprintf(out, size, "%s", found) < (int)size;
}

static bool
take_url_apart(CURLU *u, struct hf_http_url *r)
{
    char port[8], user[8], password[8];
    size_t len;

    if (!url_part(u, CURLUPART_SCHEME, 0, r->scheme, sizeof r->scheme) ||
        !url_part(u, CURLUPART_HOST, 0, r->host, sizeof r->host) || !*r->host ||
        !url_part(u, CURLUPART_PORT, 0, port, sizeof port))
        return false;
    len = strlen(r->host);
    if (r->host[0] == '[' && r->host[len - 1] == ']') {
        memmove(r->host, r->host + 1, len - 2);
        r->host[len - 2] = '\0';
    }
    r->port = (int)strtol(port, NULL, 10);
    (void)url_part(u, CURLUPART_USER, 0, user, sizeof user);
    (void)url_part(u, CURLUPART_PASSWORD, 0, password, sizeof password);
    r->user = *user || *password;
    return true;
}

int
hf_http_url_parse(const char *url, struct hf_http_url *ret_url, struct hf_error *err)
{
    CURLU *u = curl_url();
    struct hf_http_url r = {0};
    char *path = NULL;
    bool ok = u && curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
              take_url_apart(u, &r) && curl_url_get(u, CURLUPART_PATH, &path, 0) == CURLUE_OK;

    if (ok)
        r.path = strdup(path);
    curl_free(path);
    curl_url_cleanup(u);
    if (!ok)
        return hf_error_set(err, HF_ERROR_INVALID, "this is no address like scheme://host/path");
    if (!r.path)
        return hf_error_nomem(err);
    *ret_url = r;
    return 0;
}

void
hf_http_url_done(struct hf_http_url *u)
{
    free(u->path);
    u->path = NULL;
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
