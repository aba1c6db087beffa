// SPDX-License-Identifier: Apache-2.0
/* An answer that is a file. */
#include "cli/groups.h"

#include "cli/format.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct download {
    FILE *to;
    uint64_t len, max;
};

static int
put_bytes(void *context, const char *data, size_t len, struct hf_error *err)
{
    struct download *d = context;

    d->len += len;
    if (d->len > d->max)
        return hf_error_set(err, HF_ERROR_UPSTREAM, "the gateway sends more than %llu MB",
                            (unsigned long long)(d->max >> 20));
    if (fwrite(data, 1, len, d->to) == len)
        return 0;
    return hf_error_errno(err, errno, "cannot write the file");
}

static int
download(struct cli *c, const struct cli_request *asked, FILE *to, uint64_t max,
         struct hf_error *err)
{
    CLI_AUTO_ANSWER struct cli_answer a = {0};
    struct download d = {.to = to, .max = max};
    struct cli_request r = *asked;

    r.take = put_bytes;
    r.context = &d;
    return cli_ask(c, &r, &a, err);
}

/* Beside it first, so that a file of that name is whole. */
static int
download_file(struct cli *c, const struct cli_request *r, const char *path, uint64_t max,
              struct hf_error *err)
{
    HF_AUTO_FREE char *part = NULL;
    HF_AUTO_CLOSE int fd = -1;
    HF_AUTO_FCLOSE FILE *to = NULL;
    struct stat st;

    if (asprintf(&part, "%s.XXXXXX", path) < 0)
        return hf_error_nomem(err);
    fd = mkostemp(part, O_CLOEXEC);
    if (fd < 0)
        return hf_error_errno(err, errno, "cannot write beside '%s'", path);
    to = fdopen(dup(fd), "w");
    if (!to || download(c, r, to, max, err) < 0) {
        unlink(part);
        return to ? -1 : hf_error_nomem(err);
    }
    if (fflush(to) != 0 || fsync(fd) < 0 || fstat(fd, &st) < 0 || rename(part, path) < 0) {
        hf_error_errno(err, errno, "cannot write '%s'", path);
        unlink(part);
        return -1;
    }
    cli_line(&c->told, CLI_PLAIN, "%s: %s", path, cli_bytes((double)st.st_size).text);
    return 0;
}

int
cli_download(struct cli *c, const struct cli_request *r, const char *path, uint64_t max,
             struct hf_error *err)
{
    if (strcmp(path, "-") != 0)
        return download_file(c, r, path, max, err);
    if (isatty(STDOUT_FILENO))
        return hf_error_set(err, HF_ERROR_INVALID,
                            "it is no text: stdout must be a file or a pipe");
    return download(c, r, stdout, max, err);
}
