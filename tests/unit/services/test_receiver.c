// SPDX-License-Identifier: Apache-2.0
#include "receiver/body.h"
#include "receiver/fault.h"
#include "receiver/inbox.h"
#include "receiver/line.h"
#include "tempdir.h"

#define LINE(epoch, seq, topic, tail)                                                              \
    "{\"gateway\":\"hf-1\",\"epoch\":\"" epoch "\",\"seq\":" #seq                                  \
    ",\"time\":\"2026-11-24T03:01:33.123Z\",\"synced\":true,\"topic\":\"" topic "\"," tail "}\n"

static int
store(struct hf_inbox *in, const char *lines)
{
    return hf_inbox_store(in, lines, strlen(lines), NULL);
}

static int64_t
reported(struct hf_inbox *in, const char *member)
{
    HF_AUTO(hf_json) struct hf_json *report = NULL;
    HF_AUTO(hf_json) struct hf_json *read = NULL;
    HF_AUTO_FREE char *text = NULL;

    assert_int_equal(hf_inbox_report(in, &report, NULL), 0);
    assert_int_equal(hf_json_print(report, &text, NULL), 0);
    assert_int_equal(hf_json_parse(text, strlen(text), &read, NULL), 0);
    return hf_json_int(read, member, -1);
}

static void
gaps_duplicates_and_order_are_seen(void **state)
{
    HF_AUTO(hf_inbox) struct hf_inbox *in = NULL;

    assert_int_equal(hf_inbox_open(tempdir_path(*state, "r.db"), &in, NULL), 0);
    assert_int_equal(
        store(in, LINE("e1", 1, "a", "\"payload\":1") LINE("e1", 2, "b", "\"text\":\"\"")), 0);
    assert_int_equal(reported(in, "gap_count"), 0);
    assert_int_equal(store(in, LINE("e1", 5, "a", "\"payload\":5")), 0);
    assert_int_equal(reported(in, "gap_count"), 1);
    assert_int_equal(store(in, LINE("e1", 4, "b", "\"payload\":4")), 0); /* other topic: in order */
    assert_int_equal(reported(in, "out_of_order"), 0);
    assert_int_equal(store(in, LINE("e1", 3, "a", "\"payload\":3")), 0);
    assert_int_equal(reported(in, "out_of_order"), 1);
    assert_int_equal(reported(in, "gap_count"), 0);
    assert_int_equal(store(in, LINE("e1", 3, "a", "\"payload\":3")), 0);
    assert_int_equal(reported(in, "duplicates"), 1);
    assert_int_equal(reported(in, "conflicts"), 0);
    assert_int_equal(store(in, LINE("e1", 3, "a", "\"payload\":33")), 0);
    assert_int_equal(reported(in, "conflicts"), 1);
    assert_int_equal(store(in, LINE("e2", 2, "a", "\"payload\":1")), 0); /* 1 of e2 is missing */
    assert_int_equal(reported(in, "gap_count"), 1);
    assert_int_equal(reported(in, "epochs"), 2);
    assert_int_equal(reported(in, "distinct"), 6);
    assert_int_equal(reported(in, "records"), 8);
}

static void
a_wrong_line_stores_nothing(void **state)
{
    static const char good[] = LINE("e1", 1, "a", "\"payload\":1");
    static const char *const wrong[] = {
        "{}\n",
        "garbage\n",
        "\n",
        LINE("e1", 0, "a", "\"payload\":1"),
        LINE("e1", 1.5, "a", "\"payload\":1"),
        LINE("e1", 2, "a", "\"payload\":1,\"text\":\"x\""),
        LINE("e1", 2, "a", "\"payload\":}"),
        LINE("e1", 2, "a", "\"more\":1,\"payload\":1"),
        LINE("", 2, "a", "\"payload\":1"),
    };
    HF_AUTO(hf_inbox) struct hf_inbox *in = NULL;

    assert_int_equal(hf_inbox_open(tempdir_path(*state, "r.db"), &in, NULL), 0);
    for (size_t i = 0; i < HF_LEN(wrong); i++) {
        char both[1024];
        struct hf_error err = {0};

        snprintf(both, sizeof both, "%s%s", good, wrong[i]);
        assert_int_equal(hf_inbox_store(in, both, strlen(both), &err), -1);
        assert_non_null(strstr(err.message, "line 2"));
        assert_int_equal(reported(in, "distinct"), 0);
        assert_int_equal(reported(in, "records"), 0);
    }
}

static void
a_payload_may_be_anything_that_is_json(void **state)
{
    static const char *const payloads[] = {
        "{\"a\":1,\"a\":2}",
        "\"\\ud83d\\ude00\"",
        "1e300",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(payloads); i++) {
        struct hf_line l;
        char line[512];
        int len = snprintf(line, sizeof line,
                           "{\"gateway\":\"g\",\"epoch\":\"e\",\"seq\":7,\"time\":\"t\","
                           "\"synced\":false,\"topic\":\"a,\\\"payload\\\":b\",\"payload\":%s}",
                           payloads[i]);

        assert_int_equal(hf_line_parse(line, (size_t)len, &l, NULL), 0);
        assert_string_equal(l.topic, "a,\"payload\":b");
        assert_int_equal(l.seq, 7);
        hf_line_done(&l);
    }
}

static void
lines_are_given_back(void **state)
{
    HF_AUTO(hf_inbox) struct hf_inbox *in = NULL;
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(65536);

    assert_int_equal(hf_inbox_open(tempdir_path(*state, "r.db"), &in, NULL), 0);
    assert_int_equal(
        store(in, LINE("e1", 1, "a", "\"payload\":1") LINE("e1", 2, "b", "\"payload\":2")), 0);
    assert_int_equal(hf_inbox_read(in, "b", 0, 10, &out, NULL), 0);
    assert_int_equal(strncmp(out.data, "{\"rowid\":2,\"gateway\":\"hf-1\"", 27), 0);
    hf_buf_clear(&out);
    assert_int_equal(hf_inbox_read(in, NULL, 1, 10, &out, NULL), 0);
    assert_non_null(strstr(out.data, "\"seq\":2"));
    assert_null(strstr(out.data, "\"seq\":1,"));
}

static void
a_named_hole_is_no_gap(void **state)
{
    HF_AUTO(hf_inbox) struct hf_inbox *in = NULL;

    assert_int_equal(hf_inbox_open(tempdir_path(*state, "r.db"), &in, NULL), 0);
    assert_int_equal(
        store(in, LINE("e1", 1, "a", "\"payload\":1") LINE("e1", 10, "a", "\"payload\":1")), 0);
    assert_int_equal(reported(in, "gap_count"), 1); /* 2 to 9 */
    assert_int_equal(store(in, LINE("e1", 11, "$holdfast/gap",
                                    "\"payload\":{\"reason\":\"full\",\"epoch\":\"e1\","
                                    "\"spans\":[[\"2\",\"4\"],[\"4\",\"6\"]],\"records\":5}")),
                     0);
    assert_int_equal(reported(in, "gap_count"), 1); /* 7 to 9 */
    assert_int_equal(reported(in, "named_records"), 5);
    assert_int_equal(store(in, LINE("e1", 12, "$holdfast/gap",
                                    "\"payload\":{\"reason\":\"age\",\"epoch\":\"e1\","
                                    "\"spans\":[[\"8\",\"8\"]],\"records\":1}")),
                     0);
    assert_int_equal(reported(in, "gap_count"), 2); /* 7, and 9 */
    assert_int_equal(store(in, LINE("e1", 13, "$holdfast/gap",
                                    "\"payload\":{\"reason\":\"age\",\"epoch\":\"e1\","
                                    "\"spans\":[[\"7\",\"20\"]],\"records\":1}")),
                     0);
    assert_int_equal(reported(in, "gap_count"), 0);
    assert_int_equal(reported(in, "named_records"), 8);
    assert_int_equal(reported(in, "gap_records"), 3);
    assert_int_equal(store(in, LINE("e1", 14, "$holdfast/gap", "\"payload\":{\"reason\":\"age\"}")),
                     -1);
}

static void
faults_are_read_and_repeat_with_their_seed(void **state)
{
    static const char *const wrong[] = {"", "1", "1:500", "1:500:101", "x:500:1", "1::1", "1:99:1"};
    struct hf_fault a = {0}, b = {0};
    size_t hit = 0;

    (void)state;
    for (size_t i = 0; i < HF_LEN(wrong); i++)
        assert_false(hf_fault_read_random(&a, wrong[i]));
    assert_true(hf_fault_read_random(&a, "7:500,429,400:10"));
    assert_true(hf_fault_read_random(&b, "7:500,429,400:10"));
    for (uint64_t n = 1; n <= 10000; n++) {
        int status = hf_fault_status(&a, n);

        assert_int_equal(hf_fault_status(&b, n), status);
        assert_true(status == 0 || status == 500 || status == 429 || status == 400);
        hit += status != 0;
    }
    assert_in_range(hit, 800, 1200);
    assert_true(hf_fault_read_match(&a, "a:b:422"));
    assert_int_equal(hf_fault_match(&a, "xa:by", 5), 422);
    assert_int_equal(hf_fault_match(&a, "xa by", 5), 0);
    assert_false(hf_fault_read_match(&a, ":422"));
    a = (struct hf_fault){0};
    assert_true(hf_fault_read_every(&a, "3:503"));
    assert_int_equal(hf_fault_status(&a, 6), 503);
    assert_int_equal(hf_fault_status(&a, 7), 0);
}

static void
a_body_that_is_none_is_refused(void **state)
{
    static const struct {
        const char *type, *encoding, *body;
    } cases[] = {
        {"text/plain", NULL, "x"},
        {NULL, NULL, "x"},
        {"application/x-ndjson", "br", "x"},
        {"application/x-ndjson", "zstd", "x"},
        {"application/x-ndjson", "gzip", "x"},
        {"application/cloudevents-batch+json", NULL, ""},
        {"application/cloudevents-batch+json", NULL, "["},
        {"application/cloudevents-batch+json", NULL, "[{}]"},
        {"application/cloudevents-batch+json", NULL, "[{]"},
        {"application/cloudevents-batch+json", NULL, "[1]"},
        {"application/cloudevents-batch+json", NULL, "[{\"id\":\"a\",\"data\":1}]"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(cases); i++) {
        HF_AUTO_BUF struct hf_buf body = HF_BUF_INIT(1024), lines = HF_BUF_INIT(1024 * 1024);

        assert_int_equal(hf_buf_adds(&body, cases[i].body, NULL), 0);
        assert_int_equal(hf_body_lines(cases[i].type, cases[i].encoding, &body, &lines, NULL), -1);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(gaps_duplicates_and_order_are_seen),
        with_tempdir(a_wrong_line_stores_nothing),
        cmocka_unit_test(a_payload_may_be_anything_that_is_json),
        with_tempdir(lines_are_given_back),
        with_tempdir(a_named_hole_is_no_gap),
        cmocka_unit_test(faults_are_read_and_repeat_with_their_seed),
        cmocka_unit_test(a_body_that_is_none_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
