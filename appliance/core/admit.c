// SPDX-License-Identifier: Apache-2.0
#include "core/admit.h"

#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"
#include "model/trust.h"
#include "store/release.h"

#include <string.h>

/* ---- what is known, by the keys of today ---- */

static int
check_signature(const struct hf_core *core, const char *text, const char *signature,
                struct hf_error *err)
{
    const struct hf_slice file = {text, strlen(text)};
    const struct hf_slice given = {*signature ? signature : NULL, strlen(signature)};
    char comment[HF_MINISIGN_COMMENT_MAX + 1];

    return hf_trust_check_signature(core->settings.release_keys, file, given, comment, err);
}

void
hf_core_verify(const struct hf_core *core, struct hf_known_release *known)
{
    HF_AUTO_FREE char *json = NULL, *signature = NULL;

    known->is_signed = hf_json_count(core->settings.release_keys) > 0 &&
                       hf_store_release_file(core->config.store, known->release.id, &json,
                                             &signature, NULL) == 0 &&
                       check_signature(core, json, signature, NULL) == 0;
}

int
hf_core_find_release(const struct hf_core *core, const char *id, struct hf_known_release *ret_known,
                     char **ret_json, struct hf_error *err)
{
    if (hf_store_known_release(core->config.store, id, ret_known, ret_json, err) < 0)
        return -1;
    hf_core_verify(core, ret_known);
    return 0;
}

/* ---- what comes ---- */

/* What has been read of one that is to be known. */
struct arrival {
    const struct hf_admission *asked;
    struct hf_release release;
    char *canonical;
    bool is_new;
    struct hf_known_release *ret_known;
};

static void
arrival_done(struct arrival *a)
{
    hf_release_done(&a->release);
    free(a->canonical);
}

/* The canonical form is what is kept, and what a signature is checked by again. */
static int
check_form(const struct hf_core *core, const struct arrival *a, struct hf_error *err)
{
    if (hf_json_count(core->settings.release_keys) == 0 ||
        strcmp(a->canonical, a->asked->text) == 0)
        return 0;
    return hf_error_set_at(err, HF_ERROR_INVALID, "/release",
                           "/release: what is signed must be in canonical form (RFC 8785), without "
                           "a line end: jq -cSj . makes it; sign it then");
}

static int
check_version(const struct arrival *a, struct hf_error *err)
{
    if (!a->asked->version || strcmp(a->asked->version, a->release.version) == 0)
        return 0;
    return hf_error_set(err, HF_ERROR_INVALID, "it is version %s of %s", a->release.version,
                        a->release.name);
}

/* The signature by the bytes of the file: before anything in it is looked at. */
static int
read_arrival(const struct hf_core *core, struct arrival *a, struct hf_error *err)
{
    struct hf_error why = {0};

    if (strlen(a->asked->signature) > HF_STORE_SIGNATURE_MAX)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/signature",
                               "/signature: must have at most %d bytes", HF_STORE_SIGNATURE_MAX);
    if (check_signature(core, a->asked->text, a->asked->signature, &why) < 0)
        return hf_error_set_at(err, why.class, "/signature", "/signature: %s", why.message);
    if (hf_core_parse_release(core, a->asked->text, &a->release, err) < 0)
        return hf_error_wrap(err, "release");
    if (hf_release_check_fit(&a->release, hf_core_version(core), HF_SETTINGS_SCHEMA, err) < 0 ||
        check_version(a, err) < 0 || hf_release_print(&a->release, &a->canonical, err) < 0)
        return -1;
    return check_form(core, a, err);
}

/* A look into the registry finds what is there already each time. */
static bool
is_event(const struct arrival *a)
{
    return a->is_new || strcmp(a->asked->source, "registry") != 0;
}

static int
keep_in_store(struct hf_store *store, void *context, struct hf_error *err)
{
    struct arrival *a = context;
    struct hf_store_release kept = {.json = a->canonical, .signature = a->asked->signature};
    struct hf_known_release *k = &kept.known;
    char what[HF_TEXT_SIZE];

    hf_release_id(a->canonical, k->release.id);
    hf_release_label(&a->release, k->release.name);
    hf_text_put(k->created, sizeof k->created, "%s", a->release.created);
    hf_text_put(k->source, sizeof k->source, "%s", a->asked->source);
    k->added_ms = hf_clock_wall_ms();
    a->is_new = hf_store_known_release(store, k->release.id, a->ret_known, NULL, NULL) < 0;
    hf_text_put(what, sizeof what, "added release '%s' from %s", k->release.name, k->source);
    if (hf_store_add_release(store, &kept, err) < 0 ||
        (is_event(a) && hf_store_audit(store, a->asked->actor, what, err) < 0))
        return -1;
    return hf_store_known_release(store, k->release.id, a->ret_known, NULL, err);
}

static int
do_admit(struct hf_core *core, void *context, struct hf_error *err)
{
    struct arrival *a = context;

    if (read_arrival(core, a, err) < 0 ||
        hf_store_transaction(core->config.store, keep_in_store, a, err) < 0)
        return -1;
    hf_core_verify(core, a->ret_known);
    return 0;
}

int
hf_core_admit(struct hf_core *core, const struct hf_admission *asked,
              struct hf_known_release *ret_known, bool *ret_new, struct hf_error *err)
{
    struct arrival a = {.asked = asked, .ret_known = ret_known};
    int rc = mailbox_call(&core->mail, do_admit, &a, err);

    if (rc == 0 && ret_new)
        *ret_new = a.is_new;
    arrival_done(&a);
    return rc;
}

int
hf_core_add_release(struct hf_core *core, const char *text, const char *signature,
                    const char *actor, struct hf_known_release *ret_known, struct hf_error *err)
{
    const struct hf_admission asked = {text, signature, "upload", NULL, actor};

    return hf_core_admit(core, &asked, ret_known, NULL, err);
}

static int
do_examine(struct hf_core *core, void *context, struct hf_error *err)
{
    return read_arrival(core, context, err);
}

int
hf_core_examine(struct hf_core *core, const char *text, const char *signature,
                struct hf_release *ret_release, struct hf_error *err)
{
    const struct hf_admission asked = {.text = text, .signature = signature};
    struct arrival a = {.asked = &asked};
    int rc = mailbox_call(&core->mail, do_examine, &a, err);

    if (rc == 0) {
        *ret_release = a.release;
        a.release = (struct hf_release){.count = 0};
    }
    arrival_done(&a);
    return rc;
}
