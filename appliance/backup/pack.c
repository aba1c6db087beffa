// SPDX-License-Identifier: Apache-2.0
#include "backup/pack.h"

/* ---- writing ---- */

static int
put_length(struct hf_seal *s, size_t len, struct hf_error *err)
{
    unsigned char head[4];

    for (int i = 0; i < 4; i++)
        head[i] = (unsigned char)(len >> (8 * i));
    return hf_seal_add(s, head, sizeof head, err);
}

int
hf_pack_begin(struct hf_seal *s, enum hf_backup_part part, struct hf_error *err)
{
    unsigned char number = (unsigned char)part;

    return hf_seal_add(s, &number, 1, err);
}

int
hf_pack_add(struct hf_seal *s, const void *data, size_t len, struct hf_error *err)
{
    const char *from = data;

    while (len > 0) {
        size_t n = len < HF_PACK_PIECE_MAX ? len : HF_PACK_PIECE_MAX;

        if (put_length(s, n, err) < 0 || hf_seal_add(s, from, n, err) < 0)
            return -1;
        from += n;
        len -= n;
    }
    return 0;
}

int
hf_pack_end(struct hf_seal *s, struct hf_error *err)
{
    return put_length(s, 0, err);
}

int
hf_pack_put(struct hf_seal *s, enum hf_backup_part part, const void *data, size_t len,
            struct hf_error *err)
{
    if (hf_pack_begin(s, part, err) < 0 || hf_pack_add(s, data, len, err) < 0)
        return -1;
    return hf_pack_end(s, err);
}

int
hf_pack_finish(struct hf_seal *s, struct hf_error *err)
{
    return hf_pack_begin(s, HF_BACKUP_END, err) < 0 ? -1 : hf_seal_end(s, err);
}

/* ---- reading ---- */

static int
begin_part(struct hf_unpack *u, const struct hf_unpack_ops *ops, unsigned number,
           struct hf_error *err)
{
    if (u->ended)
        return hf_error_set(err, HF_ERROR_INVALID, "there is more behind the end of the backup");
    if (number == HF_BACKUP_END) {
        u->ended = true;
        return 0;
    }
    if (number >= HF_BACKUP_PART_COUNT)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "the backup has a part %u, which this version of Holdfast does not "
                            "know",
                            number);
    if (number <= (unsigned)u->last || (u->last == 0 && number != HF_BACKUP_MANIFEST))
        return hf_error_set(err, HF_ERROR_INVALID, "the parts of the backup are in disorder");
    u->part = u->last = (enum hf_backup_part)number;
    return ops->begin(ops->context, u->part, err);
}

/* A byte of a piece's length. */
static int
take_length(struct hf_unpack *u, const struct hf_unpack_ops *ops, unsigned char byte,
            struct hf_error *err)
{
    enum hf_backup_part part = u->part;

    u->head[u->head_len++] = byte;
    if (u->head_len < sizeof u->head)
        return 0;
    u->head_len = 0;
    for (int i = 3; i >= 0; i--)
        u->left = u->left << 8 | u->head[i];
    if (u->left > HF_PACK_PIECE_MAX)
        return hf_error_set(err, HF_ERROR_INVALID, "a piece of the backup is too long");
    if (u->left > 0)
        return 0;
    u->part = HF_BACKUP_END;
    return ops->end(ops->context, part, err);
}

int
hf_unpack_add(struct hf_unpack *u, const struct hf_unpack_ops *ops, const void *data, size_t len,
              struct hf_error *err)
{
    const unsigned char *from = data;

    while (len > 0) {
        size_t n = 1;
        int rc;

        if (u->part == HF_BACKUP_END) {
            rc = begin_part(u, ops, *from, err);
        } else if (u->left == 0) {
            rc = take_length(u, ops, *from, err);
        } else {
            n = u->left < len ? u->left : len;
            rc = ops->add(ops->context, u->part, from, n, err);
            u->left -= (uint32_t)n;
        }
        if (rc < 0)
            return -1;
        from += n;
        len -= n;
    }
    return 0;
}

int
hf_unpack_end(const struct hf_unpack *u, struct hf_error *err)
{
    if (u->ended)
        return 0;
    return hf_error_set(err, HF_ERROR_INVALID, "the backup is incomplete: a part of it is missing");
}
