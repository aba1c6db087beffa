// SPDX-License-Identifier: Apache-2.0
#include "dockerguard/request.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { FIELDS_MAX = 64, LENGTH_DIGITS_MAX = 18 };

/* A line or a part of one, in the caller's bytes. */
struct text {
    const char *at;
    size_t len;
};

struct seen {
    bool host;
    size_t fields;
};

static int
refuse(struct hf_error *err, const char *why)
{
    return hf_error_set(err, HF_ERROR_MALFORMED, "the request cannot be read: %s", why);
}

/* RFC 9110 §5.6.2 */
static bool
is_token(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool
is_printable(const char *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)at[i] < ' ' && at[i] != '\t')
            return false;
    return memchr(at, 0x7f, len) == NULL;
}

/* ---- request line ---- */

static int
take_target(struct text t, struct hf_dguard_request *r, struct hf_error *err)
{
    if (t.len == 0 || t.at[0] != '/')
        return refuse(err, "its target is not a path");
    if (t.len >= sizeof r->target)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "the request's target is too long");
    for (size_t i = 0; i < t.len; i++)
        if ((unsigned char)t.at[i] <= ' ' || (unsigned char)t.at[i] >= 0x7f || t.at[i] == '#')
            return refuse(err, "its target has a byte that must be written with %");
    memcpy(r->target, t.at, t.len);
    r->target[t.len] = '\0';
    return 0;
}

static int
take_request_line(struct text line, struct hf_dguard_request *r, struct hf_error *err)
{
    static const char version[] = " HTTP/1.1";
    const char *space = memchr(line.at, ' ', line.len);
    size_t method = space ? (size_t)(space - line.at) : 0;
    size_t tail = sizeof version - 1;

    if (method == 0 || method >= sizeof r->method || line.len <= method + 1 + tail ||
        memcmp(line.at + line.len - tail, version, tail) != 0)
        return refuse(err, "it does not begin with METHOD /path HTTP/1.1");
    for (size_t i = 0; i < method; i++)
        if (!isupper((unsigned char)line.at[i]))
            return refuse(err, "its method is none");
    memcpy(r->method, line.at, method);
    r->method[method] = '\0';
    return take_target((struct text){space + 1, line.len - method - 1 - tail}, r, err);
}

/* ---- fields ---- */

static bool
is_name(struct text name, const char *wanted)
{
    return name.len == strlen(wanted) && strncasecmp(name.at, wanted, name.len) == 0;
}

static int
take_length(struct text value, struct hf_dguard_request *r, struct hf_error *err)
{
    if (r->has_length)
        return refuse(err, "it has two lengths");
    if (value.len == 0 || value.len > LENGTH_DIGITS_MAX)
        return refuse(err, "its Content-Length is no number");
    for (size_t i = 0; i < value.len; i++) {
        if (!isdigit((unsigned char)value.at[i]))
            return refuse(err, "its Content-Length is no number");
        r->length = r->length * 10 + (uint64_t)(value.at[i] - '0');
    }
    r->has_length = true;
    return 0;
}

static int
take_known(struct text name, struct text value, struct hf_dguard_request *r, struct seen *seen,
           struct hf_error *err)
{
    if (is_name(name, "Host")) {
        if (seen->host || value.len == 0)
            return refuse(err, "it must have one Host");
        seen->host = true;
    } else if (is_name(name, "Content-Length")) {
        return take_length(value, r, err);
    } else if (is_name(name, "Transfer-Encoding")) {
        if (r->chunked || !is_name(value, "chunked"))
            return refuse(err, "its transfer coding is not chunked");
        r->chunked = true;
    } else if (is_name(name, "Expect") || is_name(name, "Upgrade") || is_name(name, "Trailer") ||
               is_name(name, "TE") || is_name(name, "Content-Encoding")) {
        return refuse(err, "Expect, Upgrade, TE, Trailer and Content-Encoding are not taken");
    }
    return 0;
}

static int
take_field(struct text line, struct hf_dguard_request *r, struct seen *seen, struct hf_error *err)
{
    struct text name = {line.at, 0}, value;

    while (name.len < line.len && is_token(line.at[name.len]))
        name.len++;
    if (name.len == 0 || name.len == line.len || line.at[name.len] != ':' ||
        !is_printable(line.at, line.len))
        return refuse(err, "a line of its head is no field");
    if (++seen->fields > FIELDS_MAX)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "the request has too many fields");
    value = (struct text){line.at + name.len + 1, line.len - name.len - 1};
    while (value.len && (value.at[0] == ' ' || value.at[0] == '\t')) {
        value.at++;
        value.len--;
    }
    while (value.len && (value.at[value.len - 1] == ' ' || value.at[value.len - 1] == '\t'))
        value.len--;
    return take_known(name, value, r, seen, err);
}

static int
end_head(const struct hf_dguard_request *r, const struct seen *seen, struct hf_error *err)
{
    if (!seen->host)
        return refuse(err, "it must have one Host");
    if (r->chunked && r->has_length)
        return refuse(err, "it has a length and is chunked as well");
    return 0;
}

/* ---- lines ---- */

/* 1 where its end has not come; then nothing in it may be an end that is none. */
static int
next_line(const char *data, size_t len, size_t *at, struct text *ret, struct hf_error *err)
{
    const char *from = data + *at;
    const char *lf = memchr(from, '\n', len - *at);
    const char *cr = memchr(from, '\r', len - *at);

    if (!lf) {
        if (cr && cr != data + len - 1)
            return refuse(err, "a line does not end with CR and LF");
        return 1;
    }
    if (!cr || cr + 1 != lf)
        return refuse(err, "a line does not end with CR and LF");
    *ret = (struct text){from, (size_t)(cr - from)};
    *at = (size_t)(lf + 1 - data);
    return 0;
}

static int
read_lines(const char *data, size_t len, struct hf_dguard_request *r, struct hf_error *err)
{
    struct seen seen = {0};
    struct text line = {"", 0};
    size_t at = 0;
    int rc = next_line(data, len, &at, &line, err);

    if (rc == 0 && take_request_line(line, r, err) < 0)
        return -1;
    while (rc == 0) {
        rc = next_line(data, len, &at, &line, err);
        if (rc != 0)
            break;
        if (line.len == 0) {
            r->head_len = at;
            return end_head(r, &seen, err);
        }
        if (take_field(line, r, &seen, err) < 0)
            return -1;
    }
    return rc;
}

int
hf_dguard_request_read(const char *data, size_t len, struct hf_dguard_request *ret,
                       struct hf_error *err)
{
    size_t most = len < HF_DGUARD_HEAD_MAX ? len : HF_DGUARD_HEAD_MAX;
    int rc;

    memset(ret, 0, sizeof *ret);
    rc = read_lines(data, most, ret, err);
    if (rc == 1 && len >= HF_DGUARD_HEAD_MAX)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "the request's head is too large");
    return rc;
}
