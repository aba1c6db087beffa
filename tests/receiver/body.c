// SPDX-License-Identifier: Apache-2.0
#include "receiver/body.h"

#include "receiver/event.h"

#include <stdbool.h>

#include <string.h>
#include <strings.h>
#include <zlib.h>
#include <zstd.h>

enum { STEP = 256 * 1024, GZIP_WINDOW_BITS = 15 + 16 };

static int
cut_off(struct hf_error *err, const char *what)
{
    return hf_error_set(err, HF_ERROR_MALFORMED, "the body is no whole %s", what);
}

/* One frame and nothing behind it (RFC 8878). */
static int
unzstd(const struct hf_buf *in, struct hf_buf *out, struct hf_error *err)
{
    ZSTD_DStream *stream = ZSTD_createDStream();
    ZSTD_inBuffer from = {.src = in->data, .size = in->len};
    size_t left = 1;
    int rc = stream ? 0 : hf_error_nomem(err);

    while (rc == 0 && left) {
        char *to = hf_buf_reserve(out, STEP);
        ZSTD_outBuffer piece = {.dst = to, .size = STEP};
        size_t before = from.pos;

        if (!to) {
            rc = hf_error_set(err, HF_ERROR_TOO_LARGE, "more than %zu bytes", out->max);
            break;
        }
        left = ZSTD_decompressStream(stream, &piece, &from);
        out->len += piece.pos;
        out->data[out->len] = '\0';
        if (ZSTD_isError(left) || (left && piece.pos == 0 && from.pos == before))
            rc = cut_off(err, "zstd frame");
    }
    ZSTD_freeDStream(stream);
    return rc == 0 && from.pos != from.size ? cut_off(err, "single zstd frame") : rc;
}

static int
ungzip(const struct hf_buf *in, struct hf_buf *out, struct hf_error *err)
{
    z_stream z = {.next_in = (Bytef *)in->data, .avail_in = (uInt)in->len};
    int rc = 0, step = Z_OK;

    if (inflateInit2(&z, GZIP_WINDOW_BITS) != Z_OK)
        return hf_error_nomem(err);
    while (rc == 0 && step != Z_STREAM_END) {
        char *to = hf_buf_reserve(out, STEP);

        if (!to) {
            rc = hf_error_set(err, HF_ERROR_TOO_LARGE, "more than %zu bytes", out->max);
            break;
        }
        z.next_out = (Bytef *)to;
        z.avail_out = STEP;
        step = inflate(&z, Z_NO_FLUSH);
        out->len += STEP - z.avail_out;
        out->data[out->len] = '\0';
        if (step != Z_OK && step != Z_STREAM_END)
            rc = cut_off(err, "gzip member");
    }
    inflateEnd(&z);
    return rc == 0 && z.avail_in ? cut_off(err, "single gzip member") : rc;
}

static void
swap(struct hf_buf *a, struct hf_buf *b)
{
    struct hf_buf kept = *a;

    *a = *b;
    *b = kept;
    hf_buf_clear(b);
}

static int
decode(const char *encoding, struct hf_buf *body, struct hf_buf *other, struct hf_error *err)
{
    int rc;

    if (!encoding || !*encoding || strcasecmp(encoding, "identity") == 0)
        return 0;
    hf_buf_clear(other);
    if (strcasecmp(encoding, "zstd") == 0)
        rc = unzstd(body, other, err);
    else if (strcasecmp(encoding, "gzip") == 0)
        rc = ungzip(body, other, err);
    else
        return hf_error_set(err, HF_ERROR_INVALID, "the encoding is none of zstd and gzip");
    if (rc == 0)
        swap(body, other);
    return rc;
}

int
hf_body_lines(const char *type, const char *encoding, struct hf_buf *body, struct hf_buf *lines,
              struct hf_error *err)
{
    bool events = type && strcmp(type, "application/cloudevents-batch+json") == 0;

    if (!events && (!type || strcmp(type, "application/x-ndjson") != 0))
        return hf_error_set(err, HF_ERROR_INVALID, "neither NDJSON nor a batch of CloudEvents");
    if (decode(encoding, body, lines, err) < 0)
        return -1;
    if (events) {
        hf_buf_clear(lines);
        return hf_event_lines(body->data ? body->data : "", body->len, lines, err);
    }
    swap(lines, body);
    return 0;
}
