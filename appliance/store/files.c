// SPDX-License-Identifier: Apache-2.0
#include "store/files.h"

#include "base/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#define FILE_NAME "holdfast.db"
#define EXPORT_PREFIX "holdfast.export.json"
#define ASIDE_PREFIX FILE_NAME ".corrupt-"

/* SQLite's own files beside a database. */
static const char *const companions[] = {"-wal", "-shm", "-journal"};

void
hf_files_path(const struct hf_store *st, const char *suffix, char out[PATH_MAX])
{
    if (snprintf(out, PATH_MAX, "%s/" FILE_NAME "%s", st->dir, suffix) >= PATH_MAX)
        out[0] = '\0'; /* refused by the kernel as ENOENT */
}

bool
hf_files_exist(const struct hf_store *st, const char *suffix)
{
    char path[PATH_MAX];
    struct stat s;

    hf_files_path(st, suffix, path);
    return lstat(path, &s) == 0;
}

int
hf_files_lock(struct hf_store *st, struct hf_error *err)
{
    st->lock_fd = open(st->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (st->lock_fd < 0)
        return hf_error_errno(err, errno, "cannot open '%s'", st->dir);
    if (flock(st->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    if (errno == EWOULDBLOCK)
        return hf_error_set(err, HF_ERROR_CONFLICT,
                            "'%s' is in use by another holdfastd: end that one first", st->dir);
    return hf_error_errno(err, errno, "cannot lock '%s'", st->dir);
}

void
hf_files_remove(const struct hf_store *st, const char *suffix)
{
    char path[PATH_MAX], journal[HF_STORE_ASIDE_SUFFIX];

    snprintf(journal, sizeof journal, "%s-journal", suffix);
    hf_files_path(st, journal, path);
    unlink(path);
    hf_files_path(st, suffix, path);
    unlink(path);
}

int
hf_files_make(const struct hf_store *st, const char *suffix, struct hf_error *err)
{
    char path[PATH_MAX];

    hf_files_remove(st, suffix);
    hf_files_path(st, suffix, path);

    HF_AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return hf_error_errno(err, errno, "cannot make '%s'", path);
    return 0;
}

static int
sync_dir(struct hf_store *st, struct hf_error *err)
{
    if (fsync(st->lock_fd) < 0)
        return hf_error_errno(err, errno, "cannot sync '%s'", st->dir);
    return 0;
}

static int
move(const struct hf_store *st, const char *from_suffix, const char *to_suffix,
     struct hf_error *err)
{
    char from[PATH_MAX], to[PATH_MAX];

    hf_files_path(st, from_suffix, from);
    hf_files_path(st, to_suffix, to);
    if (rename(from, to) < 0 && errno != ENOENT)
        return hf_error_errno(err, errno, "cannot move '%s' aside", from);
    return 0;
}

void
hf_files_pick_aside(const struct hf_store *st, char suffix[HF_STORE_ASIDE_SUFFIX])
{
    time_t now = (time_t)(hf_clock_wall_ms() / 1000);
    struct tm tm;
    char when[32] = "unknown";

    if (gmtime_r(&now, &tm))
        strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &tm);
    snprintf(suffix, HF_STORE_ASIDE_SUFFIX, ".corrupt-%s", when);
    for (int i = 2; hf_files_exist(st, suffix) && i < 1000; i++)
        snprintf(suffix, HF_STORE_ASIDE_SUFFIX, ".corrupt-%s-%d", when, i);
}

static bool
is_companion(const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < HF_LEN(companions); i++) {
        size_t end = strlen(companions[i]);

        if (len > end && strcmp(name + len - end, companions[i]) == 0)
            return true;
    }
    return false;
}

/* The database set aside longest ago; by change time, which a rename sets. Returns how many there
 * are. */
static size_t
find_oldest_aside(const struct hf_store *st, char oldest[NAME_MAX + 1])
{
    DIR *dir = opendir(st->dir);
    struct timespec oldest_time = {0};
    size_t count = 0;
    struct dirent *e;
    struct stat s;

    while (dir && (e = readdir(dir))) {
        if (strncmp(e->d_name, ASIDE_PREFIX, strlen(ASIDE_PREFIX)) != 0 ||
            is_companion(e->d_name) || fstatat(dirfd(dir), e->d_name, &s, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        if (count++ == 0 || s.st_ctim.tv_sec < oldest_time.tv_sec ||
            (s.st_ctim.tv_sec == oldest_time.tv_sec && s.st_ctim.tv_nsec < oldest_time.tv_nsec)) {
            oldest_time = s.st_ctim;
            memcpy(oldest, e->d_name, strlen(e->d_name) + 1);
        }
    }
    if (dir)
        closedir(dir);
    return count;
}

static void
trim_aside(const struct hf_store *st)
{
    char oldest[NAME_MAX + 1], name[PATH_MAX];

    while (find_oldest_aside(st, oldest) > HF_STORE_ASIDE_MAX) {
        for (size_t i = 0; i < HF_LEN(companions); i++) {
            snprintf(name, sizeof name, "%s%s", oldest, companions[i]);
            unlinkat(st->lock_fd, name, 0);
        }
        if (unlinkat(st->lock_fd, oldest, 0) < 0)
            return;
    }
}

int
hf_files_set_aside(struct hf_store *st, const char *suffix, struct hf_error *err)
{
    char companion[HF_STORE_ASIDE_SUFFIX + 16];

    if (move(st, "", suffix, err) < 0)
        return -1;
    for (size_t i = 0; i < HF_LEN(companions); i++) {
        snprintf(companion, sizeof companion, "%s%s", suffix, companions[i]);
        if (move(st, companions[i], companion, err) < 0)
            return -1;
    }
    trim_aside(st);
    return sync_dir(st, err);
}

int
hf_files_link_new(struct hf_store *st, const char *suffix, struct hf_error *err)
{
    char from[PATH_MAX], to[PATH_MAX];

    hf_files_path(st, suffix, from);
    hf_files_path(st, ".new", to);
    unlink(to);
    if (link(from, to) < 0)
        return hf_error_errno(err, errno, "cannot make '%s'", to);
    return sync_dir(st, err);
}

int
hf_files_install_new(struct hf_store *st, struct hf_error *err)
{
    if (move(st, HF_FILES_NEW, "", err) < 0)
        return -1;
    return sync_dir(st, err);
}

/* ---- a reset ---- */

int
hf_files_promise_reset(struct hf_store *st, struct hf_error *err)
{
    if (move(st, HF_FILES_RESET_NEW, HF_FILES_RESET, err) < 0)
        return -1;
    return sync_dir(st, err);
}

/* The database, what was set aside of it, its exports, and SQLite's files beside each. */
static bool
is_of_store(const char *name)
{
    return strcmp(name, FILE_NAME HF_FILES_RESET) != 0 &&
           (strncmp(name, FILE_NAME, strlen(FILE_NAME)) == 0 ||
            strncmp(name, EXPORT_PREFIX, strlen(EXPORT_PREFIX)) == 0);
}

static int
remove_all(const struct hf_store *st, struct hf_error *err)
{
    DIR *dir = opendir(st->dir);
    struct dirent *e;
    int rc = 0;

    if (!dir)
        return hf_error_errno(err, errno, "cannot read '%s'", st->dir);
    while (rc == 0 && (e = readdir(dir)))
        if (is_of_store(e->d_name) && unlinkat(dirfd(dir), e->d_name, 0) < 0 && errno != ENOENT)
            rc = hf_error_errno(err, errno, "cannot remove '%s/%s'", st->dir, e->d_name);
    closedir(dir);
    return rc;
}

/* What goes is gone before the new one has its name: a log of the old one must not be read into it.
 */
int
hf_files_finish_reset(struct hf_store *st, struct hf_error *err)
{
    if (remove_all(st, err) < 0 || sync_dir(st, err) < 0 || move(st, HF_FILES_RESET, "", err) < 0)
        return -1;
    return sync_dir(st, err);
}
