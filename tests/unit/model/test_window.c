// SPDX-License-Identifier: Apache-2.0
/* When upgrades may begin: which windows are open, and how long until one is. */
#include "model/window.h"

#include "unit.h"

#include <string.h>

enum { MON, TUE, WED, THU, FRI, SAT, SUN };

static struct hf_windows
windows(const char *text)
{
    HF_AUTO(hf_json) struct hf_json *list = NULL;
    struct hf_windows w;
    struct hf_error err;

    assert_int_equal(hf_json_parse(text, strlen(text), &list, &err), 0);
    assert_int_equal(hf_windows_read(list, "/windows", &w, &err), 0);
    return w;
}

static int
wait(const char *text, int day, int hour, int minute)
{
    struct hf_windows w = windows(text);

    return hf_windows_wait(&w, day, hour * 60 + minute);
}

static void
waits(void **state)
{
    static const struct {
        const char *text;
        int day, hour, minute, wait;
    } rows[] = {
        {"[]", MON, 12, 0, 0},
        /* every day, its end is not in it */
        {"[{\"from\":\"02:00\",\"to\":\"04:00\"}]", MON, 1, 59, 1},
        {"[{\"from\":\"02:00\",\"to\":\"04:00\"}]", MON, 2, 0, 0},
        {"[{\"from\":\"02:00\",\"to\":\"04:00\"}]", SUN, 3, 59, 0},
        {"[{\"from\":\"02:00\",\"to\":\"04:00\"}]", SUN, 4, 0, 22 * 60},
        /* over midnight, and over the end of the week */
        {"[{\"days\":[\"sun\"],\"from\":\"22:00\",\"to\":\"04:00\"}]", MON, 3, 59, 0},
        {"[{\"days\":[\"sun\"],\"from\":\"22:00\",\"to\":\"04:00\"}]", TUE, 3, 59,
         5 * 1440 + 18 * 60 + 1},
        {"[{\"days\":[\"sun\"],\"from\":\"22:00\",\"to\":\"04:00\"}]", SUN, 3, 0, 19 * 60},
        /* the whole day; the same day next week; the nearest of two */
        {"[{\"days\":[\"sat\"],\"from\":\"00:00\",\"to\":\"00:00\"}]", SAT, 23, 59, 0},
        {"[{\"days\":[\"wed\"],\"from\":\"01:00\",\"to\":\"02:00\"}]", WED, 2, 0, 7 * 1440 - 60},
        {"[{\"days\":[\"wed\"],\"from\":\"01:00\",\"to\":\"02:00\"},"
         "{\"days\":[\"thu\",\"fri\"],\"from\":\"12:00\",\"to\":\"13:00\"}]",
         WED, 2, 0, 34 * 60},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++)
        assert_int_equal(wait(rows[i].text, rows[i].day, rows[i].hour, rows[i].minute),
                         rows[i].wait);
}

static void
texts(void **state)
{
    char text[HF_WINDOW_TEXT_SIZE];

    (void)state;
    hf_window_text(SUN, 23 * 60 + 5, 0, text);
    assert_string_equal(text, "Sun 23:05");
    hf_window_text(SUN, 23 * 60 + 5, 55, text);
    assert_string_equal(text, "Mon 00:00");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits),
        cmocka_unit_test(texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
