// SPDX-License-Identifier: Apache-2.0
/* Blobs from a folder: blobs/sha256/HEX below it. */
#include "base/text.h"
#include "import/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct hf_layout {
    int dir_fd;
    int blob_fd; /* -1: none is open */
};

int
hf_layout_open(const char *path, struct hf_layout **ret_layout, struct hf_error *err)
{
    HF_AUTO(hf_layout) struct hf_layout *l = calloc(1, sizeof *l);
    HF_AUTO_CLOSE int top = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (!l)
        return hf_error_nomem(err);
    l->blob_fd = l->dir_fd = -1;
    if (top < 0)
        return hf_error_errno(err, errno, "folder '%s'", path);
    l->dir_fd = openat(top, "blobs/sha256", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (l->dir_fd < 0)
        return hf_error_errno(err, errno, "'%s' is no OCI image layout: blobs/sha256", path);
    *ret_layout = hf_steal(&l);
    return 0;
}

void
hf_layout_free(struct hf_layout *l)
{
    if (!l)
        return;
    if (l->blob_fd >= 0)
        close(l->blob_fd);
    if (l->dir_fd >= 0)
        close(l->dir_fd);
    free(l);
}

static int
open_blob(const struct hf_layout *l, const char *digest, struct hf_error *err)
{
    int fd =
        openat(l->dir_fd, strchr(digest, ':') + 1, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;

    if (fd < 0)
        return hf_error_errno(err, errno, "blob %s", digest);
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        return fd;
    close(fd);
    return hf_error_set(err, HF_ERROR_INVALID, "blob %s is not a file", digest);
}

static int
read_some(int fd, char *out, size_t size, size_t *ret_len, struct hf_error *err)
{
    ssize_t n;

    do {
        n = read(fd, out, size);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return hf_error_errno(err, errno, "cannot read a blob");
    *ret_len = (size_t)n;
    return 0;
}

static int
document(void *context, const struct hf_import_pin *pin, const char *digest, bool is_manifest,
         struct hf_buf *out, struct hf_error *err)
{
    HF_AUTO_CLOSE int fd = open_blob(context, digest, err);
    char data[4096];
    size_t len = 0;

    (void)pin;
    (void)is_manifest;
    if (fd < 0)
        return -1;
    do {
        if (read_some(fd, data, sizeof data, &len, err) < 0 || hf_buf_add(out, data, len, err) < 0)
            return -1;
    } while (len > 0);
    return 0;
}

static int
begin(void *context, const struct hf_import_layer *layers, size_t count, size_t *ret_index,
      struct hf_error *err)
{
    struct hf_layout *l = context;

    if (l->blob_fd >= 0)
        close(l->blob_fd);
    *ret_index = hf_import_first_wanted(layers, count);
    l->blob_fd = open_blob(l, layers[*ret_index].blob.digest, err);
    return l->blob_fd < 0 ? -1 : 0;
}

static int
read_blob(void *context, char *out, size_t size, size_t *ret_len, struct hf_error *err)
{
    const struct hf_layout *l = context;

    return read_some(l->blob_fd, out, size, ret_len, err);
}

struct hf_import_source
hf_layout_source(struct hf_layout *l)
{
    static const struct hf_import_source_ops ops = {
        .document = document,
        .begin = begin,
        .read = read_blob,
    };

    return (struct hf_import_source){&ops, l};
}
