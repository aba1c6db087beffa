// SPDX-License-Identifier: Apache-2.0
#include "fetch/transfer.h"

#include "base/clock.h"
#include "base/text.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

enum {
    CONNECT_MS = 20000,
    STALL_BYTES_LEAST = 1024, /* of a stretch of stall_ms */
    HEADER_LINE_MAX = 8192,
};

struct hf_fetcher {
    CURL *curl;
    const struct hf_fetch_request *request;
    char detail[CURL_ERROR_SIZE];

    /* Of the transfer under way. */
    struct hf_transfer *t;
    struct hf_error *err;
    bool failed; /* err is filled */
    bool stalled;
    uint64_t at;        /* place of the next byte that comes */
    int64_t stretch_ms; /* when the stretch began */
    uint64_t stretch_len;
};

int
hf_fetcher_new(const struct hf_fetch_request *r, struct hf_fetcher **ret, struct hf_error *err)
{
    HF_AUTO(hf_fetcher) struct hf_fetcher *f = calloc(1, sizeof *f);

    if (!f)
        return hf_error_nomem(err);
    f->request = r;
    f->curl = curl_easy_init();
    if (!f->curl)
        return hf_error_nomem(err);
    *ret = hf_steal(&f);
    return 0;
}

void
hf_fetcher_free(struct hf_fetcher *f)
{
    if (!f)
        return;
    if (f->curl)
        curl_easy_cleanup(f->curl);
    free(f);
}

/* ---- what comes ---- */

static const char *
value_of(const char *line, size_t *len, const char *name)
{
    size_t n = strlen(name);

    if (*len <= n || strncasecmp(line, name, n) != 0 || line[n] != ':')
        return NULL;
    line += n + 1;
    *len -= n + 1;
    while (*len > 0 && (line[*len - 1] == '\r' || line[*len - 1] == '\n' || line[*len - 1] == ' '))
        --*len;
    while (*len > 0 && (*line == ' ' || *line == '\t')) {
        line++;
        --*len;
    }
    return line;
}

/* "bytes 100-199/200" (RFC 9110 §14.4). */
static void
take_content_range(struct hf_fetcher *f, const char *value, size_t len)
{
    char first[HF_TEXT_U64_MAX + 1];
    uint64_t from;

    if (len < 6 || strncasecmp(value, "bytes ", 6) != 0)
        return;
    value += 6;
    if (hf_text_put(first, sizeof first, "%.*s", (int)strspn(value, "0123456789"), value) &&
        hf_text_u64(first, &from))
        f->at = from;
}

static size_t
on_header(char *data, size_t size, size_t count, void *context)
{
    struct hf_fetcher *f = context;
    size_t len = size * count, value_len = len;
    const char *value;

    if (len > HEADER_LINE_MAX)
        return 0;
    if (len > 5 && strncmp(data, "HTTP/", 5) == 0) { /* of the next answer */
        f->at = 0;
        memset(&f->t->challenge, 0, sizeof f->t->challenge);
    }
    value = value_of(data, &value_len, "WWW-Authenticate");
    if (value) {
        (void)hf_challenge_parse(value, value_len, &f->t->challenge);
        return len;
    }
    value_len = len;
    value = value_of(data, &value_len, "Content-Range");
    if (value)
        take_content_range(f, value, value_len);
    return len;
}

static bool
is_good(long status)
{
    return status == 200 || status == 206;
}

/* What stands before the wanted place is passed over: a server need not know ranges. */
static int
take(struct hf_fetcher *f, const char *data, size_t len)
{
    struct hf_transfer *t = f->t;

    if (f->at > t->from)
        return hf_error_set(f->err, HF_ERROR_UPSTREAM,
                            "the registry sent another part of the blob than was asked for");
    if (f->at + len <= t->from) {
        f->at += len;
        return 0;
    }
    data += t->from - f->at;
    len -= (size_t)(t->from - f->at);
    if (t->take(t->context, data, len, f->err) < 0)
        return -1;
    t->from += len;
    f->at = t->from;
    return 0;
}

static size_t
on_body(char *data, size_t size, size_t count, void *context)
{
    struct hf_fetcher *f = context;
    size_t len = size * count;
    int64_t began_ms = hf_clock_mono_ms();
    long status = 0;

    curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &status);
    if (is_good(status) && len > 0 && take(f, data, len) < 0) {
        f->failed = true;
        return 0;
    }
    f->stretch_len += len;
    f->stretch_ms += hf_clock_mono_ms() - began_ms;
    return len;
}

/* libcurl asks at least once a second. The time in which nobody takes what has come is not the
 * line's: on_body takes it out of the stretch. */
static int
on_tick(void *context, curl_off_t dt, curl_off_t dn, curl_off_t ut, curl_off_t un)
{
    struct hf_fetcher *f = context;
    int64_t now_ms = hf_clock_mono_ms();

    (void)dt, (void)dn, (void)ut, (void)un;
    if (f->stretch_len >= STALL_BYTES_LEAST) {
        f->stretch_len = 0;
        f->stretch_ms = now_ms;
    }
    f->stalled = now_ms - f->stretch_ms > f->request->stall_ms;
    return f->stalled;
}

/* ---- the question ---- */

static void
set_tls(CURL *c, const struct hf_fetch_request *r)
{
    struct curl_blob blob = {
        .data = (void *)(uintptr_t)r->ca_pem, .len = strlen(r->ca_pem), .flags = CURL_BLOB_COPY};

    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, r->plain ? "http" : "https");
    if (blob.len == 0)
        return;
    curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, &blob);
    curl_easy_setopt(c, CURLOPT_CAPATH, NULL); /* in place of the system's */
}

/* Through it even to one without TLS: it sees names and ports alone. */
static void
set_proxy(CURL *c, const struct hf_fetch_request *r)
{
    curl_easy_setopt(c, CURLOPT_PROXY, r->proxy); /* "": nor one from the environment */
    if (!*r->proxy)
        return;
    curl_easy_setopt(c, CURLOPT_NOPROXY, "");
    curl_easy_setopt(c, CURLOPT_HTTPPROXYTUNNEL, 1L);
    curl_easy_setopt(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (*r->proxy_user) {
        curl_easy_setopt(c, CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(c, CURLOPT_PROXYUSERNAME, r->proxy_user);
        curl_easy_setopt(c, CURLOPT_PROXYPASSWORD, r->proxy_password);
    }
}

static int
add_header(struct curl_slist **list, const char *name, const char *value, struct hf_error *err)
{
    char line[HF_FETCH_TOKEN_MAX + 64];
    struct curl_slist *longer;

    if (!value)
        return 0;
    hf_text_put(line, sizeof line, "%s%s", name, value);
    longer = curl_slist_append(*list, line);
    explicit_bzero(line, sizeof line);
    if (!longer)
        return hf_error_nomem(err);
    *list = longer;
    return 0;
}

static void
set_up(struct hf_fetcher *f, const struct hf_transfer *t, struct curl_slist *headers)
{
    CURL *c = f->curl;
    char range[HF_TEXT_U64_MAX + 2];

    curl_easy_reset(c); /* keeps the connection */
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, f->detail);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "holdfast-fetch/" HF_VERSION);
    set_proxy(c, f->request);
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(c, CURLOPT_MAX_RECV_SPEED_LARGE, (curl_off_t)f->request->max_bytes_per_s);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, f);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, f);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_tick);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, f);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_URL, t->url);
    set_tls(c, f->request);
    if (t->user) {
        curl_easy_setopt(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(c, CURLOPT_USERNAME, t->user);
        curl_easy_setopt(c, CURLOPT_PASSWORD, t->password);
    }
    if (t->from > 0) {
        hf_text_put(range, sizeof range, "%llu-", (unsigned long long)t->from);
        curl_easy_setopt(c, CURLOPT_RANGE, range);
    }
}

/* ---- how it ended ---- */

/* What the proxy answered to CONNECT, in place of a way. */
static int
explain_proxy(const struct hf_fetcher *f, long status, struct hf_error *err)
{
    const char *proxy = f->request->proxy;

    if (status == 407)
        return hf_error_set(err, HF_ERROR_UPSTREAM,
                            "the proxy %s does not accept registry.proxy_user and "
                            "registry.proxy_password",
                            proxy);
    return hf_error_set(err, HF_ERROR_UNAVAILABLE,
                        "the proxy %s gives no way to the registry %s: HTTP %ld", proxy,
                        f->request->host, status);
}

static int
explain(const struct hf_fetcher *f, CURLcode code, struct hf_error *err)
{
    const char *detail = f->detail[0] ? f->detail : curl_easy_strerror(code);
    const char *host = f->request->host;
    long connect_status = 0;

    curl_easy_getinfo(f->curl, CURLINFO_HTTP_CONNECTCODE, &connect_status);
    if (connect_status >= 300)
        return explain_proxy(f, connect_status, err);
    switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
        return hf_error_set(err, HF_ERROR_UNAVAILABLE,
                            "the name of the proxy %s is not known here: registry.proxy",
                            f->request->proxy);
    case CURLE_COULDNT_RESOLVE_HOST:
        return hf_error_set(
            err, HF_ERROR_UNAVAILABLE,
            "the name of the registry %s is not known here: is there a network, and "
            "DNS?",
            host);
    case CURLE_COULDNT_CONNECT:
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "cannot connect to the registry %s%s%s: %s",
                            host, *f->request->proxy ? " through " : "", f->request->proxy, detail);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        return hf_error_set(
            err, HF_ERROR_UPSTREAM,
            "the registry %s is not trusted: %s (registry.ca_pem is the place for an "
            "authority of your own)",
            host, detail);
    case CURLE_OUT_OF_MEMORY:
        return hf_error_nomem(err);
    default:
        if (f->stalled)
            return hf_error_set(err, HF_ERROR_TIMEOUT, "the registry %s said nothing for %lld ms",
                                host, (long long)f->request->stall_ms);
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "the line to the registry %s broke: %s",
                            host, detail);
    }
}

static bool
is_worth_another(CURLcode code)
{
    return code != CURLE_PEER_FAILED_VERIFICATION && code != CURLE_SSL_CACERT_BADFILE &&
           code != CURLE_OUT_OF_MEMORY && code != CURLE_UNSUPPORTED_PROTOCOL;
}

static int
finish(struct hf_fetcher *f, struct hf_transfer *t, CURLcode code, struct hf_error *err)
{
    char *redirect = NULL;
    long status = 0;

    curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &status);
    t->status = (int)status;
    if (code == CURLE_OK) {
        curl_easy_getinfo(f->curl, CURLINFO_REDIRECT_URL, &redirect);
        hf_text_put(t->redirect, sizeof t->redirect, "%s", redirect ? redirect : "");
        return 0;
    }
    if (f->failed)
        return -1;
    t->is_cut = is_worth_another(code);
    return explain(f, code, err);
}

int
hf_transfer_perform(struct hf_fetcher *f, struct hf_transfer *t, struct hf_error *err)
{
    struct curl_slist *headers = NULL;
    CURLcode code;
    int rc = -1;

    f->t = t;
    f->err = err;
    f->failed = f->stalled = false;
    f->detail[0] = '\0';
    f->at = f->stretch_len = 0;
    f->stretch_ms = hf_clock_mono_ms();
    t->status = 0;
    t->is_cut = false;
    t->redirect[0] = '\0';
    if (add_header(&headers, "Accept: ", t->accept, err) == 0 &&
        add_header(&headers, "Authorization: Bearer ", t->bearer, err) == 0) {
        set_up(f, t, headers);
        code = curl_easy_perform(f->curl);
        rc = finish(f, t, code, err);
    }
    curl_slist_free_all(headers);
    return rc;
}
