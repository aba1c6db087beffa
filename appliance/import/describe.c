// SPDX-License-Identifier: Apache-2.0
/* What makes images of the blobs in an archive: once for each kind of image store. */
#include "base/text.h"
#include "import/parts.h"
#include "json/json.h"

#include <string.h>

static void
put_name(struct hf_json *o, const char *member, const struct hf_import_pin *pin)
{
    char name[HF_IMAGE_REF_SIZE + HF_IMAGE_REF_SIZE + HF_TAG_SIZE];

    hf_text_put(name, sizeof name, "%s%s%s:%s", pin->host, *pin->host ? "/" : "", pin->repository,
                pin->tag);
    if (member)
        hf_json_put_string(o, member, name);
    else
        hf_json_add_string(o, name);
}

/* With containerd's store the image keeps its manifest, and with it the digest that the release
 * pins (image-layout.md; containerd's own annotation for the name). */
int
hf_import_index(const struct hf_import *im, char **ret_text, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *index = hf_json_object();
    struct hf_json *manifests = hf_json_array();

    for (size_t i = 0; i < im->order.count; i++) {
        struct hf_json *m = hf_json_object(), *names = hf_json_object();

        hf_json_put_string(m, "mediaType", im->images[i].manifest.media_type);
        hf_json_put_string(m, "digest", im->order.pins[i].manifest);
        hf_json_put_int(m, "size", (int64_t)im->images[i].manifest_text.len);
        put_name(names, "io.containerd.image.name", &im->order.pins[i]);
        hf_json_put_string(names, "org.opencontainers.image.ref.name", im->order.pins[i].tag);
        hf_json_put(m, "annotations", names);
        hf_json_add(manifests, m);
    }
    hf_json_put_int(index, "schemaVersion", 2);
    hf_json_put(index, "manifests", manifests);
    return hf_json_print(index, ret_text, err);
}

static struct hf_json *
describe(const struct hf_import *im, size_t i)
{
    const struct hf_manifest *m = &im->images[i].manifest;
    struct hf_json *o = hf_json_object(), *tags = hf_json_array(), *layers = hf_json_array();
    char path[HF_BLOB_PATH_SIZE];

    hf_import_blob_path(m->config, path);
    hf_json_put_string(o, "Config", path);
    put_name(tags, NULL, &im->order.pins[i]);
    hf_json_put(o, "RepoTags", tags);
    for (size_t k = 0; k < m->layer_count; k++) {
        hf_import_blob_path(m->layers[k].digest, path);
        hf_json_add_string(layers, path);
    }
    hf_json_put(o, "Layers", layers);
    return o;
}

int
hf_import_docker(const struct hf_import *im, char **ret_text, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *list = hf_json_array();

    for (size_t i = 0; i < im->order.count; i++)
        hf_json_add(list, describe(im, i));
    return hf_json_print(list, ret_text, err);
}
