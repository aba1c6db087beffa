// SPDX-License-Identifier: Apache-2.0
#include "engine/image.h"

#include "base/text.h"
#include "engine/inspect.h"
#include "engine/line_decoder.h"

#include <string.h>

/* ---- finding ---- */

/* The engine's own id of the image that reference names. */
static int
id_of(struct hf_engine *e, const char *reference, char ret_id[HF_DIGEST_SIZE], struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(PATH_BYTES_MAX);
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const char *id;

    if (hf_buf_adds(&path, "/images/", err) < 0 ||
        hf_client_encode(&path, reference, "/:@", err) < 0 ||
        hf_buf_adds(&path, "/json", err) < 0 || hf_client_get(e, path.data, &doc, err) < 0)
        return -1;
    id = hf_json_string(doc, "Id");
    if (!id || strlen(id) >= HF_DIGEST_SIZE)
        return hf_error_set(err, HF_ERROR_UPSTREAM, "Docker's description of an image has no id");
    hf_text_put(ret_id, HF_DIGEST_SIZE, "%s", id);
    return 0;
}

int
hf_image_find(struct hf_engine *e, const struct hf_release_image *image,
              char ret_reference[HF_IMAGE_REF_SIZE], struct hf_error *err)
{
    struct hf_error local;
    char id[HF_DIGEST_SIZE];

    if (id_of(e, image->image_id, id, &local) == 0) {
        hf_text_put(ret_reference, HF_IMAGE_REF_SIZE, "%s", image->image_id);
        return 0;
    }
    if (local.class != HF_ERROR_NOT_FOUND) {
        if (err)
            *err = local;
        return -1;
    }
    if (id_of(e, image->image, id, err) < 0)
        return -1;
    if (!hf_inspect_is_manifest_of(id, image->image))
        return hf_error_set(err, HF_ERROR_CONFLICT,
                            "image %s has the id %s, but the release pins %s", image->image, id,
                            image->image_id);
    hf_image_remember(e, image->image_id, image->image);
    hf_text_put(ret_reference, HF_IMAGE_REF_SIZE, "%s", image->image);
    return 0;
}

void
hf_image_remember(struct hf_engine *e, const char *image_id, const char *reference)
{
    struct known_image *k = NULL;

    pthread_mutex_lock(&e->lock);
    for (size_t i = 0; i < KNOWN_IMAGES_MAX && !k; i++)
        if (strcmp(e->known[i].image_id, image_id) == 0)
            k = &e->known[i];
    if (!k) {
        k = &e->known[e->known_next];
        e->known_next = (e->known_next + 1) % KNOWN_IMAGES_MAX;
    }
    hf_text_put(k->image_id, sizeof k->image_id, "%s", image_id);
    hf_text_put(k->reference, sizeof k->reference, "%s", reference);
    pthread_mutex_unlock(&e->lock);
}

static bool
recall(struct hf_engine *e, struct hf_release_image *image)
{
    bool found = false;

    pthread_mutex_lock(&e->lock);
    for (size_t i = 0; i < KNOWN_IMAGES_MAX && !found; i++) {
        found = strcmp(e->known[i].image_id, image->image_id) == 0;
        if (found)
            hf_text_put(image->image, sizeof image->image, "%s", e->known[i].reference);
    }
    pthread_mutex_unlock(&e->lock);
    return found;
}

int
hf_image_has(void *ctx, const char *image_id, bool *ret_has, struct hf_error *err)
{
    struct hf_engine *e = ctx;
    struct hf_release_image image = {0};
    struct hf_error local = {0};
    char text[HF_IMAGE_REF_SIZE];
    int result;

    hf_text_put(image.image_id, sizeof image.image_id, "%s", image_id);
    result = recall(e, &image) ? hf_image_find(e, &image, text, &local)
                               : id_of(e, image_id, text, &local);
    if (result < 0 && local.class != HF_ERROR_NOT_FOUND) {
        if (err)
            *err = local;
        return -1;
    }
    *ret_has = result == 0;
    return 0;
}

/* ---- pulling ---- */

/* Docker answers 200 before it begins; how it ended is in the progress lines. */
static int
on_progress_line(void *context, const char *line, size_t len, bool cut, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const char *error;

    (void)context;
    if (len == 0)
        return 0;
    if (cut || hf_json_parse(line, len, &doc, NULL) < 0)
        return hf_error_set(err, HF_ERROR_UPSTREAM,
                            "Docker reports the progress of a pull in a form we do not know");
    error = hf_json_string(doc, "error");
    if (!error)
        return 0;
    if (strstr(error, "no space left on device"))
        return hf_error_set(err, HF_ERROR_NO_SPACE, "Docker: %.400s", error);
    return hf_error_set(err, HF_ERROR_UPSTREAM, "Docker: %.400s", error);
}

struct pull {
    struct hf_line_decoder lines;
    bool (*cancelled)(void *context);
    void *context;
};

static int
on_progress(void *context, const char *data, size_t len, bool *ret_ended, struct hf_error *err)
{
    struct pull *p = context;

    (void)ret_ended;
    return hf_line_decoder_feed(&p->lines, data, len, err);
}

static bool
pull_cancelled(void *context)
{
    const struct pull *p = context;

    return p->cancelled(p->context);
}

static int
pull_path(const struct hf_release_image *image, struct hf_buf *path, struct hf_error *err)
{
    const char *at = strchr(image->image, '@');
    char repository[HF_IMAGE_REF_SIZE];

    if (!at)
        return hf_error_set(err, HF_ERROR_INVALID, "image '%s' is not pinned by a digest",
                            image->image);
    hf_text_put(repository, sizeof repository, "%.*s", (int)(at - image->image), image->image);
    if (hf_client_path(path, "/images/create?fromImage=", repository, "&tag=", err) < 0)
        return -1;
    return hf_client_encode(path, at + 1, "", err);
}

int
hf_image_pull(void *ctx, const struct hf_release_image *image, bool (*cancelled)(void *context),
              void *context, struct hf_error *err)
{
    struct hf_engine *e = ctx;
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(PATH_BYTES_MAX);
    struct pull pull = {.cancelled = cancelled, .context = context};
    struct hf_client_call call = {
        .method = "POST",
        .total_ms = PULL_MS,
        .idle_ms = PULL_IDLE_MS,
        .sink = on_progress,
        .cancelled = pull_cancelled,
        .context = &pull,
    };
    char reference[HF_IMAGE_REF_SIZE];
    int result;

    /* Docker would take the path for one in a registry of its own choice. */
    if (!hf_release_image_is_placed(image))
        return hf_error_set(err, HF_ERROR_INVALID,
                            "image %s %s is not in the engine, and no registry is set to pull it "
                            "from: set registry.host in the configuration",
                            image->repository, image->tag);
    if (pull_path(image, &path, err) < 0)
        return -1;
    call.path = path.data;
    hf_line_decoder_init(&pull.lines, on_progress_line, NULL);
    result = hf_client_call(e, &call, NULL, err);
    hf_line_decoder_done(&pull.lines);
    if (result < 0)
        return -1;
    if (cancelled(context))
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "the pull was cancelled");
    if (hf_image_find(e, image, reference, err) < 0)
        return hf_error_wrap(err, "after the pull");
    return 0;
}
