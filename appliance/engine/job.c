// SPDX-License-Identifier: Apache-2.0
/* Which images are brought in, from where, and one after the other. */
#include "base/text.h"
#include "engine/image.h"
#include "engine/load.h"
#include "import/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

enum { STALL_MS = 30000, LOOK_MS = 200 };

struct job {
    struct hf_engine *engine;
    const struct hf_import_job *job;
    struct hf_import_watch watch;
    struct hf_registry_settings registry; /* as it was when the job began */
    size_t image;                         /* to which the pins at hand begin */
};

/* ---- one at a time ---- */

static bool
is_cancelled(const struct hf_import_job *job)
{
    return job->cancelled && job->cancelled(job->context);
}

/* Cancelled or not is asked without the lock: who answers may call the engine. */
static int
begin(struct job *j, struct hf_error *err)
{
    struct hf_engine *e = j->engine;
    struct timespec until;

    for (;;) {
        if (is_cancelled(j->job))
            return hf_error_set(err, HF_ERROR_UNAVAILABLE, "the import was cancelled");
        pthread_mutex_lock(&e->lock);
        if (!e->importing) {
            e->importing = true;
            j->registry = e->registry;
            pthread_mutex_unlock(&e->lock);
            return 0;
        }
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += (long)LOOK_MS * 1000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        (void)pthread_cond_timedwait(&e->import_ended, &e->lock, &until);
        pthread_mutex_unlock(&e->lock);
    }
}

static void
end(struct job *j)
{
    struct hf_engine *e = j->engine;

    explicit_bzero(&j->registry, sizeof j->registry);
    pthread_mutex_lock(&e->lock);
    e->importing = false;
    pthread_cond_broadcast(&e->import_ended);
    pthread_mutex_unlock(&e->lock);
}

/* ---- from a source ---- */

static void
on_progress(void *context, const struct hf_import_progress *p)
{
    const struct job *j = context;
    struct hf_import_progress told = *p;

    told.image += j->image;
    if (j->job->progress)
        j->job->progress(j->job->context, &told);
}

static int
load(struct job *j, const struct hf_import_pin *pins, const struct hf_release_image *images,
     size_t count, struct hf_import_source source, struct hf_error *err)
{
    const struct hf_import_order order = {
        .pins = pins,
        .count = count,
        .platform = hf_import_platform(),
        .source = source,
        .progress = on_progress,
        .context = j,
    };

    return hf_load(j->engine, &order, images, &j->watch, err);
}

static int
open_remote(struct hf_engine *e, const struct hf_registry_settings *registry,
            const struct hf_import_watch *watch, struct hf_remote **ret_remote,
            struct hf_error *err)
{
    const struct hf_remote_config config = {
        .program = e->fetch_program,
        .registry = registry,
        .watch = *watch,
        .stall_ms = e->fetch_stall_ms ? e->fetch_stall_ms : STALL_MS,
    };

    if (!config.program)
        return hf_error_set(err, HF_ERROR_UNAVAILABLE,
                            "holdfast-fetch is not there to fetch images");
    return hf_remote_new(&config, ret_remote, err);
}

static int
from_registry(struct job *j, const struct hf_import_pin *pin, const struct hf_release_image *image,
              struct hf_error *err)
{
    HF_AUTO(hf_remote) struct hf_remote *remote = NULL;

    if (open_remote(j->engine, &j->registry, &j->watch, &remote, err) < 0)
        return -1;
    return load(j, pin, image, 1, hf_remote_source(remote), err);
}

/* Every blob must be what the pin says, so who laid the file there need not be trusted. */
static int
from_disk(struct job *j, const struct hf_import_pin *pin, const struct hf_release_image *image,
          struct hf_error *err)
{
    const char *path = j->engine->bundle_path;
    HF_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const struct hf_bundle_input input = hf_bundle_file(&fd);
    HF_AUTO(hf_bundle) struct hf_bundle *bundle = NULL;

    if (fd < 0)
        return hf_error_errno(err, errno, "cannot read '%s'", path);
    if (hf_bundle_open(&input, &bundle, err) < 0 ||
        load(j, pin, image, 1, hf_bundle_source(bundle), err) < 0)
        return hf_error_wrap(err, "'%s'", path);
    return 0;
}

/* One by one: what has come is kept where a later one fails. */
static int
fetch_one(struct job *j, const struct hf_release_image *image, struct hf_error *err)
{
    struct hf_error why = {.class = HF_ERROR_INVALID};
    struct hf_import_pin pin;
    bool has = false;

    if (hf_image_has(j->engine, image->image_id, &has, err) < 0)
        return -1;
    if (has)
        return 0;
    if (hf_import_pin_of(image, &pin, err) < 0)
        return -1;
    if (j->engine->bundle_path && from_disk(j, &pin, image, &why) == 0)
        return 0;
    if (is_cancelled(j->job))
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "the import was cancelled");
    if (hf_release_image_is_placed(image))
        return from_registry(j, &pin, image, err);
    return hf_error_set(err, why.class,
                        "image %s %s is not in the engine, and no registry is set to pull it "
                        "from: set registry.host in the configuration%s%s",
                        image->repository, image->tag,
                        *why.message ? "; nor did it come from the bundle here: " : "",
                        why.message);
}

static int
fetch(struct job *j, struct hf_error *err)
{
    for (j->image = 0; j->image < j->job->count; j->image++)
        if (fetch_one(j, &j->job->images[j->image], err) < 0)
            return -1;
    return 0;
}

/* All at once: the file is read once, in its order. */
static int
unpack(struct job *j, struct hf_error *err)
{
    HF_AUTO_FREE struct hf_import_pin *pins = calloc(j->job->count, sizeof *pins);

    if (!pins)
        return hf_error_nomem(err);
    for (size_t i = 0; i < j->job->count; i++)
        if (hf_import_pin_of(&j->job->images[i], &pins[i], err) < 0)
            return -1;
    return load(j, pins, j->job->images, j->job->count, hf_bundle_source(j->job->bundle), err);
}

int
hf_load_job(void *ctx, const struct hf_import_job *job, struct hf_error *err)
{
    struct job j = {
        .engine = ctx, .job = job, .watch = {.cancelled = job->cancelled, .context = job->context}};
    int rc;

    if (job->count < 1 || job->count > HF_SERVICES_MAX)
        return hf_error_set(err, HF_ERROR_INVALID, "from 1 to %d images can be brought in at once",
                            HF_SERVICES_MAX);
    if (begin(&j, err) < 0)
        return -1;
    rc = job->bundle ? unpack(&j, err) : fetch(&j, err);
    end(&j);
    return rc;
}

int
hf_load_pull(void *ctx, const struct hf_release_image *image, bool (*cancelled)(void *context),
             void *context, struct hf_error *err)
{
    const struct hf_import_job job = {
        .images = image, .count = 1, .cancelled = cancelled, .context = context};

    return hf_load_job(ctx, &job, err);
}

/* Beside an import that goes on: it is small. */
int
hf_load_fetch(void *ctx, const struct hf_registry_document *document, struct hf_buf *out,
              bool (*cancelled)(void *context), void *context, struct hf_error *err)
{
    HF_AUTO(hf_remote) struct hf_remote *remote = NULL;
    const struct hf_import_watch watch = {cancelled, context};
    struct hf_registry_settings registry;
    struct hf_engine *e = ctx;
    int rc;

    pthread_mutex_lock(&e->lock);
    registry = e->registry;
    pthread_mutex_unlock(&e->lock);
    rc = open_remote(e, &registry, &watch, &remote, err) < 0
             ? -1
             : hf_remote_document(remote, registry.host, document, out, err);
    explicit_bzero(&registry, sizeof registry);
    return rc;
}

void
hf_load_use_registry(void *ctx, const struct hf_registry_settings *registry)
{
    struct hf_engine *e = ctx;

    pthread_mutex_lock(&e->lock);
    e->registry = *registry;
    pthread_mutex_unlock(&e->lock);
}
