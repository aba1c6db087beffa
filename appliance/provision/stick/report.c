// SPDX-License-Identifier: Apache-2.0
#include "stick/parts.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REPORT_MAX = 256 * 1024, NAME_SIZE = 64 };

void
stick_clean(char *text)
{
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
}

void
stick_problem(struct stick_problems *p, const char *fmt, ...)
{
    va_list args;

    if (p->count == STICK_PROBLEMS_MAX)
        return;
    va_start(args, fmt);
    vsnprintf(p->list[p->count], STICK_PROBLEM_SIZE, fmt, args);
    va_end(args);
    hf_text_whole(p->list[p->count]);
    stick_clean(p->list[p->count++]);
}

/* ---- the text ---- */

/* A line for a phone, which may show it in whatever way; ends as FAT's world ends them. */
static int HF_PRINTF(3, 4)
line(struct hf_buf *out, struct hf_error *err, const char *fmt, ...)
{
    HF_AUTO_FREE char *text = NULL;
    va_list args;
    int len;

    va_start(args, fmt);
    len = vasprintf(&text, fmt, args);
    va_end(args);
    if (len < 0)
        return hf_error_nomem(err);
    stick_clean(text);
    return hf_buf_addf(out, err, "%s\r\n", text);
}

static const char *
said(const struct hf_json *o, const char *member)
{
    const char *text = hf_json_string(o, member);

    return text ? text : "";
}

static int
add_errors(const struct hf_json *file, struct hf_buf *out, struct hf_error *err)
{
    for (const struct hf_json *e = hf_json_first(hf_json_get(file, "errors")); e;
         e = hf_json_next(e)) {
        const char *pointer = said(e, "pointer");
        long long at = hf_json_int(e, "line", 0);
        int rc = at ? line(out, err, "- line %lld, column %lld: %s%s%s", at,
                           (long long)hf_json_int(e, "column", 0), pointer, *pointer ? ": " : "",
                           said(e, "detail"))
                    : line(out, err, "- %s", said(e, "detail"));

        if (rc < 0)
            return -1;
    }
    return hf_json_bool(file, "more", false) ? line(out, err, "- there may be more") : 0;
}

static int
add_files(const struct hf_json *answer, struct hf_buf *out, struct hf_error *err)
{
    for (const struct hf_json *f = hf_json_first(hf_json_get(answer, "files")); f;
         f = hf_json_next(f)) {
        const char *result = said(f, "result"), *name = said(f, "file");
        int rc;

        if (strcmp(result, "applied") == 0)
            rc = line(out, err, "%s: APPLIED.", name);
        else if (strcmp(result, "known") == 0)
            rc = line(out, err, "%s: was applied before. Nothing was changed.", name);
        else
            rc = line(out, err, "%s: REFUSED. Nothing was changed. Mend this:", name);
        if (rc < 0 || add_errors(f, out, err) < 0)
            return -1;
    }
    return 0;
}

static int
add_ways_in(const struct hf_json *answer, struct hf_buf *out, struct hf_error *err)
{
    long long port = hf_json_int(answer, "port", 0);
    const struct hf_json *addresses = hf_json_get(answer, "addresses");

    if (line(out, err, "%s", "") < 0 ||
        line(out, err, "Dashboard: https://%s.local:%lld", said(answer, "name"), port) < 0)
        return -1;
    for (const struct hf_json *a = hf_json_first(addresses); a; a = hf_json_next(a))
        if (line(out, err, "       or: %s", hf_json_as_string(a)) < 0)
            return -1;
    if (!hf_json_first(addresses) &&
        line(out, err, "It has no address yet: is the cable in, and is there DHCP?") < 0)
        return -1;
    return line(out, err, "Its certificate has this fingerprint:") < 0 ||
                   line(out, err, "%s", said(answer, "fingerprint")) < 0
               ? -1
               : line(out, err,
                      hf_json_bool(answer, "claimed", false)
                          ? "It is claimed: log in there."
                          : "Nobody has claimed it: open the dashboard with the setup code.");
}

static int
add_uplink(const struct hf_json *answer, struct hf_buf *out, struct hf_error *err)
{
    const struct hf_json *uplink = hf_json_get(answer, "uplink");
    const char *state = said(uplink, "state"), *error = said(uplink, "last_error");
    long long status = hf_json_int(uplink, "last_status", 0);

    if (strcmp(state, "unset") == 0 || !*state)
        return line(out, err, "Uplink: none is set. Records are kept here.");
    if (strcmp(state, "delivering") == 0)
        return line(out, err, "Uplink: %s takes records.", said(uplink, "url"));
    if (strcmp(state, "idle") == 0 || strcmp(state, "unknown") == 0)
        return line(out, err, "Uplink: %s; not tried yet.", said(uplink, "url"));
    return line(out, err, "Uplink: %s is %s. %s%s%.0lld", said(uplink, "url"), state, error,
                status ? " HTTP " : "", status);
}

static int
add_rest(const struct hf_json *answer, struct hf_buf *out, struct hf_error *err)
{
    const struct hf_json *bundle = hf_json_get(answer, "bundle");
    const char *release = said(answer, "release"), *state = said(bundle, "state");

    if (add_ways_in(answer, out, err) < 0 || line(out, err, "%s", "") < 0 ||
        line(out, err, "%s", said(answer, "state")) < 0 || add_uplink(answer, out, err) < 0)
        return -1;
    if (*state && strcmp(state, "none") != 0 &&
        line(out, err, "Bundle %s: %s. %s", said(bundle, "path"), state, said(bundle, "detail")) <
            0)
        return -1;
    return line(out, err, "Software: holdfastd %s, release %s", said(answer, "holdfastd"),
                *release ? release : "none");
}

int
stick_report_text(const struct hf_json *answer, const struct stick_problems *problems,
                  struct hf_buf *out, struct hf_error *err)
{
    char time[HF_RFC3339_SIZE];

    hf_clock_rfc3339(hf_clock_wall_ms(), time);
    if (answer ? line(out, err, "HOLDFAST GATEWAY %s (%s)", said(answer, "name"),
                      said(answer, "gateway")) < 0
               : line(out, err, "HOLDFAST GATEWAY") < 0)
        return -1;
    if (line(out, err, "%s%s", time,
             hf_clock_synced() ? "" : " by a clock that nobody has set: it may be wrong") < 0 ||
        line(out, err, "%s", "") < 0)
        return -1;
    for (size_t i = 0; i < problems->count; i++)
        if (line(out, err, "NOTHING WAS CHANGED: %s", problems->list[i]) < 0)
            return -1;
    if (!answer)
        return 0;
    if (!problems->count && add_files(answer, out, err) < 0)
        return -1;
    if (*problems->host && line(out, err, "OF THE HOST NOT ALL WAS SET: %s", problems->host) < 0)
        return -1;
    return add_rest(answer, out, err);
}

int
stick_report_json(const struct hf_json *answer, const struct stick_problems *problems,
                  struct hf_buf *out, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = answer ? hf_json_copy(answer) : hf_json_object();
    struct hf_json *list = hf_json_array();
    HF_AUTO_FREE char *text = NULL;

    hf_json_remove(doc, "id");
    hf_json_put_time(doc, "time", hf_clock_wall_ms());
    hf_json_put_bool(doc, "clock_synchronised", hf_clock_synced());
    for (size_t i = 0; i < problems->count; i++)
        hf_json_add_string(list, problems->list[i]);
    hf_json_put(doc, "problems", list);
    hf_json_put_string(doc, "host_error", *problems->host ? problems->host : NULL);
    if (hf_json_print_lines(doc, &text, err) < 0)
        return -1;
    return hf_buf_addf(out, err, "%s\n", text);
}

/* ---- onto the stick ---- */

static int
explain(struct hf_error *err, int why, const char *what)
{
    if (why == ENOSPC)
        return hf_error_set(err, HF_ERROR_NO_SPACE,
                            "the stick is full: the report could not be written; make room on it");
    if (why == EROFS || why == EACCES)
        return hf_error_set(err, HF_ERROR_FORBIDDEN, "the stick cannot be written");
    if (why == EIO || why == ENXIO || why == ENODEV || why == ENOENT)
        return hf_error_set(err, HF_ERROR_INTERNAL,
                            "the stick was pulled out, or is broken: the report could not be "
                            "written");
    return hf_error_errno(err, why, "cannot write %s", what);
}

static int
open_folder(const char *where)
{
    HF_AUTO_CLOSE int root = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (root < 0)
        return -1;
    if (mkdirat(root, "holdfast", 0755) < 0 && errno != EEXIST)
        return -1;
    return openat(root, "holdfast", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int
write_whole(int fd, const char *data, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t n = write(fd, data + at, len - at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            errno = n < 0 ? errno : ENOSPC;
            return -1;
        }
        at += (size_t)n;
    }
    return fsync(fd);
}

/* A new file and then its name: who pulls the stick out meanwhile has the report of before. */
static int
write_file(int folder, const char *name, const struct hf_buf *text, struct hf_error *err)
{
    static const char fresh[] = "report.new";
    HF_AUTO_CLOSE int fd = -1;

    (void)unlinkat(folder, fresh, 0);
    fd = openat(folder, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd >= 0 && write_whole(fd, text->data, text->len) == 0 &&
        renameat(folder, fresh, folder, name) == 0 && fsync(folder) == 0)
        return 0;
    explain(err, errno, name);
    (void)unlinkat(folder, fresh, 0);
    return -1;
}

/* A name for a file, of what may be one. */
static void
serial_of(const struct hf_json *answer, char out[NAME_SIZE])
{
    const char *id = said(answer, "gateway");
    size_t len = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-");

    hf_text_put(out, NAME_SIZE, "%.*s", (int)(len && !id[len] && len < NAME_SIZE ? len : 0), id);
    if (!*out)
        hf_text_put(out, NAME_SIZE, "unknown");
}

int
stick_report_write(const char *where, const struct hf_json *answer,
                   const struct stick_problems *problems, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(REPORT_MAX), json = HF_BUF_INIT(REPORT_MAX);
    char serial[NAME_SIZE], name[NAME_SIZE + 16];
    HF_AUTO_CLOSE int folder = open_folder(where);

    if (folder < 0)
        return explain(err, errno, "holdfast");
    serial_of(answer, serial);
    if (stick_report_text(answer, problems, &text, err) < 0 ||
        stick_report_json(answer, problems, &json, err) < 0)
        return -1;
    hf_text_put(name, sizeof name, "report-%s.txt", serial);
    if (write_file(folder, name, &text, err) < 0)
        return -1;
    hf_text_put(name, sizeof name, "report-%s.json", serial);
    return write_file(folder, name, &json, err);
}

/* Flash keeps what it likes; but who reads the file system finds it no more. */
int
stick_wipe(const char *where, const char *name, struct hf_error *err)
{
    static const char zeros[4096];
    HF_AUTO_CLOSE int folder = open_folder(where);
    HF_AUTO_CLOSE int fd = -1;
    struct stat st;

    if (folder < 0)
        return explain(err, errno, name);
    fd = openat(folder, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : explain(err, errno, name);
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return explain(err, EACCES, name);
    for (off_t at = 0; at < st.st_size; at += (off_t)sizeof zeros) {
        off_t rest = st.st_size - at;
        size_t n = rest < (off_t)sizeof zeros ? (size_t)rest : sizeof zeros;

        if (pwrite(fd, zeros, n, at) != (ssize_t)n)
            return explain(err, errno, name);
    }
    if (fsync(fd) < 0 || unlinkat(folder, name, 0) < 0 || fsync(folder) < 0)
        return explain(err, errno, name);
    return 0;
}
