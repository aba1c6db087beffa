// SPDX-License-Identifier: Apache-2.0
/* Upgrades by a whole owner, with a real store, against an engine in memory. */
#include "upgradekit.h"

#include <time.h>

static void
a_good_release_is_committed_and_what_did_not_change_runs_on(void **state)
{
    struct box *b = *state;
    const struct hf_snapshot *s;
    struct hf_operation op;
    struct hf_error err;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_box(b);
    add(b, two, id);
    FAKE_LOCKED(&b->engine, b->engine.started_count = 0);
    apply(b, id);
    ended(b, HF_UPGRADE_COMMITTED, "two");
    runs_two(b);
    FAKE_LOCKED(&b->engine, {
        assert_int_equal(b->engine.started_count, 2);
        assert_string_equal(b->engine.started[0], "broker");
        assert_string_equal(b->engine.started[1], "buffer");
        assert_int_equal(b->engine.removed_count, 0);
    });
    assert_int_equal(state_of(b, id), HF_RELEASE_RUNNING);
    s = hf_core_snapshot(b->core);
    assert_int_equal(s->upgrade.record.count, 2);
    assert_in_range(s->upgrade.record.services[0].gap_ms, 0, PATIENCE_MS);
    assert_int_equal(hf_core_operation(b->core, s->upgrade.record.operation, &op, &err), 0);
    assert_int_equal(op.state, HF_OPERATION_SUCCEEDED);
    hf_snapshot_unref(s);
}

static void
pain_20_a_bad_one_goes_back_and_is_told_of(void **state)
{
    struct box *b = *state;
    struct hf_incident_filter filter = {.kind = HF_INCIDENT_UPGRADE};
    struct hf_incident incident;
    struct hf_error err;
    char id[HF_DIGEST_TEXT_SIZE];
    size_t count = 0;

    begin_box(b);
    add(b, half, id);
    FAKE_LOCKED(&b->engine, { hf_text_put(b->engine.crashes, HF_DIGEST_SIZE, "%s", IMAGE("12")); });
    apply(b, id);
    ended(b, HF_UPGRADE_ROLLED_BACK, "one");
    runs_one(b);
    assert_int_equal(state_of(b, id), HF_RELEASE_FAILED);
    assert_int_equal(hf_core_incidents(b->core, &filter, &incident, 1, &count, &err), 0);
    assert_int_equal(count, 1);
    assert_string_equal(incident.service, "buffer");
    assert_non_null(strstr(incident.found, "release half 1.2.3: 'buffer'"));
    assert_int_equal(incident.log_lines, 1);
}

/* It has given up the new one, and the old one is not there yet: that is no end. */
static void
pain_20_it_is_back_only_when_the_old_one_runs(void **state)
{
    struct box *b = *state;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_box(b);
    configure(b, "{\"upgrade\":{\"switch_s\":10}}");
    add(b, half, id);
    FAKE_LOCKED(&b->engine, {
        hf_text_put(b->engine.stillborn, HF_DIGEST_SIZE, "%s", IMAGE("12"));
        hf_text_put(b->engine.slow, HF_NAME_SIZE, "buffer");
    });
    apply(b, id);
    wait_until(b->core, is_settled);
    assert_true(has_image(b, "buffer", IMAGE("02")));
    ended(b, HF_UPGRADE_ROLLED_BACK, "one");
}

static void
pain_02_nothing_is_touched_where_an_image_cannot_be_had(void **state)
{
    struct box *b = *state;
    char id[HF_DIGEST_TEXT_SIZE];
    unsigned stops = 0;

    begin_box(b);
    add(b, two, id);
    FAKE_LOCKED(&b->engine, {
        hf_text_put(b->engine.missing, HF_DIGEST_SIZE, "%s", IMAGE("12"));
        stops = b->engine.stops;
    });
    apply(b, id);
    ended(b, HF_UPGRADE_ROLLED_BACK, "one");
    runs_one(b);
    FAKE_LOCKED(&b->engine, assert_int_equal(b->engine.stops, stops));
}

static bool
is_half_here(const struct hf_snapshot *s)
{
    const struct hf_upgrade_view *v = &s->upgrade;

    return v->pull_number == 1 && v->pull.done == 50 && v->pull.size == 100 &&
           v->pull.layer_done == 50 && strcmp(v->pull.layer, IMAGE("11")) == 0;
}

static void
pain_18_a_pull_that_hangs_stops_no_supervision(void **state)
{
    struct box *b = *state;
    struct hf_operation op;
    struct hf_error err;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_box(b);
    add(b, two, id);
    FAKE_LOCKED(&b->engine, {
        b->engine.block_pulls = true;
        b->engine.no_images = true;
    });
    apply(b, id);
    wait_until(b->core, is_half_here);
    refused(b, id, "", HF_ERROR_CONFLICT);
    FAKE_LOCKED(&b->engine, b->engine.no_images = false);
    assert_int_equal(
        hf_core_command(b->core, HF_OPERATION_RESTART, "forwarder", "admin", &op, &err), 0);
    do {
        assert_int_equal(hf_core_operation(b->core, op.id, &op, &err), 0);
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    } while (op.state == HF_OPERATION_RUNNING);
    assert_int_equal(op.state, HF_OPERATION_SUCCEEDED);
    FAKE_LOCKED(&b->engine, b->engine.block_pulls = false);
    ended(b, HF_UPGRADE_COMMITTED, "two");
}

static bool
is_gating(const struct hf_snapshot *s)
{
    return s->upgrade.record.state == HF_UPGRADE_GATING;
}

static void
pain_14_a_person_can_give_it_up(void **state)
{
    struct box *b = *state;
    struct hf_operation op;
    struct hf_error err;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_box(b);
    configure(b, "{\"upgrade\":{\"gate_s\":3600}}");
    add(b, two, id);
    apply(b, id);
    wait_until(b->core, is_gating);
    op = roll_back(b);
    ended(b, HF_UPGRADE_ROLLED_BACK, "one");
    runs_one(b);
    assert_int_equal(hf_core_operation(b->core, op.id, &op, &err), 0);
    assert_int_equal(op.state, HF_OPERATION_FAILED);
    assert_string_equal(op.detail, "rolled back: given up by admin");
}

/* The same by the name of the operation, from any state before the end, and once. */
static void
pain_14_its_operation_can_be_given_up(void **state)
{
    struct box *b = *state;
    struct hf_operation op;
    struct hf_error err;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_box(b);
    add(b, two, id);
    FAKE_LOCKED(&b->engine, b->engine.no_images = b->engine.block_pulls = true);
    apply(b, id);
    assert_int_equal(hf_core_give_up(b->core, asked, "admin", &op, &err), 0);
    assert_string_equal(op.id, asked);
    FAKE_LOCKED(&b->engine, b->engine.no_images = b->engine.block_pulls = false);
    ended(b, HF_UPGRADE_ROLLED_BACK, "one");
    runs_one(b);
    assert_int_equal(hf_core_operation(b->core, asked, &op, &err), 0);
    assert_int_equal(op.state, HF_OPERATION_FAILED);
    assert_string_equal(op.detail, "rolled back: given up by admin");
    assert_int_equal(hf_core_give_up(b->core, asked, "admin", &op, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
}

/* The configuration is a part of the way back. */
static void
pain_15_the_configuration_stays_while_services_are_switched(void **state)
{
    struct box *b = *state;
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_config_change change = {.revision = HF_REVISION_ANY, .actor = "admin"};
    struct hf_error err;
    HF_AUTO_FREE char *text = NULL;
    int64_t revision;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_box(b);
    add(b, two, id);
    apply(b, id);
    wait_until(b->core, is_gating);
    assert_int_equal(hf_json_parse("{\"name\":\"x\"}", 12, &doc, &err), 0);
    change.patch = doc;
    assert_int_equal(hf_core_change_config(b->core, &change, &text, &revision, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    ended(b, HF_UPGRADE_COMMITTED, "two");
    assert_int_equal(hf_core_change_config(b->core, &change, &text, &revision, &err), 0);
}

static bool
is_frozen(const struct hf_snapshot *s)
{
    return s->upgrade.record.state == HF_UPGRADE_VERIFIED && strstr(s->upgrade.waiting, "frozen");
}

static bool
is_held(const struct hf_snapshot *s)
{
    return s->upgrade.record.state == HF_UPGRADE_VERIFIED && *s->upgrade.waiting;
}

static void
a_switch_waits_for_the_backlog_and_says_so(void **state)
{
    struct box *b = *state;
    const struct hf_snapshot *s;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_box(b);
    configure(b, "{\"upgrade\":{\"max_backlog\":100}}");
    add(b, two, id);
    apply(b, id);
    wait_until(b->core, is_held);
    s = hf_core_snapshot(b->core);
    assert_non_null(strstr(s->upgrade.waiting, "it waits until there are fewer than 100"));
    hf_snapshot_unref(s);
    runs_one(b);
    configure(b, "{\"upgrade\":{\"max_backlog\":0}}");
    ended(b, HF_UPGRADE_COMMITTED, "two");
}

/* Applied within its first seconds, with nothing known of it: a bad one is not let pass. */
static void
what_is_only_starting_is_held_to_its_work(void **state)
{
    struct box *b = *state;
    char id[HF_DIGEST_TEXT_SIZE];

    start_with(b, one);
    wait_until(b->core, all_run);
    configure(b, "{\"upgrade\":{\"gate_s\":1,\"switch_s\":10}}");
    add(b, half, id);
    apply(b, id);
    ended(b, HF_UPGRADE_ROLLED_BACK, "one");
}

static bool
buffer_keeps_ending(const struct hf_snapshot *s)
{
    return s->services[hf_service_index("buffer")].restarts >= 2;
}

static void
what_keeps_ending_is_not(void **state)
{
    struct box *b = *state;
    char id[HF_DIGEST_TEXT_SIZE];

    FAKE_LOCKED(&b->engine, { hf_text_put(b->engine.crashes, HF_DIGEST_SIZE, "%s", IMAGE("02")); });
    start_with(b, one);
    configure(b, "{\"upgrade\":{\"gate_s\":1,\"switch_s\":10}}");
    add(b, half, id);
    wait_until(b->core, buffer_keeps_ending);
    apply(b, id);
    ended(b, HF_UPGRADE_COMMITTED, "half");
}

static bool
buffer_is_busy(const struct hf_snapshot *s)
{
    return s->services[hf_service_index("buffer")].status.busy;
}

static void
begin_busy(struct box *b)
{
    begin_box(b);
    atomic_store(&b->busy, true);
    wait_until(b->core, buffer_is_busy);
}

static void
a_switch_waits_for_a_busy_service_and_says_for_how_long(void **state)
{
    struct box *b = *state;
    const struct hf_snapshot *s;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_busy(b);
    configure(b, "{\"upgrade\":{\"busy_wait_s\":600}}");
    add(b, two, id);
    apply(b, id);
    wait_until(b->core, is_held);
    s = hf_core_snapshot(b->core);
    assert_string_equal(s->upgrade.waiting, "'buffer' says that it is busy: a valve is moving; its "
                                            "switch waits for 600 s at most");
    hf_snapshot_unref(s);
    atomic_store(&b->busy, false);
    ended(b, HF_UPGRADE_COMMITTED, "two");
}

/* A valve that never stops moving. */
static void
a_busy_service_is_waited_for_no_longer_than_that(void **state)
{
    struct box *b = *state;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_busy(b);
    configure(b, "{\"upgrade\":{\"busy_wait_s\":1}}");
    add(b, two, id);
    apply(b, id);
    wait_until(b->core, is_held);
    ended(b, HF_UPGRADE_COMMITTED, "two");
}

static void
a_freeze_holds_up_what_is_not_switched_yet(void **state)
{
    struct box *b = *state;
    const struct hf_snapshot *s;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_box(b);
    configure(b, "{\"upgrade\":{\"max_backlog\":100}}");
    add(b, two, id);
    apply(b, id);
    wait_until(b->core, is_held);
    configure(b, "{\"upgrade\":{\"freeze\":true,\"max_backlog\":0}}");
    wait_until(b->core, is_frozen);
    runs_one(b);
    s = hf_core_snapshot(b->core);
    assert_int_equal(s->upgrade.record.index, 0);
    hf_snapshot_unref(s);
    configure(b, "{\"upgrade\":{\"freeze\":false}}");
    ended(b, HF_UPGRADE_COMMITTED, "two");
}

static void
open_only_in_twelve_hours(struct box *b)
{
    time_t then = time(NULL) + 12 * 3600;
    struct tm local;
    char text[128];

    assert_non_null(localtime_r(&then, &local));
    snprintf(text, sizeof text,
             "{\"upgrade\":{\"windows\":[{\"from\":\"%02d:%02d\",\"to\":\"%02d:%02d\"}]}}",
             local.tm_hour, local.tm_min, (local.tm_hour + 1) % 24, local.tm_min);
    configure(b, text);
}

static void
a_switch_waits_for_a_window_and_says_for_which(void **state)
{
    struct box *b = *state;
    const struct hf_snapshot *s;
    char id[HF_DIGEST_TEXT_SIZE];
    struct hf_plan plan;
    struct hf_error err;

    begin_box(b);
    open_only_in_twelve_hours(b);
    add(b, two, id);
    assert_int_equal(hf_core_plan(b->core, id, &plan, &err), 0);
    assert_int_equal(plan.obstacle_count, 0);
    assert_int_equal(plan.warnings[plan.warning_count - 1].kind, HF_WARNING_WAITS);
    apply(b, id);
    wait_until(b->core, is_held);
    s = hf_core_snapshot(b->core);
    assert_non_null(strstr(s->upgrade.waiting, "it waits for the next window"));
    hf_snapshot_unref(s);
    runs_one(b);
    configure(b, "{\"upgrade\":{\"windows\":null}}");
    ended(b, HF_UPGRADE_COMMITTED, "two");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_good_release_is_committed_and_what_did_not_change_runs_on,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(pain_20_a_bad_one_goes_back_and_is_told_of, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(pain_20_it_is_back_only_when_the_old_one_runs, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(pain_02_nothing_is_touched_where_an_image_cannot_be_had,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(pain_18_a_pull_that_hangs_stops_no_supervision, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(pain_14_a_person_can_give_it_up, setup, teardown),
        cmocka_unit_test_setup_teardown(pain_14_its_operation_can_be_given_up, setup, teardown),
        cmocka_unit_test_setup_teardown(pain_15_the_configuration_stays_while_services_are_switched,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_switch_waits_for_the_backlog_and_says_so, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_switch_waits_for_a_busy_service_and_says_for_how_long,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_busy_service_is_waited_for_no_longer_than_that, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_only_starting_is_held_to_its_work, setup, teardown),
        cmocka_unit_test_setup_teardown(what_keeps_ending_is_not, setup, teardown),
        cmocka_unit_test_setup_teardown(a_switch_waits_for_a_window_and_says_for_which, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_freeze_holds_up_what_is_not_switched_yet, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
