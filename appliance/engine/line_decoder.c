// SPDX-License-Identifier: Apache-2.0
#include "engine/line_decoder.h"

#include <string.h>

void
hf_line_decoder_init(struct hf_line_decoder *d, hf_line_sink *sink, void *context)
{
    *d = (struct hf_line_decoder){
        .line = HF_BUF_INIT(HF_LINE_BYTES_MAX),
        .sink = sink,
        .context = context,
    };
}

void
hf_line_decoder_done(struct hf_line_decoder *d)
{
    hf_buf_done(&d->line);
}

static int
emit(struct hf_line_decoder *d, bool cut, struct hf_error *err)
{
    size_t len = d->line.len;
    int result;

    if (!cut && len > 0 && d->line.data[len - 1] == '\r')
        len--;
    result = d->sink(d->context, d->line.data ? d->line.data : "", len, cut, err);
    hf_buf_clear(&d->line);
    return result;
}

/* A piece without line end. */
static int
keep(struct hf_line_decoder *d, const char *data, size_t len, struct hf_error *err)
{
    size_t room = HF_LINE_BYTES_MAX - d->line.len;

    if (d->skipping)
        return 0;
    if (hf_buf_add(&d->line, data, len < room ? len : room, err) < 0)
        return -1;
    if (len <= room)
        return 0;
    d->skipping = true;
    return emit(d, true, err);
}

int
hf_line_decoder_feed(struct hf_line_decoder *d, const char *data, size_t len, struct hf_error *err)
{
    while (len > 0) {
        const char *end = memchr(data, '\n', len);
        size_t piece = end ? (size_t)(end - data) : len;

        if (keep(d, data, piece, err) < 0)
            return -1;
        if (!end)
            return 0;
        if (d->skipping)
            d->skipping = false;
        else if (emit(d, false, err) < 0)
            return -1;
        data += piece + 1;
        len -= piece + 1;
    }
    return 0;
}
