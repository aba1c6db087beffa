// SPDX-License-Identifier: Apache-2.0
#include "common/record.h"

#include "base/clock.h"
#include "base/text.h"
#include "common/jsontext.h"
#include "json/json.h"

#include <endian.h>
#include <string.h>

enum {
    HEAD_AFTER_LENGTH = HF_RECORD_HEAD - 4,
    REASON_LENGTH = 2, /* bytes of its length */
    FLAG_SYNCED = 1,
    FLAG_LANE_SHIFT = 1,
    FLAG_LANE_MASK = 3 << FLAG_LANE_SHIFT,
    FLAG_REASON = 8,
    FLAGS = FLAG_SYNCED | FLAG_LANE_MASK | FLAG_REASON
};

/* How much of a reason is kept: whole characters (RFC 3629). */
static size_t
reason_bytes(const struct hf_record *r)
{
    size_t len = r->reason_len;

    if (len <= HF_RECORD_REASON_MAX)
        return len;
    len = HF_RECORD_REASON_MAX;
    while (len && ((unsigned char)r->reason[len] & 0xc0) == 0x80)
        len--;
    return len;
}

int
hf_record_encode(const struct hf_record *r, struct hf_buf *frames, struct hf_error *err)
{
    size_t reason = r->reason ? reason_bytes(r) : 0;
    size_t before = r->reason ? REASON_LENGTH + reason : 0;
    size_t rest = HEAD_AFTER_LENGTH + before + r->topic_len + r->payload_len;
    uint32_t length = htole32((uint32_t)rest);
    uint64_t time_ms = htole64((uint64_t)r->time_ms);
    uint16_t topic_len = htole16((uint16_t)r->topic_len);
    uint16_t reason_len = htole16((uint16_t)reason);
    char *to;

    if (r->topic_len > HF_RECORD_TOPIC_MAX || rest > HF_RECORD_BODY_MAX)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "a record of %zu bytes is too large", rest);
    to = hf_buf_reserve(frames, 4 + rest);
    if (!to)
        return hf_error_set(err, HF_ERROR_TOO_LARGE, "the batch is larger than %zu bytes",
                            frames->max);
    memcpy(to, &length, 4);
    memcpy(to + 4, &time_ms, 8);
    to[12] = (char)((r->synced ? FLAG_SYNCED : 0) | (int)r->lane << FLAG_LANE_SHIFT |
                    (r->reason ? FLAG_REASON : 0));
    memcpy(to + 13, &topic_len, 2);
    if (r->reason) {
        memcpy(to + HF_RECORD_HEAD, &reason_len, REASON_LENGTH);
        memcpy(to + HF_RECORD_HEAD + REASON_LENGTH, r->reason, reason);
    }
    memcpy(to + HF_RECORD_HEAD + before, r->topic, r->topic_len);
    if (r->payload_len)
        memcpy(to + HF_RECORD_HEAD + before + r->topic_len, r->payload, r->payload_len);
    frames->len += 4 + rest;
    frames->data[frames->len] = '\0';
    return 0;
}

static int
malformed(struct hf_error *err, size_t at, const char *what)
{
    return hf_error_set(err, HF_ERROR_MALFORMED, "record at byte %zu: %s", at, what);
}

/* What stands before the topic: nothing, or the reason. Moves *body behind it. */
static const char *
read_reason(struct hf_record *r, const char **body, const char *end)
{
    uint16_t len;

    if (end - *body < REASON_LENGTH)
        return "its reason does not fit";
    memcpy(&len, *body, REASON_LENGTH);
    len = le16toh(len);
    *body += REASON_LENGTH;
    if (len == 0 || len > HF_RECORD_REASON_MAX || len > end - *body)
        return "its reason does not fit";
    if (!hf_text_utf8(*body, len))
        return "its reason is not UTF-8";
    r->reason = *body;
    r->reason_len = len;
    *body += len;
    return NULL;
}

/* Reads what stands between head and end; returns what is wrong with it. */
static const char *
read_frame(const char *head, const char *end, struct hf_record *r)
{
    const char *body = head + HF_RECORD_HEAD;
    unsigned flags = (unsigned char)head[12];
    const char *wrong;
    uint64_t time_ms;
    uint16_t topic_len;

    memcpy(&time_ms, head + 4, 8);
    time_ms = le64toh(time_ms);
    memcpy(&topic_len, head + 13, 2);
    topic_len = le16toh(topic_len);
    *r = (struct hf_record){
        .time_ms = (int64_t)time_ms,
        .synced = flags & FLAG_SYNCED,
        .lane = (enum hf_lane)((flags & FLAG_LANE_MASK) >> FLAG_LANE_SHIFT),
        .topic_len = topic_len,
    };
    if (flags & ~(unsigned)FLAGS)
        return "unknown flags";
    if (time_ms > INT64_MAX)
        return "its time is out of range";
    if (flags & FLAG_REASON && (wrong = read_reason(r, &body, end)))
        return wrong;
    if (topic_len == 0 || topic_len > end - body)
        return "its topic does not fit";
    if (!hf_text_utf8(body, topic_len))
        return "its topic is not UTF-8";
    r->topic = body;
    r->payload = body + topic_len;
    r->payload_len = (size_t)(end - r->payload);
    return NULL;
}

int
hf_record_decode(const char *frames, size_t len, size_t *at, struct hf_record *ret_record,
                 struct hf_error *err)
{
    const char *head = frames + *at;
    size_t left = len - *at;
    const char *wrong;
    uint32_t rest;

    if (left == 0)
        return 0;
    if (left < HF_RECORD_HEAD)
        return malformed(err, *at, "cut off");
    memcpy(&rest, head, 4);
    rest = le32toh(rest);
    if (rest < HEAD_AFTER_LENGTH || rest > left - 4)
        return malformed(err, *at, "its length does not fit");
    wrong = read_frame(head, head + 4 + rest, ret_record);
    if (wrong)
        return malformed(err, *at, wrong);
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
add_plain(struct hf_buf *b, const char *data, size_t len, struct hf_error *err)
{
    static const char member[] = "\"payload\":";

    if (hf_buf_adds(b, member, err) < 0)
        return -1;
    if (hf_json_compact(data, len, b))
        return 0;
    b->len -= sizeof member - 1;
    if (!hf_text_utf8(data, len))
        return add_base64(b, data, len, err);
    return hf_buf_adds(b, "\"text\":", err) < 0 ? -1 : hf_jsontext_add(b, data, len, err);
}

static int
add_payload(struct hf_buf *b, const struct hf_record *r, struct hf_error *err)
{
    static const struct {
        const char *before, *after;
    } around[] = {
        [HF_PAYLOAD_JSON] = {"\"payload\":", ""},
        [HF_PAYLOAD_TEXT] = {"\"text\":\"", "\""},
        [HF_PAYLOAD_BASE64] = {"\"base64\":\"", "\""},
    };

    if (r->kind == HF_PAYLOAD_PLAIN)
        return add_plain(b, r->payload, r->payload_len, err);
    if (hf_buf_adds(b, around[r->kind].before, err) < 0 ||
        hf_buf_add(b, r->payload, r->payload_len, err) < 0)
        return -1;
    return hf_buf_adds(b, around[r->kind].after, err);
}

int
hf_record_tail(const struct hf_record *r, struct hf_buf *lines, struct hf_error *err)
{
    static const char before_time[] = ",\"time\":\"";
    static const char synced[] = "\",\"synced\":true,\"topic\":";
    static const char unsynced[] = "\",\"synced\":false,\"topic\":";
    char time[HF_RFC3339_SIZE];
    size_t before = lines->len;

    hf_clock_rfc3339(r->time_ms, time);
    if (hf_buf_add(lines, before_time, sizeof before_time - 1, err) < 0 ||
        hf_buf_adds(lines, time, err) < 0 ||
        hf_buf_adds(lines, r->synced ? synced : unsynced, err) < 0 ||
        hf_jsontext_add(lines, r->topic, r->topic_len, err) < 0 ||
        hf_buf_add(lines, ",", 1, err) < 0 || add_payload(lines, r, err) < 0 ||
        hf_buf_add(lines, "}\n", 2, err) < 0) {
        lines->len = before;
        return -1;
    }
    return 0;
}

int
hf_record_line(const struct hf_record *r, const char *gateway, const char *epoch, uint64_t seq,
               struct hf_buf *lines, struct hf_error *err)
{
    size_t before = lines->len;

    if (hf_buf_addf(lines, err, "{\"gateway\":\"%s\",\"epoch\":\"%s\",\"seq\":%llu", gateway, epoch,
                    (unsigned long long)seq) < 0 ||
        hf_record_tail(r, lines, err) < 0) {
        lines->len = before;
        return -1;
    }
    return 0;
}
