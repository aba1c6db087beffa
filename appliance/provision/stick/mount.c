// SPDX-License-Identifier: Apache-2.0
#include "stick/parts.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

/* Not in every C library's header; Linux 5.10. */
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

enum { OPTIONS_SIZE = 128 };

static const unsigned long NOTHING_RUNS = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOSYMFOLLOW;

/* A damaged file system becomes read-only and is not made worse. */
static void
put_options(gid_t group, char out[OPTIONS_SIZE])
{
    hf_text_put(out, OPTIONS_SIZE, "uid=0,gid=%u,fmask=0137,dmask=0027,utf8,errors=remount-ro",
                (unsigned)group);
}

static int
find(const char *device, dev_t *ret_number, struct hf_error *err)
{
    struct stat st;

    if (stat(device, &st) < 0 || !S_ISBLK(st.st_mode))
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "'%s' is no block device any more", device);
    *ret_number = st.st_rdev;
    return 0;
}

int
stick_mount_error(struct hf_error *err, const char *device, int why)
{
    if (why == ENODEV)
        return hf_error_set(err, HF_ERROR_INTERNAL, "this kernel knows no vfat");
    if (why == EINVAL || why == EIO || why == ENOTBLK || why == ENXIO)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "'%s' cannot be read as FAT (%s): format the stick anew as FAT with "
                            "the label " STICK_LABEL,
                            device, strerror(why)); // NOLINT(concurrency-mt-unsafe)
    return hf_error_errno(err, why, "cannot mount '%s'", device);
}

static int
mount_vfat(const char *device, const char *where, gid_t group, struct hf_error *err)
{
    char options[OPTIONS_SIZE];

    put_options(group, options);
    return mount(device, where, "vfat", MS_RDONLY | NOTHING_RUNS, options) < 0
               ? stick_mount_error(err, device, errno)
               : 0;
}

static int
remount(const char *where, bool writable, gid_t group, struct hf_error *err)
{
    unsigned long flags = MS_REMOUNT | NOTHING_RUNS | (writable ? MS_SYNCHRONOUS : MS_RDONLY);
    char options[OPTIONS_SIZE];

    put_options(group, options);
    if (mount(NULL, where, NULL, flags, options) == 0)
        return 0;
    if (errno == EROFS || errno == EACCES)
        return hf_error_set(err, HF_ERROR_FORBIDDEN,
                            "the stick cannot be written: it has a switch that forbids it, or its "
                            "file system is damaged");
    return hf_error_errno(err, errno, "cannot make the stick %s",
                          writable ? "writable" : "read-only");
}

/* Whoever still reads from it, a bundle that is given up, ends by an error. */
static void
unmount(const char *where)
{
    (void)umount2(where, MNT_DETACH);
}

const struct stick_media stick_vfat = {find, mount_vfat, remount, unmount};
