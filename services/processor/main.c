// SPDX-License-Identifier: Apache-2.0
/* holdfast-processor: turns what devices publish into records, by rules, and hands them to the
 * buffer. */
#include "base/log.h"
#include "base/text.h"
#include "common/conf.h"
#include "common/env.h"
#include "common/http.h"
#include "common/pump.h"
#include "common/status.h"
#include "common/stop.h"
#include "processor/api.h"
#include "processor/work.h"

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
    struct hf_conf settings;
    struct hf_address broker;
    struct hf_account account;
    char url[HF_HOST_MAX + 32];
    pthread_mutex_t lock;
    char token[HF_SECRET_MAX];        /* guarded by lock */
    char wrong[HF_STATUS_REASON_MAX]; /* guarded by lock: what is wrong with the settings */
    struct hf_http *http;             /* the pump thread's */
    struct hf_work *work;
    struct hf_api *api;
    struct hf_pump *pump;
    struct hf_status *status;
    pthread_t thread;
    bool pumping; /* the thread was started, with the first settings */
};

static int
read_credentials(struct service *s, const struct hf_json *doc, struct hf_error *err)
{
    char token[HF_SECRET_MAX];

    if (hf_conf_account(doc, &s->account, err) < 0)
        return -1;
    pthread_mutex_lock(&s->lock);
    hf_conf_text(doc, "buffer_token", s->token, sizeof s->token);
    pthread_mutex_unlock(&s->lock);
    hf_conf_text(hf_json_get(doc, "tokens"), "holdfastd", token, sizeof token);
    hf_api_set_token(s->api, token);
    return 0;
}

static int64_t
window_left(const struct hf_http_response *answer)
{
    char text[24];
    uint64_t ms = 0;

    if (!hf_http_header(answer, "Holdfast-Window-Left", text, sizeof text) ||
        !hf_text_u64(text, &ms) || ms > INT32_MAX)
        return 0;
    return (int64_t)ms;
}

/* 200 means that the records are on the buffer's disk. */
static int
commit_to_buffer(void *ctx, const char *frames, size_t len, size_t count, int64_t *ret_window_left,
                 struct hf_error *err)
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
    else
        *ret_window_left = window_left(&answer);
    hf_http_response_done(&answer);
    return rc;
}

static void
put_numbers(struct service *s, const struct hf_pump_numbers *n, struct hf_json *numbers)
{
    struct hf_work_numbers w;

    hf_work_get_numbers(s->work, &w);
    hf_json_put_int(numbers, "subscribed", n->subscribed);
    hf_json_put_int(numbers, "in", (int64_t)n->in);
    hf_json_put_int(numbers, "out", (int64_t)n->out);
    hf_json_put_int(numbers, "skipped_retained", (int64_t)n->skipped_retained);
    hf_json_put_int(numbers, "refused", (int64_t)n->refused);
    hf_json_put_int(numbers, "waiting", (int64_t)n->waiting);
    hf_json_put_int(numbers, "rules", (int64_t)w.rules);
    hf_json_put_int(numbers, "rules_dropped", (int64_t)w.dropped);
    hf_json_put_int(numbers, "rules_quarantined", (int64_t)w.quarantined);
    hf_json_put_int(numbers, "canaries", (int64_t)w.canaries);
    hf_json_put_int(numbers, "topics_forgotten", (int64_t)w.states_forgotten);
    hf_json_put_int(numbers, "devices", (int64_t)w.devices);
    hf_json_put_int(numbers, "devices_silent", (int64_t)w.devices_silent);
    hf_json_put_int(numbers, "devices_forgotten", (int64_t)w.devices_forgotten);
}

static void
look(void *ctx, struct hf_status_view *view)
{
    struct service *s = ctx;
    struct hf_pump_numbers n;

    hf_pump_get_numbers(s->pump, &n);
    hf_pump_get_reason(s->pump, view->reason);
    if (!*view->reason) {
        pthread_mutex_lock(&s->lock);
        memcpy(view->reason, s->wrong, sizeof view->reason);
        pthread_mutex_unlock(&s->lock);
    }
    view->state = *view->reason  ? HF_STATE_DEGRADED
                  : n.subscribed ? HF_STATE_OK
                                 : HF_STATE_STARTING;
    put_numbers(s, &n, view->numbers);
}

static void *
run_pump(void *arg)
{
    hf_pump_run(arg);
    return NULL;
}

/* ---- settings ---- */

static void
say_wrong(struct service *s, const struct hf_error *err)
{
    pthread_mutex_lock(&s->lock);
    (void)hf_text_put(s->wrong, sizeof s->wrong, "%s", err->message);
    pthread_mutex_unlock(&s->lock);
    if (*err->message)
        hf_log_error("event=conf-wrong pointer=\"%s\" reason=\"%s\"", err->pointer, err->message);
}

/* The first settings let the pump begin: what a rule is to drop must not pass before it is read. */
static int
start_pump(struct service *s, struct hf_error *err)
{
    int rc;

    if (s->pumping)
        return 0;
    rc = pthread_create(&s->thread, NULL, run_pump, s->pump);
    if (rc)
        return hf_error_errno(err, rc, "cannot start the pump");
    s->pumping = true;
    hf_log_info("event=ready version=%s", HF_VERSION);
    return 0;
}

static int
poll_settings(struct service *s, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    int rc = hf_conf_poll(&s->settings, &doc, err);

    if (rc > 0) {
        rc = hf_work_set(s->work, doc, err);
        if (rc < 0) {
            hf_error_wrap(err, "settings are not taken");
            hf_conf_refuse(&s->settings, err);
        } else {
            const struct hf_error none = {0};

            say_wrong(s, &none);
            hf_log_info("event=settings-taken");
        }
    }
    if (rc < 0)
        say_wrong(s, err);
    return rc == 0 && s->settings.ino && !*s->settings.wrong ? start_pump(s, err) : 0;
}

static void
poll_credentials(struct service *s)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_error err = {0};
    int rc = hf_conf_poll(&s->credentials, &doc, &err);

    if (rc > 0 && (rc = read_credentials(s, doc, &err)) == 0) {
        hf_pump_set_account(s->pump, &s->account);
        hf_status_set_account(s->status, &s->account);
    } else if (rc < 0 && doc) {
        hf_conf_refuse(&s->credentials, &err);
    }
    if (rc < 0)
        hf_log_error("event=conf-wrong reason=\"%s\"", err.message);
}

static int
follow_conf(struct service *s, struct hf_error *err)
{
    do {
        poll_credentials(s);
        if (poll_settings(s, err) < 0)
            return -1;
    } while (!hf_stop_sleep(SETTINGS_POLL_MS));
    return 0;
}

/* ---- start and end ---- */

static int
start_api(struct service *s, struct hf_error *err)
{
    struct hf_address own;
    char ip[HF_IP_MAX], listen[HF_IP_MAX + 8];

    if (hf_address_parse(hf_env_processor(), &own, err) < 0 || hf_address_await(&own, ip, err) < 0)
        return -1;
    snprintf(listen, sizeof listen, "%s:%d", ip, own.port);
    return hf_api_start(listen, s->work, &s->api, err);
}

static int
start(struct service *s, struct hf_error *err)
{
    const struct hf_pump_options pump = {
        .consumer = {.broker = s->broker,
                     .account = s->account,
                     .client_id = "processor",
                     .filter = "field/#"},
        .strip = "field/",
        .take = hf_work_take,
        .due = hf_work_due,
        .work = s->work,
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

    if (hf_http_new(&s->http, err) < 0 || hf_pump_new(&pump, &s->pump, err) < 0)
        return -1;
    return hf_status_start(&status, &s->status, err);
}

static void
stop(struct service *s)
{
    if (s->pumping)
        pthread_join(s->thread, NULL);
    hf_status_stop(hf_steal(&s->status));
    hf_api_stop(hf_steal(&s->api));
    hf_pump_free(hf_steal(&s->pump));
    hf_http_free(hf_steal(&s->http));
    hf_work_free(hf_steal(&s->work));
}

static int
run(struct service *s, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_address buffer;

    if (hf_stop_init(err) < 0 || hf_address_parse(hf_env_broker(), &s->broker, err) < 0 ||
        hf_address_parse(hf_env_buffer(), &buffer, err) < 0 || hf_work_new(&s->work, err) < 0)
        return -1;
    snprintf(s->url, sizeof s->url, "http://%s:%d/v1/records", buffer.host, buffer.port);
    if (hf_conf_wait(&s->credentials, &doc) < 0)
        return 0;
    if (start_api(s, err) < 0)
        return hf_stopping() ? 0 : -1;
    if (read_credentials(s, doc, err) < 0 || start(s, err) < 0)
        return -1;
    return follow_conf(s, err);
}

int
main(void)
{
    static struct service s = {
        .credentials = HF_CONF_INIT("credentials.json"),
        .settings = HF_CONF_INIT("settings.json"),
        .lock = PTHREAD_MUTEX_INITIALIZER,
    };
    struct hf_error err = {0};
    int rc = run(&s, &err);

    if (rc == 0)
        stop(&s);
    if (rc < 0)
        hf_log_error("event=failed reason=\"%s\"", err.message);
    else
        hf_log_info("event=stopped");
    return rc < 0 ? 1 : 0;
}
