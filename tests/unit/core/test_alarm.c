// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "core/alarm.h"
#include "core/courier.h"

#include <stdlib.h>
#include <string.h>

enum { WALL = 1000000, SECOND = 1000, MINUTE = 60 * SECOND };

struct bench {
    struct alarm_table table;
    struct alarm_set set;
    struct hf_alarm cleared[ALARMS_MAX];
};

static struct bench *
new_bench(void)
{
    struct bench *b = calloc(1, sizeof *b);

    assert_non_null(b);
    alarm_init(&b->table, 7);
    return b;
}

static size_t
step(struct bench *b, int64_t ms)
{
    size_t count = alarm_step(&b->table, &b->set, ms, WALL + ms, b->cleared);

    b->set.count = 0;
    return count;
}

static void
is_full(struct bench *b, bool bad)
{
    alarm_set_add(&b->set, HF_ALARM_DISK_FULL, "/var", bad, "99 %", "free some");
}

static struct hf_alarms_view
summary(const struct bench *b)
{
    struct hf_alarms_view v;

    alarm_summary(&b->table, &v);
    return v;
}

static void
it_is_raised_told_and_cleared(void **state)
{
    struct bench *b = new_bench();
    const struct hf_alarm *a;

    (void)state;
    is_full(b, false);
    assert_int_equal(step(b, SECOND), 0);
    assert_non_null(alarm_find(&b->table, 7));
    a = &alarm_find(&b->table, 7)->alarm;
    assert_true(alarm_find(&b->table, 7)->unsaved);
    assert_string_equal(a->subject, "/var");
    assert_int_equal(a->raised_ms, WALL + SECOND);
    assert_int_equal(a->untold, HF_ALARM_UNTOLD(HF_ALARM_TO_CLOUD, HF_ALARM_RAISED) |
                                    HF_ALARM_UNTOLD(HF_ALARM_TO_WEBHOOK, HF_ALARM_RAISED));
    assert_int_equal(summary(b).active, 1);
    assert_false(summary(b).bad);

    assert_int_equal(step(b, 2 * SECOND), 0);
    assert_int_equal(step(b, 31 * SECOND), 0);
    assert_int_equal(step(b, 32 * SECOND), 1);
    assert_int_equal(b->cleared[0].id, 7);
    assert_int_equal(b->cleared[0].cleared_ms, WALL + 32 * SECOND);
    assert_int_equal(b->cleared[0].last_ms, WALL + SECOND);
    assert_true(b->cleared[0].untold & HF_ALARM_UNTOLD(HF_ALARM_TO_CLOUD, HF_ALARM_CLEARED));
    assert_int_equal(summary(b).active, 0);
    is_full(b, false);
    step(b, 33 * SECOND);
    assert_non_null(alarm_find(&b->table, 8)); /* another one: a new id */
    free(b);
}

static void
one_that_flaps_is_one_with_a_count(void **state)
{
    struct bench *b = new_bench();

    (void)state;
    for (int i = 0; i < 100; i++) {
        if (i % 2 == 0)
            is_full(b, false);
        assert_int_equal(step(b, i * 10 * SECOND), 0);
    }
    assert_int_equal(alarm_find(&b->table, 7)->alarm.count, 50);
    assert_int_equal(summary(b).active, 1);
    free(b);
}

static void
what_is_over_soon_is_not_raised(void **state)
{
    struct bench *b = new_bench();

    (void)state;
    for (int i = 0; i < 60; i++) {
        if (i % 10 < 9) /* 9 s unhealthy, 1 s not */
            alarm_set_add(&b->set, HF_ALARM_SERVICE_UNHEALTHY, "buffer", true, "gone", "wait");
        step(b, i * SECOND);
        assert_int_equal(summary(b).active, 0);
    }
    for (int i = 60; i <= 70; i++) {
        alarm_set_add(&b->set, HF_ALARM_SERVICE_UNHEALTHY, "buffer", true, "gone", "wait");
        step(b, i * SECOND);
    }
    assert_int_equal(summary(b).active, 1);
    assert_true(summary(b).bad);
    free(b);
}

/* Docker takes longest of all that starts with the machine, and holdfastd does not wait for it. */
static void
an_engine_that_starts_with_the_machine_alarms_nobody(void **state)
{
    struct bench *b = new_bench();

    (void)state;
    for (int i = 20; i <= 185; i++) {
        alarm_set_add(&b->set, HF_ALARM_ENGINE_UNREACHABLE, "", true, "no answer", "start it");
        step(b, i * SECOND);
        assert_int_equal(summary(b).active, i >= 180);
    }
    free(b);
}

static void
one_that_becomes_worse_is_news(void **state)
{
    struct bench *b = new_bench();
    struct alarm_slot *s;

    (void)state;
    is_full(b, false);
    step(b, 0);
    s = alarm_find(&b->table, 7);
    s->unsaved = false;
    s->alarm.untold = 0;
    s->alarm.acknowledged_ms = 5;
    is_full(b, true);
    step(b, SECOND);
    assert_true(s->unsaved && s->alarm.bad);
    assert_int_equal(s->alarm.acknowledged_ms, 0);
    assert_true(s->alarm.untold & HF_ALARM_UNTOLD(HF_ALARM_TO_CLOUD, HF_ALARM_RAISED));
    s->unsaved = false;
    s->alarm.untold = 0;
    s->alarm.acknowledged_ms = 5;
    is_full(b, false); /* better is no news */
    step(b, 2 * SECOND);
    assert_true(s->unsaved && !s->alarm.bad);
    assert_int_equal(s->alarm.untold, 0);
    assert_int_equal(s->alarm.acknowledged_ms, 5);
    free(b);
}

static void
it_outlives_a_restart_and_is_not_counted_for_that(void **state)
{
    const struct hf_alarm was = {
        .id = 3, .kind = HF_ALARM_DISK_FULL, .subject = "/var", .count = 2};
    const struct hf_alarm gone = {.id = 4, .kind = HF_ALARM_DRIFT, .subject = "x", .count = 1};
    struct bench *b = new_bench();

    (void)state;
    alarm_restore(&b->table, &was, 0);
    alarm_restore(&b->table, &gone, 0);
    assert_int_equal(summary(b).active, 2);
    assert_int_equal(step(b, 60 * SECOND), 0); /* nothing is known yet */
    is_full(b, false);
    assert_int_equal(step(b, 61 * SECOND), 0);
    assert_int_equal(alarm_find(&b->table, 3)->alarm.count, 2);
    assert_false(alarm_find(&b->table, 3)->unsaved);
    is_full(b, false);
    assert_int_equal(step(b, 121 * SECOND), 1);
    assert_int_equal(b->cleared[0].id, 4);
    free(b);
}

static void
the_table_is_bounded(void **state)
{
    struct bench *b = new_bench();
    char subject[16];

    (void)state;
    for (int i = 0; i < 2 * ALARMS_MAX; i++) {
        snprintf(subject, sizeof subject, "d%d", i);
        alarm_set_add(&b->set, HF_ALARM_DEVICE_SILENT, subject, false, "c", "a");
    }
    assert_int_equal(b->set.count, ALARMS_MAX);
    step(b, 0);
    is_full(b, true);
    step(b, SECOND);
    assert_int_equal(summary(b).active, ALARMS_MAX);
    step(b, 60 * SECOND);
    is_full(b, true);
    step(b, 61 * SECOND);
    assert_true(summary(b).bad);
    free(b);
}

static void
every_kind_has_a_word(void **state)
{
    (void)state;
    for (int i = 0; i < HF_ALARM_KIND_COUNT; i++) {
        assert_non_null(hf_alarm_kind_name((enum hf_alarm_kind)i));
        assert_int_equal(hf_alarm_kind_of(hf_alarm_kind_name((enum hf_alarm_kind)i)), i);
    }
    assert_int_equal(hf_alarm_kind_of("toast"), -1);
}

/* Any conditions in any order: one active alarm a kind and subject, ids rise, and all is quiet when
 * all is well for long enough. */
static void
random_conditions_keep_the_rules(void **state)
{
    struct bench *b = new_bench();
    int64_t now = 0;

    (void)state;
    srand(4711);
    for (int i = 0; i < 20000; i++) {
        now += rand() % 5000;
        for (int k = rand() % 4; k > 0; k--) {
            char subject[2] = {(char)('a' + rand() % 3), '\0'};

            alarm_set_add(&b->set, (enum hf_alarm_kind)(rand() % HF_ALARM_KIND_COUNT), subject,
                          rand() % 2, "c", "a");
        }
        step(b, now);
        for (size_t x = 0; x < ALARMS_MAX; x++)
            for (size_t y = x + 1; y < ALARMS_MAX; y++) {
                const struct alarm_slot *p = &b->table.slots[x], *q = &b->table.slots[y];

                if (p->state && q->state)
                    assert_true(p->alarm.kind != q->alarm.kind ||
                                strcmp(p->alarm.subject, q->alarm.subject) != 0);
            }
    }
    for (int i = 0; i < 4; i++)
        step(b, now += MINUTE);
    assert_int_equal(summary(b).active, 0);
    free(b);
}

static void
the_courier_waits_longer_each_time_up_to_a_bound(void **state)
{
    int64_t wait = 0, before;

    (void)state;
    for (int i = 0; i < 40; i++) {
        before = wait;
        wait = courier_backoff(wait);
        assert_true(wait > before || wait == 5 * MINUTE);
        assert_true(wait >= SECOND && wait <= 5 * MINUTE);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_raised_told_and_cleared),
        cmocka_unit_test(one_that_flaps_is_one_with_a_count),
        cmocka_unit_test(what_is_over_soon_is_not_raised),
        cmocka_unit_test(an_engine_that_starts_with_the_machine_alarms_nobody),
        cmocka_unit_test(one_that_becomes_worse_is_news),
        cmocka_unit_test(it_outlives_a_restart_and_is_not_counted_for_that),
        cmocka_unit_test(the_table_is_bounded),
        cmocka_unit_test(every_kind_has_a_word),
        cmocka_unit_test(random_conditions_keep_the_rules),
        cmocka_unit_test(the_courier_waits_longer_each_time_up_to_a_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
