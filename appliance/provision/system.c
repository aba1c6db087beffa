// SPDX-License-Identifier: Apache-2.0
/* Settings of the host, as files that systemd reads. What is ours in its folders begins with
 * "20-holdfast-"; nothing else there is touched. For the programs that are root. */
#include "provision/host.h"

#include "base/file.h"
#include "base/text.h"
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

enum { UNIT_MAX = 4096, PATH_SIZE = 512 };

/* What the files were made of; networkd reads no such. */
static const char SAID[] = HF_HOST_OURS "network.json";
static const char SERVERS[] = "systemd/timesyncd.conf.d/" HF_HOST_OURS "1.conf";
static const char ZONES[] = "/usr/share/zoneinfo";

/* ---- files ---- */

static int
below(const char *etc, const char *path, char out[PATH_SIZE], struct hf_error *err)
{
    return hf_text_put(out, PATH_SIZE, "%s/%s", etc, path)
               ? 0
               : hf_error_set(err, HF_ERROR_INVALID, "the path of /etc is too long");
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
    hf_text_put(out, NAME_MAX, "%s%s%s.network", HF_HOST_OURS, name ? "1-" : "2", name ? name : "");
}

static bool
is_ours(const char *file)
{
    return strncmp(file, HF_HOST_OURS, strlen(HF_HOST_OURS)) == 0 && !strchr(file, '/');
}

static bool
is_of_interface(const void *interfaces, const char *file)
{
    char name[NAME_MAX];

    if (strcmp(file, SAID) == 0)
        return true;
    for (const struct hf_json *i = hf_json_first(interfaces); i; i = hf_json_next(i)) {
        file_name(i, name);
        if (strcmp(name, file) == 0)
            return true;
    }
    return false;
}

/* Ours of before which are not among wanted; one that stayed would count beside the new ones. */
static int
remove_others(const char *dir, bool (*is_wanted)(const void *wanted, const char *file),
              const void *wanted, bool *ret_changed, struct hf_error *err)
{
    DIR *d = opendir(dir);
    const struct dirent *e;
    char path[PATH_SIZE];
    bool removed = false;
    int rc = 0;

    if (!d)
        return hf_error_errno(err, errno, "cannot read '%s'", dir);
    while (rc == 0 && (e = readdir(d))) {
        if (!is_ours(e->d_name) || is_wanted(wanted, e->d_name))
            continue;
        if (!hf_text_put(path, sizeof path, "%s/%s", dir, e->d_name) || unlink(path) < 0)
            rc = hf_error_errno(err, errno, "cannot remove '%s/%s'", dir, e->d_name);
        else
            removed = true;
    }
    if (rc == 0 && removed && fsync(dirfd(d)) < 0)
        rc = hf_error_errno(err, errno, "cannot sync '%s'", dir);
    closedir(d);
    *ret_changed |= removed;
    return rc;
}

/* Last: until it is written they are not whole. */
static int
put_said(const struct hf_json *network, const char *dir, bool *ret_changed, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_HOST_SAID_MAX);
    HF_AUTO_FREE char *json = NULL;
    char path[PATH_SIZE];

    if (!hf_text_put(path, sizeof path, "%s/%s", dir, SAID))
        return hf_error_set(err, HF_ERROR_INVALID, "the path of /etc is too long");
    if (hf_json_print(network, &json, err) < 0 || hf_buf_addf(&text, err, "%s\n", json) < 0)
        return -1;
    return put(path, &text, ret_changed, err);
}

int
hf_host_put_network(const struct hf_json *network, const char *etc, bool *ret_changed,
                    struct hf_error *err)
{
    const struct hf_json *interfaces = hf_json_get(network, "interfaces");
    char dir[PATH_SIZE], path[PATH_SIZE], name[NAME_MAX];

    if (below(etc, "systemd/network", dir, err) < 0 || hf_file_mkdirs(dir, 0755, err) < 0)
        return -1;
    for (const struct hf_json *i = hf_json_first(interfaces); i; i = hf_json_next(i)) {
        HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(UNIT_MAX);

        file_name(i, name);
        if (!hf_text_put(path, sizeof path, "%s/%s", dir, name))
            return hf_error_set(err, HF_ERROR_INVALID, "the path of /etc is too long");
        if (hf_host_write_interface(i, &text, err) < 0 || put(path, &text, ret_changed, err) < 0)
            return -1;
    }
    if (remove_others(dir, is_of_interface, interfaces, ret_changed, err) < 0)
        return -1;
    return put_said(network, dir, ret_changed, err);
}

struct hf_json *
hf_host_network(const char *etc)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_HOST_SAID_MAX);
    struct hf_json *doc = NULL;
    char dir[PATH_SIZE], path[PATH_SIZE];

    if (below(etc, "systemd/network", dir, NULL) < 0 ||
        !hf_text_put(path, sizeof path, "%s/%s", dir, SAID) ||
        hf_file_read(path, &text, NULL) < 0 || !text.data ||
        hf_json_parse(text.data, text.len, &doc, NULL) < 0)
        return NULL;
    if (hf_host_check_network(doc, NULL) == 0)
        return doc;
    hf_json_free(doc);
    return NULL;
}

/* ---- what was there before ---- */

static int
save_file(const char *dir, const char *name, struct hf_json *files, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_HOST_SAID_MAX);
    char path[PATH_SIZE];

    if (!hf_text_put(path, sizeof path, "%s/%s", dir, name))
        return hf_error_set(err, HF_ERROR_INVALID, "the path of /etc is too long");
    if (hf_file_read(path, &text, err) < 0)
        return -1;
    hf_json_put_string(files, name, text.data ? text.data : "");
    return 0;
}

int
hf_host_save_network(const char *etc, struct hf_json **ret_files, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *files = hf_json_object();
    const struct dirent *e;
    char dir[PATH_SIZE];
    DIR *d;
    int rc = 0;

    if (below(etc, "systemd/network", dir, err) < 0)
        return -1;
    d = opendir(dir);
    if (!d && errno != ENOENT) /* else all that is there would be taken back to nothing */
        return hf_error_errno(err, errno, "cannot read '%s'", dir);
    while (rc == 0 && d && (e = readdir(d)))
        if (is_ours(e->d_name))
            rc = save_file(dir, e->d_name, files, err);
    if (d)
        closedir(d);
    if (rc == 0)
        *ret_files = hf_steal(&files);
    return rc;
}

static int
put_saved(const char *dir, const struct hf_json *file, bool *ret_changed, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_HOST_SAID_MAX);
    const char *content = hf_json_as_string(file);
    char path[PATH_SIZE];

    if (!content || !is_ours(hf_json_key(file)) ||
        !hf_text_put(path, sizeof path, "%s/%s", dir, hf_json_key(file)))
        return hf_error_set(err, HF_ERROR_INTERNAL, "what was kept of the network makes no sense");
    return hf_buf_adds(&text, content, err) < 0 ? -1 : put(path, &text, ret_changed, err);
}

static bool
is_saved(const void *files, const char *file)
{
    return hf_json_get(files, file) != NULL;
}

int
hf_host_restore_network(const struct hf_json *files, const char *etc, bool *ret_changed,
                        struct hf_error *err)
{
    char dir[PATH_SIZE];

    if (below(etc, "systemd/network", dir, err) < 0 || hf_file_mkdirs(dir, 0755, err) < 0)
        return -1;
    for (const struct hf_json *f = hf_json_first(files); f; f = hf_json_next(f))
        if (put_saved(dir, f, ret_changed, err) < 0)
            return -1;
    return remove_others(dir, is_saved, files, ret_changed, err);
}

/* ---- time ---- */

static int
put_servers(const struct hf_json *time, const char *etc, bool *ret_changed, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(UNIT_MAX);
    const struct hf_json *servers = hf_json_get(time, "servers");
    char dir[PATH_SIZE], path[PATH_SIZE];

    if (!servers)
        return 0;
    if (below(etc, "systemd/timesyncd.conf.d", dir, err) < 0 || below(etc, SERVERS, path, err) < 0)
        return -1;
    if (!hf_json_first(servers)) { /* those of the system */
        if (unlink(path) == 0)
            *ret_changed = true;
        else if (errno != ENOENT && errno != ENOTDIR)
            return hf_error_errno(err, errno, "cannot remove '%s'", path);
        return 0;
    }
    if (hf_file_mkdirs(dir, 0755, err) < 0)
        return -1;
    return hf_host_write_servers(time, &text, err) < 0 ? -1 : put(path, &text, ret_changed, err);
}

/* Its file; "" where none is named. */
static int
find_zone(const struct hf_json *time, char ret_file[PATH_SIZE], struct hf_error *err)
{
    const char *zone = hf_json_string(time, "zone");
    struct stat st;

    ret_file[0] = '\0';
    if (!zone)
        return 0;
    if (hf_text_put(ret_file, PATH_SIZE, "%s/%s", ZONES, zone) && stat(ret_file, &st) == 0 &&
        S_ISREG(st.st_mode))
        return 0;
    return hf_error_set(err, HF_ERROR_NOT_FOUND, "/time/zone: this system knows no time zone '%s'",
                        zone);
}

/* localtime(5): a link, which is there or as before. */
static int
put_zone(const char *target, const char *etc, bool *ret_changed, struct hf_error *err)
{
    char path[PATH_SIZE], fresh[PATH_SIZE];
    char before[PATH_SIZE];
    ssize_t len;

    if (!*target)
        return 0;
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
hf_host_put_time(const struct hf_json *time, const char *etc, bool *ret_changed,
                 struct hf_error *err)
{
    char zone[PATH_SIZE];

    if (find_zone(time, zone, err) < 0 || put_servers(time, etc, ret_changed, err) < 0)
        return -1;
    return put_zone(zone, etc, ret_changed, err);
}

struct hf_json *
hf_host_time(const char *etc)
{
    struct hf_json *o = hf_json_object(), *servers = hf_json_array();
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(UNIT_MAX);
    char path[PATH_SIZE], target[PATH_SIZE], *line, *next;
    ssize_t len = -1;

    if (below(etc, "localtime", path, NULL) == 0)
        len = readlink(path, target, sizeof target - 1);
    target[len > 0 ? len : 0] = '\0';
    line = strstr(target, "/zoneinfo/");
    hf_json_put_string(o, "zone", line ? line + strlen("/zoneinfo/") : NULL);
    if (below(etc, SERVERS, path, NULL) == 0 && hf_file_read(path, &text, NULL) == 0 && text.data &&
        (line = strstr(text.data, "NTP=")))
        for (line = strtok_r(line + 4, " \n", &next); line; line = strtok_r(NULL, " \n", &next))
            hf_json_add_string(servers, line);
    hf_json_put(o, "servers", servers);
    return o;
}

/* ---- telling systemd ---- */

void
hf_host_run(const char *const *argv)
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
hf_host_reload(void)
{
    hf_host_run((const char *const[]){"networkctl", "reload", NULL});
    hf_host_run(
        (const char *const[]){"systemctl", "try-restart", "systemd-timesyncd.service", NULL});
}
