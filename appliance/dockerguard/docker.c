// SPDX-License-Identifier: Apache-2.0
/* The calls that go to Docker: by appliance/h1, which writes the head. */
#include "dockerguard/link.h"
#include "h1/call.h"

#include <errno.h>
#include <string.h>

enum {
    CONNECT_MS = 3000,
    PATH_MAX_BYTES = 4096,
    LOOK_MS = 500 /* whether the other side has gone, while an image comes */
};

/* ---- errors ---- */

/* Where Docker broke the answer off there is nothing to say; who asked sees the same. */
static int
call_error(const struct hf_dguard_link *l, const struct hf_h1_answer *answer, struct hf_error *err)
{
    const char *path = l->server->docker_socket;

    switch (answer->end) {
    case HF_H1_END_NO_CONNECTION:
        return hf_error_set(err, HF_ERROR_UNAVAILABLE,
                            answer->os_error == ENOENT || answer->os_error == ECONNREFUSED
                                ? "nobody listens on the Docker socket %s: is the Docker service "
                                  "running? (%s)"
                                : "the Docker socket %s cannot be opened (%s)",
                            path, strerrordesc_np(answer->os_error));
    case HF_H1_END_TIMEOUT:
        return hf_error_set(err, HF_ERROR_TIMEOUT, "nobody takes connections on %s", path);
    case HF_H1_END_GARBAGE:
        return hf_error_wrap(err, "what answers on the Docker socket %s does not speak HTTP", path);
    case HF_H1_END_CUT:
        hf_error_wrap(err, "the connection to Docker broke");
        if (err)
            err->class = HF_ERROR_NONE;
        return -1;
    default:
        return -1;
    }
}

static bool
is_gone(void *context)
{
    struct hf_dguard_link *const *l = (struct hf_dguard_link *const *)context;

    return hf_dguard_link_gone(*l);
}

static int
perform(struct hf_dguard_link *l, struct hf_h1_call *wire, struct hf_error *err)
{
    bool sends = wire->more != NULL;
    struct hf_h1_answer answer;

    wire->place.socket_path = l->server->docker_socket;
    wire->host = "docker";
    wire->connect_ms = CONNECT_MS;
    wire->cancelled = is_gone;
    wire->look_ms = sends ? LOOK_MS : 0;
    wire->wake_fd = sends ? -1 : l->fd;
    if (hf_h1_call(wire, &answer, err) < 0)
        return call_error(l, &answer, err);
    if (answer.end == HF_H1_END_WHOLE)
        return 0;
    if (err) /* nobody is there any more to be told */
        err->class = HF_ERROR_NONE;
    return -1;
}

/* ---- questions of ours ---- */

struct question {
    struct hf_dguard_link *link; /* first, for is_gone() */
    struct hf_dguard_asked *asked;
    bool too_large;
};

static bool
on_status(void *context, int status)
{
    struct question *q = context;

    q->asked->status = status;
    return true;
}

static bool
on_text(void *context, const char *data, size_t len)
{
    struct question *q = context;

    q->too_large = hf_buf_add(&q->asked->text, data, len, NULL) < 0;
    return !q->too_large;
}

int
hf_dguard_ask(struct hf_dguard_link *l, const char *before, const char *ref, const char *after,
              struct hf_dguard_asked *ret, struct hf_error *err)
{
    struct question q = {.link = l, .asked = ret};
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(PATH_MAX_BYTES);
    struct hf_h1_call wire = {
        .method = "GET",
        .reader = {.context = &q, .begun = on_status, .body = on_text},
    };

    ret->status = 0;
    hf_buf_clear(&ret->text);
    if (hf_buf_addf(&path, err, "/v1.%d%s%s%s", l->call.minor, before, ref, after) < 0)
        return -1;
    wire.path = path.data;
    if (perform(l, &wire, err) == 0)
        return 0;
    if (q.too_large)
        return hf_error_set(err, HF_ERROR_UPSTREAM, "Docker's answer is too large");
    return -1;
}

/* ---- passing on ---- */

struct passage {
    struct hf_dguard_link *link; /* first, for is_gone() */
    bool begun, has_body;
};

static bool
on_begun(void *context, int status)
{
    struct passage *p = context;

    p->begun = true;
    p->has_body = status != 204 && status != 304;
    return hf_dguard_link_begin(p->link, status);
}

static bool
on_piece(void *context, const char *data, size_t len)
{
    struct passage *p = context;

    return hf_dguard_link_piece(p->link, data, len);
}

static int
on_more(void *context, char *out, size_t size, size_t *ret_len, struct hf_error *err)
{
    struct passage *p = context;

    return hf_dguard_link_more(p->link, out, size, ret_len, err);
}

int
hf_dguard_pass(struct hf_dguard_link *l, struct hf_error *err)
{
    struct passage p = {.link = l};
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(PATH_MAX_BYTES);
    struct hf_h1_call wire = {
        .method = l->call.method,
        .body = l->body,
        .more = l->call.body == HF_DGUARD_BODY_TAR ? on_more : NULL,
        .type = l->call.body == HF_DGUARD_BODY_TAR ? "application/x-tar" : NULL,
        .reader = {.context = &p, .begun = on_begun, .body = on_piece},
    };

    if (hf_dguard_call_path(&l->call, &path, err) < 0)
        return -1;
    wire.path = path.data;
    if (perform(l, &wire, err) < 0) {
        if (p.begun && err) /* half an answer is out: it must end as one */
            err->class = HF_ERROR_NONE;
        return -1;
    }
    if (p.has_body)
        (void)hf_dguard_link_end(l);
    return 0;
}
