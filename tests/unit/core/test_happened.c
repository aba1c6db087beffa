// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "base/text.h"
#include "core/happened.h"

#include <stdlib.h>
#include <string.h>

static struct hf_snapshot *before, *now;
static struct hf_happenings *h;

static int
set_up(void **state)
{
    (void)state;
    before = calloc(1, sizeof *before);
    now = calloc(1, sizeof *now);
    h = calloc(1, sizeof *h);
    for (size_t i = 0; i < 2; i++)
        hf_text_put(before->services[i].spec.service, HF_NAME_SIZE, i ? "buffer" : "broker");
    before->service_count = 2;
    *now = *before;
    now->at_ms = 7;
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    free(before);
    free(now);
    free(h);
    return 0;
}

static void
what_differs(void **state)
{
    struct hf_happening list[8];
    uint64_t missed;

    (void)state;
    hf_happened(h, NULL, now);
    hf_happened(h, before, now);
    assert_int_equal(h->newest, 0);
    now->services[1].lifecycle = HF_LIFECYCLE_RUNNING;
    now->services[1].health = HF_HEALTH_HEALTHY;
    now->alarms.active = 2;
    hf_text_put(now->uplink.state, sizeof now->uplink.state, "away");
    hf_happened(h, before, now);
    assert_int_equal(hf_happenings_after(h, 0, list, 8, &missed), 4);
    assert_int_equal(missed, 0);
    assert_int_equal(list[0].kind, HF_HAPPENED_SERVICE);
    assert_string_equal(list[0].subject, "buffer");
    assert_string_equal(list[0].from, "absent");
    assert_string_equal(list[0].to, "running");
    assert_int_equal(list[0].at_ms, 7);
    assert_string_equal(hf_happening_kind_name(list[1].kind), "health");
    assert_string_equal(list[2].to, "away");
    assert_string_equal(list[3].to, "2");
    assert_int_equal(hf_happenings_after(h, 3, list, 8, &missed), 1);
    assert_int_equal(list[0].n, 4);
    assert_int_equal(hf_happenings_after(h, 4, list, 8, &missed), 0);
    assert_int_equal(hf_happenings_after(h, 9, list, 8, &missed), 0);
}

static void
the_oldest_give_way(void **state)
{
    enum { TIMES = HF_HAPPENINGS_KEPT + 10 };
    struct hf_happening list[2];
    uint64_t missed;

    (void)state;
    for (int i = 0; i < TIMES; i++) {
        before->alarms.active = i;
        now->alarms.active = i + 1;
        hf_happened(h, before, now);
    }
    assert_int_equal(hf_happenings_after(h, 4, list, 2, &missed), 2);
    assert_int_equal(missed, 6);
    assert_int_equal(list[0].n, 11);
    assert_int_equal(hf_happenings_after(h, TIMES - 1, list, 2, &missed), 1);
    assert_int_equal(missed, 0);
    assert_int_equal(list[0].n, TIMES);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_differs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_oldest_give_way, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
