// SPDX-License-Identifier: Apache-2.0
#include "telemetry/kernel_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

bool
hf_kernel_read(const char *path, char *out, size_t size)
{
    HF_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t len = 0;

    if (fd < 0)
        return false;
    while (len < size - 1) {
        ssize_t n = read(fd, out + len, size - 1 - len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    out[len] = '\0';
    return len > 0;
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
