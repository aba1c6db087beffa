// SPDX-License-Identifier: Apache-2.0
#include "provision/sealed.h"

#include "backup/seal.h"
#include "base/buf.h"
#include "base/text.h"
#include "provision/provision.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Who finds a stick has all the time of the world: as much as a gateway gives for one opening. */
enum { PASSES = 3, MEMORY_KIB = HF_SEAL_MEMORY_MAX_KIB };

static int
derive(void *context, const struct hf_seal_kdf *kdf, unsigned char ret_key[HF_SEAL_KEY_SIZE],
       struct hf_error *err)
{
    const char *passphrase = context;

    return crypto_pwhash(ret_key, HF_SEAL_KEY_SIZE, passphrase, strlen(passphrase), kdf->salt,
                         kdf->passes, (size_t)kdf->memory_kib * 1024, crypto_pwhash_ALG_ARGON2ID13)
               ? hf_error_nomem(err)
               : 0;
}

struct opening {
    const char *passphrase;
    struct hf_buf *plain;
};

static int
derive_for(void *context, const struct hf_seal_kdf *kdf, unsigned char ret_key[HF_SEAL_KEY_SIZE],
           struct hf_error *err)
{
    const struct opening *o = context;

    return derive((void *)(uintptr_t)o->passphrase, kdf, ret_key, err);
}

static int
keep_plain(void *context, const void *data, size_t len, struct hf_error *err)
{
    const struct opening *o = context;

    return hf_buf_add(o->plain, data, len, err);
}

static int
append(void *context, const void *data, size_t len, struct hf_error *err)
{
    return hf_buf_add(context, data, len, err);
}

/* ---- opening ---- */

static int
decode(const char *text, struct hf_buf *sealed, struct hf_error *err)
{
    size_t len = 0, most = strlen(text) / 4 * 3 + 3;
    char *to = hf_buf_reserve(sealed, most);

    if (!to)
        return hf_error_nomem(err);
    if (sodium_base642bin((unsigned char *)to, most, text, strlen(text), NULL, &len, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "must be what 'holdfast provision seal' writes: base64");
    sealed->len = len;
    return 0;
}

static int
open_text(const char *text, const char *passphrase, struct hf_buf *plain, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf sealed = HF_BUF_INIT(HF_PROVISION_FILE_MAX);
    HF_AUTO(hf_unseal) struct hf_unseal *u = NULL;
    struct opening o = {passphrase, plain};
    const struct hf_unseal_ops ops = {&o, derive_for, keep_plain};
    struct hf_error why = {0};

    if (decode(text, &sealed, err) < 0 || hf_unseal_new(&ops, &u, err) < 0)
        return -1;
    if (hf_unseal_add(u, sealed.data, sealed.len, &why) == 0 && hf_unseal_end(u, &why) == 0)
        return 0;
    if (why.class == HF_ERROR_INVALID)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "cannot be opened: it was sealed with another passphrase than the "
                            "gateway has, or was changed");
    *err = why;
    return -1;
}

static int
check_members(const struct hf_json *members, const struct hf_json *doc, struct hf_error *err)
{
    if (!hf_json_is_object(members))
        return hf_error_set(err, HF_ERROR_INVALID, "must have an object in it");
    for (const struct hf_json *m = hf_json_first(members); m; m = hf_json_next(m)) {
        const char *name = hf_json_key(m);

        if (strcmp(name, "format") == 0 || strcmp(name, "sealed") == 0)
            return hf_error_set(err, HF_ERROR_INVALID, "must not have '%s' in it", name);
        if (hf_json_get(doc, name))
            return hf_error_set(err, HF_ERROR_INVALID,
                                "has '%s' in it, which is there unsealed too: keep one", name);
    }
    return 0;
}

int
hf_provision_unseal(const struct hf_json *doc, const char *passphrase, struct hf_json **ret_members,
                    struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf plain = HF_BUF_INIT(HF_PROVISION_FILE_MAX);
    HF_AUTO(hf_json) struct hf_json *members = NULL;
    const char *text = hf_json_string(doc, "sealed");
    struct hf_error why = {0};
    int rc;

    if (!text)
        return hf_error_set(err, HF_ERROR_INVALID, "must be a string");
    if (!passphrase)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "this gateway has no passphrase to open it with: see "
                            "--provision-passphrase of holdfastd");
    if (open_text(text, passphrase, &plain, err) < 0)
        return -1;
    rc = hf_json_parse(plain.data ? plain.data : "", plain.len, &members, &why);
    if (plain.data)
        sodium_memzero(plain.data, plain.len);
    if (rc < 0)
        return hf_error_set(err, HF_ERROR_INVALID, "what is sealed is no JSON: %s", why.message);
    if (check_members(members, doc, err) < 0)
        return -1;
    *ret_members = hf_steal(&members);
    return 0;
}

/* ---- sealing ---- */

static int
seal_text(const char *plain, const char *passphrase, struct hf_buf *sealed, struct hf_error *err)
{
    HF_AUTO(hf_seal) struct hf_seal *s = NULL;
    struct hf_seal_kdf kdf = {.passes = PASSES, .memory_kib = MEMORY_KIB};
    unsigned char key[HF_SEAL_KEY_SIZE];
    int rc;

    randombytes_buf(kdf.salt, sizeof kdf.salt);
    if (derive((void *)(uintptr_t)passphrase, &kdf, key, err) < 0)
        return -1;
    rc = hf_seal_new(&kdf, key, append, sealed, &s, err);
    sodium_memzero(key, sizeof key);
    if (rc < 0 || hf_seal_add(s, plain, strlen(plain), err) < 0)
        return -1;
    return hf_seal_end(s, err);
}

int
hf_provision_seal(const struct hf_json *members, const char *passphrase, char **ret_text,
                  struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf sealed = HF_BUF_INIT(HF_PROVISION_FILE_MAX);
    char *plain = NULL, *text;
    int rc;

    if (sodium_init() < 0)
        return hf_error_set(err, HF_ERROR_INTERNAL, "the library for encryption does not start");
    if (strlen(passphrase) < HF_PROVISION_PASSPHRASE_MIN)
        return hf_error_set(err, HF_ERROR_INVALID, "a passphrase has at least %d characters",
                            HF_PROVISION_PASSPHRASE_MIN);
    if (hf_json_print(members, &plain, err) < 0)
        return -1;
    rc = seal_text(plain, passphrase, &sealed, err);
    sodium_memzero(plain, strlen(plain));
    free(plain);
    if (rc < 0)
        return -1;
    text = malloc(4 * ((sealed.len + 2) / 3) + 1);
    if (!text)
        return hf_error_nomem(err);
    (void)hf_text_base64(sealed.data, sealed.len, text);
    *ret_text = text;
    return 0;
}

/* ---- what is secret ---- */

static bool
is_secret(const char *name)
{
    static const char *const names[] = {
        "token",         "password", "header_value", "client_key_pem", "proxy_password",
        "password_hash", "key",      "setup_code",   "secrets"};

    for (size_t i = 0; i < HF_LEN(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool
has_secret(const struct hf_json *v) // NOLINT(misc-no-recursion): depth is bounded by parse
{
    const char *name = hf_json_key(v);

    if (name && is_secret(name))
        return true;
    for (const struct hf_json *c = hf_json_first(v); c; c = hf_json_next(c))
        if (has_secret(c))
            return true;
    return false;
}

int
hf_provision_part(struct hf_json *doc, struct hf_json **ret_sealed, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *sealed = hf_json_object();
    const struct hf_json *next;

    for (const struct hf_json *m = hf_json_first(doc); m; m = next) {
        next = hf_json_next(m);
        if (!has_secret(m))
            continue;
        hf_json_put(sealed, hf_json_key(m), hf_json_copy(m));
        hf_json_drop(doc, m);
    }
    if (!hf_json_is_object(sealed))
        return hf_error_nomem(err);
    *ret_sealed = hf_steal(&sealed);
    return 0;
}
