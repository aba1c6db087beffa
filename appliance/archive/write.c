// SPDX-License-Identifier: Apache-2.0
#include "archive/parts.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { FOLDER_MODE = 0700, FILE_MODE = 0600, CONTAINER_DIGITS = 12, PARTS_MAX = 999 };

/* A small window: what is open at a time takes 20 KiB, not 256. */
enum { LEVEL = 6, WINDOW_BITS = 12 + 16 /* 16: gzip's frame */, MEM_LEVEL = 5, OUT_SIZE = 8192 };

struct hf_archive_writer {
    const struct hf_archive *archive;
    char service[HF_NAME_SIZE];
    char stem[ARCHIVE_NAME_SIZE]; /* time and container */
    unsigned part;
    int fd; /* of the part under way; -1: none */
    int64_t bytes;
    z_stream z;
    unsigned char out[OUT_SIZE];
    struct hf_error error;
    bool failed;
};

/* ---- one part ---- */

static void
part_paths(const struct hf_archive_writer *w, char made[PATH_MAX], char final[PATH_MAX])
{
    char name[ARCHIVE_NAME_SIZE + 16];

    hf_text_put(name, sizeof name, "%s-%03u.log.gz", w->stem, w->part);
    archive_path(w->archive, w->service, name, final);
    hf_text_put(made, PATH_MAX, "%s.new", final);
}

static int
open_part(struct hf_archive_writer *w, struct hf_error *err)
{
    char made[PATH_MAX], final[PATH_MAX];

    part_paths(w, made, final);
    w->z = (z_stream){0};
    if (deflateInit2(&w->z, LEVEL, Z_DEFLATED, WINDOW_BITS, MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
        return hf_error_nomem(err);
    w->fd = open(made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    if (w->fd < 0) {
        deflateEnd(&w->z);
        return hf_error_errno(err, errno, "cannot write '%s'", made);
    }
    w->bytes = 0;
    return 0;
}

static int
write_out(struct hf_archive_writer *w, struct hf_error *err)
{
    size_t len = OUT_SIZE - w->z.avail_out;

    for (size_t done = 0; done < len;) {
        ssize_t n = write(w->fd, w->out + done, len - done);

        if (n < 0)
            return hf_error_errno(err, errno, "cannot write the archive of '%s'", w->service);
        done += (size_t)n;
    }
    w->bytes += (int64_t)len;
    return 0;
}

static int
compress_text(struct hf_archive_writer *w, const char *text, size_t len, int flush,
              struct hf_error *err)
{
    int rc;

    w->z.next_in = (unsigned char *)(uintptr_t)text;
    w->z.avail_in = (uInt)len;
    do {
        w->z.next_out = w->out;
        w->z.avail_out = OUT_SIZE;
        rc = deflate(&w->z, flush);
        if (write_out(w, err) < 0)
            return -1;
    } while (w->z.avail_out == 0 || (flush == Z_FINISH && rc == Z_OK));
    return 0;
}

static int
sync_folder(const struct hf_archive_writer *w, struct hf_error *err)
{
    char path[PATH_MAX];
    HF_AUTO_CLOSE int fd = -1;

    archive_path(w->archive, w->service, "", path);
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        return hf_error_errno(err, errno, "cannot sync '%s'", path);
    return 0;
}

static int
close_part(struct hf_archive_writer *w, struct hf_error *err)
{
    char made[PATH_MAX], final[PATH_MAX];
    int rc = compress_text(w, "", 0, Z_FINISH, err);

    part_paths(w, made, final);
    deflateEnd(&w->z);
    if (rc == 0 && fsync(w->fd) < 0)
        rc = hf_error_errno(err, errno, "cannot sync '%s'", made);
    close(w->fd);
    w->fd = -1;
    if (rc == 0 && rename(made, final) < 0)
        rc = hf_error_errno(err, errno, "cannot rename '%s'", made);
    if (rc < 0) {
        (void)unlink(made);
        return -1;
    }
    w->part++;
    return sync_folder(w, err);
}

/* ---- the whole ---- */

int
hf_archive_begin(struct hf_archive *a, const char *service, int64_t started_ms,
                 const char *container, struct hf_archive_writer **ret_writer, struct hf_error *err)
{
    char folder[PATH_MAX];
    struct hf_archive_writer *w;

    archive_path(a, service, "", folder);
    if (hf_file_mkdirs(folder, FOLDER_MODE, err) < 0)
        return -1;
    w = calloc(1, sizeof *w);
    if (!w)
        return hf_error_nomem(err);
    w->archive = a;
    w->fd = -1;
    hf_text_put(w->service, sizeof w->service, "%s", service);
    hf_text_put(w->stem, sizeof w->stem, "%013lld-%.*s", (long long)started_ms, CONTAINER_DIGITS,
                container);
    *ret_writer = w;
    return 0;
}

static int
add_line(struct hf_archive_writer *w, const struct hf_log_line *line, struct hf_error *err)
{
    char head[32];

    if (w->part > PARTS_MAX)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "the log of '%s' has too many parts",
                            w->service);
    if (w->fd < 0 && open_part(w, err) < 0)
        return -1;
    hf_text_put(head, sizeof head, "%lld %c ", (long long)line->time_ms,
                line->is_stderr ? 'e' : 'o');
    if (compress_text(w, head, strlen(head), Z_NO_FLUSH, err) < 0 ||
        compress_text(w, line->text, strnlen(line->text, ARCHIVE_LINE_MAX / 2), Z_NO_FLUSH, err) <
            0 ||
        compress_text(w, "\n", 1, Z_NO_FLUSH, err) < 0)
        return -1;
    return w->bytes < HF_ARCHIVE_PART_BYTES ? 0 : close_part(w, err);
}

bool
hf_archive_line(void *writer, const struct hf_log_line *line)
{
    struct hf_archive_writer *w = writer;

    if (!w->failed)
        w->failed = add_line(w, line, &w->error) < 0;
    return !w->failed;
}

static void
give_up_part(struct hf_archive_writer *w)
{
    char made[PATH_MAX], final[PATH_MAX];

    if (w->fd < 0)
        return;
    part_paths(w, made, final);
    deflateEnd(&w->z);
    close(w->fd);
    (void)unlink(made);
}

int
hf_archive_end(struct hf_archive_writer *consume, struct hf_error *err)
{
    struct hf_archive_writer *w = consume;
    int rc = 0;

    if (w->failed) {
        give_up_part(w);
        *err = w->error;
        rc = -1;
    } else if (w->fd >= 0) {
        rc = close_part(w, err);
    }
    archive_make_room(w->archive);
    free(w);
    return rc;
}
