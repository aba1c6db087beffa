// SPDX-License-Identifier: Apache-2.0
#include "buffer/block.h"

#include <pthread.h>
#include <stdbool.h>
#include <zstd.h>

/* Level 1 is where a small box keeps up; a window of 1 MiB covers a block and bounds what both ends
 * need in memory. Level 9 makes a tenth less of lines and takes seven times as long; its tables are
 * cut to a quarter, which loses a hundredth of that and keeps it below a megabyte. */
enum { LEVEL = 1, TIGHT_LEVEL = 9, TIGHT_TABLE_LOG = 16, WINDOW_LOG = 20, OUT_STEP = 256 * 1024 };

/* One context is kept, since the owner packs again and again; others go when they are done, or each
 * thread that ever packed would keep a megabyte. */
static pthread_mutex_t kept_lock = PTHREAD_MUTEX_INITIALIZER;
static ZSTD_CCtx *kept;

static ZSTD_CCtx *
take_context(void)
{
    ZSTD_CCtx *ctx;

    pthread_mutex_lock(&kept_lock);
    ctx = kept;
    kept = NULL;
    pthread_mutex_unlock(&kept_lock);
    return ctx ? ctx : ZSTD_createCCtx();
}

static void
give_context(ZSTD_CCtx *ctx)
{
    pthread_mutex_lock(&kept_lock);
    if (!kept) {
        kept = ctx;
        ctx = NULL;
    }
    pthread_mutex_unlock(&kept_lock);
    ZSTD_freeCCtx(ctx);
}

static int
pack(const void *lines, size_t len, bool tight, struct hf_buf *frame, struct hf_error *err)
{
    ZSTD_CCtx *ctx;
    size_t bound = ZSTD_compressBound(len), done;
    char *to = hf_buf_reserve(frame, bound);

    if (!to)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "a block of %zu bytes is too large", len);
    ctx = take_context();
    if (!ctx)
        return hf_error_nomem(err);
    (void)ZSTD_CCtx_reset(ctx, ZSTD_reset_session_and_parameters);
    (void)ZSTD_CCtx_setParameter(ctx, ZSTD_c_compressionLevel, tight ? TIGHT_LEVEL : LEVEL);
    (void)ZSTD_CCtx_setParameter(ctx, ZSTD_c_windowLog, WINDOW_LOG);
    if (tight) {
        (void)ZSTD_CCtx_setParameter(ctx, ZSTD_c_hashLog, TIGHT_TABLE_LOG);
        (void)ZSTD_CCtx_setParameter(ctx, ZSTD_c_chainLog, TIGHT_TABLE_LOG);
    }
    done = ZSTD_compress2(ctx, to, bound, lines, len);
    give_context(ctx);
    if (ZSTD_isError(done))
        return hf_error_set(err, HF_ERROR_INTERNAL, "cannot compress: %s", ZSTD_getErrorName(done));
    frame->len += done;
    frame->data[frame->len] = '\0';
    return 0;
}

int
hf_block_pack(const void *lines, size_t len, struct hf_buf *frame, struct hf_error *err)
{
    return pack(lines, len, false, frame, err);
}

int
hf_block_pack_tight(const void *lines, size_t len, struct hf_buf *frame, struct hf_error *err)
{
    return pack(lines, len, true, frame, err);
}

static int
unpack_some(ZSTD_DCtx *ctx, ZSTD_inBuffer *in, struct hf_buf *lines, size_t *ret_left,
            struct hf_error *err)
{
    size_t room = lines->max - lines->len;
    ZSTD_outBuffer out = {.size = room < OUT_STEP ? room : OUT_STEP};
    size_t before = in->pos;

    out.dst = room ? hf_buf_reserve(lines, out.size) : NULL;
    if (!out.dst)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "a block holds more than %zu bytes",
                            lines->max);
    *ret_left = ZSTD_decompressStream(ctx, &out, in);
    if (ZSTD_isError(*ret_left))
        return hf_error_set(err, HF_ERROR_MALFORMED, "a block cannot be read: %s",
                            ZSTD_getErrorName(*ret_left));
    lines->len += out.pos;
    lines->data[lines->len] = '\0';
    if (*ret_left && out.pos == 0 && in->pos == before)
        return hf_error_set(err, HF_ERROR_MALFORMED, "a block ends in the middle");
    return 0;
}

int
hf_block_unpack(const void *frames, size_t len, struct hf_buf *lines, struct hf_error *err)
{
    ZSTD_inBuffer in = {.src = frames, .size = len};
    ZSTD_DCtx *ctx = ZSTD_createDCtx();
    size_t left = 0;
    int rc = ctx ? 0 : hf_error_nomem(err);

    if (ctx)
        (void)ZSTD_DCtx_setParameter(ctx, ZSTD_d_windowLogMax, WINDOW_LOG);
    while (rc == 0 && (in.pos < in.size || left))
        rc = unpack_some(ctx, &in, lines, &left, err);
    ZSTD_freeDCtx(ctx);
    return rc;
}
