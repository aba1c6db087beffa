// SPDX-License-Identifier: Apache-2.0
/* Whether what is asked for may be installed: from here on nothing of holdfastd's is believed. */
#include "update/parts.h"

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "model/minisign.h"
#include "model/sha256.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

/* For both packages, what the old one is made of, and what the new one unpacks to beside the old.
 */
enum { MIB = 1024 * 1024, ROOM_LEAST_MIB = 32 };

/* ---- who signed it ---- */

/* The second line of the file; the first is a comment. */
static int
read_key(const char *path, struct hf_minisign_key *ret_key, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf file = HF_BUF_INIT(HF_MINISIGN_TEXT_MAX);
    char *line;

    if (hf_file_read(path, &file, err) < 0)
        return -1;
    line = file.data ? strchr(file.data, '\n') : NULL;
    if (!line)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "'%s' is no public key of minisign: a line of comment, and the key",
                            path);
    line++;
    line[strcspn(line, "\r\n")] = '\0';
    return hf_minisign_key_parse(line, ret_key, err) < 0 ? hf_error_wrap(err, "'%s'", path) : 0;
}

int
update_read_keys(const struct update_options *o, struct hf_minisign_key *ret_keys,
                 size_t *ret_count, struct hf_error *err)
{
    struct hf_error local = {0};

    *ret_count = 0;
    for (size_t i = 0; i < o->key_count; i++) {
        if (read_key(o->keys[i], &ret_keys[*ret_count], &local) == 0) {
            (*ret_count)++;
        } else if (local.class != HF_ERROR_NOT_FOUND) {
            if (err)
                *err = local;
            return -1;
        }
    }
    return *ret_count ? 0
                      : hf_error_set(err, HF_ERROR_INVALID,
                                     "there is no key to check signatures by: --key");
}

static int
read_release(const struct update *u, const struct hf_daemon_request *r, struct hf_release *ret,
             struct hf_error *err)
{
    struct hf_minisign_key keys[UPDATE_KEYS_MAX];
    char comment[HF_MINISIGN_COMMENT_MAX + 1], system[HF_DAEMON_SYSTEM_SIZE];
    const struct hf_release_host host = {
        .platform = hf_release_platform(), .registry = "", .system = system};
    const struct hf_slice text = {r->release, strlen(r->release)};
    const struct hf_slice signature = {r->signature, strlen(r->signature)};
    size_t count = 0;

    if (update_read_keys(u->options, keys, &count, err) < 0)
        return -1;
    if (hf_minisign_verify(signature, text, keys, count, comment, err) < 0)
        return hf_error_wrap(err, "the release's signature");
    hf_daemon_system("/etc/os-release", system);
    if (hf_release_parse(text.data, text.len, &host, ret, err) < 0)
        return hf_error_wrap(err, "the release");
    if (*ret->daemon.package)
        return 0;
    hf_release_done(ret);
    return hf_error_set(err, HF_ERROR_INVALID, "the release has no package of holdfastd for %s, %s",
                        *system ? system : "this system", host.platform);
}

static int
read_request(struct update *u, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_DAEMON_REQUEST_MAX);
    struct hf_daemon_request r;
    struct hf_release release;
    int rc;

    if (update_read(u, HF_DAEMON_REQUEST, &text, err) < 0 ||
        hf_daemon_request_parse(text.data ? text.data : "", text.len, &r, err) < 0)
        return -1;
    rc = strcmp(r.operation, u->progress.operation) == 0
             ? read_release(u, &r, &release, err)
             : hf_error_set(err, HF_ERROR_CONFLICT, "something else is asked for by now");
    hf_daemon_request_done(&r);
    if (rc < 0)
        return -1;
    u->daemon = release.daemon;
    hf_release_done(&release);
    return 0;
}

/* ---- the package ---- */

static int
check_room(const char *path, struct hf_error *err)
{
    struct statvfs s;

    if (statvfs(path, &s) < 0)
        return hf_error_errno(err, errno, "cannot see how much room '%s' has", path);
    if (s.f_bavail * s.f_frsize >= (uint64_t)ROOM_LEAST_MIB * MIB)
        return 0;
    return hf_error_set(err, HF_ERROR_NO_SPACE,
                        "'%s' has less than %d MB of room: free some space there", path,
                        ROOM_LEAST_MIB);
}

/* Into a file of our own, of which the digest is checked. */
static int
copy_package(struct update *u, struct hf_error *err)
{
    const struct hf_release_daemon *d = &u->daemon;
    HF_AUTO_BUF struct hf_buf file = HF_BUF_INIT((size_t)d->size);
    char name[HF_DAEMON_FILE_SIZE], digest[HF_DIGEST_SIZE], path[UPDATE_PATH_SIZE];

    hf_daemon_file(d, name);
    update_path(u, UPDATE_NEW, path);
    if (update_read(u, name, &file, err) < 0)
        return hf_error_wrap(err, "the package");
    hf_sha256_of(file.data ? file.data : "", file.len, digest);
    if (file.len != (size_t)d->size || strcmp(digest, d->digest) != 0)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "the package is not what the release names: %zu bytes, %s", file.len,
                            digest);
    return hf_file_replace(path, file.data, file.len, 0600, (uid_t)-1, (gid_t)-1, err);
}

int
update_check(struct update *u, struct hf_error *err)
{
    struct hf_daemon_progress *p = &u->progress;
    char old[UPDATE_PATH_SIZE], new[UPDATE_PATH_SIZE];

    update_path(u, UPDATE_OLD, old);
    update_path(u, UPDATE_NEW, new);
    if (read_request(u, err) < 0)
        return -1;
    memcpy(p->to, u->daemon.package, sizeof p->to);
    memcpy(p->version, u->daemon.version, sizeof p->version);
    if (check_room(u->options->dir, err) < 0 || check_room("/usr", err) < 0 ||
        copy_package(u, err) < 0 || update_check_fields(new, p->to, err) < 0 ||
        update_installed(p->from, err) < 0 || update_check_newer(p->to, p->from, err) < 0 ||
        update_repack(old, err) < 0)
        return -1;
    hf_log_info("event=checked from=%s to=%s version=%s", p->from, p->to, p->version);
    return 0;
}
