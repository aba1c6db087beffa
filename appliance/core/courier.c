// SPDX-License-Identifier: Apache-2.0
#include "core/courier.h"

#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"

#include <string.h>
#include <time.h>

enum {
    STACK_BYTES = 512 * 1024, /* deep enough for libcurl */
    WAIT_LEAST_MS = 1000,
    WAIT_MOST_MS = 5 * 60 * 1000
};

static const char RECORD_TOPIC[] = "holdfast/alarms";

int64_t
courier_backoff(int64_t wait_ms)
{
    if (!wait_ms)
        return WAIT_LEAST_MS;
    return 2 * wait_ms < WAIT_MOST_MS ? 2 * wait_ms : WAIT_MOST_MS;
}

/* ---- on the owner thread ---- */

struct errand {
    enum hf_alarm_listener listener;
    struct hf_alarm alarm;
    enum hf_alarm_event event;
    bool nobody; /* the webhook was taken away meanwhile */
};

static unsigned
all_of(enum hf_alarm_listener listener)
{
    unsigned mask = 0;

    for (unsigned e = 0; e < HF_ALARM_EVENT_COUNT; e++)
        mask |= HF_ALARM_UNTOLD(listener, e);
    return mask;
}

static int
take_errand(struct hf_core *core, void *context, struct hf_error *err)
{
    struct errand *e = context;

    if (hf_store_untold_alarm(core->config.store, all_of(e->listener), &e->alarm, err) < 0)
        return -1;
    e->event = HF_ALARM_RAISED;
    while (!(e->alarm.untold & HF_ALARM_UNTOLD(e->listener, e->event)))
        e->event++;
    e->nobody = e->listener == HF_ALARM_TO_WEBHOOK && !*core->settings.alarms.webhook_url;
    return 0;
}

static int
note_errand(struct hf_core *core, void *context, struct hf_error *err)
{
    const struct errand *e = context;

    return hf_store_alarm_told(core->config.store, e->alarm.id,
                               HF_ALARM_UNTOLD(e->listener, e->event), err);
}

static int
question(struct hf_core *core, void *context, struct hf_error *err)
{
    return hf_core_silent_question(core, (char **)context, err);
}

static int
answer(struct hf_core *core, void *context, struct hf_error *err)
{
    (void)err;
    hf_core_silent_answer(core, context);
    return 0;
}

/* ---- on the courier's ---- */

static struct hf_json *
message(const struct errand *e)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_string(o, "event", hf_alarm_event_name(e->event));
    hf_json_put(o, "alarm", hf_alarm_json(&e->alarm));
    return o;
}

/* One line, as POST /v1/records takes them. */
static int
tell_cloud(struct hf_core *core, const struct errand *e, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *line = hf_json_object();
    HF_AUTO_FREE char *text = NULL;
    HF_AUTO_BUF struct hf_buf reply = HF_BUF_INIT(HF_PATH_ANSWER_MAX);

    hf_json_put_string(line, "topic", RECORD_TOPIC);
    hf_json_put_string(line, "lane", "alarm");
    hf_json_put(line, "payload", message(e));
    if (hf_json_print(line, &text, err) < 0)
        return -1;
    return hf_path_ask(core->path,
                       &(struct hf_path_call){.peer = HF_PATH_BUFFER,
                                              .path = "/v1/records",
                                              .body = text,
                                              .type = "application/x-ndjson"},
                       &reply, err);
}

static int
tell_webhook(struct hf_core *core, const struct errand *e, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *o = hf_json_object(), *body = message(e);
    HF_AUTO_FREE char *text = NULL;
    HF_AUTO_BUF struct hf_buf reply = HF_BUF_INIT(HF_PATH_ANSWER_MAX);
    char key[HF_NAME_SIZE + 64];

    hf_text_put(key, sizeof key, "%s/alarm/%lld/%s", core->gateway_id, (long long)e->alarm.id,
                hf_alarm_event_name(e->event));
    hf_json_put_string(body, "gateway", core->gateway_id);
    hf_json_put_string(o, "key", key);
    hf_json_put(o, "body", hf_steal(&body));
    if (hf_json_print(o, &text, err) < 0)
        return -1;
    return hf_path_ask(
        core->path,
        &(struct hf_path_call){.peer = HF_PATH_FORWARDER, .path = "/v1/webhook", .body = text},
        &reply, err);
}

static int
run_errand(struct hf_core *core, const struct errand *e, struct hf_error *err)
{
    if (e->nobody)
        return 0;
    return e->listener == HF_ALARM_TO_CLOUD ? tell_cloud(core, e, err) : tell_webhook(core, e, err);
}

/* Tells until there is nothing left, or somebody does not listen. */
static void
tell(struct courier *c, enum hf_alarm_listener listener)
{
    static const char *const names[HF_ALARM_LISTENER_COUNT] = {"cloud", "webhook"};
    struct errand e = {.listener = listener};
    struct hf_error err = {0};

    c->listeners[listener].pending = false;
    while (mailbox_call(&c->core->mail, take_errand, &e, &err) == 0) {
        int64_t *wait_ms = &c->listeners[listener].wait_ms;

        if (run_errand(c->core, &e, &err) == 0 &&
            mailbox_call(&c->core->mail, note_errand, &e, &err) == 0) {
            *wait_ms = 0;
            continue;
        }
        if (!*wait_ms)
            hf_log_warn("event=alarm-not-told to=%s error=\"%s\"", names[listener], err.message);
        *wait_ms = courier_backoff(*wait_ms);
        c->listeners[listener].at_ms = hf_clock_mono_ms() + *wait_ms;
        c->listeners[listener].pending = true;
        return;
    }
}

static void
ask_silent(struct courier *c)
{
    HF_AUTO_FREE char *body = NULL;
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_path_call call = {.peer = HF_PATH_PROCESSOR, .path = "/v1/devices/silent"};

    if (mailbox_call(&c->core->mail, question, (void *)&body, NULL) < 0)
        return;
    call.body = body;
    /* One that does not answer is asked again; that it is away is an alarm of its own. */
    if (hf_path_ask_json(c->core->path, &call, &doc, NULL) == 0)
        (void)!mailbox_call(&c->core->mail, answer, doc, NULL);
}

static int
page(struct hf_core *core, void *context, struct hf_error *err)
{
    struct hf_survey_page *p = context;

    (void)err;
    hf_core_survey_page(core, p);
    return 0;
}

/* A page at a time: what is asked for at once stays small. One that breaks off says nothing. */
static void
survey(struct courier *c)
{
    struct hf_survey_page p = {.first = true};

    do {
        HF_AUTO(hf_json) struct hf_json *doc = NULL;
        struct hf_path_call call = {.peer = HF_PATH_PROCESSOR, .path = p.path};

        hf_core_survey_path(&p);
        if (hf_path_ask_json(c->core->path, &call, &doc, NULL) < 0)
            return;
        p.answer = doc;
        if (mailbox_call(&c->core->mail, page, &p, NULL) < 0)
            return;
        p.first = false;
    } while (!p.last);
}

struct work {
    bool due, ask_silent, survey;
};

/* Waits until there is something to do; false at the end. */
static bool
wait_for_work(struct courier *c, struct work *ret_work)
{
    int64_t until_ms = INT64_MAX;
    bool go_on;

    for (int i = 0; i < HF_ALARM_LISTENER_COUNT; i++)
        if (c->listeners[i].pending && c->listeners[i].at_ms < until_ms)
            until_ms = c->listeners[i].at_ms;
    pthread_mutex_lock(&c->lock);
    while (!c->due && !c->ask_silent && !c->survey && !c->stop && hf_clock_mono_ms() < until_ms) {
        const struct timespec until = {.tv_sec = until_ms / 1000,
                                       .tv_nsec = until_ms % 1000 * 1000000};

        if (until_ms == INT64_MAX)
            pthread_cond_wait(&c->changed, &c->lock);
        else
            pthread_cond_timedwait(&c->changed, &c->lock, &until);
    }
    *ret_work = (struct work){c->due, c->ask_silent, c->survey};
    c->due = c->ask_silent = c->survey = false;
    go_on = !c->stop;
    pthread_mutex_unlock(&c->lock);
    return go_on;
}

static void *
run(void *context)
{
    struct courier *c = context;
    struct work work;

    while (wait_for_work(c, &work)) {
        int64_t now = hf_clock_mono_ms();

        for (unsigned i = 0; i < HF_ALARM_LISTENER_COUNT; i++)
            if (c->listeners[i].pending ? now >= c->listeners[i].at_ms : work.due)
                tell(c, (enum hf_alarm_listener)i);
        if (work.ask_silent)
            ask_silent(c);
        if (work.survey)
            survey(c);
    }
    return NULL;
}

/* ---- from outside ---- */

void
courier_init(struct courier *c, struct hf_core *core)
{
    pthread_condattr_t monotonic;

    c->core = core;
    pthread_mutex_init(&c->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&c->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

int
courier_start(struct courier *c, struct hf_error *err)
{
    pthread_attr_t attr;
    int rc;

    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    rc = pthread_create(&c->thread, &attr, run, c);
    pthread_attr_destroy(&attr);
    if (rc != 0)
        return hf_error_errno(err, rc, "cannot start a thread");
    pthread_setname_np(c->thread, "courier");
    c->runs = true;
    return 0;
}

static void
set(struct courier *c, bool *flag)
{
    pthread_mutex_lock(&c->lock);
    *flag = true;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

void
courier_wake(struct courier *c)
{
    set(c, &c->due);
}

void
courier_ask_silent(struct courier *c)
{
    set(c, &c->ask_silent);
}

void
courier_survey(struct courier *c)
{
    set(c, &c->survey);
}

void
courier_stop(struct courier *c)
{
    if (!c->runs)
        return;
    set(c, &c->stop);
    hf_path_stop(c->core->path);
    pthread_join(c->thread, NULL);
    c->runs = false;
}

void
courier_done(struct courier *c)
{
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
}
