// SPDX-License-Identifier: Apache-2.0
#include "forwarder/codec.h"

#include <zlib.h>
#include <zstd.h>

enum {
    ZSTD_LEVEL = 1, /* only spans that are cut again come here; the buffer compressed the rest */
    ZSTD_WINDOW_LOG = 20, /* 1 MiB: what a small receiver has */
    GZIP_LEVEL = 6,
    GZIP_WINDOW_BITS = 15 + 16, /* zlib: +16 is the gzip format */
    GZIP_MEM_LEVEL = 8,
};

struct hf_codec {
    ZSTD_DCtx *unzstd;
    ZSTD_CCtx *zstd; /* NULL until it is needed */
    z_stream gzip;
    int gzip_ready;
};

int
hf_codec_new(struct hf_codec **ret_codec, struct hf_error *err)
{
    HF_AUTO(hf_codec) struct hf_codec *c = calloc(1, sizeof *c);

    if (!c || !(c->unzstd = ZSTD_createDCtx()))
        return hf_error_nomem(err);
    *ret_codec = hf_steal(&c);
    return 0;
}

void
hf_codec_free(struct hf_codec *c)
{
    if (!c)
        return;
    ZSTD_freeDCtx(c->unzstd);
    ZSTD_freeCCtx(c->zstd);
    if (c->gzip_ready)
        deflateEnd(&c->gzip);
    free(c);
}

int
hf_codec_unzstd(struct hf_codec *c, const void *frame, size_t len, size_t raw_len,
                struct hf_buf *out, struct hf_error *err)
{
    char *to;
    size_t n;

    hf_buf_clear(out);
    to = hf_buf_reserve(out, raw_len);
    if (!to)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "a batch of %zu bytes is too large", raw_len);
    if (ZSTD_findFrameCompressedSize(frame, len) != len)
        return hf_error_set(err, HF_ERROR_UPSTREAM, "not one whole zstd frame");
    n = ZSTD_decompressDCtx(c->unzstd, to, raw_len, frame, len);
    if (ZSTD_isError(n) || n != raw_len)
        return hf_error_set(err, HF_ERROR_UPSTREAM, "the zstd frame is damaged: %s",
                            ZSTD_isError(n) ? ZSTD_getErrorName(n) : "its length differs");
    out->len = n;
    out->data[n] = '\0';
    return 0;
}

static int
make_zstd(struct hf_codec *c, struct hf_error *err)
{
    c->zstd = ZSTD_createCCtx();
    if (!c->zstd)
        return hf_error_nomem(err);
    ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL);
    ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_windowLog, ZSTD_WINDOW_LOG);
    ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_checksumFlag, 1);
    return 0;
}

int
hf_codec_zstd(struct hf_codec *c, const void *data, size_t len, struct hf_buf *out,
              struct hf_error *err)
{
    size_t bound = ZSTD_compressBound(len), n;
    char *to;

    if (!c->zstd && make_zstd(c, err) < 0)
        return -1;
    hf_buf_clear(out);
    to = hf_buf_reserve(out, bound);
    if (!to)
        return hf_error_nomem(err);
    n = ZSTD_compress2(c->zstd, to, bound, data, len);
    if (ZSTD_isError(n))
        return hf_error_set(err, HF_ERROR_INTERNAL, "zstd: %s", ZSTD_getErrorName(n));
    out->len = n;
    out->data[n] = '\0';
    return 0;
}

int
hf_codec_gzip(struct hf_codec *c, const void *data, size_t len, struct hf_buf *out,
              struct hf_error *err)
{
    size_t bound;
    char *to;

    if (!c->gzip_ready && deflateInit2(&c->gzip, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW_BITS,
                                       GZIP_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
        return hf_error_nomem(err);
    c->gzip_ready = 1;
    deflateReset(&c->gzip);
    bound = deflateBound(&c->gzip, len);
    hf_buf_clear(out);
    to = hf_buf_reserve(out, bound);
    if (!to)
        return hf_error_nomem(err);
    c->gzip.next_in = (Bytef *)(uintptr_t)data;
    c->gzip.avail_in = (uInt)len;
    c->gzip.next_out = (Bytef *)to;
    c->gzip.avail_out = (uInt)bound;
    if (deflate(&c->gzip, Z_FINISH) != Z_STREAM_END)
        return hf_error_set(err, HF_ERROR_INTERNAL, "gzip failed");
    out->len = bound - c->gzip.avail_out;
    out->data[out->len] = '\0';
    return 0;
}
