// SPDX-License-Identifier: Apache-2.0
#include "h1/response.h"

#include <string.h>
#include <strings.h>

enum {
    STATUS_LINE_MIN = 12, /* "HTTP/1.1 200" */
    STATUS_AT = 9,
    STATUS_SWITCHING = 101,
    STATUS_NO_CONTENT = 204,
    STATUS_NOT_MODIFIED = 304,
    HEX_DIGITS_MAX = 15, /* of a chunk's size: far below 2^63 */
    DECIMAL_DIGITS_MAX = 18
};

static int
refuse(struct hf_error *err, const char *what)
{
    return hf_error_set(err, HF_ERROR_UPSTREAM, "the answer is not HTTP/1.1: %s", what);
}

/* ---- characters (RFC 9110 §5.5, §5.6.2) ---- */

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_token(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool
is_text(char c)
{
    return c == '\t' || ((unsigned char)c >= ' ' && c != 0x7f);
}

static bool
all_text(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!is_text(text[i]))
            return false;
    return true;
}

/* ---- the head ---- */

/* RFC 9112 §4. Some leave out the reason together with the space before it. A server of HTTP/1.0
 * would not know chunks (§6.1); none of our neighbours is one. */
static int
take_status_line(struct hf_h1_response *r, struct hf_error *err)
{
    const char *l = r->line;
    const char *status = l + STATUS_AT;

    if (r->line_len < STATUS_LINE_MIN || memcmp(l, "HTTP/1.1 ", STATUS_AT) != 0 ||
        status[0] < '1' || status[0] > '5' || !is_digit(status[1]) || !is_digit(status[2]) ||
        (r->line_len > STATUS_LINE_MIN && l[STATUS_LINE_MIN] != ' ') || !all_text(l, r->line_len))
        return refuse(err, "it does not begin with a status line");
    r->status = (status[0] - '0') * 100 + (status[1] - '0') * 10 + (status[2] - '0');
    r->state = HF_H1_FIELDS;
    return 0;
}

/* RFC 9112 §6.3: given twice, it must be the same. */
static int
take_length(struct hf_h1_response *r, const char *value, size_t len, struct hf_error *err)
{
    uint64_t length = 0;

    if (len == 0 || len > DECIMAL_DIGITS_MAX)
        return refuse(err, "its Content-Length is no number");
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(value[i]))
            return refuse(err, "its Content-Length is no number");
        length = length * 10 + (uint64_t)(value[i] - '0');
    }
    if (r->has_length && r->length != length)
        return refuse(err, "it has two lengths");
    r->has_length = true;
    r->length = length;
    return 0;
}

static int
take_coding(struct hf_h1_response *r, const char *value, size_t len, struct hf_error *err)
{
    if (r->chunked || len != strlen("chunked") || strncasecmp(value, "chunked", len) != 0)
        return refuse(err, "its transfer coding is not chunked");
    r->chunked = true;
    return 0;
}

static bool
is_name(const struct hf_h1_response *r, size_t len, const char *name)
{
    return len == strlen(name) && strncasecmp(r->line, name, len) == 0;
}

/* RFC 9112 §5: token, colon, value with optional spaces around it. */
static int
take_field(struct hf_h1_response *r, struct hf_error *err)
{
    size_t name_len = 0;
    size_t at, end = r->line_len;

    while (name_len < r->line_len && is_token(r->line[name_len]))
        name_len++;
    if (name_len == 0 || name_len == r->line_len || r->line[name_len] != ':' ||
        !all_text(r->line, r->line_len))
        return refuse(err, "a line of its head is no field");
    at = name_len + 1;
    while (at < end && (r->line[at] == ' ' || r->line[at] == '\t'))
        at++;
    while (end > at && (r->line[end - 1] == ' ' || r->line[end - 1] == '\t'))
        end--;
    if (r->state == HF_H1_TRAILERS)
        return 0;
    if (is_name(r, name_len, "Content-Length"))
        return take_length(r, r->line + at, end - at, err);
    if (is_name(r, name_len, "Transfer-Encoding"))
        return take_coding(r, r->line + at, end - at, err);
    return 0;
}

/* An interim answer (RFC 9110 §15.2) is followed by another one. */
static int
end_interim(struct hf_h1_response *r, struct hf_error *err)
{
    if (r->status == STATUS_SWITCHING)
        return refuse(err, "it switches the protocol");
    r->status = 0;
    r->has_length = r->chunked = false;
    r->state = HF_H1_STATUS_LINE;
    return 0;
}

/* What body there is: RFC 9112 §6.3. */
static int
end_head(struct hf_h1_response *r, struct hf_error *err)
{
    if (r->has_length && r->chunked)
        return refuse(err, "it has a length and is chunked as well");
    if (r->status < 200)
        return end_interim(r, err);
    if (r->status == STATUS_NO_CONTENT || r->status == STATUS_NOT_MODIFIED ||
        (r->has_length && r->length == 0))
        r->state = HF_H1_WHOLE;
    else if (r->chunked)
        r->state = HF_H1_CHUNK_SIZE;
    else
        r->state = r->has_length ? HF_H1_BODY_COUNTED : HF_H1_BODY_TO_END;
    r->left = r->length;
    if (r->reader.begun && !r->reader.begun(r->reader.context, r->status))
        r->stopped = true;
    return 0;
}

/* ---- chunks ---- */

static int
hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* RFC 9112 §7.1; extensions say nothing to us. */
static int
take_chunk_size(struct hf_h1_response *r, struct hf_error *err)
{
    size_t digits = 0;
    uint64_t size = 0;

    while (digits < r->line_len && hex_value(r->line[digits]) >= 0 && digits <= HEX_DIGITS_MAX)
        size = size * 16 + (uint64_t)hex_value(r->line[digits++]);
    if (digits == 0 || digits > HEX_DIGITS_MAX ||
        (digits < r->line_len && !strchr("; \t", r->line[digits])) ||
        !all_text(r->line, r->line_len))
        return refuse(err, "a chunk has no size");
    r->left = size;
    r->state = size > 0 ? HF_H1_CHUNK_DATA : HF_H1_TRAILERS;
    return 0;
}

static int
end_chunk(struct hf_h1_response *r, struct hf_error *err)
{
    if (r->line_len > 0)
        return refuse(err, "a chunk is longer than it says");
    r->state = HF_H1_CHUNK_SIZE;
    return 0;
}

/* ---- lines ---- */

static int
take_line(struct hf_h1_response *r, struct hf_error *err)
{
    switch (r->state) {
    case HF_H1_STATUS_LINE:
        return take_status_line(r, err);
    case HF_H1_FIELDS:
        return r->line_len > 0 ? take_field(r, err) : end_head(r, err);
    case HF_H1_CHUNK_SIZE:
        return take_chunk_size(r, err);
    case HF_H1_CHUNK_END:
        return end_chunk(r, err);
    default: /* the trailers, RFC 9112 §7.1.2 */
        if (r->line_len > 0)
            return take_field(r, err);
        r->state = HF_H1_WHOLE;
        return 0;
    }
}

/* Chunks are without number, so only what stands around them counts. */
static bool
counts_as_head(enum hf_h1_state s)
{
    return s == HF_H1_STATUS_LINE || s == HF_H1_FIELDS || s == HF_H1_TRAILERS;
}

/* Adds one byte; a line ends with CRLF and with nothing else (RFC 9112 §2.2). */
static int
feed_line(struct hf_h1_response *r, char c, struct hf_error *err)
{
    bool after_cr = r->line_len > 0 && r->line[r->line_len - 1] == '\r';
    int rc;

    if (counts_as_head(r->state) && ++r->head_len > HF_H1_HEAD_MAX)
        return refuse(err, "its head is too large");
    if (after_cr != (c == '\n'))
        return refuse(err, "a line does not end with CR and LF");
    if (c != '\n') {
        if (r->line_len == sizeof r->line)
            return refuse(err, "a line of its head is too long");
        r->line[r->line_len++] = c;
        return 0;
    }
    r->line_len--;
    rc = take_line(r, err);
    r->line_len = 0;
    return rc;
}

/* ---- interface ---- */

void
hf_h1_response_init(struct hf_h1_response *r, const struct hf_h1_reader *reader)
{
    r->reader = *reader;
    r->state = HF_H1_STATUS_LINE;
    r->status = 0;
    r->stopped = r->has_length = r->chunked = false;
    r->length = r->left = 0;
    r->head_len = r->line_len = 0;
}

/* Hands on what belongs to the body and returns how much that was. */
static size_t
feed_body(struct hf_h1_response *r, const char *data, size_t len)
{
    bool bounded = r->state != HF_H1_BODY_TO_END;
    size_t take = bounded && r->left < len ? (size_t)r->left : len;

    r->stopped = !r->reader.body(r->reader.context, data, take);
    if (!bounded)
        return take;
    r->left -= take;
    if (r->left == 0)
        r->state = r->state == HF_H1_CHUNK_DATA ? HF_H1_CHUNK_END : HF_H1_WHOLE;
    return take;
}

int
hf_h1_response_feed(struct hf_h1_response *r, const char *data, size_t len, struct hf_error *err)
{
    size_t at = 0;

    while (at < len && r->state != HF_H1_WHOLE && !r->stopped) {
        switch (r->state) {
        case HF_H1_BODY_COUNTED:
        case HF_H1_BODY_TO_END:
        case HF_H1_CHUNK_DATA:
            at += feed_body(r, data + at, len - at);
            break;
        default:
            if (feed_line(r, data[at++], err) < 0)
                return -1;
        }
    }
    return 0;
}

int
hf_h1_response_close(struct hf_h1_response *r, struct hf_error *err)
{
    if (r->state == HF_H1_BODY_TO_END)
        r->state = HF_H1_WHOLE;
    if (r->state == HF_H1_WHOLE || r->stopped)
        return 0;
    return hf_error_set(err, HF_ERROR_UPSTREAM, "the connection ended before the answer did");
}
