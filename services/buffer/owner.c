// SPDX-License-Identifier: Apache-2.0
#include "buffer/owner.h"

#include "base/clock.h"
#include "buffer/owner_private.h"

#include <stdio.h>
#include <string.h>

static void
init_locks(struct hf_owner *o)
{
    pthread_condattr_t monotonic;

    pthread_mutex_init(&o->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&o->work, &monotonic);
    pthread_cond_init(&o->answered, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static void
owner_free(struct hf_owner *o)
{
    hf_spool_close(o->spool);
    hf_buffer_settings_unref(o->settings);
    hf_buffer_settings_unref(o->applied);
    pthread_cond_destroy(&o->work);
    pthread_cond_destroy(&o->answered);
    pthread_mutex_destroy(&o->lock);
    free(o);
}

int
hf_owner_start(const char *dir, struct hf_buffer_settings *settings, struct hf_owner **ret_owner,
               struct hf_error *err)
{
    struct hf_owner *o = calloc(1, sizeof *o);
    int rc;

    if (!o)
        return hf_error_nomem(err);
    o->dir = dir;
    o->settings = hf_buffer_settings_ref(settings);
    hf_queue_init(&o->writes);
    hf_queue_init(&o->looks);
    init_locks(o);
    rc = pthread_create(&o->thread, NULL, hf_owner_thread, o);
    if (rc) {
        owner_free(o);
        return hf_error_errno(err, rc, "cannot start the owner thread");
    }
    *ret_owner = o;
    return 0;
}

void
hf_owner_stop(struct hf_owner *o)
{
    if (!o)
        return;
    pthread_mutex_lock(&o->lock);
    o->stop = true;
    pthread_cond_signal(&o->work);
    pthread_cond_broadcast(&o->answered);
    pthread_mutex_unlock(&o->lock);
    pthread_join(o->thread, NULL);
    owner_free(o);
}

static int
submit(struct hf_owner *o, struct hf_command_queue *q, struct hf_command *c, struct hf_error *err)
{
    pthread_mutex_lock(&o->lock);
    if (o->stop || q->commands >= HF_OWNER_COMMANDS ||
        (q->bytes && q->bytes + hf_command_bytes(c) > HF_OWNER_BYTES)) {
        bool stop = o->stop;

        pthread_mutex_unlock(&o->lock);
        return hf_error_set(err, HF_ERROR_UNAVAILABLE,
                            stop ? "the buffer is stopping" : "too much is waiting to be written");
    }
    c->since_ms = hf_clock_mono_ms();
    hf_queue_add(q, c);
    pthread_cond_signal(&o->work);
    while (!c->done)
        pthread_cond_wait(&o->answered, &o->lock);
    pthread_mutex_unlock(&o->lock);
    if (c->result < 0 && err)
        *err = c->err;
    return c->result;
}

int
hf_owner_append(struct hf_owner *o, const struct hf_batch *batch, uint64_t *ret_first,
                uint64_t *ret_last, struct hf_error *err)
{
    struct hf_command c = {.kind = HF_COMMAND_APPEND, .batch = batch};
    int rc = submit(o, &o->writes, &c, err);

    if (rc == 0) {
        *ret_first = c.first;
        *ret_last = c.last;
    }
    return rc;
}

int64_t
hf_owner_window_left(struct hf_owner *o)
{
    int64_t left;

    pthread_mutex_lock(&o->lock);
    left = o->appended_ms + o->settings->window_ms - hf_clock_mono_ms();
    pthread_mutex_unlock(&o->lock);
    return left > 0 ? left : 0;
}

/* An acknowledgement is urgent where the sink has more to lease than what it acknowledges now. */
static void
weigh_ack(struct hf_owner *o, const char *sink, struct hf_command *c)
{
    const struct hf_spool_status *s = &o->view.status;

    pthread_mutex_lock(&o->lock);
    for (size_t i = 0; i < s->sink_count; i++)
        if (strcmp(s->sinks[i].name, sink) == 0 && s->sinks[i].held > s->sinks[i].leased) {
            c->urgent = true;
            c->given_back = s->sinks[i].leased_bytes;
        }
    pthread_mutex_unlock(&o->lock);
}

int
hf_owner_ack(struct hf_owner *o, const struct hf_ack_ask *ask, struct hf_error *err)
{
    struct hf_command c = {.kind = HF_COMMAND_ACK, .ask = ask};

    weigh_ack(o, ask->sink, &c);
    return submit(o, &o->writes, &c, err) < 0 ? -1 : 0;
}

int
hf_owner_extend(struct hf_owner *o, const struct hf_extend_ask *ask, struct hf_error *err)
{
    struct hf_command c = {.kind = HF_COMMAND_EXTEND, .ask = ask};

    return submit(o, &o->looks, &c, err);
}

int
hf_owner_change(struct hf_owner *o, hf_owner_work *work, void *ctx, struct hf_error *err)
{
    struct hf_command c = {.kind = HF_COMMAND_CHANGE, .work = work, .ctx = ctx, .urgent = true};

    return submit(o, &o->writes, &c, err);
}

int
hf_owner_read(struct hf_owner *o, hf_owner_work *work, void *ctx, struct hf_error *err)
{
    struct hf_command c = {.kind = HF_COMMAND_READ, .work = work, .ctx = ctx};

    return submit(o, &o->looks, &c, err);
}

static uint64_t
news_count(struct hf_owner *o)
{
    uint64_t news;

    pthread_mutex_lock(&o->lock);
    news = o->news;
    pthread_mutex_unlock(&o->lock);
    return news;
}

/* Waits until there may be something new; false when the time is over or the owner stops. */
static bool
wait_for_news(struct hf_owner *o, uint64_t known, int64_t deadline_ms)
{
    struct timespec until;
    bool there;

    hf_owner_deadline(&until, deadline_ms);
    pthread_mutex_lock(&o->lock);
    while (o->news == known && !o->stop && hf_clock_mono_ms() < deadline_ms)
        pthread_cond_timedwait(&o->answered, &o->lock, &until);
    there = o->news != known && !o->stop;
    pthread_mutex_unlock(&o->lock);
    return there;
}

int
hf_owner_lease(struct hf_owner *o, const struct hf_lease_ask *ask, struct hf_lease *ret_lease,
               struct hf_error *err)
{
    int64_t deadline = hf_clock_mono_ms() + ask->wait_ms;
    uint64_t news;
    int rc;

    do {
        struct hf_command c = {.kind = HF_COMMAND_LEASE, .ask = ask, .lease = ret_lease};

        news = news_count(o);
        rc = submit(o, &o->looks, &c, err);
    } while (rc == 0 && wait_for_news(o, news, deadline));
    return rc;
}

void
hf_owner_configure(struct hf_owner *o, struct hf_buffer_settings *settings)
{
    struct hf_buffer_settings *before;

    pthread_mutex_lock(&o->lock);
    before = o->settings;
    o->settings = hf_buffer_settings_ref(settings);
    o->news++;
    pthread_cond_signal(&o->work);
    pthread_cond_broadcast(&o->answered);
    pthread_mutex_unlock(&o->lock);
    hf_buffer_settings_unref(before);
}

struct hf_buffer_settings *
hf_owner_settings(struct hf_owner *o)
{
    struct hf_buffer_settings *s;

    pthread_mutex_lock(&o->lock);
    s = hf_buffer_settings_ref(o->settings);
    pthread_mutex_unlock(&o->lock);
    return s;
}

void
hf_owner_look(struct hf_owner *o, struct hf_owner_view *ret_view)
{
    pthread_mutex_lock(&o->lock);
    *ret_view = o->view;
    ret_view->window_ms = o->settings->window_ms;
    ret_view->max_bytes = o->settings->max_bytes;
    ret_view->keep_free_bytes = o->settings->keep_free_bytes;
    ret_view->when_full = o->settings->when_full;
    ret_view->waiting = o->writes.records;
    ret_view->oldest_wait_ms = o->writes.head ? hf_clock_mono_ms() - o->writes.head->since_ms : 0;
    pthread_mutex_unlock(&o->lock);
}

void
hf_owner_look_topics(struct hf_owner *o, struct hf_owner_topics *ret_topics)
{
    pthread_mutex_lock(&o->lock);
    *ret_topics = o->topics;
    pthread_mutex_unlock(&o->lock);
}

const char *
hf_owner_state(const struct hf_owner_view *v, char *reason, size_t size)
{
    *reason = '\0';
    if (v->oldest_wait_ms > v->window_ms + HF_OWNER_STALLED_MS)
        snprintf(reason, size, "buffer has not committed for %lld s",
                 (long long)(v->oldest_wait_ms / 1000));
    else if (*v->full)
        snprintf(reason, size, "%s", v->full);
    else if (*v->alarm)
        snprintf(reason, size, "%s", v->alarm);
    if (*reason)
        return "degraded";
    return v->open ? "ok" : "starting";
}
