// SPDX-License-Identifier: Apache-2.0
/* What a look brings to light, what is done about it, and what is said to people. */
#include "lifecycle_kit.h"

/* The finding of a look at a machine that ran for 42 s. */
static struct hf_finding
found_at(struct hf_lifecycle_machine *m, const struct hf_container *c)
{
    see(m, c, 42000);
    return m->finding;
}

static void
an_exit_is_found_with_code_signal_and_uptime(void **state)
{
    struct hf_lifecycle_machine m;
    struct hf_container c = container_in(HF_CONTAINER_RESTARTING);
    struct hf_finding f;

    (void)state;
    running(&m);
    c.restart_count = 1;
    c.exit_code = 139;
    c.finished_ms = c.started_ms + 42000;
    f = found_at(&m, &c);
    assert_true(f.some);
    assert_int_equal(f.kind, HF_INCIDENT_EXIT);
    assert_string_equal(f.found, "exited with code 139 (SIGSEGV) after 42 s");
    assert_string_equal(f.done, "Docker starts it again");
    assert_int_equal(f.uptime_s, 42);
    see(&m, &c, 43000);
    assert_false(m.finding.some);
}

/* Docker says 0 of a container that it has started again before anybody looked. */
static void
how_it_died_is_remembered_over_a_quick_restart(void **state)
{
    struct hf_lifecycle_machine m;
    struct hf_container c = container_in(HF_CONTAINER_RUNNING);
    struct hf_lifecycle_event died = {.kind = HF_EVENT_DIED, .exit_code = 137, .oom_killed = true};
    struct hf_lifecycle_event seen = {.kind = HF_EVENT_SEEN,
                                      .container = &c,
                                      .has_image = true,
                                      .taken_ms = 50000,
                                      .peak_bytes = 63 << 20};

    (void)state;
    fresh(&m, true);
    see(&m, &c, 8000);
    hf_lifecycle_step(&m, &died, 42000);
    assert_false(m.finding.some);
    c.restart_count = 1;
    c.started_ms = 90000;
    hf_lifecycle_step(&m, &seen, 50000);
    assert_int_equal(m.finding.kind, HF_INCIDENT_OOM);
    assert_string_equal(m.finding.found, "out of memory (limit 64 MB, peak 63 MB) after 42 s");
    assert_string_equal(m.finding.done, "Docker has started it again");
    assert_int_equal(m.exit_code, 137);
    c.restart_count = 2; /* of the next one nobody has told */
    seen.taken_ms = 60000;
    hf_lifecycle_step(&m, &seen, 60000);
    assert_int_equal(m.finding.kind, HF_INCIDENT_EXIT);
    assert_false(m.has_exit_code);
}

static void
what_others_did_is_found_as_drift(void **state)
{
    static const struct {
        enum { GONE, STOPPED, PAUSED, LIMITS, OTHER_IMAGE, OTHER } what;
        const char *found, *done;
    } rows[] = {
        {GONE, "its container was removed by hand", "it is made again after 1 s"},
        {STOPPED, "its container was stopped by hand (exit code 3)",
         "it is started again after 1 s"},
        {PAUSED, "its container was paused by hand", "it is made anew as specified"},
        {LIMITS, "its container was changed by hand: memory, networks",
         "it is made anew as specified"},
        {OTHER_IMAGE, "its container runs another image than its label says: sha256:xaaa",
         "it is made anew as specified"},
        {OTHER, "its container was replaced by another one by hand", "nothing: it is as specified"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        struct hf_lifecycle_machine m;
        struct hf_container c = container_in(rows[i].what == STOPPED  ? HF_CONTAINER_EXITED
                                             : rows[i].what == PAUSED ? HF_CONTAINER_PAUSED
                                                                      : HF_CONTAINER_RUNNING);
        struct hf_finding f;

        running(&m);
        c.limits_differ = rows[i].what == LIMITS;
        strcpy(c.differs, c.limits_differ ? "memory, networks" : "");
        c.image_id[7] = rows[i].what == OTHER_IMAGE ? 'x' : 'a';
        c.id[1] = rows[i].what == OTHER ? '2' : '1';
        f = found_at(&m, rows[i].what == GONE ? NULL : &c);
        assert_true(f.some);
        assert_int_equal(f.kind, HF_INCIDENT_DRIFT);
        assert_string_equal(f.found, rows[i].found);
        assert_string_equal(f.done, rows[i].done);
    }
}

/* What can change while it runs is set again; where a person wants it otherwise, nobody's hand was
 * it. */
static void
limits_changed_by_hand_are_found(void **state)
{
    const struct hf_limits small = {.memory_bytes = 64 << 20, .nano_cpus = 1000000000, .pids = 32};
    struct hf_limits large = small;
    struct hf_lifecycle_machine m;
    struct hf_container c = container_in(HF_CONTAINER_RUNNING);

    (void)state;
    fresh(&m, true);
    hf_lifecycle_limits(&m, &small);
    c.limits = small;
    see(&m, &c, 1);
    large.memory_bytes = 100 << 20;
    c.limits = large;
    see(&m, &c, 42000);
    assert_int_equal(m.finding.kind, HF_INCIDENT_DRIFT);
    assert_string_equal(m.finding.found, "its limits were changed by hand: memory 64 MB → 100 MB");
    assert_string_equal(m.finding.done, "they are set again while it runs");
    c.limits = small;
    finish(&m, &c, 43000);
    hf_lifecycle_limits(&m, &large);
    see(&m, &c, 44000);
    assert_false(m.finding.some);
}

static void
what_we_did_ourselves_is_no_finding(void **state)
{
    struct hf_lifecycle_machine m;
    struct hf_container c = container_in(HF_CONTAINER_CREATED);

    (void)state;
    fresh(&m, true);
    see(&m, NULL, 1);
    c.limits_differ = true; /* not all of its networks are attached yet */
    see(&m, &c, 1);
    assert_false(m.finding.some);
    c.limits_differ = false;
    finish(&m, &c, 2);
    assert_false(m.finding.some);
    c = container_in(HF_CONTAINER_RUNNING);
    finish(&m, &c, 3);
    assert_false(m.finding.some);
    send(&m, HF_EVENT_STOP, 4);
    c = container_in(HF_CONTAINER_EXITED);
    finish(&m, &c, 5);
    assert_false(m.finding.some);
    see(&m, NULL, 6); /* nobody wants it */
    assert_false(m.finding.some);
}

static void
started_by_hand_although_it_is_to_be_stopped(void **state)
{
    struct hf_lifecycle_machine m;
    struct hf_container c = container_in(HF_CONTAINER_EXITED);

    (void)state;
    running(&m);
    send(&m, HF_EVENT_STOP, 1);
    finish(&m, &c, 2);
    c = container_in(HF_CONTAINER_RUNNING);
    assert_int_equal(see(&m, &c, 3).effect, HF_EFFECT_STOP);
    assert_string_equal(m.finding.found,
                        "its container was started by hand, although it is to be stopped");
    assert_string_equal(m.finding.done, "it is stopped again");
}

/* Found with Docker 20.10: its daemon killed at the wrong moment. */
static void
a_restart_that_never_comes_is_given_up(void **state)
{
    struct hf_lifecycle_machine m;
    struct hf_container c = container_in(HF_CONTAINER_RESTARTING);
    struct hf_lifecycle_step step;

    (void)state;
    running(&m);
    c.restart_count = 1;
    c.pid = 0;
    step = see(&m, &c, 1000);
    assert_int_equal(m.state, HF_LIFECYCLE_BACKOFF);
    assert_int_equal(step.wake_ms, 1000 + HF_RESTARTING_MOST_MS);
    assert_int_equal(see(&m, &c, 999 + HF_RESTARTING_MOST_MS).effect, HF_EFFECT_NONE);
    step = send(&m, HF_EVENT_TICK, 1000 + HF_RESTARTING_MOST_MS);
    assert_int_equal(step.effect, HF_EFFECT_REMOVE);
    assert_int_equal(finish(&m, NULL, 200000).effect, HF_EFFECT_CREATE);
}

static void
a_start_waits_for_another_service_and_a_run_does_not(void **state)
{
    struct hf_lifecycle_machine m;
    struct hf_container c = container_in(HF_CONTAINER_CREATED);

    (void)state;
    fresh(&m, true);
    hf_lifecycle_hold(&m, "broker");
    assert_int_equal(see(&m, NULL, 1).effect, HF_EFFECT_CREATE);
    assert_int_equal(finish(&m, &c, 2).effect, HF_EFFECT_NONE);
    assert_int_equal(m.state, HF_LIFECYCLE_STARTING);
    assert_string_equal(m.reason, "waits for broker, which has to run first");
    hf_lifecycle_hold(&m, "");
    assert_int_equal(send(&m, HF_EVENT_TICK, 3).effect, HF_EFFECT_START);
    c = container_in(HF_CONTAINER_RUNNING);
    finish(&m, &c, 4);
    hf_lifecycle_hold(&m, "broker");
    assert_int_equal(see(&m, &c, 5).effect, HF_EFFECT_NONE);
    assert_int_equal(m.state, HF_LIFECYCLE_RUNNING);
}

static void
every_reason_has_one_line_of_advice(void **state)
{
    (void)state;
    assert_string_equal(hf_reason_advice(HF_REASON_NONE), "");
    for (int r = HF_REASON_NONE + 1; r < HF_REASON_COUNT; r++) {
        const char *advice = hf_reason_advice((enum hf_reason)r);

        if (!advice || strlen(advice) < 10 || strchr(advice, '\n') ||
            strlen(advice) >= HF_TEXT_SIZE)
            fail_msg("reason %d: '%s'", r, advice ? advice : "NULL");
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_exit_is_found_with_code_signal_and_uptime),
        cmocka_unit_test(how_it_died_is_remembered_over_a_quick_restart),
        cmocka_unit_test(what_others_did_is_found_as_drift),
        cmocka_unit_test(limits_changed_by_hand_are_found),
        cmocka_unit_test(what_we_did_ourselves_is_no_finding),
        cmocka_unit_test(started_by_hand_although_it_is_to_be_stopped),
        cmocka_unit_test(a_restart_that_never_comes_is_given_up),
        cmocka_unit_test(a_start_waits_for_another_service_and_a_run_does_not),
        cmocka_unit_test(every_reason_has_one_line_of_advice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
