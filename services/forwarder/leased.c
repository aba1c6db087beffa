// SPDX-License-Identifier: Apache-2.0
#include "forwarder/leased.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { KEEP_BYTES = 128 * 1024 };

int
hf_leased_init(struct hf_leased *b, struct hf_error *err)
{
    *b = (struct hf_leased){.lines = HF_BUF_INIT(HF_LEASED_MAX)};
    hf_http_response_init(&b->answer, HF_LEASED_MAX);
    return hf_codec_new(&b->codec, err);
}

void
hf_leased_done(struct hf_leased *b)
{
    hf_http_response_done(&b->answer);
    hf_buf_done(&b->lines);
    free(b->starts);
    hf_codec_free(b->codec);
    *b = (struct hf_leased){0};
}

static bool
header(const struct hf_leased *b, const char *name, char out[HF_LEASED_NAME_MAX])
{
    return hf_http_header(&b->answer, name, out, HF_LEASED_NAME_MAX) && *out;
}

static bool
number(const struct hf_leased *b, const char *name, uint64_t *ret_value)
{
    char text[HF_LEASED_NAME_MAX];

    return header(b, name, text) && hf_text_u64(text, ret_value);
}

int
hf_leased_take(struct hf_leased *b, const char *gateway, struct hf_error *err)
{
    char encoding[HF_LEASED_NAME_MAX] = "", more[HF_LEASED_NAME_MAX] = "";
    uint64_t count, raw = b->answer.body.len, first, last;

    hf_buf_clear(&b->lines);
    b->indexed = false;
    (void)header(b, "Content-Encoding", encoding);
    (void)header(b, "Holdfast-More", more);
    b->is_frame = strcasecmp(encoding, "zstd") == 0;
    b->more = strcmp(more, "0") != 0 && strcmp(more, "") != 0 && strcmp(more, "false") != 0;
    if (!header(b, "Holdfast-Lane", b->lane) || !header(b, "Holdfast-Epoch", b->epoch) ||
        !header(b, "Holdfast-First", b->first) || !header(b, "Holdfast-Last", b->last) ||
        !hf_text_u64(b->first, &first) || !hf_text_u64(b->last, &last) || first > last ||
        !number(b, "Holdfast-Count", &count) || !count || count > last - first + 1)
        return hf_error_set(err, HF_ERROR_UPSTREAM, "buffer: the lease has no span");
    if ((!number(b, "Holdfast-Raw-Bytes", &raw) && b->is_frame) || !raw || raw > HF_LEASED_MAX)
        return hf_error_set(err, HF_ERROR_UPSTREAM, "buffer: the lease does not say its size");
    b->count = count;
    b->raw_bytes = b->is_frame ? raw : b->answer.body.len;
    snprintf(b->gateway, sizeof b->gateway, "%s", gateway);
    snprintf(b->key, sizeof b->key, "%s/%s/%s-%s", gateway, b->epoch, b->first, b->last);
    return 0;
}

bool
hf_leased_frame(const struct hf_leased *b, struct hf_slice *ret_frame)
{
    *ret_frame = (struct hf_slice){.data = b->answer.body.data, .len = b->answer.body.len};
    return b->is_frame;
}

static int
index_lines(struct hf_leased *b, struct hf_slice all, struct hf_error *err)
{
    size_t at = 0, n = 0;

    if (b->starts_cap < b->count + 1) {
        size_t *grown = realloc(b->starts, (b->count + 1) * sizeof *grown);

        if (!grown)
            return hf_error_nomem(err);
        b->starts = grown;
        b->starts_cap = b->count + 1;
    }
    while (at < all.len && n < b->count) {
        const char *end = memchr(all.data + at, '\n', all.len - at);

        b->starts[n] = at;
        if (!end)
            break;
        at = (size_t)(end - all.data) + 1;
        n++;
    }
    if (n != b->count || at != all.len)
        return hf_error_set(err, HF_ERROR_UPSTREAM, "buffer: the lease has not %zu whole lines",
                            b->count);
    b->starts[n] = at;
    b->indexed = true;
    return 0;
}

/* All lines, made and counted once for a batch. */
static int
open_lines(struct hf_leased *b, struct hf_slice *ret_all, struct hf_error *err)
{
    if (b->is_frame && !b->lines.len &&
        hf_codec_unzstd(b->codec, b->answer.body.data, b->answer.body.len, b->raw_bytes, &b->lines,
                        err) < 0)
        return hf_error_wrap(err, "buffer");
    *ret_all = b->is_frame
                   ? (struct hf_slice){.data = b->lines.data, .len = b->lines.len}
                   : (struct hf_slice){.data = b->answer.body.data, .len = b->answer.body.len};
    return b->indexed ? 0 : index_lines(b, *ret_all, err);
}

int
hf_leased_lines(struct hf_leased *b, size_t from, size_t to, struct hf_slice *ret_lines,
                struct hf_error *err)
{
    struct hf_slice all = {0};

    if (open_lines(b, &all, err) < 0)
        return -1;
    *ret_lines = (struct hf_slice){.data = all.data + b->starts[from],
                                   .len = b->starts[to] - b->starts[from]};
    return 0;
}

int
hf_leased_fit(struct hf_leased *b, size_t from, size_t to, size_t max, size_t *ret_to,
              struct hf_error *err)
{
    struct hf_slice all = {0};
    size_t most = to;

    *ret_to = to;
    if (from == 0 && to == b->count && b->raw_bytes <= max)
        return 0;
    if (open_lines(b, &all, err) < 0)
        return -1;
    while (to > from + 1 && b->starts[to] - b->starts[from] > max) {
        size_t half = from + (to - from) / 2; /* the end is between half and most */

        if (b->starts[half] - b->starts[from] > max) {
            to = half;
            most = half;
            continue;
        }
        for (to = half; to < most && b->starts[to + 1] - b->starts[from] <= max; to++)
            ;
        break;
    }
    *ret_to = to;
    return 0;
}

int
hf_leased_key(struct hf_leased *b, size_t from, size_t to, char out[HF_LEASED_KEY_MAX],
              struct hf_error *err)
{
    struct hf_slice first, last;
    uint64_t a, z;

    if (from == 0 && to == b->count) {
        memcpy(out, b->key, HF_LEASED_KEY_MAX);
        return 0;
    }
    if (hf_leased_lines(b, from, from + 1, &first, err) < 0 ||
        hf_leased_lines(b, to - 1, to, &last, err) < 0 ||
        hf_view_seq(first.data, first.len, &a, err) < 0 ||
        hf_view_seq(last.data, last.len, &z, err) < 0)
        return -1;
    snprintf(out, HF_LEASED_KEY_MAX, "%s/%s/%llu-%llu", b->gateway, b->epoch, (unsigned long long)a,
             (unsigned long long)z);
    return 0;
}

int
hf_leased_single(struct hf_leased *b, struct hf_leased *from, size_t line, struct hf_error *err)
{
    struct hf_slice text;
    uint64_t seq;

    if (hf_leased_lines(from, line, line + 1, &text, err) < 0 ||
        hf_view_seq(text.data, text.len, &seq, err) < 0 ||
        hf_leased_key(from, line, line + 1, b->key, err) < 0)
        return -1;
    if (!b->answer.body.max)
        hf_http_response_init(&b->answer, HF_LEASED_MAX);
    hf_buf_clear(&b->answer.body);
    if (hf_buf_add(&b->answer.body, text.data, text.len, err) < 0)
        return -1;
    memcpy(b->lane, from->lane, sizeof b->lane);
    memcpy(b->epoch, from->epoch, sizeof b->epoch);
    memcpy(b->gateway, from->gateway, sizeof b->gateway);
    snprintf(b->first, sizeof b->first, "%llu", (unsigned long long)seq);
    memcpy(b->last, b->first, sizeof b->last);
    b->count = 1;
    b->raw_bytes = text.len;
    b->more = b->is_frame = b->indexed = false;
    return 0;
}

void
hf_leased_rest(struct hf_leased *b)
{
    if (b->answer.body.cap > KEEP_BYTES)
        hf_buf_done(&b->answer.body);
    if (b->lines.cap > KEEP_BYTES)
        hf_buf_done(&b->lines);
    if (b->starts_cap * sizeof *b->starts > KEEP_BYTES) {
        free(b->starts);
        b->starts = NULL;
        b->starts_cap = 0;
        b->indexed = false;
    }
}
