// SPDX-License-Identifier: Apache-2.0
/* holdfastd ends, and the engine is away, wherever an upgrade is. */
#include "upgradekit.h"

static enum hf_upgrade_state awaited;

static bool
is_awaited(const struct hf_snapshot *s)
{
    return is_settled(s) ||
           (s->upgrade.record.state == awaited && strcmp(s->upgrade.record.operation, asked) == 0);
}

static void
ends_in(struct box *b, enum hf_upgrade_state state, bool good)
{
    char id[HF_DIGEST_TEXT_SIZE];

    add(b, two, id);
    /* A bad one shows when somebody looks, which may take more than a second. */
    configure(b, good ? "{\"upgrade\":{\"gate_s\":1}}" : "{\"upgrade\":{\"gate_s\":60}}");
    FAKE_LOCKED(&b->engine,
                hf_text_put(b->engine.crashes, HF_DIGEST_SIZE, "%s", good ? "" : IMAGE("12")));
    awaited = state;
    apply(b, id);
    wait_until(b->core, is_awaited);
    end(b);
    start_with(b, NULL);
    ended(b, good ? HF_UPGRADE_COMMITTED : HF_UPGRADE_ROLLED_BACK, good ? "two" : "one");
    if (good)
        runs_two(b);
    else
        runs_one(b);
}

static void
go_back_to_one(struct box *b)
{
    roll_back(b);
    ended(b, HF_UPGRADE_COMMITTED, "one");
}

static void
pain_15_it_goes_on_from_every_state(void **state)
{
    struct box *b = *state;

    begin_box(b);
    for (int s = 0; s < HF_UPGRADE_STATE_COUNT; s++) {
        if (s != HF_UPGRADE_ROLLING_BACK && s != HF_UPGRADE_ROLLED_BACK) {
            ends_in(b, (enum hf_upgrade_state)s, true);
            go_back_to_one(b);
        }
        if (s != HF_UPGRADE_GATING && s != HF_UPGRADE_COMMITTED)
            ends_in(b, (enum hf_upgrade_state)s, false);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pain_15_it_goes_on_from_every_state, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
