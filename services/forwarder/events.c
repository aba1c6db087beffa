// SPDX-License-Identifier: Apache-2.0
#include "forwarder/events.h"

#include <string.h>

static bool
is_gap(const struct hf_view *v)
{
    static const char gap[] = "\"$holdfast/gap\"";

    return v->topic.len == sizeof gap - 1 && memcmp(v->topic.data, gap, v->topic.len) == 0;
}

#define SLICE(s) (int)(s).len, (s).data

static int
render_one(const struct hf_view *v, struct hf_buf *out, struct hf_error *err)
{
    static const char *const types[] = {
        [HF_VIEW_PAYLOAD] = "application/json",
        [HF_VIEW_TEXT] = "text/plain",
        [HF_VIEW_BASE64] = "application/octet-stream",
    };

    if (hf_buf_addf(out, err,
                    "{\"specversion\":\"1.0\",\"id\":\"%.*s/%.*s/%llu\","
                    "\"source\":\"urn:holdfast:%.*s\",\"type\":\"io.holdfast.%s\","
                    "\"time\":\"%.*s\",\"clocksynced\":%s,\"datacontenttype\":\"%s\","
                    "\"subject\":",
                    SLICE(v->gateway), SLICE(v->epoch), (unsigned long long)v->seq,
                    SLICE(v->gateway), is_gap(v) ? "gap" : "record", SLICE(v->time),
                    v->synced ? "true" : "false", types[v->kind]) < 0 ||
        hf_buf_add(out, v->topic.data, v->topic.len, err) < 0 ||
        hf_buf_adds(out, v->kind == HF_VIEW_BASE64 ? ",\"data_base64\":" : ",\"data\":", err) < 0 ||
        hf_buf_add(out, v->value.data, v->value.len, err) < 0)
        return -1;
    return hf_buf_add(out, "}", 1, err);
}

int
hf_events_render(struct hf_slice lines, struct hf_buf *out, struct hf_error *err)
{
    const char *at = lines.data, *end = lines.data + lines.len;

    hf_buf_clear(out);
    if (hf_buf_add(out, "[", 1, err) < 0)
        return -1;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((newline ? newline : end) - at);
        struct hf_view v;

        if (hf_view_parse(at, len, &v, err) < 0 ||
            (at > lines.data && hf_buf_add(out, ",", 1, err) < 0) || render_one(&v, out, err) < 0)
            return -1;
        at += len + 1;
    }
    return hf_buf_add(out, "]", 1, err);
}
