// SPDX-License-Identifier: Apache-2.0
#include "scan/scanner_parts.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

struct hf_scan_upload {
    struct hf_scanner *scanner;
    FILE *file;
    size_t bytes;
};

static int
open_new(struct hf_scan_upload *u, struct hf_error *err)
{
    const struct hf_scanner *s = u->scanner;
    int fd;

    if (hf_file_mkdirs(s->dir, 0700, err) < 0)
        return -1;
    fd = open(s->new_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    u->file = fd < 0 ? NULL : fdopen(fd, "w+");
    if (u->file)
        return 0;
    if (fd >= 0)
        close(fd);
    return hf_error_errno(err, errno, "cannot write '%s'", s->new_path);
}

int
hf_scan_upload_begin(struct hf_scanner *scanner, struct hf_scan_upload **ret_upload,
                     struct hf_error *err)
{
    HF_AUTO(hf_scan_upload) struct hf_scan_upload *u = NULL;

    if (pthread_mutex_trylock(&scanner->uploading) != 0)
        return hf_error_set(err, HF_ERROR_CONFLICT,
                            "other scan data is being taken: wait for its end");
    u = calloc(1, sizeof *u);
    if (!u) {
        pthread_mutex_unlock(&scanner->uploading);
        return hf_error_nomem(err);
    }
    u->scanner = scanner;
    if (open_new(u, err) < 0)
        return -1;
    *ret_upload = hf_steal(&u);
    return 0;
}

int
hf_scan_upload_add(struct hf_scan_upload *upload, const void *data, size_t len,
                   struct hf_error *err)
{
    if (len > HF_SCAN_DATA_MAX - upload->bytes)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "the scan data is larger than %d MiB",
                            HF_SCAN_DATA_MAX / 1024 / 1024);
    upload->bytes += len;
    if (fwrite(data, 1, len, upload->file) != len)
        return hf_error_errno(err, errno, "cannot write '%s'", upload->scanner->new_path);
    return 0;
}

/* Data that is damaged is not worth keeping. */
static int
check_age(const struct hf_scanner *s, const struct hf_scan_data_info *next, struct hf_error *err)
{
    HF_AUTO_FCLOSE FILE *data = NULL;
    struct hf_scan_data_info have;

    if (hf_scanner_open(s, &data, NULL) < 0 || hf_scan_data_read(data, NULL, &have, NULL) < 0 ||
        have.created_ms <= next->created_ms)
        return 0;
    return hf_error_set(err, HF_ERROR_CONFLICT,
                        "the scan data that is here is newer; ask with older=true to go back");
}

int
hf_scan_upload_end(struct hf_scan_upload *upload, bool older, struct hf_scan_data_info *ret_info,
                   struct hf_error *err)
{
    const struct hf_scanner *s = upload->scanner;
    struct hf_scan_data_info info;

    if (fflush(upload->file) != 0 || fsync(fileno(upload->file)) < 0 ||
        fseek(upload->file, 0, SEEK_SET) < 0)
        return hf_error_errno(err, errno, "cannot write '%s'", s->new_path);
    if (hf_scan_data_read(upload->file, NULL, &info, err) < 0 ||
        (!older && check_age(s, &info, err) < 0) ||
        hf_file_move(s->new_path, s->data_path, err) < 0)
        return -1;
    *ret_info = info;
    return 0;
}

/* What was moved has no second name. */
void
hf_scan_upload_free(struct hf_scan_upload *upload)
{
    if (!upload)
        return;
    if (upload->file)
        fclose(upload->file);
    (void)unlink(upload->scanner->new_path);
    pthread_mutex_unlock(&upload->scanner->uploading);
    free(upload);
}
