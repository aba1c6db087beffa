// SPDX-License-Identifier: Apache-2.0
#include "common/status.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "common/backoff.h"
#include "common/last_peer.h"
#include "common/procio.h"
#include "common/stop.h"

#include <mosquitto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum {
    LOOP_MS = 100, /* how soon a change of state is said */
    KEEPALIVE_S = 10,
    RECONNECT_FIRST_MS = 200,
    RECONNECT_CAP_MS = 5000,
    TOPIC_MAX = 64,
    STOP_WAIT_S = 1, /* a connect in progress may block longer; the process ends anyway */
};

struct hf_status {
    struct hf_status_options options;
    struct mosquitto *mosq;
    char topic[TOPIC_MAX];
    pthread_t thread;
    atomic_bool stop;
    bool connected; /* CONNACK has come */
    bool waiting_said;
    int64_t started_ms;
    int64_t published_ms;
    enum hf_state published_state;
    char published_reason[HF_STATUS_REASON_MAX];
    struct hf_backoff backoff;
    struct hf_last_peer last;
    pthread_mutex_t lock;
    struct hf_account account; /* guarded by lock */
};

static void
on_connect(struct mosquitto *m, void *ctx, int rc)
{
    struct hf_status *s = ctx;

    if (rc) {
        hf_log_warn("event=broker-refused client=%s-status reason=\"%s\"", s->options.service,
                    mosquitto_connack_string(rc));
        return;
    }
    hf_last_peer_keep(&s->last, mosquitto_socket(m));
    s->connected = true;
    s->published_ms = 0;
    if (s->waiting_said)
        hf_log_info("event=broker-found");
    s->waiting_said = false;
    hf_backoff_reset(&s->backoff);
    for (const char *const *t = s->options.topics; t && *t; t++)
        (void)mosquitto_subscribe(m, NULL, *t, 0);
}

static void
on_message(struct mosquitto *m, void *ctx, const struct mosquitto_message *msg)
{
    struct hf_status *s = ctx;

    (void)m;
    if (s->options.on_message)
        s->options.on_message(s->options.ctx, msg->topic, msg->payload ? msg->payload : "",
                              (size_t)msg->payloadlen);
}

static void
publish_text(struct hf_status *s, const char *text)
{
    (void)mosquitto_publish(s->mosq, NULL, s->topic, (int)strlen(text), text, 1, true);
}

static void
publish_view(struct hf_status *s, struct hf_status_view *view)
{
    static const char *const names[HF_STATE_COUNT] = {"starting", "ok", "degraded"};
    HF_AUTO_FREE char *text = NULL;

    hf_json_put_string(view->root, "service", s->options.service);
    hf_json_put_string(view->root, "version", HF_VERSION);
    hf_json_put_string(view->root, "state", names[view->state]);
    hf_text_whole(view->reason);
    if (*view->reason)
        hf_json_put_string(view->root, "reason", view->reason);
    hf_json_put_int(view->root, "uptime_s", (hf_clock_mono_ms() - s->started_ms) / 1000);
    if (!hf_json_get(view->numbers, "written_bytes")) /* who has a child says more */
        hf_json_put_int(view->numbers, "written_bytes", hf_procio_written());
    hf_json_put(view->root, "numbers", hf_steal(&view->numbers));
    if (hf_json_print(view->root, &text, NULL) < 0)
        return;
    publish_text(s, text);
    s->published_ms = hf_clock_mono_ms();
    s->published_state = view->state;
    memcpy(s->published_reason, view->reason, sizeof s->published_reason);
}

static void
publish_if_due(struct hf_status *s)
{
    struct hf_status_view view = {.root = hf_json_object(), .numbers = hf_json_object()};

    s->options.look(s->options.ctx, &view);
    if (view.state == HF_STATE_OK)
        view.reason[0] = '\0';
    if (!s->published_ms || hf_clock_mono_ms() - s->published_ms >= HF_STATUS_PERIOD_MS ||
        view.state != s->published_state || strcmp(view.reason, s->published_reason) != 0)
        publish_view(s, &view);
    hf_json_free(view.numbers);
    hf_json_free(view.root);
}

static void
sleep_unless_stopped(struct hf_status *s, int64_t ms)
{
    int64_t end = hf_clock_mono_ms() + ms;

    while (!atomic_load(&s->stop) && hf_clock_mono_ms() < end && !hf_stop_sleep(LOOP_MS))
        ;
}

static void
connect_with_backoff(struct hf_status *s)
{
    char user[HF_SECRET_MAX + 8];
    int rc;

    pthread_mutex_lock(&s->lock);
    snprintf(user, sizeof user, "%s-status", s->account.user);
    rc = mosquitto_username_pw_set(s->mosq, user, s->account.password);
    pthread_mutex_unlock(&s->lock);
    if (!rc)
        rc = hf_last_peer_connect(&s->last, s->mosq, mosquitto_connect, s->options.broker.host,
                                  s->options.broker.port, KEEPALIVE_S);
    while (!rc && !atomic_load(&s->stop)) {
        rc = mosquitto_loop(s->mosq, LOOP_MS, 1);
        if (s->connected && !rc)
            publish_if_due(s);
    }
    s->connected = false;
    if (atomic_load(&s->stop) || hf_stopping())
        return;
    if (!s->waiting_said)
        hf_log_info("event=waiting-for-broker broker=%s:%d reason=\"%s\"", s->options.broker.host,
                    s->options.broker.port, mosquitto_strerror(rc));
    s->waiting_said = true;
    sleep_unless_stopped(s, hf_backoff_fail_now(&s->backoff));
}

static void
make_gone(struct hf_status *s, char *out, size_t size)
{
    snprintf(out, size, "{\"service\":\"%s\",\"state\":\"gone\"}", s->options.service);
}

/* An orderly end leaves no last will behind, so "gone" is said in so many words. */
static void
say_goodbye(struct hf_status *s)
{
    char gone[TOPIC_MAX + 32];

    make_gone(s, gone, sizeof gone);
    publish_text(s, gone);
    for (int i = 0; i < 5 && mosquitto_loop(s->mosq, LOOP_MS / 5, 1) == MOSQ_ERR_SUCCESS; i++)
        ;
    (void)mosquitto_disconnect(s->mosq);
}

static void *
run(void *arg)
{
    struct hf_status *s = arg;

    while (!atomic_load(&s->stop) && !hf_stopping())
        connect_with_backoff(s);
    if (mosquitto_socket(s->mosq) >= 0)
        say_goodbye(s);
    return NULL;
}

static void
status_free(struct hf_status *s)
{
    if (s->mosq)
        mosquitto_destroy(s->mosq);
    mosquitto_lib_cleanup();
    pthread_mutex_destroy(&s->lock);
    free(s);
}

int
hf_status_start(const struct hf_status_options *options, struct hf_status **ret_status,
                struct hf_error *err)
{
    struct hf_status *s = calloc(1, sizeof *s);
    char id[TOPIC_MAX], gone[TOPIC_MAX + 32];
    int rc;

    if (!s)
        return hf_error_nomem(err);
    mosquitto_lib_init();
    pthread_mutex_init(&s->lock, NULL);
    s->options = *options;
    s->account = options->account;
    s->started_ms = hf_clock_mono_ms();
    s->backoff = (struct hf_backoff){.first_ms = RECONNECT_FIRST_MS, .cap_ms = RECONNECT_CAP_MS};
    snprintf(s->topic, sizeof s->topic, "status/%s", options->service);
    snprintf(id, sizeof id, "%s-status", options->service);
    make_gone(s, gone, sizeof gone);
    s->mosq = mosquitto_new(id, true, s);
    if (!s->mosq || mosquitto_will_set(s->mosq, s->topic, (int)strlen(gone), gone, 1, true)) {
        status_free(s);
        return hf_error_nomem(err);
    }
    mosquitto_connect_callback_set(s->mosq, on_connect);
    mosquitto_message_callback_set(s->mosq, on_message);
    rc = pthread_create(&s->thread, NULL, run, s);
    if (rc) {
        status_free(s);
        return hf_error_errno(err, rc, "cannot start the status thread");
    }
    *ret_status = s;
    return 0;
}

void
hf_status_stop(struct hf_status *s)
{
    struct timespec until;

    if (!s)
        return;
    atomic_store(&s->stop, true);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += STOP_WAIT_S;
    if (pthread_timedjoin_np(s->thread, NULL, &until) == 0)
        status_free(s);
}

void
hf_status_set_account(struct hf_status *s, const struct hf_account *account)
{
    pthread_mutex_lock(&s->lock);
    s->account = *account;
    pthread_mutex_unlock(&s->lock);
}
