// SPDX-License-Identifier: Apache-2.0
#include "buffer/look_cut.h"

#include "common/jsontext.h"

#include <stdbool.h>
#include <string.h>

enum { UTF8_MASK = 0xc0, UTF8_FOLLOWS = 0x80, BASE64_IN = 4, BASE64_OUT = 3 };

/* Moves *at behind the text, where it stands there. */
static bool
take(const char **at, const char *end, const char *text)
{
    size_t len = strlen(text);

    if ((size_t)(end - *at) < len || memcmp(*at, text, len) != 0)
        return false;
    *at += len;
    return true;
}

/* Where the payload's member begins: behind the topic (hf_record_tail). NULL where it is no line.
 */
static const char *
find_payload(const char *line, const char *end)
{
    static const char before[] = ",\"topic\":\"";
    const char *at = memmem(line, (size_t)(end - line), before, sizeof before - 1);

    if (!at)
        return NULL;
    for (at += sizeof before - 1; at < end && *at != '"'; at++)
        if (*at == '\\')
            at++;
    return take(&at, end, "\",") ? at : NULL;
}

static int
end_cut(struct hf_buf *out, size_t size, struct hf_error *err)
{
    return hf_buf_addf(out, err, ",\"cut\":true,\"size\":%zu", size);
}

static int
cut_json(const char *at, const char *end, struct hf_buf *out, struct hf_error *err)
{
    size_t kept = HF_LOOK_CUT_BYTES;

    while (kept && ((unsigned char)at[kept] & UTF8_MASK) == UTF8_FOLLOWS)
        kept--;
    if (hf_buf_adds(out, "\"text\":", err) < 0 || hf_jsontext_add(out, at, kept, err) < 0)
        return -1;
    return end_cut(out, (size_t)(end - at), err);
}

/* The inside of a string: an escape, and a character of several bytes, is kept or left whole. */
static int
cut_text(const char *at, const char *end, struct hf_buf *out, struct hf_error *err)
{
    const char *begin = at, *kept = NULL;
    size_t size = 0;
    char bytes[4];

    while (at < end) {
        bool starts = ((unsigned char)*at & UTF8_MASK) != UTF8_FOLLOWS;

        if (!kept && starts && at - begin >= HF_LOOK_CUT_BYTES)
            kept = at;
        if (*at++ != '\\') {
            size++;
            continue;
        }
        size += hf_jsontext_escape(&at, end, bytes);
    }
    if (!kept)
        kept = end;
    if (hf_buf_adds(out, "\"text\":\"", err) < 0 ||
        hf_buf_add(out, begin, (size_t)(kept - begin), err) < 0 || hf_buf_adds(out, "\"", err) < 0)
        return -1;
    return end_cut(out, size, err);
}

static int
cut_base64(const char *at, const char *end, struct hf_buf *out, struct hf_error *err)
{
    size_t size = (size_t)(end - at) / BASE64_IN * BASE64_OUT;

    size -= (size_t)(end[-1] == '=') + (size_t)(end[-2] == '=');
    if (hf_buf_adds(out, "\"base64\":\"", err) < 0 ||
        hf_buf_add(out, at, (size_t)HF_LOOK_CUT_BYTES, err) < 0 || hf_buf_adds(out, "\"", err) < 0)
        return -1;
    return end_cut(out, size, err);
}

int
hf_look_add_line(const char *line, size_t len, struct hf_buf *out, struct hf_error *err)
{
    const char *end = line + len, *at;

    if (end > line && end[-1] == '\n')
        end--;
    end--; /* the brace */
    if (len <= HF_LOOK_LINE_MAX)
        return hf_buf_add(out, line, (size_t)(end - line), err);
    at = find_payload(line, end);
    if (!at)
        return hf_error_set(err, HF_ERROR_INTERNAL, "a line on disk is none of ours");
    if (end - at <= HF_LOOK_LINE_MAX / 2) /* it is the topic that is long */
        return hf_buf_add(out, line, (size_t)(end - line), err);
    if (hf_buf_add(out, line, (size_t)(at - line), err) < 0)
        return -1;
    if (take(&at, end, "\"payload\":"))
        return cut_json(at, end, out, err);
    if (take(&at, end, "\"text\":\""))
        return cut_text(at, end - 1, out, err);
    if (take(&at, end, "\"base64\":\""))
        return cut_base64(at, end - 1, out, err);
    return hf_error_set(err, HF_ERROR_INTERNAL, "a line on disk is none of ours");
}
