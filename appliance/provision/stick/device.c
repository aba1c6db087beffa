// SPDX-License-Identifier: Apache-2.0
/* What udev has found out about block devices: a file for each, b<major>:<minor>, with lines
 * "E:NAME=value". */
#include "stick/parts.h"

#include "base/file.h"
#include "base/text.h"

#include <dirent.h>
#include <string.h>
#include <sys/sysmacros.h>

enum { DATA_MAX = 64 * 1024 };

static const char LABEL[] = "\nE:ID_FS_LABEL=";

static void
read_label(const char *path, char out[STICK_LABEL_SIZE])
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(DATA_MAX);
    const char *at;

    out[0] = '\0';
    if (hf_buf_adds(&text, "\n", NULL) < 0 || hf_file_read(path, &text, NULL) < 0)
        return;
    at = strstr(text.data, LABEL);
    if (!at)
        return;
    at += sizeof LABEL - 1;
    hf_text_put(out, STICK_LABEL_SIZE, "%.*s", (int)strcspn(at, "\n"), at);
    stick_clean(out);
}

void
stick_label(const char *udev, dev_t device, char out[STICK_LABEL_SIZE])
{
    char path[STICK_PATH_SIZE];

    out[0] = '\0';
    if (hf_text_put(path, sizeof path, "%s/b%u:%u", udev, major(device), minor(device)))
        read_label(path, out);
}

size_t
stick_count_labelled(const char *udev, const char *label)
{
    DIR *dir = opendir(udev);
    char path[STICK_PATH_SIZE], found[STICK_LABEL_SIZE];
    const struct dirent *e;
    size_t count = 0;

    if (!dir)
        return 0;
    while ((e = readdir(dir))) {
        if (e->d_name[0] != 'b' || !hf_text_put(path, sizeof path, "%s/%s", udev, e->d_name))
            continue;
        read_label(path, found);
        count += strcmp(found, label) == 0;
    }
    closedir(dir);
    return count;
}
