// SPDX-License-Identifier: Apache-2.0
/* Files of a folder that anybody may have made. */
#include "provision/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char FOLDER[] = "holdfast";

static int
open_error(struct hf_error *err, const char *path)
{
    if (errno == ELOOP || errno == ENOTDIR)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "'%s' is a symbolic link or no file: it must be a plain file", path);
    return hf_error_errno(err, errno, "cannot read '%s'", path);
}

/* Whoever made the stick shall not choose which file of this host is read. */
static int
open_file(const char *dir, const char *name, int *ret_fd, struct hf_error *err)
{
    HF_AUTO_CLOSE int root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return hf_error_errno(err, errno, "cannot open '%s'", dir);

    HF_AUTO_CLOSE int folder =
        openat(root, FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        return open_error(err, FOLDER);

    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return open_error(err, name);
    *ret_fd = fd;
    return 0;
}

/* One byte more than may be is room to see that it is there. */
static int
too_large(const struct hf_buf *text, struct hf_error *err)
{
    return hf_error_set(err, HF_ERROR_TOO_LARGE, "it is larger than %zu bytes", text->max - 1);
}

static int
read_error(struct hf_error *err)
{
    if (errno == EIO || errno == ENXIO || errno == ENODEV)
        return hf_error_set(err, HF_ERROR_INTERNAL,
                            "it cannot be read: the stick was pulled out, or is broken");
    return hf_error_errno(err, errno, "it cannot be read");
}

/* It may grow meanwhile. */
static int
read_all(int fd, struct hf_buf *text, struct hf_error *err)
{
    for (;;) {
        size_t room = text->max - text->len;
        char *to;
        ssize_t n;

        if (!room)
            return too_large(text, err);
        to = hf_buf_reserve(text, room);
        if (!to)
            return hf_error_nomem(err);
        n = read(fd, to, room);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return read_error(err);
        if (n == 0)
            return 0;
        text->len += (size_t)n;
        text->data[text->len] = '\0';
    }
}

int
hf_provision_load(const char *dir, const char *name, struct hf_buf *text, struct hf_error *err)
{
    HF_AUTO_CLOSE int fd = -1;
    struct stat st;

    if (open_file(dir, name, &fd, err) < 0)
        return -1;
    if (fstat(fd, &st) < 0)
        return read_error(err);
    if (!S_ISREG(st.st_mode))
        return hf_error_set(err, HF_ERROR_INVALID, "it is not a plain file");
    if ((uint64_t)st.st_size >= text->max)
        return too_large(text, err);
    if (read_all(fd, text, err) < 0)
        return -1;
    if (!text->len)
        return hf_error_set(err, HF_ERROR_MALFORMED, "it is empty: write it again");
    return 0;
}
