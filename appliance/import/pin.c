// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "import/source.h"
#include "model/sha256.h"

#include <string.h>

/* As Docker tells a registry from the first part of a path. */
static bool
is_host(const char *text, size_t len)
{
    return memchr(text, '.', len) || memchr(text, ':', len) ||
           (len == strlen("localhost") && memcmp(text, "localhost", len) == 0);
}

int
hf_import_pin_of(const struct hf_release_image *image, struct hf_import_pin *ret,
                 struct hf_error *err)
{
    const char *at = strchr(image->image, '@'), *path = image->image;
    size_t host_len = strcspn(path, "/");

    if (!at || !hf_sha256_is_digest(at + 1) || !hf_sha256_is_digest(image->image_id))
        return hf_error_set(err, HF_ERROR_INVALID,
                            "image '%s' is not pinned by a digest and an image id", image->image);
    ret->host[0] = '\0';
    if (path[host_len] && is_host(path, host_len)) {
        hf_text_put(ret->host, sizeof ret->host, "%.*s", (int)host_len, path);
        path += host_len + 1;
    }
    if (path >= at)
        return hf_error_set(err, HF_ERROR_INVALID, "image '%s' has no repository", image->image);
    hf_text_put(ret->repository, sizeof ret->repository, "%.*s", (int)(at - path), path);
    hf_text_put(ret->tag, sizeof ret->tag, "%s", image->tag);
    hf_text_put(ret->manifest, sizeof ret->manifest, "%s", at + 1);
    hf_text_put(ret->config, sizeof ret->config, "%s", image->image_id);
    memcpy(ret->layers, image->layers, sizeof ret->layers);
    return 0;
}

size_t
hf_import_first_wanted(const struct hf_import_layer *layers, size_t count)
{
    size_t i = 0;

    while (i < count && !layers[i].wanted)
        i++;
    return i;
}
