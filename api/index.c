// SPDX-License-Identifier: Apache-2.0
#include "api/index.h"

#include <string.h>

static const char BEGIN[] = "<!--sentence";
static const char END[] = "-->";

/* Where text is in s; NULL where it is not. */
static const char *
find(struct hf_slice s, const char *text)
{
    return memmem(s.data, s.len, text, strlen(text));
}

static struct hf_slice
between(const char *from, const char *to)
{
    return (struct hf_slice){from, (size_t)(to - from)};
}

static const char *
escape(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static int
add_escaped(struct hf_buf *out, const char *text, struct hf_error *err)
{
    for (; *text; text++) {
        const char *escaped = escape(*text);

        if ((escaped ? hf_buf_adds(out, escaped, err) : hf_buf_add(out, text, 1, err)) < 0)
            return -1;
    }
    return 0;
}

/* markup up to its end, with each {name} replaced. */
static int
add_markup(struct hf_buf *out, struct hf_slice markup, const struct hf_sentence *sentence,
           struct hf_error *err)
{
    const struct {
        const char *name, *text;
    } values[] = {
        {"{level}", sentence->level},
        {"{eyebrow}", sentence->eyebrow},
        {"{title}", sentence->title},
        {"{detail}", sentence->detail},
    };
    const char *at = markup.data, *end = markup.data + markup.len;

    while (at < end) {
        const char *text = NULL;
        size_t len = 1;

        for (size_t i = 0; i < HF_LEN(values) && !text; i++) {
            size_t name = strlen(values[i].name);

            if (name <= (size_t)(end - at) && memcmp(at, values[i].name, name) == 0) {
                text = values[i].text;
                len = name;
            }
        }
        if ((text ? add_escaped(out, text, err) : hf_buf_add(out, at, 1, err)) < 0)
            return -1;
        at += len;
    }
    return 0;
}

int
hf_index_fill(struct hf_slice page, const struct hf_sentence *sentence, struct hf_buf *out,
              bool *ret_filled, struct hf_error *err)
{
    const char *begin = find(page, BEGIN), *page_end = page.data + page.len, *markup, *end;

    *ret_filled = false;
    if (!begin)
        return 0;
    markup = begin + strlen(BEGIN);
    end = find(between(markup, page_end), END);
    if (!end)
        return 0;
    if (hf_buf_add(out, page.data, (size_t)(begin - page.data), err) < 0 ||
        add_markup(out, between(markup, end), sentence, err) < 0)
        return -1;
    end += strlen(END);
    if (hf_buf_add(out, end, (size_t)(page_end - end), err) < 0)
        return -1;
    *ret_filled = true;
    return 0;
}
