// SPDX-License-Identifier: Apache-2.0
/* Power goes at every call that a good upgrade makes. */
#include "upgrade_cuts.h"

static void
pain_19_power_goes_between_any_two_effects_of_a_good_one(void **state)
{
    struct box *b = *state;
    char id[HF_DIGEST_TEXT_SIZE];
    bool forth = true;
    unsigned at = 1;

    begin_box(b);
    add(b, two, id);
    for (bool cut = true; cut; at++) {
        for (int how = 0; how < CUT_COUNT; how++, forth = !forth) {
            cut = cut_at(b, at, (enum cut)how, forth ? id : NULL);
            ended(b, HF_UPGRADE_COMMITTED, forth ? "two" : "one");
            if (forth)
                runs_two(b);
            else
                runs_one(b);
        }
    }
    assert_true(at > 8); /* two services: stop, remove, create, start */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pain_19_power_goes_between_any_two_effects_of_a_good_one,
                                        setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
