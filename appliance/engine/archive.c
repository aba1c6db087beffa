// SPDX-License-Identifier: Apache-2.0
#include "engine/archive.h"

int
hf_archive_get(void *ctx, const char *id, const char *path, struct hf_buf *tar,
               struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf url = HF_BUF_INIT(PATH_BYTES_MAX);
    struct hf_client_call call = {.method = "GET", .total_ms = CALL_MS};

    if (hf_client_path(&url, "/containers/", id, "/archive?path=", err) < 0 ||
        hf_client_encode(&url, path, "", err) < 0)
        return -1;
    call.path = url.data;
    if (hf_client_call(ctx, &call, tar, err) == 0)
        return 0;
    if (err && err->class == HF_ERROR_TOO_LARGE)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "%s in the container has more than %zu KiB",
                            path, tar->max / 1024);
    return -1;
}
