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
hf_request_body(struct hf_request *q, struct hf_buf *b, struct hf_error *err)
{
    enum { STEP = 65536 };

    if (q->info->content_length > 0 && (unsigned long long)q->info->content_length > b->max)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "the body is larger than %zu bytes", b->max);
    for (;;) {
        size_t room = b->max - b->len < STEP ? b->max - b->len : STEP;
        char *to = hf_buf_reserve(b, room);
        char beyond;
        int n;

        if (!to)
            return hf_error_nomem(err);
        n = mg_read(q->conn, room ? to : &beyond, room ? room : 1);
        if (n < 0)
            return hf_error_set(err, HF_ERROR_MALFORMED, "the body was cut off");
        if (n == 0)
            break;
        if (!room)
            return hf_error_set(err, HF_ERROR_TOO_LARGE, "the body is larger than %zu bytes",
                                b->max);
        b->len += (size_t)n;
        b->data[b->len] = '\0';
    }
    if (q->info->content_length >= 0 && b->len != (size_t)q->info->content_length)
        return hf_error_set(err, HF_ERROR_MALFORMED, "the body was cut off");
    q->body_read = true;
    return 0;
}

static void
drain(struct mg_connection *conn)
{
    char waste[4096];
    int left = DRAIN_MAX, n;

    while (left > 0 && (n = mg_read(conn, waste, sizeof waste)) > 0)
        left -= n;
}

void
hf_request_answer(struct hf_request *q, int status, const char *type, const char *headers,
                  const void *body, size_t len)
{
    char head[HEAD_MAX];
    /* What was not read of the body would be taken for the next request. */
    bool close = !q->body_read && q->info->content_length != 0 &&
                 strcmp(q->info->request_method, "GET") != 0;
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
    if (hf_json_print(problem, &text, NULL) < 0) {
        hf_request_answer_status(q, status);
        return;
    }
    hf_request_answer(q, status, "application/problem+json", NULL, text, strlen(text));
}
