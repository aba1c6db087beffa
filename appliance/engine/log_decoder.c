// SPDX-License-Identifier: Apache-2.0
#include "engine/log_decoder.h"

#include "base/text.h"
#include "engine/stamp.h"

#include <string.h>

enum { HEADER_SIZE = 8, STREAM_COUNT = 2, REPLACEMENT_SIZE = 3, UTF8_MAX = 4 };

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */

/* One of stdout and stderr. */
struct stream {
    bool in_stamp; /* at the beginning of a frame's body */
    char stamp[HF_LOG_STAMP_MAX];
    size_t stamp_len;
    int64_t time_ms;
    unsigned char text[HF_LOG_TEXT_MAX];
    size_t len;
};

struct hf_log_decoder {
    hf_log_sink *sink;
    void *context;
    bool ended;
    unsigned char header[HEADER_SIZE];
    size_t header_len;
    size_t body_left;
    struct stream *current;
    struct stream streams[STREAM_COUNT];
    char clean[HF_LOG_TEXT_MAX * REPLACEMENT_SIZE + 1];
};

int
hf_log_decoder_new(hf_log_sink *sink, void *context, struct hf_log_decoder **ret_decoder,
                   struct hf_error *err)
{
    struct hf_log_decoder *d = calloc(1, sizeof *d);

    if (!d)
        return hf_error_nomem(err);
    d->sink = sink;
    d->context = context;
    *ret_decoder = d;
    return 0;
}

void
hf_log_decoder_free(struct hf_log_decoder *d)
{
    free(d);
}

/* ---- text ---- */

static size_t
sequence_length(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xC2 && lead <= 0xDF)
        return 2;
    if (lead >= 0xE0 && lead <= 0xEF)
        return 3;
    return lead >= 0xF0 && lead <= 0xF4 ? UTF8_MAX : 0;
}

static void
clean_text(const unsigned char *text, size_t len, char *out)
{
    size_t i = 0;

    while (i < len) {
        size_t n = sequence_length(text[i]);

        if (n > 0 && n <= len - i && hf_text_utf8((const char *)text + i, n)) {
            memcpy(out, text + i, n);
            out += n;
            i += n;
        } else {
            memcpy(out, replacement, REPLACEMENT_SIZE);
            out += REPLACEMENT_SIZE;
            i++;
        }
    }
    *out = '\0';
}

/* How many bytes at the end may be the beginning of a character. */
static size_t
open_tail(const unsigned char *text, size_t len)
{
    for (size_t back = 1; back < UTF8_MAX && back <= len; back++) {
        size_t n = sequence_length(text[len - back]);

        if (n > back)
            return back;
        if (n > 0)
            return 0;
    }
    return 0;
}

static void
emit(struct hf_log_decoder *d, struct stream *s, size_t len)
{
    struct hf_log_line line = {
        .time_ms = s->time_ms,
        .is_stderr = s == &d->streams[1],
        .text = d->clean,
    };

    clean_text(s->text, len, d->clean);
    if (!d->ended && !d->sink(d->context, &line))
        d->ended = true;
    memmove(s->text, s->text + len, s->len - len);
    s->len -= len;
}

static void
add_byte(struct hf_log_decoder *d, struct stream *s, unsigned char c)
{
    if (c == '\n') {
        if (s->len > 0 && s->text[s->len - 1] == '\r')
            s->len--;
        emit(d, s, s->len);
        return;
    }
    if (s->len == HF_LOG_TEXT_MAX)
        emit(d, s, s->len - open_tail(s->text, s->len));
    s->text[s->len++] = c;
}

/* ---- frames ---- */

static void
end_stamp(struct hf_log_decoder *d, struct stream *s, bool is_stamp)
{
    int64_t ms;

    s->in_stamp = false;
    if (is_stamp && hf_stamp_parse(s->stamp, s->stamp_len, &ms)) {
        if (s->len == 0) /* else the line began in a frame before */
            s->time_ms = ms;
        return;
    }
    for (size_t i = 0; i < s->stamp_len; i++)
        add_byte(d, s, (unsigned char)s->stamp[i]);
    if (is_stamp)
        add_byte(d, s, ' ');
}

static void
take_byte(struct hf_log_decoder *d, struct stream *s, unsigned char c)
{
    if (!s->in_stamp) {
        add_byte(d, s, c);
    } else if (c == ' ') {
        end_stamp(d, s, true);
    } else if (c == '\n' || s->stamp_len == HF_LOG_STAMP_MAX) {
        end_stamp(d, s, false);
        add_byte(d, s, c);
    } else {
        s->stamp[s->stamp_len++] = (char)c;
    }
}

static void
end_frame(struct hf_log_decoder *d)
{
    if (d->current->in_stamp)
        end_stamp(d, d->current, false);
    d->current = NULL;
    d->header_len = 0;
}

/* Types: 0 stdin (told as stdout), 1 stdout, 2 stderr, 3 an error of the engine itself. */
static int
begin_frame(struct hf_log_decoder *d, struct hf_error *err)
{
    const unsigned char *h = d->header;

    d->body_left = (size_t)h[4] << 24 | (size_t)h[5] << 16 | (size_t)h[6] << 8 | h[7];
    if (h[0] > 3 || h[1] || h[2] || h[3])
        return hf_error_set(err, HF_ERROR_UPSTREAM, "Docker's log stream is not in its format");
    if (d->body_left > HF_LOG_FRAME_MAX)
        return hf_error_set(err, HF_ERROR_UPSTREAM, "a frame of %zu bytes in Docker's log stream",
                            d->body_left);
    d->current = &d->streams[h[0] >= 2];
    d->current->in_stamp = true;
    d->current->stamp_len = 0;
    if (d->body_left == 0)
        end_frame(d);
    return 0;
}

static size_t
take_header(struct hf_log_decoder *d, const char *data, size_t len)
{
    size_t missing = HEADER_SIZE - d->header_len;
    size_t n = len < missing ? len : missing;

    memcpy(d->header + d->header_len, data, n);
    d->header_len += n;
    return n;
}

static size_t
take_body(struct hf_log_decoder *d, const char *data, size_t len)
{
    size_t n = len < d->body_left ? len : d->body_left;

    for (size_t i = 0; i < n && !d->ended; i++)
        take_byte(d, d->current, (unsigned char)data[i]);
    d->body_left -= n;
    if (d->body_left == 0)
        end_frame(d);
    return n;
}

int
hf_log_decoder_feed(struct hf_log_decoder *d, const char *data, size_t len, bool *ret_ended,
                    struct hf_error *err)
{
    while (len > 0 && !d->ended) {
        size_t n;

        if (d->current) {
            n = take_body(d, data, len);
        } else {
            n = take_header(d, data, len);
            if (d->header_len == HEADER_SIZE && begin_frame(d, err) < 0)
                return -1;
        }
        data += n;
        len -= n;
    }
    *ret_ended = d->ended;
    return 0;
}

void
hf_log_decoder_finish(struct hf_log_decoder *d)
{
    for (size_t i = 0; i < STREAM_COUNT; i++) {
        struct stream *s = &d->streams[i];

        if (s->in_stamp)
            end_stamp(d, s, false);
        if (s->len > 0)
            emit(d, s, s->len);
    }
}
