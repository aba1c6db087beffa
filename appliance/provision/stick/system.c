// SPDX-License-Identifier: Apache-2.0
/* Settings of the host, as files that systemd reads. What is ours in its folders begins with
 * "20-holdfast-"; nothing else there is touched. */
#include "stick/parts.h"

#include "base/file.h"
#include "base/text.h"
#include "provision/host.h"
#include "provision/provision.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { UNIT_MAX = 4096 };

static const char OURS[] = "20-holdfast-";
static const char ZONES[] = "/usr/share/zoneinfo";

/* ---- files ---- */

static int
below(const char *etc, const char *path, char out[STICK_PATH_SIZE], struct hf_error *err)
{
    return hf_text_put(out, STICK_PATH_SIZE, "%s/%s", etc, path)
               ? 0
               : hf_error_set(err, HF_ERROR_INVALID, "--etc: the path is too long");
}

/* Written only where it says something else: flash, and a network that stays up. */
static int
put(const char *path, const struct hf_buf *text, bool *ret_changed, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf before = HF_BUF_INIT(UNIT_MAX);

    if (hf_file_read(path, &before, NULL) == 0 && before.len == text->len &&
        memcmp(before.data, text->data, text->len) == 0)
        return 0;
    *ret_changed = true;
    return hf_file_replace(path, text->data, text->len, 0644, (uid_t)-1, (gid_t)-1, err);
}

static void
file_name(const struct hf_json *interface, char out[NAME_MAX])
{
    const char *name = hf_json_string(interface, "name");

    /* Named ones first: the first file that matches is the one that counts. */
    hf_text_put(out, NAME_MAX, "%s%s%s.network", OURS, name ? "1-" : "2", name ? name : "");
}

static bool
is_wanted(const struct hf_json *interfaces, const char *file)
{
    char name[NAME_MAX];

    for (const struct hf_json *i = hf_json_first(interfaces); i; i = hf_json_next(i)) {
        file_name(i, name);
        if (strcmp(name, file) == 0)
            return true;
    }
    return false;
}

/* Those of an earlier stick. */
static void
remove_others(const char *dir, const struct hf_json *interfaces, bool *ret_changed)
{
    DIR *d = opendir(dir);
    const struct dirent *e;
    char path[STICK_PATH_SIZE];

    if (!d)
        return;
    while ((e = readdir(d)))
        if (strncmp(e->d_name, OURS, sizeof OURS - 1) == 0 && !is_wanted(interfaces, e->d_name) &&
            hf_text_put(path, sizeof path, "%s/%s", dir, e->d_name) && unlink(path) == 0)
            *ret_changed = true;
    closedir(d);
}

static int
put_network(const struct hf_json *network, const char *etc, bool *ret_changed, struct hf_error *err)
{
    const struct hf_json *interfaces = hf_json_get(network, "interfaces");
    char dir[STICK_PATH_SIZE], path[STICK_PATH_SIZE], name[NAME_MAX];

    if (below(etc, "systemd/network", dir, err) < 0 || hf_file_mkdirs(dir, 0755, err) < 0)
        return -1;
    for (const struct hf_json *i = hf_json_first(interfaces); i; i = hf_json_next(i)) {
        HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(UNIT_MAX);

        file_name(i, name);
        if (!hf_text_put(path, sizeof path, "%s/%s", dir, name))
            return hf_error_set(err, HF_ERROR_INVALID, "--etc: the path is too long");
        if (hf_host_write_interface(i, &text, err) < 0 || put(path, &text, ret_changed, err) < 0)
            return -1;
    }
    remove_others(dir, interfaces, ret_changed);
    return 0;
}

static int
put_servers(const struct hf_json *time, const char *etc, bool *ret_changed, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(UNIT_MAX);
    char dir[STICK_PATH_SIZE], path[STICK_PATH_SIZE];

    if (!hf_json_first(hf_json_get(time, "servers")))
        return 0;
    if (below(etc, "systemd/timesyncd.conf.d", dir, err) < 0 ||
        hf_file_mkdirs(dir, 0755, err) < 0 ||
        below(etc, "systemd/timesyncd.conf.d/20-holdfast-1.conf", path, err) < 0)
        return -1;
    return hf_host_write_servers(time, &text, err) < 0 ? -1 : put(path, &text, ret_changed, err);
}

/* localtime(5): a link, which is there or as before. */
static int
put_zone(const struct hf_json *time, const char *etc, bool *ret_changed, struct hf_error *err)
{
    const char *zone = hf_json_string(time, "zone");
    char target[STICK_PATH_SIZE], path[STICK_PATH_SIZE], fresh[STICK_PATH_SIZE];
    char before[STICK_PATH_SIZE];
    struct stat st;
    ssize_t len;

    if (!zone)
        return 0;
    if (!hf_text_put(target, sizeof target, "%s/%s", ZONES, zone) || stat(target, &st) < 0 ||
        !S_ISREG(st.st_mode))
        return hf_error_set(err, HF_ERROR_NOT_FOUND,
                            "/time/zone: this system knows no time zone '%s'", zone);
    if (below(etc, "localtime", path, err) < 0 || below(etc, ".holdfast-localtime", fresh, err) < 0)
        return -1;
    len = readlink(path, before, sizeof before - 1);
    before[len > 0 ? len : 0] = '\0';
    if (strcmp(before, target) == 0)
        return 0;
    *ret_changed = true;
    (void)unlink(fresh);
    if (symlink(target, fresh) < 0 || rename(fresh, path) < 0)
        return hf_error_errno(err, errno, "cannot write '%s'", path);
    return 0;
}

int
stick_system_write(const char *dir, const char *etc, bool *ret_changed, struct hf_error *err)
{
    static struct hf_json_faults faults;
    const struct hf_provision_with with = {.leave_sealed = true};
    struct hf_provision file;
    char in[STICK_PATH_SIZE];
    int rc = 0;

    *ret_changed = false;
    if (!hf_text_put(in, sizeof in, "%s/in", dir))
        return hf_error_set(err, HF_ERROR_INVALID, "--dir: the path is too long");
    if (hf_provision_read(in, &with, &file, &faults, err) < 0)
        return -1;
    if (file.network)
        rc = put_network(file.network, etc, ret_changed, err);
    if (rc == 0 && file.time)
        rc = put_servers(file.time, etc, ret_changed, err);
    if (rc == 0 && file.time)
        rc = put_zone(file.time, etc, ret_changed, err);
    hf_provision_done(&file);
    return rc;
}

/* ---- telling systemd ---- */

void
stick_run(const char *const *argv)
{
    pid_t child = fork();

    if (child == 0) {
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    if (child > 0)
        (void)waitpid(child, NULL, 0);
}

void
stick_system_reload(void)
{
    stick_run((const char *const[]){"networkctl", "reload", NULL});
    stick_run((const char *const[]){"systemctl", "try-restart", "systemd-timesyncd.service", NULL});
}
