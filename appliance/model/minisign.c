// SPDX-License-Identifier: Apache-2.0
#include "model/minisign.h"

#include "base/text.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const char UNTRUSTED[] = "untrusted comment: ";
static const char TRUSTED[] = "trusted comment: ";

enum {
    ALGORITHM_BYTES = 2,
    KEY_BYTES = ALGORITHM_BYTES + HF_MINISIGN_ID_BYTES + HF_MINISIGN_PUBLIC_BYTES,
    SIGNATURE_BYTES = ALGORITHM_BYTES + HF_MINISIGN_ID_BYTES + crypto_sign_BYTES,
    HASH_BYTES = crypto_generichash_BYTES_MAX /* BLAKE2b-512 */
};

/* What a signature's text says. */
struct parts {
    unsigned char algorithm[ALGORITHM_BYTES];
    unsigned char id[HF_MINISIGN_ID_BYTES];
    unsigned char signature[crypto_sign_BYTES];
    unsigned char global[crypto_sign_BYTES]; /* of signature and comment */
    struct hf_slice comment;                 /* the trusted one */
};

/* ---- keys ---- */

/* Exactly size bytes; other characters, missing and left-over bits are refused. */
static bool
decode(struct hf_slice text, unsigned char *out, size_t size)
{
    size_t len = 0;

    return sodium_base642bin(out, size, text.data, text.len, NULL, &len, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           len == size;
}

int
hf_minisign_key_parse(const char *text, struct hf_minisign_key *ret_key, struct hf_error *err)
{
    unsigned char bytes[KEY_BYTES] = {0};

    if (!decode((struct hf_slice){text, strlen(text)}, bytes, sizeof bytes) ||
        memcmp(bytes, "Ed", ALGORITHM_BYTES) != 0)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "not a public key of minisign: give the second line of minisign.pub, "
                            "56 characters that begin with RW");
    memcpy(ret_key->id, bytes + ALGORITHM_BYTES, sizeof ret_key->id);
    memcpy(ret_key->public, bytes + ALGORITHM_BYTES + HF_MINISIGN_ID_BYTES, sizeof ret_key->public);
    return 0;
}

/* The bytes are a little-endian number. */
void
hf_minisign_id(const unsigned char id[HF_MINISIGN_ID_BYTES], char out[HF_MINISIGN_ID_SIZE])
{
    for (size_t i = 0; i < HF_MINISIGN_ID_BYTES; i++)
        snprintf(out + 2 * i, 3, "%02X", id[HF_MINISIGN_ID_BYTES - 1 - i]);
}

/* ---- the text ---- */

/* Takes a line off the front of text, without its end; a CR before it belongs to it. */
static struct hf_slice
take_line(struct hf_slice *text)
{
    const char *end = text->len ? memchr(text->data, '\n', text->len) : NULL;
    struct hf_slice line = {text->data, end ? (size_t)(end - text->data) : text->len};

    text->data += line.len + (end != NULL);
    text->len -= line.len + (end != NULL);
    if (line.len && line.data[line.len - 1] == '\r')
        line.len--;
    return line;
}

static bool
take_prefix(struct hf_slice *line, const char *prefix)
{
    size_t len = strlen(prefix);

    if (line->len < len || memcmp(line->data, prefix, len) != 0)
        return false;
    line->data += len;
    line->len -= len;
    return true;
}

/* It is shown to people and written to logs; minisign's own choice has tabulators in it. */
static bool
is_comment(struct hf_slice text)
{
    if (text.len > HF_MINISIGN_COMMENT_MAX || !hf_text_utf8(text.data, text.len))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (((unsigned char)text.data[i] < 0x20 && text.data[i] != '\t') || text.data[i] == 0x7f)
            return false;
    return true;
}

static int
malformed(struct hf_error *err, int line, const char *must)
{
    return hf_error_set(err, HF_ERROR_MALFORMED, "the signature, line %d: %s", line, must);
}

static int
read_text(struct hf_slice text, struct parts *p, struct hf_error *err)
{
    unsigned char bytes[SIGNATURE_BYTES] = {0};
    struct hf_slice line;

    if (text.len > HF_MINISIGN_TEXT_MAX)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "the signature has more than %d bytes",
                            HF_MINISIGN_TEXT_MAX);
    line = take_line(&text);
    if (!take_prefix(&line, UNTRUSTED))
        return malformed(err, 1, "must begin with 'untrusted comment: ', as minisign writes it");
    if (!decode(take_line(&text), bytes, sizeof bytes))
        return malformed(err, 2, "must be 74 bytes in base64");
    p->comment = take_line(&text);
    if (!take_prefix(&p->comment, TRUSTED) || !is_comment(p->comment))
        return malformed(err, 3,
                         "must be 'trusted comment: ' and at most 1024 bytes of plain text");
    if (!decode(take_line(&text), p->global, sizeof p->global))
        return malformed(err, 4, "must be 64 bytes in base64");
    if (text.len)
        return malformed(err, 5, "nothing may stand behind the fourth line");
    memcpy(p->algorithm, bytes, sizeof p->algorithm);
    memcpy(p->id, bytes + ALGORITHM_BYTES, sizeof p->id);
    memcpy(p->signature, bytes + ALGORITHM_BYTES + HF_MINISIGN_ID_BYTES, sizeof p->signature);
    return 0;
}

/* ---- verifying ---- */

static const struct hf_minisign_key *
key_of(const struct parts *p, const struct hf_minisign_key *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(keys[i].id, p->id, sizeof p->id) == 0)
            return &keys[i];
    return NULL;
}

static bool
is_of_data(const struct parts *p, struct hf_slice data, const struct hf_minisign_key *key)
{
    unsigned char hash[HASH_BYTES];

    crypto_generichash(hash, sizeof hash, (const unsigned char *)data.data, data.len, NULL, 0);
    return crypto_sign_verify_detached(p->signature, hash, sizeof hash, key->public) == 0;
}

static bool
is_of_comment(const struct parts *p, const struct hf_minisign_key *key)
{
    unsigned char signed_text[crypto_sign_BYTES + HF_MINISIGN_COMMENT_MAX];

    memcpy(signed_text, p->signature, sizeof p->signature);
    if (p->comment.len)
        memcpy(signed_text + sizeof p->signature, p->comment.data, p->comment.len);
    return crypto_sign_verify_detached(p->global, signed_text, sizeof p->signature + p->comment.len,
                                       key->public) == 0;
}

int
hf_minisign_verify(struct hf_slice signature, struct hf_slice data,
                   const struct hf_minisign_key *keys, size_t key_count, char *ret_comment,
                   struct hf_error *err)
{
    const struct hf_minisign_key *key;
    char id[HF_MINISIGN_ID_SIZE];
    struct parts p = {0};

    if (read_text(signature, &p, err) < 0)
        return -1;
    hf_minisign_id(p.id, id);
    if (memcmp(p.algorithm, "Ed", sizeof p.algorithm) == 0)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "a signature of the legacy form, by key %s: sign again without -l", id);
    if (memcmp(p.algorithm, "ED", sizeof p.algorithm) != 0)
        return malformed(err, 2, "an unknown kind of signature");
    key = key_of(&p, keys, key_count);
    if (!key)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "signed by key %s, which is none of the keys that are trusted here",
                            id);
    if (!is_of_data(&p, data, key))
        return hf_error_set(err, HF_ERROR_INVALID,
                            "the signature by key %s is not of this file: one of the two was "
                            "changed",
                            id);
    if (!is_of_comment(&p, key))
        return hf_error_set(err, HF_ERROR_INVALID,
                            "the trusted comment was changed after key %s had signed it", id);
    if (ret_comment)
        hf_text_put(ret_comment, HF_MINISIGN_COMMENT_MAX + 1, "%.*s", (int)p.comment.len,
                    p.comment.data);
    return 0;
}
