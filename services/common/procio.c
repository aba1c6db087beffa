// SPDX-License-Identifier: Apache-2.0
#include "common/procio.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t
read_written(const char *path)
{
    enum { IO_MAX = 4096 };
    static const char name[] = "\nwrite_bytes: ";
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(IO_MAX);
    const char *at;

    if (hf_file_read(path, &text, NULL) < 0 || !text.data)
        return 0;
    at = strstr(text.data, name);
    return at ? strtoll(at + sizeof name - 1, NULL, 10) : 0;
}

int64_t
hf_procio_written(void)
{
    return read_written("/proc/self/io");
}

int64_t
hf_procio_written_by(pid_t pid)
{
    char path[32];

    snprintf(path, sizeof path, "/proc/%d/io", (int)pid);
    return read_written(path);
}
