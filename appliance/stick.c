// SPDX-License-Identifier: Apache-2.0
#include "stick.h"

#include "about.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "core/releases.h"
#include "model/trust.h"
#include "store/reset.h"
#include "stored_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char ACTOR[] = "stick";
/* So long a report may be waited for that says how the start went on. Later, and without a stick,
 * an answer is written only where something of it is another one that stays. */
static const int64_t LIVELY_MS = INT64_C(15) * 60 * 1000;
static const char KEPT_BUNDLE[] = "stick_bundle"; /* of which file the bundle has been brought in */

/* ---- what lies there ---- */

static void
path_in(const struct hf_first_boot *boot, const char *below, char out[HF_PATH_SIZE])
{
    if (!hf_text_put(out, HF_PATH_SIZE, "%s/%s", boot->options->stick_dir, below))
        out[0] = '\0';
}

/* "" where there is none. */
static void
read_id(const struct hf_first_boot *boot, char out[HF_STICK_ID_SIZE])
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_STICK_ID_SIZE + 1);
    char path[HF_PATH_SIZE];

    out[0] = '\0';
    path_in(boot, "in/id", path);
    if (hf_file_read(path, &text, NULL) < 0 || !text.data)
        return;
    text.data[strcspn(text.data, "\n")] = '\0';
    hf_text_put(out, HF_STICK_ID_SIZE, "%s", text.data);
}

bool
hf_stick_is_new(const struct hf_stick *s)
{
    char id[HF_STICK_ID_SIZE];

    if (!s->boot)
        return false;
    read_id(s->boot, id);
    return *id && strcmp(id, s->id) != 0;
}

/* ---- who may ---- */

static int
is_claimed(struct hf_store *store, bool *ret_claimed, struct hf_error *err)
{
    struct hf_account account;
    size_t count = 0;

    if (hf_store_accounts(store, &account, 1, &count, err) < 0)
        return -1;
    *ret_claimed = count > 0;
    return 0;
}

static int
verify(const struct hf_json *keys, const char *name, const struct hf_buf *text,
       const struct hf_buf *signature, struct hf_error *err)
{
    char comment[HF_MINISIGN_COMMENT_MAX + 1];

    if (hf_json_count(keys) == 0)
        return hf_error_set(err, HF_ERROR_FORBIDDEN,
                            "this gateway is claimed and has no stick_keys: no stick changes it. "
                            "Change it in the dashboard, or set the public key there that sticks "
                            "are signed with");
    if (!signature->data)
        return hf_error_set(err, HF_ERROR_FORBIDDEN,
                            "this gateway is claimed: it takes %s only with %s.minisig beside it, "
                            "signed with a key of its stick_keys: minisign -S -m %s",
                            name, name, name);
    return hf_trust_check_signature(keys, (struct hf_slice){text->data, text->len},
                                    (struct hf_slice){signature->data, signature->len}, comment,
                                    err);
}

static int
check_signature(const struct hf_stick *s, const char *in, const char *name,
                const struct hf_buf *text, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf signature = HF_BUF_INIT(HF_MINISIGN_TEXT_MAX + 1);
    char beside[HF_NAME_SIZE];
    struct hf_error local = {0};
    struct hf_settings settings;
    bool claimed;
    int rc;

    if (is_claimed(s->boot->store, &claimed, err) < 0)
        return -1;
    if (!claimed)
        return 0;
    hf_text_put(beside, sizeof beside, "%s.minisig", name);
    if (hf_provision_load(in, beside, &signature, &local) < 0 && local.class != HF_ERROR_NOT_FOUND)
        return hf_error_set(err, local.class, "%s: %s", beside, local.message);
    rc = hf_current_settings(s->boot->store, &settings, err);
    if (rc == 0)
        rc = verify(settings.stick_keys, name, text, &signature, err);
    hf_settings_done(&settings);
    return rc;
}

/* ---- what becomes of a file ---- */

static struct hf_json *
errors_json(const struct hf_json_faults *faults, const struct hf_error *err)
{
    struct hf_json *list = hf_json_array();

    for (size_t i = 0; i < faults->count; i++) {
        const struct hf_json_fault *f = &faults->list[i];
        struct hf_json *o = hf_json_object();

        hf_json_put_int(o, "line", (int64_t)f->place.line);
        hf_json_put_int(o, "column", (int64_t)f->place.column);
        hf_json_put_string(o, "pointer", f->pointer);
        hf_json_put_string(o, "detail", f->message);
        hf_json_add(list, o);
    }
    if (!faults->count && err->class) {
        struct hf_json *o = hf_json_object();

        hf_json_put_string(o, "pointer", err->pointer);
        hf_json_put_string(o, "detail", err->message);
        hf_json_add(list, o);
    }
    return list;
}

static void
note(struct hf_stick *s, const char *name, const char *result, const struct hf_json_faults *faults,
     const struct hf_error *err)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_string(o, "file", name);
    hf_json_put_string(o, "result", result);
    hf_json_put(o, "errors", errors_json(faults, err));
    hf_json_put_bool(o, "more", faults->more);
    hf_json_add(s->files, o);
    if (err->class && !faults->count)
        hf_log_error("event=stick-file-refused file=%s error=\"%s\"", name, err->message);
    else
        hf_log_info("event=stick-file file=%s result=%s", name, result);
    hf_first_boot_log_faults(name, faults);
}

/* A stick that was in the port through a reset does not bring back who might log in before. */
static bool
is_before_reset(const struct hf_stick *s, const char *hash)
{
    bool before = false;

    return hf_store_reset_is_before(s->boot->store, hash, &before, NULL) < 0 || before;
}

/* What the file asks for beside the store; also of one that was applied before a power cut. */
static void
wish(struct hf_stick *s, const struct hf_provision *file)
{
    HF_AUTO_FREE char *done = NULL;
    int64_t at_ms;

    s->wipe = file->wipe;
    s->host = (file->network || file->time || file->ssh) && !is_before_reset(s, file->file_hash);
    hf_text_put(s->hash, sizeof s->hash, "%s", file->file_hash);
    hf_text_put(s->path, sizeof s->path, "%s", file->bundle);
    if (!*file->bundle)
        return;
    if (hf_store_kept(s->boot->store, KEPT_BUNDLE, &at_ms, &done, NULL) == 0 &&
        strcmp(done, file->file_hash) == 0) {
        s->bundle = HF_STICK_BUNDLE_ENDED;
        hf_text_put(s->bundle_text, sizeof s->bundle_text, "It was brought in before.");
        return;
    }
    s->bundle = HF_STICK_BUNDLE_WAITS;
}

static int
apply_provision(struct hf_stick *s, const char *in, const struct hf_buf *text, bool known,
                struct hf_json_faults *faults, struct hf_error *err)
{
    struct hf_provision file;
    bool applied;
    int rc;

    if (!known && check_signature(s, in, HF_PROVISION_FILE, text, err) < 0)
        return -1;
    if (hf_first_boot_parse(s->boot, text->data, text->len, &file, faults, err) < 0)
        return -1;
    rc = known ? 0 : hf_first_boot_apply(s->boot, &file, &applied, err);
    if (rc == 0)
        wish(s, &file);
    hf_provision_done(&file);
    return rc;
}

static int
apply_recovery(struct hf_stick *s, const char *in, const struct hf_buf *text, bool known,
               struct hf_json_faults *faults, struct hf_error *err)
{
    struct hf_recovery file;
    bool applied;
    int rc;

    if (known)
        return 0;
    if (check_signature(s, in, HF_RECOVERY_FILE, text, err) < 0 ||
        hf_recovery_parse(text->data, text->len, hf_store_gateway_id(s->boot->store), &file, faults,
                          err) < 0)
        return -1;
    rc = hf_first_boot_recover(s->boot, &file, &applied, err);
    hf_recovery_done(&file);
    return rc;
}

/* The file that has reset this gateway is known to the store that came of it; to whoever plugged it
 * in it was applied. */
static bool
has_just_reset(const struct hf_stick *s, const char *name)
{
    enum hf_reset_left left;
    bool wipe;

    return strcmp(name, HF_RECOVERY_FILE) == 0 &&
           hf_store_reset_left(s->boot->store, &left, &wipe, NULL) == 0 && left != HF_RESET_NOTHING;
}

typedef int apply_file(struct hf_stick *s, const char *in, const struct hf_buf *text, bool known,
                       struct hf_json_faults *faults, struct hf_error *err);

static void
take_file(struct hf_stick *s, const char *name, apply_file *apply)
{
    static struct hf_json_faults faults;
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_PROVISION_FILE_MAX + 1);
    char in[HF_PATH_SIZE], hash[HF_PROVISION_HASH_SIZE];
    struct hf_error err = {0};
    bool known = false;
    int rc;

    faults.count = 0;
    faults.more = false;
    path_in(s->boot, "in", in);
    rc = hf_provision_load(in, name, &text, &err);
    if (rc < 0 && err.class == HF_ERROR_NOT_FOUND)
        return;
    if (rc == 0) {
        hf_provision_hash(text.data, text.len, hash);
        rc = hf_store_knows_file(s->boot->store, hash, &known, &err);
    }
    if (rc == 0)
        rc = apply(s, in, &text, known, &faults, &err);
    if (text.data)
        explicit_bzero(text.data, text.len);
    if (known) { /* it did what it was to do; what it says is no longer looked at */
        faults.count = 0;
        rc = 0;
    }
    if (rc == 0)
        err = (struct hf_error){0};
    if (known && !has_just_reset(s, name))
        note(s, name, "known", &faults, &err);
    else
        note(s, name, rc == 0 ? "applied" : "refused", &faults, &err);
}

void
hf_stick_take(struct hf_stick *s, const struct hf_first_boot *boot)
{
    *s = (struct hf_stick){.boot = NULL};
    if (!boot->options->stick_dir)
        return;
    s->boot = boot;
    s->since_ms = hf_clock_mono_ms();
    s->files = hf_json_array();
    read_id(boot, s->id);
    if (!*s->id)
        return;
    take_file(s, HF_RECOVERY_FILE, apply_recovery);
    if (hf_store_has_ended(boot->store)) /* a reset: it is all looked at once more, on a new box */
        return;
    take_file(s, HF_PROVISION_FILE, apply_provision);
}

void
hf_stick_done(struct hf_stick *s)
{
    hf_json_free(s->files);
    free(s->told);
    *s = (struct hf_stick){.boot = NULL};
}

/* ---- the bundle ---- */

static void
end_bundle(struct hf_stick *s, const char *text)
{
    s->bundle = HF_STICK_BUNDLE_ENDED;
    hf_text_put(s->bundle_text, sizeof s->bundle_text, "%s", text);
    hf_log_info("event=stick-bundle path=%s text=\"%s\"", s->path, text);
}

static int
keep_bundle(struct hf_store *store, void *context, struct hf_error *err)
{
    const struct hf_stick *s = context;

    return hf_store_keep(store, KEPT_BUNDLE, hf_clock_wall_ms(), s->hash, err);
}

static void
begin_bundle(struct hf_stick *s, struct hf_intake *intake)
{
    char path[HF_PATH_SIZE], below[HF_PROVISION_BUNDLE_SIZE + 16];
    struct hf_error err = {0};

    hf_text_put(below, sizeof below, "mnt/holdfast/%s", s->path);
    path_in(s->boot, below, path);
    if (hf_intake_begin_file(intake, path, ACTOR, &err) == 0)
        s->bundle = HF_STICK_BUNDLE_COMES;
    else if (err.class == HF_ERROR_CONFLICT) /* somebody uploads one: it has its turn later */
        hf_text_put(s->bundle_text, sizeof s->bundle_text, "%s", err.message);
    else
        end_bundle(s, err.message);
}

/* Whether it leads to another release is for the plan to say, as ever. */
static void
apply_bundle(struct hf_stick *s, struct hf_core *core, const char *id)
{
    const struct hf_apply asked = {.id = id, .etag = ""};
    struct hf_operation operation;
    struct hf_error err = {0};

    if (hf_core_apply(core, &asked, ACTOR, &operation, &err) < 0) {
        end_bundle(s, err.message);
        return;
    }
    s->bundle = HF_STICK_BUNDLE_IS_APPLIED;
    hf_text_put(s->operation, sizeof s->operation, "%s", operation.id);
}

static void
follow_bundle(struct hf_stick *s, struct hf_core *core, struct hf_intake *intake)
{
    struct hf_intake_view view;
    struct hf_error err = {0};

    hf_intake_look(intake, &view);
    switch (view.state) {
    case HF_INTAKE_HEAD:
    case HF_INTAKE_IMAGES:
        hf_text_put(s->bundle_text, sizeof s->bundle_text, "%s comes: %llu of %llu MB.", view.name,
                    (unsigned long long)(view.offset >> 20),
                    (unsigned long long)(view.length >> 20));
        return;
    case HF_INTAKE_DONE:
        if (hf_core_run(core, keep_bundle, s, &err) < 0)
            hf_log_warn("event=stick-bundle-not-kept error=\"%s\"", err.message);
        hf_text_put(s->bundle_text, sizeof s->bundle_text, "%s is here.", view.name);
        apply_bundle(s, core, view.id);
        return;
    default:
        end_bundle(s, view.error.class ? view.error.message : "It was given up.");
    }
}

static void
follow_upgrade(struct hf_stick *s, struct hf_core *core)
{
    struct hf_operation operation;
    struct hf_error err = {0};

    if (hf_core_operation(core, s->operation, &operation, &err) < 0) {
        end_bundle(s, err.message);
        return;
    }
    hf_text_put(s->bundle_text, sizeof s->bundle_text, "%s", operation.detail);
    if (operation.state == HF_OPERATION_SUCCEEDED)
        end_bundle(s, "It runs.");
    else if (operation.state == HF_OPERATION_FAILED)
        end_bundle(s, operation.detail);
}

void
hf_stick_bring(struct hf_stick *s, struct hf_core *core, struct hf_intake *intake)
{
    if (s->bundle == HF_STICK_BUNDLE_WAITS)
        begin_bundle(s, intake);
    else if (s->bundle == HF_STICK_BUNDLE_COMES)
        follow_bundle(s, core, intake);
    else if (s->bundle == HF_STICK_BUNDLE_IS_APPLIED)
        follow_upgrade(s, core);
}

/* ---- the answer ---- */

static struct hf_json *
bundle_json(const struct hf_stick *s)
{
    static const char *const states[] = {"none", "waits", "comes", "is applied", "ended"};
    struct hf_json *o = hf_json_object();

    hf_json_put_string(o, "path", s->path);
    hf_json_put_string(o, "state", states[s->bundle]);
    hf_json_put_string(o, "detail", s->bundle_text);
    return o;
}

static struct hf_json *
uplink_json(const struct hf_uplink_view *u)
{
    struct hf_json *o = hf_json_object();

    hf_json_put_string(o, "state", u->state);
    hf_json_put_string(o, "url", u->url);
    hf_json_put_int(o, "last_status", u->last_status);
    hf_json_put_string(o, "last_error", u->last_error);
    return o;
}

static struct hf_json *
answer(const struct hf_stick *s, const struct hf_snapshot *shown,
       struct hf_certificates *certificates, uint16_t port)
{
    struct hf_json *o = hf_about_json(shown, certificates, port);
    char release[HF_RELEASE_LABEL_SIZE] = "";

    if (shown->has_release)
        hf_release_label(&shown->release, release);
    hf_json_put_string(o, "id", s->id);
    hf_json_put(o, "files", hf_json_copy(s->files));
    hf_json_put_bool(o, "wipe", s->wipe);
    hf_json_put_bool(o, "host", s->host);
    hf_json_put(o, "bundle", bundle_json(s));
    hf_json_put_string(o, "gateway", shown->gateway.id);
    hf_json_put_bool(o, "claimed", shown->gateway.claimed);
    hf_json_put_string(o, "holdfastd", HF_VERSION);
    hf_json_put_string(o, "release", release);
    hf_json_put_string(o, "state", shown->sentence.title);
    hf_json_put(o, "uplink", uplink_json(&shown->uplink));
    return o;
}

static void
drop_lively(struct hf_json *answer)
{
    struct hf_json *uplink = (struct hf_json *)(uintptr_t)hf_json_get(answer, "uplink");

    hf_json_remove(answer, "state");
    hf_json_remove(uplink, "last_status");
    hf_json_remove(uplink, "last_error");
}

void
hf_stick_tell(struct hf_stick *s, struct hf_core *core, struct hf_certificates *certificates,
              uint16_t port)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    HF_AUTO_FREE char *text = NULL;
    const struct hf_snapshot *shown;
    char *key = NULL;

    if (!s->boot)
        return;
    shown = hf_core_snapshot(core);
    doc = answer(s, shown, certificates, port);
    hf_snapshot_unref(shown);
    if (hf_json_print(doc, &text, NULL) < 0)
        return;
    if (!*s->id || hf_clock_mono_ms() - s->since_ms > LIVELY_MS)
        drop_lively(doc);
    if (hf_json_print(doc, &key, NULL) < 0)
        return;
    if (!s->told || strcmp(s->told, key) != 0)
        hf_about_write(s->boot->options->run_dir, "stick.json", text);
    free(s->told);
    s->told = key;
}
