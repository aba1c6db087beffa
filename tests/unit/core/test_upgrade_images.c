// SPDX-License-Identifier: Apache-2.0
/* Images that nothing needs any more, and those that a way back needs. */
#include "upgradekit.h"

static bool
is_removed(struct box *b, const char *image)
{
    bool removed = false;

    FAKE_LOCKED(&b->engine, {
        for (size_t i = 0; i < b->engine.removed_count; i++)
            removed |= strcmp(b->engine.removed[i], image) == 0;
    });
    return removed;
}

static void
wait_for_removal(struct box *b, const char *image)
{
    int64_t deadline = hf_clock_mono_ms() + PATIENCE_MS;

    while (!is_removed(b, image)) {
        if (hf_clock_mono_ms() > deadline)
            fail_msg("%s was never removed", image);
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
}

static void
commit(struct box *b, const char *release_json, const char *name)
{
    char id[HF_DIGEST_TEXT_SIZE];

    add(b, release_json, id);
    apply(b, id);
    ended(b, HF_UPGRADE_COMMITTED, name);
}

static void
images_go_after_the_next_commit_and_never_those_of_a_way_back(void **state)
{
    struct box *b = *state;
    char first[HF_DIGEST_TEXT_SIZE], id[HF_DIGEST_TEXT_SIZE];

    begin_box(b);
    add(b, one, first);
    add(b, two, id);
    apply(b, id);
    ended(b, HF_UPGRADE_COMMITTED, "two");
    assert_int_equal(state_of(b, first), HF_RELEASE_PREVIOUS);
    add(b, three, id);
    apply(b, id);
    ended(b, HF_UPGRADE_COMMITTED, "three");
    wait_for_removal(b, IMAGE("02"));
    assert_true(is_removed(b, IMAGE("01")));
    assert_false(is_removed(b, IMAGE("03")));
    assert_false(is_removed(b, IMAGE("11")));
    assert_int_equal(roll_back(b).kind, HF_OPERATION_ROLLBACK);
    ended(b, HF_UPGRADE_COMMITTED, "two");
    runs_two(b);
    assert_false(is_removed(b, IMAGE("21")));
}

static void
images_of_one_that_was_not_kept_go_at_once(void **state)
{
    struct box *b = *state;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_box(b);
    add(b, half, id);
    FAKE_LOCKED(&b->engine, { hf_text_put(b->engine.crashes, HF_DIGEST_SIZE, "%s", IMAGE("12")); });
    apply(b, id);
    ended(b, HF_UPGRADE_ROLLED_BACK, "one");
    wait_for_removal(b, IMAGE("12"));
    assert_false(is_removed(b, IMAGE("01")));
    assert_false(is_removed(b, IMAGE("02")));
}

static const char four[] = SET("four", "10", "41", "42");

static int
wait_no_longer(struct hf_core *core, void *context, struct hf_error *err)
{
    bool *waits = context;
    struct collecting *c = &core->upgrade.collecting;

    (void)err;
    *waits = c->due && c->not_before_ms > hf_clock_mono_ms();
    c->not_before_ms = 0;
    return 0;
}

static void
pain_14_an_image_in_use_holds_up_no_other_and_goes_later(void **state)
{
    struct box *b = *state;
    struct hf_error err;
    bool waits = false;

    begin_box(b);
    FAKE_LOCKED(&b->engine, hf_text_put(b->engine.used_image, HF_DIGEST_SIZE, "%s", IMAGE("02")));
    commit(b, two, "two");
    commit(b, three, "three");
    commit(b, four, "four");
    wait_for_removal(b, IMAGE("12"));
    assert_false(is_removed(b, IMAGE("02")));
    FAKE_LOCKED(&b->engine, b->engine.used_image[0] = '\0');
    while (!waits)
        assert_int_equal(mailbox_call(&b->core->mail, wait_no_longer, &waits, &err), 0);
    wait_for_removal(b, IMAGE("02"));
    assert_false(is_removed(b, IMAGE("22")));
}

static int
pick(struct hf_core *core, void *context, struct hf_error *err)
{
    (void)err;
    (void)hf_core_pick_image(core, "", context);
    return 0;
}

static bool
is_gating(const struct hf_snapshot *s)
{
    return s->upgrade.record.state == HF_UPGRADE_GATING;
}

/* Else room that is made on a full disk takes away what was just fetched. */
static void
pain_02_images_of_an_upgrade_under_way_are_needed(void **state)
{
    struct box *b = *state;
    char id[HF_DIGEST_TEXT_SIZE];
    struct hf_release_image picked;
    struct hf_error err;

    begin_box(b);
    add(b, half, id);
    FAKE_LOCKED(&b->engine, hf_text_put(b->engine.crashes, HF_DIGEST_SIZE, "%s", IMAGE("12")));
    apply(b, id);
    ended(b, HF_UPGRADE_ROLLED_BACK, "one");
    wait_for_removal(b, IMAGE("12"));
    FAKE_LOCKED(&b->engine, b->engine.crashes[0] = '\0');
    configure(b, "{\"upgrade\":{\"gate_s\":3600}}");
    apply(b, id);
    wait_until(b->core, is_gating);
    assert_int_equal(mailbox_call(&b->core->mail, pick, &picked, &err), 0);
    assert_string_equal(picked.image_id, "");
    roll_back(b);
    ended(b, HF_UPGRADE_ROLLED_BACK, "one");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            images_go_after_the_next_commit_and_never_those_of_a_way_back, setup, teardown),
        cmocka_unit_test_setup_teardown(images_of_one_that_was_not_kept_go_at_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(pain_14_an_image_in_use_holds_up_no_other_and_goes_later,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(pain_02_images_of_an_upgrade_under_way_are_needed, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
