// SPDX-License-Identifier: Apache-2.0
#include "common/httpd.h"

#include "base/log.h"
#include "base/text.h"
#include "json/json.h"

#include <civetweb.h>
#include <stdio.h>
#include <string.h>

enum {
    HEAD_MAX = 2048,
    TOKEN_MAX = 512,
    NAME_SHOWN_MAX = 40, /* bytes of a wrong parameter in its error */
    /* Closing with bytes unread resets the connection, and the answer is lost with it. */
    DRAIN_MAX = 8 * 1024 * 1024,
};

struct hf_httpd {
    struct hf_httpd_options options;
    struct mg_context *mg;
};

struct hf_request {
    struct mg_connection *conn;
    const struct mg_request_info *info;
    int status; /* answered with; 0 before */
    bool body_read;
    long long body_bytes; /* of it, read so far */
    bool chunked;         /* a streamed answer; false where the reader speaks HTTP/1.0 */
};

/* Every request comes here before civetweb looks for files, forms or handlers of its own. */
static int
begin_request(struct mg_connection *conn)
{
    struct hf_httpd *h = mg_get_user_data(mg_get_context(conn));
    struct hf_request q = {.conn = conn, .info = mg_get_request_info(conn)};

    h->options.handle(h->options.ctx, &q);
    if (!q.status)
        hf_request_answer_status(&q, 500);
    return q.status;
}

static int
log_message(const struct mg_connection *conn, const char *message)
{
    (void)conn;
    hf_log_warn("event=httpd message=\"%s\"", message);
    return 1;
}

int
hf_httpd_start(const struct hf_httpd_options *options, struct hf_httpd **ret_httpd,
               struct hf_error *err)
{
    char threads[12];
    const char *settings[] = {
        "listening_ports",
        options->listen,
        "num_threads",
        threads,
        "enable_keep_alive",
        "yes",
        "keep_alive_timeout_ms",
        "30000",
        "request_timeout_ms",
        "10000",
        "tcp_nodelay",
        "1",
        "enable_directory_listing",
        "no",
        "access_control_allow_origin",
        "",
        "access_control_allow_methods",
        "",
        "access_control_allow_headers",
        "",
        NULL,
    };
    const struct mg_callbacks callbacks = {.begin_request = begin_request,
                                           .log_message = log_message};
    struct hf_httpd *h = calloc(1, sizeof *h);

    if (!h)
        return hf_error_nomem(err);
    snprintf(threads, sizeof threads, "%d", options->threads);
    h->options = *options;
    mg_init_library(0);
    h->mg = mg_start(&callbacks, h, settings);
    if (!h->mg) {
        mg_exit_library();
        free(h);
        return hf_error_set(err, HF_ERROR_UNAVAILABLE,
                            "cannot listen on %s: is the address this host's and the port free?",
                            options->listen);
    }
    *ret_httpd = h;
    return 0;
}

void
hf_httpd_stop(struct hf_httpd *h)
{
    if (!h)
        return;
    mg_stop(h->mg);
    mg_exit_library();
    free(h);
}

bool
hf_request_is(const struct hf_request *q, const char *method, const char *path)
{
    return strcmp(q->info->request_method, method) == 0 && q->info->local_uri &&
           strcmp(q->info->local_uri, path) == 0;
}

/* Adds to the header that a 405 carries (RFC 9110, 15.5.6). */
static void
allow_method(char *header, size_t size, const char *method)
{
    size_t len = strlen(header);

    snprintf(header + len, size - len, "%s%s", len ? ", " : "Allow: ", method);
}

void
hf_request_route(struct hf_request *q, const struct hf_route *routes, size_t count,
                 const char *const *tokens, void *ctx)
{
    char allow[64] = "";
    bool refused = false;
    struct hf_error err;

    for (size_t i = 0; i < count; i++) {
        if (!q->info->local_uri || strcmp(q->info->local_uri, routes[i].path) != 0)
            continue;
        allow_method(allow, sizeof allow, routes[i].method);
        if (strcmp(q->info->request_method, routes[i].method) != 0)
            continue;
        if (hf_request_bears(q, tokens[routes[i].who])) {
            routes[i].handle(ctx, q);
            return;
        }
        refused = true;
    }
    if (refused) {
        hf_error_set(&err, HF_ERROR_UNAUTHORIZED, "the token is not the one for this");
        hf_request_answer_error(q, &err);
        return;
    }
    if (*allow) {
        snprintf(allow + strlen(allow), sizeof allow - strlen(allow), "\r\n");
        hf_request_answer(q, 405, NULL, allow, "", 0);
        return;
    }
    hf_error_set(&err, HF_ERROR_NOT_FOUND, "there is nothing here");
    hf_request_answer_error(q, &err);
}

const char *
hf_request_header(const struct hf_request *q, const char *name)
{
    return mg_get_header(q->conn, name);
}

bool
hf_request_text(const struct hf_request *q, const char *name, char *out, size_t size)
{
    const char *query = q->info->query_string;

    return query && mg_get_var(query, strlen(query), name, out, size) >= 0;
}

bool
hf_request_number(const struct hf_request *q, const char *name, uint64_t otherwise,
                  uint64_t *ret_value)
{
    const char *query = q->info->query_string;
    char text[24];

    *ret_value = otherwise;
    if (!query || mg_get_var(query, strlen(query), name, text, sizeof text) == -1)
        return true;
    return hf_request_text(q, name, text, sizeof text) && hf_text_u64(text, ret_value);
}

int
hf_request_get(const struct hf_request *q, const char *name, char *out, size_t size,
               const char **ret_given, struct hf_error *err)
{
    const char *query = q->info->query_string;
    int rc = query ? mg_get_var(query, strlen(query), name, out, size) : -1;

    if (rc < -1)
        return hf_error_set(err, HF_ERROR_MALFORMED, "%s: at most %zu bytes", name, size - 1);
    *ret_given = rc < 0 ? NULL : out;
    return 0;
}

static int
find_name(const char *name, size_t len, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
            return (int)i;
    return -1;
}

int
hf_request_parameters(const struct hf_request *q, const char *const *names, size_t count,
                      struct hf_error *err)
{
    const char *at = q->info->query_string;
    unsigned seen = 0;

    while (at && *at) {
        size_t all = strcspn(at, "&");
        size_t len = strcspn(at, "=&");
        int i = find_name(at, len, names, count);

        if (i < 0)
            return hf_error_set(err, HF_ERROR_MALFORMED, "there is no parameter '%.*s'",
                                (int)(len < NAME_SHOWN_MAX ? len : NAME_SHOWN_MAX), at);
        if (seen & 1U << i)
            return hf_error_set(err, HF_ERROR_MALFORMED, "the parameter '%s' is there twice",
                                names[i]);
        seen |= 1U << i;
        at += all;
        at += *at == '&';
    }
    return 0;
}

/* Whether what follows a coding gives it the weight 0, in any of its spellings. */
static bool
weighs_nothing(const char *at, size_t len)
{
    const char *q = memchr(at, '=', len);

    if (!q)
        return false;
    for (q++; q < at + len; q++)
        if (*q >= '1' && *q <= '9')
            return false;
    return true;
}

bool
hf_request_accepts(const struct hf_request *q, const char *coding)
{
    const char *at = mg_get_header(q->conn, "Accept-Encoding");
    size_t wanted = strlen(coding);

    while (at && *at) {
        size_t all, len;

        at += strspn(at, " \t,");
        all = strcspn(at, ",");
        len = strcspn(at, " \t,;");
        if (len == wanted && strncasecmp(at, coding, len) == 0)
            return !weighs_nothing(at + len, all - len);
        at += all;
    }
    return false;
}

int64_t
hf_request_body_length(const struct hf_request *q)
{
    return q->info->content_length;
}

bool
hf_request_bears(const struct hf_request *q, const char *token)
{
    static const char scheme[] = "Bearer ";
    const char *value = mg_get_header(q->conn, "Authorization");
    char given[TOKEN_MAX] = {0}, wanted[TOKEN_MAX] = {0};
    unsigned char difference = 0;

    if (!value || strncmp(value, scheme, sizeof scheme - 1) != 0 || !*token)
        return false;
    if (snprintf(given, sizeof given, "%s", value + sizeof scheme - 1) >= (int)sizeof given ||
        snprintf(wanted, sizeof wanted, "%s", token) >= (int)sizeof wanted)
        return false;
    for (size_t i = 0; i < sizeof given; i++)
        difference |= (unsigned char)(given[i] ^ wanted[i]);
    return difference == 0;
}

int
hf_request_read(struct hf_request *q, struct hf_buf *b, size_t step, struct hf_error *err)
{
    size_t room = b->max - b->len < step ? b->max - b->len : step;
    char *to = hf_buf_reserve(b, room);
    char beyond;
    int n;

    if (!to)
        return hf_error_nomem(err);
    n = mg_read(q->conn, room ? to : &beyond, room ? room : 1);
    if (n < 0)
        return hf_error_set(err, HF_ERROR_MALFORMED, "the body was cut off");
    if (n > 0 && !room)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "the body is larger than %zu bytes", b->max);
    if (n > 0) {
        b->len += (size_t)n;
        b->data[b->len] = '\0';
        q->body_bytes += n;
        return 1;
    }
    if (q->info->content_length >= 0 && q->body_bytes != q->info->content_length)
        return hf_error_set(err, HF_ERROR_MALFORMED, "the body was cut off");
    q->body_read = true;
    return 0;
}

int
hf_request_body(struct hf_request *q, struct hf_buf *b, struct hf_error *err)
{
    enum { STEP = 65536 };
    int rc;

    if (q->info->content_length > 0 && (unsigned long long)q->info->content_length > b->max)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "the body is larger than %zu bytes", b->max);
    do
        rc = hf_request_read(q, b, STEP, err);
    while (rc > 0);
    return rc;
}

static void
drain(struct mg_connection *conn)
{
    char waste[4096];
    int left = DRAIN_MAX, n;

    while (left > 0 && (n = mg_read(conn, waste, sizeof waste)) > 0)
        left -= n;
}

/* What was not read of the body would be taken for the next request. */
static bool
must_close(const struct hf_request *q)
{
    return !q->body_read && q->info->content_length != 0 &&
           strcmp(q->info->request_method, "GET") != 0;
}

void
hf_request_answer(struct hf_request *q, int status, const char *type, const char *headers,
                  const void *body, size_t len)
{
    char head[HEAD_MAX];
    bool close = must_close(q);
    char length[48] = "";
    int n;

    if (status != 204) /* RFC 9110, 8.6: no length there */
        snprintf(length, sizeof length, "Content-Length: %zu\r\n", len);
    n = snprintf(head, sizeof head,
                 "HTTP/1.1 %d %s\r\n%sConnection: %s\r\nCache-Control: no-store\r\n%s%s%s%s\r\n",
                 status, mg_get_response_code_text(q->conn, status), length,
                 close ? "close" : "keep-alive", type ? "Content-Type: " : "", type ? type : "",
                 type ? "\r\n" : "", headers ? headers : "");

    q->status = status;
    if (close)
        mg_disable_connection_keep_alive(q->conn);
    if (n < (int)sizeof head)
        (void)(mg_write(q->conn, head, (size_t)n) > 0 && len && mg_write(q->conn, body, len));
    if (close)
        drain(q->conn);
}

void
hf_request_stream_begin(struct hf_request *q, int status, const char *type, const char *headers)
{
    char head[HEAD_MAX];
    bool close;
    int n;

    q->chunked = strcmp(q->info->http_version, "1.0") != 0;
    close = !q->chunked || must_close(q);
    n = snprintf(head, sizeof head,
                 "HTTP/1.1 %d %s\r\n%sConnection: %s\r\nCache-Control: no-store\r\n"
                 "Content-Type: %s\r\n%s\r\n",
                 status, mg_get_response_code_text(q->conn, status),
                 q->chunked ? "Transfer-Encoding: chunked\r\n" : "", close ? "close" : "keep-alive",
                 type, headers ? headers : "");
    q->status = status;
    if (close)
        mg_disable_connection_keep_alive(q->conn);
    if (n < (int)sizeof head)
        (void)mg_write(q->conn, head, (size_t)n);
}

bool
hf_request_stream_write(struct hf_request *q, const void *data, size_t len)
{
    enum { PIECE = 64 * 1024 };
    const char *at = data;

    while (len) {
        size_t piece = len < PIECE ? len : PIECE;

        if (q->chunked ? mg_send_chunk(q->conn, at, (unsigned)piece) < 0
                       : mg_write(q->conn, at, piece) != (int)piece)
            return false;
        at += piece;
        len -= piece;
    }
    return true;
}

void
hf_request_stream_end(struct hf_request *q, bool whole)
{
    if (!whole)
        mg_disable_connection_keep_alive(q->conn);
    else if (q->chunked)
        (void)mg_write(q->conn, "0\r\n\r\n", 5);
}

void
hf_request_answer_json(struct hf_request *q, const struct hf_json *doc)
{
    HF_AUTO_FREE char *text = NULL;
    struct hf_error err = {0};

    if (hf_json_print(doc, &text, &err) < 0)
        hf_request_answer_error(q, &err);
    else
        hf_request_answer(q, 200, "application/json", NULL, text, strlen(text));
}

void
hf_request_answer_status(struct hf_request *q, int status)
{
    hf_request_answer(q, status, NULL, NULL, "", 0);
}

void
hf_request_cut(struct hf_request *q)
{
    q->status = 499;
    mg_disable_connection_keep_alive(q->conn);
}

/* As holdfastd's own API says it. */
static void
put_pointer(struct hf_json *problem, const struct hf_error *err)
{
    struct hf_json *errors, *one;

    if (!*err->pointer)
        return;
    errors = hf_json_array();
    one = hf_json_object();
    hf_json_put_string(one, "pointer", err->pointer);
    hf_json_put_string(one, "detail", err->message);
    hf_json_add(errors, one);
    hf_json_put(problem, "errors", errors);
}

void
hf_request_answer_error(struct hf_request *q, const struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *problem = hf_json_object();
    HF_AUTO_FREE char *text = NULL;
    int status = hf_error_http_status(err->class);

    hf_json_put_string(problem, "type", "about:blank");
    hf_json_put_string(problem, "title", mg_get_response_code_text(q->conn, status));
    hf_json_put_int(problem, "status", status);
    hf_json_put_string(problem, "detail", err->message);
    put_pointer(problem, err);
    if (hf_json_print(problem, &text, NULL) < 0) {
        hf_request_answer_status(q, status);
        return;
    }
    hf_request_answer(q, status, "application/problem+json", NULL, text, strlen(text));
}

void
hf_request_refuse(struct hf_request *q, enum hf_error_class class, const char *why)
{
    struct hf_error err;

    hf_error_set(&err, class, "%s", why);
    hf_request_answer_error(q, &err);
}
