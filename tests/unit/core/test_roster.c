// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "core/roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECOND = 1000, AFTER_MS = 60 * SECOND };

static size_t
silent_count(const struct roster *r, int64_t now)
{
    size_t count = 0;

    for (size_t i = 0; i < r->count; i++)
        count += roster_silent(r, i, AFTER_MS, now) != NULL;
    return count;
}

static void
survey(struct roster *r, const char *const *devices, int64_t now)
{
    roster_begin(r, "+/ID/#");
    for (; *devices; devices++)
        roster_list(r, *devices, 5);
    roster_end(r, now);
}

static const char *const both[] = {"a", "b", NULL}, *const one[] = {"a", NULL},
                         *const none[] = {NULL};

static void
one_that_is_missed_for_long_enough_is_silent_until_it_is_heard(void **state)
{
    struct roster r = {.count = 0};

    (void)state;
    survey(&r, both, SECOND);
    assert_int_equal(silent_count(&r, 1000 * SECOND), 0);
    survey(&r, none, 100 * SECOND); /* the processor was restarted */
    survey(&r, one, 130 * SECOND);
    assert_int_equal(silent_count(&r, 159 * SECOND), 0);
    assert_int_equal(silent_count(&r, 160 * SECOND), 1);
    assert_string_equal(roster_silent(&r, 1, AFTER_MS, 160 * SECOND)->device, "b");
    assert_int_equal(roster_silent(&r, 1, AFTER_MS, 160 * SECOND)->last_ms, 5);
    roster_heard(&r, "b");
    assert_int_equal(silent_count(&r, 160 * SECOND), 0);
    roster_done(&r);
}

static void
it_outlives_a_restart_of_ours(void **state)
{
    struct roster r = {.count = 0}, again = {.count = 0};
    HF_AUTO_FREE char *text = NULL;

    (void)state;
    survey(&r, both, SECOND);
    assert_true(r.changed && r.grown);
    assert_int_equal(roster_save(&r, &text, NULL), 0);
    roster_load(&again, text);
    assert_int_equal(again.count, 2);
    assert_false(again.changed || again.grown);
    survey(&again, one, SECOND); /* of another monotonic clock */
    assert_int_equal(silent_count(&again, 61 * SECOND), 1);
    assert_false(again.changed);
    roster_done(&r);
    roster_done(&again);
}

static void
devices_by_another_topic_are_others(void **state)
{
    struct roster r = {.count = 0};

    (void)state;
    survey(&r, both, SECOND);
    roster_begin(&r, "plant/ID");
    roster_end(&r, 2 * SECOND);
    assert_int_equal(r.count, 0);
    assert_int_equal(silent_count(&r, 1000 * SECOND), 0);
    roster_done(&r);
}

static void
what_cannot_be_read_is_nothing(void **state)
{
    static const char *const texts[] = {"", "[]", "{\"topic\":1,\"devices\":[[\"a\",1]]}",
                                        "{\"topic\":\"t\",\"devices\":[7,[],[7,7],[\"\",1]]}"};

    (void)state;
    for (size_t i = 0; i < HF_LEN(texts); i++) {
        struct roster r = {.count = 0};

        roster_load(&r, texts[i]);
        assert_int_equal(r.count, 0);
        roster_done(&r);
    }
}

static void
the_one_heard_longest_ago_makes_room(void **state)
{
    struct roster r = {.count = 0};
    char name[16];
    bool last = false, first = false;

    (void)state;
    roster_begin(&r, "+/ID/#");
    for (int i = 0; i <= ROSTER_MAX; i++) {
        snprintf(name, sizeof name, "d%d", i);
        roster_list(&r, name, 100 + i);
        r.grown &= i < ROSTER_MAX - 1;
    }
    roster_end(&r, SECOND);
    assert_int_equal(r.count, ROSTER_MAX);
    assert_false(r.grown); /* nothing that is worth a write of its own */
    for (size_t i = 0; i < r.count; i++) {
        first |= strcmp(r.list[i].device, "d0") == 0;
        last |= strcmp(r.list[i].device, name) == 0;
    }
    assert_true(last && !first);
    roster_done(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_is_missed_for_long_enough_is_silent_until_it_is_heard),
        cmocka_unit_test(it_outlives_a_restart_of_ours),
        cmocka_unit_test(devices_by_another_topic_are_others),
        cmocka_unit_test(what_cannot_be_read_is_nothing),
        cmocka_unit_test(the_one_heard_longest_ago_makes_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
