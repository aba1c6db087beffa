// SPDX-License-Identifier: Apache-2.0
#include "api/exchange.h"

#include "base/clock.h"
#include "base/text.h"

#include <string.h>

enum { PIECE_BYTES = 8192 /* of a body that is passed on */ };

static const char COOKIE_NAME[] = "__Host-holdfast=";

const char *
hf_exchange_header(const struct hf_exchange *x, const char *name)
{
    return x->wire.header(x->wire.context, name, NULL);
}

/* RFC 9112 section 6: a message whose length two readers could see differently is refused. */
static int
body_length(const struct hf_exchange *x, uint64_t *ret_len, struct hf_error *err)
{
    size_t lengths = 0, encodings = 0;
    const char *length = x->wire.header(x->wire.context, "Content-Length", &lengths);

    x->wire.header(x->wire.context, "Transfer-Encoding", &encodings);
    *ret_len = 0;
    if (encodings > 0)
        return hf_error_set(err, HF_ERROR_MALFORMED,
                            "a body needs Content-Length; Transfer-Encoding is not taken");
    if (lengths > 1 || (length && !hf_text_u64(length, ret_len)))
        return hf_error_set(err, HF_ERROR_MALFORMED, "Content-Length is not one number");
    return 0;
}

bool
hf_exchange_has_body(const struct hf_exchange *x)
{
    const char *length = hf_exchange_header(x, "Content-Length");

    return hf_exchange_header(x, "Transfer-Encoding") || (length && strcmp(length, "0") != 0);
}

int
hf_exchange_read_body(struct hf_exchange *x, size_t max, struct hf_error *err)
{
    uint64_t len;
    char *into;

    if (body_length(x, &len, err) < 0)
        return -1;
    if (len > 0 && max == 0)
        return hf_error_set(err, HF_ERROR_MALFORMED, "this takes no body");
    if (len > max)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "the body is larger than %zu KiB", max / 1024);
    if (len > 0) {
        into = hf_buf_reserve(&x->body, (size_t)len);
        if (!into)
            return hf_error_nomem(err);
        if (!x->wire.read(x->wire.context, into, (size_t)len))
            return hf_error_set(err, HF_ERROR_MALFORMED, "the body did not come as announced");
        x->body.len += (size_t)len;
        into[len] = '\0';
    }
    x->closing = false;
    return 0;
}

int
hf_exchange_pass_body(struct hf_exchange *x, uint64_t max, int64_t total_ms, hf_body_sink *sink,
                      void *context, struct hf_error *err)
{
    bool (*read)(void *context, void *data, size_t len) =
        x->wire.read_fast ? x->wire.read_fast : x->wire.read;
    int64_t deadline_ms = hf_clock_mono_ms() + total_ms;
    char piece[PIECE_BYTES];
    uint64_t left;

    if (body_length(x, &left, err) < 0)
        return -1;
    if (left > max)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "the body is larger than %llu KiB",
                            (unsigned long long)max / 1024);
    while (left > 0) {
        size_t len = left < sizeof piece ? (size_t)left : sizeof piece;

        if (!read(x->wire.context, piece, len))
            return hf_error_set(err, HF_ERROR_MALFORMED, "the body did not come as announced");
        if (sink(context, piece, len, err) < 0)
            return -1;
        if (hf_clock_mono_ms() > deadline_ms)
            return hf_error_set(err, HF_ERROR_MALFORMED, "the body did not come within %lld s",
                                (long long)(total_ms / 1000));
        left -= len;
    }
    x->closing = false;
    return 0;
}

int
hf_exchange_json(const struct hf_exchange *x, const struct hf_json_field *fields, size_t count,
                 struct hf_json **ret_doc, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;

    if (hf_json_parse(x->body.data ? x->body.data : "", x->body.len, &doc, err) < 0)
        return hf_error_wrap(err, "the body is no JSON");
    if (hf_json_check(doc, "", fields, count, err) < 0)
        return -1;
    *ret_doc = hf_steal(&doc);
    return 0;
}

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
hf_percent_decode(const char *text, char *out, size_t size)
{
    size_t len = 0;

    for (; *text; text++) {
        int c = (unsigned char)*text;

        if (c == '%') {
            int high = hex_digit(text[1]), low = high < 0 ? -1 : hex_digit(text[2]);

            if (low < 0)
                return false;
            c = high * 16 + low;
            text += 2;
        }
        if (c < 0x20 || c == 0x7f || len + 1 >= size)
            return false;
        out[len++] = (char)c;
    }
    out[len] = '\0';
    return hf_text_utf8(out, len);
}

static int
read_text(const struct hf_query_field *f, const char *text, struct hf_error *err)
{
    if (!*text || !hf_percent_decode(text, f->ret_text, f->text_size))
        return hf_error_set(err, HF_ERROR_MALFORMED,
                            "'%s' is a percent-encoded text of at most %zu bytes", f->name,
                            f->text_size - 1);
    for (const char *const *w = f->words; w && *w; w++)
        if (strcmp(*w, f->ret_text) == 0)
            return 0;
    if (f->words)
        return hf_error_set(err, HF_ERROR_MALFORMED, "'%s' is none of the words known here",
                            f->name);
    return 0;
}

static int
read_value(const struct hf_query_field *f, const char *text, struct hf_error *err)
{
    uint64_t value;

    if (f->ret_text)
        return read_text(f, text, err);

    if (f->is_bool) {
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            return hf_error_set(err, HF_ERROR_MALFORMED, "'%s' is true or false", f->name);
        *f->ret_value = text[0] == 't';
        return 0;
    }
    if (!hf_text_u64(text, &value) || value < f->min || value > f->max)
        return hf_error_set(err, HF_ERROR_MALFORMED, "'%s' is a number from %llu to %llu", f->name,
                            (unsigned long long)f->min, (unsigned long long)f->max);
    *f->ret_value = value;
    return 0;
}

static int
read_pair(const char *pair, size_t len, const struct hf_query_field *fields, size_t count,
          unsigned *seen, struct hf_error *err)
{
    enum { VALUE_SIZE = 3 * 256 + 1 /* the longest text, every byte escaped */ };
    const char *equals = memchr(pair, '=', len);
    size_t name = equals ? (size_t)(equals - pair) : len;
    size_t value_len = equals ? len - name - 1 : 0;
    char value[VALUE_SIZE];

    for (size_t i = 0; i < count; i++) {
        if (strlen(fields[i].name) != name || memcmp(fields[i].name, pair, name) != 0)
            continue;
        if (*seen & 1U << i)
            return hf_error_set(err, HF_ERROR_MALFORMED, "'%s' is given twice", fields[i].name);
        *seen |= 1U << i;
        if (value_len >= sizeof value)
            return hf_error_set(err, HF_ERROR_MALFORMED, "'%s' is too long", fields[i].name);
        memcpy(value, equals ? equals + 1 : "", value_len);
        value[value_len] = '\0';
        return read_value(&fields[i], value, err);
    }
    return hf_error_set(err, HF_ERROR_MALFORMED,
                        "the query has a parameter that is not known here");
}

int
hf_query_read(const char *query, const struct hf_query_field *fields, size_t count,
              struct hf_error *err)
{
    unsigned seen = 0;

    while (*query) {
        size_t len = strcspn(query, "&");

        if (read_pair(query, len, fields, count, &seen, err) < 0)
            return -1;
        query += len;
        query += *query == '&';
    }
    return 0;
}

int
hf_query_time(const char *name, const char *text, int64_t *ret_ms, struct hf_error *err)
{
    int64_t ms = 0;

    if (*text && !hf_clock_parse(text, &ms))
        return hf_error_set(err, HF_ERROR_MALFORMED,
                            "'%s' is a time such as 2026-11-24T03:01:33Z (RFC 3339)", name);
    if (ret_ms)
        *ret_ms = ms;
    return 0;
}

void
hf_cookie_token(const char *header, char out[HF_TOKEN_SIZE])
{
    size_t name = sizeof COOKIE_NAME - 1;

    out[0] = '\0';
    while (header && *header) {
        size_t len = strcspn(header, ";");

        if (len > name && len - name < HF_TOKEN_SIZE && strncmp(header, COOKIE_NAME, name) == 0) {
            memcpy(out, header + name, len - name);
            out[len - name] = '\0';
            return;
        }
        header += len;
        header += strspn(header, "; ");
    }
}
