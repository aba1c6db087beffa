// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "engine/image.h"

#include <string.h>

/* Whether name is a tag in the repository of the release's image, as one that was loaded has;
 * behind whatever registry was set when it came. */
static bool
is_our_tag(const char *name, const char *repository)
{
    const char *colon = name ? strrchr(name, ':') : NULL;
    size_t ours = strlen(repository), len = colon ? (size_t)(colon - name) : 0, host;

    if (!ours || len < ours || strncmp(colon - ours, repository, ours) != 0)
        return false;
    host = strcspn(name, "/");
    return len == ours ||
           (host + 1 == len - ours && (memchr(name, '.', host) || memchr(name, ':', host) ||
                                       strncmp(name, "localhost/", host + 1) == 0));
}

/* A name that somebody else gave it says that it is somebody's. */
static int
check_names(const struct hf_json *doc, const struct hf_release_image *image, struct hf_error *err)
{
    for (const struct hf_json *v = hf_json_first(hf_json_get(doc, "RepoTags")); v;
         v = hf_json_next(v))
        if (!is_our_tag(hf_json_as_string(v), image->repository))
            return hf_error_set(err, HF_ERROR_CONFLICT, "somebody named the image '%.200s'",
                                hf_json_as_string(v) ? hf_json_as_string(v) : "");
    return 0;
}

static int
delete_image(struct hf_engine *e, const char *reference, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(PATH_BYTES_MAX);
    struct hf_client_call call = {.method = "DELETE", .total_ms = SLOW_CALL_MS};

    if (hf_buf_adds(&path, "/images/", err) < 0 ||
        hf_client_encode(&path, reference, "/:@", err) < 0)
        return -1;
    call.path = path.data;
    return hf_client_call(e, &call, NULL, err);
}

/* By repository and digest, which is the name that a pull gave it; a loaded one has no such name.
 * Never forced: Docker refuses what a container, running or not, stands on. */
int
hf_image_remove(void *ctx, const struct hf_release_image *image, struct hf_error *err)
{
    struct hf_engine *e = ctx;
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(PATH_BYTES_MAX);
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    char reference[HF_IMAGE_REF_SIZE];
    struct hf_error local = {0};
    int result = hf_image_find(e, image, reference, &local);

    if (result == 0)
        result = hf_buf_adds(&path, "/images/", &local) < 0 ||
                         hf_client_encode(&path, reference, "/:@", &local) < 0 ||
                         hf_buf_adds(&path, "/json", &local) < 0 ||
                         hf_client_get(e, path.data, &doc, &local) < 0 ||
                         check_names(doc, image, &local) < 0
                     ? -1
                     : 0;
    if (result == 0) {
        result = delete_image(e, image->image, &local);
        if (result < 0 && local.class == HF_ERROR_NOT_FOUND)
            result = delete_image(e, reference, &local);
    }
    if (result == 0 || local.class == HF_ERROR_NOT_FOUND)
        return 0;
    if (err)
        *err = local;
    return -1;
}
