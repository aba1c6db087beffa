// SPDX-License-Identifier: Apache-2.0
#include "records.h"

#include <stdlib.h>

static void
line_is(const char *topic, const char *payload, size_t len, const char *tail)
{
    HF_AUTO_BUF struct hf_buf b = HF_BUF_INIT(1 << 20);
    const struct hf_record r = {.time_ms = 1000,
                                .topic = topic,
                                .topic_len = strlen(topic),
                                .payload = payload,
                                .payload_len = len};
    char wanted[1024];

    assert_int_equal(hf_record_line(&r, "hf-1", "0a1b2c3d", 17, &b, NULL), 0);
    snprintf(wanted, sizeof wanted,
             "{\"gateway\":\"hf-1\",\"epoch\":\"0a1b2c3d\",\"seq\":17,"
             "\"time\":\"1970-01-01T00:00:01.000Z\",\"synced\":false,%s}\n",
             tail);
    assert_string_equal(b.data, wanted);
}

static void
json_is_kept_byte_for_byte(void **state)
{
    const char *spaced = "{\"a\" : 1.50e+02,\n \"a\": [ \"x y\\u00e9\" ] }";

    (void)state;
    line_is("t", spaced, strlen(spaced),
            "\"topic\":\"t\",\"payload\":{\"a\":1.50e+02,\"a\":[\"x y\\u00e9\"]}");
    line_is("t", "12345678901234567890", 20, "\"topic\":\"t\",\"payload\":12345678901234567890");
    line_is("t", " null ", 6, "\"topic\":\"t\",\"payload\":null");
}

static void
what_is_no_json_is_text_or_base64(void **state)
{
    (void)state;
    line_is("t", "21,5 \xc3\xa9\"\\\n", 10,
            "\"topic\":\"t\",\"text\":\"21,5 \xc3\xa9\\\"\\\\\\u000a\"");
    line_is("t", "", 0, "\"topic\":\"t\",\"text\":\"\"");
    line_is("t", "{\"a\":1} x", 9, "\"topic\":\"t\",\"text\":\"{\\\"a\\\":1} x\"");
    line_is("t", "\xff\x00\x01", 3, "\"topic\":\"t\",\"base64\":\"/wAB\"");
    line_is("a\"b\\c\x01", "1", 1, "\"topic\":\"a\\\"b\\\\c\\u0001\",\"payload\":1");
}

static void
deep_nesting_is_text(void **state)
{
    enum { DEPTH = 10000 };
    HF_AUTO_BUF struct hf_buf b = HF_BUF_INIT(1 << 20);
    HF_AUTO_FREE char *deep = malloc(2 * DEPTH);
    struct hf_record r = {.topic = "t", .topic_len = 1, .payload = deep, .payload_len = 2 * DEPTH};

    (void)state;
    memset(deep, '[', DEPTH);
    memset(deep + DEPTH, ']', DEPTH);
    assert_int_equal(hf_record_line(&r, "g", "e", 1, &b, NULL), 0);
    assert_non_null(strstr(b.data, "\"topic\":\"t\",\"text\":\"[[[["));
}

static void
frames_come_back_as_they_went(void **state)
{
    HF_AUTO_BUF struct hf_buf b = HF_BUF_INIT(1 << 20);
    struct hf_record r;
    size_t at = 0, count;

    (void)state;
    records_add(&b, "sensors/7", "\x00\x01", 2);
    records_add(&b, "x", "", 0);
    assert_int_equal(hf_record_count(b.data, b.len, &count, NULL), 0);
    assert_int_equal(count, 2);
    assert_int_equal(hf_record_decode(b.data, b.len, &at, &r, NULL), 1);
    assert_int_equal(r.time_ms, 1795493037227);
    assert_true(r.synced);
    assert_int_equal(r.topic_len, 9);
    assert_memory_equal(r.topic, "sensors/7", 9);
    assert_memory_equal(r.payload, "\x00\x01", 2);
    assert_int_equal(hf_record_decode(b.data, b.len, &at, &r, NULL), 1);
    assert_int_equal(r.payload_len, 0);
    assert_int_equal(hf_record_decode(b.data, b.len, &at, &r, NULL), 0);
}

static void
lane_and_reason_travel(void **state)
{
    HF_AUTO_BUF struct hf_buf b = HF_BUF_INIT(1 << 20);
    HF_AUTO_BUF struct hf_buf reason = HF_BUF_INIT(2048);
    struct hf_record r = {.lane = HF_LANE_BULK, .topic = "t/x", .topic_len = 3, .payload = "p"};
    struct hf_record back;
    size_t at = 0;

    (void)state;
    assert_int_equal(hf_record_encode(&r, &b, NULL), 0);
    while (reason.len < HF_RECORD_REASON_MAX + 2) /* two bytes each: the cut falls inside of one */
        assert_int_equal(hf_buf_adds(&reason, reason.len ? "\xc3\xa9" : "x", NULL), 0);
    r = (struct hf_record){.lane = HF_LANE_ALARM,
                           .synced = true,
                           .topic = "t",
                           .topic_len = 1,
                           .payload = "pp",
                           .payload_len = 2,
                           .reason = reason.data,
                           .reason_len = reason.len};
    assert_int_equal(hf_record_encode(&r, &b, NULL), 0);
    assert_int_equal(hf_record_decode(b.data, b.len, &at, &back, NULL), 1);
    assert_int_equal(back.lane, HF_LANE_BULK);
    assert_null(back.reason);
    assert_false(back.synced);
    assert_int_equal(hf_record_decode(b.data, b.len, &at, &back, NULL), 1);
    assert_int_equal(back.lane, HF_LANE_ALARM);
    assert_true(back.synced);
    assert_int_equal(back.reason_len, HF_RECORD_REASON_MAX - 1);
    assert_memory_equal(back.reason, reason.data, back.reason_len);
    assert_int_equal(back.topic_len, 1);
    assert_memory_equal(back.payload, "pp", 2);
    assert_int_equal(hf_record_decode(b.data, b.len, &at, &back, NULL), 0);
}

static void
refused(const char *bytes, size_t len)
{
    struct hf_error err = {0};
    size_t count;

    assert_int_equal(hf_record_count(bytes, len, &count, &err), -1);
    assert_int_equal(err.class, HF_ERROR_MALFORMED);
}

static void
hostile_frames_are_refused(void **state)
{
    HF_AUTO_BUF struct hf_buf good = HF_BUF_INIT(1 << 20);

    (void)state;
    records_add(&good, "ab", "payload", 7);
    for (size_t cut = 1; cut < good.len; cut++) {
        HF_AUTO_FREE char *part = malloc(cut); /* exact, so that a sanitizer sees one byte more */

        memcpy(part, good.data, cut);
        refused(part, cut);
    }
    refused("\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\1\0t", 16);
    refused("\0\0\0\0", 4);
    refused("\x0b\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 15); /* empty topic */
    refused("\x0c\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff"
            "t",
            16);                                                  /* topic longer than the frame */
    refused("\x0c\0\0\0\0\0\0\0\0\0\0\0\x10\1\0t", 16);           /* unknown flag */
    refused("\x0c\0\0\0\0\0\0\0\0\0\0\0\x08\1\0t", 16);           /* a reason that is not there */
    refused("\x0e\0\0\0\0\0\0\0\0\0\0\0\x08\1\0\0\0t", 18);       /* an empty one */
    refused("\x0f\0\0\0\0\0\0\0\0\0\0\0\x08\1\0\x02\0rt", 19);    /* it takes the topic */
    refused("\x0f\0\0\0\0\0\0\0\0\0\0\0\x08\1\0\x01\0\xfft", 19); /* it is not UTF-8 */
    refused("\x0c\0\0\0\0\0\0\0\0\0\0\x80\0\1\0t", 16);           /* time out of range */
    refused("\x0c\0\0\0\0\0\0\0\0\0\0\0\0\1\0\xff", 16);          /* topic not UTF-8 */
}

static void
random_bytes_never_crash(void **state)
{
    (void)state;
    srand(20261124);
    for (int round = 0; round < 20000; round++) {
        size_t len = (size_t)rand() % 64, count;
        HF_AUTO_FREE char *bytes = malloc(len ? len : 1);

        for (size_t i = 0; i < len; i++)
            bytes[i] = (char)(rand() % 4 ? rand() % 20 : rand());
        (void)!hf_record_count(bytes, len, &count, NULL);
    }
}

static void
a_record_has_a_largest_size(void **state)
{
    HF_AUTO_BUF struct hf_buf b = HF_BUF_INIT(HF_RECORD_BODY_MAX);
    HF_AUTO_FREE char *big = calloc(1, HF_RECORD_BODY_MAX);
    struct hf_record r = {
        .topic = "t", .topic_len = 1, .payload = big, .payload_len = HF_RECORD_BODY_MAX};
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(hf_record_encode(&r, &b, &err), -1);
    assert_int_equal(err.class, HF_ERROR_TOO_LARGE);
    assert_int_equal(b.len, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_kept_byte_for_byte),
        cmocka_unit_test(what_is_no_json_is_text_or_base64),
        cmocka_unit_test(deep_nesting_is_text),
        cmocka_unit_test(frames_come_back_as_they_went),
        cmocka_unit_test(lane_and_reason_travel),
        cmocka_unit_test(hostile_frames_are_refused),
        cmocka_unit_test(random_bytes_never_crash),
        cmocka_unit_test(a_record_has_a_largest_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
