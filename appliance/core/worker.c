// SPDX-License-Identifier: Apache-2.0
#include "core/worker.h"

#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <time.h>

/* Deep enough for a struct look; the default of 8 MB times eight threads is not. */
enum { STACK_BYTES = 512 * 1024, LAST_WORDS_MS = 5000, LAST_WORDS = 3, ARCHIVE_MS = 30000 };

/* 128 + SIGKILL: what the kernel kills for want of memory ends so. */
enum { EXIT_CODE_KILLED = 137 };

int
worker_start(struct worker *w, struct hf_core *core, size_t index, void *(*run)(void *worker),
             struct hf_error *err)
{
    pthread_attr_t attr;
    int rc;

    w->core = core;
    w->index = index;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    rc = pthread_create(&w->thread, &attr, run, w);
    pthread_attr_destroy(&attr);
    if (rc != 0)
        return hf_error_errno(err, rc, "cannot start a thread");
    w->runs = true;
    return 0;
}

void
worker_give(struct worker *w, const struct job *job)
{
    pthread_mutex_lock(&w->lock);
    w->job = *job;
    w->has_job = true;
    w->cancel = false;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

void
worker_ask(struct worker *w, const struct job *ask)
{
    pthread_mutex_lock(&w->lock);
    w->ask = *ask;
    w->has_ask = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

bool
worker_busy(struct worker *w)
{
    bool busy;

    pthread_mutex_lock(&w->lock);
    busy = w->busy || w->has_job;
    pthread_mutex_unlock(&w->lock);
    return busy;
}

bool
worker_next(struct worker *w, struct job *ret_job)
{
    bool go_on;

    pthread_mutex_lock(&w->lock);
    w->busy = false;
    while (!w->has_job && !w->has_ask && !w->stop)
        pthread_cond_wait(&w->changed, &w->lock);
    go_on = !w->stop;
    w->busy = go_on;
    if (w->has_ask) {
        *ret_job = w->ask;
        w->has_ask = false;
    } else {
        *ret_job = w->job;
        w->has_job = false;
    }
    pthread_mutex_unlock(&w->lock);
    return go_on;
}

void
worker_cancel(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    w->cancel = true;
    pthread_mutex_unlock(&w->lock);
}

static bool
is_given_up(void *context)
{
    struct worker *w = context;
    bool given_up;

    pthread_mutex_lock(&w->lock);
    given_up = w->cancel || w->stop;
    pthread_mutex_unlock(&w->lock);
    return given_up;
}

bool
worker_stopping(struct worker *w)
{
    bool stop;

    pthread_mutex_lock(&w->lock);
    stop = w->stop;
    pthread_mutex_unlock(&w->lock);
    return stop;
}

void
worker_stop(struct worker *w)
{
    if (!w->runs)
        return;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

bool
worker_join(struct worker *w, int timeout_ms)
{
    struct timespec until;

    if (!w->runs)
        return true;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ms / 1000;
    if (pthread_timedjoin_np(w->thread, NULL, &until) != 0)
        return false;
    w->runs = false;
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    return true;
}

/* ---- effects ---- */

/* The engine makes two networks of one name for two that ask at once, so only one asks. */
static pthread_mutex_t surroundings = PTHREAD_MUTEX_INITIALIZER;

/* A network that only own services name: between them alone. */
static int
make_own_network(const struct hf_core *core, const struct hf_network_spec *built_in, size_t count,
                 const char *name, struct hf_error *err)
{
    struct hf_network_spec own = {.internal = true};

    for (size_t i = 0; i < count; i++)
        if (strcmp(built_in[i].name, name) == 0)
            return 0;
    hf_text_put(own.name, sizeof own.name, "%s", name);
    if (core->config.engine_ops->ensure_network(core->config.engine,
                                                core->config.placement.instance, &own, err) < 0)
        return hf_error_wrap(err, "network '%s'", name);
    return 0;
}

static int
make_surroundings(const struct hf_core *core, const struct hf_spec *spec, struct hf_error *err)
{
    const struct hf_engine_ops *ops = core->config.engine_ops;
    const char *instance = core->config.placement.instance;
    struct hf_network_spec networks[HF_SPEC_LIST_MAX];
    size_t count = hf_spec_networks(&core->config.placement, networks);

    for (size_t i = 0; i < count; i++)
        if (ops->ensure_network(core->config.engine, instance, &networks[i], err) < 0)
            return hf_error_wrap(err, "network '%s'", networks[i].name);
    for (size_t i = 0; i < spec->network_count; i++)
        if (make_own_network(core, networks, count, spec->networks[i].network, err) < 0)
            return -1;
    for (size_t i = 0; i < spec->mount_count; i++)
        if (spec->mounts[i].kind == HF_MOUNT_VOLUME &&
            ops->ensure_volume(core->config.engine, instance, spec->mounts[i].source, err) < 0)
            return hf_error_wrap(err, "volume '%s'", spec->mounts[i].source);
    return 0;
}

static int
ensure_surroundings(const struct hf_core *core, const struct hf_spec *spec, struct hf_error *err)
{
    int rc;

    pthread_mutex_lock(&surroundings);
    rc = make_surroundings(core, spec, err);
    pthread_mutex_unlock(&surroundings);
    return rc;
}

struct last_words {
    char *text; /* HF_TEXT_SIZE bytes */
    int64_t until_ms;
};

static bool
keep_words(void *context, const struct hf_log_line *line)
{
    const struct last_words *l = context;

    if (*line->text)
        hf_text_put(l->text, HF_TEXT_SIZE, "%s", line->text);
    return true;
}

static bool
is_too_late(void *context)
{
    const struct last_words *l = context;

    return hf_clock_mono_ms() > l->until_ms;
}

/* What a container that keeps crashing said last. Nothing, where the engine does not tell. */
static void
hear_last_words(const struct hf_core *core, const struct job *job, char text[HF_TEXT_SIZE])
{
    struct last_words l = {.text = text, .until_ms = hf_clock_mono_ms() + LAST_WORDS_MS};

    if (core->config.engine_ops->logs(core->config.engine, job->container, LAST_WORDS, false,
                                      keep_words, is_too_late, &l, NULL) < 0)
        text[0] = '\0';
}

struct keeping {
    struct hf_archive_writer *writer;
    int64_t until_ms;
};

static bool
keep_line(void *context, const struct hf_log_line *line)
{
    const struct keeping *k = context;

    return hf_archive_line(k->writer, line);
}

static bool
is_kept_long_enough(void *context)
{
    const struct keeping *k = context;

    return hf_clock_mono_ms() > k->until_ms;
}

/* A log that cannot be kept must not keep a container from being replaced. */
void
worker_keep_log(const struct hf_core *core, const struct job *job)
{
    struct keeping k = {.until_ms = hf_clock_mono_ms() + ARCHIVE_MS};
    struct hf_error err = {0};
    int rc = hf_archive_begin(core->archive, job->spec.service, job->started_ms, job->container,
                              &k.writer, &err);

    if (rc == 0) {
        struct hf_error end = {0};

        rc = core->config.engine_ops->logs(core->config.engine, job->container, INT_MAX, false,
                                           keep_line, is_kept_long_enough, &k, &err);
        if (hf_archive_end(k.writer, &end) < 0) {
            rc = -1;
            err = end;
        }
    }
    if (rc < 0)
        hf_log_warn("service=%s event=log-not-kept error=\"%s\"", job->spec.service, err.message);
}

static int
carry_out(struct worker *w, const struct job *job, char last_words[HF_TEXT_SIZE],
          struct hf_error *err)
{
    const struct hf_core *core = w->core;
    const struct hf_engine_ops *ops = core->config.engine_ops;
    void *engine = core->config.engine;
    char id[HF_HASH_SIZE];

    switch (job->effect) {
    case HF_EFFECT_PULL:
        return ops->pull(engine, &job->spec.image, is_given_up, w, err);
    case HF_EFFECT_CREATE:
        if (ensure_surroundings(core, &job->spec, err) < 0)
            return -1;
        return ops->create(engine, &job->spec, id, err);
    case HF_EFFECT_START:
        return ops->start(engine, job->container, err);
    case HF_EFFECT_STOP:
        if (job->wants_last_words)
            hear_last_words(core, job, last_words);
        return ops->stop(engine, job->container, job->spec.stop_timeout_s, err);
    case HF_EFFECT_REMOVE:
        worker_keep_log(core, job);
        return ops->remove(engine, job->container, err);
    case HF_EFFECT_UPDATE:
        return ops->update(engine, job->container, &job->spec, err);
    default:
        return 0;
    }
}

static void
do_effect(struct worker *w, const struct job *job)
{
    struct hf_error err = {0};
    int64_t began = hf_clock_mono_ms();
    char last_words[HF_TEXT_SIZE] = "";
    int result = carry_out(w, job, last_words, &err);

    if (result < 0)
        hf_log_warn("service=%s event=%s-failed error=\"%s\"", job->spec.service,
                    hf_effect_name(job->effect), err.message);
    else
        hf_log_info("service=%s event=%s-done ms=%lld", job->spec.service,
                    hf_effect_name(job->effect), (long long)(hf_clock_mono_ms() - began));
    mailbox_effect(&w->core->mail, w->index, result, &err, last_words);
}

void *
worker_effects(void *worker)
{
    struct worker *w = worker;
    struct job job;

    while (worker_next(w, &job)) {
        if (job.task == TASK_LAST_LINES) {
            int64_t count = 0;
            char *json = hf_core_last_lines(w->core, job.container, job.until_ms, &count);

            mailbox_lines(&w->core->mail, w->index, json, count);
        } else {
            do_effect(w, &job);
        }
    }
    return NULL;
}

/* What it said is kept, and so are its volumes. */
static int
remove_extra(const struct hf_core *core, const struct job *job, struct hf_error *err)
{
    const struct hf_engine_ops *ops = core->config.engine_ops;

    if (ops->stop(core->config.engine, job->container, job->spec.stop_timeout_s, err) < 0)
        return -1;
    worker_keep_log(core, job);
    return ops->remove(core->config.engine, job->container, err);
}

/* What belongs to no service: what is left over, and what they stand on. */
void *
worker_keeper(void *worker)
{
    struct worker *w = worker;
    struct job job;

    while (worker_next(w, &job)) {
        const struct hf_core *core = w->core;
        struct hf_error err = {0};
        int result;

        if (job.task == TASK_ROOM) {
            hf_core_free_room(w->core, &job);
            continue;
        }
        result = job.task == TASK_EXTRA ? remove_extra(core, &job, &err)
                                        : ensure_surroundings(core, &job.spec, &err);

        if (result < 0)
            hf_log_warn("event=putting-right-failed error=\"%s\"", err.message);
        mailbox_hint(&w->core->mail, false);
    }
    return NULL;
}

/* ---- looking and listening ---- */

/* The engine keeps the image of a container that runs, so it need not be asked for that one. */
static bool
runs_from(const struct look *l, const char *image_id)
{
    for (size_t i = 0; i < l->container_count; i++)
        if (l->containers[i].state == HF_CONTAINER_RUNNING &&
            strcmp(l->containers[i].image_id, image_id) == 0)
            return true;
    return false;
}

static int
look_for_images(const struct hf_core *core, const struct job *job, struct look *l)
{
    for (size_t i = 0; i < core->service_count; i++) {
        const char *id = job->image_ids[i];

        l->has_image[i] = *id && runs_from(l, id);
        if (*id && !l->has_image[i] &&
            core->config.engine_ops->has_image(core->config.engine, id, &l->has_image[i], &l->err) <
                0)
            return -1;
    }
    return 0;
}

static int
look_at_all(const struct hf_core *core, const struct job *job, struct look *l)
{
    const struct hf_engine_ops *ops = core->config.engine_ops;
    void *engine = core->config.engine;

    l->taken_ms = hf_clock_mono_ms();
    if (job->with_info) {
        if (ops->info(engine, &l->info, &l->err) < 0)
            return -1;
        l->has_info = true;
    }
    if (ops->list(engine, core->config.placement.instance, l->containers, HF_CONTAINERS_MAX,
                  &l->container_count, &l->err) < 0 ||
        ops->surroundings(engine, core->config.placement.instance, &l->around, &l->err) < 0)
        return -1;
    return look_for_images(core, job, l);
}

void *
worker_observer(void *worker)
{
    struct worker *w = worker;
    struct job job;

    while (worker_next(w, &job)) {
        struct look l = {0};

        l.result = look_at_all(w->core, &job, &l);
        mailbox_look(&w->core->mail, &l);
    }
    return NULL;
}

static bool
on_engine_event(void *context, const struct hf_engine_event *event)
{
    struct worker *w = context;
    int index = hf_core_service_index(w->core, event->service);
    bool oom = strcmp(event->what, "oom") == 0;

    if (index >= 0 && (oom || event->has_exit_code))
        mailbox_death(&w->core->mail, (size_t)index, oom,
                      event->has_exit_code ? event->exit_code : EXIT_CODE_KILLED);
    mailbox_hint(&w->core->mail, strcmp(event->what, "connected") == 0);
    return !worker_stopping(w);
}

static bool
is_cancelled(void *context)
{
    return worker_stopping(context);
}

void *
worker_listener(void *worker)
{
    struct worker *w = worker;

    while (!worker_stopping(w)) {
        struct hf_error err = {0};

        if (w->core->config.engine_ops->events(w->core->config.engine,
                                               w->core->config.placement.instance, on_engine_event,
                                               is_cancelled, w, &err) < 0) {
            struct timespec pause = {.tv_sec = 1};

            hf_log_warn("event=engine-events-failed error=\"%s\"", err.message);
            nanosleep(&pause, NULL);
        }
    }
    return NULL;
}
