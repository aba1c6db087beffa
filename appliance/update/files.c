// SPDX-License-Identifier: Apache-2.0
#include "update/parts.h"

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

const char UPDATE_NEW[] = "new.deb", UPDATE_OLD[] = "previous.deb";

void
update_path(const struct update *u, const char *name, char out[UPDATE_PATH_SIZE])
{
    (void)hf_text_put(out, UPDATE_PATH_SIZE, "%s/%s", u->options->dir, name);
}

/* Its owner may put anything there at any time: no link is followed, and nothing waited for. */
static int
open_folder(const struct update *u)
{
    char path[UPDATE_PATH_SIZE];

    (void)hf_text_put(path, sizeof path, "%s/%s", u->options->state, HF_DAEMON_DIR);
    return open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int
update_read(const struct update *u, const char *name, struct hf_buf *out, struct hf_error *err)
{
    HF_AUTO_CLOSE int dir = open_folder(u), fd = -1;
    struct stat s;

    if (dir >= 0)
        fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return hf_error_errno(err, errno, "cannot read '%s'", name);
    if (fstat(fd, &s) < 0 || !S_ISREG(s.st_mode))
        return hf_error_set(err, HF_ERROR_INVALID, "'%s' is no plain file", name);
    return hf_file_read_rest(fd, name, out, err);
}

bool
update_remove_request(const struct update *u)
{
    HF_AUTO_CLOSE int dir = open_folder(u);

    if ((dir >= 0 && unlinkat(dir, HF_DAEMON_REQUEST, 0) == 0) || errno == ENOENT)
        return true;
    hf_log_warn("event=request-not-removed error=\"%s\"",
                strerror(errno)); // NOLINT(concurrency-mt-unsafe)
    return false;
}

void
update_load(struct update *u)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_DAEMON_TEXT_MAX);
    char path[UPDATE_PATH_SIZE];
    struct hf_error err = {0};

    u->progress = (struct hf_daemon_progress){.state = HF_DAEMON_IDLE};
    update_path(u, HF_DAEMON_STATE, path);
    if (hf_file_read(path, &text, &err) == 0 &&
        hf_daemon_progress_parse(text.data ? text.data : "", text.len, &u->progress, &err) == 0)
        return;
    if (err.class != HF_ERROR_NOT_FOUND)
        hf_log_error("event=state-not-read error=\"%s\"", err.message);
}

int
update_save(const struct update *u, const struct hf_daemon_progress *p, struct hf_error *err)
{
    HF_AUTO_FREE char *text = NULL;
    char path[UPDATE_PATH_SIZE];

    update_path(u, HF_DAEMON_STATE, path);
    if (hf_daemon_progress_print(p, &text, err) < 0)
        return -1;
    return hf_file_replace(path, text, strlen(text), 0644, (uid_t)-1, (gid_t)-1, err);
}
