// SPDX-License-Identifier: Apache-2.0
/* Every state and event of a change of the network that waits for somebody. */
#include "unit.h"

#include "network/trial.h"

#include <string.h>

static const char BOOT[] = "boot-1", NEXT_BOOT[] = "boot-2";

static void
every_state_and_event(void **state)
{
    static const struct trial settled = {.id = ""};
    static const struct trial on_trial = {.id = "a", .boot = "boot-1", .until_s = 120};
    static const struct {
        const struct trial *t;
        enum trial_event event;
        const char *id, *boot;
        int64_t now_s;
        enum trial_effect effect;
    } rows[] = {
        {&settled, TRIAL_ASKED, "a", BOOT, 0, TRIAL_BEGIN},
        {&settled, TRIAL_CONFIRMED, "a", BOOT, 0, TRIAL_REFUSE_NONE},
        {&settled, TRIAL_CONFIRMED, "", BOOT, 0, TRIAL_REFUSE_NONE},
        {&settled, TRIAL_TICK, "", BOOT, 1000, TRIAL_NOTHING},
        {&settled, TRIAL_STARTED, "", BOOT, 1000, TRIAL_NOTHING},
        {&on_trial, TRIAL_ASKED, "b", BOOT, 1, TRIAL_REFUSE_BUSY},
        {&on_trial, TRIAL_ASKED, "b", BOOT, 120, TRIAL_REFUSE_BUSY},
        {&on_trial, TRIAL_CONFIRMED, "a", BOOT, 119, TRIAL_KEEP},
        {&on_trial, TRIAL_CONFIRMED, "a", BOOT, 120, TRIAL_REFUSE_NONE},
        {&on_trial, TRIAL_CONFIRMED, "b", BOOT, 1, TRIAL_REFUSE_NONE},
        {&on_trial, TRIAL_CONFIRMED, "a", NEXT_BOOT, 1, TRIAL_REFUSE_NONE},
        {&on_trial, TRIAL_TICK, "", BOOT, 119, TRIAL_NOTHING},
        {&on_trial, TRIAL_TICK, "", BOOT, 120, TRIAL_TAKE_BACK},
        {&on_trial, TRIAL_STARTED, "", BOOT, 119, TRIAL_NOTHING}, /* it was only killed */
        {&on_trial, TRIAL_STARTED, "", BOOT, 120, TRIAL_TAKE_BACK},
        {&on_trial, TRIAL_STARTED, "", NEXT_BOOT, 3, TRIAL_TAKE_BACK},
        {&on_trial, TRIAL_TICK, "", NEXT_BOOT, 3, TRIAL_TAKE_BACK},
        {&on_trial, TRIAL_STARTED, "", "", 3, TRIAL_TAKE_BACK}, /* it cannot be known */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum trial_effect effect =
            trial_step(rows[i].t, rows[i].event, rows[i].id, rows[i].boot, rows[i].now_s);

        if (effect != rows[i].effect)
            fail_msg("row %zu: %d instead of %d", i, (int)effect, (int)rows[i].effect);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_state_and_event)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
