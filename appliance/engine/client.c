// SPDX-License-Identifier: Apache-2.0
#include "engine/client.h"

#include "base/text.h"
#include "engine/support.h"
#include "h1/call.h"

#include <errno.h>
#include <string.h>

enum {
    CONNECT_MS = 3000,
    LOOK_MS = 1000, /* how often a stream asks whether it is cancelled */
    ERROR_BYTES_MAX = 64 * 1024,
    API_NEWEST_MINOR = 47, /* what this client was written against */
    API_OLDEST_MINOR = 41
};

/* One call under way. */
struct transfer {
    const struct hf_client_call *call;
    struct hf_buf *answer;
    struct hf_buf error_body;
    struct hf_error *err;
    bool good;
    bool ended;  /* by the sink */
    bool failed; /* err is filled already */
};

/* ---- what comes ---- */

static bool
on_begun(void *context, int status)
{
    struct transfer *t = context;

    t->good = (status >= 200 && status < 300) || status == 304;
    if (t->good && t->call->connected)
        t->call->connected(t->call->context);
    return true;
}

static int
take(struct transfer *t, const char *data, size_t len)
{
    if (!t->good)
        return hf_buf_add(&t->error_body, data, len, t->err);
    if (t->call->sink)
        return t->call->sink(t->call->context, data, len, &t->ended, t->err);
    if (t->answer)
        return hf_buf_add(t->answer, data, len, t->err);
    return 0;
}

static bool
on_body(void *context, const char *data, size_t len)
{
    struct transfer *t = context;

    if (take(t, data, len) < 0)
        t->failed = true;
    return !t->failed && !t->ended;
}

static int
on_more(void *context, char *out, size_t size, size_t *ret_len, struct hf_error *err)
{
    const struct transfer *t = context;

    return t->call->more(t->call->context, out, size, ret_len, err);
}

static bool
is_cancelled(void *context)
{
    const struct transfer *t = context;

    return t->call->cancelled(t->call->context);
}

/* ---- errors ---- */

static int
connect_error(const struct hf_engine *e, int os_error, struct hf_error *err)
{
    switch (os_error) {
    case ENOENT:
        return hf_error_set(err, HF_ERROR_UNAVAILABLE,
                            "the Docker socket %s is not there: is the Docker service running?",
                            e->socket_path);
    case EACCES:
    case EPERM:
        return hf_error_set(err, HF_ERROR_UNAVAILABLE,
                            "the Docker socket %s may not be opened: holdfastd must run as root or "
                            "in the socket's group",
                            e->socket_path);
    case ECONNREFUSED:
        return hf_error_set(
            err, HF_ERROR_UNAVAILABLE,
            "nobody listens on the Docker socket %s: is the Docker service running?",
            e->socket_path);
    default:
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "cannot connect to the Docker socket %s%s%s",
                            e->socket_path, os_error ? ": " : "",
                            os_error ? strerrordesc_np(os_error) : "");
    }
}

/* What of a call that did not come to its end the user should know; err says already why. */
static int
call_error(struct hf_engine *e, const struct hf_client_call *call,
           const struct hf_h1_answer *answer, struct hf_error *err)
{
    switch (answer->end) {
    case HF_H1_END_NO_CONNECTION:
        hf_client_forget(e);
        return connect_error(e, answer->os_error, err);
    case HF_H1_END_NO_BODY:
        return -1;
    case HF_H1_END_TIMEOUT:
        return hf_error_set(err, HF_ERROR_TIMEOUT, "Docker did not answer in time (%s %.80s)",
                            call->method, call->path);
    case HF_H1_END_GARBAGE:
        return hf_error_wrap(err, "what answers on the Docker socket %s does not speak HTTP",
                             e->socket_path);
    case HF_H1_END_CUT:
        hf_client_forget(e);
        hf_error_wrap(err, "the connection to Docker broke");
        if (err)
            err->class = HF_ERROR_UNAVAILABLE;
        return -1;
    default:
        return hf_error_wrap(err, "ask Docker");
    }
}

static enum hf_error_class
class_of(int status, const char *message)
{
    if (strstr(message, "no space left on device"))
        return HF_ERROR_NO_SPACE;
    switch (status) {
    case 400:
    case 403: /* by holdfast-docker */
        return HF_ERROR_INVALID;
    case 404:
        return HF_ERROR_NOT_FOUND;
    case 409:
        return HF_ERROR_CONFLICT;
    case 503: /* by holdfast-docker, where nobody is behind it */
        return HF_ERROR_UNAVAILABLE;
    case 504:
        return HF_ERROR_TIMEOUT;
    default:
        return HF_ERROR_UPSTREAM;
    }
}

/* What stands between us and Docker says itself who speaks. */
static const char *
speaker(const char *message)
{
    return strncmp(message, "holdfast-docker: ", strlen("holdfast-docker: ")) == 0 ? ""
                                                                                   : "Docker: ";
}

static int
status_error(struct hf_engine *e, const struct transfer *t, int status, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const char *message = NULL;

    if (t->error_body.len > 0 &&
        hf_json_parse(t->error_body.data, t->error_body.len, &doc, NULL) == 0)
        message = hf_json_string(doc, "message");
    if (status == 503 || (message && strstr(message, "client version")))
        hf_client_forget(e);
    if (message && message[0])
        return hf_error_set(err, class_of(status, message), "%s%.400s", speaker(message), message);
    return hf_error_set(err, class_of(status, ""), "Docker answered with status %d", status);
}

/* ---- one call ---- */

static int
perform(struct hf_engine *e, struct transfer *t, const char *path, struct hf_error *err)
{
    const struct hf_client_call *call = t->call;
    const struct hf_h1_call wire = {
        .place.socket_path = e->socket_path,
        .host = "docker",
        .method = call->method,
        .path = path,
        .body = call->body,
        .more = call->more ? on_more : NULL,
        .type = call->more ? "application/x-tar" : NULL,
        .connect_ms = CONNECT_MS,
        .total_ms = call->total_ms,
        .idle_ms = call->idle_ms,
        .cancelled = call->cancelled ? is_cancelled : NULL,
        .look_ms = call->look_ms ? call->look_ms : LOOK_MS,
        .wake_fd = e->wake_fd,
        .reader = {.context = t, .begun = on_begun, .body = on_body},
    };
    struct hf_h1_answer answer;
    int rc = hf_h1_call(&wire, &answer, err);

    if (t->failed)
        return -1;
    if (rc < 0)
        return call_error(e, call, &answer, err);
    if (answer.end != HF_H1_END_WHOLE || t->good)
        return 0;
    return status_error(e, t, answer.status, err);
}

static int
transfer(struct hf_engine *e, const struct hf_client_call *call, const char *path,
         struct hf_buf *answer, struct hf_error *err)
{
    struct hf_error ignored;
    struct transfer t = {
        .call = call,
        .answer = answer,
        .error_body = HF_BUF_INIT(ERROR_BYTES_MAX),
        .err = err ? err : &ignored,
    };
    int rc = perform(e, &t, path, t.err);

    hf_buf_done(&t.error_body);
    return rc;
}

static int
parse(const struct hf_buf *answer, struct hf_json **ret_doc, struct hf_error *err)
{
    if (hf_json_parse(answer->data ? answer->data : "", answer->len, ret_doc, err) < 0) {
        hf_error_wrap(err, "Docker's answer is not what it should be");
        if (err && err->class == HF_ERROR_MALFORMED)
            err->class = HF_ERROR_UPSTREAM;
        return -1;
    }
    return 0;
}

/* ---- version ---- */

static int
minor_of(const struct hf_json *doc, const char *member)
{
    const char *text = hf_json_string(doc, member);
    uint64_t minor;

    if (!text || strncmp(text, "1.", 2) != 0 || !hf_text_u64(text + 2, &minor) || minor > 999)
        return -1;
    return (int)minor;
}

static int
choose_minor(const struct hf_json *doc, int *ret_minor, struct hf_error *err)
{
    int newest = minor_of(doc, "ApiVersion");
    int oldest = minor_of(doc, "MinAPIVersion");

    if (newest < 0)
        return hf_error_set(err, HF_ERROR_UPSTREAM, "Docker does not say its API version");
    if (newest < API_OLDEST_MINOR)
        return hf_error_set(
            err, HF_ERROR_UNAVAILABLE,
            "this Docker is too old: its API is 1.%d, 1.%d or newer is needed (Docker "
            "20.10)",
            newest, API_OLDEST_MINOR);
    *ret_minor = newest < API_NEWEST_MINOR ? newest : API_NEWEST_MINOR;
    if (oldest > *ret_minor)
        *ret_minor = oldest;
    return 0;
}

static int
ask(struct hf_engine *e, const char *path, struct hf_json **ret_doc, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf answer = HF_BUF_INIT(ANSWER_BYTES_MAX);
    struct hf_client_call call = {.method = "GET", .path = path, .total_ms = CALL_MS};

    if (transfer(e, &call, path, &answer, err) < 0)
        return -1;
    return parse(&answer, ret_doc, err);
}

int
hf_client_negotiate(struct hf_engine *e, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *version = NULL;
    HF_AUTO(hf_json) struct hf_json *info = NULL;
    struct support support;
    char path[32];
    int minor = 0;
    bool known;

    pthread_mutex_lock(&e->lock);
    known = e->negotiated;
    pthread_mutex_unlock(&e->lock);
    if (known)
        return 0;
    if (ask(e, "/version", &version, err) < 0 || choose_minor(version, &minor, err) < 0)
        return -1;
    hf_text_put(path, sizeof path, "/v1.%d/info", minor);
    if (ask(e, path, &info, err) < 0)
        return -1;
    support = (struct support){
        .memory = hf_json_bool(info, "MemoryLimit", true),
        .swap = hf_json_bool(info, "SwapLimit", true),
        .cpu = hf_json_bool(info, "CpuCfsQuota", true),
        .pids = hf_json_bool(info, "PidsLimit", true),
        .io_weight = hf_support_io_weight(""),
    };
    pthread_mutex_lock(&e->lock);
    e->minor = minor;
    e->support = support;
    e->negotiated = true;
    pthread_mutex_unlock(&e->lock);
    return 0;
}

void
hf_client_forget(struct hf_engine *e)
{
    pthread_mutex_lock(&e->lock);
    e->negotiated = false;
    pthread_mutex_unlock(&e->lock);
}

struct support
hf_client_support(struct hf_engine *e)
{
    struct support s;

    pthread_mutex_lock(&e->lock);
    s = e->support;
    pthread_mutex_unlock(&e->lock);
    return s;
}

/* ---- interface ---- */

int
hf_client_call(struct hf_engine *e, const struct hf_client_call *call, struct hf_buf *answer,
               struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(PATH_BYTES_MAX + 64);
    int minor;

    if (hf_client_negotiate(e, err) < 0)
        return -1;
    pthread_mutex_lock(&e->lock);
    minor = e->minor;
    pthread_mutex_unlock(&e->lock);
    if (hf_buf_addf(&path, err, "/v1.%d%s", minor, call->path) < 0)
        return -1;
    return transfer(e, call, path.data, answer, err);
}

int
hf_client_json(struct hf_engine *e, const struct hf_client_call *call, struct hf_json **ret_doc,
               struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf answer = HF_BUF_INIT(ANSWER_BYTES_MAX);

    if (hf_client_call(e, call, &answer, err) < 0)
        return -1;
    return parse(&answer, ret_doc, err);
}

int
hf_client_get(struct hf_engine *e, const char *path, struct hf_json **ret_doc, struct hf_error *err)
{
    struct hf_client_call call = {.method = "GET", .path = path, .total_ms = CALL_MS};

    return hf_client_json(e, &call, ret_doc, err);
}

static bool
is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~", c));
}

int
hf_client_encode(struct hf_buf *path, const char *text, const char *keep, struct hf_error *err)
{
    for (const char *c = text; *c; c++) {
        int result = is_unreserved(*c) || strchr(keep, *c)
                         ? hf_buf_add(path, c, 1, err)
                         : hf_buf_addf(path, err, "%%%02X", (unsigned char)*c);

        if (result < 0)
            return -1;
    }
    return 0;
}

int
hf_client_path(struct hf_buf *path, const char *before, const char *text, const char *after,
               struct hf_error *err)
{
    hf_buf_clear(path);
    if (hf_buf_adds(path, before, err) < 0 || hf_client_encode(path, text, "", err) < 0)
        return -1;
    return hf_buf_adds(path, after, err);
}
