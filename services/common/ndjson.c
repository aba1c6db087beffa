// SPDX-License-Identifier: Apache-2.0
#include "common/ndjson.h"

#include "base/clock.h"
#include "common/jsontext.h"
#include "json/json.h"

#include <stdio.h>
#include <string.h>

enum { TIME_MAX = 64 };

/* A value as it stands in the compact text, which is known to be valid. */
struct span {
    const char *at;
    size_t len;
};

enum member { TOPIC, PAYLOAD, TEXT, BASE64, TIME, SYNCED, LANE, MEMBER_COUNT };

static const struct {
    const char *name;
    char first; /* what its value begins with; 0 for anything */
    const char *expected;
} members[MEMBER_COUNT] = {
    [TOPIC] = {"topic", '"', "a text"}, [PAYLOAD] = {"payload", 0, ""},
    [TEXT] = {"text", '"', "a text"},   [BASE64] = {"base64", '"', "a text"},
    [TIME] = {"time", '"', "a text"},   [SYNCED] = {"synced", 0, "true or false"},
    [LANE] = {"lane", '"', "a text"},
};

void
hf_ndjson_init(struct hf_ndjson *n, const char *text, size_t len, int64_t now_ms, bool synced)
{
    *n = (struct hf_ndjson){
        .text = text,
        .len = len,
        .now_ms = now_ms,
        .synced = synced,
        .compact = HF_BUF_INIT(HF_RECORD_BODY_MAX),
        .topic = HF_BUF_INIT(HF_RECORD_TOPIC_MAX),
    };
}

void
hf_ndjson_done(struct hf_ndjson *n)
{
    hf_buf_done(&n->compact);
    hf_buf_done(&n->topic);
}

const char *
hf_record_topic_wrong(const char *topic, size_t len)
{
    static const char own[] = "$holdfast/";

    if (len == 0)
        return "a topic is not empty";
    if (memchr(topic, '+', len) || memchr(topic, '#', len))
        return "a topic has no + and no #";
    if (len >= sizeof own - 1 && memcmp(topic, own, sizeof own - 1) == 0)
        return "topics below $holdfast/ are the gateway's own";
    return NULL;
}

static int
wrong_line(const struct hf_ndjson *n, const char *member, const char *what, struct hf_error *err)
{
    char pointer[16] = "";

    if (*member)
        snprintf(pointer, sizeof pointer, "/%s", member);
    return hf_error_set_at(err, HF_ERROR_INVALID, pointer, "line %u%s%s: %s", n->line,
                           *member ? ", member " : "", member, what);
}

/* ---- walking valid compact JSON ---- */

/* Behind the string that begins at the quote. */
static const char *
skip_string(const char *at)
{
    for (at++; *at != '"'; at++)
        if (*at == '\\')
            at++;
    return at + 1;
}

/* Behind the value: at the comma or bracket that ends it. */
static const char *
skip_value(const char *at)
{
    unsigned depth = 0;

    for (;;) {
        if (*at == '"') {
            at = skip_string(at);
        } else if (*at == '{' || *at == '[') {
            depth++;
            at++;
        } else if (*at == '}' || *at == ']') {
            if (!depth)
                return at;
            depth--;
            at++;
        } else if (*at == ',' && !depth) {
            return at;
        } else {
            at++;
        }
    }
}

static bool
span_is(const struct span *s, const char *text)
{
    return s->len == strlen(text) && memcmp(s->at, text, s->len) == 0;
}

static int
find_member(const struct span *key)
{
    int m = 0;

    while (m < MEMBER_COUNT && !span_is(key, members[m].name))
        m++;
    return m;
}

/* Fills values with what stands behind each known member; texts without their quotes. */
static int
read_members(const struct hf_ndjson *n, struct span values[MEMBER_COUNT], struct hf_error *err)
{
    const char *at = n->compact.data;

    if (*at != '{')
        return wrong_line(n, "", "a record is an object, {\"topic\":…,\"payload\":…}", err);
    at++;
    while (*at != '}') {
        const char *end = skip_string(at);
        struct span key = {at + 1, (size_t)(end - at) - 2};
        struct span value = {end + 1, (size_t)(skip_value(end + 1) - end) - 1};
        int m = find_member(&key);

        if (m == MEMBER_COUNT) {
            char name[32];

            snprintf(name, sizeof name, "%.*s", (int)(key.len < 24 ? key.len : 0), key.at);
            return hf_error_set_at(err, HF_ERROR_INVALID, "", "line %u: unknown member '%s'",
                                   n->line, name);
        }
        if (values[m].at)
            return wrong_line(n, members[m].name, "is there twice", err);
        if (members[m].first && *value.at != members[m].first)
            return hf_error_set_at(err, HF_ERROR_INVALID, "", "line %u, member %s: expected %s",
                                   n->line, members[m].name, members[m].expected);
        at = value.at + value.len;
        at += *at == ',';
        values[m] = members[m].first ? (struct span){value.at + 1, value.len - 2} : value;
    }
    return 0;
}

/* ---- values ---- */

static bool
is_base64(const struct span *s)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t len = s->len;

    if (len % 4)
        return false;
    for (int padding = 0; padding < 2 && len && s->at[len - 1] == '='; padding++)
        len--;
    for (size_t i = 0; i < len; i++)
        if (!strchr(digits, s->at[i]))
            return false;
    return true;
}

static int
read_topic(struct hf_ndjson *n, const struct span *value, struct hf_record *r, struct hf_error *err)
{
    const char *wrong;
    char *to;

    if (!value->at)
        return wrong_line(n, "topic", "is missing", err);
    hf_buf_clear(&n->topic);
    to = hf_buf_reserve(&n->topic, value->len);
    if (!to)
        return wrong_line(n, "topic", "is longer than 65535 bytes", err);
    if (!hf_jsontext_unescape(value->at, value->len, to, &n->topic.len))
        return wrong_line(n, "topic", "has a wrong escape", err);
    wrong = hf_record_topic_wrong(to, n->topic.len);
    if (wrong)
        return wrong_line(n, "topic", wrong, err);
    r->topic = to;
    r->topic_len = n->topic.len;
    return 0;
}

static int
read_payload(const struct hf_ndjson *n, const struct span values[MEMBER_COUNT], struct hf_record *r,
             struct hf_error *err)
{
    static const struct {
        enum member member;
        enum hf_payload_kind kind;
    } kinds[] = {{PAYLOAD, HF_PAYLOAD_JSON}, {TEXT, HF_PAYLOAD_TEXT}, {BASE64, HF_PAYLOAD_BASE64}};

    for (size_t i = 0; i < HF_LEN(kinds); i++) {
        const struct span *value = &values[kinds[i].member];

        if (!value->at)
            continue;
        if (r->payload)
            return wrong_line(n, "", "only one of payload, text and base64 may be there", err);
        r->kind = kinds[i].kind;
        r->payload = value->at;
        r->payload_len = value->len;
    }
    if (!r->payload)
        return wrong_line(n, "", "one of payload, text and base64 must be there", err);
    if (r->kind == HF_PAYLOAD_BASE64 && !is_base64(&values[BASE64]))
        return wrong_line(n, "base64", "is not base64 with padding (RFC 4648 §4)", err);
    return 0;
}

static int
read_rest(const struct hf_ndjson *n, const struct span values[MEMBER_COUNT], struct hf_record *r,
          struct hf_error *err)
{
    const struct span *time = &values[TIME], *synced = &values[SYNCED], *lane = &values[LANE];
    char text[TIME_MAX];

    r->time_ms = n->now_ms;
    r->synced = n->synced;
    if (synced->at && !span_is(synced, "true") && !span_is(synced, "false"))
        return wrong_line(n, "synced", "expected true or false", err);
    if (synced->at)
        r->synced = span_is(synced, "true");
    snprintf(text, sizeof text, "%.*s", (int)(time->len < TIME_MAX ? time->len : 0),
             time->at ? time->at : "");
    if (time->at && !hf_clock_parse(text, &r->time_ms))
        return wrong_line(n, "time", "expected a time like 2026-11-24T03:01:33.123Z (RFC 3339)",
                          err);
    snprintf(text, sizeof text, "%.*s", (int)(lane->len < TIME_MAX ? lane->len : 0),
             lane->at ? lane->at : "");
    if (lane->at && !hf_lane_parse(text, &r->lane))
        return wrong_line(n, "lane", "expected alarm, normal or bulk", err);
    return 0;
}

static bool
is_blank(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r')
            return false;
    return true;
}

/* compact() does not say where a text is wrong; the parser does. */
static int
explain(const struct hf_ndjson *n, const char *text, size_t len, struct hf_error *err)
{
    static const char only_line[] = "line 1, ";
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_error found = {0};
    const char *what = found.message;

    if (hf_json_parse(text, len, &doc, &found) == 0)
        what = "a number or an escape that not every reader takes";
    else if (strncmp(what, only_line, sizeof only_line - 1) == 0)
        what += sizeof only_line - 1;
    return hf_error_set(err, HF_ERROR_MALFORMED, "line %u: %s", n->line, what);
}

int
hf_ndjson_next(struct hf_ndjson *n, struct hf_record *ret_record, struct hf_error *err)
{
    struct span values[MEMBER_COUNT] = {0};
    struct hf_record r = {0};
    const char *text, *end;
    size_t len;

    do {
        if (n->at >= n->len)
            return 0;
        text = n->text + n->at;
        end = memchr(text, '\n', n->len - n->at);
        len = end ? (size_t)(end - text) : n->len - n->at;
        n->at += len + (end ? 1 : 0);
        n->line++;
    } while (is_blank(text, len));

    hf_buf_clear(&n->compact);
    if (!hf_json_compact(text, len, &n->compact))
        return explain(n, text, len, err);
    if (read_members(n, values, err) < 0 || read_topic(n, &values[TOPIC], &r, err) < 0 ||
        read_payload(n, values, &r, err) < 0 || read_rest(n, values, &r, err) < 0)
        return -1;
    *ret_record = r;
    return 1;
}
