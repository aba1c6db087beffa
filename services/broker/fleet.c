// SPDX-License-Identifier: Apache-2.0
#include "broker/fleet.h"

#include "base/file.h"
#include "base/text.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HASH_BYTES = 64, SALT_BYTES_MAX = 48, HASH_CHARS = 88, FINGERPRINT_CHARS = 64 };

static const char HEAD[] = "holdfast-devices 1";

/* ---- reading ---- */

struct reader {
    struct hf_fleet *d;
    char *at;
    size_t line;
    size_t filters; /* used */
    bool ended;
};

static int
wrong(const struct reader *r, const char *what, struct hf_error *err)
{
    return hf_error_set(err, HF_ERROR_MALFORMED, "devices, line %zu: %s", r->line, what);
}

/* The next line without its end, or NULL. */
static char *
next_line(struct reader *r)
{
    char *line = r->at, *end = strchr(line, '\n');

    if (!end)
        return NULL;
    *end = '\0';
    r->at = end + 1;
    r->line++;
    return line;
}

/* What follows `word ` in line, or NULL. */
static char *
after(char *line, const char *word)
{
    size_t len = strlen(word);

    return strncmp(line, word, len) == 0 && line[len] == ' ' ? line + len + 1 : NULL;
}

/* `$7$ROUNDS$SALT$HASH`: the parts, or false. */
static bool
split_hash(const char *hash, uint64_t *rounds, const char **salt, size_t *salt_len,
           const char **digest)
{
    char number[HF_TEXT_U64_MAX + 1];
    size_t len;

    if (strncmp(hash, "$7$", 3) != 0)
        return false;
    len = strcspn(hash + 3, "$");
    if (len == 0 || len >= sizeof number || hash[3 + len] != '$')
        return false;
    memcpy(number, hash + 3, len);
    number[len] = '\0';
    *salt = hash + 3 + len + 1;
    *salt_len = strcspn(*salt, "$");
    if (!hf_text_u64(number, rounds) || *rounds == 0 || *rounds > HF_FLEET_ROUNDS_MOST ||
        *salt_len == 0 || *salt_len % 4 || *salt_len / 4 * 3 > SALT_BYTES_MAX ||
        (*salt)[*salt_len] != '$')
        return false;
    *digest = *salt + *salt_len + 1;
    return strlen(*digest) == HASH_CHARS;
}

static int
take_account(struct reader *r, char *name, bool by_certificate, struct hf_error *err)
{
    struct hf_fleet *d = r->d;
    char *proof = strchr(name, ' ');
    const char *salt, *digest;
    uint64_t rounds;
    size_t salt_len;

    if (!proof || proof == name)
        return wrong(r, "an account has a name and a hash", err);
    *proof++ = '\0';
    if (!by_certificate && !split_hash(proof, &rounds, &salt, &salt_len, &digest))
        return wrong(r, "the hash is not of the form $7$rounds$salt$hash", err);
    if (by_certificate && (strlen(proof) != FINGERPRINT_CHARS ||
                           strspn(proof, "0123456789abcdef") != FINGERPRINT_CHARS))
        return wrong(r, "a certificate is known by 64 hex digits", err);
    if (d->count && strcmp(d->all[d->count - 1].name, name) >= 0)
        return wrong(r, "accounts must be sorted by name, each once", err);
    d->all[d->count++] = (struct hf_fleet_device){.name = name,
                                                  .hash = by_certificate ? "" : proof,
                                                  .certificate = by_certificate ? proof : ""};
    return 0;
}

static int
take_filter(struct reader *r, char *filter, bool publish, struct hf_error *err)
{
    struct hf_fleet *d = r->d;
    struct hf_fleet_device *device = d->count ? &d->all[d->count - 1] : NULL;
    const char *const *place = &d->filters[r->filters];

    if (!device || (publish && device->subscribe_count))
        return wrong(r, "filters follow their account, those to publish first", err);
    if (!*filter)
        return wrong(r, "there is no filter", err);
    d->filters[r->filters++] = filter;
    if (publish) {
        device->publish = device->publish_count ? device->publish : place;
        device->publish_count++;
    } else {
        device->subscribe = device->subscribe_count ? device->subscribe : place;
        device->subscribe_count++;
    }
    return 0;
}

static int
take_line(struct reader *r, char *line, struct hf_error *err)
{
    char *value = after(line, "account");
    uint64_t count;

    if (value)
        return take_account(r, value, false, err);
    value = after(line, "certificate");
    if (value)
        return take_account(r, value, true, err);
    value = after(line, "publish");
    if (value)
        return take_filter(r, value, true, err);
    value = after(line, "subscribe");
    if (value)
        return take_filter(r, value, false, err);
    value = after(line, "end");
    if (!value || !hf_text_u64(value, &count) || count != r->d->count || *r->at)
        return wrong(r, "it is none of account, certificate, publish, subscribe and the right end",
                     err);
    r->ended = true;
    return 0;
}

static int
read_head(struct reader *r, struct hf_error *err)
{
    char *line = next_line(r), *value;

    if (!line || strcmp(line, HEAD) != 0)
        return wrong(r, "it does not begin as a file of devices", err);
    line = next_line(r);
    value = line ? after(line, "anonymous") : NULL;
    if (!value || (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0))
        return wrong(r, "anonymous is yes or no", err);
    r->d->anonymous = strcmp(value, "yes") == 0;
    return 0;
}

static int
read_all(struct reader *r, struct hf_error *err)
{
    char *line;

    if (read_head(r, err) < 0)
        return -1;
    while (!r->ended && (line = next_line(r)) != NULL)
        if (take_line(r, line, err) < 0)
            return -1;
    return r->ended ? 0 : wrong(r, "its end is missing", err);
}

int
hf_fleet_parse(char *consume_text, size_t len, struct hf_fleet **ret_fleet, struct hf_error *err)
{
    HF_AUTO(hf_fleet) struct hf_fleet *d = calloc(1, sizeof *d);
    struct reader r = {.d = d, .at = consume_text};
    size_t lines = 1;

    if (!d) {
        free(consume_text);
        return hf_error_nomem(err);
    }
    d->text = consume_text;
    if (strlen(consume_text) != len)
        return wrong(&r, "it has a zero byte", err);
    for (const char *c = consume_text; *c; c++)
        lines += *c == '\n';
    /* Each line is one account or one filter at most. */
    d->all = calloc(lines, sizeof *d->all);
    d->filters = (const char **)calloc(lines, sizeof *d->filters);
    if (!d->all || !d->filters)
        return hf_error_nomem(err);
    hf_random(d->key, sizeof d->key);
    if (read_all(&r, err) < 0)
        return -1;
    *ret_fleet = hf_steal(&d);
    return 0;
}

int
hf_fleet_read(const char *path, struct hf_fleet **ret_fleet, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf b = HF_BUF_INIT(HF_FLEET_FILE_MAX);
    size_t len;
    char *text;

    if (hf_file_read(path, &b, err) < 0)
        return -1;
    len = b.len;
    text = hf_buf_take(&b);
    return text ? hf_fleet_parse(text, len, ret_fleet, err) : hf_error_nomem(err);
}

void
hf_fleet_free(struct hf_fleet *d)
{
    if (!d)
        return;
    free(d->all);
    free((void *)d->filters);
    free(d->text);
    OPENSSL_cleanse(d->key, sizeof d->key);
    free(d);
}

/* ---- looking ---- */

static int
by_name(const void *name, const void *device)
{
    return strcmp(name, ((const struct hf_fleet_device *)device)->name);
}

struct hf_fleet_device *
hf_fleet_find(const struct hf_fleet *d, const char *name)
{
    return d->count ? bsearch(name, d->all, d->count, sizeof *d->all, by_name) : NULL;
}

static bool
same_filters(const char *const *a, size_t a_count, const char *const *b, size_t b_count)
{
    if (a_count != b_count)
        return false;
    for (size_t i = 0; i < a_count; i++)
        if (strcmp(a[i], b[i]) != 0)
            return false;
    return true;
}

bool
hf_fleet_same(const struct hf_fleet_device *a, const struct hf_fleet_device *b)
{
    return strcmp(a->hash, b->hash) == 0 && strcmp(a->certificate, b->certificate) == 0 &&
           same_filters(a->publish, a->publish_count, b->publish, b->publish_count) &&
           same_filters(a->subscribe, a->subscribe_count, b->subscribe, b->subscribe_count);
}

void
hf_fleet_inherit(struct hf_fleet *d, const struct hf_fleet *old)
{
    memcpy(d->key, old->key, sizeof d->key);
    for (size_t i = 0; i < d->count; i++) {
        const struct hf_fleet_device *was = hf_fleet_find(old, d->all[i].name);

        if (was)
            d->all[i].told_s = was->told_s;
        if (!was || !was->proven || strcmp(was->hash, d->all[i].hash) != 0)
            continue;
        memcpy(d->all[i].proof, was->proof, sizeof was->proof);
        d->all[i].proven = true;
    }
}

/* ---- passwords ---- */

static bool
make_proof(const struct hf_fleet *d, const char *password, unsigned char out[HF_FLEET_PROOF_SIZE])
{
    unsigned len = HF_FLEET_PROOF_SIZE;

    return HMAC(EVP_sha256(), d->key, sizeof d->key, (const unsigned char *)password,
                strlen(password), out, &len) != NULL;
}

bool
hf_fleet_knows(const struct hf_fleet *d, const struct hf_fleet_device *device, const char *password)
{
    unsigned char proof[HF_FLEET_PROOF_SIZE];

    return device->proven && make_proof(d, password, proof) &&
           CRYPTO_memcmp(proof, device->proof, sizeof proof) == 0;
}

bool
hf_fleet_verify(const struct hf_fleet *d, struct hf_fleet_device *device, const char *password)
{
    unsigned char salt[SALT_BYTES_MAX], hash[HASH_BYTES];
    char text[HASH_CHARS + 1], padded[SALT_BYTES_MAX / 3 * 4 + 1];
    const char *salt64, *digest;
    size_t salt64_len;
    uint64_t rounds;
    int salt_len;

    if (!split_hash(device->hash, &rounds, &salt64, &salt64_len, &digest))
        return false;
    memcpy(padded, salt64, salt64_len);
    padded[salt64_len] = '\0';
    /* It counts the padding as bytes. */
    salt_len = EVP_DecodeBlock(salt, (const unsigned char *)padded, (int)salt64_len);
    for (size_t i = salt64_len; salt_len > 0 && i > 0 && padded[i - 1] == '='; i--)
        salt_len--;
    if (salt_len <= 0 || PKCS5_PBKDF2_HMAC(password, (int)strlen(password), salt, salt_len,
                                           (int)rounds, EVP_sha512(), HASH_BYTES, hash) != 1)
        return false;
    hf_text_base64(hash, sizeof hash, text);
    if (CRYPTO_memcmp(text, digest, HASH_CHARS) != 0)
        return false;
    device->proven = make_proof(d, password, device->proof);
    return true;
}

/* ---- topics ---- */

bool
hf_fleet_covers(const char *within, const char *filter)
{
    for (;;) {
        size_t w = strcspn(within, "/"), f = strcspn(filter, "/");
        bool any = w == 1 && *within == '+', last_w, last_f;

        if (w == 1 && *within == '#')
            return true;
        if (f == 1 && *filter == '#')
            return false;
        if (!any && (w != f || memcmp(within, filter, w) != 0))
            return false;
        last_w = !within[w];
        last_f = !filter[f];
        if (last_f) /* `a/#` has `a` too */
            return last_w || strcmp(within + w, "/#") == 0;
        if (last_w)
            return false;
        within += w + 1;
        filter += f + 1;
    }
}

static bool
one_covers(const char *const *filters, size_t count, const char *filter)
{
    for (size_t i = 0; i < count; i++)
        if (hf_fleet_covers(filters[i], filter))
            return true;
    return false;
}

bool
hf_fleet_may_publish(const struct hf_fleet_device *device, const char *topic)
{
    return one_covers(device->publish, device->publish_count, topic);
}

bool
hf_fleet_may_read(const struct hf_fleet_device *device, const char *topic)
{
    return one_covers(device->subscribe, device->subscribe_count, topic);
}

bool
hf_fleet_may_subscribe(const struct hf_fleet_device *device, const char *filter)
{
    return one_covers(device->subscribe, device->subscribe_count, filter);
}
