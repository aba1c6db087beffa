// SPDX-License-Identifier: Apache-2.0
/* Lines as the buffer gives them: taken apart, cut, packed, said as events and as MQTT messages. */
#include "forwarder/events.h"
#include "forwarder/leased.h"
#include "forwarder/mqtt_message.h"
#include "receiver/body.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

#define HEAD "{\"gateway\":\"hf-1\",\"epoch\":\"9f2c11ab\",\"seq\":"
#define TAIL ",\"time\":\"2026-11-24T03:01:33.123Z\",\"synced\":true,\"topic\":"

static struct hf_slice
slice(const char *text)
{
    return (struct hf_slice){.data = text, .len = strlen(text)};
}

static struct hf_view
view(const char *line)
{
    struct hf_view v;

    assert_int_equal(hf_view_parse(line, strlen(line), &v, NULL), 0);
    return v;
}

static void
unescaped(const char *json, const char *wanted)
{
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(1024);

    assert_int_equal(hf_view_unescape(slice(json), &out, NULL), 0);
    assert_string_equal(out.data ? out.data : "", wanted);
}

static void
a_line_is_taken_apart(void **state)
{
    struct hf_view v = view(HEAD "18446744073709551615" TAIL
                                 "\"a/\\\"b,\",\"payload\":{\"x\":[1,\"}\"],\"y\":\",\"}}");

    (void)state;
    assert_true(v.seq == UINT64_MAX);
    assert_true(v.synced);
    assert_int_equal(v.kind, HF_VIEW_PAYLOAD);
    assert_memory_equal(v.value.data, "{\"x\":[1,\"}\"],\"y\":\",\"}", v.value.len);
    assert_memory_equal(v.topic.data, "\"a/\\\"b,\"", v.topic.len);
    assert_memory_equal(v.epoch.data, "9f2c11ab", v.epoch.len);
    /* Members in another order, and one that is to come. */
    v = view(" { \"text\" : \"x\" , \"more\":[{}], \"topic\":\"t\", \"seq\": 7 ,\"synced\":false,"
             "\"time\":\"T\",\"epoch\":\"e\",\"gateway\":\"g\" } ");
    assert_true(v.seq == 7);
    assert_false(v.synced);
    assert_int_equal(v.kind, HF_VIEW_TEXT);
    assert_int_equal(v.value.len, 3);
}

static void
what_is_no_line_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "{",
        "{}",
        "[]",
        HEAD "1" TAIL "\"t\"}",
        HEAD "0" TAIL "\"t\",\"payload\":1}",
        HEAD "-1" TAIL "\"t\",\"payload\":1}",
        HEAD "18446744073709551616" TAIL "\"t\",\"payload\":1}",
        HEAD "1" TAIL "t,\"payload\":1}",
        HEAD "1" TAIL "\"t\",\"payload\":}",
        HEAD "1" TAIL "\"t\",\"text\":1}",
        HEAD "1" TAIL "\"t\",\"payload\":\"abc}",
        HEAD "1" TAIL "\"t\",\"payload\":[1}",
        HEAD "1" TAIL "\"t\"\"payload\":1}",
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(wrong); i++) {
        struct hf_view v;

        if (hf_view_parse(wrong[i], strlen(wrong[i]), &v, NULL) == 0)
            fail_msg("taken: %s", wrong[i]);
        /* Cut off anywhere it ends without reading beyond. */
        for (size_t len = 0; len < strlen(wrong[i]); len++) {
            HF_AUTO_FREE char *copy = malloc(len ? len : 1);

            memcpy(copy, wrong[i], len);
            assert_int_equal(hf_view_parse(copy, len, &v, NULL), -1);
        }
    }
}

static void
escapes_are_read(void **state)
{
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(1024);
    static const char *const wrong[] = {"\"\\x\"",     "\"\\u12\"",      "\"\\u12g4\"",
                                        "\"\\ud800\"", "\"\\ud800\\n\"", "\"\\ud800\\u0041\""};

    (void)state;
    unescaped("\"\"", "");
    unescaped("\"a\\\"\\\\\\/\\b\\f\\n\\r\\tz\"", "a\"\\/\b\f\n\r\tz");
    unescaped("\"\\u0041\\u00e4\\u20AC\\ud83d\\ude00\"", "A\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
    for (size_t i = 0; i < HF_LEN(wrong); i++)
        assert_int_equal(hf_view_unescape(slice(wrong[i]), &out, NULL), -1);
}

static void
payload_is(const char *tail, const void *wanted, size_t len)
{
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(1024);
    char line[512];
    struct hf_view v;

    snprintf(line, sizeof line, HEAD "1" TAIL "\"t\",%s}", tail);
    v = view(line);
    assert_int_equal(hf_view_payload(&v, &out, NULL), 0);
    assert_int_equal(out.len, len);
    assert_memory_equal(out.data ? out.data : "", wanted, len);
}

static void
payloads_are_what_the_device_sent(void **state)
{
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(1024);
    struct hf_view v;

    (void)state;
    payload_is("\"payload\":1.50e3", "1.50e3", 6);
    payload_is("\"text\":\"o\\u0070en\\n\"", "open\n", 5);
    payload_is("\"text\":\"\"", "", 0);
    payload_is("\"base64\":\"\"", "", 0);
    payload_is("\"base64\":\"AA==\"", "\0", 1);
    payload_is("\"base64\":\"AP8=\"", "\0\xff", 2);
    payload_is("\"base64\":\"AP/+\"", "\0\xff\xfe", 3);
    v = view(HEAD "1" TAIL "\"t\",\"base64\":\"A*==\"}");
    assert_int_equal(hf_view_payload(&v, &out, NULL), -1);
}

/* ---- batches ---- */

struct stand {
    struct hf_leased batch;
    struct hf_codec *codec;
    struct hf_buf plain;
};

static void
lease(struct stand *s, size_t count, bool zstd, const char *change)
{
    char headers[512];

    hf_buf_clear(&s->plain);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(hf_buf_addf(&s->plain, NULL,
                                     HEAD "%zu" TAIL "\"t/%zu\",\"payload\":{\"n\":%zu}}\n",
                                     17 + 2 * i, i % 7, i),
                         0);
    snprintf(headers, sizeof headers,
             "HTTP/1.1 200 OK\r\n%sHoldfast-Lane: normal\r\nHoldfast-Epoch: 9f2c11ab\r\n"
             "Holdfast-First: 17\r\nHoldfast-Last: %zu\r\nHoldfast-Count: %zu\r\n"
             "Holdfast-Raw-Bytes: %zu\r\nHoldfast-More: 0\r\n%s\r\n",
             zstd ? "Content-Encoding: zstd\r\n" : "", 17 + 2 * (count - 1), count, s->plain.len,
             change);
    hf_buf_clear(&s->batch.answer.headers);
    hf_buf_clear(&s->batch.answer.body);
    assert_int_equal(hf_buf_adds(&s->batch.answer.headers, headers, NULL), 0);
    if (zstd)
        assert_int_equal(
            hf_codec_zstd(s->codec, s->plain.data, s->plain.len, &s->batch.answer.body, NULL), 0);
    else
        assert_int_equal(hf_buf_add(&s->batch.answer.body, s->plain.data, s->plain.len, NULL), 0);
}

static int
set_up(void **state)
{
    struct stand *s = calloc(1, sizeof *s);

    s->plain = HF_BUF_INIT(1 << 20);
    *state = s;
    return hf_leased_init(&s->batch, NULL) < 0 || hf_codec_new(&s->codec, NULL) < 0;
}

static int
tear_down(void **state)
{
    struct stand *s = *state;

    hf_leased_done(&s->batch);
    hf_codec_free(s->codec);
    hf_buf_done(&s->plain);
    free(s);
    return 0;
}

static void
a_batch_is_cut_by_lines(void **state)
{
    struct stand *s = *state;

    for (int zstd = 0; zstd < 2; zstd++) {
        struct hf_slice lines;
        char key[HF_LEASED_KEY_MAX];
        size_t to;

        lease(s, 1000, zstd, "");
        assert_int_equal(hf_leased_take(&s->batch, "hf-1", NULL), 0);
        assert_int_equal(hf_leased_frame(&s->batch, &lines), zstd);
        assert_int_equal(hf_leased_key(&s->batch, 0, 1000, key, NULL), 0);
        assert_string_equal(key, "hf-1/9f2c11ab/17-2015");
        assert_int_equal(hf_leased_fit(&s->batch, 0, 1000, s->plain.len, &to, NULL), 0);
        assert_int_equal(to, 1000);
        assert_int_equal(hf_leased_lines(&s->batch, 0, 1000, &lines, NULL), 0);
        assert_memory_equal(lines.data, s->plain.data, s->plain.len);
        for (size_t max = 1; max < 3000; max += 97) {
            for (size_t from = 0; from < 1000; from += 331) {
                assert_int_equal(hf_leased_fit(&s->batch, from, 1000, max, &to, NULL), 0);
                assert_true(to > from);
                assert_int_equal(hf_leased_lines(&s->batch, from, to, &lines, NULL), 0);
                assert_true(lines.len <= max || to == from + 1);
                assert_int_equal(lines.data[lines.len - 1], '\n');
                if (to < 1000) {
                    assert_int_equal(hf_leased_lines(&s->batch, from, to + 1, &lines, NULL), 0);
                    assert_true(lines.len > max);
                }
            }
        }
        assert_int_equal(hf_leased_key(&s->batch, 1, 3, key, NULL), 0);
        assert_string_equal(key, "hf-1/9f2c11ab/19-21");
        hf_leased_rest(&s->batch);
    }
}

static void
a_lease_that_is_none_is_refused(void **state)
{
    static const char *const missing[] = {"Holdfast-Lane", "Holdfast-Epoch", "Holdfast-First",
                                          "Holdfast-Last", "Holdfast-Count", "Holdfast-Raw-Bytes"};
    struct stand *s = *state;
    struct hf_slice lines;

    for (size_t i = 0; i < HF_LEN(missing); i++) {
        lease(s, 10, true, "");
        *strstr(s->batch.answer.headers.data, missing[i]) = 'X';
        assert_int_equal(hf_leased_take(&s->batch, "hf-1", NULL), -1);
    }
    lease(s, 10, true, ""); /* one line less than it says */
    strstr(s->batch.answer.headers.data, "Count: 10")[8] = '1';
    assert_int_equal(hf_leased_take(&s->batch, "hf-1", NULL), 0);
    assert_int_equal(hf_leased_lines(&s->batch, 0, 10, &lines, NULL), -1);
    for (size_t at = 0; at < 60; at++) { /* a bit is wrong */
        lease(s, 10, true, "");
        assert_true(at < s->batch.answer.body.len);
        s->batch.answer.body.data[at] ^= 0x10;
        if (hf_leased_take(&s->batch, "hf-1", NULL) == 0 &&
            hf_leased_lines(&s->batch, 0, 10, &lines, NULL) == 0)
            assert_memory_equal(lines.data, s->plain.data, lines.len);
    }
    lease(s, 10, true, "");
    assert_int_equal(hf_buf_adds(&s->batch.answer.body, "x", NULL), 0); /* something behind it */
    assert_int_equal(hf_leased_take(&s->batch, "hf-1", NULL), 0);
    assert_int_equal(hf_leased_lines(&s->batch, 0, 10, &lines, NULL), -1);
}

static void
packed_bytes_are_the_same_each_time(void **state)
{
    struct stand *s = *state;
    HF_AUTO_BUF struct hf_buf a = HF_BUF_INIT(1 << 20), b = HF_BUF_INIT(1 << 20);

    lease(s, 500, false, "");
    for (int gzip = 0; gzip < 2; gzip++) {
        HF_AUTO_BUF struct hf_buf lines = HF_BUF_INIT(1 << 20);
        int (*pack)(struct hf_codec *, const void *, size_t, struct hf_buf *, struct hf_error *) =
            gzip ? hf_codec_gzip : hf_codec_zstd;

        assert_int_equal(pack(s->codec, s->plain.data, s->plain.len, &a, NULL), 0);
        assert_int_equal(pack(s->codec, "other", 5, &b, NULL), 0);
        assert_int_equal(pack(s->codec, s->plain.data, s->plain.len, &b, NULL), 0);
        assert_int_equal(a.len, b.len);
        assert_memory_equal(a.data, b.data, a.len);
        assert_int_equal(
            hf_body_lines("application/x-ndjson", gzip ? "gzip" : "zstd", &a, &lines, NULL), 0);
        assert_string_equal(lines.data, s->plain.data);
        b.len--; /* cut off */
        assert_int_equal(
            hf_body_lines("application/x-ndjson", gzip ? "gzip" : "zstd", &b, &lines, NULL), -1);
    }
}

static void
records_become_events(void **state)
{
    static const char lines[] = HEAD "1" TAIL "\"a\\\"b\",\"payload\":{\"t\":1}}\n" HEAD "2" TAIL
                                     "\"t\",\"text\":\"x\"}\n" HEAD "3" TAIL
                                     "\"$holdfast/gap\",\"payload\":{\"spans\":[]}}\n" HEAD "4" TAIL
                                     "\"t\",\"base64\":\"AP8=\"}\n";
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(65536), back = HF_BUF_INIT(65536);
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(hf_events_render(slice(lines), &out, NULL), 0);
    assert_non_null(strstr(
        out.data,
        "[{\"specversion\":\"1.0\",\"id\":\"hf-1/9f2c11ab/1\",\"source\":\"urn:holdfast:hf-1\","
        "\"type\":\"io.holdfast.record\",\"time\":\"2026-11-24T03:01:33.123Z\","
        "\"clocksynced\":true,\"datacontenttype\":\"application/json\","
        "\"subject\":\"a\\\"b\",\"data\":{\"t\":1}},{"));
    assert_non_null(strstr(out.data, "\"type\":\"io.holdfast.gap\""));
    assert_non_null(strstr(out.data, "\"datacontenttype\":\"application/octet-stream\","
                                     "\"subject\":\"t\",\"data_base64\":\"AP8=\"}]"));
    if (hf_body_lines("application/cloudevents-batch+json", NULL, &out, &back, &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(back.data, lines);
    assert_int_equal(hf_events_render(slice("{}\n"), &out, NULL), -1);
}

static void
message_is(const char *topic, const char *payload, const char *template, bool payload_only,
           const char *line)
{
    struct hf_sink_settings s = {.topic = (char *)(uintptr_t)template,
                                 .payload_only = payload_only};
    struct hf_mqtt_message m;

    hf_mqtt_message_init(&m);
    if (topic) {
        assert_int_equal(hf_mqtt_message_make(&m, &s, slice(line), NULL), 0);
        assert_string_equal(m.topic.data, topic);
        assert_int_equal(m.payload.len, strlen(payload));
        assert_memory_equal(m.payload.data, payload, m.payload.len);
        assert_string_equal(m.id, "hf-1/9f2c11ab/5");
    } else {
        assert_int_equal(hf_mqtt_message_make(&m, &s, slice(line), NULL), -1);
    }
    hf_mqtt_message_done(&m);
}

static void
records_become_messages(void **state)
{
    static const char line[] = HEAD "5" TAIL "\"a/\\u00fc\",\"text\":\"x\\ny\"}\n";

    (void)state;
    message_is("hf-1/a/\xc3\xbc", "x\ny", "{gateway}/{topic}", true, line);
    message_is("s/a/\xc3\xbc/hf-1", HEAD "5" TAIL "\"a/\\u00fc\",\"text\":\"x\\ny\"}",
               "s/{topic}/{gateway}", false, line);
    message_is("fixed", "{\"t\":1}", "fixed", true, HEAD "5" TAIL "\"t\",\"payload\":{\"t\":1}}");
    message_is("holdfast/gap", "1", "{topic}", true,
               HEAD "5" TAIL "\"$holdfast/gap\",\"payload\":1}");
    message_is(NULL, NULL, "{topic}", true, HEAD "5" TAIL "\"a/+\",\"payload\":1}");
    message_is(NULL, NULL, "{topic}", true, HEAD "5" TAIL "\"\",\"payload\":1}");
}

#define with_stand(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_taken_apart),
        cmocka_unit_test(what_is_no_line_is_refused),
        cmocka_unit_test(escapes_are_read),
        cmocka_unit_test(payloads_are_what_the_device_sent),
        with_stand(a_batch_is_cut_by_lines),
        with_stand(a_lease_that_is_none_is_refused),
        with_stand(packed_bytes_are_the_same_each_time),
        cmocka_unit_test(records_become_events),
        cmocka_unit_test(records_become_messages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
