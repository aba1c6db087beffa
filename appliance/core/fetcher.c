// SPDX-License-Identifier: Apache-2.0
#include "core/fetcher.h"

#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"

#include <string.h>
#include <time.h>

enum { STACK_BYTES = 256 * 1024, TELL_MS = 500 };

void
fetcher_init(struct fetcher *f, struct hf_core *core)
{
    f->core = core;
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->changed, NULL);
}

void
fetcher_done(struct fetcher *f)
{
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->lock);
}

static bool
is_given_up(void *context)
{
    struct fetcher *f = context;
    bool given_up;

    pthread_mutex_lock(&f->lock);
    given_up = f->cancel || f->stop;
    pthread_mutex_unlock(&f->lock);
    return given_up;
}

static bool
next_job(struct fetcher *f, struct fetch_job *ret_job)
{
    bool go_on;

    pthread_mutex_lock(&f->lock);
    f->busy = false;
    while (!f->has_job && !f->stop)
        pthread_cond_wait(&f->changed, &f->lock);
    go_on = !f->stop;
    f->busy = go_on;
    f->has_job = f->cancel = false;
    *ret_job = f->job;
    pthread_mutex_unlock(&f->lock);
    return go_on;
}

/* An image on its way. */
struct passing {
    struct fetcher *f;
    struct fetch_news *news;
    int64_t told_ms;
};

static bool
is_passing_given_up(void *context)
{
    const struct passing *p = context;

    return is_given_up(p->f);
}

static void
on_progress(void *context, const struct hf_import_progress *progress)
{
    struct passing *p = context;
    int64_t now = hf_clock_mono_ms();
    struct hf_pull_bytes *b = &p->news->bytes;

    if (now < p->told_ms + TELL_MS && progress->total_done < progress->total_size)
        return;
    p->told_ms = now;
    hf_text_put(b->layer, sizeof b->layer, "%s", progress->layer);
    b->layer_done = (int64_t)progress->done;
    b->layer_size = (int64_t)progress->size;
    b->done = (int64_t)progress->total_done;
    b->size = (int64_t)progress->total_size;
    mailbox_fetch(&p->f->core->mail, p->news);
}

/* What is there with the right id is not fetched; what was fetched must have it. */
static int
fetch_one(struct fetcher *f, const struct fetch_item *item, struct fetch_news *news,
          struct hf_error *err)
{
    struct passing passing = {.f = f, .news = news};
    const struct hf_import_job job = {.images = &item->image,
                                      .count = 1,
                                      .cancelled = is_passing_given_up,
                                      .progress = on_progress,
                                      .context = &passing};
    const struct hf_engine_ops *ops = f->core->config.engine_ops;
    void *engine = f->core->config.engine;
    int64_t began = hf_clock_mono_ms();
    bool has;

    if (ops->has_image(engine, item->image.image_id, &has, err) < 0)
        return -1;
    if (has)
        return 0;
    hf_log_info("service=%s event=fetch image=%s", item->service, item->image.image);
    if (ops->import(engine, &job, err) < 0 ||
        ops->has_image(engine, item->image.image_id, &has, err) < 0)
        return hf_error_wrap(err, "image of '%s'", item->service);
    if (!has)
        return hf_error_set(err, HF_ERROR_CONFLICT,
                            "image of '%s': what was fetched is not %s, which the release pins",
                            item->service, item->image.image_id);
    hf_log_info("service=%s event=fetched ms=%lld", item->service,
                (long long)(hf_clock_mono_ms() - began));
    return 0;
}

/* It is small: how far it has come is not told. */
static void
fetch_daemon(struct fetcher *f, const struct fetch_job *job, struct fetch_news *news)
{
    news->number++;
    hf_text_put(news->service, sizeof news->service, "holdfastd");
    news->image_id[0] = '\0';
    news->bytes = (struct hf_pull_bytes){.size = 0};
    mailbox_fetch(&f->core->mail, news);
    news->result =
        hf_core_fetch_daemon(f->core, &job->daemon, job->repository, is_given_up, f, &news->err);
}

static int
remove_one(struct fetcher *f, const struct fetch_item *item, struct hf_error *err)
{
    if (f->core->config.engine_ops->remove_image(f->core->config.engine, &item->image, err) < 0)
        return -1;
    hf_log_info("event=image-removed image=%s tag=%s reason=\"no release needs it\"",
                item->image.image, item->image.tag);
    return 0;
}

static void
do_job(struct fetcher *f, const struct fetch_job *job)
{
    struct fetch_news news = {.some = true,
                              .remove = job->remove,
                              .of = (unsigned)job->count + (*job->daemon.version != '\0')};

    memcpy(news.release_id, job->release_id, sizeof news.release_id);
    for (size_t i = 0; i < job->count && news.result == 0; i++) {
        news.number = (unsigned)i + 1;
        hf_text_put(news.service, sizeof news.service, "%s", job->items[i].service);
        memcpy(news.image_id, job->items[i].image.image_id, sizeof news.image_id);
        news.bytes = (struct hf_pull_bytes){.size = 0};
        mailbox_fetch(&f->core->mail, &news);
        if (is_given_up(f))
            news.result = hf_error_set(&news.err, HF_ERROR_UNAVAILABLE, "it was given up");
        else
            news.result = job->remove ? remove_one(f, &job->items[i], &news.err)
                                      : fetch_one(f, &job->items[i], &news, &news.err);
    }
    if (news.result == 0 && *job->daemon.version)
        fetch_daemon(f, job, &news);
    if (news.result < 0)
        hf_log_warn("event=%s-failed service=%s error=\"%s\"",
                    job->remove ? "image-remove" : "fetch", news.service, news.err.message);
    news.done = true;
    mailbox_fetch(&f->core->mail, &news);
}

static void *
run(void *context)
{
    struct fetcher *f = context;
    struct fetch_job job;

    while (next_job(f, &job))
        do_job(f, &job);
    return NULL;
}

static int
start(struct fetcher *f, struct hf_error *err)
{
    pthread_attr_t attr;
    int rc;

    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    rc = pthread_create(&f->thread, &attr, run, f);
    pthread_attr_destroy(&attr);
    if (rc != 0)
        return hf_error_errno(err, rc, "cannot start a thread");
    f->runs = true;
    return 0;
}

int
fetcher_give(struct fetcher *f, const struct fetch_job *job, struct hf_error *err)
{
    if (!f->runs && start(f, err) < 0)
        return -1;
    pthread_mutex_lock(&f->lock);
    f->job = *job;
    f->has_job = true;
    f->cancel = f->busy;
    pthread_cond_signal(&f->changed);
    pthread_mutex_unlock(&f->lock);
    return 0;
}

void
fetcher_cancel(struct fetcher *f)
{
    pthread_mutex_lock(&f->lock);
    f->cancel = true;
    f->has_job = false;
    pthread_mutex_unlock(&f->lock);
}

bool
fetcher_busy(struct fetcher *f)
{
    bool busy;

    pthread_mutex_lock(&f->lock);
    busy = f->busy || f->has_job;
    pthread_mutex_unlock(&f->lock);
    return busy;
}

void
fetcher_stop(struct fetcher *f)
{
    pthread_mutex_lock(&f->lock);
    f->stop = true;
    pthread_cond_signal(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

bool
fetcher_join(struct fetcher *f, int timeout_ms)
{
    struct timespec until;

    if (!f->runs)
        return true;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ms / 1000;
    if (pthread_timedjoin_np(f->thread, NULL, &until) != 0)
        return false;
    f->runs = false;
    return true;
}
