// SPDX-License-Identifier: Apache-2.0
/* The thread of a bundle: checks its release, gives its images to the engine, makes it known. */
#include "intake/parts.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <string.h>
#include <unistd.h>

bool
hf_intake_is_over(void *context)
{
    struct hf_intake *in = context;
    bool over;

    pthread_mutex_lock(&in->lock);
    over = in->stopped || *in->given_up_by;
    pthread_mutex_unlock(&in->lock);
    return over;
}

/* ---- the head ---- */

static const char *
text_of(const struct hf_buf *b)
{
    return b->data ? b->data : "";
}

/* A NUL in it would hide what follows from who reads it. */
static int
check_text(const struct hf_buf *b, const char *name, struct hf_error *err)
{
    if (b->len == strlen(text_of(b)))
        return 0;
    return hf_error_set(err, HF_ERROR_INVALID, "%s in the bundle is no text", name);
}

static int
examine(struct hf_intake *in, const struct hf_bundle *b, struct hf_release *ret_release,
        struct hf_error *err)
{
    const struct hf_buf *release = hf_bundle_release(b), *signature = hf_bundle_signature(b);
    const struct hf_intake_ops *ops = &in->config.ops;

    if (check_text(release, "release.json", err) < 0 ||
        check_text(signature, "release.json.minisig", err) < 0 ||
        ops->examine(ops->context, text_of(release), text_of(signature), ret_release, err) < 0)
        return -1;
    pthread_mutex_lock(&in->lock);
    hf_release_label(ret_release, in->view.name);
    in->view.state = HF_INTAKE_IMAGES;
    pthread_mutex_unlock(&in->lock);
    hf_log_info("event=bundle-checked release=\"%s\"", in->view.name);
    return 0;
}

/* ---- the images ---- */

static void
on_progress(void *context, const struct hf_import_progress *p)
{
    struct hf_intake *in = context;

    pthread_mutex_lock(&in->lock);
    in->view.layers_done = p->total_done;
    in->view.layers_size = p->total_size;
    pthread_mutex_unlock(&in->lock);
}

static bool
is_listed(const struct hf_release_image *images, size_t count, const char *image_id)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(images[i].image_id, image_id) == 0)
            return true;
    return false;
}

/* Those that are not here, each once. */
static int
list_images(struct hf_intake *in, const struct hf_release *r, struct hf_release_image *ret_images,
            size_t *ret_count, struct hf_error *err)
{
    *ret_count = 0;
    for (size_t i = 0; i < r->count; i++) {
        const struct hf_release_image *image = &r->services[i].image;
        bool has = false;

        if (in->config.engine_ops->has_image(in->config.engine, image->image_id, &has, err) < 0)
            return -1;
        if (!has && !is_listed(ret_images, *ret_count, image->image_id))
            ret_images[(*ret_count)++] = *image;
    }
    return 0;
}

static int
import_images(struct hf_intake *in, struct hf_bundle *b, const struct hf_release *r,
              struct hf_error *err)
{
    HF_AUTO_FREE struct hf_release_image *images = calloc(HF_SERVICES_MAX, sizeof *images);
    struct hf_import_job job = {
        .images = images,
        .bundle = b,
        .cancelled = hf_intake_is_over,
        .progress = on_progress,
        .context = in,
    };

    if (!images)
        return hf_error_nomem(err);
    if (list_images(in, r, images, &job.count, err) < 0)
        return -1;
    return job.count ? in->config.engine_ops->import(in->config.engine, &job, err) : 0;
}

/* ---- holdfastd ---- */

/* Behind the images. */
static int
take_daemon(struct hf_intake *in, struct hf_bundle *b, const struct hf_release_daemon *d,
            struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf file = HF_BUF_INIT((size_t)d->size);
    const struct hf_intake_ops *ops = &in->config.ops;

    if (!*d->package || !ops->wants_daemon(ops->context, d))
        return 0;
    if (hf_bundle_blob(b, d->digest, &file, err) < 0)
        return hf_error_wrap(err, "the package of holdfastd");
    return ops->keep_daemon(ops->context, d, (struct hf_slice){file.data, file.len}, err);
}

/* ---- all of it ---- */

static int
take(struct hf_intake *in, char id[HF_DIGEST_TEXT_SIZE], struct hf_error *err)
{
    const struct hf_intake_ops *ops = &in->config.ops;
    const struct hf_bundle_input input = hf_intake_input(in);
    HF_AUTO(hf_bundle) struct hf_bundle *b = NULL;
    struct hf_release release;
    int rc;

    if (hf_bundle_open(&input, &b, err) < 0 || examine(in, b, &release, err) < 0)
        return -1;
    rc = import_images(in, b, &release, err);
    if (rc == 0)
        rc = take_daemon(in, b, &release.daemon, err);
    hf_release_done(&release);
    if (rc < 0)
        return -1;
    return ops->admit(ops->context, text_of(hf_bundle_release(b)), text_of(hf_bundle_signature(b)),
                      in->view.actor, id, err);
}

static void
note_end(struct hf_intake *in, int rc, const struct hf_error *err)
{
    const struct hf_intake_ops *ops = &in->config.ops;
    char what[HF_ERROR_MESSAGE_MAX + HF_RELEASE_LABEL_SIZE + 64];

    if (rc == 0)
        hf_text_put(what, sizeof what, "took the bundle of release '%s'", in->view.name);
    else
        hf_text_put(what, sizeof what, "the bundle%s%s was not taken: %s",
                    *in->view.name ? " of " : "", in->view.name, err->message);
    ops->note(ops->context, in->view.actor, what);
}

/* Nothing of it is wanted any more, so all of it has come. */
static void
end(struct hf_intake *in, int rc, const struct hf_error *err, const char *id)
{
    pthread_mutex_lock(&in->lock);
    in->view.state = rc < 0 ? HF_INTAKE_FAILED : HF_INTAKE_DONE;
    in->view.finished_ms = hf_clock_wall_ms();
    if (rc < 0)
        in->view.error = *err;
    else
        hf_text_put(in->view.id, sizeof in->view.id, "%s", id);
    if (rc < 0 && *in->given_up_by)
        hf_error_set(&in->view.error, HF_ERROR_UNAVAILABLE, "it was given up by %s",
                     in->given_up_by);
    if (rc == 0)
        in->pipe.skip_to = in->view.length;
    in->active = false;
    pthread_cond_broadcast(&in->changed);
    pthread_mutex_unlock(&in->lock);
}

void *
hf_intake_work(void *context)
{
    struct hf_intake *in = context;
    char id[HF_DIGEST_TEXT_SIZE] = "";
    struct hf_error err = {0};
    int rc = take(in, id, &err);

    if (in->fd >= 0)
        close(in->fd);
    note_end(in, rc, &err);
    end(in, rc, &err, id);
    return NULL;
}
