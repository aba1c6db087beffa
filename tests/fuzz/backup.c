// SPDX-License-Identifier: Apache-2.0
/*
 * A backup that comes in. With a first byte of 0 the rest is the file: what comes out of it is what
 * was sealed into the seed, since nobody can make another one without the key. Else the rest is
 * what the file holds: read at once and byte by byte it is the same, and each record is a line that
 * the buffer's reader can take.
 */
#include "backup/reader.h"
#include "json/json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OUT_MAX = 4 * 1024 * 1024 };

static const char SEALED[] = "what is sealed in the seed";
static const unsigned char KEY[HF_SEAL_KEY_SIZE] = "the key of each of the seeds  ";

static int
key(void *context, const struct hf_seal_kdf *kdf, unsigned char ret_key[HF_SEAL_KEY_SIZE],
    struct hf_error *err)
{
    (void)context, (void)err;
    if (kdf->passes > HF_SEAL_PASSES_MAX || kdf->memory_kib > HF_SEAL_MEMORY_MAX_KIB)
        __builtin_trap();
    memcpy(ret_key, KEY, sizeof KEY);
    return 0;
}

static int
keep(void *context, const void *data, size_t len, struct hf_error *err)
{
    return hf_buf_add(context, data, len, err);
}

/* ---- the file ---- */

static void
read_file(const uint8_t *data, size_t size)
{
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(OUT_MAX);
    const struct hf_unseal_ops ops = {.context = &out, .key = key, .sink = keep};
    HF_AUTO(hf_unseal) struct hf_unseal *u = NULL;

    if (hf_unseal_new(&ops, &u, NULL) < 0)
        return;
    if (hf_unseal_add(u, data, size, NULL) == 0)
        (void)!hf_unseal_end(u, NULL);
    if (out.len > 0 && (out.len != sizeof SEALED - 1 || memcmp(out.data, SEALED, out.len) != 0))
        __builtin_trap();
}

/* ---- what it holds ---- */

static int
check_record(void *context, const void *data, size_t len, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf compact = HF_BUF_INIT(OUT_MAX);
    const char *line = data;

    if (len < 2 || line[len - 1] != '\n' || memchr(line, '\n', len - 1) ||
        !hf_json_compact(line, len - 1, &compact) || strncmp(line, "{\"lane\":\"", 9) != 0)
        __builtin_trap();
    return hf_buf_add(context, data, len, err);
}

struct result {
    int rc;
    struct hf_error err;
    struct hf_buf out;
};

static void
read_held(const struct hf_buf *file, size_t step, struct result *r)
{
    const struct hf_backup_reader_ops ops = {&r->out, key, check_record};
    HF_AUTO(hf_backup_reader) struct hf_backup_reader *reader = NULL;

    *r = (struct result){.out = HF_BUF_INIT(OUT_MAX)};
    r->rc = hf_backup_reader_new(&ops, 7, &reader, &r->err);
    for (size_t at = 0; at < file->len && r->rc == 0; at += step)
        r->rc = hf_backup_reader_add(reader, file->data + at,
                                     file->len - at < step ? file->len - at : step, &r->err);
    if (r->rc == 0)
        r->rc = hf_backup_reader_end(reader, &r->err);
    if (r->rc == 0 && (!hf_backup_reader_text(reader, HF_BACKUP_STATE) ||
                       hf_backup_reader_manifest(reader)->schema > 7))
        __builtin_trap();
}

static void
read_what_it_holds(const uint8_t *data, size_t size)
{
    static const struct hf_seal_kdf kdf = {.passes = 1, .memory_kib = HF_SEAL_MEMORY_MIN_KIB};
    HF_AUTO_BUF struct hf_buf file = HF_BUF_INIT(OUT_MAX);
    HF_AUTO(hf_seal) struct hf_seal *s = NULL;
    struct result whole, bytes;

    if (hf_seal_new(&kdf, KEY, keep, &file, &s, NULL) < 0 || hf_seal_add(s, data, size, NULL) < 0 ||
        hf_seal_end(s, NULL) < 0)
        __builtin_trap();
    read_held(&file, file.len, &whole);
    read_held(&file, 1, &bytes);
    if (whole.rc != bytes.rc || strcmp(whole.err.message, bytes.err.message) != 0 ||
        whole.out.len != bytes.out.len ||
        (whole.out.len && memcmp(whole.out.data, bytes.out.data, whole.out.len) != 0))
        __builtin_trap();
    hf_buf_done(&whole.out);
    hf_buf_done(&bytes.out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    if (data[0] == 0)
        read_file(data + 1, size - 1);
    else
        read_what_it_holds(data + 1, size - 1);
    return 0;
}
