// SPDX-License-Identifier: Apache-2.0
/* What a screen shows before the login, issue(5); agetty draws it again when it is told to. */
#include "stick/parts.h"

#include "base/file.h"
#include "base/text.h"
#include "provision/host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BANNER_MAX = 16 * 1024, QR_MAX = 8 * 1024, URL_SIZE = 128 };

/* In a banner a backslash begins something that agetty puts in. */
static int
add_text(struct hf_buf *out, const char *text, struct hf_error *err)
{
    for (const char *c = text; *c; c++) {
        bool plain = (unsigned char)*c >= 0x20 && *c != 0x7f && *c != '\\';

        if (hf_buf_add(out, plain ? c : "?", 1, err) < 0)
            return -1;
    }
    return 0;
}

static int
add_line(struct hf_buf *out, const char *what, const char *text, struct hf_error *err)
{
    if (hf_buf_adds(out, what, err) < 0 || add_text(out, text, err) < 0)
        return -1;
    return hf_buf_adds(out, "\n", err);
}

/* By qrencode, where it is installed: half blocks, which every console of Linux can show. */
static void
add_qr(struct hf_buf *out, const char *url)
{
    HF_AUTO_BUF struct hf_buf qr = HF_BUF_INIT(QR_MAX);
    int ends[2], status = 0;
    char data[512];
    pid_t child;
    ssize_t n;

    if (pipe(ends) < 0)
        return;
    child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execlp("qrencode", "qrencode", "-t", "UTF8", "-m", "2", "-l", "L", "--", url, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    while (child > 0 && (n = read(ends[0], data, sizeof data)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 || hf_buf_add(&qr, data, (size_t)n, NULL) < 0)
            break;
    }
    close(ends[0]);
    if (child > 0 && waitpid(child, &status, 0) == child && status == 0 && qr.data)
        (void)!hf_buf_addf(out, NULL, "%s\n", qr.data);
}

static int
make(const struct hf_json *answer, struct hf_buf *out, struct hf_error *err)
{
    const char *name = hf_json_string(answer, "name");
    const char *fingerprint = hf_json_string(answer, "fingerprint");
    long long port = hf_json_int(answer, "port", 0);
    HF_AUTO(hf_json) struct hf_json *addresses = stick_addresses(port);
    char url[URL_SIZE];

    hf_text_put(url, sizeof url, "https://%.63s.local:%lld", name ? name : "holdfast", port);
    if (hf_buf_adds(out, "\nHoldfast gateway\n\n", err) < 0 ||
        add_line(out, "  Dashboard    ", url, err) < 0)
        return -1;
    for (const struct hf_json *a = hf_json_first(addresses); a; a = hf_json_next(a))
        if (add_line(out, "               ", hf_json_as_string(a), err) < 0)
            return -1;
    if (add_line(out, "  Fingerprint  ", fingerprint ? fingerprint : "", err) < 0 ||
        hf_buf_adds(out, "\n", err) < 0)
        return -1;
    add_qr(out, hf_json_first(addresses) ? hf_json_as_string(hf_json_first(addresses)) : url);
    return 0;
}

/* The name by which the gateway is found on the LAN; avahi keeps it until it ends. */
static void
call_it(const struct hf_json *answer)
{
    const char *name = hf_json_string(answer, "name");

    if (name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name) && *name &&
        *name != '-')
        hf_host_run((const char *const[]){"avahi-set-host-name", name, NULL});
}

int
stick_banner(const struct stick_options *o, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(BANNER_MAX), before = HF_BUF_INIT(BANNER_MAX);
    HF_AUTO(hf_json) struct hf_json *answer = stick_answer(o->run, NULL);
    bool is_real = strcmp(o->issue, STICK_ISSUE) == 0;
    char dir[STICK_PATH_SIZE];
    char *slash;

    if (!answer)
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "holdfastd has not said yet what it is");
    if (is_real)
        call_it(answer);
    if (!hf_text_put(dir, sizeof dir, "%s", o->issue))
        return hf_error_set(err, HF_ERROR_INVALID, "--issue: the path is too long");
    slash = strrchr(dir, '/');
    if (slash)
        *slash = '\0';
    if ((slash && hf_file_mkdirs(dir, 0755, err) < 0) || make(answer, &text, err) < 0)
        return -1;
    if (hf_file_read(o->issue, &before, NULL) == 0 && before.len == text.len &&
        memcmp(before.data, text.data, text.len) == 0)
        return 0;
    if (hf_file_replace(o->issue, text.data, text.len, 0644, (uid_t)-1, (gid_t)-1, err) < 0)
        return -1;
    if (is_real)
        hf_host_run((const char *const[]){"agetty", "--reload", NULL});
    return 0;
}
