// SPDX-License-Identifier: Apache-2.0
/* What the processor's rules make of messages. */
#include "base/text.h"
#include "processor/apply.h"
#include "processor/dryrun.h"
#include "processor/window.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

enum { RECORDS_MAX = 16 };

/* What came out, as `topic lane payload` or `topic !reason`, a line each. */
struct sink {
    char text[8192];
    size_t count, most;
};

static bool
on_record(void *ctx, const struct hf_record *r)
{
    struct sink *s = ctx;
    size_t len = strlen(s->text);

    if (r->reason)
        snprintf(s->text + len, sizeof s->text - len, "%.*s !%.*s\n", (int)r->topic_len, r->topic,
                 (int)r->reason_len, r->reason);
    else
        snprintf(s->text + len, sizeof s->text - len, "%.*s %d %.*s\n", (int)r->topic_len, r->topic,
                 r->lane, (int)r->payload_len, r->payload ? r->payload : "");
    s->count++;
    return !s->most || s->count < s->most;
}

static struct hf_rules *
read_rules(const char *text)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_rules *rules = NULL;
    struct hf_error err = {0};

    assert_int_equal(hf_json_parse(text, strlen(text), &doc, &err), 0);
    if (hf_rules_read(doc, 0, &rules, &err) < 0)
        fail_msg("%s: %s", err.pointer, err.message);
    return rules;
}

static void
begin(struct hf_apply *a, const char *rules)
{
    assert_int_equal(hf_apply_init(a, read_rules(rules), NULL), 0);
}

static struct hf_verdict
send_at(struct hf_apply *a, const char *topic, const char *payload, int64_t wall_ms,
        int64_t mono_ms, struct sink *s)
{
    const struct hf_record in = {.time_ms = wall_ms,
                                 .synced = true,
                                 .topic = topic,
                                 .topic_len = strlen(topic),
                                 .payload = payload,
                                 .payload_len = strlen(payload)};
    struct hf_verdict v;

    hf_apply_message(a, &in, mono_ms, 0, on_record, s, &v);
    return v;
}

/* One message through one rule. */
static void
check(const char *rule, const char *topic, const char *payload, const char *expected)
{
    struct hf_apply a;
    struct sink s = {.count = 0};
    char rules[1024];

    snprintf(rules, sizeof rules, "[%s]", rule);
    begin(&a, rules);
    (void)send_at(&a, topic, payload, 1000, 1000, &s);
    assert_string_equal(s.text, expected);
    hf_apply_done(&a);
}

static void
test_topics(void **state)
{
    (void)state;
    check("{\"filter\":\"x/#\"}", "a/b", " {\"a\": 1}", "a/b 0  {\"a\": 1}\n");
    check("{\"filter\":\"a/#\",\"drop\":true}", "a/b", "1", "");
    check("{\"filter\":\"a/+/c\",\"topic\":\"site/{1}/t\",\"lane\":\"alarm\"}", "a/b/c", "1",
          "site/b/t 1 1\n");
    check("{\"filter\":\"+/x/#\",\"topic\":\"{2}/{1}\"}", "d/x/e/f", "1", "e/f/d 0 1\n");
    check("{\"filter\":\"+/x/#\",\"topic\":\"{2}/{1}\"}", "d/x", "1", "/d 0 1\n");
    check("{\"filter\":\"#\",\"topic\":\"in/{topic}\",\"lane\":\"bulk\"}", "d/x", "1",
          "in/d/x 3 1\n");
    check("{\"filter\":\"d/#\",\"topic\":\"{1}\"}", "d", "1",
          "d !rule 1: its new topic would be empty\n");
}

static void
test_decode(void **state)
{
    (void)state;
    check("{\"filter\":\"#\",\"decode\":\"json\"}", "a", " {\"a\": 1 } ", "a 0 {\"a\":1}\n");
    check("{\"filter\":\"#\",\"decode\":\"json\"}", "a", "{a}",
          "a !rule 1: the payload is not JSON\n");
    check("{\"filter\":\"#\",\"decode\":\"number\"}", "a", " 12345678901234567890.50\r\n",
          "a 0 12345678901234567890.50\n");
    check("{\"filter\":\"#\",\"decode\":\"number\"}", "a", "012",
          "a !rule 1: the payload is not a number\n");
    check("{\"filter\":\"#\",\"decode\":\"number\"}", "a", "",
          "a !rule 1: the payload is not a number\n");
    check("{\"filter\":\"#\",\"decode\":\"text\"}", "a", "12\"\n", "a 0 \"12\\\"\\u000a\"\n");
    check("{\"filter\":\"#\",\"decode\":\"text\"}", "a", "\xff",
          "a !rule 1: the payload is not UTF-8 text\n");
    check("{\"filter\":\"#\",\"decode\":\"binary\"}", "a", "\xff\x01\x02", "a 0 \"/wEC\"\n");
}

static void
test_select(void **state)
{
    static const char rule[] = "{\"filter\":\"#\",\"select\":{\"t\":\"/a/b~1c/1\",\"u\":\"/u\"}}";

    (void)state;
    check(rule, "a", "{\"u\": {\"x\": [1, \"]\\\"\"]}, \"a\": {\"b/c\": [0, 9007199254740993]}}",
          "a 0 {\"t\":9007199254740993,\"u\":{\"x\":[1,\"]\\\"\"]}}\n");
    check(rule, "a", "{\"u\":1,\"\\u0061\":{\"b\\/c\":[0,2]}}", "a 0 {\"t\":2,\"u\":1}\n");
    check(rule, "a", "{\"u\":1,\"a\":{\"b/c\":[0]}}",
          "a !rule 1: select: the payload has no /a/b~1c/1\n");
    check(rule, "a", "7", "a !rule 1: select: the payload has no /a/b~1c/1\n");
    check("{\"filter\":\"#\",\"select\":{\"all\":\"\",\"e\":\"/\\u00e9\"}}", "a",
          "{\"\\u00e9\":{}}", "a 0 {\"all\":{\"\\u00e9\":{}},\"e\":{}}\n");
}

static void
test_scale(void **state)
{
    static const char in_field[] =
        "{\"filter\":\"#\",\"scale\":{\"field\":\"/t\",\"factor\":0.1,\"offset\":-40}}";

    (void)state;
    check(in_field, "a", "{\"t\":623,\"u\":true}", "a 0 {\"t\":22.3,\"u\":true}\n");
    check(in_field, "a", "{\"t\":\"623\"}", "a !rule 1: scale: /t is not a number\n");
    check(in_field, "a", "{}", "a !rule 1: scale: the payload has no /t\n");
    check(in_field, "a", "{\"t\":9007199254740993}",
          "a !rule 1: scale: the number has more digits than can be calculated with\n");
    check("{\"filter\":\"#\",\"scale\":{\"factor\":3}}", "a", "0.1", "a 0 0.3\n");
    check("{\"filter\":\"#\",\"scale\":{\"factor\":-1}}", "a", "0", "a 0 0\n");
    check("{\"filter\":\"#\",\"scale\":{\"factor\":1e300}}", "a", "1e300",
          "a !rule 1: scale: the result is beyond what a number holds\n");
    check("{\"filter\":\"#\",\"scale\":{\"unit\":\"°C\"}}", "a", "21.5",
          "a 0 {\"value\":21.5,\"unit\":\"°C\"}\n");
    check("{\"filter\":\"#\",\"select\":{\"t\":\"/x/0\"},\"scale\":{\"field\":\"/t\",\"factor\":2,"
          "\"unit\":\"K\"},\"deadband\":{\"field\":\"/t\",\"delta\":1}}",
          "a", "{\"x\":[4]}", "a 0 {\"t\":{\"value\":8,\"unit\":\"K\"}}\n");
}

static void
test_deadband_and_interval(void **state)
{
    struct hf_apply a;
    struct sink s = {.count = 0};

    (void)state;
    begin(&a, "[{\"filter\":\"d/#\",\"deadband\":{\"delta\":0.5}},"
              "{\"filter\":\"i/#\",\"min_interval_ms\":100}]");
    (void)send_at(&a, "d/1", "20", 0, 0, &s);
    assert_true(send_at(&a, "d/1", "20.4", 0, 0, &s).dropped);
    (void)send_at(&a, "d/2", "20.4", 0, 0, &s);
    assert_true(send_at(&a, "d/1", "20.4", 0, 0, &s).dropped);
    (void)send_at(&a, "d/1", "19.5", 0, 0, &s);
    (void)send_at(&a, "i/1", "a", 0, 1000, &s);
    /* The wall clock jumps; the interval is the monotonic one's. */
    assert_true(send_at(&a, "i/1", "b", 99999999, 1099, &s).dropped);
    (void)send_at(&a, "i/1", "c", 5, 1100, &s);
    assert_string_equal(s.text, "d/1 0 20\nd/2 0 20.4\nd/1 0 19.5\ni/1 0 a\ni/1 0 c\n");
    assert_int_equal(a.rules->rules[0].numbers.matched, 5);
    assert_int_equal(a.rules->rules[0].numbers.dropped, 2);
    assert_int_equal(a.rules->rules[0].numbers.out, 3);
    hf_apply_done(&a);
}

static const char window_rule[] =
    "[{\"filter\":\"w/#\",\"topic\":\"{1}\",\"lane\":\"bulk\",\"window\":{\"ms\":1000}}]";

static void
due(struct hf_apply *a, int64_t wall_ms, struct sink *s)
{
    const struct hf_moment now = {.wall_ms = wall_ms, .synced = true};

    assert_true(hf_apply_due(a, &now, on_record, s));
}

static void
test_window(void **state)
{
    struct hf_apply a;
    struct sink s = {.count = 0};

    (void)state;
    begin(&a, window_rule);
    a.rules->rules[0].since_ms = 10500;
    (void)send_at(&a, "w/a", "1", 10600, 0, &s);
    (void)send_at(&a, "w/a", "4", 10700, 0, &s);
    due(&a, 10999, &s);
    assert_string_equal(s.text, "");
    due(&a, 11000, &s); /* with no further message */
    assert_string_equal(s.text,
                        "a 3 {\"min\":1,\"max\":4,\"mean\":2.5,\"count\":2,"
                        "\"from\":\"1970-01-01T00:00:10.000Z\",\"to\":\"1970-01-01T00:00:11.000Z\","
                        "\"partial\":true}\n");
    memset(&s, 0, sizeof s);
    (void)send_at(&a, "w/a", "-1", 11001, 0, &s);
    (void)send_at(&a, "w/a", "7", 12000, 0, &s); /* the next one ends it too */
    assert_string_equal(
        s.text, "a 3 {\"min\":-1,\"max\":-1,\"mean\":-1,\"count\":1,"
                "\"from\":\"1970-01-01T00:00:11.000Z\",\"to\":\"1970-01-01T00:00:12.000Z\"}\n");
    memset(&s, 0, sizeof s);
    due(&a, 3000, &s); /* the clock has jumped back */
    assert_non_null(strstr(s.text, "\"partial\":true"));
    assert_int_equal(s.count, 1);
    assert_true(send_at(&a, "w/a", "x", 3000, 0, &s).quarantined);
    hf_apply_done(&a);
}

/* The buffer refuses a whole batch for a reason that is no UTF-8. */
static void
test_a_cut_reason_has_whole_characters(void **state)
{
    char rule[1024], name[512];
    struct hf_apply a;

    (void)state;
    for (size_t pad = 0; pad < 2; pad++) { /* one of them would be cut within a character */
        struct sink s = {0};
        struct hf_verdict v;

        snprintf(name, sizeof name, "/%s", pad ? "x" : "");
        while (strlen(name) + 2 <= 255)
            strcat(name, "ü");
        snprintf(rule, sizeof rule, "[{\"filter\":\"#\",\"select\":{\"a\":\"%s\"}}]", name);
        begin(&a, rule);
        v = send_at(&a, "t", "{}", 1000, 0, &s);
        assert_true(v.quarantined);
        assert_int_equal(s.count, 1);
        assert_true(hf_text_utf8(v.reason, strlen(v.reason)));
        assert_true(hf_text_utf8(s.text, strlen(s.text)));
        hf_apply_done(&a);
    }
}

static void
test_windows_in_bounded_steps(void **state)
{
    struct hf_apply a;
    struct sink s = {.most = 2};
    const struct hf_moment now = {.wall_ms = 2000};
    char topic[16];

    (void)state;
    begin(&a, window_rule);
    for (int i = 0; i < 5; i++) {
        snprintf(topic, sizeof topic, "w/%d", i);
        (void)send_at(&a, topic, "1", 1000, 0, &s);
    }
    assert_false(hf_apply_due(&a, &now, on_record, &s));
    assert_int_equal(s.count, 2);
    s.most = 4;
    assert_false(hf_apply_due(&a, &now, on_record, &s));
    s.most = 0;
    assert_true(hf_apply_due(&a, &now, on_record, &s));
    assert_int_equal(s.count, 5);
    hf_apply_done(&a);
}

static void
test_swap_keeps_what_is_the_same(void **state)
{
    struct hf_apply a;
    struct sink s = {.count = 0};
    struct hf_rules *next;
    const struct hf_moment now = {.wall_ms = 1500};

    (void)state;
    begin(&a, "[{\"filter\":\"d/#\",\"deadband\":{\"delta\":5}},"
              "{\"filter\":\"w/#\",\"window\":{\"ms\":1000,\"of\":[\"count\"]}},"
              "{\"filter\":\"v/#\",\"window\":{\"ms\":1000,\"of\":[\"count\"]}}]");
    (void)send_at(&a, "d/1", "1", 1000, 0, &s);
    (void)send_at(&a, "w/1", "1", 1000, 0, &s);
    (void)send_at(&a, "v/1", "1", 1000, 0, &s);
    next = read_rules("[{\"filter\":\"v/#\",\"window\":{\"ms\":1000,\"of\":[\"count\"]}},"
                      "{\"filter\":\"d/#\",\"deadband\":{\"delta\":5}}]");
    memset(&s, 0, sizeof s);
    assert_true(hf_apply_end(&a, next, &now, on_record, &s));
    assert_int_equal(s.count, 1); /* w's, whose rule goes */
    assert_non_null(strstr(s.text, "w/1 0 {\"count\":1,"));
    assert_non_null(strstr(s.text, "\"partial\":true"));
    hf_apply_swap(&a, next);
    assert_int_equal(a.rules->rules[1].numbers.matched, 1);
    assert_int_equal(a.states.count, 2);
    assert_true(send_at(&a, "d/1", "2", 1600, 0, &s).dropped);
    memset(&s, 0, sizeof s);
    due(&a, 2000, &s);
    assert_non_null(strstr(s.text, "v/1 0 {\"count\":1,"));
    assert_null(strstr(s.text, "partial"));
    hf_apply_done(&a);
}

static void
test_states_are_bounded(void **state)
{
    struct hf_apply a;
    struct sink s = {.count = 0};
    char topic[32];

    (void)state;
    begin(&a, window_rule);
    for (int i = 0; i <= HF_STATES_MAX; i++) {
        snprintf(topic, sizeof topic, "w/%d", i);
        (void)send_at(&a, topic, "1", 1000, 0, &s);
    }
    assert_int_equal(a.states.count, HF_STATES_MAX);
    assert_int_equal(a.states.evicted, 1);
    assert_int_equal(s.count, 1); /* the oldest's window is not lost */
    assert_non_null(strstr(s.text, "0 3 {\"min\":1"));
    assert_non_null(strstr(s.text, "\"partial\":true"));
    hf_apply_done(&a);
}

static void
test_wrong_rules_say_where(void **state)
{
    static const struct {
        const char *rule, *pointer;
    } cases[] = {
        {"{}", "/rules/1/filter"},
        {"{\"filter\":\"a/#/b\"}", "/rules/1/filter"},
        {"{\"filter\":\"#\",\"dorp\":true}", "/rules/1/dorp"},
        {"{\"filter\":\"#\",\"drop\":true,\"lane\":\"bulk\"}", "/rules/1/drop"},
        {"{\"filter\":\"#\",\"lane\":\"slow\"}", "/rules/1/lane"},
        {"{\"filter\":\"#\",\"decode\":\"xml\"}", "/rules/1/decode"},
        {"{\"filter\":\"+/#\",\"topic\":\"{3}\"}", "/rules/1/topic"},
        {"{\"filter\":\"#\",\"topic\":\"a/+\"}", "/rules/1/topic"},
        {"{\"filter\":\"#\",\"topic\":\"$holdfast/x\"}", "/rules/1/topic"},
        {"{\"filter\":\"#\",\"topic\":\"a{topic\"}", "/rules/1/topic"},
        {"{\"filter\":\"#\",\"select\":{}}", "/rules/1/select"},
        {"{\"filter\":\"#\",\"select\":{\"a\":\"b\"}}", "/rules/1/select"},
        {"{\"filter\":\"#\",\"select\":{\"a\":\"/~2\"}}", "/rules/1/select"},
        {"{\"filter\":\"#\",\"scale\":{\"factor\":0}}", "/rules/1/scale/factor"},
        {"{\"filter\":\"#\",\"scale\":{\"field\":\"t\"}}", "/rules/1/scale/field"},
        {"{\"filter\":\"#\",\"decode\":\"number\",\"scale\":{\"field\":\"/t\"}}",
         "/rules/1/scale/field"},
        {"{\"filter\":\"#\",\"select\":{\"a\":\"/b\"},\"scale\":{}}", "/rules/1/scale/field"},
        {"{\"filter\":\"#\",\"deadband\":{\"delta\":-1}}", "/rules/1/deadband/delta"},
        {"{\"filter\":\"#\",\"min_interval_ms\":0}", "/rules/1/min_interval_ms"},
        {"{\"filter\":\"#\",\"window\":{\"ms\":1}}", "/rules/1/window/ms"},
        {"{\"filter\":\"#\",\"window\":{\"ms\":1000,\"of\":[\"sum\"]}}", "/rules/1/window/of"},
        {"{\"filter\":\"#\",\"decode\":\"text\",\"window\":{\"ms\":1000}}", "/rules/1/decode"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(cases); i++) {
        HF_AUTO(hf_json) struct hf_json *doc = NULL;
        struct hf_rules *rules = NULL;
        struct hf_error err = {0};
        char text[512];

        snprintf(text, sizeof text, "[{\"filter\":\"ok\"},%s]", cases[i].rule);
        assert_int_equal(hf_json_parse(text, strlen(text), &doc, NULL), 0);
        assert_int_equal(hf_rules_read(doc, 0, &rules, &err), -1);
        assert_string_equal(err.pointer, cases[i].pointer);
        assert_int_equal(err.class, HF_ERROR_INVALID);
        assert_non_null(strstr(err.message, "rule 2"));
    }
}

static void
test_dry_run(void **state)
{
    HF_AUTO_BUF struct hf_buf out = HF_BUF_INIT(HF_DRY_RUN_ANSWER_MAX);
    static const char *const payloads[] = {"1", "x", "3"};
    struct hf_recent recent = {.count = 0};

    (void)state;
    for (size_t i = 0; i < HF_LEN(payloads); i++)
        hf_recent_keep(&recent, &(struct hf_record){.time_ms = 1000,
                                                    .topic = "a/t",
                                                    .topic_len = 3,
                                                    .payload = payloads[i],
                                                    .payload_len = 1});
    assert_int_equal(hf_dry_run(&recent,
                                read_rules("[{\"filter\":\"a/#\",\"lane\":\"alarm\",\"window\":"
                                           "{\"ms\":1000,\"of\":[\"max\"]}}]"),
                                &out, NULL),
                     0);
    assert_string_equal(
        out.data,
        "{\"results\":["
        "{\"topic\":\"a/t\",\"in\":{\"payload\":1},\"out\":[],\"dropped\":false,"
        "\"quarantined\":null,\"rule\":0},"
        "{\"topic\":\"a/t\",\"in\":{\"text\":\"x\"},\"out\":[],\"dropped\":false,"
        "\"quarantined\":\"rule 1: the payload is not a number\",\"rule\":0},"
        "{\"topic\":\"a/t\",\"in\":{\"payload\":3},\"out\":[{\"topic\":\"a/t\",\"lane\":\"alarm\","
        "\"payload\":{\"max\":3,\"from\":\"1970-01-01T00:00:01.000Z\","
        "\"to\":\"1970-01-01T00:00:02.000Z\",\"partial\":true}}],\"dropped\":false,"
        "\"quarantined\":null,\"rule\":0}]}");
    hf_recent_done(&recent);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_topics),
        cmocka_unit_test(test_decode),
        cmocka_unit_test(test_select),
        cmocka_unit_test(test_scale),
        cmocka_unit_test(test_deadband_and_interval),
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_a_cut_reason_has_whole_characters),
        cmocka_unit_test(test_windows_in_bounded_steps),
        cmocka_unit_test(test_swap_keeps_what_is_the_same),
        cmocka_unit_test(test_states_are_bounded),
        cmocka_unit_test(test_wrong_rules_say_where),
        cmocka_unit_test(test_dry_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
