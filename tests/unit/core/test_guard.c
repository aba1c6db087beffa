// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "core/guard.h"

#include <math.h>

static const struct hf_threshold percent = {85, 95};

static void
a_level_rises_at_once_and_falls_with_slack(void **state)
{
    static const struct {
        double reading;
        enum guard_level level;
    } steps[] = {
        {84.9, GUARD_OK}, {85, GUARD_WARN},   {83.5, GUARD_WARN}, {82.9, GUARD_OK}, {96, GUARD_BAD},
        {94, GUARD_BAD},  {92.9, GUARD_WARN}, {NAN, GUARD_WARN},  {84, GUARD_WARN}, {95, GUARD_BAD},
        {NAN, GUARD_BAD}, {10, GUARD_OK},     {NAN, GUARD_OK},
    };
    enum guard_level level = GUARD_OK;

    (void)state;
    for (size_t i = 0; i < HF_LEN(steps); i++) {
        level = guard_step(level, steps[i].reading, &percent, 2);
        assert_int_equal(level, steps[i].level);
    }
}

/* A reading that swings by less than the slack makes one alarm and not hundreds. */
static void
a_reading_at_the_edge_changes_the_level_once(void **state)
{
    enum guard_level level = GUARD_OK;
    int changes = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        enum guard_level next = guard_step(level, 85 + sin(i), &percent, 2);

        changes += next != level;
        level = next;
    }
    assert_int_equal(changes, 1);
}

static void
what_root_keeps_for_itself_is_not_free(void **state)
{
    const struct hf_disk_view d = {.used_bytes = 90, .free_bytes = 10, .total_bytes = 105};
    const struct hf_disk_view tmpfs = {.inodes_total = 0};

    (void)state;
    assert_true(fabs(guard_disk_percent(&d) - 90) < 0.01);
    assert_true(isnan(guard_inode_percent(&tmpfs)));
    assert_true(isnan(guard_disk_percent(&tmpfs)));
}

static void
a_day_of_writes_is_the_last_24_hours(void **state)
{
    enum { HOUR = 3600 * 1000 };
    struct guard_day d;
    double sum = 0;

    (void)state;
    guard_day_init(&d);
    assert_true(isnan(guard_day_step(&d, -1, 5)));
    assert_true(guard_day_step(&d, 1000000, 5) == 0); /* what was before us is not of this day */
    for (int h = 0; h < 48; h++)
        sum = guard_day_step(&d, 1000000 + (h + 1) * 10, (int64_t)h * HOUR);
    assert_true(sum == 240);
    assert_true(guard_day_step(&d, 5, (int64_t)47 * HOUR) == 240); /* began anew */
    assert_true(guard_day_step(&d, 9, (int64_t)47 * HOUR) == 244);
    assert_true(guard_day_step(&d, 9, (int64_t)100 * HOUR) == 0);
}

/* The daemon was away for two hours and a half, in which the disk was written to. */
static void
a_day_of_writes_goes_on_after_a_restart(void **state)
{
    enum { HOUR = 3600 * 1000 };
    int64_t hours[GUARD_HOURS];
    struct guard_day d, again;

    (void)state;
    guard_day_init(&d);
    guard_day_step(&d, 0, 0);
    for (int h = 0; h < 30; h++)
        guard_day_step(&d, (h + 1) * 10, (int64_t)h * HOUR);
    guard_day_read(&d, hours);
    assert_int_equal(hours[GUARD_HOURS - 1], 10);
    guard_day_restore(&again, hours, d.total, 2, 5);
    assert_true(guard_day_step(&again, 307, 5) == 22 * 10 + 7);
    assert_true(guard_day_step(&again, 307, (int64_t)21 * HOUR) == 10 + 7);
    guard_day_restore(&again, hours, d.total, GUARD_HOURS, 5);
    assert_true(guard_day_step(&again, 1, 5) == 0); /* the machine began to count anew */
}

static void
a_certificate_is_judged_by_a_clock_that_is_right(void **state)
{
    static const int64_t day = 24 * 3600 * 1000, now = INT64_C(1800000000000);

    (void)state;
    assert_int_equal(guard_certificate(0, now, true), GUARD_OK);
    assert_int_equal(guard_certificate(now + 31 * day, now, true), GUARD_OK);
    assert_int_equal(guard_certificate(now + 30 * day, now, true), GUARD_WARN);
    assert_int_equal(guard_certificate(now + 8 * day, now, true), GUARD_WARN);
    assert_int_equal(guard_certificate(now + 7 * day, now, true), GUARD_BAD);
    assert_int_equal(guard_certificate(now - day, now, true), GUARD_BAD);
    assert_int_equal(guard_certificate(now - day, now, false), GUARD_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_level_rises_at_once_and_falls_with_slack),
        cmocka_unit_test(a_reading_at_the_edge_changes_the_level_once),
        cmocka_unit_test(what_root_keeps_for_itself_is_not_free),
        cmocka_unit_test(a_day_of_writes_is_the_last_24_hours),
        cmocka_unit_test(a_day_of_writes_goes_on_after_a_restart),
        cmocka_unit_test(a_certificate_is_judged_by_a_clock_that_is_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
