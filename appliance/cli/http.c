// SPDX-License-Identifier: Apache-2.0
#include "cli/http.h"

#include "base/text.h"

#include <curl/curl.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <strings.h>

enum {
    CONNECT_MS = 10000,
    IDLE_S = 120,            /* the gateway may have to ask a registry first */
    HEADER_LINE_MAX = 16384, /* of a header */
    ALL_HEADERS_MAX = 65536,
    DEFAULT_PORT = 8443,
};

struct cli_http {
    CURL *curl;
    char url[CLI_URL_MAX];
    struct cli_trust *trust;
    struct cli_credentials who;
    char detail[CURL_ERROR_SIZE];

    /* Of the call under way. */
    const struct cli_request *request;
    struct cli_answer *answer;
    struct hf_error *err;
    uint64_t sent;
    size_t header_bytes;
    bool failed; /* err is filled */
    bool enough;
};

/* ---- ^C ---- */

static volatile sig_atomic_t interrupted;

static void
on_interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

void
cli_interrupt_watch(void)
{
    struct sigaction action = {.sa_handler = on_interrupt};

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

bool
cli_interrupted(void)
{
    return interrupted;
}

/* ---- address ---- */

static int
bad_url(const char *text, const char *why, struct hf_error *err)
{
    return hf_error_set(err, HF_ERROR_INVALID,
                        "'%.200s' is no address of a gateway: %s; an example is "
                        "https://press-hall-3.local:8443",
                        text, why);
}

static void
curl_free_auto(char **text)
{
    curl_free(*text);
}

#define AUTO_CURL_TEXT __attribute__((cleanup(curl_free_auto))) char *

static int
write_url(CURLU *u, const char *text, bool has_scheme, char out[CLI_URL_MAX], struct hf_error *err)
{
    AUTO_CURL_TEXT scheme = NULL;
    AUTO_CURL_TEXT host = NULL;
    AUTO_CURL_TEXT port = NULL;
    AUTO_CURL_TEXT path = NULL;
    AUTO_CURL_TEXT other = NULL;

    if (curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) || curl_url_get(u, CURLUPART_HOST, &host, 0))
        return bad_url(text, "it names no host", err);
    if (strcmp(scheme, "https") != 0)
        return bad_url(text, "only https:// is spoken", err);
    if (curl_url_get(u, CURLUPART_USER, &other, 0) == CURLUE_OK)
        return bad_url(text, "user and password are for 'holdfast login'", err);
    if (curl_url_get(u, CURLUPART_QUERY, &other, 0) == CURLUE_OK ||
        curl_url_get(u, CURLUPART_FRAGMENT, &other, 0) == CURLUE_OK ||
        (curl_url_get(u, CURLUPART_PATH, &path, 0) == CURLUE_OK && strcmp(path, "/") != 0))
        return bad_url(text, "leave out what stands behind host and port", err);
    if (host[0] != '[' && host[strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                            "0123456789.-_")])
        return bad_url(text, "its host has other characters than letters, digits and -", err);
    (void)curl_url_get(u, CURLUPART_PORT, &port, has_scheme ? CURLU_DEFAULT_PORT : 0);
    for (char *c = host; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    if (port ? !hf_text_put(out, CLI_URL_MAX, "https://%s:%s", host, port)
             : !hf_text_put(out, CLI_URL_MAX, "https://%s:%d", host, DEFAULT_PORT))
        return bad_url(text, "it is too long", err);
    return 0;
}

int
cli_url_parse(const char *text, char out[CLI_URL_MAX], struct hf_error *err)
{
    char whole[CLI_URL_MAX + 16];
    bool has_scheme = strstr(text, "://") != NULL;
    CURLU *u;
    int rc;

    if (!hf_text_put(whole, sizeof whole, "%s%s", has_scheme ? "" : "https://", text))
        return bad_url(text, "it is too long", err);
    u = curl_url();
    if (!u)
        return hf_error_nomem(err);
    if (curl_url_set(u, CURLUPART_URL, whole, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
        rc = bad_url(text, "it cannot be read", err);
    else
        rc = write_url(u, text, has_scheme, out, err);
    curl_url_cleanup(u);
    return rc;
}

/* ---- life ---- */

int
cli_http_new(const char *url, struct cli_trust *trust, struct cli_http **ret, struct hf_error *err)
{
    HF_AUTO(cli_http) struct cli_http *h = calloc(1, sizeof *h);

    if (!h)
        return hf_error_nomem(err);
    h->trust = trust;
    if (!hf_text_put(h->url, sizeof h->url, "%s", url))
        return hf_error_set(err, HF_ERROR_INVALID, "the address is too long");
    h->curl = curl_easy_init();
    if (!h->curl)
        return hf_error_nomem(err);
    *ret = hf_steal(&h);
    return 0;
}

void
cli_http_free(struct cli_http *h)
{
    if (!h)
        return;
    if (h->curl)
        curl_easy_cleanup(h->curl);
    free(h);
}

void
cli_http_credentials(struct cli_http *h, struct cli_credentials who)
{
    h->who = who;
}

void
cli_answer_done(struct cli_answer *a)
{
    hf_buf_done(&a->body);
    explicit_bzero(a->session, sizeof a->session);
}

/* ---- headers of the answer ---- */

/* The value of a line "Name: value", without blanks around it; NULL where it has another name. */
static const char *
value_of(const char *line, size_t len, const char *name, size_t *ret_len)
{
    size_t n = strlen(name);

    if (len <= n || strncasecmp(line, name, n) != 0 || line[n] != ':')
        return NULL;
    line += n + 1;
    len -= n + 1;
    while (len > 0 && strchr(" \t\r\n", line[len - 1]))
        len--;
    while (len > 0 && (*line == ' ' || *line == '\t')) {
        line++;
        len--;
    }
    *ret_len = len;
    return line;
}

static int64_t
number_of(const char *value, size_t len)
{
    char text[HF_TEXT_U64_MAX + 1];
    uint64_t number;

    if (!hf_text_put(text, sizeof text, "%.*s", (int)len, value) || !hf_text_u64(text, &number) ||
        number > INT64_MAX)
        return -1;
    return (int64_t)number;
}

/* The value goes into a file and back into a header: only what the gateway makes, and what other
 * tokens are made of (RFC 6750 §2.1). */
static void
take_cookie(struct cli_answer *a, const char *value, size_t len)
{
    static const char name[] = "__Host-holdfast=";
    size_t n = sizeof name - 1, end;

    if (len < n || strncmp(value, name, n) != 0)
        return;
    value += n;
    len -= n;
    for (end = 0; end < len && value[end] != ';'; end++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=",
                    value[end]))
            return;
    a->has_session = hf_text_put(a->session, sizeof a->session, "%.*s", (int)end, value);
}

static void
take_header(struct cli_answer *a, const char *line, size_t len)
{
    static const char problem[] = "application/problem+json";
    size_t n;
    const char *value;
    int64_t number;

    if ((value = value_of(line, len, "ETag", &n)))
        (void)hf_text_put(a->etag, sizeof a->etag, "%.*s", (int)n, value);
    else if ((value = value_of(line, len, "Set-Cookie", &n)))
        take_cookie(a, value, n);
    else if ((value = value_of(line, len, "Upload-Offset", &n)))
        a->upload_offset = number_of(value, n);
    else if ((value = value_of(line, len, "Content-Type", &n)))
        a->is_problem =
            n >= sizeof problem - 1 && strncasecmp(value, problem, sizeof problem - 1) == 0;
    else if ((value = value_of(line, len, "Retry-After", &n))) {
        number = number_of(value, n);
        a->retry_after_s = number > 0 && number < 86400 ? (int)number : 0;
    }
}

static size_t
on_header(char *data, size_t size, size_t count, void *context)
{
    struct cli_http *h = context;
    size_t len = size * count;

    h->header_bytes += len;
    if (len > HEADER_LINE_MAX || h->header_bytes > ALL_HEADERS_MAX) {
        h->failed = true;
        hf_error_set(h->err, HF_ERROR_UPSTREAM, "%s answers with too many headers", h->url);
        return 0;
    }
    take_header(h->answer, data, len);
    return len;
}

/* ---- bodies ---- */

static bool
is_good(long status)
{
    return status >= 200 && status < 300;
}

static size_t
on_body(char *data, size_t size, size_t count, void *context)
{
    struct cli_http *h = context;
    const struct cli_request *r = h->request;
    size_t len = size * count;
    long status = 0;
    int rc;

    curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
    if (r->take && is_good(status)) {
        rc = r->take(r->context, data, len, h->err);
        h->enough = rc > 0;
        h->failed = rc < 0;
    } else if (hf_buf_add(&h->answer->body, data, len, NULL) < 0) {
        h->failed = true;
        hf_error_set(h->err, HF_ERROR_UPSTREAM, "%s answers with more than %d bytes", h->url,
                     CLI_BODY_MAX);
    }
    return h->failed || h->enough ? 0 : len;
}

static size_t
on_send(char *data, size_t size, size_t count, void *context)
{
    struct cli_http *h = context;
    const struct cli_request *r = h->request;
    size_t room = size * count;
    ssize_t n;

    if (room > r->len - h->sent)
        room = r->len - h->sent;
    n = room ? pread(r->fd, data, room, (off_t)(r->offset + h->sent)) : 0;
    if (n < 0 || (n == 0 && room)) {
        h->failed = true;
        if (n < 0)
            hf_error_errno(h->err, errno, "cannot read the file");
        else
            hf_error_set(h->err, HF_ERROR_INTERNAL, "the file became shorter while it was read");
        return CURL_READFUNC_ABORT;
    }
    h->sent += (uint64_t)n;
    return (size_t)n;
}

static int
on_tick(void *context, curl_off_t dt, curl_off_t dn, curl_off_t ut, curl_off_t un)
{
    (void)context, (void)dt, (void)dn, (void)ut, (void)un;
    return interrupted;
}

/* ---- the question ---- */

static int
add_line(struct curl_slist **list, const char *line, struct hf_error *err)
{
    struct curl_slist *longer = curl_slist_append(*list, line);

    if (!longer)
        return hf_error_nomem(err);
    *list = longer;
    return 0;
}

static int
add_headers(const struct cli_http *h, const struct cli_request *r, struct curl_slist **list,
            struct hf_error *err)
{
    char line[CLI_SECRET_MAX + 64];
    const char *token = h->who.token, *session = h->who.session;
    int rc = 0;

    /* No "Expect: 100-continue": the answer to a small body is worth more than the wait. */
    if (add_line(list, "Accept: application/json, */*;q=0.5", err) < 0 ||
        add_line(list, "Expect:", err) < 0)
        return -1;
    hf_text_put(line, sizeof line, "Content-Type:%s%s", r->type ? " " : "", r->type ? r->type : "");
    if (add_line(list, line, err) < 0)
        return -1;
    for (int i = 0; i < CLI_HEADERS_MAX && r->headers[i]; i++)
        if (add_line(list, r->headers[i], err) < 0)
            return -1;
    if (r->ask_nobody)
        return 0;
    if (token && *token) {
        hf_text_put(line, sizeof line, "Authorization: Bearer %s", token);
        rc = add_line(list, line, err);
    } else if (session && *session) {
        hf_text_put(line, sizeof line, "Cookie: __Host-holdfast=%s", session);
        rc = add_line(list, line, err);
    }
    explicit_bzero(line, sizeof line);
    return rc;
}

static CURLcode
on_tls(CURL *curl, void *ssl_ctx, void *context)
{
    (void)curl;
    cli_trust_set(ssl_ctx, context);
    return CURLE_OK;
}

/* False where this libcurl is none with OpenSSL: then nothing could check the certificate. */
static bool
set_tls(const struct cli_http *h)
{
    CURL *c = h->curl;

    /* A resumed session shows no certificate. Names and authorities say nothing about a
     * certificate that is known by its fingerprint. */
    return curl_easy_setopt(c, CURLOPT_SSL_CTX_FUNCTION, on_tls) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_SSL_CTX_DATA, h->trust) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_SSL_SESSIONID_CACHE, 0L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK;
}

static void
set_body(const struct cli_http *h, const struct cli_request *r)
{
    CURL *c = h->curl;

    if (r->body) {
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, r->body);
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->len);
    } else if (r->type) {
        curl_easy_setopt(c, CURLOPT_POST, 1L);
        curl_easy_setopt(c, CURLOPT_READFUNCTION, on_send);
        curl_easy_setopt(c, CURLOPT_READDATA, h);
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->len);
    } else if (strcmp(r->method, "POST") == 0) {
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, "");
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)0);
    }
    curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, r->method);
}

static int
set_up(struct cli_http *h, const struct cli_request *r, struct curl_slist *headers,
       struct hf_error *err)
{
    CURL *c = h->curl;
    char url[CLI_URL_MAX + 2048];

    if (!hf_text_put(url, sizeof url, "%s/api/v1%s", h->url, r->path))
        return hf_error_set(err, HF_ERROR_INVALID, "what is asked for is too long");
    curl_easy_reset(c); /* keeps the connection */
    if (!set_tls(h))
        return hf_error_set(err, HF_ERROR_INTERNAL,
                            "libcurl %s cannot check a certificate by its fingerprint; libcurl "
                            "with OpenSSL is needed (libcurl4)",
                            curl_version_info(CURLVERSION_NOW)->version);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->detail);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "holdfast/" HF_VERSION);
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)(r->idle_s ? r->idle_s : IDLE_S));
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, h);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, h);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_tick);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_URL, url);
    set_body(h, r);
    return 0;
}

/* ---- how it ended ---- */

static int
explain(const struct cli_http *h, CURLcode code, struct hf_error *err)
{
    const char *detail = h->detail[0] ? h->detail : curl_easy_strerror(code);

    switch (code) {
    case CURLE_ABORTED_BY_CALLBACK:
        return hf_error_set(err, HF_ERROR_CONFLICT, "interrupted");
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
        if (h->trust->seen[0] && strcmp(h->trust->seen, h->trust->wanted) != 0)
            return hf_error_set(err, HF_ERROR_FORBIDDEN,
                                "%s shows another certificate than the one that is trusted",
                                h->url);
        return hf_error_set(err, HF_ERROR_UPSTREAM, "%s does not speak TLS as a gateway does: %s",
                            h->url, detail);
    case CURLE_COULDNT_RESOLVE_HOST:
        return hf_error_set(err, HF_ERROR_UNAVAILABLE,
                            "nobody knows the name in %s: is it right, and is this machine on the "
                            "gateway's network?",
                            h->url);
    case CURLE_OPERATION_TIMEDOUT:
        return hf_error_set(err, HF_ERROR_TIMEOUT, "%s does not answer in time: %s", h->url,
                            detail);
    case CURLE_OUT_OF_MEMORY:
        return hf_error_nomem(err);
    case CURLE_COULDNT_CONNECT:
        return hf_error_set(err, HF_ERROR_UNAVAILABLE,
                            "nothing answers at %s: is the gateway on, and its port right? (%s)",
                            h->url, detail);
    default:
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "the line to %s broke: %s", h->url, detail);
    }
}

static int
perform(struct cli_http *h, const struct cli_request *r, struct cli_answer *a, struct hf_error *err)
{
    CURLcode code;
    long status = 0, sent = 0;

    h->request = r;
    h->answer = a;
    h->err = err;
    h->failed = h->enough = false;
    h->sent = h->header_bytes = 0;
    h->detail[0] = h->trust->seen[0] = '\0';
    code = curl_easy_perform(h->curl);
    curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
    a->status = (int)status;
    if (h->failed)
        return -1;
    curl_easy_getinfo(h->curl, CURLINFO_REQUEST_SIZE, &sent);
    a->line_broke = sent > 0 && code != CURLE_OK && !h->enough && code != CURLE_ABORTED_BY_CALLBACK;
    return code == CURLE_OK || h->enough ? 0 : explain(h, code, err);
}

int
cli_http_call(struct cli_http *h, const struct cli_request *r, struct cli_answer *ret_answer,
              struct hf_error *err)
{
    struct curl_slist *headers = NULL;
    struct hf_error own = {0};
    int rc = -1;

    *ret_answer = (struct cli_answer){.body = HF_BUF_INIT(CLI_BODY_MAX), .upload_offset = -1};
    if (add_headers(h, r, &headers, &own) == 0 && set_up(h, r, headers, &own) == 0)
        rc = perform(h, r, ret_answer, &own);
    curl_slist_free_all(headers);
    if (rc < 0 && err)
        *err = own;
    return rc;
}

int
cli_http_look(struct cli_http *h, struct hf_error *err)
{
    static const struct cli_request nothing = {
        .method = "GET", .path = "/claim", .ask_nobody = true};
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    char wanted[CLI_FINGERPRINT_SIZE];
    struct hf_error own = {0};

    memcpy(wanted, h->trust->wanted, sizeof wanted);
    h->trust->wanted[0] = '\0'; /* so that it is refused, whichever it is */
    (void)!cli_http_call(h, &nothing, &a, &own);
    memcpy(h->trust->wanted, wanted, sizeof wanted);
    if (h->trust->seen[0])
        return 0;
    if (err)
        *err = own;
    return -1;
}
