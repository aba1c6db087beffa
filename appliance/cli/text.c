// SPDX-License-Identifier: Apache-2.0
#include "cli/text.h"

#include <locale.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

enum { REPLACEMENT = 0xfffd, CLEAN_MAX = 4 * 1024 * 1024 };

void
cli_text_init(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
}

/* ---- characters ---- */

struct character {
    uint32_t code; /* REPLACEMENT where the bytes are malformed */
    size_t len;    /* bytes, at least 1 */
};

/* left is at least 1. */
static struct character
read_character(const char *text, size_t left)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *s = (const unsigned char *)text;
    struct character malformed = {REPLACEMENT, 1}, c = {s[0], 1};

    if (s[0] < 0x80)
        return c;
    c.len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || c.len > left)
        return malformed;
    c.code = s[0] & (0xffU >> (c.len + 1));
    for (size_t i = 1; i < c.len; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return malformed;
        c.code = c.code << 6 | (s[i] & 0x3f);
    }
    if (c.code < least[c.len] || c.code > 0x10ffff || (c.code >= 0xd800 && c.code <= 0xdfff))
        return malformed;
    return c;
}

/* Controls (C0, DEL, C1), separators of lines, and what turns the direction of writing (Unicode
 * Standard Annex 9) or is not seen at all. */
static bool
is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x061c || code == 0x200e ||
           code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x206f) || code == 0xfeff ||
           (code >= 0xfff9 && code <= 0xfffb) || (code >= 0xe0000 && code <= 0xe007f);
}

static unsigned
width_of(uint32_t code)
{
    int width = wcwidth((wchar_t)code);

    return width < 0 ? 1 : (unsigned)width;
}

/* ---- one line ---- */

static int
add_character(struct hf_buf *out, struct character c, const char *bytes, struct hf_error *err)
{
    if (c.code == '\n' || c.code == '\r' || c.code == '\t')
        return hf_buf_add(out, " ", 1, err);
    if (is_control(c.code))
        return hf_buf_addf(out, err, c.code < 0x100 ? "\\x%02x" : "\\u%04x", (unsigned)c.code);
    if (c.code == REPLACEMENT || wcwidth((wchar_t)c.code) < 0)
        return hf_buf_adds(out, "\xef\xbf\xbd", err);
    return hf_buf_add(out, bytes, c.len, err);
}

int
cli_text_add(struct hf_buf *out, const char *text, size_t len, struct hf_error *err)
{
    while (len > 0) {
        struct character c = read_character(text, len);

        if (add_character(out, c, text, err) < 0)
            return -1;
        text += c.len;
        len -= c.len;
    }
    return 0;
}

char *
cli_text_clean(const char *text)
{
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(CLEAN_MAX);

    if (cli_text_add(&out, text, strlen(text), NULL) < 0)
        return NULL;
    return hf_buf_take(&out);
}

unsigned
cli_text_width(const char *clean)
{
    size_t left = strlen(clean);
    unsigned width = 0;

    while (left > 0) {
        struct character c = read_character(clean, left);

        width += width_of(c.code);
        clean += c.len;
        left -= c.len;
    }
    return width;
}

size_t
cli_text_fit(const char *clean, unsigned columns)
{
    size_t left = strlen(clean), len = 0;
    unsigned width = 0;

    while (len < left) {
        struct character c = read_character(clean + len, left - len);

        width += width_of(c.code);
        if (width > columns && len > 0)
            break;
        len += c.len;
    }
    return len;
}

/* ---- JSON ---- */

static int
add_escaped(struct hf_buf *out, uint32_t code, struct hf_error *err)
{
    if (code < 0x10000)
        return hf_buf_addf(out, err, "\\u%04x", (unsigned)code);
    code -= 0x10000; /* a pair of surrogates, RFC 8259 §7 */
    return hf_buf_addf(out, err, "\\u%04x\\u%04x", (unsigned)(0xd800 + (code >> 10)),
                       (unsigned)(0xdc00 + (code & 0x3ff)));
}

int
cli_text_add_json(struct hf_buf *out, const char *json, size_t len, struct hf_error *err)
{
    bool in_string = false, escaped = false;

    while (len > 0) {
        struct character c = read_character(json, len);
        bool is_blank = c.code == '\n' || c.code == '\t';
        int rc;

        if (in_string && is_control(c.code))
            rc = add_escaped(out, c.code, err);
        else if (is_control(c.code) && !is_blank)
            rc = hf_buf_add(out, " ", 1, err);
        else
            rc = hf_buf_add(out, json, c.len, err);
        if (rc < 0)
            return -1;
        if (c.code == '"' && !escaped)
            in_string = !in_string;
        escaped = in_string && c.code == '\\' && !escaped;
        json += c.len;
        len -= c.len;
    }
    return 0;
}
