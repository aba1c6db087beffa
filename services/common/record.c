// SPDX-License-Identifier: Apache-2.0
#include "common/record.h"

#include "base/clock.h"
#include "base/text.h"
#include "json/json.h"

#include <endian.h>
#include <string.h>

enum { HEAD_AFTER_LENGTH = HF_RECORD_HEAD - 4, FLAG_SYNCED = 1 };

int
hf_record_encode(const struct hf_record *r, struct hf_buf *frames, struct hf_error *err)
{
    size_t rest = HEAD_AFTER_LENGTH + r->topic_len + r->payload_len;
    uint32_t length = htole32((uint32_t)rest);
    uint64_t time_ms = htole64((uint64_t)r->time_ms);
    uint16_t topic_len = htole16((uint16_t)r->topic_len);
    char *to;

    if (r->topic_len > HF_RECORD_TOPIC_MAX || rest > HF_RECORD_BODY_MAX)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "a record of %zu bytes is too large", rest);
    to = hf_buf_reserve(frames, 4 + rest);
    if (!to)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "the batch is larger than %zu bytes",
                            frames->max);
    memcpy(to, &length, 4);
    memcpy(to + 4, &time_ms, 8);
    to[12] = r->synced ? FLAG_SYNCED : 0;
    memcpy(to + 13, &topic_len, 2);
    memcpy(to + HF_RECORD_HEAD, r->topic, r->topic_len);
    if (r->payload_len)
        memcpy(to + HF_RECORD_HEAD + r->topic_len, r->payload, r->payload_len);
    frames->len += 4 + rest;
    frames->data[frames->len] = '\0';
    return 0;
}

static int
malformed(struct hf_error *err, size_t at, const char *what)
{
    return hf_error_set(err, HF_ERROR_MALFORMED, "record at byte %zu: %s", at, what);
}

int
hf_record_decode(const char *frames, size_t len, size_t *at, struct hf_record *ret_record,
                 struct hf_error *err)
{
    const char *head = frames + *at;
    size_t left = len - *at;
    uint64_t time_ms;
    uint16_t topic_len;
    uint32_t rest;

    if (left == 0)
        return 0;
    if (left < HF_RECORD_HEAD)
        return malformed(err, *at, "cut off");
    memcpy(&rest, head, 4);
    rest = le32toh(rest);
    if (rest < HEAD_AFTER_LENGTH || rest > left - 4)
        return malformed(err, *at, "its length does not fit");
    memcpy(&time_ms, head + 4, 8);
    memcpy(&topic_len, head + 13, 2);
    topic_len = le16toh(topic_len);
    if (head[12] & ~FLAG_SYNCED)
        return malformed(err, *at, "unknown flags");
    if (topic_len == 0 || topic_len > rest - HEAD_AFTER_LENGTH)
        return malformed(err, *at, "its topic does not fit");
    if (le64toh(time_ms) > INT64_MAX)
        return malformed(err, *at, "its time is out of range");
    if (!hf_text_utf8(head + HF_RECORD_HEAD, topic_len))
        return malformed(err, *at, "its topic is not UTF-8");

    ret_record->time_ms = (int64_t)le64toh(time_ms);
    ret_record->synced = head[12] & FLAG_SYNCED;
    ret_record->topic = head + HF_RECORD_HEAD;
    ret_record->topic_len = topic_len;
    ret_record->payload = head + HF_RECORD_HEAD + topic_len;
    ret_record->payload_len = rest - HEAD_AFTER_LENGTH - topic_len;
    *at += 4 + (size_t)rest;
    return 1;
}

int
hf_record_count(const char *frames, size_t len, size_t *ret_count, struct hf_error *err)
{
    struct hf_record r;
    size_t at = 0, count = 0;
    int rc;

    while ((rc = hf_record_decode(frames, len, &at, &r, err)) > 0)
        count++;
    if (rc == 0)
        *ret_count = count;
    return rc;
}

/* A JSON string (RFC 8259 §7); text is UTF-8. Grows at most sixfold, for control characters. */
static int
add_string(struct hf_buf *b, const char *text, size_t len, struct hf_error *err)
{
    static const char hex[] = "0123456789abcdef";
    size_t plain = 0;

    if (hf_buf_add(b, "\"", 1, err) < 0)
        return -1;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        char escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
        bool simple = c == '"' || c == '\\';

        if (c >= 0x20 && !simple)
            continue;
        if (simple)
            escape[1] = (char)c;
        if (hf_buf_add(b, text + plain, i - plain, err) < 0 ||
            hf_buf_add(b, escape, simple ? 2 : 6, err) < 0)
            return -1;
        plain = i + 1;
    }
    return hf_buf_add(b, text + plain, len - plain, err) < 0 ? -1 : hf_buf_add(b, "\"", 1, err);
}

static int
add_base64(struct hf_buf *b, const char *data, size_t len, struct hf_error *err)
{
    char *to;

    if (hf_buf_add(b, "\"base64\":\"", 10, err) < 0)
        return -1;
    to = hf_buf_reserve(b, 4 * ((len + 2) / 3));
    if (!to)
        return hf_error_nomem(err);
    b->len += hf_text_base64(data, len, to);
    return hf_buf_add(b, "\"", 1, err);
}

static int
add_payload(struct hf_buf *b, const char *data, size_t len, struct hf_error *err)
{
    static const char member[] = "\"payload\":";

    if (hf_buf_adds(b, member, err) < 0)
        return -1;
    if (hf_json_compact(data, len, b))
        return 0;
    b->len -= sizeof member - 1;
    if (!hf_text_utf8(data, len))
        return add_base64(b, data, len, err);
    return hf_buf_adds(b, "\"text\":", err) < 0 ? -1 : add_string(b, data, len, err);
}

int
hf_record_line(const struct hf_record *r, const char *gateway, const char *epoch, uint64_t seq,
               struct hf_buf *lines, struct hf_error *err)
{
    char time[HF_RFC3339_SIZE];
    size_t before = lines->len;

    hf_clock_rfc3339(r->time_ms, time);
    if (hf_buf_addf(lines, err,
                    "{\"gateway\":\"%s\",\"epoch\":\"%s\",\"seq\":%llu,\"time\":\"%s\","
                    "\"synced\":%s,\"topic\":",
                    gateway, epoch, (unsigned long long)seq, time,
                    r->synced ? "true" : "false") < 0 ||
        add_string(lines, r->topic, r->topic_len, err) < 0 || hf_buf_add(lines, ",", 1, err) < 0 ||
        add_payload(lines, r->payload, r->payload_len, err) < 0 ||
        hf_buf_add(lines, "}\n", 2, err) < 0) {
        lines->len = before;
        return -1;
    }
    return 0;
}
