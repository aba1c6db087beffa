// SPDX-License-Identifier: Apache-2.0
#include "common/topic.h"
#include "unit.h"

#include <string.h>

static bool
matches(const char *filter, const char *topic)
{
    size_t len = strlen(topic);
    HF_AUTO_FREE char *exact = malloc(len ? len : 1); /* a sanitizer sees one byte more */

    memcpy(exact, topic, len);
    return hf_topic_matches(filter, exact, len);
}

/* The examples of MQTT 3.1.1, 4.7.1 and 4.7.2, and the corners between them. */
static void
filters_match_as_mqtt_says(void **state)
{
    static const struct {
        const char *filter, *topic;
        bool match;
    } cases[] = {
        {"sport/tennis/player1/#", "sport/tennis/player1", true},
        {"sport/tennis/player1/#", "sport/tennis/player1/ranking", true},
        {"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true},
        {"sport/tennis/player1/#", "sport/tennis/player12", false},
        {"sport/#", "sport", true},
        {"#", "a", true},
        {"#", "/a/b", true},
        {"sport/tennis/+", "sport/tennis/player1", true},
        {"sport/tennis/+", "sport/tennis/player1/ranking", false},
        {"sport/+", "sport", false},
        {"sport/+", "sport/", true},
        {"+/+", "/finance", true},
        {"/+", "/finance", true},
        {"+", "/finance", false},
        {"+/tennis/#", "sport/tennis", true},
        {"#", "$SYS/broker", false},
        {"+/broker", "$SYS/broker", false},
        {"$SYS/#", "$SYS/broker", true},
        {"$SYS/+", "$SYS/broker", true},
        {"a/b", "a/b", true},
        {"a/b", "a/B", false},
        {"a/b", "a/b/", false},
        {"a/b", "a/bc", false},
        {"a/bc", "a/b", false},
        {"a/b/", "a/b", false},
        {"a/b/", "a/b/", true},
        {"a//b", "a//b", true},
        {"a/+/b", "a//b", true},
        {"+/#", "a", true},
        {"a/$x/+", "a/$x/b", true},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(cases); i++) {
        if (matches(cases[i].filter, cases[i].topic) != cases[i].match)
            fail_msg("'%s' and '%s'", cases[i].filter, cases[i].topic);
        assert_int_equal(hf_topic_filter_check(cases[i].filter, NULL), 0);
    }
}

static void
what_is_no_filter_is_refused(void **state)
{
    static const char *const wrong[] = {"", "a/#/b", "a#", "#a", "a/b+", "+a/b", "a/+#", "\xff"};
    char long_one[HF_TOPIC_FILTER_MAX + 2];
    struct hf_error err = {0};

    (void)state;
    for (size_t i = 0; i < HF_LEN(wrong); i++) {
        err.class = HF_ERROR_NONE;
        assert_int_equal(hf_topic_filter_check(wrong[i], &err), -1);
        assert_int_equal(err.class, HF_ERROR_INVALID);
    }
    assert_int_equal(hf_topic_filter_check("a/b/x+/c", &err), -1);
    assert_non_null(strstr(err.message, "level 3"));
    memset(long_one, 'a', sizeof long_one - 1);
    long_one[sizeof long_one - 1] = '\0';
    assert_int_equal(hf_topic_filter_check(long_one, &err), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_match_as_mqtt_says),
        cmocka_unit_test(what_is_no_filter_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
