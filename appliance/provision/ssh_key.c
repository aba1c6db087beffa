// SPDX-License-Identifier: Apache-2.0
#include "provision/ssh_key.h"

#include "base/text.h"

#include <sodium.h>
#include <stdint.h>
#include <string.h>

enum {
    COMMENT_MAX = 256,
    RSA_BITS_MAX = 16384, /* of OpenSSH */
    ED25519_BYTES = 32,
    FIELDS_MAX = 4,
};

/* What follows the type in a key. */
enum field {
    NOTHING,
    ED25519_KEY,
    CURVE,
    POINT,
    APPLICATION,
    EXPONENT,
    MODULUS,
};

static const struct type {
    const char *name;
    enum field fields[FIELDS_MAX];
    const char *curve;
    size_t point; /* bytes of one that is not compressed */
} types[] = {
    {"ssh-ed25519", {ED25519_KEY}, NULL, 0},
    {"sk-ssh-ed25519@openssh.com", {ED25519_KEY, APPLICATION}, NULL, 0},
    {"ecdsa-sha2-nistp256", {CURVE, POINT}, "nistp256", 65},
    {"ecdsa-sha2-nistp384", {CURVE, POINT}, "nistp384", 97},
    {"ecdsa-sha2-nistp521", {CURVE, POINT}, "nistp521", 133},
    {"sk-ecdsa-sha2-nistp256@openssh.com", {CURVE, POINT, APPLICATION}, "nistp256", 65},
    {"ssh-rsa", {EXPONENT, MODULUS}, NULL, 0},
};

struct slice {
    const unsigned char *at;
    size_t len;
};

/* ---- what is in the base64 ---- */

/* A string of RFC 4251 §5. */
static bool
next(struct slice *rest, struct slice *ret)
{
    size_t len;

    if (rest->len < 4)
        return false;
    len = (size_t)rest->at[0] << 24 | (size_t)rest->at[1] << 16 | (size_t)rest->at[2] << 8 |
          rest->at[3];
    if (len > rest->len - 4)
        return false;
    *ret = (struct slice){rest->at + 4, len};
    rest->at += 4 + len;
    rest->len -= 4 + len;
    return true;
}

static bool
is_text(const struct slice *s, const char *text)
{
    return s->len == strlen(text) && memcmp(s->at, text, s->len) == 0;
}

/* Of a positive mpint (RFC 4251 §5) in its one form; 0 of anything else. */
static size_t
bits_of(const struct slice *s)
{
    const unsigned char *at = s->at;
    size_t len = s->len, bits;

    if (!len || at[0] & 0x80)
        return 0;
    if (at[0] == 0) {
        if (len < 2 || !(at[1] & 0x80))
            return 0;
        at++;
        len--;
    }
    bits = len * 8;
    for (unsigned char mask = 0x80; !(at[0] & mask); mask >>= 1)
        bits--;
    return bits;
}

static bool
is_field(const struct type *t, enum field field, const struct slice *s)
{
    size_t bits;

    switch (field) {
    case ED25519_KEY:
        return s->len == ED25519_BYTES;
    case CURVE:
        return is_text(s, t->curve);
    case POINT:
        return s->len == t->point && s->at[0] == 0x04;
    case APPLICATION:
        return s->len > 0;
    case EXPONENT:
        bits = bits_of(s);
        return bits >= 2 && bits <= 64 && s->at[s->len - 1] & 1;
    case MODULUS:
        bits = bits_of(s);
        return bits > 0 && bits <= RSA_BITS_MAX && s->at[s->len - 1] & 1;
    default:
        return false;
    }
}

static int
check_blob(const struct type *t, struct slice rest, struct hf_error *err)
{
    struct slice field;

    if (!next(&rest, &field))
        return hf_error_set(err, HF_ERROR_INVALID, "must be whole: its end is missing");
    if (!is_text(&field, t->name))
        return hf_error_set(err, HF_ERROR_INVALID,
                            "must be a key of the type that it begins with, %s", t->name);
    for (size_t i = 0; i < FIELDS_MAX && t->fields[i] != NOTHING; i++) {
        if (!next(&rest, &field) || !is_field(t, t->fields[i], &field))
            return hf_error_set(err, HF_ERROR_INVALID,
                                "must be a whole key: what it has in it is no %s key", t->name);
        if (t->fields[i] == MODULUS && bits_of(&field) < HF_SSH_RSA_BITS_MIN)
            return hf_error_set(err, HF_ERROR_INVALID, "must have at least %d bits: it has %zu",
                                HF_SSH_RSA_BITS_MIN, bits_of(&field));
    }
    return rest.len == 0 ? 0
                         : hf_error_set(err, HF_ERROR_INVALID,
                                        "must be one key: something follows in its base64");
}

/* ---- the line ---- */

static const struct type *
type_of(const char *line, size_t len)
{
    for (size_t i = 0; i < HF_LEN(types); i++)
        if (strlen(types[i].name) == len && strncmp(line, types[i].name, len) == 0)
            return &types[i];
    return NULL;
}

static int
refuse_type(const char *line, struct hf_error *err)
{
    if (strstr(line, "PRIVATE KEY"))
        return hf_error_set(err, HF_ERROR_INVALID,
                            "must be the public key, the line in the file that ends in .pub: this "
                            "is the private one, which must not leave its computer");
    for (size_t i = 0; i < HF_LEN(types); i++)
        if (strstr(line, types[i].name))
            return hf_error_set(err, HF_ERROR_INVALID,
                                "must begin with the type of the key: options before it are not "
                                "taken");
    return hf_error_set(err, HF_ERROR_INVALID,
                        "must be a public key such as 'ssh-ed25519 AAAA… me@desk', of type "
                        "ed25519, ecdsa, their sk- kinds, or rsa");
}

static int
check_text(const char *line, struct hf_error *err)
{
    size_t len = strlen(line);

    if (len > HF_SSH_KEY_MAX)
        return hf_error_set(err, HF_ERROR_INVALID, "must have at most %d bytes", HF_SSH_KEY_MAX);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            return hf_error_set(err, HF_ERROR_INVALID,
                                "must be one line, without control characters: each key is one of "
                                "the list");
    return 0;
}

/* The second word of a line; with the length of the first. */
static const char *
find_base64(const char *line, size_t *ret_type, size_t *ret_len)
{
    const char *at = line + (*ret_type = strcspn(line, " "));

    at += strspn(at, " ");
    *ret_len = strcspn(at, " ");
    return at;
}

int
hf_ssh_key_check(const char *line, struct hf_error *err)
{
    unsigned char blob[HF_SSH_KEY_MAX];
    size_t type_len, base64_len, blob_len = 0;
    const struct type *type;
    const char *base64, *comment;

    if (check_text(line, err) < 0)
        return -1;
    base64 = find_base64(line, &type_len, &base64_len);
    type = type_of(line, type_len);
    if (!type)
        return refuse_type(line, err);
    if (!base64_len || sodium_base642bin(blob, sizeof blob, base64, base64_len, NULL, &blob_len,
                                         NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "must have base64 after its type, as the file that ends in .pub has "
                            "it: was it cut?");
    comment = base64 + base64_len;
    if (strlen(comment + strspn(comment, " ")) > COMMENT_MAX)
        return hf_error_set(err, HF_ERROR_INVALID, "must have a comment of at most %d bytes",
                            COMMENT_MAX);
    return check_blob(type, (struct slice){blob, blob_len}, err);
}

void
hf_ssh_key_fingerprint(const char *line, char out[HF_SSH_FINGERPRINT_SIZE])
{
    unsigned char blob[HF_SSH_KEY_MAX], hash[crypto_hash_sha256_BYTES];
    char text[sodium_base64_ENCODED_LEN(sizeof hash, sodium_base64_VARIANT_ORIGINAL_NO_PADDING)];
    size_t type_len, base64_len, blob_len = 0;
    const char *base64 = find_base64(line, &type_len, &base64_len);

    if (sodium_base642bin(blob, sizeof blob, base64, base64_len, NULL, &blob_len, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        blob_len = 0;
    crypto_hash_sha256(hash, blob, blob_len);
    sodium_bin2base64(text, sizeof text, hash, sizeof hash,
                      sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    hf_text_put(out, HF_SSH_FINGERPRINT_SIZE, "SHA256:%s", text);
}
