// SPDX-License-Identifier: Apache-2.0
#include "dockerguard/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#ifndef ST_NOSYMFOLLOW
#define ST_NOSYMFOLLOW 0x2000 /* statfs(2), Linux 5.10; not in glibc's header */
#endif

static bool
is_trusted(uid_t owner)
{
    return owner == 0 || owner == geteuid();
}

static bool
is_writable_by_others(const struct stat *dir)
{
    return (dir->st_mode & S_IWOTH) || ((dir->st_mode & S_IWGRP) && dir->st_gid != 0);
}

/* Whether nobody else can put another thing where next is; next NULL: where nothing is yet. */
static bool
is_steady(int dir, const struct stat *st, const struct stat *next)
{
    struct statvfs fs;

    if (fstatvfs(dir, &fs) == 0 && (fs.f_flag & ST_NOSYMFOLLOW))
        return true;
    if (!is_trusted(st->st_uid))
        return false;
    if (!is_writable_by_others(st))
        return true;
    return (st->st_mode & S_ISVTX) && next && is_trusted(next->st_uid);
}

static int
unsteady(struct hf_error *err, const char *path, size_t len)
{
    return hf_error_set(err, HF_ERROR_FORBIDDEN,
                        "'%.*s' may be replaced by a symbolic link: mount the file system it is on "
                        "with nosymfollow, or give the folder to root",
                        (int)len, path);
}

static int
check_last(const char *path, const struct stat *st, struct hf_error *err)
{
    if (S_ISDIR(st->st_mode) || S_ISREG(st->st_mode))
        return 0;
    return hf_error_set(err, HF_ERROR_FORBIDDEN, "'%s' is neither a folder nor a regular file",
                        path);
}

/* Looks at the part of path that ends at len, in *dir. 1 where nothing is there. */
static int
step(int *dir, const char *path, size_t from, size_t len, struct hf_error *err)
{
    char name[256];
    struct stat here, next;
    int fd;

    memcpy(name, path + from, len - from);
    name[len - from] = '\0';
    if (fstat(*dir, &here) < 0)
        return hf_error_errno(err, errno, "look at '%s'", path);
    fd = openat(*dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return is_steady(*dir, &here, NULL) ? 1 : unsteady(err, path, len);
    if (fd < 0 || fstat(fd, &next) < 0) {
        int error = errno;

        if (fd >= 0)
            close(fd);
        return hf_error_set(err, HF_ERROR_FORBIDDEN, "'%.*s' cannot be looked at: %s", (int)len,
                            path, strerrordesc_np(error));
    }
    if (S_ISLNK(next.st_mode) || !is_steady(*dir, &here, &next)) {
        close(fd);
        return S_ISLNK(next.st_mode) ? hf_error_set(err, HF_ERROR_FORBIDDEN,
                                                    "'%.*s' is a symbolic link", (int)len, path)
                                     : unsteady(err, path, len);
    }
    close(*dir);
    *dir = fd;
    return path[len] ? 0 : check_last(path, &next, err);
}

int
hf_dguard_place_check(const char *path, struct hf_error *err)
{
    HF_AUTO_CLOSE int dir = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    size_t at = 0;
    int rc = 0;

    if (dir < 0)
        return hf_error_errno(err, errno, "open '/'");
    while (rc == 0 && path[at]) {
        size_t from = at + 1; /* behind the '/' */

        at = from + strcspn(path + from, "/");
        rc = step(&dir, path, from, at, err);
    }
    return rc < 0 ? -1 : 0;
}
