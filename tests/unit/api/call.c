// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "call.h"
#include "tempdir.h"
#include "world.h"

#include "api/codec.h"
#include "api/router.h"
#include "api/server.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { ANSWER_MAX = 1024 * 1024, ANSWER_ROOM = 64 * 1024 };

static struct hf_identity *identity;
static struct hf_certificates *certificates;
static void *certificate_dir;
static struct hf_api_config config;
char call_cookie[CALL_COOKIE_SIZE];
struct hf_api_common call_common;

static const char *
call_header(void *context, const char *name, size_t *ret_count)
{
    const struct call *c = context;
    const char *first = NULL;
    size_t count = 0;

    for (size_t i = 0; i + 1 < HF_LEN(c->headers) && c->headers[i]; i += 2) {
        if (strcasecmp(c->headers[i], name) == 0 && count++ == 0)
            first = c->headers[i + 1];
    }
    if (ret_count)
        *ret_count = count;
    return first;
}

static bool
call_read(void *context, void *data, size_t len)
{
    struct call *c = context;

    if ((c->body_len ? c->body_len : strlen(c->body)) - c->body_read < len)
        return false;
    memcpy(data, c->body + c->body_read, len);
    c->body_read += len;
    return true;
}

static bool
call_write(void *context, const void *data, size_t len)
{
    struct call *c = context;

    if (c->writes_left-- <= 0)
        return false;
    return hf_buf_add(&c->out, data, len, NULL) == 0;
}

static void
call_close(void *context)
{
    ((struct call *)context)->closed = true;
}

struct hf_wire
call_wire(struct call *c)
{
    return (struct hf_wire){.context = c,
                            .header = call_header,
                            .read = call_read,
                            .write = call_write,
                            .close_after = call_close};
}

void
call_serve(struct call *c, const char *method, const char *path, const char *query, int status)
{
    struct hf_exchange x = {
        .api = &call_common,
        .wire = call_wire(c),
        .method = method,
        .path = path,
        .query = query,
        .peer = "10.0.0.9",
        .body = HF_BUF_INIT(HF_API_BODY_MAX),
    };

    if (c->writes_left == 0)
        c->writes_left = 2;
    c->out = HF_BUF_INIT(ANSWER_MAX);
    if (c->before) {
        assert_non_null(hf_buf_reserve(&c->out, ANSWER_ROOM));
        c->before(true);
    }
    hf_router_serve(&x);
    if (c->before)
        c->before(false);
    hf_buf_done(&x.body);
    c->status = x.status;
    if (status != CALL_ANY && x.status != status)
        fail_msg("%s %s: %d instead of %d: %s", method, path, x.status, status,
                 c->out.data ? c->out.data : "");
}

bool
call_has(const struct call *c, const char *text)
{
    return c->out.data && strstr(c->out.data, text);
}

void
call_expect(const char *method, const char *path, const char *query, int status, const char *text)
{
    struct call c = {.headers = {"Host", "10.0.0.1", "Cookie", call_cookie}};

    call_serve(&c, method, path, query, status);
    if (text && !call_has(&c, text))
        fail_msg("%s %s: no '%s' in %s", method, path, text, c.out.data);
    hf_buf_done(&c.out);
}

int
call_set_up(void **state)
{
    char token[HF_TOKEN_SIZE], set_aside[PATH_MAX];

    (void)state;
    if (tempdir_make(&certificate_dir) < 0)
        return -1;
    assert_int_equal(
        hf_certificates_open(certificate_dir, "press-hall-3", &certificates, set_aside, NULL), 0);
    world_fill(&world_snapshot);
    identity = world_identity(token);
    snprintf(call_cookie, sizeof call_cookie, "__Host-holdfast=%s", token);
    config = (struct hf_api_config){
        .identity = identity, .engine_ops = &world_engine_ops, .certificates = certificates};
    call_common.config = &config;
    hf_streams_init(&call_common.streams);
    hf_state_cache_init(&call_common.state, hf_codec_state);
    hf_state_cache_init(&call_common.services, hf_codec_services);
    hf_once_init(&call_common.once);
    hf_refusals_init(&call_common.refusals);
    return 0;
}

int
call_tear_down(void **state)
{
    (void)state;
    hf_once_done(&call_common.once);
    hf_refusals_done(&call_common.refusals);
    hf_state_cache_done(&call_common.services);
    hf_state_cache_done(&call_common.state);
    hf_streams_done(&call_common.streams);
    hf_identity_free(identity);
    hf_certificates_free(certificates);
    tempdir_drop(&certificate_dir);
    world_leave();
    return 0;
}
