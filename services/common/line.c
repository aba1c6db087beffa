// SPDX-License-Identifier: Apache-2.0
#include "common/line.h"

#include "base/clock.h"
#include "common/jsontext.h"

#include <string.h>

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

/* Moves *at behind the inside of a string and its quote. */
static bool
take_string(const char **at, const char *end, const char **ret_text, size_t *ret_len)
{
    const char *begin = *at;

    for (; *at < end && **at != '"'; (*at)++)
        if (**at == '\\')
            (*at)++;
    if (*at >= end)
        return false;
    *ret_text = begin;
    *ret_len = (size_t)(*at - begin);
    (*at)++;
    return true;
}

static bool
take_number(const char **at, const char *end, uint64_t *ret_value)
{
    const char *begin = *at;
    uint64_t value = 0;

    for (; *at < end && **at >= '0' && **at <= '9'; (*at)++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(**at - '0'), &value))
            return false;
    *ret_value = value;
    return *at > begin;
}

bool
hf_line_read(const char *line, size_t len, struct hf_line *ret_line)
{
    const char *at = line, *end = line + len, *skipped;
    struct hf_line l = {0};
    size_t skipped_len;

    if (!take(&at, end, "{\"gateway\":\"") || !take_string(&at, end, &skipped, &skipped_len) ||
        !take(&at, end, ",\"epoch\":\"") || !take_string(&at, end, &skipped, &skipped_len) ||
        !take(&at, end, ",\"seq\":") || !take_number(&at, end, &l.seq) ||
        !take(&at, end, ",\"time\":\"") || !take_string(&at, end, &l.time, &l.time_len) ||
        !take(&at, end, ",\"synced\":") || !(take(&at, end, "true") || take(&at, end, "false")) ||
        !take(&at, end, ",\"topic\":\"") || !take_string(&at, end, &l.topic, &l.topic_len) ||
        !take(&at, end, ","))
        return false;
    *ret_line = l;
    return true;
}

int64_t
hf_line_time_ms(const struct hf_line *l)
{
    char text[40];
    int64_t ms;

    if (l->time_len >= sizeof text)
        return -1;
    memcpy(text, l->time, l->time_len);
    text[l->time_len] = '\0';
    return hf_clock_parse(text, &ms) ? ms : -1;
}

int
hf_line_topic(const struct hf_line *l, struct hf_buf *work, const char **ret_topic, size_t *ret_len,
              struct hf_error *err)
{
    char *to;

    *ret_topic = l->topic;
    *ret_len = l->topic_len;
    if (!memchr(l->topic, '\\', l->topic_len))
        return 0;
    hf_buf_clear(work);
    to = hf_buf_reserve(work, l->topic_len);
    if (!to)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "a topic of %zu bytes", l->topic_len);
    if (!hf_jsontext_unescape(l->topic, l->topic_len, to, &work->len))
        return hf_error_set(err, HF_ERROR_INTERNAL, "a line with a wrong topic");
    *ret_topic = to;
    *ret_len = work->len;
    return 0;
}
