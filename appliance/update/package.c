// SPDX-License-Identifier: Apache-2.0
#include "update/parts.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

enum {
    ASK_MS = 60 * 1000,
    REPACK_MS = 5 * 60 * 1000,
    INSTALL_MS = 10 * 60 * 1000, /* a slow card, and dpkg synchronises what it writes */
    LOCK_MS = 10 * 60 * 1000,    /* somebody else installs something */
    SAID_MAX = 4096
};

static const char LOCK[] = "/var/lib/dpkg/lock-frontend";
static const char REPACK[] = "/usr/libexec/holdfast/repack";

/* ---- asking ---- */

int
update_installed(char out[HF_VERSION_SIZE], struct hf_error *err)
{
    static const char *const argv[] = {"dpkg-query", "--show",
                                       "--showformat=${db:Status-Status} ${Version}",
                                       HF_DAEMON_PACKAGE, NULL};
    static const char whole[] = "installed ";
    HF_AUTO_BUF struct hf_buf said = HF_BUF_INIT(SAID_MAX);

    if (update_call(argv, ASK_MS, &said, err) < 0)
        return -1;
    if (!said.data || strncmp(said.data, whole, strlen(whole)) != 0)
        return hf_error_set(err, HF_ERROR_CONFLICT,
                            "the package " HF_DAEMON_PACKAGE " is not installed whole: '%.60s'",
                            said.data ? said.data : "");
    hf_text_put(out, HF_VERSION_SIZE, "%s", said.data + strlen(whole));
    return 0;
}

int
update_check_newer(const char *version, const char *installed, struct hf_error *err)
{
    const char *const argv[] = {"dpkg", "--compare-versions", version, "gt", installed, NULL};

    if (update_call(argv, ASK_MS, NULL, NULL) == 0)
        return 0;
    return hf_error_set(err, HF_ERROR_CONFLICT, "%s is not newer than %s, which is installed",
                        version, installed);
}

int
update_check_fields(const char *path, const char *version, struct hf_error *err)
{
    const char *const argv[] = {"dpkg-deb", "--show",
                                "--showformat=${Package} ${Version} ${Architecture}", path, NULL};
    HF_AUTO_BUF struct hf_buf said = HF_BUF_INIT(SAID_MAX);
    char wanted[2 * HF_VERSION_SIZE];

    if (update_call(argv, ASK_MS, &said, err) < 0)
        return hf_error_wrap(err, "the package");
    hf_text_put(wanted, sizeof wanted, HF_DAEMON_PACKAGE " %s %s", version, hf_release_platform());
    if (said.data && strcmp(said.data, wanted) == 0)
        return 0;
    return hf_error_set(err, HF_ERROR_INVALID, "the package is '%.100s' and not '%s'",
                        said.data ? said.data : "", wanted);
}

int
update_repack(const char *path, struct hf_error *err)
{
    const char *const argv[] = {REPACK, path, NULL};

    if (update_call(argv, REPACK_MS, NULL, err) < 0)
        return hf_error_wrap(err, "there would be no way back");
    return 0;
}

/* ---- installing ---- */

static void
wait_a_second(void)
{
    (void)nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
}

/* As apt does, and kept to the end of this process: nobody installs anything while a holdfastd is
 * on trial. */
static int
lock(struct update *u, struct hf_error *err)
{
    int64_t until_ms = hf_clock_mono_ms() + LOCK_MS;
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (u->lock_fd >= 0)
        return 0;
    u->lock_fd = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (u->lock_fd < 0)
        return hf_error_errno(err, errno, "cannot open '%s'", LOCK);
    while (fcntl(u->lock_fd, F_SETLK, &whole) < 0) {
        if (hf_clock_mono_ms() < until_ms) {
            wait_a_second();
            continue;
        }
        close(u->lock_fd);
        u->lock_fd = -1;
        return hf_error_set(err, HF_ERROR_CONFLICT,
                            "somebody else has been installing something for %d minutes",
                            LOCK_MS / 60000);
    }
    return 0;
}

int
update_install(struct update *u, const char *path, struct hf_error *err)
{
    const char *const argv[] = {"dpkg", "--force-confdef,confold", "--install", path, NULL};

    return lock(u, err) < 0 ? -1 : update_call(argv, INSTALL_MS, NULL, err);
}

int
update_restart(struct hf_error *err)
{
    static const char *const argv[] = {
        "systemctl", "--no-block", "restart", "holdfast-docker.service", "holdfastd.service", NULL};

    return update_call(argv, ASK_MS, NULL, err);
}
