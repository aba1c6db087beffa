// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_STEP = 16384 };

int
hf_file_read_rest(int fd, const char *name, struct hf_buf *b, struct hf_error *err)
{
    for (;;) {
        size_t room = b->max - b->len < READ_STEP ? b->max - b->len : READ_STEP;
        char *to = hf_buf_reserve(b, room);
        char beyond;
        ssize_t n;

        if (!to)
            return hf_error_nomem(err);
        n = room ? read(fd, to, room) : read(fd, &beyond, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return hf_error_errno(err, errno, "cannot read '%s'", name);
        if (n == 0)
            return 0;
        if (!room)
            return hf_error_set(err, HF_ERROR_TOO_LARGE, "'%s' is larger than %zu bytes", name,
                                b->max);
        b->len += (size_t)n;
        b->data[b->len] = '\0';
    }
}

int
hf_file_read(const char *path, struct hf_buf *b, struct hf_error *err)
{
    HF_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return hf_error_errno(err, errno, "cannot read '%s'", path);
    if (!S_ISREG(st.st_mode))
        return hf_error_set(err, HF_ERROR_INVALID, "'%s' is not a regular file", path);
    return hf_file_read_rest(fd, path, b, err);
}

static int
write_all(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t n = write(fd, data, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

static int
sync_folder_of(const char *path)
{
    char folder[PATH_MAX];
    char *slash;
    int rc;

    snprintf(folder, sizeof folder, "%s", path);
    slash = strrchr(folder, '/');
    if (slash == folder)
        slash[1] = '\0';
    else if (slash)
        *slash = '\0';
    else
        memcpy(folder, ".", 2);

    HF_AUTO_CLOSE int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    rc = fd < 0 ? -1 : fsync(fd);
    return rc;
}

static int
write_synced(const char *path, const void *data, size_t len, mode_t mode, uid_t uid, gid_t gid)
{
    HF_AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0 || write_all(fd, data, len) < 0 || fchmod(fd, mode) < 0)
        return -1;
    if ((uid != (uid_t)-1 || gid != (gid_t)-1) &&
        fchown(fd, uid, gid) < 0) /* the mode is only its owner's to change */
        return -1;
    return fsync(fd);
}

int
hf_file_replace(const char *path, const void *data, size_t len, mode_t mode, uid_t uid, gid_t gid,
                struct hf_error *err)
{
    char temporary[PATH_MAX];
    int saved;

    if (snprintf(temporary, sizeof temporary, "%s.new", path) >= (int)sizeof temporary)
        return hf_error_set(err, HF_ERROR_INVALID, "path too long: '%s'", path);
    (void)unlink(temporary); /* a power cut may have left one that is another user's already */
    if (write_synced(temporary, data, len, mode, uid, gid) < 0 || rename(temporary, path) < 0 ||
        sync_folder_of(path) < 0) {
        saved = errno;
        unlink(temporary);
        return hf_error_errno(err, saved, "cannot write '%s'", path);
    }
    return 0;
}

int
hf_file_move(const char *from, const char *to, struct hf_error *err)
{
    if (rename(from, to) < 0 || sync_folder_of(to) < 0)
        return hf_error_errno(err, errno, "cannot write '%s'", to);
    return 0;
}

/* Only where it is another one: the folder may be another user's, but right. */
static int
set_mode(const char *path, mode_t mode)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return -1;
    return (st.st_mode & 07777) == mode ? 0 : chmod(path, mode);
}

int
hf_file_mkdirs(const char *path, mode_t mode, struct hf_error *err)
{
    char part[PATH_MAX];

    if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part)
        return hf_error_set(err, HF_ERROR_INVALID, "path too long: '%s'", path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0755) < 0 && errno != EEXIST)
            return hf_error_errno(err, errno, "cannot make folder '%s'", part);
        *slash = '/';
    }
    if (mkdir(part, mode) < 0 && errno != EEXIST)
        return hf_error_errno(err, errno, "cannot make folder '%s'", path);
    if (set_mode(part, mode) < 0)
        return hf_error_errno(err, errno, "cannot set the mode of '%s'", path);
    return 0;
}

int
hf_file_prove_writable(const char *dir, struct hf_error *err)
{
    static const char probe[4096] = "holdfast writes this to see that the disk takes data\n";
    char path[PATH_MAX];
    int saved = 0;

    if (snprintf(path, sizeof path, "%s/.write-probe", dir) >= (int)sizeof path)
        return hf_error_set(err, HF_ERROR_INVALID, "path too long: '%s'", dir);
    if (write_synced(path, probe, sizeof probe, 0600, (uid_t)-1, (gid_t)-1) < 0 ||
        sync_folder_of(path) < 0)
        saved = errno;
    unlink(path);
    if (!saved)
        return 0;
    return hf_error_errno(err, saved, "'%s' is not writable; %s", dir,
                          saved == ENOSPC   ? "free some space on that disk"
                          : saved == EACCES ? "give it to the user that this program runs as"
                          : saved == EROFS
                              ? "the disk has gone read-only: check it and mount it read-write"
                              : "check that it is there and that the disk is healthy");
}
