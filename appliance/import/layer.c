// SPDX-License-Identifier: Apache-2.0
#include "import/layer.h"

#include "base/text.h"

#include <string.h>
#include <zlib.h>

enum {
    OUT_BYTES = 32 * 1024,
    GZIP_WINDOW = 15 + 16, /* zlib.h: 16 more for gzip alone */
};

static const uint64_t RATIO_FROM = 64 * UINT64_C(1024) * 1024;

struct hf_layer {
    bool gzip, has_stream;
    bool between; /* members of a gzip stream; nothing of the next has come */
    z_stream stream;
    struct hf_layer_limits limits;
    char diff_id[HF_DIGEST_SIZE];
    uint64_t unpacked;
    struct hf_sha256 hash;
    struct hf_entries entries;
    char out[OUT_BYTES];
};

int
hf_layer_new(bool gzip, const char *diff_id, const struct hf_layer_limits *limits,
             struct hf_layer **ret_layer, struct hf_error *err)
{
    HF_AUTO(hf_layer) struct hf_layer *l = calloc(1, sizeof *l);

    if (!l)
        return hf_error_nomem(err);
    l->gzip = gzip;
    l->between = true;
    l->limits = *limits;
    hf_text_put(l->diff_id, sizeof l->diff_id, "%s", diff_id);
    hf_sha256_begin(&l->hash);
    hf_entries_init(&l->entries);
    if (gzip && inflateInit2(&l->stream, GZIP_WINDOW) != Z_OK)
        return hf_error_nomem(err);
    l->has_stream = gzip;
    /* No CRC-32 of what the diff id proves better. */
    if (gzip && inflateValidate(&l->stream, 0) != Z_OK)
        return hf_error_nomem(err);
    *ret_layer = hf_steal(&l);
    return 0;
}

void
hf_layer_free(struct hf_layer *l)
{
    if (!l)
        return;
    if (l->has_stream)
        inflateEnd(&l->stream);
    hf_entries_done(&l->entries);
    free(l);
}

uint64_t
hf_layer_unpacked(const struct hf_layer *l)
{
    return l->unpacked;
}

static int
take(struct hf_layer *l, const char *data, size_t len, struct hf_error *err)
{
    l->unpacked += len;
    if (l->unpacked > l->limits.unpacked_max)
        return hf_error_set(err, HF_ERROR_NO_SPACE,
                            "it unpacks to more than the %llu MB that the disk has room for",
                            (unsigned long long)(l->limits.unpacked_max / 1000000));
    if (l->unpacked > RATIO_FROM && l->unpacked / HF_LAYER_RATIO_MAX > l->limits.size)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "it unpacks to more than %d times its size, as a decompression bomb "
                            "does",
                            HF_LAYER_RATIO_MAX);
    hf_sha256_add(&l->hash, data, len);
    return hf_entries_feed(&l->entries, data, len, err);
}

static int
damaged(const struct hf_layer *l, struct hf_error *err)
{
    return hf_error_set(err, HF_ERROR_INVALID, "its gzip stream is damaged%s%s",
                        l->stream.msg ? ": " : "", l->stream.msg ? l->stream.msg : "");
}

/* Inflates what is in stream until it takes no more. */
static int
inflate_all(struct hf_layer *l, struct hf_error *err)
{
    int rc;

    do {
        l->stream.next_out = (Bytef *)l->out;
        l->stream.avail_out = sizeof l->out;
        l->between = false;
        rc = inflate(&l->stream, Z_NO_FLUSH);
        if (rc == Z_MEM_ERROR)
            return hf_error_nomem(err);
        if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
            return damaged(l, err);
        if (take(l, l->out, sizeof l->out - l->stream.avail_out, err) < 0)
            return -1;
        if (rc == Z_STREAM_END) {
            l->between = true;
            if (inflateReset(&l->stream) != Z_OK)
                return damaged(l, err);
        }
    } while (l->stream.avail_in > 0 || (rc == Z_OK && l->stream.avail_out == 0));
    return 0;
}

int
hf_layer_feed(struct hf_layer *l, const char *data, size_t len, struct hf_error *err)
{
    if (len == 0)
        return 0;
    if (!l->gzip)
        return take(l, data, len, err);
    l->stream.next_in = (Bytef *)(uintptr_t)data;
    l->stream.avail_in = (uInt)len;
    return inflate_all(l, err);
}

int
hf_layer_end(struct hf_layer *l, struct hf_error *err)
{
    char found[HF_DIGEST_SIZE];

    if (l->gzip && !l->between)
        return hf_error_set(err, HF_ERROR_INVALID, "its gzip stream is cut off");
    if (hf_entries_end(&l->entries, err) < 0)
        return -1;
    hf_sha256_end(&l->hash, found);
    if (strcmp(found, l->diff_id) != 0)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "it unpacks to %s, but the image's configuration says %s", found,
                            l->diff_id);
    return 0;
}
