// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "base/text.h"
#include "bus/status.h"

#include <stdio.h>
#include <string.h>

static struct hf_service_status
parsed(const char *service, const char *payload)
{
    struct hf_service_status s;
    struct hf_error err = {0};

    if (hf_status_parse(service, payload, strlen(payload), &s, &err) < 0)
        fail_msg("%s", err.message);
    return s;
}

static enum hf_error_class
refused(const char *payload, size_t len)
{
    struct hf_service_status s = {.mono_ms = 42};
    struct hf_error err = {0};

    assert_int_equal(hf_status_parse("buffer", payload, len, &s, &err), -1);
    assert_int_equal(s.mono_ms, 42);
    return err.class;
}

static void
everything_is_read(void **state)
{
    struct hf_service_status s = parsed(
        "buffer", "{\"service\":\"buffer\",\"version\":\"0.1.0\",\"state\":\"degraded\","
                  "\"reason\":\"disk full\",\"uptime_s\":3,\"epoch\":\"9f2c11ab\",\"new\":[1],"
                  "\"numbers\":{\"accepted\":9007199254740991,\"held\":0,\"oldest_ms\":-1}}");

    (void)state;
    assert_true(s.seen);
    assert_false(s.gone);
    assert_int_equal(s.mono_ms, 0);
    assert_string_equal(s.state, "degraded");
    assert_string_equal(s.reason, "disk full");
    assert_string_equal(s.version, "0.1.0");
    assert_string_equal(s.epoch, "9f2c11ab");
    assert_int_equal(s.number_count, 3);
    assert_true(hf_status_number(&s, "accepted", -1) == INT64_C(9007199254740991));
    assert_int_equal(hf_status_number(&s, "oldest_ms", 5), -1);
    assert_int_equal(hf_status_number(&s, "none", 5), 5);
    s = parsed("forwarder", "{\"state\":\"ok\",\"uplink\":\"away\",\"last_error\":\"no route\"}");
    assert_string_equal(s.uplink, "away");
    assert_string_equal(s.last_error, "no route");
}

static void
busy_is_said_or_not(void **state)
{
    (void)state;
    assert_true(parsed("valve", "{\"state\":\"ok\",\"busy\":true}").busy);
    assert_false(parsed("valve", "{\"state\":\"ok\",\"busy\":false}").busy);
    assert_false(parsed("valve", "{\"state\":\"ok\",\"busy\":\"yes\"}").busy);
    assert_false(parsed("valve", "{\"state\":\"ok\"}").busy);
}

static void
last_will_says_gone(void **state)
{
    struct hf_service_status s = parsed("buffer", "{\"service\":\"buffer\",\"state\":\"gone\"}");

    (void)state;
    assert_true(s.seen);
    assert_true(s.gone);
}

static void
nonsense_is_refused(void **state)
{
    static char deep[3001];

    (void)state;
    memset(deep, '[', 3000);
    assert_int_equal(refused("", 0), HF_ERROR_MALFORMED);
    assert_int_equal(refused("{", 1), HF_ERROR_MALFORMED);
    assert_int_equal(refused("\0\0", 2), HF_ERROR_MALFORMED);
    assert_int_equal(refused("{\"state\":\"ok\"}x", 15), HF_ERROR_MALFORMED);
    assert_int_equal(refused(deep, 3000), HF_ERROR_MALFORMED);
    assert_int_equal(refused("[]", 2), HF_ERROR_INVALID);
    assert_int_equal(refused("null", 4), HF_ERROR_INVALID);
    assert_int_equal(refused("{}", 2), HF_ERROR_INVALID);
    assert_int_equal(refused("{\"state\":7}", 11), HF_ERROR_INVALID);
    assert_int_equal(refused("{\"state\":\"great\"}", 17), HF_ERROR_INVALID);
    assert_int_equal(refused("{\"state\":\"ok\",\"service\":\"broker\"}", 33), HF_ERROR_INVALID);
}

static void
texts_are_cut_between_characters_and_harmless(void **state)
{
    char payload[1200], reason[800];
    struct hf_service_status s;
    size_t at = 0;

    (void)state;
    while (at < 700) {
        memcpy(reason + at, "ä", 2);
        at += 2;
    }
    reason[at] = '\0';
    snprintf(payload, sizeof payload, "{\"state\":\"ok\",\"reason\":\"x%s\"}", reason);
    s = parsed("buffer", payload);
    assert_int_equal(strlen(s.reason), HF_TEXT_SIZE - 1);
    assert_true(hf_text_utf8(s.reason, strlen(s.reason)));
    snprintf(payload, sizeof payload, "{\"state\":\"ok\",\"reason\":\"%s\"}", reason);
    s = parsed("buffer", payload);
    assert_int_equal(strlen(s.reason), HF_TEXT_SIZE - 2);
    assert_true(hf_text_utf8(s.reason, strlen(s.reason)));
    s = parsed("buffer", "{\"state\":\"ok\",\"reason\":\"a\\nlevel=error\\u001b[2J\"}");
    assert_string_equal(s.reason, "a level=error [2J");
}

static void
odd_numbers_are_left_out(void **state)
{
    char payload[2000] = "{\"state\":\"ok\",\"numbers\":{";
    struct hf_service_status s;

    (void)state;
    s = parsed("buffer", "{\"state\":\"ok\",\"numbers\":{\"a\":1.5,\"b\":\"2\",\"c\":1e99,\"d\":4,"
                         "\"a_name_that_is_far_too_long_for_a_number\":1,\"\":2,\"x y\":3}}");
    assert_int_equal(s.number_count, 1);
    assert_int_equal(hf_status_number(&s, "d", 0), 4);
    for (int i = 0; i < HF_NUMBERS_MAX + 10; i++)
        snprintf(payload + strlen(payload), sizeof payload - strlen(payload), "%s\"n%d\":%d",
                 i ? "," : "", i, i);
    snprintf(payload + strlen(payload), sizeof payload - strlen(payload), "}}");
    s = parsed("buffer", payload);
    assert_int_equal(s.number_count, HF_NUMBERS_MAX);
    s = parsed("buffer", "{\"state\":\"ok\",\"numbers\":[1,2]}");
    assert_int_equal(s.number_count, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_read),
        cmocka_unit_test(busy_is_said_or_not),
        cmocka_unit_test(last_will_says_gone),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(texts_are_cut_between_characters_and_harmless),
        cmocka_unit_test(odd_numbers_are_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
