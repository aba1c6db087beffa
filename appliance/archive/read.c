// SPDX-License-Identifier: Apache-2.0
#include "archive/parts.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Goes through the lines of one file; an unreadable or cut file ends where it is cut. */
struct reader {
    gzFile file;
    char line[ARCHIVE_LINE_MAX];
};

static bool
next_line(struct reader *r)
{
    size_t len;

    if (!gzgets(r->file, r->line, sizeof r->line))
        return false;
    len = strlen(r->line);
    if (len && r->line[len - 1] == '\n')
        r->line[len - 1] = '\0';
    return true;
}

/* "<ms> <o|e> <text>" */
static bool
split(char *text, struct hf_log_line *ret)
{
    char *end;
    long long ms = strtoll(text, &end, 10);

    if (end == text || end[0] != ' ' || (end[1] != 'o' && end[1] != 'e') || end[2] != ' ')
        return false;
    *ret = (struct hf_log_line){.time_ms = ms, .is_stderr = end[1] == 'e', .text = end + 3};
    return true;
}

static bool
open_file(const struct hf_archive *a, const struct archive_file *f, struct reader *r)
{
    char path[PATH_MAX];

    archive_path(a, f->service, f->name, path);
    r->file = gzopen(path, "rbe");
    return r->file;
}

static size_t
count_lines(const struct hf_archive *a, const struct archive_file *f, struct reader *r)
{
    size_t count = 0;

    if (!open_file(a, f, r))
        return 0;
    while (next_line(r))
        count++;
    gzclose(r->file);
    return count;
}

/* False to end. */
static bool
deliver(const struct hf_archive *a, const struct archive_file *f, struct reader *r, size_t skip,
        hf_log_sink *sink, bool (*cancelled)(void *context), void *context)
{
    bool go_on = true;

    if (!open_file(a, f, r))
        return true;
    while (go_on && next_line(r)) {
        struct hf_log_line line;

        if (skip > 0)
            skip--;
        else if (split(r->line, &line))
            go_on = !cancelled(context) && sink(context, &line);
    }
    gzclose(r->file);
    return go_on;
}

int
hf_archive_read(struct hf_archive *a, const char *service, size_t most, hf_log_sink *sink,
                bool (*cancelled)(void *context), void *context, struct hf_error *err)
{
    HF_AUTO_FREE struct archive_file *files = calloc(ARCHIVE_FILES_MAX, sizeof *files);
    HF_AUTO_FREE struct reader *r = malloc(sizeof *r);
    size_t count, first, lines = 0;

    if (!files || !r)
        return hf_error_nomem(err);
    count = first = archive_list(a, service, files);
    while (first > 0 && lines < most && !cancelled(context))
        lines += count_lines(a, &files[--first], r);
    for (size_t i = first; i < count; i++) {
        size_t skip = i == first && lines > most ? lines - most : 0;

        if (!deliver(a, &files[i], r, skip, sink, cancelled, context))
            break;
    }
    return 0;
}
