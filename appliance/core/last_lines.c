// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/text.h"
#include "core/internal.h"

#include <string.h>

enum {
    LINES_MAX = 200,
    BYTES_MAX = 48 * 1024, /* in an incident; the older lines give way */
    TEXT_MAX = 1000,       /* of one line */
    PATIENCE_MS = 5000
};

/* The newest lines as JSON, one after the other. */
struct tail {
    struct hf_buf json;
    size_t lengths[LINES_MAX]; /* ring of the lengths in json */
    size_t first, count;
    int64_t until_ms;
    int64_t deadline_ms;
};

static void
drop_oldest(struct tail *t)
{
    hf_buf_consume(&t->json, t->lengths[t->first]);
    t->first = (t->first + 1) % LINES_MAX;
    t->count--;
}

static char *
print_line(const struct hf_log_line *line)
{
    HF_AUTO(hf_json) struct hf_json *o = hf_json_object();
    char text[TEXT_MAX + 1];
    char *json = NULL;
    size_t len;

    hf_text_put(text, sizeof text, "%s", line->text);
    for (len = strlen(text); len > 0 && !hf_text_utf8(text, len); len--)
        text[len - 1] = '\0'; /* cut inside a character */
    hf_json_put_time(o, "time", line->time_ms);
    hf_json_put_string(o, "stream", line->is_stderr ? "stderr" : "stdout");
    hf_json_put_string(o, "text", text);
    return hf_json_print(o, &json, NULL) == 0 ? json : NULL;
}

static bool
keep_line(void *context, const struct hf_log_line *line)
{
    struct tail *t = context;
    HF_AUTO_FREE char *json = NULL;
    size_t len;

    if (t->until_ms && line->time_ms > t->until_ms)
        return false;
    json = print_line(line);
    len = json ? strlen(json) : 0;
    if (len == 0)
        return true;
    while (t->count == LINES_MAX || (t->count > 0 && t->json.len + len > BYTES_MAX))
        drop_oldest(t);
    if (hf_buf_add(&t->json, json, len, NULL) < 0)
        return false;
    t->lengths[(t->first + t->count) % LINES_MAX] = len;
    t->count++;
    return true;
}

static bool
is_late(void *context)
{
    const struct tail *t = context;

    return hf_clock_mono_ms() > t->deadline_ms;
}

static char *
as_array(const struct tail *t)
{
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(BYTES_MAX + LINES_MAX + 2);
    const char *at = t->json.data;

    if (hf_buf_adds(&out, "[", NULL) < 0)
        return NULL;
    for (size_t i = 0; i < t->count; i++) {
        size_t len = t->lengths[(t->first + i) % LINES_MAX];

        if ((i > 0 && hf_buf_adds(&out, ",", NULL) < 0) || hf_buf_add(&out, at, len, NULL) < 0)
            return NULL;
        at += len;
    }
    return hf_buf_adds(&out, "]", NULL) < 0 ? NULL : hf_buf_take(&out);
}

char *
hf_core_last_lines(const struct hf_core *core, const char *container, int64_t until_ms,
                   int64_t *ret_count)
{
    struct tail t = {
        .json = HF_BUF_INIT((size_t)2 * BYTES_MAX),
        .until_ms = until_ms,
        .deadline_ms = hf_clock_mono_ms() + PATIENCE_MS,
    };
    char *json = NULL;
    struct hf_error err;

    if (core->config.engine_ops->logs(core->config.engine, container, LINES_MAX, false, keep_line,
                                      is_late, &t, &err) == 0)
        json = as_array(&t);
    else
        hf_log_warn("event=last-lines-not-read error=\"%s\"", err.message);
    *ret_count = json ? (int64_t)t.count : 0;
    hf_buf_done(&t.json);
    return json;
}
