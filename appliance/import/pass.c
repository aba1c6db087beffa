// SPDX-License-Identifier: Apache-2.0
/* A layer passes from its source into the archive: counted, hashed and looked at. */
#include "import/parts.h"

#include <string.h>

static int
in_layer(const struct hf_import *im, struct hf_error *err)
{
    const struct hf_import_layer *l = &im->layers[im->layer_index];

    return hf_error_wrap(err, "layer %.19s of %s", l->blob.digest, l->pin->repository);
}

int
hf_import_begin_layer(struct hf_import *im, struct hf_error *err)
{
    const struct hf_import_source *s = &im->order.source;
    const struct hf_import_layer *l;
    struct hf_layer_limits limits = {.unpacked_max = im->unpacked_max};
    char path[HF_BLOB_PATH_SIZE], block[HF_TAR_BLOCK];

    im->layer_index = hf_import_first_wanted(im->layers, im->layer_count);
    if (s->ops->begin(s->context, im->layers, im->layer_count, &im->layer_index, err) < 0)
        return in_layer(im, err);
    l = &im->layers[im->layer_index];
    limits.size = l->blob.size;
    if ((!im->hasher && hf_hasher_new(&im->hasher, err) < 0) ||
        hf_layer_new(l->blob.gzip, l->diff_id, &limits, &im->layer, err) < 0)
        return -1;
    im->layer_done = 0;
    hf_hasher_begin(im->hasher);
    hf_import_blob_path(l->blob.digest, path);
    hf_tar_put(block, path, l->blob.size);
    return hf_buf_add(&im->out, block, sizeof block, err);
}

static void
tell(const struct hf_import *im)
{
    const struct hf_import_layer *l = &im->layers[im->layer_index];
    const struct hf_import_progress p = {
        .image = (size_t)(l->pin - im->order.pins),
        .layer = l->blob.digest,
        .done = im->layer_done,
        .size = l->blob.size,
        .total_done = im->total_done,
        .total_size = im->total,
    };

    if (im->order.progress)
        im->order.progress(im->order.context, &p);
}

/* Its digest first: of a blob that is not the right one nothing else need be said. */
static int
end_layer(struct hf_import *im, struct hf_error *err)
{
    static const char zeros[HF_TAR_BLOCK];
    struct hf_import_layer *l = &im->layers[im->layer_index];
    char found[HF_DIGEST_SIZE];

    hf_hasher_end(im->hasher, found);
    if (strcmp(found, l->blob.digest) != 0)
        return hf_error_set(err, HF_ERROR_INVALID, "what came is %s: it was changed or damaged",
                            found);
    if (hf_layer_end(im->layer, err) < 0)
        return -1;
    im->unpacked_max -= hf_layer_unpacked(im->layer);
    hf_layer_free(im->layer);
    im->layer = NULL;
    l->wanted = false;
    return hf_buf_add(&im->out, zeros, hf_tar_padding(l->blob.size), err);
}

static int
pass(struct hf_import *im, char *out, size_t size, size_t *ret_len, struct hf_error *err)
{
    const struct hf_import_source *s = &im->order.source;
    uint64_t left = im->layers[im->layer_index].blob.size - im->layer_done;
    char beyond;

    if (left == 0) { /* its end is to be seen too */
        if (s->ops->read(s->context, &beyond, 1, ret_len, err) < 0)
            return -1;
        if (*ret_len > 0)
            return hf_error_set(err, HF_ERROR_INVALID, "what came is longer than its %llu bytes",
                                (unsigned long long)im->layer_done);
        return end_layer(im, err);
    }
    if (s->ops->read(s->context, out, left < size ? (size_t)left : size, ret_len, err) < 0)
        return -1;
    if (*ret_len == 0)
        return hf_error_set(err, HF_ERROR_INVALID, "what came ends after %llu of %llu bytes",
                            (unsigned long long)im->layer_done,
                            (unsigned long long)im->layers[im->layer_index].blob.size);
    im->layer_done += *ret_len;
    im->total_done += *ret_len;
    hf_hasher_add(im->hasher, out, *ret_len);
    return hf_layer_feed(im->layer, out, *ret_len, err);
}

int
hf_import_pass_layer(struct hf_import *im, char *out, size_t size, size_t *ret_len,
                     struct hf_error *err)
{
    if (pass(im, out, size, ret_len, err) < 0)
        return in_layer(im, err);
    if (*ret_len > 0)
        tell(im);
    return 0;
}
