// SPDX-License-Identifier: Apache-2.0
/* Packages of holdfastd that have come with releases: in STATE/daemon, by the digest of their file.
 */
#include "base/file.h"
#include "base/text.h"
#include "core/internal.h"
#include "model/sha256.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

enum { KEPT = 3 /* the one that is to be installed, and others that may yet be */ };

static int
path_of(const struct hf_core *core, const char *name, char out[HF_PATH_SIZE], struct hf_error *err)
{
    return hf_text_put(out, HF_PATH_SIZE, "%s/%s%s%s", core->config.state_dir, HF_DAEMON_DIR,
                       *name ? "/" : "", name)
               ? 0
               : hf_error_set(err, HF_ERROR_INVALID, "--state: the path is too long");
}

static int
check(const struct hf_release_daemon *d, struct hf_slice file, struct hf_error *err)
{
    char digest[HF_DIGEST_SIZE];

    hf_sha256_of(file.data ? file.data : "", file.len, digest);
    if (file.len == (size_t)d->size && strcmp(digest, d->digest) == 0)
        return 0;
    return hf_error_set(err, HF_ERROR_INVALID,
                        "the package of holdfastd %s is not what the release names: %zu bytes, %s",
                        d->version, file.len, digest);
}

bool
hf_core_has_daemon(const struct hf_core *core, const struct hf_release_daemon *d)
{
    char name[HF_DAEMON_FILE_SIZE], path[HF_PATH_SIZE];
    struct stat s;

    hf_daemon_file(d, name);
    return path_of(core, name, path, NULL) == 0 && stat(path, &s) == 0 && S_ISREG(s.st_mode) &&
           s.st_size == d->size;
}

bool
hf_core_wants_daemon(const struct hf_core *core, const struct hf_release_daemon *d)
{
    return core->config.update_dir && hf_version_compare(d->version, hf_core_version(core)) > 0 &&
           !hf_core_has_daemon(core, d);
}

/* ---- the newest few ---- */

static bool
is_package(const char *name)
{
    size_t len = strlen(name);

    return len > 4 && strcmp(name + len - 4, ".deb") == 0;
}

/* The oldest beside keep in the folder; returns how many there are. */
static size_t
find_oldest(DIR *dir, const char *keep, char oldest[NAME_MAX + 1])
{
    struct timespec least = {0};
    struct dirent *e;
    size_t count = 0;

    rewinddir(dir);
    while ((e = readdir(dir))) { // NOLINT(concurrency-mt-unsafe): a stream of its own
        struct stat s;

        if (!is_package(e->d_name) || strcmp(e->d_name, keep) == 0 ||
            fstatat(dirfd(dir), e->d_name, &s, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        if (count++ == 0 || s.st_mtim.tv_sec < least.tv_sec ||
            (s.st_mtim.tv_sec == least.tv_sec && s.st_mtim.tv_nsec < least.tv_nsec)) {
            least = s.st_mtim;
            hf_text_put(oldest, NAME_MAX + 1, "%s", e->d_name);
        }
    }
    return count;
}

/* keep has just come: by a clock that was set back it may be the oldest. */
static void
drop_old(const char *path, const char *keep)
{
    DIR *dir = opendir(path);
    char oldest[NAME_MAX + 1];

    while (dir && find_oldest(dir, keep, oldest) >= KEPT)
        if (unlinkat(dirfd(dir), oldest, 0) < 0)
            break;
    if (dir)
        closedir(dir);
}

int
hf_core_keep_daemon(const struct hf_core *core, const struct hf_release_daemon *d,
                    struct hf_slice file, struct hf_error *err)
{
    char name[HF_DAEMON_FILE_SIZE], dir[HF_PATH_SIZE], path[HF_PATH_SIZE];

    hf_daemon_file(d, name);
    if (check(d, file, err) < 0 || path_of(core, "", dir, err) < 0 ||
        path_of(core, name, path, err) < 0 || hf_file_mkdirs(dir, 0700, err) < 0 ||
        hf_file_replace(path, file.data, file.len, 0600, (uid_t)-1, (gid_t)-1, err) < 0)
        return hf_error_wrap(err, "keep the package of holdfastd");
    drop_old(dir, name);
    hf_log_info("event=daemon-kept version=%s package=%s", d->version, d->package);
    return 0;
}

/* ---- from the registry ---- */

static bool
is_whole(const struct hf_core *core, const struct hf_release_daemon *d)
{
    HF_AUTO_BUF struct hf_buf file = HF_BUF_INIT(HF_DAEMON_BYTES_MAX);
    char name[HF_DAEMON_FILE_SIZE], path[HF_PATH_SIZE];

    hf_daemon_file(d, name);
    return hf_core_has_daemon(core, d) && path_of(core, name, path, NULL) == 0 &&
           hf_file_read(path, &file, NULL) == 0 &&
           check(d, (struct hf_slice){file.data, file.len}, NULL) == 0;
}

int
hf_core_fetch_daemon(const struct hf_core *core, const struct hf_release_daemon *d,
                     const char *repository, bool (*cancelled)(void *context), void *context,
                     struct hf_error *err)
{
    const struct hf_registry_document what = {repository, HF_REGISTRY_BLOB, d->digest};
    HF_AUTO_BUF struct hf_buf file = HF_BUF_INIT((size_t)d->size);

    if (is_whole(core, d))
        return 0;
    hf_log_info("event=daemon-fetch version=%s digest=%s", d->version, d->digest);
    if (core->config.engine_ops->fetch(core->config.engine, &what, &file, cancelled, context, err) <
        0)
        return hf_error_wrap(err, "the package of holdfastd %s is not here, and from the registry",
                             d->version);
    return hf_core_keep_daemon(core, d, (struct hf_slice){file.data, file.len}, err);
}
