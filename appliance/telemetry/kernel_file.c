// SPDX-License-Identifier: Apache-2.0
#include "telemetry/kernel_file.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

/* The kernel makes such a file in a page and hands out what is there: less than this is all of it,
 * and need not be asked for its end. */
enum { SURELY_WHOLE = 2048 };

/* From the beginning to the end, however far the descriptor was read before. */
static bool
read_whole(int fd, char *out, size_t size)
{
    size_t len = 0;

    while (len < size - 1) {
        ssize_t n = pread(fd, out + len, size - 1 - len, (off_t)len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        if (n == 0)
            break;
        len += (size_t)n;
        if (n < SURELY_WHOLE)
            break;
    }
    out[len] = '\0';
    return len > 0;
}

bool
hf_kernel_read(const char *path, char *out, size_t size)
{
    HF_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

    return fd >= 0 && read_whole(fd, out, size);
}

static bool
open_kept(struct hf_kernel_file *f, const char *dir, const char *name)
{
    char path[PATH_MAX];

    if (f->fd_and_one == 0)
        f->fd_and_one = *dir && hf_text_put(path, sizeof path, "%s/%s", dir, name)
                            ? open(path, O_RDONLY | O_CLOEXEC) + 1
                            : 0;
    if (f->fd_and_one == 0)
        f->fd_and_one = -1;
    return f->fd_and_one > 0;
}

bool
hf_kernel_reread(struct hf_kernel_file *f, const char *dir, const char *name, char *out,
                 size_t size)
{
    return open_kept(f, dir, name) && read_whole(f->fd_and_one - 1, out, size);
}

void
hf_kernel_close(struct hf_kernel_file *files, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (files[i].fd_and_one > 0)
            close(files[i].fd_and_one - 1);
        files[i].fd_and_one = 0;
    }
}

static bool
parse_number(const char *text, int64_t *ret_value)
{
    char *end;
    long long value;

    errno = 0;
    value = strtoll(text, &end, 10);
    if (end == text || errno != 0)
        return false;
    *ret_value = value;
    return true;
}

size_t
hf_kernel_numbers(const char *text, int64_t *ret_values, size_t max)
{
    size_t count = 0;

    while (count < max) {
        text += strspn(text, " ");
        if (!parse_number(text, &ret_values[count]))
            break;
        count++;
        text += strcspn(text, " \n");
    }
    return count;
}

bool
hf_kernel_number(const char *path, int64_t *ret_value)
{
    char text[32];

    return hf_kernel_read(path, text, sizeof text) && parse_number(text, ret_value);
}

bool
hf_kernel_reread_number(struct hf_kernel_file *f, const char *dir, const char *name,
                        int64_t *ret_value)
{
    char text[32];

    return hf_kernel_reread(f, dir, name, text, sizeof text) && parse_number(text, ret_value);
}

bool
hf_kernel_pressure(const char *text, double *ret_percent)
{
    static const char key[] = "some avg10=";
    char *end;

    if (strncmp(text, key, strlen(key)) != 0)
        return false;
    *ret_percent = strtod(text + strlen(key), &end);
    return end != text + strlen(key);
}

bool
hf_kernel_field(const char *text, const char *key, int64_t *ret_value)
{
    size_t len = strlen(key);

    for (const char *line = text; line; line = strchr(line, '\n')) {
        if (*line == '\n')
            line++;
        if (strncmp(line, key, len) == 0 && (line[len] == ' ' || line[len] == ':'))
            return parse_number(line + len + 1, ret_value);
    }
    return false;
}
