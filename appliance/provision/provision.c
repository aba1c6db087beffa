// SPDX-License-Identifier: Apache-2.0
#include "provision/parts.h"

#include "base/text.h"
#include "provision/sealed.h"
#include "provision/sieve.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const char BOM[] = "\xef\xbb\xbf";

/* ---- reading ---- */

int
hf_provision_document(const char **text, size_t *len, struct hf_json **ret_doc,
                      struct hf_json_faults *faults, struct hf_error *err)
{
    size_t mark = sizeof BOM - 1;

    if (*len >= mark && memcmp(*text, BOM, mark) == 0) {
        *text += mark;
        *len -= mark;
    }
    if (hf_json_parse_noting(*text, *len, ret_doc, faults, err) == 0)
        return 0;
    if (faults->count == 1) {
        char *message = faults->list[0].message;
        size_t used = strlen(message);

        snprintf(message + used, HF_ERROR_MESSAGE_MAX - used,
                 " (where the file ends too early, it was written only in part: write it again)");
    }
    return -1;
}

int
hf_provision_faulty(struct hf_json_faults *faults, struct hf_error *err)
{
    char text[HF_JSON_FAULT_TEXT_SIZE], others[64] = "";
    enum hf_error_class class =
        err && err->class == HF_ERROR_MALFORMED ? HF_ERROR_MALFORMED : HF_ERROR_INVALID;

    hf_json_faults_sort(faults);
    hf_json_fault_text(&faults->list[0], text);
    if (faults->count > 1)
        snprintf(others, sizeof others, " (and %zu more)", faults->count - 1);
    return hf_error_set_at(err, class, faults->list[0].pointer, "%s%s", text, others);
}

void
hf_provision_hash(const char *text, size_t len, char out[HF_PROVISION_HASH_SIZE])
{
    unsigned char hash[crypto_hash_sha256_BYTES];

    crypto_hash_sha256(hash, (const unsigned char *)text, len);
    hf_text_hex(hash, sizeof hash, out);
}

/* ---- the whole file ---- */

struct taking {
    const struct hf_provision_with *with;
    struct hf_provision p; /* of the last call that was good */
    bool left_sealed;
};

static int
take(void *context, const struct hf_json *doc, struct hf_error *err)
{
    struct taking *t = context;
    struct hf_provision p = {.file_hash = ""};

    hf_settings_init(&p.settings);
    if ((t->with->base && hf_settings_copy(t->with->base, &p.settings, err) < 0) ||
        hf_provision_take(doc, t->with->x509, &p, err) < 0) {
        hf_provision_done(&p);
        return -1;
    }
    hf_provision_done(&t->p);
    t->p = p;
    return 0;
}

/* What is wrong in the sealed part has no place of its own in the text. */
static void
place_sealed(const char *text, size_t len, const struct hf_json *doc, const struct hf_json *sealed,
             struct hf_json_faults *faults)
{
    struct hf_json_place place = hf_json_place_of(text, len, doc, hf_json_get(doc, "sealed"));

    for (size_t i = 0; i < faults->count; i++) {
        struct hf_json_fault *f = &faults->list[i];
        char top[HF_ERROR_POINTER_MAX];

        if (!*f->pointer)
            continue;
        hf_text_put(top, sizeof top, "%.*s", (int)(1 + strcspn(f->pointer + 1, "/")), f->pointer);
        if (!hf_json_at(doc, top) && hf_json_at(sealed, top))
            f->place = place;
    }
}

/* The members of both. */
static int
join(struct hf_json *whole, const struct hf_json *sealed, struct hf_error *err)
{
    hf_json_remove(whole, "sealed");
    for (const struct hf_json *m = hf_json_first(sealed); m; m = hf_json_next(m))
        hf_json_put(whole, hf_json_key(m), hf_json_copy(m));
    return hf_json_is_object(whole) ? 0 : hf_error_nomem(err);
}

static int
sieve_sealed(const char *text, size_t len, const struct hf_json *doc, struct taking *t,
             struct hf_json_faults *faults, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *whole = hf_json_copy(doc), *sealed = NULL;
    struct hf_error why = {0};

    if (!whole)
        return hf_error_nomem(err);
    if (!t->with->passphrase && t->with->leave_sealed) {
        hf_json_remove(whole, "sealed");
        t->left_sealed = true;
        return hf_sieve(text, len, doc, whole, take, t, faults, err);
    }
    if (hf_provision_unseal(doc, t->with->passphrase, &sealed, &why) < 0) {
        if (why.class != HF_ERROR_INVALID) {
            *err = why;
            return -1;
        }
        hf_json_faults_note(faults, hf_json_place_of(text, len, doc, hf_json_get(doc, "sealed")),
                            "/sealed", "%s", why.message);
        hf_json_remove(whole, "sealed");
    } else if (join(whole, sealed, err) < 0) {
        return -1;
    }
    if (hf_sieve(text, len, doc, whole, take, t, faults, err) < 0)
        return -1;
    place_sealed(text, len, doc, sealed, faults);
    return 0;
}

static int
parse(const char *text, size_t len, struct taking *t, struct hf_json_faults *faults,
      struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const char *from = text;
    size_t rest = len;

    if (hf_provision_document(&from, &rest, &doc, faults, err) < 0)
        return -1;
    if (hf_json_is_object(doc) && hf_json_get(doc, "sealed"))
        return sieve_sealed(from, rest, doc, t, faults, err);
    return hf_sieve(from, rest, doc, doc, take, t, faults, err);
}

int
hf_provision_parse(const char *text, size_t len, const struct hf_provision_with *with,
                   struct hf_provision *ret_provision, struct hf_json_faults *faults,
                   struct hf_error *err)
{
    struct taking t = {.with = with};
    struct hf_error why = {0};
    int rc;

    faults->count = 0;
    faults->more = false;
    rc = parse(text, len, &t, faults, &why);
    if (faults->count > 0)
        rc = hf_provision_faulty(faults, &why);
    if (rc < 0) {
        hf_provision_done(&t.p);
        if (err)
            *err = why;
        return -1;
    }
    hf_provision_hash(text, len, t.p.file_hash);
    t.p.left_sealed = t.left_sealed;
    *ret_provision = t.p;
    return 0;
}

int
hf_provision_read(const char *dir, const struct hf_provision_with *with,
                  struct hf_provision *ret_provision, struct hf_json_faults *faults,
                  struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(HF_PROVISION_FILE_MAX + 1);
    int rc;

    faults->count = 0;
    faults->more = false;
    rc = hf_provision_load(dir, HF_PROVISION_FILE, &text, err);
    if (rc == 0)
        rc = hf_provision_parse(text.data, text.len, with, ret_provision, faults, err);
    if (text.data)
        sodium_memzero(text.data, text.len);
    return rc < 0 ? hf_error_wrap(err, "provisioning file holdfast/" HF_PROVISION_FILE) : 0;
}

static void
wipe(char **text)
{
    if (*text)
        sodium_memzero(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

void
hf_provision_done(struct hf_provision *p)
{
    hf_settings_done(&p->settings);
    sodium_memzero(p->password_hash, sizeof p->password_hash);
    sodium_memzero(p->setup_code, sizeof p->setup_code);
    wipe(&p->key);
    wipe(&p->certificate);
    if (p->devices)
        sodium_memzero(p->devices, p->device_count * sizeof *p->devices);
    free(p->devices);
    p->devices = NULL;
    p->device_count = 0;
    hf_json_free(p->network);
    hf_json_free(p->time);
    hf_json_free(p->ssh);
    p->network = p->time = p->ssh = NULL;
}
