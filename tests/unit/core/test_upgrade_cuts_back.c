// SPDX-License-Identifier: Apache-2.0
/* Power goes at every call that a bad upgrade and its way back make. */
#include "upgrade_cuts.h"

static void
pain_19_power_goes_between_any_two_effects_of_a_bad_one(void **state)
{
    struct box *b = *state;
    char id[HF_DIGEST_TEXT_SIZE];
    unsigned at = 1;

    begin_box(b);
    configure(b, "{\"upgrade\":{\"gate_s\":60}}"); /* until somebody looks */
    add(b, half, id);
    FAKE_LOCKED(&b->engine, hf_text_put(b->engine.crashes, HF_DIGEST_SIZE, "%s", IMAGE("12")));
    for (bool cut = true; cut; at++) {
        for (int how = 0; how < CUT_COUNT; how++) {
            cut = cut_at(b, at, (enum cut)how, id);
            ended(b, HF_UPGRADE_ROLLED_BACK, "one");
            runs_one(b);
        }
    }
    assert_true(at > 7);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pain_19_power_goes_between_any_two_effects_of_a_bad_one,
                                        setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
