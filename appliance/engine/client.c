// SPDX-License-Identifier: Apache-2.0
#include "engine/client.h"

#include "base/text.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>

enum {
    CONNECT_MS = 3000,
    ERROR_BYTES_MAX = 64 * 1024,
    API_NEWEST_MINOR = 47, /* what this client was written against */
    API_OLDEST_MINOR = 41
};

/* One call under way. */
struct transfer {
    CURL *curl;
    const struct hf_client_call *call;
    struct hf_buf *answer;
    struct hf_buf error_body;
    struct hf_error *err;
    bool begun;
    bool good;
    bool ended;  /* by the sink or by being cancelled */
    bool failed; /* err is filled already */
};

/* ---- callbacks of libcurl ---- */

static void
begin(struct transfer *t)
{
    long status = 0;

    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    t->good = (status >= 200 && status < 300) || status == 304;
    t->begun = true;
    if (t->good && t->call->connected)
        t->call->connected(t->call->context);
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

static size_t
on_body(char *data, size_t size, size_t count, void *context)
{
    struct transfer *t = context;

    if (!t->begun)
        begin(t);
    if (take(t, data, size * count) < 0) {
        t->failed = true;
        return 0;
    }
    return t->ended ? 0 : size * count;
}

/* The empty line behind the headers: a stream may say nothing for long after it. */
static size_t
on_header(char *data, size_t size, size_t count, void *context)
{
    struct transfer *t = context;
    long status = 0;

    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    if (size * count == 2 && memcmp(data, "\r\n", 2) == 0 && status >= 200 && !t->begun)
        begin(t);
    return size * count;
}

/* libcurl asks about once a second, also while nothing comes. */
static int
on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct transfer *t = context;

    (void)a;
    (void)b;
    (void)c;
    (void)d;
    if (t->call->cancelled(t->call->context))
        t->ended = true;
    return t->ended;
}

/* ---- errors ---- */

static int
connect_error(const struct hf_engine *e, long os_error, struct hf_error *err)
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
                            os_error ? strerrordesc_np((int)os_error) : "");
    }
}

static int
curl_error(struct hf_engine *e, const struct transfer *t, CURLcode code, struct hf_error *err)
{
    long os_error = 0;

    curl_easy_getinfo(t->curl, CURLINFO_OS_ERRNO, &os_error);
    switch (code) {
    case CURLE_COULDNT_CONNECT:
        hf_client_forget(e);
        return connect_error(e, os_error, err);
    case CURLE_OPERATION_TIMEDOUT:
        return hf_error_set(err, HF_ERROR_TIMEOUT, "Docker did not answer in time (%s %.80s)",
                            t->call->method, t->call->path);
    case CURLE_OUT_OF_MEMORY:
        return hf_error_nomem(err);
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
        return hf_error_set(err, HF_ERROR_UPSTREAM,
                            "what answers on the Docker socket %s does not speak HTTP",
                            e->socket_path);
    default:
        hf_client_forget(e);
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "the connection to Docker broke: %s",
                            curl_easy_strerror(code));
    }
}

static enum hf_error_class
class_of(long status, const char *message)
{
    if (strstr(message, "no space left on device"))
        return HF_ERROR_NO_SPACE;
    switch (status) {
    case 400:
        return HF_ERROR_INVALID;
    case 404:
        return HF_ERROR_NOT_FOUND;
    case 409:
        return HF_ERROR_CONFLICT;
    default:
        return HF_ERROR_UPSTREAM;
    }
}

static int
status_error(struct hf_engine *e, const struct transfer *t, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const char *message = NULL;
    long status = 0;

    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    if (t->error_body.len > 0 &&
        hf_json_parse(t->error_body.data, t->error_body.len, &doc, NULL) == 0)
        message = hf_json_string(doc, "message");
    if (message && strstr(message, "client version"))
        hf_client_forget(e);
    if (message && message[0])
        return hf_error_set(err, class_of(status, message), "Docker: %.400s", message);
    return hf_error_set(err, class_of(status, ""), "Docker answered with status %ld", status);
}

/* ---- one call ---- */

static bool
set_stream_options(struct transfer *t)
{
    CURL *c = t->curl;
    bool ok = true;

    ok = ok && !curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    ok = ok && !curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
    ok = ok && !curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    ok = ok && !curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
    if (t->call->cancelled) {
        ok = ok && !curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
        ok = ok && !curl_easy_setopt(c, CURLOPT_XFERINFODATA, t);
        ok = ok && !curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    }
    return ok;
}

/* `Expect: 100-continue` would cost a second where the server does not know it. */
static bool
set_options(struct hf_engine *e, struct transfer *t, const char *url, struct curl_slist *headers)
{
    const struct hf_client_call *call = t->call;
    CURL *c = t->curl;
    bool ok = set_stream_options(t);

    ok = ok && !curl_easy_setopt(c, CURLOPT_URL, url);
    ok = ok && !curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, e->socket_path);
    ok = ok && !curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http");
    ok = ok && !curl_easy_setopt(c, CURLOPT_PROXY, "");
    ok = ok && !curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    ok = ok && !curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, call->method);
    ok = ok && !curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    ok = ok && !curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    ok = ok && !curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, call->total_ms);
    if (call->stall_s) {
        ok = ok && !curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
        ok = ok && !curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, call->stall_s);
    }
    if (strcmp(call->method, "POST") == 0) {
        const char *body = call->body ? call->body : "";

        ok = ok && !curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
        ok = ok && !curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
    }
    return ok;
}

static int
conclude(struct hf_engine *e, struct transfer *t, CURLcode code, struct hf_error *err)
{
    if (t->failed)
        return -1;
    if (t->ended)
        return 0;
    if (code != CURLE_OK)
        return curl_error(e, t, code, err);
    return t->good ? 0 : status_error(e, t, err);
}

static int
transfer(struct hf_engine *e, const struct hf_client_call *call, const char *url,
         struct hf_buf *answer, struct hf_error *err)
{
    struct hf_error ignored;
    struct transfer t = {
        .curl = curl_easy_init(),
        .call = call,
        .answer = answer,
        .error_body = HF_BUF_INIT(ERROR_BYTES_MAX),
        .err = err ? err : &ignored,
    };
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    struct curl_slist *all = headers ? curl_slist_append(headers, "Expect:") : NULL;
    int result;

    if (!t.curl || !all || !set_options(e, &t, url, all))
        result = hf_error_nomem(err);
    else
        result = conclude(e, &t, curl_easy_perform(t.curl), err);
    curl_easy_cleanup(t.curl);
    curl_slist_free_all(headers);
    hf_buf_done(&t.error_body);
    return result;
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
    char url[128];

    hf_text_put(url, sizeof url, "http://docker%s", path);
    if (transfer(e, &call, url, &answer, err) < 0)
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
    HF_AUTO_BUF struct hf_buf url = HF_BUF_INIT(PATH_BYTES_MAX + 64);
    int minor;

    if (hf_client_negotiate(e, err) < 0)
        return -1;
    pthread_mutex_lock(&e->lock);
    minor = e->minor;
    pthread_mutex_unlock(&e->lock);
    if (hf_buf_addf(&url, err, "http://docker/v1.%d%s", minor, call->path) < 0)
        return -1;
    return transfer(e, call, url.data, answer, err);
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
