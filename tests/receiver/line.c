// SPDX-License-Identifier: Apache-2.0
#include "receiver/line.h"

#include "json/json.h"

#include <stdio.h>
#include <string.h>

static const char payload_member[] = ",\"payload\":";

/* The payload is what a device sent and may hold what our strict parser refuses in the envelope
 * (a doubled member, one level more); it comes last, so the two are read apart. */
static int
split_payload(const char *text, size_t len, struct hf_buf *envelope, struct hf_error *err)
{
    const char *payload = memmem(text, len, payload_member, sizeof payload_member - 1);
    HF_AUTO_BUF struct hf_buf compact = HF_BUF_INIT(len);
    size_t head;

    if (!payload)
        return hf_buf_add(envelope, text, len, err);
    head = (size_t)(payload - text);
    payload += sizeof payload_member - 1;
    if (text[len - 1] != '}' ||
        !hf_json_compact(payload, (size_t)(text + len - 1 - payload), &compact))
        return hf_error_set(err, HF_ERROR_MALFORMED, "the payload is not JSON");
    if (hf_buf_add(envelope, text, head, err) < 0)
        return -1;
    return hf_buf_adds(envelope, ",\"payload\":null}", err);
}

static int
copy(const struct hf_json *doc, const char *member, char out[HF_LINE_NAME_MAX],
     struct hf_error *err)
{
    const char *value = hf_json_string(doc, member);

    if (!value || snprintf(out, HF_LINE_NAME_MAX, "%s", value) >= HF_LINE_NAME_MAX || !*value)
        return hf_error_set(err, HF_ERROR_INVALID, "%s is empty or too long", member);
    return 0;
}

int
hf_line_parse(const char *text, size_t len, struct hf_line *ret_line, struct hf_error *err)
{
    static const struct hf_json_field fields[] = {
        {"gateway", HF_JSON_STRING, true}, {"epoch", HF_JSON_STRING, true},
        {"seq", HF_JSON_INT, true},        {"time", HF_JSON_STRING, true},
        {"synced", HF_JSON_BOOL, true},    {"topic", HF_JSON_STRING, true},
        {"payload", HF_JSON_ANY, false},   {"text", HF_JSON_STRING, false},
        {"base64", HF_JSON_STRING, false},
    };
    HF_AUTO_BUF struct hf_buf envelope = HF_BUF_INIT(len + sizeof payload_member + 8);
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    int64_t seq;

    *ret_line = (struct hf_line){0};
    if (split_payload(text, len, &envelope, err) < 0 ||
        hf_json_parse(envelope.data ? envelope.data : "", envelope.len, &doc, err) < 0 ||
        hf_json_check(doc, "", fields, HF_LEN(fields), err) < 0)
        return -1;
    if (!hf_json_get(doc, "payload") + !hf_json_get(doc, "text") + !hf_json_get(doc, "base64") != 2)
        return hf_error_set(err, HF_ERROR_INVALID, "not exactly one of payload, text and base64");
    seq = hf_json_int(doc, "seq", 0);
    if (seq < 1)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/seq", "seq is 1 or more");
    if (copy(doc, "gateway", ret_line->gateway, err) < 0 ||
        copy(doc, "epoch", ret_line->epoch, err) < 0 || copy(doc, "time", ret_line->time, err) < 0)
        return -1;
    ret_line->seq = (uint64_t)seq;
    ret_line->topic = strdup(hf_json_string(doc, "topic"));
    return ret_line->topic ? 0 : hf_error_nomem(err);
}

void
hf_line_done(struct hf_line *line)
{
    free(line->topic);
    line->topic = NULL;
}
