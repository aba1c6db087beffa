// SPDX-License-Identifier: Apache-2.0
#include "core/backup.h"

#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"
#include "store/backup.h"

#include <string.h>

int
hf_core_schema(void)
{
    return hf_store_schema();
}

/* ---- out ---- */

static int
read_all(struct hf_core *core, void *context, struct hf_error *err)
{
    struct hf_core_backup *b = context;
    struct hf_error local = {0};

    if (hf_settings_print(&core->settings, &b->settings, err) < 0 ||
        hf_store_backup(core->config.store, &b->state, err) < 0)
        return -1;
    if (hf_store_backup_release(core->config.store, &b->release, &b->signature, &local) == 0 ||
        local.class == HF_ERROR_NOT_FOUND)
        return 0;
    if (err)
        *err = local;
    return -1;
}

int
hf_core_backup(struct hf_core *core, struct hf_core_backup *ret_backup, struct hf_error *err)
{
    struct hf_core_backup b = {.state = HF_BUF_INIT(HF_STORE_STATE_MAX)};

    if (mailbox_call(&core->mail, read_all, &b, err) < 0) {
        hf_core_backup_done(&b);
        return -1;
    }
    *ret_backup = b;
    return 0;
}

static void
wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

void
hf_core_backup_done(struct hf_core_backup *b)
{
    if (b->state.data)
        explicit_bzero(b->state.data, b->state.len);
    hf_buf_done(&b->state);
    wipe(b->settings);
    free(b->release);
    free(b->signature);
    *b = (struct hf_core_backup){0};
}

/* ---- back ---- */

/* The text as it is kept. */
static int
check_settings(const char *text, struct hf_settings *ret_settings, char **ret_text,
               struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_error why = {0};
    int rc = hf_json_parse(text, strlen(text), &doc, &why);

    hf_settings_init(ret_settings);
    if (rc == 0)
        rc = hf_settings_parse_kept(doc, ret_settings, &why);
    if (rc == 0 && hf_settings_print(ret_settings, ret_text, err) == 0)
        return 0;
    hf_settings_done(ret_settings);
    /* without its pointer, which is not into what the client has sent */
    return rc == 0 ? -1
                   : hf_error_set(err, HF_ERROR_INVALID, "the backup: its configuration: %.300s",
                                  why.message);
}

/* False where it is none for this machine: then it is as if none had come. */
static bool
read_release(const struct hf_core_restore *r, const char *registry, char **ret_json,
             struct hf_store_release *ret_release)
{
    const struct hf_release_host host = {.platform = hf_release_platform(), .registry = registry};
    struct hf_release release;
    struct hf_error err = {0};
    bool ok;

    if (!r->release)
        return false;
    if (hf_release_parse(r->release, strlen(r->release), &host, &release, &err) < 0) {
        hf_log_warn("event=release-of-backup-left-out reason=\"%s\"", err.message);
        return false;
    }
    ok = hf_release_print(&release, ret_json, NULL) == 0;
    if (ok) {
        *ret_release = (struct hf_store_release){.json = *ret_json,
                                                 .signature = r->signature ? r->signature : ""};
        hf_release_id(*ret_json, ret_release->known.release.id);
        hf_release_label(&release, ret_release->known.release.name);
        hf_text_put(ret_release->known.created, sizeof ret_release->known.created, "%s",
                    release.created);
        hf_text_put(ret_release->known.source, sizeof ret_release->known.source, "backup");
        ret_release->known.added_ms = hf_clock_wall_ms();
    }
    hf_release_done(&release);
    return ok;
}

struct restoring {
    struct hf_store_restore store;
    struct hf_core_restored *ret_restored;
};

static int
write_all(struct hf_core *core, void *context, struct hf_error *err)
{
    struct restoring *w = context;
    HF_AUTO_FREE char *running = NULL;
    struct hf_core_restored *restored = w->ret_restored;

    if (w->store.release && hf_store_release(core->config.store, &running, NULL) == 0)
        restored->release_runs = strcmp(running, w->store.release->json) == 0;
    w->store.apply_release = w->store.release && !restored->release_runs;
    return hf_store_apply_restore(core->config.store, &w->store, err);
}

int
hf_core_restore(struct hf_core *core, const struct hf_core_restore *r,
                struct hf_core_restored *ret_restored, struct hf_error *err)
{
    HF_AUTO_FREE char *settings_text = NULL, *release_json = NULL;
    struct hf_store_release release;
    struct hf_settings settings;
    struct restoring w = {.store = {.state = r->state,
                                    .certificates = r->certificates,
                                    .records = r->records,
                                    .mark = r->mark,
                                    .who = r->who,
                                    .what = r->what,
                                    .unclaimed = r->unclaimed},
                          .ret_restored = ret_restored};

    *ret_restored = (struct hf_core_restored){0};
    if (check_settings(r->settings, &settings, &settings_text, err) < 0)
        return -1;
    w.store.settings = settings_text;
    if (read_release(r, settings.registry.host, &release_json, &release)) {
        w.store.release = &release;
        ret_restored->has_release = true;
        ret_restored->release = release.known.release;
    }
    hf_settings_done(&settings);
    return mailbox_call(&core->mail, write_all, &w, err);
}
