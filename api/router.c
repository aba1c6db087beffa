// SPDX-License-Identifier: Apache-2.0
#include "api/router.h"

#include "api/guard.h"
#include "api/handlers.h"
#include "api/refusals.h"
#include "api/server.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char API_PREFIX[] = "/api/v1";

static const char PARAM_CHARS[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

bool
hf_route_match(const char *pattern, const char *path, char param[HF_API_PARAM_SIZE])
{
    while (*pattern && *pattern != '{') {
        if (*pattern++ != *path++)
            return false;
    }
    if (*pattern == '{') {
        size_t len = strspn(path, PARAM_CHARS);

        if (len == 0 || len >= HF_API_PARAM_SIZE)
            return false;
        memcpy(param, path, len);
        param[len] = '\0';
        path += len;
        pattern = strchr(pattern, '}') + 1;
        return strcmp(pattern, path) == 0;
    }
    return !*path;
}

static const char *const method_names[HF_METHOD_COUNT] = {
    [HF_METHOD_GET] = "GET",     [HF_METHOD_POST] = "POST",     [HF_METHOD_PUT] = "PUT",
    [HF_METHOD_PATCH] = "PATCH", [HF_METHOD_DELETE] = "DELETE",
};

static bool
method_is(const struct hf_exchange *x, enum hf_method method)
{
    return (method == HF_METHOD_GET && x->head) || strcmp(x->method, method_names[method]) == 0;
}

static bool
is_read(const struct hf_exchange *x)
{
    return x->head || strcmp(x->method, "GET") == 0;
}

/* Whether the request is meant for us. */
static bool
host_allowed(const struct hf_exchange *x)
{
    size_t hosts = 0;
    const char *host = x->wire.header(x->wire.context, "Host", &hosts);

    return hosts == 1 && hf_api_is_host(x->api->config, host);
}

static int
check_origin(const struct hf_exchange *x, struct hf_error *err)
{
    const char *host = hf_exchange_header(x, "Host");

    if (!hf_guard_fetch_site(hf_exchange_header(x, "Sec-Fetch-Site")))
        return hf_error_set(err, HF_ERROR_FORBIDDEN, "a page of another site may not ask this");
    if (!is_read(x) && !hf_guard_origin(hf_exchange_header(x, "Origin"), host))
        return hf_error_set(err, HF_ERROR_FORBIDDEN,
                            "the Origin of the request is not this gateway's");
    return 0;
}

/* Bearer token (RFC 6750, 2.1). Where there is an Authorization header the cookie does not count.
 */
static int
check_token(struct hf_exchange *x, const char *authorization, size_t count, struct hf_error *err)
{
    static const char scheme[] = "Bearer ";
    size_t len = sizeof scheme - 1;
    int rc = count == 1 && strncasecmp(authorization, scheme, len) == 0
                 ? hf_identity_token(x->api->config->identity, authorization + len, x->peer,
                                     &x->session, &x->retry_after_s, err)
                 : hf_error_set(err, HF_ERROR_UNAUTHORIZED,
                                "Authorization is one header of the form 'Bearer hft_…'");

    if (rc < 0)
        hf_reply_header(x, "WWW-Authenticate", "Bearer");
    return rc;
}

static int
identify(struct hf_exchange *x, struct hf_error *err)
{
    size_t count = 0;
    const char *authorization = x->wire.header(x->wire.context, "Authorization", &count);

    if (authorization)
        return check_token(x, authorization, count, err);
    if (!hf_identity_session(x->api->config->identity, x->token, &x->session))
        return hf_error_set(err, HF_ERROR_UNAUTHORIZED, "log in first");
    return 0;
}

int
hf_exchange_need_proof(const struct hf_exchange *x, struct hf_error *err)
{
    if (x->session.proved)
        return 0;
    return hf_error_set(err, HF_ERROR_UNPROVEN,
                        "this needs your password once more: POST it to /api/v1/session/reauth");
}

/* Who has the box, and nobody is there yet. */
static int
check_code(struct hf_exchange *x, struct hf_error *err)
{
    const char *code = hf_exchange_header(x, "Holdfast-Setup-Code");

    if (!code)
        return hf_error_set(err, HF_ERROR_UNAUTHORIZED,
                            "this gateway is not claimed yet: its setup code must come as "
                            "Holdfast-Setup-Code");
    return hf_identity_check_code(x->api->config->identity, code, x->peer, &x->retry_after_s, err);
}

int
hf_exchange_need_role(const struct hf_exchange *x, enum hf_role role, struct hf_error *err)
{
    if (x->session.role >= role)
        return 0;
    return hf_error_set(err, HF_ERROR_FORBIDDEN, "this needs the role %s", hf_role_name(role));
}

static int
check_access(struct hf_exchange *x, enum hf_access access, struct hf_error *err)
{
    static const enum hf_role needed[HF_ACCESS_COUNT] = {
        [HF_ACCESS_VIEWER] = HF_ROLE_VIEWER, [HF_ACCESS_OPERATOR] = HF_ROLE_OPERATOR,
        [HF_ACCESS_ADMIN] = HF_ROLE_ADMIN,   [HF_ACCESS_ADMIN_PROVED] = HF_ROLE_ADMIN,
        [HF_ACCESS_OWNER] = HF_ROLE_ADMIN,
    };

    if (access == HF_ACCESS_PUBLIC)
        return 0;
    if (access == HF_ACCESS_OWNER && !hf_identity_claimed(x->api->config->identity))
        return check_code(x, err);
    if (identify(x, err) < 0)
        return -1;
    if (x->wire.known)
        x->wire.known(x->wire.context);
    if (hf_exchange_need_role(x, needed[access], err) < 0)
        return -1;
    return access == HF_ACCESS_ADMIN_PROVED || access == HF_ACCESS_OWNER
               ? hf_exchange_need_proof(x, err)
               : 0;
}

/* What a browser sends by itself for a page of another site is a cookie, never this header. */
static bool
is_of_a_program(const struct hf_exchange *x, const struct hf_route *route)
{
    return route->access != HF_ACCESS_PUBLIC && hf_exchange_header(x, "Authorization");
}

static int
run(struct hf_exchange *x, const struct hf_route *route, struct hf_error *err)
{
    static const char *const types[] = {[HF_BODY_JSON] = "application/json",
                                        [HF_BODY_JSON_OR_NONE] = "application/json",
                                        [HF_BODY_MERGE_PATCH] = "application/merge-patch+json",
                                        [HF_BODY_FILE] = "application/octet-stream",
                                        [HF_BODY_CSV] = "text/csv"};
    const char *type = hf_exchange_header(x, "Content-Type");
    bool has_body = route->body != HF_BODY_NONE && (type || route->body != HF_BODY_JSON_OR_NONE);

    if ((!is_of_a_program(x, route) && check_origin(x, err) < 0) ||
        check_access(x, route->access, err) < 0)
        return -1;
    if (has_body && !hf_guard_type(type, types[route->body])) {
        char detail[80];

        snprintf(detail, sizeof detail, "the body must be %s", types[route->body]);
        hf_reply_problem(x, 415, detail, NULL);
        return 0;
    }
    if (route->body != HF_BODY_FILE && route->body != HF_BODY_CSV &&
        hf_exchange_read_body(x, has_body ? HF_API_BODY_MAX : 0, err) < 0)
        return -1;
    if (route->query == HF_QUERY_NONE && hf_query_read(x->query, NULL, 0, err) < 0)
        return -1;
    return route->handler(x, err);
}

static void
reply_allow(struct hf_exchange *x, const bool takes[HF_METHOD_COUNT])
{
    char allow[48];

    snprintf(allow, sizeof allow, "%s%s%s%s%sOPTIONS", takes[HF_METHOD_GET] ? "GET, HEAD, " : "",
             takes[HF_METHOD_POST] ? "POST, " : "", takes[HF_METHOD_PUT] ? "PUT, " : "",
             takes[HF_METHOD_PATCH] ? "PATCH, " : "", takes[HF_METHOD_DELETE] ? "DELETE, " : "");
    hf_reply_header(x, "Allow", allow);
    if (strcmp(x->method, "OPTIONS") == 0)
        hf_reply(x, 204, NULL, "no-store", NULL, 0);
    else
        hf_reply_problem(x, 405, "this path does not take that method", NULL);
}

/* False where no route has that path. */
static bool
serve_routes(struct hf_exchange *x, const char *path, const struct hf_route *routes, size_t count)
{
    struct hf_error err = {0};
    bool takes[HF_METHOD_COUNT] = {false};
    bool known = false, plain = false;

    for (size_t i = 0; i < count; i++) {
        const struct hf_route *route = &routes[i];

        bool has_param = strchr(route->pattern, '{') != NULL;

        if ((plain && has_param) || !hf_route_match(route->pattern, path, x->param))
            continue;
        plain = !has_param;
        if (method_is(x, route->method)) {
            if (run(x, route, &err) < 0) {
                hf_refusals_note(x, route, &err);
                hf_reply_error(x, &err);
            }
            return true;
        }
        takes[route->method] = known = true;
    }
    if (known)
        reply_allow(x, takes);
    return known;
}

static void
serve_static(struct hf_exchange *x)
{
    struct hf_error err = {0};

    if (!is_read(x)) {
        reply_allow(x, (const bool[HF_METHOD_COUNT]){[HF_METHOD_GET] = true});
    } else if (hf_exchange_read_body(x, 0, &err) < 0) {
        hf_reply_error(x, &err);
    } else {
        hf_static_serve(x);
    }
}

static void
serve(struct hf_exchange *x)
{
    size_t prefix = sizeof API_PREFIX - 1;

    if (!host_allowed(x)) {
        hf_reply_problem(x, 421, "this gateway does not go by that name; use its address", NULL);
    } else if (strncmp(x->path, API_PREFIX, prefix) == 0 && x->path[prefix] == '/') {
        if (!serve_routes(x, x->path + prefix, hf_routes, hf_route_count))
            hf_reply_problem(x, 404, "there is no such path", NULL);
    } else if (serve_routes(x, x->path, hf_top_routes, hf_top_route_count)) {
        return;
    } else if (hf_static_is_docs(x->path)) {
        serve_static(x);
    } else if (strcmp(x->path, "/api") == 0 || strncmp(x->path, "/api/", 5) == 0) {
        hf_reply_problem(x, 404,
                         "the interface is below /api/v1, and what it is about at /api/docs", NULL);
    } else {
        serve_static(x);
    }
}

void
hf_router_serve(struct hf_exchange *x)
{
    x->head = strcmp(x->method, "HEAD") == 0;
    x->closing = hf_exchange_has_body(x); /* until it is read */
    hf_cookie_token(hf_exchange_header(x, "Cookie"), x->token);
    hf_core_asked_from(x->peer);
    serve(x);
    hf_core_asked_from("");
    hf_reply_done(x);
    if (!is_read(x))
        hf_log_info("event=request method=%s path=%s status=%d user=%s peer=%s", x->method, x->path,
                    x->status, x->session.user[0] ? x->session.user : "-", x->peer);
}
