// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "path/path.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { ADDRESS_SIZE = 64, URL_SIZE = 4096, PROBLEM_MAX = 16384, STALL_BYTES_PER_S = 1 };

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
    CURL *curl;
    struct hf_buf *answer; /* NULL for a stream */
    struct hf_buf problem; /* body of what is no 2xx */
    bool refused;          /* by our sink */
    bool too_large;
    char detail[CURL_ERROR_SIZE];
};

static void
init_once(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

int
hf_path_new(const char tokens[HF_PATH_PEER_COUNT][HF_PATH_TOKEN_SIZE], struct hf_path **ret_path,
            struct hf_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct hf_path *p = calloc(1, sizeof *p);

    if (!p)
        return hf_error_nomem(err);
    pthread_once(&once, init_once);
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

/* ---- libcurl's callbacks ---- */

static bool
is_good(struct ask *a)
{
    long status = 0;

    curl_easy_getinfo(a->curl, CURLINFO_RESPONSE_CODE, &status);
    return status >= 200 && status < 300;
}

/* Fewer bytes taken than given ends the transfer. */
static size_t
take(char *data, size_t size, size_t count, void *context)
{
    struct ask *a = context;
    size_t len = size * count;

    if (!is_good(a)) {
        /* What is past the bound is of no use to anybody. */
        (void)!hf_buf_add(&a->problem, data, len, NULL);
        return len;
    }
    if (a->call->sink) {
        a->refused = !a->call->sink(a->call->context, data, len);
        return a->refused ? 0 : len;
    }
    a->too_large = hf_buf_add(a->answer, data, len, NULL) < 0;
    return a->too_large ? 0 : len;
}

static int
check_stop(void *context, curl_off_t dt, curl_off_t dn, curl_off_t ut, curl_off_t un)
{
    const struct ask *a = context;

    (void)dt, (void)dn, (void)ut, (void)un;
    return atomic_load(&a->path->stopping);
}

/* ---- asking ---- */

static void
set_up(struct ask *a, const char *url, struct curl_slist *headers)
{
    const struct hf_path_call *call = a->call;
    int64_t timeout_ms = call->timeout_ms ? call->timeout_ms : HF_PATH_TIMEOUT_MS;
    CURL *c = a->curl;

    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, a->detail);
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(c, CURLOPT_PROXY, ""); /* whatever the environment says */
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
    curl_easy_setopt(c, CURLOPT_XOAUTH2_BEARER, a->path->tokens[call->peer]);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)HF_PATH_CONNECT_MS);
    if (call->sink) {
        curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)STALL_BYTES_PER_S);
        curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)(timeout_ms / 1000));
    } else {
        curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    }
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, a);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, check_stop);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, a);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    if (call->body) {
        curl_easy_setopt(c, CURLOPT_POST, 1L);
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, call->body);
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(call->body));
    }
}

static int
failed(const struct ask *a, CURLcode code, struct hf_error *err)
{
    const char *who = hf_path_name(a->call->peer);
    const char *why = *a->detail ? a->detail : curl_easy_strerror(code);

    if (code == CURLE_ABORTED_BY_CALLBACK)
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "the gateway is about to end");
    if (a->refused)
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "the reader is gone");
    if (a->too_large)
        return hf_error_set(err, HF_ERROR_UPSTREAM,
                            "the %s answers more than %d MiB: ask for less at a time", who,
                            HF_PATH_ANSWER_MAX >> 20);
    if (code == CURLE_COULDNT_CONNECT)
        return hf_error_set(err, HF_ERROR_UNAVAILABLE,
                            "the %s does not answer: see its log, or restart it", who);
    if (code == CURLE_OPERATION_TIMEDOUT)
        return hf_error_set(err, HF_ERROR_TIMEOUT, "the %s did not answer in time: try again", who);
    return hf_error_set(err, HF_ERROR_UPSTREAM, "the %s: %s", who, why);
}

static enum hf_error_class
class_of(long status)
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
refused_by_peer(struct ask *a, long status, struct hf_error *err)
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
perform(struct ask *a, const char *url, struct hf_error *err)
{
    const char *type = a->call->type ? a->call->type : "application/json";
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:"), *more;
    char content_type[128];
    long status = 0;
    CURLcode code;

    hf_text_put(content_type, sizeof content_type, "Content-Type: %s", type);
    more = headers ? curl_slist_append(headers, content_type) : NULL;

    if (!more) {
        curl_slist_free_all(headers);
        return hf_error_nomem(err);
    }
    set_up(a, url, headers);
    code = curl_easy_perform(a->curl);
    curl_slist_free_all(headers);
    if (code != CURLE_OK)
        return failed(a, code, err);
    curl_easy_getinfo(a->curl, CURLINFO_RESPONSE_CODE, &status);
    return status >= 200 && status < 300 ? 0 : refused_by_peer(a, status, err);
}

/* Takes one of the places, and says where to go. */
static int
enter(struct hf_path *p, const struct hf_path_call *call, char url[URL_SIZE], struct hf_error *err)
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
    else if (!hf_text_put(url, URL_SIZE, "http://%s:%u%s", t->address, (unsigned)t->port,
                          call->path))
        rc = hf_error_set(err, HF_ERROR_INVALID, "the query is too long");
    else
        p->calls++;
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
    char url[URL_SIZE];
    int rc;

    if (enter(p, call, url, err) < 0)
        return -1;
    a.curl = curl_easy_init();
    rc = a.curl ? perform(&a, url, err) : hf_error_nomem(err);
    curl_easy_cleanup(a.curl);
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
