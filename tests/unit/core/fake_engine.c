// SPDX-License-Identifier: Apache-2.0
#include "fake_engine.h"

#include "base/clock.h"
#include "base/text.h"

#include <string.h>
#include <time.h>

enum { POLL_NS = 5 * 1000 * 1000, SLOW_NAPS = 60 };

void
fake_engine_init(struct fake_engine *f)
{
    memset(f, 0, sizeof *f);
    pthread_mutex_init(&f->lock, NULL);
}

void
fake_engine_done(struct fake_engine *f)
{
    pthread_mutex_destroy(&f->lock);
}

static void
nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = POLL_NS}, NULL);
}

/* Takes the lock; -1 without it where the engine is away. */
static int
enter(struct fake_engine *f, struct hf_error *err)
{
    pthread_mutex_lock(&f->lock);
    if (!f->away)
        return 0;
    pthread_mutex_unlock(&f->lock);
    return hf_error_set(err, HF_ERROR_UNAVAILABLE, "the socket is not there");
}

static int
leave(struct fake_engine *f)
{
    pthread_mutex_unlock(&f->lock);
    return 0;
}

/* The same for a call that changes something: the engine may die of it. */
static int
enter_change(struct fake_engine *f, struct hf_error *err)
{
    if (enter(f, err) < 0)
        return -1;
    f->dying = ++f->changes == f->dies_at;
    if (!f->dying || f->dies_after)
        return 0;
    f->away = true;
    pthread_mutex_unlock(&f->lock);
    return hf_error_set(err, HF_ERROR_UNAVAILABLE, "the connection broke");
}

static int
leave_change(struct fake_engine *f, struct hf_error *err)
{
    bool died = f->dying;

    f->away |= died;
    f->dying = false;
    pthread_mutex_unlock(&f->lock);
    return died ? hf_error_set(err, HF_ERROR_UNAVAILABLE, "the connection broke") : 0;
}

static struct hf_container *
find(struct fake_engine *f, const char *id)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->containers[i].id, id) == 0)
            return &f->containers[i];
    return NULL;
}

static int
fake_info(void *ctx, struct hf_engine_info *ret_info, struct hf_error *err)
{
    struct fake_engine *f = ctx;

    if (enter(f, err) < 0)
        return -1;
    *ret_info = (struct hf_engine_info){.version = "fake", .api_version = "1.41"};
    hf_text_put(ret_info->data_dir, sizeof ret_info->data_dir, "%s", f->data_dir);
    if (*f->warning)
        hf_text_put(ret_info->warnings[ret_info->warning_count++], sizeof f->warning, "%s",
                    f->warning);
    return leave(f);
}

static int
fake_list(void *ctx, const char *instance, struct hf_container *ret_list, size_t max,
          size_t *ret_count, struct hf_error *err)
{
    struct fake_engine *f = ctx;

    (void)instance;
    (void)max;
    if (enter(f, err) < 0)
        return -1;
    f->looks++;
    while (f->hangs) {
        pthread_mutex_unlock(&f->lock);
        nap();
        pthread_mutex_lock(&f->lock);
    }
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->containers[i].image_id, f->crashes) == 0 &&
            f->containers[i].state == HF_CONTAINER_RUNNING)
            f->containers[i].restart_count++;
    memcpy(ret_list, f->containers, f->count * sizeof *ret_list);
    *ret_count = f->count;
    return leave(f);
}

static void
add_name(char names[][2 * HF_NAME_SIZE], size_t *count, const char *name)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp(names[i], name) == 0)
            return;
    hf_text_put(names[(*count)++], 2 * HF_NAME_SIZE, "%s", name);
}

static int
fake_surroundings(void *ctx, const char *instance, struct hf_surroundings *ret,
                  struct hf_error *err)
{
    struct fake_engine *f = ctx;

    (void)instance;
    if (enter(f, err) < 0)
        return -1;
    *ret = f->around;
    return leave(f);
}

static int
fake_ensure_network(void *ctx, const char *instance, const struct hf_network_spec *n,
                    struct hf_error *err)
{
    struct fake_engine *f = ctx;

    (void)instance;
    if (enter(f, err) < 0)
        return -1;
    add_name(f->around.networks, &f->around.network_count, n->name);
    return leave(f);
}

static int
fake_ensure_volume(void *ctx, const char *instance, const char *name, struct hf_error *err)
{
    struct fake_engine *f = ctx;

    (void)instance;
    if (enter(f, err) < 0)
        return -1;
    add_name(f->around.volumes, &f->around.volume_count, name);
    return leave(f);
}

static int
fake_remove_volume(void *ctx, const char *name, struct hf_error *err)
{
    struct fake_engine *f = ctx;
    struct hf_surroundings *a = &f->around;

    if (enter_change(f, err) < 0)
        return -1;
    if (f->count > 0) {
        leave(f);
        return hf_error_set(err, HF_ERROR_CONFLICT, "volume is in use");
    }
    for (size_t i = 0; i < a->volume_count; i++)
        if (strcmp(a->volumes[i], name) == 0)
            memcpy(a->volumes[i], a->volumes[--a->volume_count], sizeof a->volumes[0]);
    return leave_change(f, err);
}

static int
fake_has_image(void *ctx, const char *image_id, bool *ret_has, struct hf_error *err)
{
    struct fake_engine *f = ctx;

    if (enter(f, err) < 0)
        return -1;
    f->image_questions++;
    *ret_has = !f->no_images && strcmp(image_id, f->missing) != 0;
    return leave(f);
}

static int
fake_pull(void *ctx, const struct hf_release_image *image, bool (*cancelled)(void *context),
          void *context, struct hf_error *err)
{
    struct fake_engine *f = ctx;

    if (enter_change(f, err) < 0)
        return -1;
    f->pulls++;
    if (strcmp(image->image_id, f->missing) == 0) {
        leave(f);
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "manifest unknown");
    }
    while (f->block_pulls) {
        pthread_mutex_unlock(&f->lock);
        if (cancelled(context))
            return hf_error_set(err, HF_ERROR_UNAVAILABLE, "the pull was cancelled");
        nap();
        pthread_mutex_lock(&f->lock);
    }
    if (f->fail_pulls) {
        f->fail_pulls--;
        leave(f);
        return hf_error_set(err, HF_ERROR_UPSTREAM, "the registry is away");
    }
    f->no_images = false;
    return leave_change(f, err);
}

/* Each image has one layer of a hundred bytes, of which half is here before the pull waits. */
static int
fake_import(void *ctx, const struct hf_import_job *job, struct hf_error *err)
{
    for (size_t i = 0; i < job->count; i++) {
        const struct hf_import_progress half = {i, job->images[i].digest, 50, 100, 50, 100};

        if (job->progress)
            job->progress(job->context, &half);
        if (fake_pull(ctx, &job->images[i], job->cancelled, job->context, err) < 0)
            return -1;
    }
    return 0;
}

static int
fake_remove_image(void *ctx, const struct hf_release_image *image, struct hf_error *err)
{
    struct fake_engine *f = ctx;

    if (enter_change(f, err) < 0)
        return -1;
    f->image_removals++;
    if (strcmp(f->used_image, image->image_id) == 0) {
        leave(f);
        return hf_error_set(err, HF_ERROR_CONFLICT, "image is being used by stopped container");
    }
    if (f->removed_count < HF_CONTAINERS_MAX)
        hf_text_put(f->removed[f->removed_count++], HF_DIGEST_SIZE, "%s", image->image_id);
    return leave_change(f, err);
}

static int
fake_create(void *ctx, const struct hf_spec *spec, char ret_id[HF_HASH_SIZE], struct hf_error *err)
{
    struct fake_engine *f = ctx;
    struct hf_container *c;

    if (enter_change(f, err) < 0)
        return -1;
    f->creates++;
    for (int i = 0; i < SLOW_NAPS && strcmp(f->slow, spec->service) == 0; i++) {
        pthread_mutex_unlock(&f->lock);
        nap();
        pthread_mutex_lock(&f->lock);
    }
    if (f->fail_creates) {
        f->fail_creates--;
        leave(f);
        return hf_error_set(err, HF_ERROR_UPSTREAM, "no such network");
    }
    c = &f->containers[f->count++];
    *c = (struct hf_container){.state = HF_CONTAINER_CREATED};
    hf_text_put(c->id, sizeof c->id, "c%u", ++f->serial);
    hf_text_put(c->service, sizeof c->service, "%s", spec->service);
    hf_text_put(c->label_service, sizeof c->label_service, "%s", spec->service);
    hf_text_put(c->name, sizeof c->name, "%s", spec->container);
    c->labelled = true;
    hf_text_put(c->spec_hash, sizeof c->spec_hash, "%s", spec->hash);
    hf_text_put(c->image_id, sizeof c->image_id, "%s", spec->image.image_id);
    c->limits = spec->limits;
    hf_text_put(c->address, sizeof c->address, "%s", f->address);
    hf_text_put(c->lease_address, sizeof c->lease_address, "%s", f->lease_address);
    memcpy(ret_id, c->id, HF_HASH_SIZE);
    return leave_change(f, err);
}

static int
fake_update(void *ctx, const char *id, const struct hf_spec *spec, struct hf_error *err)
{
    struct fake_engine *f = ctx;
    struct hf_container *c;

    if (enter_change(f, err) < 0)
        return -1;
    f->updates++;
    c = find(f, id);
    if (!c || f->refuse_updates) {
        leave(f);
        return hf_error_set(err, HF_ERROR_UPSTREAM, "device or resource busy");
    }
    c->limits = spec->limits;
    return leave_change(f, err);
}

static int
fake_start(void *ctx, const char *id, struct hf_error *err)
{
    struct fake_engine *f = ctx;
    struct hf_container *c;

    if (enter_change(f, err) < 0)
        return -1;
    f->starts++;
    c = find(f, id);
    if (!c || f->fail_starts) {
        f->fail_starts -= f->fail_starts > 0;
        leave(f);
        return hf_error_set(err, HF_ERROR_CONFLICT, "port is already allocated");
    }
    c->state = HF_CONTAINER_RUNNING;
    c->started_ms = hf_clock_wall_ms();
    if (strcmp(c->image_id, f->stillborn) == 0) {
        c->state = HF_CONTAINER_EXITED;
        c->exit_code = 2;
        c->finished_ms = c->started_ms;
    }
    if (f->started_count < HF_CONTAINERS_MAX)
        hf_text_put(f->started[f->started_count++], HF_NAME_SIZE, "%s", c->service);
    return leave_change(f, err);
}

static int
fake_stop(void *ctx, const char *id, int timeout_s, struct hf_error *err)
{
    struct fake_engine *f = ctx;
    struct hf_container *c;

    (void)timeout_s;
    if (enter_change(f, err) < 0)
        return -1;
    f->stops++;
    while (f->block_stops) {
        pthread_mutex_unlock(&f->lock);
        nap();
        pthread_mutex_lock(&f->lock);
    }
    c = find(f, id);
    if (c && c->state == HF_CONTAINER_RUNNING) {
        c->state = HF_CONTAINER_EXITED;
        c->finished_ms = hf_clock_wall_ms();
    }
    return leave_change(f, err);
}

static int
fake_remove(void *ctx, const char *id, struct hf_error *err)
{
    struct fake_engine *f = ctx;
    struct hf_container *c;

    if (enter_change(f, err) < 0)
        return -1;
    f->removes++;
    c = find(f, id);
    if (c)
        *c = f->containers[--f->count];
    return leave_change(f, err);
}

static int
fake_logs(void *ctx, const char *id, int tail, bool follow, hf_log_sink *sink,
          bool (*cancelled)(void *context), void *context, struct hf_error *err)
{
    const struct hf_log_line line = {.is_stderr = true,
                                     .text = "event=end reason=\"volume /data is not writable\""};

    (void)ctx;
    (void)id;
    (void)tail;
    (void)follow;
    (void)cancelled;
    (void)err;
    sink(context, &line);
    return 0;
}

/* As Docker does by itself, and before anybody looks. */
static void
restart(struct fake_engine *f, const char *service)
{
    for (size_t i = 0; i < f->count; i++) {
        if (strcmp(f->containers[i].service, service) != 0)
            continue;
        f->containers[i].restart_count++;
        f->containers[i].started_ms += 1000;
    }
}

/* Hints come often enough that a test need not wait for the slow timer. */
static int
fake_events(void *ctx, const char *instance, hf_event_sink *sink, bool (*cancelled)(void *context),
            void *context, struct hf_error *err)
{
    struct fake_engine *f = ctx;
    const struct hf_engine_event hint = {.what = "start", .service = ""};
    char who[HF_NAME_SIZE];

    (void)instance;
    (void)err;
    do {
        nap();
        FAKE_LOCKED(f, {
            hf_text_put(who, sizeof who, "%s", f->dies);
            *f->dies = '\0';
        });
        if (*who &&
            !sink(context,
                  &(struct hf_engine_event){
                      .what = "die", .service = who, .has_exit_code = true, .exit_code = 139}))
            break;
        FAKE_LOCKED(f, restart(f, who));
    } while (!cancelled(context) && sink(context, &hint));
    return 0;
}

static void
fake_use_registry(void *ctx, const struct hf_registry_settings *registry)
{
    struct fake_engine *f = ctx;

    FAKE_LOCKED(f, f->registry = *registry);
}

static int
fake_fetch(void *ctx, const struct hf_registry_document *document, struct hf_buf *out,
           bool (*cancelled)(void *context), void *context, struct hf_error *err)
{
    struct fake_engine *f = ctx;
    const char *text;
    bool blocked;

    do {
        if (cancelled(context))
            return hf_error_set(err, HF_ERROR_UNAVAILABLE, "the import was cancelled");
        FAKE_LOCKED(f, { blocked = f->block_documents; });
        if (blocked)
            nap();
    } while (blocked);
    if (f->document)
        return f->document(document, out, err);
    FAKE_LOCKED(f, { text = f->document_text; });
    if (!text)
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "cannot connect to the registry");
    return hf_buf_add(out, text, strlen(text), err);
}

/* No image of it has files. */
static int
fake_archive(void *ctx, const char *id, const char *path, struct hf_buf *tar, struct hf_error *err)
{
    (void)ctx, (void)id, (void)tar;
    return hf_error_set(err, HF_ERROR_NOT_FOUND, "%s is not there", path);
}

const struct hf_engine_ops fake_engine_ops = {
    .info = fake_info,
    .list = fake_list,
    .surroundings = fake_surroundings,
    .ensure_network = fake_ensure_network,
    .ensure_volume = fake_ensure_volume,
    .remove_volume = fake_remove_volume,
    .has_image = fake_has_image,
    .pull = fake_pull,
    .import = fake_import,
    .remove_image = fake_remove_image,
    .use_registry = fake_use_registry,
    .fetch = fake_fetch,
    .archive = fake_archive,
    .create = fake_create,
    .update = fake_update,
    .start = fake_start,
    .stop = fake_stop,
    .remove = fake_remove,
    .logs = fake_logs,
    .events = fake_events,
};
