// SPDX-License-Identifier: Apache-2.0
#include "engine/image.h"

#include "base/text.h"
#include "engine/inspect.h"

#include <string.h>

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
