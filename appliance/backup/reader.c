// SPDX-License-Identifier: Apache-2.0
#include "backup/reader.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { KIB = 1024, MIB = 1024 * KIB };

/* Of the parts that stay in memory. */
static const unsigned most[HF_BACKUP_PART_COUNT] = {
    [HF_BACKUP_MANIFEST] = HF_BACKUP_MANIFEST_MAX,
    [HF_BACKUP_STATE] = 4 * MIB,
    [HF_BACKUP_CONFIG] = 4 * MIB,
    [HF_BACKUP_RELEASE] = MIB,
    [HF_BACKUP_SIGNATURE] = 4 * KIB,
    [HF_BACKUP_OWN_PEM] = 64 * KIB,
    [HF_BACKUP_SITE_PEM] = 128 * KIB,
    [HF_BACKUP_CA_PEM] = 128 * KIB,
};

static const char *const lanes[HF_BACKUP_PART_COUNT] = {
    [HF_BACKUP_RECORDS_ALARM] = "alarm",
    [HF_BACKUP_RECORDS_NORMAL] = "normal",
    [HF_BACKUP_RECORDS_BULK] = "bulk",
};

struct hf_backup_reader {
    struct hf_backup_reader_ops ops;
    int64_t schema;
    struct hf_unseal *unseal;
    struct hf_unpack unpack;
    struct hf_backup_manifest manifest;
    struct hf_buf parts[HF_BACKUP_PART_COUNT];
    struct hf_backup_lines lines;
};

/* ---- what the unpacker says ---- */

static int
begin_part(void *context, enum hf_backup_part part, struct hf_error *err)
{
    struct hf_backup_reader *r = context;

    r->parts[part].max = most[part];
    (void)err;
    return 0;
}

static int
add_to_part(void *context, enum hf_backup_part part, const void *data, size_t len,
            struct hf_error *err)
{
    struct hf_backup_reader *r = context;

    if (lanes[part])
        return hf_backup_lines_add(&r->lines, lanes[part], data, len, r->ops.records,
                                   r->ops.context, err);
    if (hf_buf_add(&r->parts[part], data, len, NULL) < 0)
        return hf_error_set(err, HF_ERROR_INVALID, "part %d of the backup is too long", (int)part);
    return 0;
}

static int
end_part(void *context, enum hf_backup_part part, struct hf_error *err)
{
    struct hf_backup_reader *r = context;
    const struct hf_buf *b = &r->parts[part];

    if (lanes[part])
        return hf_backup_lines_end(&r->lines, err);
    if (b->len > 0 && !hf_text_utf8(b->data, b->len))
        return hf_error_set(err, HF_ERROR_INVALID, "part %d of the backup is no text", (int)part);
    return part == HF_BACKUP_MANIFEST ? hf_backup_manifest_parse(b->len > 0 ? b->data : "", b->len,
                                                                 r->schema, &r->manifest, err)
                                      : 0;
}

/* ---- what is unsealed ---- */

static int
take_plain(void *context, const void *data, size_t len, struct hf_error *err)
{
    struct hf_backup_reader *r = context;
    const struct hf_unpack_ops ops = {r, begin_part, add_to_part, end_part};

    return hf_unpack_add(&r->unpack, &ops, data, len, err);
}

static int
make_key(void *context, const struct hf_seal_kdf *kdf, unsigned char ret_key[HF_SEAL_KEY_SIZE],
         struct hf_error *err)
{
    const struct hf_backup_reader *r = context;

    return r->ops.key(r->ops.context, kdf, ret_key, err);
}

/* ---- */

int
hf_backup_reader_new(const struct hf_backup_reader_ops *ops, int64_t schema,
                     struct hf_backup_reader **ret_reader, struct hf_error *err)
{
    HF_AUTO(hf_backup_reader) struct hf_backup_reader *r = calloc(1, sizeof *r);
    const struct hf_unseal_ops unseal = {.context = r, .key = make_key, .sink = take_plain};

    if (!r)
        return hf_error_nomem(err);
    r->ops = *ops;
    r->schema = schema;
    hf_backup_lines_init(&r->lines);
    if (hf_unseal_new(&unseal, &r->unseal, err) < 0)
        return -1;
    *ret_reader = hf_steal(&r);
    return 0;
}

void
hf_backup_reader_free(struct hf_backup_reader *r)
{
    if (!r)
        return;
    hf_unseal_free(r->unseal);
    for (size_t i = 0; i < HF_LEN(r->parts); i++) {
        if (r->parts[i].data)
            explicit_bzero(r->parts[i].data, r->parts[i].len);
        hf_buf_done(&r->parts[i]);
    }
    hf_backup_lines_done(&r->lines);
    free(r);
}

int
hf_backup_reader_add(struct hf_backup_reader *r, const void *data, size_t len, struct hf_error *err)
{
    return hf_unseal_add(r->unseal, data, len, err);
}

int
hf_backup_reader_end(struct hf_backup_reader *r, struct hf_error *err)
{
    if (hf_unseal_end(r->unseal, err) < 0 || hf_unpack_end(&r->unpack, err) < 0)
        return -1;
    if (!r->parts[HF_BACKUP_STATE].len || !r->parts[HF_BACKUP_CONFIG].len)
        return hf_error_set(err, HF_ERROR_INVALID, "the backup says nothing of the gateway");
    return 0;
}

const struct hf_backup_manifest *
hf_backup_reader_manifest(const struct hf_backup_reader *r)
{
    return &r->manifest;
}

const char *
hf_backup_reader_text(const struct hf_backup_reader *r, enum hf_backup_part part)
{
    return r->parts[part].data;
}

uint64_t
hf_backup_reader_records(const struct hf_backup_reader *r, uint64_t *ret_left_out)
{
    *ret_left_out = r->lines.left_out;
    return r->lines.records;
}
