// SPDX-License-Identifier: Apache-2.0
#include "core/mailbox.h"

#include "core/core.h"

#include "base/text.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Silence after which a word is news again: twice the longest period of status and ping. */
enum { ROUTINE_MS = 10000 };

void
mailbox_init(struct mailbox *m)
{
    pthread_condattr_t monotonic;

    memset(m, 0, sizeof *m);
    m->calls_end = &m->mail.calls;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&m->lock, NULL);
    pthread_cond_init(&m->arrived, &monotonic);
    pthread_cond_init(&m->call_done, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

void
mailbox_done(struct mailbox *m)
{
    pthread_cond_destroy(&m->arrived);
    pthread_cond_destroy(&m->call_done);
    pthread_mutex_destroy(&m->lock);
    for (size_t i = 0; i < HF_SERVICES_MAX; i++)
        free(m->mail.lines[i].json);
}

/* The owner wakes twice a second and little has come then, while all of it is 100 kB: only what is
 * marked is copied. */
static void
hand_over(struct mail *from, struct mail *to)
{
    to->stop = from->stop;
    to->engine_hint = from->engine_hint;
    to->engine_connected = from->engine_connected;
    to->pong_ms = from->pong_ms;
    to->calls = from->calls;
    to->fetch = from->fetch;
    if ((to->look.done = from->look.done))
        to->look = from->look;
    for (size_t i = 0; i < HF_SERVICES_MAX; i++) {
        if ((to->status_fresh[i] = from->status_fresh[i]))
            to->status[i] = from->status[i];
        if ((to->effects[i].done = from->effects[i].done))
            to->effects[i] = from->effects[i];
        to->deaths[i] = from->deaths[i];
        to->lines[i] = from->lines[i];
        from->status_fresh[i] = from->effects[i].done = false;
        from->deaths[i] = (struct death){0};
        from->lines[i] = (struct last_lines){0};
    }
    from->engine_hint = from->engine_connected = from->look.done = false;
    from->pong_ms = 0;
    from->calls = NULL;
    from->fetch = (struct fetch_news){0};
}

void
mailbox_take(struct mailbox *m, int64_t until_ms, struct mail *ret_mail)
{
    struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};

    pthread_mutex_lock(&m->lock);
    while (!m->urgent)
        if (pthread_cond_timedwait(&m->arrived, &m->lock, &until) != 0)
            break;
    hand_over(&m->mail, ret_mail);
    m->urgent = ret_mail->stop;
    m->calls_end = &m->mail.calls;
    pthread_mutex_unlock(&m->lock);
}

static _Thread_local char asked_from[HF_ADDRESS_SIZE];

void
hf_core_asked_from(const char *address)
{
    hf_text_put(asked_from, sizeof asked_from, "%s", address);
}

int
mailbox_call(struct mailbox *m,
             int (*work)(struct hf_core *core, void *context, struct hf_error *err), void *context,
             struct hf_error *err)
{
    struct call call = {.work = work, .context = context, .err = err};

    memcpy(call.from, asked_from, sizeof call.from);
    pthread_mutex_lock(&m->lock);
    if (m->closed) {
        pthread_mutex_unlock(&m->lock);
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "holdfastd is stopping");
    }
    *m->calls_end = &call;
    m->calls_end = &call.next;
    m->urgent = true;
    pthread_cond_signal(&m->arrived);
    while (!call.done)
        pthread_cond_wait(&m->call_done, &m->lock);
    pthread_mutex_unlock(&m->lock);
    return call.result;
}

void
mailbox_answer(struct mailbox *m, struct call *calls)
{
    if (!calls)
        return;
    pthread_mutex_lock(&m->lock);
    while (calls) {
        struct call *next = calls->next; /* the frame is gone once done is seen */

        calls->done = true;
        calls = next;
    }
    pthread_cond_broadcast(&m->call_done);
    pthread_mutex_unlock(&m->lock);
}

void
mailbox_close(struct mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    m->closed = true;
    for (struct call *c = m->mail.calls; c; c = c->next) {
        c->result = hf_error_set(c->err, HF_ERROR_UNAVAILABLE, "holdfastd is stopping");
        c->done = true;
    }
    m->mail.calls = NULL;
    m->calls_end = &m->mail.calls;
    pthread_cond_broadcast(&m->call_done);
    pthread_mutex_unlock(&m->lock);
}

static void
post(struct mailbox *m)
{
    m->urgent = true;
    pthread_cond_signal(&m->arrived);
    pthread_mutex_unlock(&m->lock);
}

void
mailbox_stop(struct mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    m->mail.stop = true;
    post(m);
}

void
mailbox_hint(struct mailbox *m, bool connected)
{
    pthread_mutex_lock(&m->lock);
    m->mail.engine_hint = true;
    m->mail.engine_connected |= connected;
    post(m);
}

/* Leaves what has come in the box; wakes the owner for it where it is news. */
static void
post_if(struct mailbox *m, bool news)
{
    if (news)
        post(m);
    else
        pthread_mutex_unlock(&m->lock);
}

void
mailbox_status(struct mailbox *m, size_t index, const struct hf_service_status *status)
{
    int64_t now = hf_clock_mono_ms();
    bool news;

    pthread_mutex_lock(&m->lock);
    m->mail.status[index] = *status;
    m->mail.status_fresh[index] = true;
    news = m->said[index].at_ms == 0 || now - m->said[index].at_ms > ROUTINE_MS ||
           m->said[index].gone != status->gone || strcmp(m->said[index].state, status->state) != 0;
    m->said[index].at_ms = now;
    m->said[index].gone = status->gone;
    memcpy(m->said[index].state, status->state, sizeof status->state);
    post_if(m, news);
}

void
mailbox_pong(struct mailbox *m)
{
    int64_t now = hf_clock_mono_ms();
    bool news;

    pthread_mutex_lock(&m->lock);
    m->mail.pong_ms = now;
    news = m->ponged_ms == 0 || now - m->ponged_ms > ROUTINE_MS;
    m->ponged_ms = now;
    post_if(m, news);
}

void
mailbox_effect(struct mailbox *m, size_t index, int result, const struct hf_error *err,
               const char *last_words)
{
    struct effect_result *r = &m->mail.effects[index];

    pthread_mutex_lock(&m->lock);
    *r = (struct effect_result){.done = true, .result = result, .err = *err};
    hf_text_put(r->last_words, sizeof r->last_words, "%s", last_words);
    post(m);
}

void
mailbox_death(struct mailbox *m, size_t index, bool oom, int exit_code)
{
    struct death *d = &m->mail.deaths[index];

    pthread_mutex_lock(&m->lock);
    d->seen = true;
    d->oom |= oom;
    d->exit_code = exit_code;
    post(m);
}

void
mailbox_lines(struct mailbox *m, size_t index, char *json, int64_t count)
{
    struct last_lines *l = &m->mail.lines[index];

    pthread_mutex_lock(&m->lock);
    free(l->json);
    *l = (struct last_lines){.done = true, .json = json, .count = count};
    post(m);
}

void
mailbox_fetch(struct mailbox *m, const struct fetch_news *news)
{
    pthread_mutex_lock(&m->lock);
    m->mail.fetch = *news;
    post(m);
}

void
mailbox_look(struct mailbox *m, const struct look *look)
{
    pthread_mutex_lock(&m->lock);
    m->mail.look = *look;
    m->mail.look.done = true;
    post(m);
}
