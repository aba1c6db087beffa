// SPDX-License-Identifier: Apache-2.0
/*
 * A backup in the place of what is here. All of it comes and is checked before anything changes;
 * the change is one transaction, and the process starts anew after it. Records wait in a file of
 * the state folder, which only counts once that transaction names it (core/putback.h).
 */
#include "api/handlers.h"

#include "api/server.h"
#include "backup/reader.h"
#include "base/log.h"
#include "base/text.h"
#include "core/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    UPLOAD_MS = 6 * 3600 * 1000,
    MARK_BYTES = 8,
    MARK_SIZE = 2 * MARK_BYTES + 1,
    LOOK_EVERY = 1024 * 1024, /* bytes between two looks at the disk */
};

static const uint64_t FILE_MAX = UINT64_C(64) << 30;
static const uint64_t KEEP_FREE = UINT64_C(64) << 20; /* on the disk of the state */

struct restoring {
    struct hf_exchange *x;
    char passphrase[HF_PASSWORD_MAX + 1];
    char mark[MARK_SIZE], file[HF_NAME_SIZE], path[PATH_MAX];
    int fd; /* of the records; -1: none have come */
    uint64_t written;
    bool taken; /* the file is not ours to remove any more */
};

/* ---- what comes in ---- */

static int
make_key(void *context, const struct hf_seal_kdf *head, unsigned char ret_key[HF_SEAL_KEY_SIZE],
         struct hf_error *err)
{
    const struct restoring *r = context;
    struct hf_kdf kdf = {.passes = head->passes, .memory_kib = head->memory_kib};

    memcpy(kdf.salt, head->salt, sizeof kdf.salt);
    return hf_identity_derive(r->x->api->config->identity, r->passphrase, &kdf, ret_key,
                              HF_SEAL_KEY_SIZE, err);
}

static int
check_room(const struct restoring *r, struct hf_error *err)
{
    struct statvfs v;

    if (fstatvfs(r->fd, &v) < 0)
        return hf_error_errno(err, errno, "cannot see how much space is free");
    if ((uint64_t)v.f_bavail * v.f_frsize >= KEEP_FREE)
        return 0;
    return hf_error_set(err, HF_ERROR_NO_SPACE,
                        "the disk has no room for the records of the backup: make a backup "
                        "without them, or free some space");
}

static int
write_records(void *context, const void *data, size_t len, struct hf_error *err)
{
    struct restoring *r = context;
    const char *from = data;

    if (r->fd < 0)
        r->fd = open(r->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (r->fd < 0)
        return hf_error_errno(err, errno, "cannot write '%s'", r->path);
    if (r->written % LOOK_EVERY + len >= LOOK_EVERY && check_room(r, err) < 0)
        return -1;
    r->written += len;
    while (len > 0) {
        ssize_t n = write(r->fd, from, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return hf_error_errno(err, errno, "cannot write '%s'", r->path);
        from += n;
        len -= (size_t)n;
    }
    return 0;
}

static int
take_piece(void *context, const void *data, size_t len, struct hf_error *err)
{
    return hf_backup_reader_add(context, data, len, err);
}

/* The name too must be on the disk before the transaction that says it. */
static int
sync_records(const struct restoring *r, struct hf_error *err)
{
    HF_AUTO_CLOSE int dir = -1;

    if (r->fd < 0)
        return 0;
    dir = open(r->x->api->config->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fsync(r->fd) < 0 || dir < 0 || fsync(dir) < 0)
        return hf_error_errno(err, errno, "cannot write '%s'", r->path);
    return 0;
}

/* ---- what is made of it ---- */

/* As restored.c puts them back: {"own":PEM,"site":PEM|null,"ca":PEM|null}. *ret_text is NULL where
 * none came. */
static int
certificates_of(const struct hf_backup_reader *reader, char **ret_text, struct hf_error *err)
{
    const char *own = hf_backup_reader_text(reader, HF_BACKUP_OWN_PEM);
    const char *site = hf_backup_reader_text(reader, HF_BACKUP_SITE_PEM);
    const char *ca = hf_backup_reader_text(reader, HF_BACKUP_CA_PEM);
    HF_AUTO(hf_json) struct hf_json *o = hf_json_object();
    struct hf_error why = {0};

    if (!own)
        return 0;
    if (hf_certificates_check(own, &why) < 0 || (site && hf_certificates_check(site, &why) < 0) ||
        (ca && hf_certificates_check(ca, &why) < 0))
        return hf_error_set(err, HF_ERROR_INVALID, "the backup: its certificate: %.300s",
                            why.message);
    hf_json_put_string(o, "own", own);
    hf_json_put_string(o, "site", site);
    hf_json_put_string(o, "ca", ca);
    return hf_json_print(o, ret_text, err);
}

static int
records_of(const struct restoring *r, char **ret_text, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *o = hf_json_object();

    if (r->fd < 0)
        return 0;
    hf_json_put_string(o, "file", r->file);
    return hf_json_print(o, ret_text, err);
}

static int
apply(struct restoring *r, const struct hf_backup_reader *reader,
      struct hf_core_restored *ret_restored, struct hf_error *err)
{
    const struct hf_backup_manifest *m = hf_backup_reader_manifest(reader);
    HF_AUTO_FREE char *certificates = NULL, *records = NULL;
    char what[HF_TEXT_SIZE];
    struct hf_core_restore restore = {
        .state = hf_backup_reader_text(reader, HF_BACKUP_STATE),
        .settings = hf_backup_reader_text(reader, HF_BACKUP_CONFIG),
        .release = hf_backup_reader_text(reader, HF_BACKUP_RELEASE),
        .signature = hf_backup_reader_text(reader, HF_BACKUP_SIGNATURE),
        .mark = r->mark,
        .who = *r->x->session.user ? r->x->session.user : "setup code",
        .what = what,
        .unclaimed = !*r->x->session.user,
    };
    int rc;

    if (certificates_of(reader, &certificates, err) < 0 || records_of(r, &records, err) < 0)
        return -1;
    restore.certificates = certificates;
    restore.records = records;
    hf_text_put(what, sizeof what, "restored %s (%s) from a backup, from %s", m->gateway, m->name,
                r->x->peer);
    rc = hf_core_restore(r->x->api->config->core, &restore, ret_restored, err);
    if (certificates)
        explicit_bzero(certificates, strlen(certificates));
    r->taken = rc == 0;
    return rc;
}

static int
answer(struct restoring *r, const struct hf_backup_reader *reader,
       const struct hf_core_restored *restored, struct hf_error *err)
{
    const struct hf_backup_manifest *m = hf_backup_reader_manifest(reader);
    struct hf_json *o = hf_json_object(), *release = NULL;
    uint64_t left_out = 0, records = hf_backup_reader_records(reader, &left_out);

    hf_json_put_string(o, "gateway", m->gateway);
    hf_json_put_string(o, "name", m->name);
    hf_json_put_string(o, "version", m->version);
    hf_json_put_time(o, "created", m->created_ms);
    hf_json_put_int(o, "records", (int64_t)records);
    hf_json_put_int(o, "records_left_out", (int64_t)left_out);
    if (restored->has_release) {
        release = hf_json_object();
        hf_json_put_string(release, "id", restored->release.id);
        hf_json_put_string(release, "name", restored->release.name);
        hf_json_put_bool(release, "runs", restored->release_runs);
        hf_json_put(o, "release", release);
    } else {
        hf_json_put_null(o, "release");
    }
    return hf_reply_json(r->x, 200, o, err);
}

static int
restore(struct restoring *r, struct hf_error *err)
{
    const struct hf_backup_reader_ops ops = {r, make_key, write_records};
    HF_AUTO(hf_backup_reader) struct hf_backup_reader *reader = NULL;
    struct hf_core_restored restored;

    if (hf_backup_reader_new(&ops, hf_core_schema(), &reader, err) < 0 ||
        hf_exchange_pass_body(r->x, FILE_MAX, UPLOAD_MS, take_piece, reader, err) < 0 ||
        hf_backup_reader_end(reader, err) < 0 || sync_records(r, err) < 0 ||
        apply(r, reader, &restored, err) < 0)
        return -1;
    hf_log_warn("event=restored gateway=%s", hf_backup_reader_manifest(reader)->gateway);
    return answer(r, reader, &restored, err);
}

static int
read_passphrase(struct restoring *r, struct hf_error *err)
{
    const char *text = hf_exchange_header(r->x, "Holdfast-Passphrase");

    if (!text || !*text || !hf_percent_decode(text, r->passphrase, sizeof r->passphrase))
        return hf_error_set(err, HF_ERROR_MALFORMED,
                            "the passphrase of the backup must come as Holdfast-Passphrase, "
                            "percent-encoded (RFC 3986), of at most %d bytes",
                            HF_PASSWORD_MAX);
    return 0;
}

static int
name_records(struct restoring *r, struct hf_error *err)
{
    unsigned char random[MARK_BYTES];

    hf_random(random, sizeof random);
    hf_text_hex(random, sizeof random, r->mark);
    hf_text_put(r->file, sizeof r->file, "restore-%s.records", r->mark);
    if (!hf_text_put(r->path, sizeof r->path, "%s/%s", r->x->api->config->state_dir, r->file))
        return hf_error_set(err, HF_ERROR_INTERNAL, "the path of the state folder is too long");
    return 0;
}

int
hf_handle_restore(struct hf_exchange *x, struct hf_error *err)
{
    struct restoring r = {.x = x, .fd = -1};
    int rc;

    if (read_passphrase(&r, err) < 0 || name_records(&r, err) < 0 ||
        hf_streams_enter(&x->api->streams, HF_STREAM_EXPORT, err) < 0)
        return -1;
    rc = restore(&r, err);
    hf_streams_leave(&x->api->streams, HF_STREAM_EXPORT);
    explicit_bzero(r.passphrase, sizeof r.passphrase);
    if (r.fd >= 0)
        close(r.fd);
    if (r.fd >= 0 && !r.taken)
        unlink(r.path);
    if (r.taken && x->api->config->restart)
        x->api->config->restart();
    return rc;
}
