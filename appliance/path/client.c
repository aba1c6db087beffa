// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "h1/call.h"
#include "path/path.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum {
    ADDRESS_SIZE = 64,
    HOST_SIZE = ADDRESS_SIZE + 8,
    QUERY_MAX = 4000, /* of the path with its query */
    PROBLEM_MAX = 16384,
    LOOK_MS = 250 /* how often a call asks whether holdfastd is about to end */
};

struct target {
    char address[ADDRESS_SIZE];
    uint16_t port;
};

struct hf_path {
    char tokens[HF_PATH_PEER_COUNT][HF_PATH_TOKEN_SIZE];
    atomic_bool stopping;
    pthread_mutex_t lock; /* guards the rest */
    struct target targets[HF_PATH_PEER_COUNT];
    int calls;
};

/* One call under way. */
struct ask {
    struct hf_path *path;
    const struct hf_path_call *call;
    struct target target;
    struct hf_buf *answer; /* NULL for a stream */
    struct hf_buf problem; /* body of what is no 2xx */
    bool good;             /* a 2xx */
    bool too_large;
};

int
hf_path_new(const char tokens[HF_PATH_PEER_COUNT][HF_PATH_TOKEN_SIZE], struct hf_path **ret_path,
            struct hf_error *err)
{
    struct hf_path *p = calloc(1, sizeof *p);

    if (!p)
        return hf_error_nomem(err);
    pthread_mutex_init(&p->lock, NULL);
    memcpy(p->tokens, tokens, sizeof p->tokens);
    *ret_path = p;
    return 0;
}

void
hf_path_free(struct hf_path *p)
{
    if (!p)
        return;
    pthread_mutex_destroy(&p->lock);
    explicit_bzero(p->tokens, sizeof p->tokens);
    free(p);
}

const char *
hf_path_name(enum hf_path_peer peer)
{
    static const char *const names[HF_PATH_PEER_COUNT] = {
        [HF_PATH_BUFFER] = "buffer",
        [HF_PATH_PROCESSOR] = "processor",
        [HF_PATH_FORWARDER] = "forwarder",
    };

    return names[peer];
}

void
hf_path_set_target(struct hf_path *p, enum hf_path_peer peer, const char *address, uint16_t port)
{
    pthread_mutex_lock(&p->lock);
    hf_text_put(p->targets[peer].address, ADDRESS_SIZE, "%s", address ? address : "");
    p->targets[peer].port = port;
    pthread_mutex_unlock(&p->lock);
}

void
hf_path_stop(struct hf_path *p)
{
    atomic_store(&p->stopping, true);
}

/* ---- what comes ---- */

static bool
begun(void *context, int status)
{
    struct ask *a = context;

    a->good = status >= 200 && status < 300;
    return true;
}

static bool
take(void *context, const char *data, size_t len)
{
    struct ask *a = context;

    if (!a->good) {
        /* What is past the bound is of no use to anybody. */
        (void)!hf_buf_add(&a->problem, data, len, NULL);
        return true;
    }
    if (a->call->sink)
        return a->call->sink(a->call->context, data, len);
    a->too_large = hf_buf_add(a->answer, data, len, NULL) < 0;
    return !a->too_large;
}

static bool
is_stopping(void *context)
{
    const struct ask *a = context;

    return atomic_load(&a->path->stopping);
}

/* ---- asking ---- */

static int
failed(const struct ask *a, enum hf_h1_end end, struct hf_error *err)
{
    const char *who = hf_path_name(a->call->peer);

    switch (end) {
    case HF_H1_END_CANCELLED:
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "the gateway is about to end");
    case HF_H1_END_STOPPED:
        if (!a->too_large)
            return hf_error_set(err, HF_ERROR_UNAVAILABLE, "the reader is gone");
        return hf_error_set(err, HF_ERROR_UPSTREAM,
                            "the %s answers more than %d MiB: ask for less at a time", who,
                            HF_PATH_ANSWER_MAX >> 20);
    case HF_H1_END_NO_CONNECTION:
        return hf_error_set(err, HF_ERROR_UNAVAILABLE,
                            "the %s does not answer: see its log, or restart it", who);
    case HF_H1_END_TIMEOUT:
        return hf_error_set(err, HF_ERROR_TIMEOUT, "the %s did not answer in time: try again", who);
    default:
        return hf_error_wrap(err, "the %s", who);
    }
}

static enum hf_error_class
class_of(int status)
{
    static const enum hf_error_class passed_on[] = {
        HF_ERROR_INVALID,   HF_ERROR_MALFORMED, HF_ERROR_NOT_FOUND,   HF_ERROR_CONFLICT,
        HF_ERROR_TOO_LARGE, HF_ERROR_THROTTLED, HF_ERROR_UNAVAILABLE, HF_ERROR_NO_SPACE,
    };

    for (size_t i = 0; i < HF_LEN(passed_on); i++)
        if (hf_error_http_status(passed_on[i]) == status)
            return passed_on[i];
    return HF_ERROR_UPSTREAM;
}

/* From problem+json (RFC 9457). */
static int
refused_by_peer(struct ask *a, int status, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const struct hf_json *first;
    const char *detail = NULL, *pointer = NULL;

    if (a->problem.len && hf_json_parse(a->problem.data, a->problem.len, &doc, NULL) == 0) {
        first = hf_json_first(hf_json_get(doc, "errors"));
        detail = hf_json_string(doc, "detail");
        pointer = hf_json_string(first, "pointer");
    }
    return hf_error_set_at(err, class_of(status), pointer ? pointer : "", "the %s %s %.300s",
                           hf_path_name(a->call->peer), detail ? "says:" : "answers",
                           detail ? detail : "without giving a reason");
}

static int
perform(struct ask *a, struct hf_error *err)
{
    const struct hf_path_call *call = a->call;
    int64_t timeout_ms = call->timeout_ms ? call->timeout_ms : HF_PATH_TIMEOUT_MS;
    char host[HOST_SIZE];
    const struct hf_h1_call wire = {
        .place = {.address = a->target.address, .port = a->target.port},
        .host = host,
        .method = call->body ? "POST" : "GET",
        .path = call->path,
        .bearer = a->path->tokens[call->peer],
        .body = call->body,
        .type = call->type,
        .connect_ms = HF_PATH_CONNECT_MS,
        .total_ms = call->sink ? 0 : timeout_ms,
        .idle_ms = call->sink ? timeout_ms : 0,
        .cancelled = is_stopping,
        .look_ms = LOOK_MS,
        .wake_fd = -1,
        .reader = {.context = a, .begun = begun, .body = take},
    };
    struct hf_h1_answer answer;

    hf_text_put(host, sizeof host, "%s:%u", a->target.address, (unsigned)a->target.port);
    if (hf_h1_call(&wire, &answer, err) < 0 || answer.end != HF_H1_END_WHOLE)
        return failed(a, answer.end, err);
    return a->good ? 0 : refused_by_peer(a, answer.status, err);
}

/* Takes one of the places, and says where to go. */
static int
enter(struct hf_path *p, const struct hf_path_call *call, struct target *ret_target,
      struct hf_error *err)
{
    const struct target *t = &p->targets[call->peer];
    int rc = 0;

    pthread_mutex_lock(&p->lock);
    if (!*t->address)
        rc = hf_error_set(err, HF_ERROR_UNAVAILABLE,
                          "the %s does not run: start it, or see why it does not",
                          hf_path_name(call->peer));
    else if (p->calls >= HF_PATH_CALLS_MAX)
        rc = hf_error_set(err, HF_ERROR_UNAVAILABLE,
                          "%d questions to the services are under way: try again in a moment",
                          HF_PATH_CALLS_MAX);
    else if (strlen(call->path) > QUERY_MAX)
        rc = hf_error_set(err, HF_ERROR_INVALID, "the query is too long");
    if (rc == 0) {
        *ret_target = *t;
        p->calls++;
    }
    pthread_mutex_unlock(&p->lock);
    return rc;
}

static void
leave(struct hf_path *p)
{
    pthread_mutex_lock(&p->lock);
    p->calls--;
    pthread_mutex_unlock(&p->lock);
}

int
hf_path_ask(struct hf_path *p, const struct hf_path_call *call, struct hf_buf *answer,
            struct hf_error *err)
{
    struct ask a = {.path = p, .call = call, .answer = answer, .problem = HF_BUF_INIT(PROBLEM_MAX)};
    int rc;

    if (enter(p, call, &a.target, err) < 0)
        return -1;
    rc = perform(&a, err);
    hf_buf_done(&a.problem);
    leave(p);
    return rc;
}

int
hf_path_ask_json(struct hf_path *p, const struct hf_path_call *call, struct hf_json **ret_doc,
                 struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf answer = HF_BUF_INIT(HF_PATH_ANSWER_MAX);
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_error why;

    if (hf_path_ask(p, call, &answer, err) < 0)
        return -1;
    if (hf_json_parse(answer.data ? answer.data : "", answer.len, &doc, &why) < 0)
        return hf_error_set(err, HF_ERROR_UPSTREAM, "the %s answers what is no JSON: %s",
                            hf_path_name(call->peer), why.message);
    if (!hf_json_is_object(doc))
        return hf_error_set(err, HF_ERROR_UPSTREAM, "the %s answers no JSON object",
                            hf_path_name(call->peer));
    *ret_doc = hf_steal(&doc);
    return 0;
}
