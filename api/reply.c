// SPDX-License-Identifier: Apache-2.0
#include "api/exchange.h"

#include "api/hsts.h"
#include "base/log.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum {
    HEAD_MAX = 4096,
    RETRY_AFTER_DEFAULT_S = 5,
    COMPRESS_LEAST = 1024 /* what is shorter fits into a packet anyway */
};

/* The problem that a client can mend by itself: it asks the person and repeats the request. */
static const char PASSWORD_NEEDED[] = "/api/docs/problems#password-needed";

/* Sent with everything; and HSTS where it locks nobody out (hsts.h). */
static const char SECURITY_HEADERS[] =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n";

static const char PROBLEM_PAGE[] = "/api/docs/problems#";

static const struct {
    int status;
    const char *title;
} TITLES[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {409, "Conflict"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {500, "Internal Server Error"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

const char *
hf_status_title(int status)
{
    for (size_t i = 0; i < HF_LEN(TITLES); i++) {
        if (TITLES[i].status == status)
            return TITLES[i].title;
    }
    return status < 500 ? "Client Error" : "Server Error";
}

void
hf_reply_header(struct hf_exchange *x, const char *name, const char *value)
{
    size_t used = strlen(x->extra), room = sizeof x->extra - used;
    int len = snprintf(x->extra + used, room, "%s: %s\r\n", name, value);

    if (len < 0 || (size_t)len >= room)
        x->extra[used] = '\0';
}

/* What the client wants counts as much as what is left unread of its request. */
static bool
must_close(const struct hf_exchange *x)
{
    const char *connection = hf_exchange_header(x, "Connection");

    return x->closing || x->http10 || (connection && strcasecmp(connection, "close") == 0);
}

static int
add_head(struct hf_exchange *x, int status, const char *type, const char *cache, struct hf_buf *out)
{
    char date[64];
    time_t now = time(NULL);
    struct tm utc;

    gmtime_r(&now, &utc);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &utc);
    if (hf_buf_addf(out, NULL, "HTTP/1.1 %d %s\r\nDate: %s\r\nCache-Control: %s\r\n%s%s%s", status,
                    hf_status_title(status), date, cache, SECURITY_HEADERS, hf_hsts(x),
                    x->extra) < 0)
        return -1;
    if (type && hf_buf_addf(out, NULL, "Content-Type: %s\r\n", type) < 0)
        return -1;
    if (must_close(x)) {
        x->wire.close_after(x->wire.context);
        if (hf_buf_adds(out, "Connection: close\r\n", NULL) < 0)
            return -1;
    }
    x->status = status;
    return 0;
}

/* Whether parameters of so many bytes have a weight of 0 (RFC 9110, 12.4.2). */
static bool
is_refused(const char *params, size_t len)
{
    for (size_t i = 0; i + 2 < len; i++) {
        const char *weight = params + i + 2;
        size_t digits = strspn(weight, "0123456789."), zeros = strspn(weight, "0.");

        if (strncasecmp(params + i, "q=", 2) == 0)
            return digits > 0 && zeros == digits;
    }
    return false;
}

bool
hf_reply_lists(const char *list, const char *item)
{
    size_t item_len = strlen(item);

    while (list && *list) {
        size_t len, name;

        list += strspn(list, ", \t");
        len = strcspn(list, ",");
        name = strcspn(list, ",; \t");
        if (name == item_len && strncasecmp(list, item, item_len) == 0)
            return !is_refused(list + name, len - name);
        list += len;
    }
    return false;
}

/* What shrinks. Event streams are not among them: each event has to leave at once. */
static bool
is_text(const char *type)
{
    static const char *const types[] = {"application/json", "application/problem+json",
                                        "application/openmetrics-text", "application/x-ndjson",
                                        "text/plain"};

    for (size_t i = 0; type && i < HF_LEN(types); i++)
        if (strncmp(type, types[i], strlen(types[i])) == 0)
            return true;
    return false;
}

/* Says of an answer that could be compressed that it depends on the reader. */
static bool
may_compress(struct hf_exchange *x, const char *type)
{
    if (x->encoded || !is_text(type) || strstr(x->extra, "ETag: "))
        return false;
    if (!strstr(x->extra, "Vary: "))
        hf_reply_header(x, "Vary", "Accept-Encoding");
    return hf_reply_lists(hf_exchange_header(x, "Accept-Encoding"), "gzip");
}

static bool
add_to_buf(void *context, const void *data, size_t len)
{
    return hf_buf_add(context, data, len, NULL) == 0;
}

/* False where it has to go out as it is. */
static bool
compress_body(const void *body, size_t len, struct hf_buf *out)
{
    HF_AUTO(hf_gzip) struct hf_gzip *g = hf_gzip_new(add_to_buf, out);

    return g && hf_gzip_add(g, body, len) && hf_gzip_end(g);
}

static void
reply_as_is(struct hf_exchange *x, int status, const char *type, const char *cache,
            const void *body, size_t len)
{
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(HEAD_MAX + HF_API_BODY_MAX);
    bool has_length = status != 204 && status != 304;
    bool together = len <= HF_API_BODY_MAX;

    if (add_head(x, status, type, cache, &out) < 0 ||
        (has_length && hf_buf_addf(&out, NULL, "Content-Length: %zu\r\n", len) < 0) ||
        hf_buf_adds(&out, "\r\n", NULL) < 0)
        return;
    if (x->head || !has_length)
        len = 0;
    /* One write is one TLS record and one packet, which is what most answers fit in. */
    if (len > 0 && together && hf_buf_add(&out, body, len, NULL) < 0)
        return;
    if (hf_exchange_write(x, out.data, out.len) && len > 0 && !together &&
        !hf_exchange_write(x, body, len))
        x->wire.close_after(x->wire.context);
}

void
hf_reply(struct hf_exchange *x, int status, const char *type, const char *cache, const void *body,
         size_t len)
{
    HF_AUTO_BUF struct hf_buf packed = HF_BUF_INIT(len);

    if (may_compress(x, type) && len >= COMPRESS_LEAST && compress_body(body, len, &packed)) {
        hf_reply_header(x, "Content-Encoding", "gzip");
        body = packed.data;
        len = packed.len;
    }
    reply_as_is(x, status, type, cache, body, len);
}

void
hf_reply_json_text(struct hf_exchange *x, int status, const char *text, size_t len)
{
    hf_reply(x, status, "application/json", "no-store", text, len);
}

int
hf_reply_json(struct hf_exchange *x, int status, struct hf_json *consume, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = consume;
    HF_AUTO_FREE char *text = NULL;

    if (hf_json_print(doc, &text, err) < 0)
        return -1;
    hf_reply_json_text(x, status, text, strlen(text));
    return 0;
}

void
hf_problem_type(int status, char out[HF_PROBLEM_TYPE_SIZE])
{
    bool listed = false;

    for (size_t i = 0; i < HF_LEN(TITLES); i++)
        listed = listed || TITLES[i].status == status;
    snprintf(out, HF_PROBLEM_TYPE_SIZE, "%s%s", listed ? PROBLEM_PAGE : "about:blank",
             listed ? hf_status_title(status) : "");
    for (char *c = out; *c; c++)
        *c = (char)(*c == ' ' ? '-' : tolower((unsigned char)*c));
}

static struct hf_json *
problem(const char *type, int status, const char *detail, const char *pointer)
{
    struct hf_json *o = hf_json_object();
    char by_status[HF_PROBLEM_TYPE_SIZE];

    hf_problem_type(status, by_status);
    hf_json_put_string(o, "type", type ? type : by_status);
    hf_json_put_string(o, "title", hf_status_title(status));
    hf_json_put_int(o, "status", status);
    hf_json_put_string(o, "detail", detail);
    if (pointer && pointer[0]) {
        struct hf_json *errors = hf_json_array(), *one = hf_json_object();

        hf_json_put_string(one, "pointer", pointer);
        hf_json_put_string(one, "detail", detail);
        hf_json_add(errors, one);
        hf_json_put(o, "errors", errors);
    }
    return o;
}

static void
reply_problem(struct hf_exchange *x, const char *type, int status, const char *detail,
              const char *pointer)
{
    static const char fallback[] = "{\"type\":\"about:blank\",\"title\":\"Internal Server Error\","
                                   "\"status\":500,\"detail\":\"out of memory\"}";
    HF_AUTO(hf_json) struct hf_json *doc = problem(type, status, detail, pointer);
    HF_AUTO_FREE char *text = NULL;

    if ((status == 429 || status == 503) && x->retry_after_s <= 0)
        x->retry_after_s = RETRY_AFTER_DEFAULT_S;
    if (x->retry_after_s > 0) {
        char seconds[16];

        snprintf(seconds, sizeof seconds, "%d", x->retry_after_s);
        hf_reply_header(x, "Retry-After", seconds);
    }
    if (hf_json_print(doc, &text, NULL) < 0)
        hf_reply(x, 500, "application/problem+json", "no-store", fallback, sizeof fallback - 1);
    else
        hf_reply(x, status, "application/problem+json", "no-store", text, strlen(text));
}

void
hf_reply_problem(struct hf_exchange *x, int status, const char *detail, const char *pointer)
{
    reply_problem(x, NULL, status, detail, pointer);
}

void
hf_reply_error(struct hf_exchange *x, const struct hf_error *err)
{
    int status = hf_error_http_status(err->class);

    if (status == 500)
        hf_log_error("event=request-failed method=%s path=%s reason=\"%s\"", x->method, x->path,
                     err->message);
    reply_problem(x, err->class == HF_ERROR_UNPROVEN ? PASSWORD_NEEDED : NULL, status, err->message,
                  err->pointer);
}

static bool
send_piece(void *context, const void *data, size_t len)
{
    struct hf_exchange *x = context;
    char size[24];
    int n = snprintf(size, sizeof size, "%zx\r\n", len);

    if (x->http10)
        return hf_exchange_write(x, data, len);
    return hf_exchange_write(x, size, (size_t)n) && hf_exchange_write(x, data, len) &&
           hf_exchange_write(x, "\r\n", 2);
}

bool
hf_reply_begin(struct hf_exchange *x, const char *type)
{
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(HEAD_MAX);

    if (may_compress(x, type))
        x->gzip = hf_gzip_new(send_piece, x);
    if (x->gzip)
        hf_reply_header(x, "Content-Encoding", "gzip");
    /* Without chunks (HTTP/1.0) the end of the connection is all that tells the end. */
    if (add_head(x, 200, type, "no-store", &out) < 0 ||
        (!x->http10 && hf_buf_adds(&out, "Transfer-Encoding: chunked\r\n", NULL) < 0) ||
        hf_buf_adds(&out, "\r\n", NULL) < 0)
        return false;
    return hf_exchange_write(x, out.data, out.len) && !x->head;
}

bool
hf_reply_piece(struct hf_exchange *x, const void *data, size_t len)
{
    if (len == 0)
        return true;
    return x->gzip ? hf_gzip_add(x->gzip, data, len) : send_piece(x, data, len);
}

void
hf_reply_end(struct hf_exchange *x)
{
    if ((x->gzip && !hf_gzip_end(x->gzip)) || (!x->http10 && !hf_exchange_write(x, "0\r\n\r\n", 5)))
        x->wire.close_after(x->wire.context);
}

void
hf_reply_done(struct hf_exchange *x)
{
    hf_gzip_free(x->gzip);
    x->gzip = NULL;
}

bool
hf_reply_stream(struct hf_exchange *x)
{
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(HEAD_MAX);

    /* Its end is the end of the connection. */
    x->closing = true;
    if (add_head(x, 200, "text/event-stream", "no-store", &out) < 0 ||
        hf_buf_adds(&out, "\r\n", NULL) < 0)
        return false;
    if (!x->head && hf_buf_adds(&out, hf_sse_opening, NULL) < 0)
        return false;
    return hf_exchange_write(x, out.data, out.len) && !x->head;
}
