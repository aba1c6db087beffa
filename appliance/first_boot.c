// SPDX-License-Identifier: Apache-2.0
#include "first_boot.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "core/wanted.h"
#include "identity/certificates.h"
#include "identity/device.h"
#include "identity/given.h"
#include "identity/identity.h"
#include "store/reset.h"
#include "stored_settings.h"

#include <stdlib.h>
#include <string.h>

enum { PASSPHRASE_MAX = 1024 };

/* What belongs to the file beside settings and access; the devices are hashed before the
 * transaction, which must not wait for that. */
struct rest {
    const struct hf_provision *file;
    struct hf_store *store;
    struct hf_device_account *devices;
    char tls_dir[HF_PATH_SIZE];
};

static int
put_device(struct hf_store *store, const struct hf_device_account *wanted, struct hf_error *err)
{
    struct hf_device_account a = *wanted, before;
    struct hf_error local = {0};

    if (hf_store_device(store, a.name, &before, &local) == 0) {
        a.created_ms = before.created_ms;
        hf_text_put(a.certificate, sizeof a.certificate, "%s", before.certificate);
        a.certificate_ms = before.certificate_ms;
        a.certificate_ends_ms = before.certificate_ends_ms;
    } else if (local.class != HF_ERROR_NOT_FOUND) {
        if (err)
            *err = local;
        return -1;
    }
    return hf_store_save_device(store, &a, err);
}

static int
put_devices(const struct rest *r, struct hf_error *err)
{
    size_t count, enabled;

    for (size_t i = 0; i < r->file->device_count; i++)
        if (put_device(r->store, &r->devices[i], err) < 0)
            return -1;
    if (!r->file->device_count)
        return 0;
    if (hf_store_device_count(r->store, &count, &enabled, err) < 0)
        return -1;
    return count <= HF_DEVICE_ACCOUNTS_MAX
               ? 0
               : hf_error_set_at(err, HF_ERROR_CONFLICT, "/device_accounts",
                                 "/device_accounts: with those that are there they are more than "
                                 "%d",
                                 HF_DEVICE_ACCOUNTS_MAX);
}

static int
put_rest(void *context, struct hf_error *err)
{
    const struct rest *r = context;

    if (put_devices(r, err) < 0)
        return -1;
    /* The keys of before are replaced by these. */
    if (r->file->ssh && hf_store_reset_host_did(r->store, err) < 0)
        return -1;
    if (*r->file->release_id && hf_store_keep(r->store, hf_core_kept_wanted, hf_clock_wall_ms(),
                                              r->file->release_id, err) < 0)
        return -1;
    if (r->file->certificate &&
        hf_certificates_put_site(r->tls_dir, r->file->certificate, r->file->key, err) < 0)
        return hf_error_wrap(err, "/certificate");
    return 0;
}

static int
hash_devices(struct rest *r, struct hf_error *err)
{
    const struct hf_provision *file = r->file;

    if (!file->device_count)
        return 0;
    r->devices = calloc(file->device_count, sizeof *r->devices);
    if (!r->devices)
        return hf_error_nomem(err);
    for (size_t i = 0; i < file->device_count; i++) {
        const struct hf_device_row *row = &file->devices[i];
        struct hf_device_account *a = &r->devices[i];

        a->enabled = true;
        a->created_ms = a->password_ms = hf_clock_wall_ms();
        hf_text_put(a->name, sizeof a->name, "%s", row->name);
        hf_text_put(a->publish, sizeof a->publish, "%s", row->publish);
        hf_text_put(a->subscribe, sizeof a->subscribe, "%s", row->subscribe);
        hf_text_put(a->description, sizeof a->description, "%s", row->description);
        if (hf_device_password_hash(row->password, false, a->password_hash, err) < 0)
            return -1;
    }
    return 0;
}

static int
print_changes(const struct hf_first_boot *f, const struct hf_settings *settings, char **ret_changes,
              struct hf_error *err)
{
    struct hf_settings base;
    int rc = hf_current_settings(f->store, &base, err);

    if (rc == 0)
        rc = hf_settings_print_changes(&base, settings, ret_changes, err);
    hf_settings_done(&base);
    return rc;
}

static int
apply(const struct hf_first_boot *f, struct rest *r, bool *ret_applied, struct hf_error *err)
{
    const struct hf_provision *file = r->file;
    HF_AUTO_FREE char *settings = NULL, *changes = NULL;
    char code[HF_CODE_HASH_SIZE];
    struct hf_store_provision provision = {
        .file_hash = file->file_hash,
        .password_hash = *file->password_hash ? file->password_hash : NULL,
        .also = put_rest,
        .context = r,
    };

    if (!hf_text_put(r->tls_dir, sizeof r->tls_dir, "%s/tls", f->options->state_dir))
        return hf_error_set(err, HF_ERROR_INVALID, "--state: the path is too long");
    if (hf_settings_print(&file->settings, &settings, err) < 0 ||
        print_changes(f, &file->settings, &changes, err) < 0 || hash_devices(r, err) < 0)
        return -1;
    if (*file->setup_code) {
        if (hf_setup_code_hash(file->setup_code, code, err) < 0)
            return -1;
        provision.setup_code_hash = code;
    }
    provision.settings_json = settings;
    provision.changes = changes;
    return hf_store_apply_provision(f->store, &provision, ret_applied, err);
}

int
hf_first_boot_apply(const struct hf_first_boot *f, const struct hf_provision *file,
                    bool *ret_applied, struct hf_error *err)
{
    struct rest r = {.file = file, .store = f->store};
    int rc = apply(f, &r, ret_applied, err);

    free(r.devices);
    return rc;
}

/* What is here ends with it: the store takes nothing more. */
static int
reset(const struct hf_first_boot *f, const struct hf_recovery *file, const char *code,
      bool *ret_applied, struct hf_error *err)
{
    const struct hf_store_reset r = {
        .wipe = file->wipe,
        .who = "recovery",
        .what = file->wipe ? "factory reset by a recovery file, the data wiped"
                           : "factory reset by a recovery file, the data kept",
        .file_hash = file->file_hash,
        .password_hash = *file->password_hash ? file->password_hash : NULL,
        .setup_code_hash = *code ? code : NULL,
    };
    bool known;

    *ret_applied = false;
    if (hf_store_knows_file(f->store, file->file_hash, &known, err) < 0 ||
        (!known && hf_store_begin_reset(f->store, &r, err) < 0))
        return -1;
    *ret_applied = !known;
    return 0;
}

int
hf_first_boot_recover(const struct hf_first_boot *f, const struct hf_recovery *file,
                      bool *ret_applied, struct hf_error *err)
{
    char code[HF_CODE_HASH_SIZE] = "";
    struct hf_store_recovery recovery = {
        .file_hash = file->file_hash,
        .password_hash = *file->password_hash ? file->password_hash : NULL,
    };

    if (*file->setup_code) {
        if (hf_setup_code_hash(file->setup_code, code, err) < 0)
            return -1;
        recovery.setup_code_hash = code;
    }
    if (file->reset)
        return reset(f, file, code, ret_applied, err);
    return hf_store_apply_recovery(f->store, &recovery, ret_applied, err);
}

/* ---- reading ---- */

/* The first line of --provision-passphrase; *ret_passphrase is NULL where there is none. */
static int
read_passphrase(const struct hf_first_boot *f, struct hf_buf *text, const char **ret_passphrase,
                struct hf_error *err)
{
    const char *path = f->options->passphrase_path;
    struct hf_error local = {0};

    *ret_passphrase = NULL;
    if (!path)
        return 0;
    if (hf_file_read(path, text, &local) < 0) {
        if (local.class == HF_ERROR_NOT_FOUND)
            return 0;
        if (err)
            *err = local;
        return hf_error_wrap(err, "--provision-passphrase");
    }
    if (!text->len)
        return 0;
    text->data[strcspn(text->data, "\r\n")] = '\0';
    *ret_passphrase = text->data;
    return 0;
}

int
hf_first_boot_parse(const struct hf_first_boot *f, const char *text, size_t len,
                    struct hf_provision *ret_file, struct hf_json_faults *faults,
                    struct hf_error *err)
{
    static const struct hf_provision_x509 x509 = {hf_given_server, hf_given_client,
                                                  hf_given_authorities};
    HF_AUTO_BUF struct hf_buf passphrase = HF_BUF_INIT(PASSPHRASE_MAX);
    struct hf_settings base;
    struct hf_provision_with with = {.base = &base, .x509 = &x509};
    int rc = hf_current_settings(f->store, &base, err);

    if (rc == 0)
        rc = read_passphrase(f, &passphrase, &with.passphrase, err);
    if (rc == 0)
        rc = hf_provision_parse(text, len, &with, ret_file, faults, err);
    hf_settings_done(&base);
    if (passphrase.data)
        explicit_bzero(passphrase.data, passphrase.len);
    return rc;
}

void
hf_first_boot_log_faults(const char *file, const struct hf_json_faults *faults)
{
    char text[HF_JSON_FAULT_TEXT_SIZE];

    for (size_t i = 0; i < faults->count; i++) {
        hf_json_fault_text(&faults->list[i], text);
        hf_log_error("event=file-wrong file=%s text=\"%s\"", file, text);
    }
}

/* ---- --provision ---- */

/* Of which files the folder's were that were taken last (hf_store_kept()): a stick may have brought
 * others since, and what it brought is not undone by the next start. */
static const char FOLDER_RECOVERY[] = "folder.recovery", FOLDER_PROVISION[] = "folder.provision";

static bool
was_taken(const struct hf_first_boot *f, const char *which, const char *file_hash)
{
    HF_AUTO_FREE char *taken = NULL;
    int64_t at_ms;

    return hf_store_kept(f->store, which, &at_ms, &taken, NULL) == 0 &&
           strcmp(taken, file_hash) == 0;
}

/* Where it cannot be kept, or a reset has ended the store, the next start finds the file known. */
static void
note_taken(const struct hf_first_boot *f, const char *which, const char *file_hash)
{
    struct hf_error err;

    if (!hf_store_has_ended(f->store) && !was_taken(f, which, file_hash) &&
        hf_store_keep(f->store, which, hf_clock_wall_ms(), file_hash, &err) < 0)
        hf_log_warn("event=file-not-noted error=\"%s\"", err.message);
}

/* Most folders have none. */
int
hf_first_boot_recovery(struct hf_first_boot *f, struct hf_error *err)
{
    static struct hf_json_faults faults;
    const char *dir = f->options->provision_dir;
    struct hf_recovery file;
    bool applied = false;
    int rc;

    if (!dir)
        return 0;
    rc = hf_recovery_read(dir, hf_store_gateway_id(f->store), &file, &faults, err);
    hf_first_boot_log_faults("recovery.json", &faults);
    if (rc < 0 && err->class == HF_ERROR_NOT_FOUND)
        return 0;
    f->has_recovery = true;
    if (rc == 0) {
        if (!was_taken(f, FOLDER_RECOVERY, file.file_hash))
            rc = hf_first_boot_recover(f, &file, &applied, err);
        if (rc == 0)
            note_taken(f, FOLDER_RECOVERY, file.file_hash);
        hf_recovery_done(&file);
    }
    if (rc < 0)
        return hf_error_wrap(err, "recovery from '%s'", dir);
    hf_log_warn("event=recovery dir=%s applied=%s", dir, applied ? "yes" : "no, it was before");
    return 0;
}

static int
read_and_apply(struct hf_first_boot *f, const char *dir, bool *ret_applied, struct hf_error *err)
{
    static struct hf_json_faults faults;
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_PROVISION_FILE_MAX + 1);
    struct hf_provision file = {.file_hash = ""};
    int rc = hf_provision_load(dir, HF_PROVISION_FILE, &text, err);

    if (rc == 0) {
        rc = hf_first_boot_parse(f, text.data, text.len, &file, &faults, err);
        explicit_bzero(text.data, text.len);
        hf_first_boot_log_faults(HF_PROVISION_FILE, &faults);
    }
    if (rc < 0)
        return hf_error_wrap(err, "provisioning file holdfast/" HF_PROVISION_FILE);
    if (!was_taken(f, FOLDER_PROVISION, file.file_hash))
        rc = hf_first_boot_apply(f, &file, ret_applied, err);
    if (rc == 0)
        note_taken(f, FOLDER_PROVISION, file.file_hash);
    hf_provision_done(&file);
    return rc;
}

int
hf_first_boot_provision(struct hf_first_boot *f, struct hf_error *err)
{
    const char *dir = f->options->provision_dir;
    bool applied = false;

    if (!dir)
        return 0;
    if (read_and_apply(f, dir, &applied, err) < 0)
        return f->has_recovery && err->class == HF_ERROR_NOT_FOUND
                   ? 0 /* a stick for nothing else */
                   : hf_error_wrap(err, "provision from '%s'", dir);
    hf_log_info("event=provision dir=%s applied=%s", dir, applied ? "yes" : "no, it was before");
    return 0;
}
