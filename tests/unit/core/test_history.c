// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "core/history.h"

#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { T0 = 1000000 * 1000, POINTS_10M = 600, POINTS_6H = 2160, POINTS_3D = 4320 };

static void
near(double value, double expected)
{
    if (fabs(value - expected) > fabs(expected) / 1000)
        fail_msg("%g is not %g", value, expected);
}

static struct hf_history
read_all(struct hf_history_ring *h, enum hf_history_range range)
{
    const struct hf_history_query q = {.range = range};
    struct hf_history r;

    assert_int_equal(history_read(h, &q, &r, NULL), 0);
    return r;
}

static void
a_value_takes_16_bits(void **state)
{
    static const double values[] = {0.001, 0.5, 1,   1.5,  3,    99.97, 1023, 1024,
                                    65537, 1e6, 4e9, 1e12, 2e14, -12.5, -40};

    (void)state;
    for (size_t i = 0; i < HF_LEN(values); i++)
        near(history_value(history_code(values[i])), values[i]);
    for (double v = 1; v < 1e14; v *= 1.0137)
        near(history_value(history_code(v)), v);
    assert_true(history_value(history_code(0)) == 0);
    assert_true(history_value(history_code(1e-9)) == 0);
    assert_true(isnan(history_value(history_code(NAN))));
    assert_true(history_value(history_code(INFINITY)) > 1e14);
    assert_true(history_value(history_code(1e300)) > 1e14);
}

static void
each_second_is_a_point_and_the_newest_stay(void **state)
{
    struct hf_history_ring h;
    struct hf_history r;

    (void)state;
    history_init(&h);
    for (int i = 0; i <= POINTS_10M + 7; i++) {
        history_begin(&h, T0 + i * 1000);
        history_put(&h, "a", i);
    }
    r = read_all(&h, HF_HISTORY_10M);
    assert_int_equal(r.points, POINTS_10M);
    assert_int_equal(r.series_count, 1);
    assert_string_equal(r.series[0].name, "a");
    near(hf_history_value(&r.series[0], 0), 7);
    near(hf_history_value(&r.series[0], POINTS_10M - 1), POINTS_10M + 6);
    hf_history_done(&r);
    history_done(&h);
}

static void
what_was_not_measured_is_null_and_not_a_line(void **state)
{
    struct hf_history_ring h;
    struct hf_history r;

    (void)state;
    history_init(&h);
    history_begin(&h, T0);
    history_put(&h, "a", 1);
    history_begin(&h, T0 + 1000);
    history_put(&h, "a", NAN);
    history_put(&h, "late", 5);
    history_begin(&h, T0 + 4000); /* two seconds were slept through */
    history_put(&h, "a", 2);
    history_begin(&h, T0 + 5000);
    r = read_all(&h, HF_HISTORY_10M);
    assert_int_equal(r.points, 5);
    near(hf_history_value(&r.series[0], 0), 1);
    for (size_t i = 1; i < 4; i++)
        assert_true(isnan(hf_history_value(&r.series[0], i)));
    near(hf_history_value(&r.series[0], 4), 2);
    assert_true(isnan(hf_history_value(&r.series[1], 0)));
    near(hf_history_value(&r.series[1], 1), 5);
    assert_true(isnan(hf_history_value(&r.series[1], 2)));
    hf_history_done(&r);
    history_done(&h);
}

static void
longer_ranges_are_means_of_what_is_known(void **state)
{
    struct hf_history_ring h;
    struct hf_history r;

    (void)state;
    history_init(&h);
    for (int i = 0; i <= 120; i++) {
        history_begin(&h, T0 / 60000 * 60000 + i * 1000);
        history_put(&h, "a", i % 10 < 5 ? NAN : i % 10);
        history_put(&h, "b", i < 60 ? NAN : 8);
    }
    r = read_all(&h, HF_HISTORY_6H);
    assert_int_equal(r.points, 12);
    near(hf_history_value(&r.series[0], 3), 7);
    hf_history_done(&r);
    r = read_all(&h, HF_HISTORY_3D);
    assert_int_equal(r.points, 2);
    near(hf_history_value(&r.series[0], 1), 7);
    assert_true(isnan(hf_history_value(&r.series[1], 0)));
    near(hf_history_value(&r.series[1], 1), 8);
    hf_history_done(&r);
    history_done(&h);
}

static void
only_the_series_asked_for_come(void **state)
{
    static const char *const names[] = {"b", "none"};
    const struct hf_history_query q = {
        .range = HF_HISTORY_10M, .names = names, .name_count = 2, .most = 2};
    struct hf_history_ring h;
    struct hf_history r;

    (void)state;
    history_init(&h);
    for (int i = 0; i < 5; i++) {
        history_begin(&h, T0 + i * 1000);
        history_put(&h, "a", 1);
        history_put(&h, "b", i);
    }
    assert_int_equal(history_read(&h, &q, &r, NULL), 0);
    assert_int_equal(r.series_count, 1);
    assert_int_equal(r.points, 2);
    near(hf_history_value(&r.series[0], 1), 3);
    hf_history_done(&r);
    history_done(&h);
}

/* Minutes with values that go up and down, some constant, some not known. */
static void
fill_minutes(struct hf_history_ring *h, int64_t from_ms, int minutes)
{
    int64_t begin = from_ms / 60000 * 60000;

    for (int i = 0; i <= minutes * 60; i++) {
        int minute = i / 60;

        history_begin(h, begin + i * 1000);
        history_put(h, "up", minute * 1000);
        history_put(h, "down", 1e12 / (minute + 1));
        history_put(h, "still", 42);
        history_put(h, "seldom", minute % 7 ? NAN : -3.5);
    }
}

static void
the_minutes_survive_a_restart_with_a_gap(void **state)
{
    HF_AUTO_BUF struct hf_buf first = HF_BUF_INIT(HISTORY_SAVE_MAX);
    HF_AUTO_BUF struct hf_buf second = HF_BUF_INIT(HISTORY_SAVE_MAX);
    HF_AUTO_BUF struct hf_buf none = HF_BUF_INIT(HISTORY_SAVE_MAX);
    struct hf_history_ring h, after;
    struct hf_history was, is;
    size_t points;

    (void)state;
    history_init(&h);
    fill_minutes(&h, T0, 40);
    assert_int_equal(history_save(&h, &first, &points, NULL), 0);
    assert_int_equal(points, 40);
    history_saved(&h, points);
    fill_minutes(&h, T0 + 40 * 60000, 30);
    assert_int_equal(history_save(&h, &second, &points, NULL), 0);
    assert_int_equal(points, 30);
    history_saved(&h, points);
    assert_int_equal(history_save(&h, &none, &points, NULL), 0);
    assert_int_equal(points, 0);
    assert_int_equal(none.len, 0);

    history_init(&after);
    assert_int_equal(history_load(&after, first.data, first.len), 40);
    assert_int_equal(history_load(&after, second.data, second.len), 30);
    history_gap(&after, 5);
    was = read_all(&h, HF_HISTORY_3D);
    is = read_all(&after, HF_HISTORY_3D);
    assert_int_equal(is.points, was.points + 5);
    assert_int_equal(is.series_count, was.series_count);
    for (size_t s = 0; s < was.series_count; s++) {
        assert_memory_equal(is.series[s].codes, was.series[s].codes,
                            was.points * sizeof *was.codes);
        for (size_t i = 0; i < 5; i++)
            assert_true(isnan(hf_history_value(&is.series[s], was.points + i)));
    }
    assert_int_equal(history_save(&after, &none, &points, NULL), 0);
    assert_int_equal(points, 0); /* what came from the store is not written again */
    hf_history_done(&was);
    hf_history_done(&is);
    history_done(&h);
    history_done(&after);
}

static void
bytes_that_make_no_sense_are_a_gap(void **state)
{
    HF_AUTO_BUF struct hf_buf good = HF_BUF_INIT(HISTORY_SAVE_MAX);
    struct hf_history_ring h;
    size_t points;

    (void)state;
    history_init(&h);
    fill_minutes(&h, T0, 20);
    assert_int_equal(history_save(&h, &good, &points, NULL), 0);
    for (size_t len = 0; len < good.len; len++) {
        HF_AUTO_FREE char *part = malloc(len + 1); /* so that reading past it is seen */
        struct hf_history_ring cut;

        memcpy(part, good.data, len);
        history_init(&cut);
        (void)history_load(&cut, part, len);
        if (len > 20) {
            part[len / 2] = (char)(part[len / 2] ^ 0xff);
            (void)history_load(&cut, part, len);
        }
        history_done(&cut);
    }
    history_done(&h);
}

/* What is written down in history.h: 8 services and three days. */
static void
the_memory_is_as_computed(void **state)
{
    enum { SERIES = 9 + 7 * 8, VALUE_BYTES = 2 };
    const size_t computed = (size_t)SERIES * (POINTS_10M + POINTS_6H + POINTS_3D) * VALUE_BYTES;
    HF_AUTO_BUF struct hf_buf hour = HF_BUF_INIT(HISTORY_SAVE_MAX);
    struct mallinfo2 before = mallinfo2(), after;
    struct hf_history_ring h;
    size_t points, used;
    char name[16];

    (void)state;
    history_init(&h);
    for (int i = 0; i <= 3600; i++) {
        history_begin(&h, T0 / 60000 * 60000 + i * 1000);
        for (int s = 0; s < SERIES; s++) {
            snprintf(name, sizeof name, "series%d", s);
            /* Every other one does not move, as on a gateway at rest. */
            history_put(&h, name, s % 2 ? 7 : 1e6 + (i * 7919 + s * 104729) % 20000);
        }
    }
    after = mallinfo2();
    used = after.uordblks + after.hblkhd - before.uordblks - before.hblkhd;
    assert_int_equal(history_save(&h, &hour, &points, NULL), 0);
    print_message("history of %d series: %zu bytes computed, %zu allocated; an hour is %zu bytes\n",
                  SERIES, computed, used, hour.len);
    assert_true(computed < 1000 * 1000);
    assert_true(used < computed + computed / 50 ||
                used == 0); /* 0: a checked malloc says nothing */
    assert_true(hour.len < 8192);
    history_done(&h);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_takes_16_bits),
        cmocka_unit_test(each_second_is_a_point_and_the_newest_stay),
        cmocka_unit_test(what_was_not_measured_is_null_and_not_a_line),
        cmocka_unit_test(longer_ranges_are_means_of_what_is_known),
        cmocka_unit_test(only_the_series_asked_for_come),
        cmocka_unit_test(the_minutes_survive_a_restart_with_a_gap),
        cmocka_unit_test(bytes_that_make_no_sense_are_a_gap),
        cmocka_unit_test(the_memory_is_as_computed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
