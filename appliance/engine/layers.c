// SPDX-License-Identifier: Apache-2.0
#include "engine/layers.h"

#include "base/text.h"

#include <string.h>

enum { IMAGES_MAX = 256 }; /* that are asked about; of more the rest is fetched again */

/* With containerd's store an image's layers are looked for in the archive itself. */
static bool
is_containerd(const struct hf_json *info)
{
    const struct hf_json *status = hf_json_get(info, "DriverStatus");

    for (const struct hf_json *row = hf_json_first(status); row; row = hf_json_next(row)) {
        const struct hf_json *value = hf_json_first(row) ? hf_json_next(hf_json_first(row)) : NULL;
        const char *text = hf_json_as_string(value);

        if (text && strstr(text, "io.containerd.snapshotter"))
            return true;
    }
    return false;
}

int
hf_layers_store(struct hf_engine *e, struct hf_store_facts *ret, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *info = NULL;
    const char *dir;

    if (hf_client_get(e, "/info", &info, err) < 0)
        return -1;
    dir = hf_json_string(info, "DockerRootDir");
    hf_text_put(ret->data_dir, sizeof ret->data_dir, "%s", dir ? dir : "");
    ret->keeps_layers = !is_containerd(info);
    return 0;
}

/* How many layers from the lowest on two images have in common. */
static size_t
common(const struct hf_image_config *c, const struct hf_json *layers)
{
    const struct hf_json *v = hf_json_first(layers);
    size_t n = 0;

    while (v && n < c->diff_id_count) {
        const char *id = hf_json_as_string(v);

        if (!id || strcmp(id, c->diff_ids[n]) != 0)
            break;
        n++;
        v = hf_json_next(v);
    }
    return n;
}

static int
compare_one(struct hf_engine *e, const struct hf_import *im, const char *id, size_t *present,
            size_t images, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(PATH_BYTES_MAX);
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const struct hf_json *layers;
    struct hf_error local = {0};

    if (hf_client_path(&path, "/images/", id, "/json", err) < 0)
        return -1;
    if (hf_client_get(e, path.data, &doc, &local) < 0) {
        if (local.class == HF_ERROR_NOT_FOUND) /* removed meanwhile */
            return 0;
        if (err)
            *err = local;
        return -1;
    }
    layers = hf_json_get(hf_json_get(doc, "RootFS"), "Layers");
    for (size_t i = 0; i < images; i++) {
        size_t n = common(hf_import_config(im, i), layers);

        present[i] = n > present[i] ? n : present[i];
    }
    return 0;
}

static int
compare_all(struct hf_engine *e, const struct hf_import *im, size_t *present, size_t images,
            struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *list = NULL;
    size_t asked = 0;

    if (hf_client_get(e, "/images/json?all=1", &list, err) < 0)
        return -1;
    for (const struct hf_json *v = hf_json_first(list); v && asked < IMAGES_MAX;
         v = hf_json_next(v), asked++) {
        const char *id = hf_json_string(v, "Id");

        if (id && compare_one(e, im, id, present, images, err) < 0)
            return -1;
    }
    return 0;
}

int
hf_layers_compare(struct hf_engine *e, struct hf_import *im, size_t images,
                  const struct hf_store_facts *store, struct hf_error *err)
{
    size_t present[HF_SERVICES_MAX] = {0};

    if (store->keeps_layers && compare_all(e, im, present, images, err) < 0)
        return -1;
    for (size_t i = 0; i < images; i++)
        hf_import_present(im, i, present[i]);
    return 0;
}
