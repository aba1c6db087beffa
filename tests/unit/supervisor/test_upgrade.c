// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "supervisor/upgrade.h"

#include <stdio.h>
#include <string.h>

enum { COUNT = 3, GATE_MS = 60 * 1000, SWITCH_MS = 120 * 1000, NOW = 1000000, STEP_MS = 1000 };

static struct hf_upgrade_machine
in_state(enum hf_upgrade_state state, unsigned index)
{
    struct hf_upgrade_machine m;

    hf_upgrade_init(&m, COUNT, GATE_MS, SWITCH_MS, NOW);
    m.state = state;
    m.index = index;
    return m;
}

static struct hf_upgrade_step
send_at(struct hf_upgrade_machine *m, enum hf_upgrade_event_kind kind, int64_t now)
{
    return hf_upgrade_step(m, &(struct hf_upgrade_event){.kind = kind, .reason = "why"}, now);
}

/* Sends it once a second, at most so often; returns how often until the state was left. */
static int
send_on(struct hf_upgrade_machine *m, enum hf_upgrade_event_kind kind, int64_t *now, int most)
{
    enum hf_upgrade_state state = m->state;
    int times = 0;

    while (times < most && m->state == state) {
        (void)send_at(m, kind, *now);
        *now += STEP_MS;
        times++;
    }
    return times;
}

/* For each event in the order of its enum, what follows at once: '.' stays, '+' stays and has its
 * effect once more, else the letter of the state that is entered. */
static const char letters[] = "PLVSGCBRI";
static const struct {
    enum hf_upgrade_state state;
    const char *follows;
    enum hf_upgrade_effect effect; /* of the state, when it is entered or given again */
} expected[HF_UPGRADE_STATE_COUNT] = {
    {HF_UPGRADE_PLANNED, "L..........B.", HF_UPGRADE_NOTHING},
    {HF_UPGRADE_PULLING, ".+VB.......B.", HF_UPGRADE_FETCH},
    {HF_UPGRADE_VERIFIED, "......S....B.", HF_UPGRADE_NOTHING},
    {HF_UPGRADE_SWITCHING, ".+.....V..BB.", HF_UPGRADE_AIM},
    {HF_UPGRADE_GATING, "..........BB.", HF_UPGRADE_NOTHING},
    {HF_UPGRADE_COMMITTED, ".+...........", HF_UPGRADE_COLLECT},
    {HF_UPGRADE_ROLLING_BACK, ".+.....R.....", HF_UPGRADE_RESTORE},
    {HF_UPGRADE_ROLLED_BACK, ".+...........", HF_UPGRADE_COLLECT},
    {HF_UPGRADE_INSTALLING, ".+.....V..BB.", HF_UPGRADE_INSTALL},
};

static void
check_pair(size_t row, enum hf_upgrade_event_kind kind)
{
    struct hf_upgrade_machine m = in_state(expected[row].state, 0);
    struct hf_upgrade_step step = send_at(&m, kind, NOW);
    char follows = expected[row].follows[kind];
    char is = m.state != expected[row].state      ? letters[m.state]
              : step.effect != HF_UPGRADE_NOTHING ? '+'
                                                  : '.';

    if (is != follows)
        fail_msg("%s, %s: '%c' instead of '%c'", hf_upgrade_state_name(expected[row].state),
                 hf_upgrade_event_name(kind), is, follows);
    assert_int_equal(step.moved, m.state != expected[row].state);
    if (follows != '.')
        assert_int_equal(step.effect, expected[m.state].effect);
    assert_int_equal(m.reason[0] != '\0', m.state == HF_UPGRADE_ROLLING_BACK && follows == 'B');
}

static void
every_event_in_every_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < HF_UPGRADE_STATE_COUNT; i++) {
        assert_int_equal(expected[i].state, i);
        assert_int_equal(strlen(expected[i].follows), HF_UPGRADE_EVENT_COUNT);
        for (int k = 0; k < HF_UPGRADE_EVENT_COUNT; k++)
            check_pair(i, (enum hf_upgrade_event_kind)k);
    }
}

/* The services become new one after the other, and each only after the one before works. */
static void
switches_one_service_at_a_time(void **state)
{
    struct hf_upgrade_machine m = in_state(HF_UPGRADE_VERIFIED, 0);

    (void)state;
    for (unsigned i = 0; i < COUNT; i++) {
        assert_int_equal(m.state, HF_UPGRADE_VERIFIED);
        assert_int_equal(m.index, i);
        assert_false(hf_upgrade_is_new(&m, i));
        (void)send_at(&m, HF_UPGRADE_FREE, NOW);
        assert_true(hf_upgrade_is_new(&m, i));
        assert_false(hf_upgrade_is_new(&m, i + 1));
        (void)send_at(&m, HF_UPGRADE_WELL, NOW);
        assert_true(hf_upgrade_is_new(&m, i));
    }
    assert_int_equal(m.state, HF_UPGRADE_GATING);
    (void)send_at(&m, HF_UPGRADE_BAD, NOW);
    for (unsigned i = 0; i < COUNT; i++)
        assert_false(hf_upgrade_is_new(&m, i));
}

static void
a_release_that_changes_no_service_is_gated_all_the_same(void **state)
{
    struct hf_upgrade_machine m;

    (void)state;
    hf_upgrade_init(&m, 0, GATE_MS, SWITCH_MS, NOW);
    (void)send_at(&m, HF_UPGRADE_BEGIN, NOW);
    (void)send_at(&m, HF_UPGRADE_FETCHED, NOW);
    assert_int_equal(m.state, HF_UPGRADE_GATING);
}

/* A newer holdfastd comes before the first switch, and only once all is here. */
static void
a_new_holdfastd_comes_first(void **state)
{
    struct hf_upgrade_machine m = in_state(HF_UPGRADE_PULLING, 0);
    int64_t now = NOW;
    struct hf_upgrade_step step;

    (void)state;
    m.installs = true;
    step = send_at(&m, HF_UPGRADE_FETCHED, now);
    assert_int_equal(m.state, HF_UPGRADE_INSTALLING);
    assert_int_equal(step.effect, HF_UPGRADE_INSTALL);
    for (unsigned i = 0; i < COUNT; i++)
        assert_false(hf_upgrade_is_new(&m, i));
    /* As the new one finds it: what it is to install is itself. */
    m.installs = false;
    assert_int_equal(send_at(&m, HF_UPGRADE_RESUME, now).effect, HF_UPGRADE_INSTALL);
    (void)send_at(&m, HF_UPGRADE_WELL, now);
    assert_int_equal(m.state, HF_UPGRADE_VERIFIED);
    m = in_state(HF_UPGRADE_INSTALLING, 0);
    m.count = 0;
    (void)send_at(&m, HF_UPGRADE_WELL, now);
    assert_int_equal(m.state, HF_UPGRADE_GATING);
}

static void
pain_14_an_installation_has_an_end(void **state)
{
    struct hf_upgrade_machine m = in_state(HF_UPGRADE_INSTALLING, 0);
    int64_t now = NOW;

    (void)state;
    assert_int_equal(send_on(&m, HF_UPGRADE_NOT_YET, &now, 100000),
                     HF_UPGRADE_INSTALL_MOST_MS / STEP_MS + 1);
    assert_int_equal(m.state, HF_UPGRADE_ROLLING_BACK);
}

static void
commits_after_so_much_time_of_passing(void **state)
{
    struct hf_upgrade_machine m = in_state(HF_UPGRADE_GATING, COUNT);
    int64_t now = NOW;

    (void)state;
    assert_int_equal(send_on(&m, HF_UPGRADE_WELL, &now, 1000), GATE_MS / STEP_MS + 1);
    assert_int_equal(m.state, HF_UPGRADE_COMMITTED);
}

/* One look cannot stand for an hour in which nobody looked. */
static void
a_pause_passes_no_gate(void **state)
{
    struct hf_upgrade_machine m = in_state(HF_UPGRADE_GATING, COUNT);

    (void)state;
    (void)send_at(&m, HF_UPGRADE_WELL, NOW);
    (void)send_at(&m, HF_UPGRADE_WELL, NOW + 3600 * 1000);
    assert_int_equal(m.state, HF_UPGRADE_GATING);
    assert_int_equal(hf_upgrade_gate_left_ms(&m), GATE_MS - HF_UPGRADE_BLIND_MS);
}

static void
pain_19_what_cannot_be_seen_proves_nothing(void **state)
{
    static const enum hf_upgrade_state states[] = {HF_UPGRADE_SWITCHING, HF_UPGRADE_GATING,
                                                   HF_UPGRADE_ROLLING_BACK};

    (void)state;
    for (size_t i = 0; i < HF_LEN(states); i++) {
        struct hf_upgrade_machine m = in_state(states[i], 0);
        int64_t now = NOW;

        (void)send_at(&m, HF_UPGRADE_NOT_YET, now);
        assert_int_equal(send_on(&m, HF_UPGRADE_UNSEEN, &now, 100000), 100000);
        (void)send_at(&m, HF_UPGRADE_NOT_YET, now);
        assert_int_equal(m.slow_ms, 0);
    }
}

static void
pain_19_restarts_of_the_daemon_prove_nothing(void **state)
{
    struct hf_upgrade_machine m = in_state(HF_UPGRADE_SWITCHING, 1);
    int64_t now = NOW;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        struct hf_upgrade_step step;

        (void)send_on(&m, HF_UPGRADE_NOT_YET, &now, SWITCH_MS / STEP_MS / 2);
        step = send_at(&m, HF_UPGRADE_RESUME, now);
        assert_int_equal(step.effect, HF_UPGRADE_AIM);
        assert_int_equal(m.state, HF_UPGRADE_SWITCHING);
        assert_int_equal(m.index, 1);
    }
}

static void
one_that_never_works_goes_back_and_says_why(void **state)
{
    struct hf_upgrade_machine m = in_state(HF_UPGRADE_SWITCHING, 0);
    int64_t now = NOW;

    (void)state;
    assert_int_equal(send_on(&m, HF_UPGRADE_NOT_YET, &now, 1000), SWITCH_MS / STEP_MS + 1);
    assert_int_equal(m.state, HF_UPGRADE_ROLLING_BACK);
    assert_string_equal(m.reason, "why for 120 s");
}

/* Neither a flutter that never lasts long nor one that never ends keeps the gate open for ever. */
static void
the_gate_has_patience_but_an_end(void **state)
{
    struct hf_upgrade_machine m = in_state(HF_UPGRADE_GATING, COUNT);
    int64_t now = NOW;
    int times = 0;

    (void)state;
    (void)send_on(&m, HF_UPGRADE_NOT_YET, &now, HF_UPGRADE_PATIENCE_MS / STEP_MS / 2);
    assert_int_equal(m.state, HF_UPGRADE_GATING);
    for (; m.state == HF_UPGRADE_GATING; now += STEP_MS)
        (void)send_at(&m, times++ % 2 ? HF_UPGRADE_NOT_YET : HF_UPGRADE_WELL, now);
    assert_int_equal(m.state, HF_UPGRADE_ROLLING_BACK);
    assert_in_range(times, 1, 2 * (GATE_MS + HF_UPGRADE_PATIENCE_MS) / STEP_MS);
}

static void
pain_14_a_rollback_has_an_end(void **state)
{
    struct hf_upgrade_machine m = in_state(HF_UPGRADE_ROLLING_BACK, 0);
    int64_t now = NOW;

    (void)state;
    assert_int_equal(send_on(&m, HF_UPGRADE_NOT_YET, &now, 10000),
                     HF_UPGRADE_BACK_MOST_MS / STEP_MS + 1);
    assert_int_equal(m.state, HF_UPGRADE_ROLLED_BACK);
}

static void
pain_14_a_pull_is_tried_again_and_has_an_end(void **state)
{
    struct hf_upgrade_machine m = in_state(HF_UPGRADE_PULLING, 0);
    int64_t now = NOW;
    int tries = 0;

    (void)state;
    while (m.state == HF_UPGRADE_PULLING) {
        struct hf_upgrade_step step = send_at(&m, HF_UPGRADE_DELAYED, now);

        tries++;
        if (m.state != HF_UPGRADE_PULLING)
            break;
        assert_int_equal(step.effect, HF_UPGRADE_NOTHING);
        assert_string_equal(m.waiting, "why");
        assert_int_equal(send_at(&m, HF_UPGRADE_TICK, step.wake_ms - 1).effect, HF_UPGRADE_NOTHING);
        now = step.wake_ms;
        assert_int_equal(send_at(&m, HF_UPGRADE_TICK, now).effect, HF_UPGRADE_FETCH);
        assert_int_equal(send_at(&m, HF_UPGRADE_TICK, now).effect, HF_UPGRADE_NOTHING);
    }
    assert_int_equal(tries, HF_UPGRADE_TRIES);
    assert_int_equal(m.state, HF_UPGRADE_ROLLING_BACK);
}

static struct hf_upgrade_step
hold_at(struct hf_upgrade_machine *m, int64_t most_ms, int64_t now)
{
    return hf_upgrade_step(
        m,
        &(struct hf_upgrade_event){.kind = HF_UPGRADE_HELD, .most_ms = most_ms, .reason = "busy"},
        now);
}

static void
a_busy_service_is_waited_for_so_long(void **state)
{
    struct hf_upgrade_machine m = in_state(HF_UPGRADE_VERIFIED, 1);

    (void)state;
    (void)hold_at(&m, 5000, NOW);
    (void)hold_at(&m, 5000, NOW + 4999);
    assert_int_equal(m.state, HF_UPGRADE_VERIFIED);
    assert_string_equal(m.waiting, "busy");
    assert_int_equal(hold_at(&m, 5000, NOW + 5000).effect, HF_UPGRADE_AIM);
    assert_int_equal(m.state, HF_UPGRADE_SWITCHING);
    assert_string_equal(m.waiting, "");
}

static void
pain_14_what_holds_it_up_for_a_day_ends_it(void **state)
{
    struct hf_upgrade_machine m = in_state(HF_UPGRADE_VERIFIED, 0);

    (void)state;
    (void)hold_at(&m, 0, NOW);
    (void)hold_at(&m, 0, NOW + HF_UPGRADE_HOLD_MOST_MS - 1);
    assert_int_equal(m.state, HF_UPGRADE_VERIFIED);
    (void)hold_at(&m, 0, NOW + HF_UPGRADE_HOLD_MOST_MS);
    assert_int_equal(m.state, HF_UPGRADE_ROLLING_BACK);
    assert_string_equal(m.reason, "waited for a day: busy");
}

static void
a_window_that_opens_in_days_is_waited_for(void **state)
{
    struct hf_upgrade_machine m = in_state(HF_UPGRADE_VERIFIED, 0);
    const struct hf_upgrade_event held = {
        .kind = HF_UPGRADE_HELD, .ends = true, .reason = "it opens on Saturday"};
    const int64_t days_ms = 6 * HF_UPGRADE_HOLD_MOST_MS;

    (void)state;
    for (int64_t t = 0; t <= days_ms; t += days_ms / 12)
        (void)hf_upgrade_step(&m, &held, NOW + t);
    assert_int_equal(m.state, HF_UPGRADE_VERIFIED);
    assert_string_equal(m.waiting, "it opens on Saturday");
    (void)hold_at(&m, 0, NOW + days_ms + HF_UPGRADE_HOLD_MOST_MS - 1);
    assert_int_equal(m.state, HF_UPGRADE_VERIFIED);
    (void)hold_at(&m, 0, NOW + days_ms + HF_UPGRADE_HOLD_MOST_MS);
    assert_int_equal(m.state, HF_UPGRADE_ROLLING_BACK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_in_every_state),
        cmocka_unit_test(switches_one_service_at_a_time),
        cmocka_unit_test(a_release_that_changes_no_service_is_gated_all_the_same),
        cmocka_unit_test(a_new_holdfastd_comes_first),
        cmocka_unit_test(pain_14_an_installation_has_an_end),
        cmocka_unit_test(commits_after_so_much_time_of_passing),
        cmocka_unit_test(a_pause_passes_no_gate),
        cmocka_unit_test(pain_19_what_cannot_be_seen_proves_nothing),
        cmocka_unit_test(pain_19_restarts_of_the_daemon_prove_nothing),
        cmocka_unit_test(one_that_never_works_goes_back_and_says_why),
        cmocka_unit_test(the_gate_has_patience_but_an_end),
        cmocka_unit_test(pain_14_a_rollback_has_an_end),
        cmocka_unit_test(pain_14_a_pull_is_tried_again_and_has_an_end),
        cmocka_unit_test(a_busy_service_is_waited_for_so_long),
        cmocka_unit_test(pain_14_what_holds_it_up_for_a_day_ends_it),
        cmocka_unit_test(a_window_that_opens_in_days_is_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
