// SPDX-License-Identifier: Apache-2.0
/*
 * The whole gateway as one file that only its passphrase opens: what somebody has set up, the
 * certificates, the release, and where they are asked for the records that are held. It is sealed
 * as it is read, a chunk at a time; an answer that breaks off has no end, which a restore sees.
 */
#include "api/handlers.h"

#include "api/peer.h"
#include "api/server.h"
#include "backup/manifest.h"
#include "backup/pack.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "core/backup.h"

#include <stdio.h>
#include <string.h>

enum { RECORDS_SILENCE_MS = 60000, PEM_MAX = 128 * 1024 };

_Static_assert((int)HF_SEAL_SALT_SIZE == (int)HF_KDF_SALT_SIZE, "size of the salt");

struct making {
    struct hf_exchange *x;
    struct hf_seal *seal;
    char name[HF_NAME_SIZE];
    bool begun, gone;
    bool records;
    struct hf_error *err; /* of what a stream's taker has found */
};

/* ---- out ---- */

static bool
begin_answer(struct making *m)
{
    char disposition[2 * HF_NAME_SIZE + 64], when[HF_RFC3339_SIZE];

    hf_clock_rfc3339(hf_clock_wall_ms(), when);
    snprintf(disposition, sizeof disposition, "attachment; filename=\"holdfast-%s-%.10s.backup\"",
             m->name, when);
    hf_reply_header(m->x, "Content-Disposition", disposition);
    m->x->encoded = true;
    m->begun = true;
    return hf_reply_begin(m->x, "application/octet-stream");
}

static int
send_out(void *context, const void *data, size_t len, struct hf_error *err)
{
    struct making *m = context;

    m->gone = m->gone || hf_streams_stopping(&m->x->api->streams) ||
              (!m->begun && !begin_answer(m)) || !hf_reply_piece(m->x, data, len);
    return m->gone ? hf_error_set(err, HF_ERROR_UNAVAILABLE, "nobody takes the backup any more")
                   : 0;
}

/* ---- the parts ---- */

static int
put_text(struct making *m, enum hf_backup_part part, const char *text, struct hf_error *err)
{
    return text && *text ? hf_pack_put(m->seal, part, text, strlen(text), err) : 0;
}

static int
put_manifest(struct making *m, const char *gateway, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_BACKUP_MANIFEST_MAX);
    struct hf_backup_manifest manifest = {.version = HF_VERSION,
                                          .created_ms = hf_clock_wall_ms(),
                                          .schema = hf_core_schema(),
                                          .records = m->records};

    hf_text_put(manifest.gateway, sizeof manifest.gateway, "%s", gateway);
    hf_text_put(manifest.name, sizeof manifest.name, "%s", m->name);
    if (hf_backup_manifest_print(&manifest, &text, err) < 0)
        return -1;
    return hf_pack_put(m->seal, HF_BACKUP_MANIFEST, text.data, text.len, err);
}

static int
put_certificates(struct making *m, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf own = HF_BUF_INIT(PEM_MAX), site = HF_BUF_INIT(PEM_MAX),
                              ca = HF_BUF_INIT(PEM_MAX);
    int rc = hf_certificates_files(m->x->api->config->certificates, &own, &site, &ca, err);

    if (rc == 0)
        rc = put_text(m, HF_BACKUP_OWN_PEM, own.data, err);
    if (rc == 0)
        rc = put_text(m, HF_BACKUP_SITE_PEM, site.data, err);
    if (rc == 0)
        rc = put_text(m, HF_BACKUP_CA_PEM, ca.data, err);
    if (own.data)
        explicit_bzero(own.data, own.len);
    if (site.data)
        explicit_bzero(site.data, site.len);
    if (ca.data)
        explicit_bzero(ca.data, ca.len);
    return rc;
}

static bool
take_records(void *context, const void *data, size_t len)
{
    struct making *m = context;

    return hf_pack_add(m->seal, data, len, m->err) == 0;
}

static int
put_lane(struct making *m, enum hf_backup_part part, const char *path, struct hf_error *err)
{
    struct hf_error own = {0};
    const struct hf_path_call call = {.peer = HF_PATH_BUFFER,
                                      .path = path,
                                      .timeout_ms = RECORDS_SILENCE_MS,
                                      .sink = take_records,
                                      .context = m};

    m->err = &own;
    if (hf_pack_begin(m->seal, part, err) < 0)
        return -1;
    if (hf_path_ask(hf_core_path(m->x->api->config->core), &call, NULL, err) < 0)
        return hf_peer_refused(HF_PEER_GET, err);
    return hf_pack_end(m->seal, err);
}

static int
put_records(struct making *m, struct hf_error *err)
{
    static const struct {
        enum hf_backup_part part;
        const char *path;
    } lanes[] = {{HF_BACKUP_RECORDS_ALARM, "/v1/export?lane=alarm"},
                 {HF_BACKUP_RECORDS_NORMAL, "/v1/export?lane=normal"},
                 {HF_BACKUP_RECORDS_BULK, "/v1/export?lane=bulk"}};

    for (size_t i = 0; m->records && i < HF_LEN(lanes); i++)
        if (put_lane(m, lanes[i].part, lanes[i].path, err) < 0)
            return -1;
    return 0;
}

static int
put_all(struct making *m, const struct hf_core_backup *b, const char *gateway, struct hf_error *err)
{
    if (put_manifest(m, gateway, err) < 0 ||
        hf_pack_put(m->seal, HF_BACKUP_STATE, b->state.data, b->state.len, err) < 0 ||
        put_text(m, HF_BACKUP_CONFIG, b->settings, err) < 0 ||
        put_text(m, HF_BACKUP_RELEASE, b->release, err) < 0 ||
        put_text(m, HF_BACKUP_SIGNATURE, b->signature, err) < 0 || put_certificates(m, err) < 0 ||
        put_records(m, err) < 0)
        return -1;
    return hf_pack_finish(m->seal, err);
}

/* ---- the whole ---- */

static int
begin_seal(struct making *m, const char *passphrase, struct hf_error *err)
{
    struct hf_kdf kdf = {.passes = HF_KDF_PASSES, .memory_kib = HF_KDF_MEMORY_KIB};
    struct hf_seal_kdf head = {.passes = HF_KDF_PASSES, .memory_kib = HF_KDF_MEMORY_KIB};
    unsigned char key[HF_SEAL_KEY_SIZE];
    int rc;

    hf_random(kdf.salt, sizeof kdf.salt);
    memcpy(head.salt, kdf.salt, sizeof head.salt);
    if (hf_identity_derive(m->x->api->config->identity, passphrase, &kdf, key, sizeof key, err) < 0)
        return -1;
    rc = hf_seal_new(&head, key, send_out, m, &m->seal, err);
    explicit_bzero(key, sizeof key);
    return rc;
}

/* Once the head is out a failure can only be seen by the answer's missing end. */
static int
make(struct making *m, const char *passphrase, struct hf_error *err)
{
    const struct hf_snapshot *snapshot = hf_core_snapshot(m->x->api->config->core);
    struct hf_core_backup b = {0};
    char gateway[HF_NAME_SIZE];
    int rc;

    hf_text_put(m->name, sizeof m->name, "%s", snapshot->gateway.name);
    hf_text_put(gateway, sizeof gateway, "%s", snapshot->gateway.id);
    hf_snapshot_unref(snapshot);
    if (hf_core_backup(m->x->api->config->core, &b, err) < 0)
        return -1;
    rc = hf_peer_audit(m->x, err, "took a backup, %s the records that are held",
                       m->records ? "with" : "without");
    if (rc == 0)
        rc = begin_seal(m, passphrase, err);
    if (rc == 0)
        rc = put_all(m, &b, gateway, err);
    hf_core_backup_done(&b);
    hf_seal_free(m->seal);
    if (rc == 0) {
        hf_reply_end(m->x);
    } else if (m->begun) {
        hf_log_warn("event=backup-cut reason=\"%s\"", err->message);
        m->x->wire.close_after(m->x->wire.context); /* without the last chunk */
        rc = 0;
    }
    return rc;
}

/* Before anything is sent: a backup that lacks what was asked for is none. */
static int
check_buffer(struct hf_exchange *x, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *answer = NULL;

    return hf_peer_ask(x, HF_PATH_BUFFER, "/v1/status", NULL, &answer, err);
}

int
hf_handle_backup(struct hf_exchange *x, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"passphrase", HF_JSON_STRING, true},
        {"buffer", HF_JSON_BOOL, false},
    };
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct making m = {.x = x};
    const char *passphrase;
    int rc;

    if (hf_exchange_json(x, fields, HF_LEN(fields), &doc, err) < 0)
        return -1;
    passphrase = hf_json_string(doc, "passphrase");
    m.records = hf_json_bool(doc, "buffer", false);
    if (hf_password_check(passphrase, NULL, err) < 0)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/passphrase",
                               "a passphrase is UTF-8 text of at least %d characters and at most "
                               "%d bytes",
                               HF_PASSWORD_MIN, HF_PASSWORD_MAX);
    if (hf_streams_enter(&x->api->streams, HF_STREAM_EXPORT, err) < 0)
        return -1;
    rc = m.records ? check_buffer(x, err) : 0;
    if (rc == 0)
        rc = make(&m, passphrase, err);
    hf_streams_leave(&x->api->streams, HF_STREAM_EXPORT);
    return rc;
}
