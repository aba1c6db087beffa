// SPDX-License-Identifier: Apache-2.0
#include "engine/image.h"

#include <string.h>

/* By its digest first: what else names the image (another repository, a tag of somebody else's)
 * keeps it. Without force, so that one that a container was made of stays too. */
static int
remove_reference(struct hf_engine *e, const char *reference, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf path = HF_BUF_INIT(PATH_BYTES_MAX);
    struct hf_client_call call = {.method = "DELETE", .total_ms = SLOW_CALL_MS};

    if (hf_buf_adds(&path, "/images/", err) < 0 ||
        hf_client_encode(&path, reference, "/:@", err) < 0)
        return -1;
    call.path = path.data;
    return hf_client_call(e, &call, NULL, err);
}

int
hf_image_remove(void *ctx, const struct hf_release_image *image, struct hf_error *err)
{
    struct hf_error local = {0};

    if (remove_reference(ctx, image->image, &local) == 0)
        return 0;
    if (local.class == HF_ERROR_NOT_FOUND &&
        (remove_reference(ctx, image->image_id, &local) == 0 || local.class == HF_ERROR_NOT_FOUND))
        return 0;
    if (err)
        *err = local;
    return -1;
}
