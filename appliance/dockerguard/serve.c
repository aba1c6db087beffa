// SPDX-License-Identifier: Apache-2.0
#include "dockerguard/serve.h"

#include "base/log.h"
#include "dockerguard/link.h"

#include <string.h>

/* ---- body ---- */

static int
check_body(struct hf_dguard_link *l, const struct hf_json *body, struct hf_dguard_needs *needs,
           struct hf_error *err)
{
    const struct hf_dguard_policy *p = &l->server->policy;

    switch (l->call.body) {
    case HF_DGUARD_BODY_CREATE:
        return hf_dguard_check_create(p, l->call.name, body, needs, err);
    case HF_DGUARD_BODY_UPDATE:
        return hf_dguard_check_update(body, err);
    case HF_DGUARD_BODY_NETWORK:
        return hf_dguard_check_network(p, body, err);
    case HF_DGUARD_BODY_VOLUME:
        return hf_dguard_check_volume(p, body, err);
    case HF_DGUARD_BODY_CONNECT:
        return hf_dguard_check_connect(body, err);
    case HF_DGUARD_BODY_DISCONNECT:
        return hf_dguard_check_disconnect(p, body, err);
    default:
        return hf_error_set(err, HF_ERROR_FORBIDDEN, "this call has no body");
    }
}

static int
read_json(struct hf_dguard_link *l, struct hf_json **ret_body, struct hf_error *err)
{
    const struct hf_dguard_request *r = &l->request;

    if (r->chunked || !r->has_length)
        return hf_error_set(err, HF_ERROR_FORBIDDEN, "this call needs a body with Content-Length");
    if (r->length > HF_DGUARD_BODY_MAX)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "the request's body is too large");
    if (hf_dguard_link_body(l, (size_t)r->length, err) < 0)
        return -1;
    return hf_json_parse(l->in.data ? l->in.data : "", l->in.len, ret_body, err);
}

/* ---- a request ---- */

static int
with_json(struct hf_dguard_link *l, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *body = NULL;
    struct hf_dguard_needs needs = {0};
    int rc;

    if (read_json(l, &body, err) < 0 || check_body(l, body, &needs, err) < 0)
        return -1;
    rc = hf_dguard_owner_check(l, body, &needs, err);
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    if (hf_json_print(body, &l->body, err) < 0)
        return -1;
    return hf_dguard_pass(l, err);
}

static int
without_body(struct hf_dguard_link *l, struct hf_error *err)
{
    static const struct hf_dguard_needs none;
    int rc;

    if (l->request.chunked || l->request.length > 0)
        return hf_error_set(err, HF_ERROR_FORBIDDEN, "this call has no body");
    if (hf_dguard_link_body(l, 0, err) < 0)
        return -1;
    rc = hf_dguard_owner_check(l, NULL, &none, err);
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    return hf_dguard_pass(l, err);
}

static int
serve(struct hf_dguard_link *l, struct hf_error *err)
{
    const struct hf_dguard_request *r = &l->request;

    if (hf_dguard_link_head(l, err) < 0 ||
        hf_dguard_route(&l->server->policy, r->method, r->target, &l->call, err) < 0)
        return -1;
    if (l->call.body == HF_DGUARD_BODY_NONE)
        return without_body(l, err);
    if (l->call.body != HF_DGUARD_BODY_TAR)
        return with_json(l, err);
    if (!r->chunked)
        return hf_error_set(err, HF_ERROR_FORBIDDEN, "an image comes in chunks");
    return hf_dguard_pass(l, err);
}

/* Without a class there is nothing to say, or nobody to say it to. */
static void
tell(struct hf_dguard_link *l, const struct hf_error *err)
{
    int status = hf_error_http_status(err->class);

    if (err->class == HF_ERROR_NONE)
        return;
    if (status < 500)
        hf_log_warn("event=refused method=%s target=\"%.200s\" status=%d why=\"%s\"",
                    l->request.method, l->request.target, status, err->message);
    else
        hf_log_info("event=failed method=%s target=\"%.200s\" status=%d why=\"%s\"",
                    l->request.method, l->request.target, status, err->message);
    hf_dguard_link_fail(l, status, err->message);
}

void
hf_dguard_serve(const struct hf_dguard_server *server, int fd)
{
    struct hf_dguard_link l = {
        .server = server,
        .fd = fd,
        .in = HF_BUF_INIT(HF_DGUARD_BODY_MAX + 2 * HF_DGUARD_HEAD_MAX),
    };
    struct hf_error err = {0};

    if (serve(&l, &err) < 0)
        tell(&l, &err);
    free(l.body);
    hf_dguard_call_done(&l.call);
    hf_buf_done(&l.in);
    close(fd);
}
