// SPDX-License-Identifier: Apache-2.0
/* holdfast-processor: turns what devices publish into records and hands them to the buffer. */
#include "base/log.h"
#include "common/conf.h"
#include "common/env.h"
#include "common/http.h"
#include "common/pump.h"
#include "common/status.h"
#include "common/stop.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum {
    SETTINGS_POLL_MS = 1000,
    CONNECT_TIMEOUT_MS = 3000,
    /* Longer than the widest durability window and the slowest flash; a batch that was committed
     * all the same is stored twice. */
    COMMIT_TIMEOUT_MS = 30000,
    ANSWER_MAX = 65536,
};

struct service {
    struct hf_conf credentials;
    struct hf_address broker;
    struct hf_account account;
    char url[HF_HOST_MAX + 32];
    pthread_mutex_t lock;
    char token[HF_SECRET_MAX]; /* guarded by lock */
    struct hf_http *http;      /* the pump thread's */
    struct hf_pump *pump;
    struct hf_status *status;
};

static int
read_credentials(struct service *s, const struct hf_json *doc, struct hf_error *err)
{
    if (hf_conf_account(doc, &s->account, err) < 0)
        return -1;
    pthread_mutex_lock(&s->lock);
    hf_conf_text(doc, "buffer_token", s->token, sizeof s->token);
    pthread_mutex_unlock(&s->lock);
    return 0;
}

/* 200 means that the records are on the buffer's disk. */
static int
commit_to_buffer(void *ctx, const char *frames, size_t len, size_t count, struct hf_error *err)
{
    struct service *s = ctx;
    struct hf_http_response answer;
    char token[HF_SECRET_MAX];
    struct hf_http_request request = {
        .url = s->url,
        .content_type = "application/vnd.holdfast.records",
        .bearer = token,
        .body = frames,
        .body_len = len,
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .timeout_ms = COMMIT_TIMEOUT_MS,
        .patient = true,
    };
    int rc;

    (void)count;
    pthread_mutex_lock(&s->lock);
    memcpy(token, s->token, sizeof token);
    pthread_mutex_unlock(&s->lock);
    hf_http_response_init(&answer, ANSWER_MAX);
    rc = hf_http_post(s->http, &request, &answer, err);
    if (rc < 0)
        hf_error_wrap(err, "buffer");
    else if (answer.status != 200)
        rc = hf_http_problem(&answer, "buffer", err);
    hf_http_response_done(&answer);
    return rc;
}

static void
look(void *ctx, struct hf_status_view *view)
{
    struct service *s = ctx;
    struct hf_pump_numbers n;

    hf_pump_get_numbers(s->pump, &n);
    hf_pump_get_reason(s->pump, view->reason);
    view->state = *view->reason  ? HF_STATE_DEGRADED
                  : n.subscribed ? HF_STATE_OK
                                 : HF_STATE_STARTING;
    hf_json_put_int(view->numbers, "subscribed", n.subscribed);
    hf_json_put_int(view->numbers, "in", (int64_t)n.in);
    hf_json_put_int(view->numbers, "out", (int64_t)n.out);
    hf_json_put_int(view->numbers, "skipped_retained", (int64_t)n.skipped_retained);
    hf_json_put_int(view->numbers, "refused", (int64_t)n.refused);
    hf_json_put_int(view->numbers, "waiting", (int64_t)n.waiting);
}

static void *
run_pump(void *arg)
{
    hf_pump_run(arg);
    return NULL;
}

static void
follow_conf(struct service *s)
{
    while (!hf_stop_sleep(SETTINGS_POLL_MS)) {
        HF_AUTO(hf_json) struct hf_json *doc = NULL;
        struct hf_error err = {0};
        int rc = hf_conf_poll(&s->credentials, &doc, &err);

        if (rc > 0 && (rc = read_credentials(s, doc, &err)) == 0) {
            hf_pump_set_account(s->pump, &s->account);
            hf_status_set_account(s->status, &s->account);
        }
        if (rc < 0)
            hf_log_error("event=conf-wrong reason=\"%s\"", err.message);
    }
}

static int
serve(struct service *s, struct hf_error *err)
{
    const struct hf_pump_options pump = {
        .consumer = {.broker = s->broker,
                     .account = s->account,
                     .client_id = "processor",
                     .filter = "field/#"},
        .strip = "field/",
        .commit = commit_to_buffer,
        .ctx = s,
    };
    const struct hf_status_options status = {
        .service = "processor",
        .broker = s->broker,
        .account = s->account,
        .look = look,
        .ctx = s,
    };
    pthread_t thread;
    int rc;

    if (hf_http_new(&s->http, err) < 0 || hf_pump_new(&pump, &s->pump, err) < 0 ||
        hf_status_start(&status, &s->status, err) < 0)
        return -1;
    rc = pthread_create(&thread, NULL, run_pump, s->pump);
    if (rc)
        return hf_error_errno(err, rc, "cannot start the pump");
    hf_log_info("event=ready version=%s", HF_VERSION);
    follow_conf(s);
    pthread_join(thread, NULL);
    hf_status_stop(hf_steal(&s->status));
    hf_pump_free(hf_steal(&s->pump));
    hf_http_free(hf_steal(&s->http));
    return 0;
}

static int
run(struct service *s, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_address buffer;

    if (hf_stop_init(err) < 0 || hf_address_parse(hf_env_broker(), &s->broker, err) < 0 ||
        hf_address_parse(hf_env_buffer(), &buffer, err) < 0)
        return -1;
    snprintf(s->url, sizeof s->url, "http://%s:%d/v1/records", buffer.host, buffer.port);
    if (hf_conf_wait(&s->credentials, &doc) < 0)
        return 0;
    if (read_credentials(s, doc, err) < 0)
        return -1;
    return serve(s, err);
}

int
main(void)
{
    static struct service s = {
        .credentials = HF_CONF_INIT("credentials.json"),
        .lock = PTHREAD_MUTEX_INITIALIZER,
    };
    struct hf_error err = {0};

    if (run(&s, &err) == 0) {
        hf_log_info("event=stopped");
        return 0;
    }
    hf_log_error("event=failed reason=\"%s\"", err.message);
    return 1;
}
