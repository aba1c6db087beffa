// SPDX-License-Identifier: Apache-2.0
#include "import/import.h"

#include "base/text.h"
#include "import/parts.h"
#include "import/tar.h"

#include <string.h>

enum { OUT_MAX = 2 * HF_IMPORT_DOCUMENT_MAX + 8 * HF_TAR_BLOCK };

static const char LAYOUT[] = "{\"imageLayoutVersion\":\"1.0.0\"}";

/* ---- documents ---- */

static int
read_document(const struct hf_import *im, const struct hf_import_pin *pin, const char *digest,
              bool is_manifest, struct hf_buf *out, struct hf_error *err)
{
    const struct hf_import_source *s = &im->order.source;
    const char *what = is_manifest ? "manifest" : "configuration";
    char found[HF_DIGEST_SIZE];

    *out = HF_BUF_INIT(HF_IMPORT_DOCUMENT_MAX);
    if (s->ops->document(s->context, pin, digest, is_manifest, out, err) < 0)
        return hf_error_wrap(err, "%s of %s", what, pin->repository);
    hf_sha256_of(out->data ? out->data : "", out->len, found);
    if (strcmp(found, digest) == 0)
        return 0;
    return hf_error_set(err, HF_ERROR_INVALID,
                        "the %s of %s that came is %s, but the release pins %s", what,
                        pin->repository, found, digest);
}

/* The plan went by the release's list: what would come must be just that. */
static int
check_layers(const struct hf_import_pin *pin, const struct hf_manifest *m, struct hf_error *err)
{
    char found[HF_DIGEST_SIZE];
    struct hf_sha256 hash;

    if (!*pin->layers)
        return 0;
    hf_sha256_begin(&hash);
    for (size_t k = 0; k < m->layer_count; k++)
        hf_layer_list_add(&hash, m->layers[k].digest, (int64_t)m->layers[k].size);
    hf_sha256_end(&hash, found);
    if (strcmp(found, pin->layers) == 0)
        return 0;
    return hf_error_set(err, HF_ERROR_CONFLICT,
                        "image %s has other layers, or other sizes of them, than the release lists "
                        "for it",
                        pin->repository);
}

static int
read_image(struct hf_import *im, size_t i, struct hf_error *err)
{
    const struct hf_import_pin *pin = &im->order.pins[i];
    struct hf_import_image *image = &im->images[i];

    if (read_document(im, pin, pin->manifest, true, &image->manifest_text, err) < 0)
        return -1;
    if (hf_manifest_parse(image->manifest_text.data, image->manifest_text.len, &image->manifest,
                          err) < 0)
        return hf_error_wrap(err, "image %s", pin->repository);
    if (strcmp(image->manifest.config, pin->config) != 0)
        return hf_error_set(err, HF_ERROR_CONFLICT,
                            "image %s has the id %s, but the release pins %s", pin->repository,
                            image->manifest.config, pin->config);
    if (check_layers(pin, &image->manifest, err) < 0)
        return -1;
    if (read_document(im, pin, pin->config, false, &image->config_text, err) < 0)
        return -1;
    if (hf_image_config_parse(image->config_text.data, image->config_text.len, im->order.platform,
                              &image->config, err) < 0)
        return hf_error_wrap(err, "image %s", pin->repository);
    if (image->config.diff_id_count == image->manifest.layer_count)
        return 0;
    return hf_error_set(err, HF_ERROR_INVALID,
                        "image %s has %zu layers, but its configuration names %zu", pin->repository,
                        image->manifest.layer_count, image->config.diff_id_count);
}

static struct hf_import_layer *
find_layer(const struct hf_import *im, const char *digest)
{
    for (size_t i = 0; i < im->layer_count; i++)
        if (strcmp(im->layers[i].blob.digest, digest) == 0)
            return &im->layers[i];
    return NULL;
}

static int
note_layer(struct hf_import *im, const struct hf_import_pin *pin,
           const struct hf_manifest_layer *blob, const char *diff_id, struct hf_error *err)
{
    struct hf_import_layer *l = find_layer(im, blob->digest);

    if (!l) {
        l = &im->layers[im->layer_count++];
        *l = (struct hf_import_layer){.blob = *blob, .pin = pin};
        hf_text_put(l->diff_id, sizeof l->diff_id, "%s", diff_id);
        return 0;
    }
    if (l->blob.size == blob->size && l->blob.gzip == blob->gzip &&
        strcmp(l->diff_id, diff_id) == 0)
        return 0;
    return hf_error_set(err, HF_ERROR_INVALID, "two descriptions of layer %.19s differ",
                        blob->digest);
}

static int
collect_layers(struct hf_import *im, struct hf_error *err)
{
    size_t most = 0;

    for (size_t i = 0; i < im->order.count; i++)
        most += im->images[i].manifest.layer_count;
    im->layers = calloc(most, sizeof *im->layers);
    if (!im->layers)
        return hf_error_nomem(err);
    for (size_t i = 0; i < im->order.count; i++)
        for (size_t k = 0; k < im->images[i].manifest.layer_count; k++)
            if (note_layer(im, &im->order.pins[i], &im->images[i].manifest.layers[k],
                           im->images[i].config.diff_ids[k], err) < 0)
                return -1;
    return 0;
}

int
hf_import_new(const struct hf_import_order *order, struct hf_import **ret_import,
              struct hf_error *err)
{
    HF_AUTO(hf_import) struct hf_import *im = calloc(1, sizeof *im);

    if (!im)
        return hf_error_nomem(err);
    im->order = *order;
    im->unpacked_max = UINT64_MAX;
    im->out = HF_BUF_INIT(OUT_MAX);
    im->images = calloc(order->count, sizeof *im->images);
    if (!im->images)
        return hf_error_nomem(err);
    for (size_t i = 0; i < order->count; i++)
        if (read_image(im, i, err) < 0)
            return -1;
    if (collect_layers(im, err) < 0)
        return -1;
    *ret_import = hf_steal(&im);
    return 0;
}

void
hf_import_free(struct hf_import *im)
{
    if (!im)
        return;
    for (size_t i = 0; im->images && i < im->order.count; i++) {
        hf_buf_done(&im->images[i].manifest_text);
        hf_buf_done(&im->images[i].config_text);
    }
    hf_hasher_free(im->hasher);
    hf_layer_free(im->layer);
    hf_buf_done(&im->out);
    free(im->layers);
    free(im->images);
    free(im);
}

/* ---- what is to come ---- */

const struct hf_image_config *
hf_import_config(const struct hf_import *im, size_t image)
{
    return &im->images[image].config;
}

void
hf_import_present(struct hf_import *im, size_t image, size_t layers)
{
    const struct hf_manifest *m = &im->images[image].manifest;

    for (size_t k = layers; k < m->layer_count; k++)
        find_layer(im, m->layers[k].digest)->wanted = true;
}

uint64_t
hf_import_bytes(const struct hf_import *im)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < im->layer_count; i++)
        sum += im->layers[i].wanted ? im->layers[i].blob.size : 0;
    return sum;
}

void
hf_import_limit(struct hf_import *im, uint64_t unpacked_max)
{
    im->unpacked_max = unpacked_max;
}

/* ---- the archive ---- */

void
hf_import_blob_path(const char *digest, char out[HF_BLOB_PATH_SIZE])
{
    hf_text_put(out, HF_BLOB_PATH_SIZE, "blobs/sha256/%s", strchr(digest, ':') + 1);
}

static int
put_file(struct hf_import *im, const char *name, const char *data, size_t len, struct hf_error *err)
{
    static const char zeros[HF_TAR_BLOCK];
    char block[HF_TAR_BLOCK];

    hf_tar_put(block, name, len);
    if (hf_buf_add(&im->out, block, sizeof block, err) < 0 ||
        hf_buf_add(&im->out, data, len, err) < 0)
        return -1;
    return hf_buf_add(&im->out, zeros, hf_tar_padding(len), err);
}

static int
put_blob(struct hf_import *im, const char *digest, const struct hf_buf *text, struct hf_error *err)
{
    char path[HF_BLOB_PATH_SIZE];

    hf_import_blob_path(digest, path);
    return put_file(im, path, text->data, text->len, err);
}

static int
put_text(struct hf_import *im, const char *name,
         int (*make)(const struct hf_import *im, char **ret_text, struct hf_error *err),
         struct hf_error *err)
{
    HF_AUTO_FREE char *text = NULL;

    if (make(im, &text, err) < 0)
        return -1;
    return put_file(im, name, text, strlen(text), err);
}

static int
put_documents(struct hf_import *im, struct hf_error *err)
{
    const struct hf_import_image *image = &im->images[im->next_image];
    const struct hf_import_pin *pin = &im->order.pins[im->next_image];

    if (++im->next_image == im->order.count)
        im->step = HF_IMPORT_LAYERS;
    if (put_blob(im, pin->manifest, &image->manifest_text, err) < 0)
        return -1;
    return put_blob(im, pin->config, &image->config_text, err);
}

static int
put_layer(struct hf_import *im, struct hf_error *err)
{
    if (im->total == 0)
        im->total = hf_import_bytes(im);
    if (hf_import_first_wanted(im->layers, im->layer_count) == im->layer_count) {
        im->step = HF_IMPORT_INDEX;
        return 0;
    }
    return hf_import_begin_layer(im, err);
}

/* Puts what comes next into out, or begins with a layer. */
static int
put_next(struct hf_import *im, struct hf_error *err)
{
    static const char zeros[2 * HF_TAR_BLOCK];

    switch (im->step) {
    case HF_IMPORT_LAYOUT:
        im->step = HF_IMPORT_DOCUMENTS;
        return put_file(im, "oci-layout", LAYOUT, strlen(LAYOUT), err);
    case HF_IMPORT_DOCUMENTS:
        return put_documents(im, err);
    case HF_IMPORT_LAYERS:
        return put_layer(im, err);
    case HF_IMPORT_INDEX:
        im->step = HF_IMPORT_DOCKER;
        return put_text(im, "index.json", hf_import_index, err);
    case HF_IMPORT_DOCKER:
        im->step = HF_IMPORT_ZEROS;
        return put_text(im, "manifest.json", hf_import_docker, err);
    default:
        im->step = HF_IMPORT_DONE;
        return hf_buf_add(&im->out, zeros, sizeof zeros, err);
    }
}

static void
take_out(struct hf_import *im, char *out, size_t size, size_t *ret_len)
{
    size_t left = im->out.len - im->out_at;

    *ret_len = left < size ? left : size;
    memcpy(out, im->out.data + im->out_at, *ret_len);
    im->out_at += *ret_len;
    if (im->out_at == im->out.len) {
        hf_buf_done(&im->out);
        im->out_at = 0;
    }
}

int
hf_import_read(struct hf_import *im, char *out, size_t size, size_t *ret_len, struct hf_error *err)
{
    *ret_len = 0;
    for (;;) {
        if (im->out.len > 0) {
            take_out(im, out, size, ret_len);
            return 0;
        }
        if (im->layer) {
            if (hf_import_pass_layer(im, out, size, ret_len, err) < 0)
                return -1;
            if (*ret_len > 0)
                return 0;
        } else if (im->step == HF_IMPORT_DONE) {
            return 0;
        } else if (put_next(im, err) < 0) {
            return -1;
        }
    }
}
