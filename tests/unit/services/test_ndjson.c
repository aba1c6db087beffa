// SPDX-License-Identifier: Apache-2.0
#include "common/jsontext.h"
#include "common/line.h"
#include "common/ndjson.h"
#include "unit.h"

#include <string.h>

/* Reads the only record of the text and renders it. */
static int
tail_of(const char *text, struct hf_buf *tail, struct hf_record *r, struct hf_error *err)
{
    size_t len = strlen(text);
    HF_AUTO_FREE char *exact = malloc(len ? len : 1);
    struct hf_ndjson n;
    struct hf_record more;
    int rc;

    memcpy(exact, text, len);
    hf_ndjson_init(&n, exact, len, 1000, true);
    rc = hf_ndjson_next(&n, r, err);
    if (rc > 0) {
        assert_int_equal(hf_record_tail(r, tail, NULL), 0);
        assert_int_equal(hf_ndjson_next(&n, &more, NULL), 0);
    }
    hf_ndjson_done(&n);
    return rc;
}

static void
becomes(const char *text, const char *wanted, enum hf_lane lane)
{
    HF_AUTO_BUF struct hf_buf tail = HF_BUF_INIT(1 << 20);
    struct hf_error err = {0};
    struct hf_record r;

    if (tail_of(text, &tail, &r, &err) != 1)
        fail_msg("%s: %s", text, err.message);
    assert_string_equal(tail.data, wanted);
    assert_int_equal(r.lane, lane);
}

static void
lines_become_records(void **state)
{
    (void)state;
    becomes("{\"topic\":\"a/b\",\"payload\": {\"v\" : 1.50e+02} }\n",
            ",\"time\":\"1970-01-01T00:00:01.000Z\",\"synced\":true,\"topic\":\"a/b\","
            "\"payload\":{\"v\":1.50e+02}}\n",
            HF_LANE_UNSAID);
    becomes("\n \r\n{\"lane\":\"alarm\",\"text\":\"21.5\\n\",\"synced\":false,"
            "\"time\":\"2026-11-24T04:01:33.1239+01:00\",\"topic\":\"a\\u00e9\\ud83d\\ude00\\\"\"}",
            ",\"time\":\"2026-11-24T03:01:33.123Z\",\"synced\":false,"
            "\"topic\":\"a\xc3\xa9\xf0\x9f\x98\x80\\\"\",\"text\":\"21.5\\n\"}\n",
            HF_LANE_ALARM);
    becomes("{\"topic\":\"t\",\"base64\":\"/wAB\",\"lane\":\"bulk\"}",
            ",\"time\":\"1970-01-01T00:00:01.000Z\",\"synced\":true,\"topic\":\"t\","
            "\"base64\":\"/wAB\"}\n",
            HF_LANE_BULK);
    becomes("{\"topic\":\"t\",\"payload\":[\"]},{\\\"\",{\"topic\":1}]}",
            ",\"time\":\"1970-01-01T00:00:01.000Z\",\"synced\":true,\"topic\":\"t\","
            "\"payload\":[\"]},{\\\"\",{\"topic\":1}]}\n",
            HF_LANE_UNSAID);
    becomes("{\"topic\":\"t\",\"payload\":null}",
            ",\"time\":\"1970-01-01T00:00:01.000Z\",\"synced\":true,\"topic\":\"t\","
            "\"payload\":null}\n",
            HF_LANE_UNSAID);
}

static void
what_is_wrong_is_said_with_its_place(void **state)
{
    static const struct {
        const char *text, *message, *pointer;
    } cases[] = {
        {"{\"topic\":\"t\",\"payload\":1}\n{\"topic\":\"t\",\"payload\":}", "line 2: column 24",
         ""},
        {"[1]", "line 1: a record is an object", ""},
        {"7", "line 1: a record is an object", ""},
        {"{}", "is missing", "/topic"},
        {"{\"topic\":\"t\"}", "one of payload", ""},
        {"{\"topic\":\"t\",\"payload\":1,\"text\":\"x\"}", "only one", ""},
        {"{\"topic\":\"t\",\"payload\":1,\"payload\":2}", "twice", "/payload"},
        {"{\"topic\":\"t\",\"payload\":1,\"qos\":1}", "unknown member 'qos'", ""},
        {"{\"topic\":7,\"payload\":1}", "member topic: expected a text", ""},
        {"{\"topic\":\"\",\"payload\":1}", "not empty", "/topic"},
        {"{\"topic\":\"a/+\",\"payload\":1}", "no +", "/topic"},
        {"{\"topic\":\"$holdfast/gap\",\"payload\":1}", "gateway's own", "/topic"},
        {"{\"topic\":\"t\",\"text\":1}", "member text: expected a text", ""},
        {"{\"topic\":\"t\",\"base64\":\"abc\"}", "base64", "/base64"},
        {"{\"topic\":\"t\",\"base64\":\"ab!=\"}", "base64", "/base64"},
        {"{\"topic\":\"t\",\"base64\":\"a===\"}", "base64", "/base64"},
        {"{\"topic\":\"t\",\"payload\":1,\"time\":\"yesterday\"}", "RFC 3339", "/time"},
        {"{\"topic\":\"t\",\"payload\":1,\"synced\":1}", "true or false", "/synced"},
        {"{\"topic\":\"t\",\"payload\":1,\"lane\":\"fast\"}", "alarm, normal or bulk", "/lane"},
        {"{\"topic\":\"t\",\"payload\":\"\\ud800\"}", "line 1: column 25", ""},
        {"{\"topic\":\"t\",\"payload\":1e999}", "not every reader", ""},
        {"{\"topic\":\"t\",\"payload\":1}garbage", "behind the end", ""},
        {"\xff", "UTF-8", ""},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(cases); i++) {
        HF_AUTO_BUF struct hf_buf tail = HF_BUF_INIT(1 << 20);
        struct hf_error err = {0};
        struct hf_ndjson n;
        struct hf_record r;
        int rc;

        hf_ndjson_init(&n, cases[i].text, strlen(cases[i].text), 0, false);
        while ((rc = hf_ndjson_next(&n, &r, &err)) > 0)
            ;
        hf_ndjson_done(&n);
        assert_int_equal(rc, -1);
        if (!strstr(err.message, cases[i].message))
            fail_msg("%s: %s", cases[i].text, err.message);
        assert_string_equal(err.pointer, cases[i].pointer);
        assert_int_equal(hf_error_http_status(err.class) / 100, 4);
    }
}

static void
lines_are_read_back(void **state)
{
    static const char wrong[] = "{\"gateway\":\"g\",\"epoch\":\"e\",\"seq\":x";
    HF_AUTO_BUF struct hf_buf b = HF_BUF_INIT(1 << 20);
    HF_AUTO_BUF struct hf_buf work = HF_BUF_INIT(1 << 10);
    const struct hf_record r = {.time_ms = 1795489293123,
                                .topic = "a\"\x01",
                                .topic_len = 3,
                                .payload = "{\"topic\":\"x\"}",
                                .payload_len = 13};
    const char *topic;
    struct hf_line l;
    size_t len;

    (void)state;
    assert_int_equal(hf_record_line(&r, "hf-1", "0a1b2c3d", 17, &b, NULL), 0);
    assert_true(hf_line_read(b.data, b.len, &l));
    assert_int_equal(l.seq, 17);
    assert_true(hf_line_time_ms(&l) == r.time_ms);
    assert_int_equal(hf_line_topic(&l, &work, &topic, &len, NULL), 0);
    assert_int_equal(len, 3);
    assert_memory_equal(topic, r.topic, 3);
    for (size_t cut = 0; cut < 100; cut++) {
        HF_AUTO_FREE char *part = malloc(cut ? cut : 1);

        memcpy(part, b.data, cut);
        (void)hf_line_read(part, cut, &l);
    }
    assert_false(hf_line_read(wrong, strlen(wrong), &l));
    assert_false(hf_line_read("{}", 2, &l));
}

/* A device may choose a topic that takes most of a line. */
static void
the_longest_topic_is_read_back(void **state)
{
    HF_AUTO_BUF struct hf_buf b = HF_BUF_INIT(1 << 20);
    HF_AUTO_BUF struct hf_buf work = HF_BUF_INIT(HF_LINE_TOPIC_MAX);
    HF_AUTO_FREE char *most = malloc(HF_RECORD_TOPIC_MAX);
    const struct hf_record r = {.topic = most, .topic_len = HF_RECORD_TOPIC_MAX};
    const char *topic;
    struct hf_line l;
    size_t len;

    (void)state;
    memset(most, 1, HF_RECORD_TOPIC_MAX);
    assert_int_equal(hf_record_line(&r, "hf-1", "0a1b2c3d", 17, &b, NULL), 0);
    assert_true(hf_line_read(b.data, b.len, &l));
    assert_int_equal(l.topic_len, HF_LINE_TOPIC_MAX);
    assert_int_equal(hf_line_topic(&l, &work, &topic, &len, NULL), 0);
    assert_int_equal(len, HF_RECORD_TOPIC_MAX);
    assert_memory_equal(topic, most, len);
}

static void
wrong_escapes_are_seen(void **state)
{
    static const char *const wrong[] = {"\\",        "\\x",           "\\u12",   "\\u00g0",
                                        "\\u0000",   "\\udc00",       "\\ud800", "\\ud800x",
                                        "\\ud800\\", "\\ud800\\u00e9"};
    char out[64];
    size_t len;

    (void)state;
    for (size_t i = 0; i < HF_LEN(wrong); i++) {
        size_t n = strlen(wrong[i]);
        HF_AUTO_FREE char *exact = malloc(n);

        memcpy(exact, wrong[i], n);
        assert_false(hf_jsontext_unescape(exact, n, out, &len));
    }
    assert_true(hf_jsontext_unescape("\\u00E9\\/\\t\\b", 12, out, &len));
    assert_int_equal(len, 5);
    assert_memory_equal(out, "\xc3\xa9/\t\b", 5);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_become_records),
        cmocka_unit_test(what_is_wrong_is_said_with_its_place),
        cmocka_unit_test(lines_are_read_back),
        cmocka_unit_test(the_longest_topic_is_read_back),
        cmocka_unit_test(wrong_escapes_are_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
