// SPDX-License-Identifier: Apache-2.0
#include "archive/archive.h"

#include "archive/parts.h"
#include "base/text.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char ENDING[] = ".log.gz";

int
hf_archive_new(const char *folder, struct hf_archive **ret_archive, struct hf_error *err)
{
    struct hf_archive *a = calloc(1, sizeof *a);

    if (!a)
        return hf_error_nomem(err);
    hf_text_put(a->folder, sizeof a->folder, "%s", folder);
    *ret_archive = a;
    return 0;
}

void
hf_archive_free(struct hf_archive *a)
{
    free(a);
}

void
archive_path(const struct hf_archive *a, const char *service, const char *name, char out[PATH_MAX])
{
    hf_text_put(out, PATH_MAX, "%s/%s%s%s", a->folder, service, *name ? "/" : "", name);
}

/* ---- what is there ---- */

/* Names begin with a time of 13 digits, so that their order is that of age. */
static int
compare_age(const void *a, const void *b)
{
    const struct archive_file *x = a, *y = b;

    return strcmp(x->name, y->name);
}

static bool
is_ours(const char *name)
{
    size_t len = strlen(name);

    return len < ARCHIVE_NAME_SIZE && len > sizeof ENDING - 1 &&
           strcmp(name + len - (sizeof ENDING - 1), ENDING) == 0;
}

static void
take(const struct hf_archive *a, const char *service, const char *name, struct archive_file *files,
     size_t *count)
{
    char path[PATH_MAX];
    struct stat st;
    size_t at = *count;

    archive_path(a, service, name, path);
    if (!is_ours(name) || stat(path, &st) < 0)
        return;
    if (at == ARCHIVE_FILES_MAX) { /* more than the bounds allow: the oldest known gives way */
        qsort(files, at, sizeof *files, compare_age);
        if (strcmp(files[0].name, name) > 0)
            return;
        at = 0;
    } else {
        ++*count;
    }
    hf_text_put(files[at].service, sizeof files[at].service, "%s", service);
    hf_text_put(files[at].name, sizeof files[at].name, "%s", name);
    files[at].bytes = st.st_size;
}

size_t
archive_list(const struct hf_archive *a, const char *service, struct archive_file *files)
{
    char path[PATH_MAX];
    size_t count = 0;
    DIR *dir;

    archive_path(a, service, "", path);
    dir = opendir(path);
    if (!dir)
        return 0;
    for (const struct dirent *d = readdir(dir); d;
         d = readdir(dir)) // NOLINT(concurrency-mt-unsafe)
        take(a, service, d->d_name, files, &count);
    closedir(dir);
    qsort(files, count, sizeof *files, compare_age);
    return count;
}

/* ---- room ---- */

static void
delete_file(const struct hf_archive *a, const struct archive_file *f)
{
    char path[PATH_MAX];

    archive_path(a, f->service, f->name, path);
    (void)unlink(path);
}

/* Of files in order of age; what is over goes from the front. Returns how many went. */
static size_t
trim(const struct hf_archive *a, const struct archive_file *files, size_t count, int64_t most)
{
    int64_t bytes = 0;
    size_t gone = 0;

    for (size_t i = 0; i < count; i++)
        bytes += files[i].bytes;
    for (; gone < count && bytes > most; gone++) {
        bytes -= files[gone].bytes;
        delete_file(a, &files[gone]);
    }
    return gone;
}

/* All files in the order of age, with room behind them for one more service's list; each service
 * keeps within its own bound, and all within what is listed. NULL without memory. */
static struct archive_file *
list_all(const struct hf_archive *a, size_t *ret_count)
{
    struct archive_file *all = calloc((size_t)ARCHIVE_FILES_MAX * 2, sizeof *all);
    size_t count = 0;
    DIR *dir = all ? opendir(a->folder) : NULL;

    for (const struct dirent *d = dir ? readdir(dir) : NULL; d; // NOLINT(concurrency-mt-unsafe)
         d = readdir(dir)) {                                    // NOLINT(concurrency-mt-unsafe)
        size_t some, gone;

        if (d->d_name[0] == '.' || strlen(d->d_name) >= HF_NAME_SIZE || count > ARCHIVE_FILES_MAX)
            continue;
        some = archive_list(a, d->d_name, all + count);
        gone = trim(a, all + count, some, HF_ARCHIVE_SERVICE_BYTES);
        memmove(all + count, all + count + gone, (some - gone) * sizeof *all);
        count = count + some - gone;
        if (count > ARCHIVE_FILES_MAX) { /* keep room for one more service's list */
            qsort(all, count, sizeof *all, compare_age);
            gone = count - ARCHIVE_FILES_MAX;
            (void)trim(a, all, gone, 0);
            memmove(all, all + gone, (count - gone) * sizeof *all);
            count -= gone;
        }
    }
    if (dir)
        closedir(dir);
    if (all)
        qsort(all, count, sizeof *all, compare_age);
    *ret_count = count;
    return all;
}

void
archive_make_room(const struct hf_archive *a)
{
    size_t count;
    struct archive_file *all = list_all(a, &count);

    (void)trim(a, all, count, HF_ARCHIVE_BYTES);
    free(all);
}

void
hf_archive_give_way(struct hf_archive *a, int64_t bytes, int64_t *ret_files, int64_t *ret_bytes)
{
    size_t count;
    struct archive_file *all = list_all(a, &count);

    *ret_files = *ret_bytes = 0;
    for (size_t i = 0; i < count && *ret_bytes < bytes; i++) {
        delete_file(a, &all[i]);
        ++*ret_files;
        *ret_bytes += all[i].bytes;
    }
    free(all);
}
