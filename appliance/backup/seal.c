// SPDX-License-Identifier: Apache-2.0
#include "backup/seal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static const unsigned char MAGIC[8] = "HFBACKUP";

enum {
    VERSION = 1,
    /* Where things are in the head. */
    AT_VERSION = sizeof MAGIC,
    AT_PASSES = AT_VERSION + 1,
    AT_MEMORY = AT_PASSES + 1,
    AT_SALT = AT_MEMORY + 4,
    AT_STREAM = AT_SALT + HF_SEAL_SALT_SIZE,
    SEALED_CHUNK = HF_SEAL_CHUNK + HF_SEAL_CHUNK_MORE
};

_Static_assert((int)HF_SEAL_HEAD_SIZE ==
                   (int)AT_STREAM + (int)crypto_secretstream_xchacha20poly1305_HEADERBYTES,
               "size of the head");
_Static_assert((int)HF_SEAL_CHUNK_MORE == (int)crypto_secretstream_xchacha20poly1305_ABYTES,
               "what a chunk takes more");
_Static_assert((int)HF_SEAL_KEY_SIZE == (int)crypto_secretstream_xchacha20poly1305_KEYBYTES,
               "size of the key");
_Static_assert((int)HF_SEAL_SALT_SIZE == (int)crypto_pwhash_SALTBYTES, "size of the salt");

typedef crypto_secretstream_xchacha20poly1305_state stream_state;

static int
start_sodium(struct hf_error *err)
{
    return sodium_init() < 0
               ? hf_error_set(err, HF_ERROR_INTERNAL, "the library for encryption does not start")
               : 0;
}

/* ---- writing ---- */

struct hf_seal {
    stream_state stream;
    hf_seal_sink *sink;
    void *context;
    unsigned char head[HF_SEAL_HEAD_SIZE];
    bool first; /* the next chunk */
    size_t len; /* of plain */
    unsigned char plain[HF_SEAL_CHUNK], sealed[SEALED_CHUNK];
};

static void
put_head(const struct hf_seal_kdf *kdf, unsigned char head[HF_SEAL_HEAD_SIZE])
{
    memcpy(head, MAGIC, sizeof MAGIC);
    head[AT_VERSION] = VERSION;
    head[AT_PASSES] = (unsigned char)kdf->passes;
    for (int i = 0; i < 4; i++)
        head[AT_MEMORY + i] = (unsigned char)(kdf->memory_kib >> (8 * i));
    memcpy(head + AT_SALT, kdf->salt, HF_SEAL_SALT_SIZE);
}

int
hf_seal_new(const struct hf_seal_kdf *kdf, const unsigned char key[HF_SEAL_KEY_SIZE],
            hf_seal_sink *sink, void *context, struct hf_seal **ret_seal, struct hf_error *err)
{
    HF_AUTO(hf_seal) struct hf_seal *s = NULL;

    if (start_sodium(err) < 0)
        return -1;
    s = calloc(1, sizeof *s);
    if (!s)
        return hf_error_nomem(err);
    s->sink = sink;
    s->context = context;
    s->first = true;
    put_head(kdf, s->head);
    crypto_secretstream_xchacha20poly1305_init_push(&s->stream, s->head + AT_STREAM, key);
    if (sink(context, s->head, sizeof s->head, err) < 0)
        return -1;
    *ret_seal = hf_steal(&s);
    return 0;
}

static int
write_chunk(struct hf_seal *s, bool last, struct hf_error *err)
{
    unsigned char tag = last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL
                             : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE;

    crypto_secretstream_xchacha20poly1305_push(&s->stream, s->sealed, NULL, s->plain, s->len,
                                               s->first ? s->head : NULL,
                                               s->first ? sizeof s->head : 0, tag);
    s->first = false;
    if (s->sink(s->context, s->sealed, s->len + HF_SEAL_CHUNK_MORE, err) < 0)
        return -1;
    s->len = 0;
    return 0;
}

/* A full chunk waits for the next byte, since it may be the last. */
int
hf_seal_add(struct hf_seal *s, const void *data, size_t len, struct hf_error *err)
{
    const unsigned char *from = data;

    while (len > 0) {
        size_t n = sizeof s->plain - s->len;

        if (n == 0) {
            if (write_chunk(s, false, err) < 0)
                return -1;
            continue;
        }
        if (n > len)
            n = len;
        memcpy(s->plain + s->len, from, n);
        s->len += n;
        from += n;
        len -= n;
    }
    return 0;
}

int
hf_seal_end(struct hf_seal *s, struct hf_error *err)
{
    return write_chunk(s, true, err);
}

void
hf_seal_free(struct hf_seal *s)
{
    if (!s)
        return;
    sodium_memzero(s, sizeof *s);
    free(s);
}

/* ---- reading ---- */

struct hf_unseal {
    struct hf_unseal_ops ops;
    stream_state stream;
    unsigned char head[HF_SEAL_HEAD_SIZE];
    size_t head_len;
    bool first, ended;
    size_t len; /* of sealed */
    unsigned char sealed[SEALED_CHUNK], plain[HF_SEAL_CHUNK];
};

int
hf_unseal_new(const struct hf_unseal_ops *ops, struct hf_unseal **ret_unseal, struct hf_error *err)
{
    struct hf_unseal *u;

    if (start_sodium(err) < 0)
        return -1;
    u = calloc(1, sizeof *u);
    if (!u)
        return hf_error_nomem(err);
    u->ops = *ops;
    u->first = true;
    *ret_unseal = u;
    return 0;
}

static int
read_head(const unsigned char *head, struct hf_seal_kdf *kdf, struct hf_error *err)
{
    if (head[AT_VERSION] != VERSION)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "the backup is of format %u, and this gateway knows %d: it may need a "
                            "newer version of Holdfast",
                            head[AT_VERSION], VERSION);
    kdf->passes = head[AT_PASSES];
    kdf->memory_kib = 0;
    for (int i = 3; i >= 0; i--)
        kdf->memory_kib = kdf->memory_kib << 8 | head[AT_MEMORY + i];
    memcpy(kdf->salt, head + AT_SALT, sizeof kdf->salt);
    if (kdf->passes < 1 || kdf->passes > HF_SEAL_PASSES_MAX ||
        kdf->memory_kib < HF_SEAL_MEMORY_MIN_KIB || kdf->memory_kib > HF_SEAL_MEMORY_MAX_KIB)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "the backup's head is damaged: it asks for %u passes over %u KiB, and "
                            "at most %d over %d are allowed",
                            kdf->passes, kdf->memory_kib, HF_SEAL_PASSES_MAX,
                            HF_SEAL_MEMORY_MAX_KIB);
    return 0;
}

static int
open_stream(struct hf_unseal *u, struct hf_error *err)
{
    unsigned char key[HF_SEAL_KEY_SIZE];
    struct hf_seal_kdf kdf;
    int rc;

    if (read_head(u->head, &kdf, err) < 0 || u->ops.key(u->ops.context, &kdf, key, err) < 0)
        return -1;
    rc = crypto_secretstream_xchacha20poly1305_init_pull(&u->stream, u->head + AT_STREAM, key);
    sodium_memzero(key, sizeof key);
    return rc ? hf_error_set(err, HF_ERROR_INVALID, "the backup's head is damaged") : 0;
}

static int
wrong_magic(struct hf_error *err)
{
    return hf_error_set(err, HF_ERROR_INVALID, "this is no backup of a Holdfast gateway");
}

/* Takes bytes of the head; returns how many, -1 on failure. */
static ssize_t
take_head(struct hf_unseal *u, const unsigned char *data, size_t len, struct hf_error *err)
{
    size_t n = sizeof u->head - u->head_len, known;

    if (n > len)
        n = len;
    memcpy(u->head + u->head_len, data, n);
    u->head_len += n;
    known = u->head_len < sizeof MAGIC ? u->head_len : sizeof MAGIC;
    if (memcmp(u->head, MAGIC, known) != 0)
        return wrong_magic(err);
    if (u->head_len == sizeof u->head && open_stream(u, err) < 0)
        return -1;
    return (ssize_t)n;
}

static int
open_chunk(struct hf_unseal *u, bool last, struct hf_error *err)
{
    unsigned long long len = 0;
    unsigned char tag = 0;
    bool is_final;

    if (u->len < HF_SEAL_CHUNK_MORE)
        return hf_error_set(err, HF_ERROR_INVALID, "the backup is incomplete: its end is missing");
    if (crypto_secretstream_xchacha20poly1305_pull(&u->stream, u->plain, &len, &tag, u->sealed,
                                                   u->len, u->first ? u->head : NULL,
                                                   u->first ? sizeof u->head : 0) != 0) {
        if (u->first)
            return hf_error_set(err, HF_ERROR_INVALID,
                                "that is not the passphrase of this backup, or its beginning is "
                                "damaged");
        return hf_error_set(err, HF_ERROR_INVALID, "the backup is damaged or was changed%s",
                            last ? ", or its end is missing" : "");
    }
    is_final = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    if (is_final && !last)
        return hf_error_set(err, HF_ERROR_INVALID, "there is more behind the end of the backup");
    if (!is_final && last)
        return hf_error_set(err, HF_ERROR_INVALID, "the backup is incomplete: its end is missing");
    u->first = false;
    u->len = 0;
    return len > 0 ? u->ops.sink(u->ops.context, u->plain, (size_t)len, err) : 0;
}

/* A chunk that is there whole waits for the next byte, since it may be the last. */
int
hf_unseal_add(struct hf_unseal *u, const void *data, size_t len, struct hf_error *err)
{
    const unsigned char *from = data;

    while (len > 0) {
        size_t n = sizeof u->sealed - u->len;

        if (u->head_len < sizeof u->head) {
            ssize_t taken = take_head(u, from, len, err);

            if (taken < 0)
                return -1;
            n = (size_t)taken;
        } else if (n == 0) {
            if (open_chunk(u, false, err) < 0)
                return -1;
            continue;
        } else {
            if (n > len)
                n = len;
            memcpy(u->sealed + u->len, from, n);
            u->len += n;
        }
        from += n;
        len -= n;
    }
    return 0;
}

int
hf_unseal_end(struct hf_unseal *u, struct hf_error *err)
{
    if (u->head_len == 0)
        return wrong_magic(err);
    if (u->head_len < sizeof u->head)
        return hf_error_set(err, HF_ERROR_INVALID, "the backup is incomplete: its end is missing");
    return open_chunk(u, true, err);
}

void
hf_unseal_free(struct hf_unseal *u)
{
    if (!u)
        return;
    sodium_memzero(u, sizeof *u);
    free(u);
}
