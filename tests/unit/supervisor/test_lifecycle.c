// SPDX-License-Identifier: Apache-2.0
#include "lifecycle_kit.h"

/* A machine in each state, as events bring it there. */
static void
reach(struct hf_lifecycle_machine *m, enum hf_lifecycle state)
{
    struct hf_container c;

    fresh(m, state != HF_LIFECYCLE_STOPPED);
    switch (state) {
    case HF_LIFECYCLE_PULLING:
        see_with(m, NULL, false, 0);
        break;
    case HF_LIFECYCLE_CREATING:
        see(m, NULL, 0);
        break;
    case HF_LIFECYCLE_STARTING:
        c = container_in(HF_CONTAINER_CREATED);
        see(m, &c, 0);
        break;
    case HF_LIFECYCLE_RUNNING:
        running(m);
        break;
    case HF_LIFECYCLE_STOPPING:
        running(m);
        send(m, HF_EVENT_RESTART, 0);
        break;
    case HF_LIFECYCLE_STOPPED:
        see(m, NULL, 0);
        break;
    case HF_LIFECYCLE_BACKOFF:
        see(m, NULL, 0);
        send(m, HF_EVENT_ERROR, 0);
        see(m, NULL, 0);
        break;
    case HF_LIFECYCLE_FAILED:
        running(m);
        c = container_in(HF_CONTAINER_RESTARTING);
        c.restart_count = HF_CRASH_EXITS;
        see(m, &c, 0);
        send(m, HF_EVENT_DONE, 0);
        c = container_in(HF_CONTAINER_EXITED);
        see(m, &c, 0);
        break;
    default:
        break;
    }
    assert_int_equal(m->state, state);
}

enum column {
    SEEN_NONE,
    SEEN_CREATED,
    SEEN_RUNNING,
    SEEN_RESTARTING,
    SEEN_PAUSED,
    SEEN_EXITED,
    SEEN_DEAD,
    DONE,
    ERROR,
    START,
    STOP,
    RESTART,
    DIED,
    TICK,
    COLUMN_COUNT
};

static struct hf_lifecycle_step
apply(struct hf_lifecycle_machine *m, enum column column)
{
    static const enum hf_lifecycle_event_kind kinds[COLUMN_COUNT] = {
        [DONE] = HF_EVENT_DONE, [ERROR] = HF_EVENT_ERROR,     [START] = HF_EVENT_START,
        [STOP] = HF_EVENT_STOP, [RESTART] = HF_EVENT_RESTART, [DIED] = HF_EVENT_DIED,
        [TICK] = HF_EVENT_TICK,
    };
    static const enum hf_container_state seen[] = {
        [SEEN_CREATED] = HF_CONTAINER_CREATED,       [SEEN_RUNNING] = HF_CONTAINER_RUNNING,
        [SEEN_RESTARTING] = HF_CONTAINER_RESTARTING, [SEEN_PAUSED] = HF_CONTAINER_PAUSED,
        [SEEN_EXITED] = HF_CONTAINER_EXITED,         [SEEN_DEAD] = HF_CONTAINER_DEAD,
    };
    struct hf_container c;

    if (column == SEEN_NONE)
        return see(m, NULL, 10);
    if (column >= DONE)
        return send(m, kinds[column], 10);
    c = container_in(seen[column]);
    return see(m, &c, 10);
}

/* Short names for the table: state and effect after the event. */
#define AB HF_LIFECYCLE_ABSENT
#define PU HF_LIFECYCLE_PULLING
#define CR HF_LIFECYCLE_CREATING
#define ST HF_LIFECYCLE_STARTING
#define RU HF_LIFECYCLE_RUNNING
#define SG HF_LIFECYCLE_STOPPING
#define SD HF_LIFECYCLE_STOPPED
#define BA HF_LIFECYCLE_BACKOFF
#define FA HF_LIFECYCLE_FAILED
#define create HF_EFFECT_CREATE
#define start HF_EFFECT_START
#define stop HF_EFFECT_STOP
#define discard HF_EFFECT_REMOVE

struct outcome {
    enum hf_lifecycle state;
    enum hf_effect effect;
};

#define SAME14(s)                                                                                  \
    {{s, 0}, {s, 0}, {s, 0}, {s, 0}, {s, 0}, {s, 0}, {s, 0},                                       \
     {s, 0}, {s, 0}, {s, 0}, {s, 0}, {s, 0}, {s, 0}, {s, 0}}

// clang-format off
static const struct outcome outcomes[HF_LIFECYCLE_COUNT][COLUMN_COUNT] = {
    /*      none          created      running     restarting  paused         exited       dead           DONE     ERROR    START         STOP        RESTART       DIED     TICK */
    [AB] = {{CR, create}, {ST, start}, {RU, 0},    {BA, 0},    {SG, discard}, {ST, start}, {SG, discard}, {AB, 0}, {AB, 0}, {AB, 0},      {AB, 0},    {AB, 0},      {AB, 0}, {AB, 0}},
    [PU] = SAME14(PU),
    [CR] = SAME14(CR),
    [ST] = SAME14(ST),
    [RU] = {{BA, 0},      {ST, start}, {RU, 0},    {BA, 0},    {SG, discard}, {BA, 0},     {BA, 0},       {RU, 0}, {RU, 0}, {RU, 0},      {SG, stop}, {SG, stop},   {RU, 0}, {RU, 0}},
    [SG] = SAME14(SG),
    [SD] = {{SD, 0},      {SD, 0},     {SG, stop}, {SG, stop}, {SG, stop},    {SD, 0},     {SD, 0},       {SD, 0}, {SD, 0}, {CR, create}, {SD, 0},    {CR, create}, {SD, 0}, {SD, 0}},
    [BA] = {{BA, 0},      {BA, 0},     {RU, 0},    {BA, 0},    {BA, 0},       {BA, 0},     {BA, 0},       {BA, 0}, {BA, 0}, {CR, create}, {SD, 0},    {CR, create}, {BA, 0}, {BA, 0}},
    [FA] = {{FA, 0},      {FA, 0},     {FA, stop}, {FA, stop}, {FA, stop},    {FA, 0},     {FA, 0},       {FA, 0}, {FA, 0}, {ST, start},  {SD, 0},    {ST, start},  {FA, 0}, {FA, 0}},
};
// clang-format on

static void
every_state_meets_every_event(void **state)
{
    (void)state;
    for (int s = 0; s < HF_LIFECYCLE_COUNT; s++) {
        for (int c = 0; c < COLUMN_COUNT; c++) {
            struct outcome want = outcomes[s][c];
            struct hf_lifecycle_machine m;
            struct hf_lifecycle_step step;

            reach(&m, (enum hf_lifecycle)s);
            step = apply(&m, (enum column)c);
            if (m.state != want.state || step.effect != want.effect)
                fail_msg("state %d, event %d: got state %d effect %d, not %d, %d", s, c, m.state,
                         step.effect, want.state, want.effect);
            if (step.effect != HF_EFFECT_NONE)
                assert_false(step.look);
            if (m.reason[0])
                assert_true(m.advice[0] && m.why != HF_REASON_NONE);
        }
    }
}

static void
end_of_an_effect_asks_for_a_look_and_nothing_else(void **state)
{
    static const enum hf_lifecycle under_way[] = {PU, CR, ST, SG};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        for (int failed = 0; failed < 2; failed++) {
            struct hf_lifecycle_machine m;
            struct hf_lifecycle_step step;

            reach(&m, under_way[i]);
            assert_false(hf_lifecycle_settled(&m));
            step = send(&m, failed ? HF_EVENT_ERROR : HF_EVENT_DONE, 50);
            assert_int_equal(step.effect, HF_EFFECT_NONE);
            assert_true(step.look);
            assert_int_equal(step.wake_ms, INT64_MAX);
        }
    }
}

static void
a_picture_begun_before_the_effect_ended_is_ignored(void **state)
{
    struct hf_lifecycle_machine m;
    struct hf_lifecycle_event old = {.kind = HF_EVENT_SEEN, .has_image = true, .taken_ms = 90};
    struct hf_lifecycle_step step;

    (void)state;
    reach(&m, CR);
    send(&m, HF_EVENT_DONE, 100);
    step = hf_lifecycle_step(&m, &old, 110);
    assert_int_equal(step.effect, HF_EFFECT_NONE);
    assert_true(step.look);
}

static void
first_start_pulls_creates_and_starts(void **state)
{
    struct hf_lifecycle_machine m;
    struct hf_container c = container_in(HF_CONTAINER_CREATED);

    (void)state;
    fresh(&m, true);
    assert_int_equal(see_with(&m, NULL, false, 1).effect, HF_EFFECT_PULL);
    assert_int_equal(finish(&m, NULL, 2).effect, HF_EFFECT_CREATE);
    assert_int_equal(finish(&m, &c, 3).effect, HF_EFFECT_START);
    c = container_in(HF_CONTAINER_RUNNING);
    assert_int_equal(finish(&m, &c, 4).effect, HF_EFFECT_NONE);
    assert_true(hf_lifecycle_settled(&m));
    assert_int_equal(m.restarts, 0);
    assert_string_equal(m.reason, "");
}

static void
old_container_stays_until_the_new_image_is_there(void **state)
{
    struct hf_lifecycle_machine m;
    struct hf_container old = container_in(HF_CONTAINER_RUNNING);
    struct hf_container made = container_in(HF_CONTAINER_CREATED);

    (void)state;
    running(&m);
    hf_lifecycle_target(&m, "spec-b", "sha256:bbbb", 64 << 20, 5);
    assert_true(send(&m, HF_EVENT_TICK, 5).look);
    assert_int_equal(see_with(&m, &old, false, 6).effect, HF_EFFECT_PULL);
    assert_string_equal(m.reason, "fetching the new image; the old container stays");
    send(&m, HF_EVENT_ERROR, 7);
    assert_int_equal(see_with(&m, &old, false, 8).effect, HF_EFFECT_NONE);
    assert_string_equal(m.reason, "image missing: no such luck");
    assert_int_equal(send(&m, HF_EVENT_TICK, 1007).effect, HF_EFFECT_PULL);
    assert_int_equal(finish(&m, &old, 1100).effect, HF_EFFECT_STOP);
    old = container_in(HF_CONTAINER_EXITED);
    assert_int_equal(finish(&m, &old, 1200).effect, HF_EFFECT_REMOVE);
    assert_int_equal(finish(&m, NULL, 1300).effect, HF_EFFECT_CREATE);
    snprintf(made.id, sizeof made.id, "c2");
    snprintf(made.spec_hash, sizeof made.spec_hash, "spec-b");
    snprintf(made.image_id, sizeof made.image_id, "sha256:bbbb");
    assert_int_equal(finish(&m, &made, 1400).effect, HF_EFFECT_START);
    made.state = HF_CONTAINER_RUNNING;
    assert_int_equal(finish(&m, &made, 1500).effect, HF_EFFECT_NONE);
    assert_true(hf_lifecycle_settled(&m));
}

static void
changed_limits_image_or_spec_are_put_right(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct hf_lifecycle_machine m;
        struct hf_container c = container_in(HF_CONTAINER_RUNNING);

        running(&m);
        c.limits_differ = i == 0;
        c.image_id[7] = i == 1 ? 'x' : 'a';
        c.spec_hash[0] = i == 2 ? 'x' : 's';
        assert_int_equal(see(&m, &c, 20).effect, HF_EFFECT_STOP);
        assert_true(strstr(m.reason, i == 0 ? "limits" : "release"));
    }
}

static void
restart_stops_once_and_starts_without_waiting(void **state)
{
    struct hf_lifecycle_machine m;
    struct hf_container c = container_in(HF_CONTAINER_EXITED);

    (void)state;
    reach(&m, SG);
    assert_int_equal(finish(&m, &c, 20).effect, HF_EFFECT_START);
    assert_int_equal(m.exit_count, 0);
    c = container_in(HF_CONTAINER_RUNNING);
    c.started_ms = 3000;
    assert_int_equal(finish(&m, &c, 30).effect, HF_EFFECT_NONE);
    assert_true(hf_lifecycle_settled(&m));
    assert_int_equal(m.restarts, 1);
    assert_int_equal(m.exits, 0); /* a person asked for it */
}

static void
stopped_by_a_person_stays_stopped(void **state)
{
    struct hf_lifecycle_machine m;
    struct hf_container c = container_in(HF_CONTAINER_EXITED);

    (void)state;
    running(&m);
    assert_int_equal(send(&m, HF_EVENT_STOP, 1).effect, HF_EFFECT_STOP);
    assert_int_equal(finish(&m, &c, 2).effect, HF_EFFECT_NONE);
    assert_true(hf_lifecycle_settled(&m));
    assert_string_equal(m.reason, "stopped by a person");
    for (int64_t now = 3; now < 1000000; now += 1000)
        assert_int_equal(see(&m, &c, now).effect, HF_EFFECT_NONE);
    assert_int_equal(send(&m, HF_EVENT_START, 1000001).effect, HF_EFFECT_START);
}

/* Ends and is started again until it has failed; returns how often it was started. */
static int
crash_by_exits(struct hf_lifecycle_machine *m, int64_t *now)
{
    int starts = 0;

    for (int i = 0; i < 20 && m->state != FA; i++) {
        struct hf_container c = container_in(HF_CONTAINER_EXITED);
        struct hf_lifecycle_step step;

        c.finished_ms = 2000 + *now;
        c.exit_code = 139;
        step = see(m, &c, *now += 100);
        if (m->state == FA)
            break;
        assert_int_equal(step.wake_ms, m->backoff.not_before_ms);
        assert_int_equal(send(m, HF_EVENT_TICK, step.wake_ms - 1).effect, HF_EFFECT_NONE);
        *now = step.wake_ms;
        assert_int_equal(send(m, HF_EVENT_TICK, *now).effect, HF_EFFECT_START);
        starts++;
        c = container_in(HF_CONTAINER_RUNNING);
        c.started_ms = 2000 + *now;
        finish(m, &c, *now);
        assert_int_equal(m->state, RU);
    }
    return starts;
}

static void
exits_wait_longer_each_time_and_end_in_a_crash_loop(void **state)
{
    struct hf_lifecycle_machine m;
    int64_t now = 0;

    (void)state;
    running(&m);
    assert_int_equal(crash_by_exits(&m, &now), HF_CRASH_EXITS - 1);
    assert_int_equal(m.restarts, HF_CRASH_EXITS - 1);
    assert_int_equal(m.exits, HF_CRASH_EXITS);
    assert_string_equal(m.reason, "crash loop (5 exits in 2 min, last code 139, OOM no)");
    assert_true(m.advice[0]);
    assert_int_equal(send(&m, HF_EVENT_TICK, now + HF_CRASH_COOLDOWN_MS - 1).effect,
                     HF_EFFECT_NONE);
    assert_int_equal(send(&m, HF_EVENT_TICK, now + HF_CRASH_COOLDOWN_MS).effect, HF_EFFECT_START);
}

static void
restarts_by_docker_end_in_a_crash_loop_too(void **state)
{
    struct hf_lifecycle_machine m;
    struct hf_container c = container_in(HF_CONTAINER_RESTARTING);

    (void)state;
    running(&m);
    c.exit_code = 137;
    c.oom_killed = true;
    for (int i = 1; i < HF_CRASH_EXITS; i++) {
        c.restart_count = i;
        c.finished_ms = 2000 + i;
        assert_int_equal(see(&m, &c, i * INT64_C(1000)).effect, HF_EFFECT_NONE);
        assert_int_equal(m.state, BA);
    }
    assert_string_equal(m.reason, "out of memory (limit 64 MB); Docker is about to start it again");
    c.restart_count = HF_CRASH_EXITS;
    assert_int_equal(see(&m, &c, 9000).effect, HF_EFFECT_STOP);
    assert_int_equal(m.state, FA);
    assert_string_equal(m.reason, "crash loop (5 exits in 2 min, last code 137, OOM yes)");
    send(&m, HF_EVENT_ERROR, 9100); /* a failed stop is tried again and does not hide the reason */
    assert_int_equal(see(&m, &c, 9200).effect, HF_EFFECT_NONE);
    assert_true(strstr(m.reason, "crash loop"));
    assert_int_equal(send(&m, HF_EVENT_TICK, 10100).effect, HF_EFFECT_STOP);
}

/* What it said last stands in the reason; of a line of ours only what is meant for people. */
/* They came to light while it was being stopped: what replaces it is not in a crash loop. */
static void
pain_15_exits_of_what_is_replaced_hold_up_nothing(void **state)
{
    struct hf_lifecycle_machine m;
    struct hf_container c = container_in(HF_CONTAINER_RUNNING);

    (void)state;
    running(&m);
    hf_lifecycle_target(&m, "spec-b", "sha256:bbbb", 64 << 20, 1000);
    assert_int_equal(see(&m, &c, 1001).effect, HF_EFFECT_STOP);
    c.state = HF_CONTAINER_RESTARTING;
    c.restart_count = 9;
    see(&m, &c, 1002);
    assert_false(m.crash_loop);
    assert_int_equal(finish(&m, NULL, 1003).effect, HF_EFFECT_CREATE);
}

static void
a_crash_loop_tells_the_last_words(void **state)
{
    static const char *const rows[][2] = {
        {"time=x level=error event=end reason=\"volume /data is not \\\"writable\\\"\" n=1",
         "; it said: volume /data is not \"writable\""},
        {"event=end error=\"no room\"", "; it said: no room"},
        {"Segmentation fault", "; it said: Segmentation fault"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(rows); i++) {
        struct hf_lifecycle_machine m;

        running(&m);
        hf_lifecycle_last_words(&m, rows[i][0]);
        assert_string_equal(m.reason, "");
        reach(&m, HF_LIFECYCLE_FAILED);
        hf_lifecycle_last_words(&m, rows[i][0]);
        hf_lifecycle_last_words(&m, "again");
        assert_non_null(strstr(m.reason, "crash loop"));
        assert_string_equal(strstr(m.reason, "; it said: "), rows[i][1]);
    }
}

static void
an_end_that_was_asked_for_has_an_exit_code_too(void **state)
{
    struct hf_container c = container_in(HF_CONTAINER_EXITED);
    struct hf_lifecycle_machine m;

    (void)state;
    running(&m);
    assert_false(m.has_exit_code);
    send(&m, HF_EVENT_STOP, 1000);
    send(&m, HF_EVENT_DONE, 2000);
    see(&m, &c, 3000);
    assert_int_equal(m.state, HF_LIFECYCLE_STOPPED);
    assert_true(m.has_exit_code);
    assert_int_equal(m.exit_code, 3);
}

static void
exits_found_after_a_long_absence_are_no_crash_loop(void **state)
{
    struct hf_lifecycle_machine m;
    struct hf_container c = container_in(HF_CONTAINER_RUNNING);

    (void)state;
    running(&m);
    c.restart_count = 50;
    c.started_ms = 9999;
    see(&m, &c, 24LL * 3600 * 1000);
    assert_int_equal(m.state, RU);
    assert_int_equal(m.restarts, 50);
}

static void
adopted_restart_count_is_a_baseline(void **state)
{
    struct hf_lifecycle_machine m;
    struct hf_container c = container_in(HF_CONTAINER_RUNNING);

    (void)state;
    fresh(&m, true);
    c.restart_count = 1000;
    assert_int_equal(see(&m, &c, 1).effect, HF_EFFECT_NONE);
    assert_int_equal(m.state, RU);
    assert_int_equal(m.exit_count, 0);
    c.restart_count = 1; /* reset by a start by hand, and one restart since */
    see(&m, &c, 2);
    assert_int_equal(m.exit_count, 1);
}

static void
running_long_enough_forgets_failures(void **state)
{
    struct hf_lifecycle_machine m;
    struct hf_container c = container_in(HF_CONTAINER_EXITED);

    (void)state;
    running(&m);
    see(&m, &c, 10);
    send(&m, HF_EVENT_TICK, 1010);
    c = container_in(HF_CONTAINER_RUNNING);
    c.started_ms = 5000;
    finish(&m, &c, 1020);
    see(&m, &c, 1020 + HF_STABLE_MS - 1);
    assert_int_equal(m.backoff.failures, 1);
    see(&m, &c, 1020 + HF_STABLE_MS);
    assert_int_equal(m.backoff.failures, 0);
}

static void
effect_that_changes_nothing_waits(void **state)
{
    struct hf_lifecycle_machine m;
    struct hf_container c = container_in(HF_CONTAINER_CREATED);

    (void)state;
    reach(&m, CR);
    assert_int_equal(finish(&m, NULL, 10).effect, HF_EFFECT_NONE);
    assert_int_equal(m.state, BA);
    assert_true(strstr(m.reason, "'create' was done"));
    c.limits_differ = true; /* whatever is made, comes out different */
    assert_int_equal(send(&m, HF_EVENT_TICK, 1010).effect, HF_EFFECT_CREATE);
    assert_int_equal(finish(&m, &c, 1020).effect, HF_EFFECT_NONE);
    assert_int_equal(m.backoff.failures, 2);
    assert_int_equal(send(&m, HF_EVENT_TICK, 3020).effect, HF_EFFECT_REMOVE);
}

static void
container_that_cannot_be_started_is_made_anew(void **state)
{
    struct hf_lifecycle_machine m;
    struct hf_container c = container_in(HF_CONTAINER_CREATED);
    struct hf_error away = {HF_ERROR_UNAVAILABLE, "engine away", ""};

    (void)state;
    reach(&m, ST);
    hf_lifecycle_step(&m, &(struct hf_lifecycle_event){.kind = HF_EVENT_ERROR, .error = &away}, 5);
    see(&m, &c, 6);
    assert_int_equal(send(&m, HF_EVENT_TICK, 1005).effect, HF_EFFECT_START);
    send(&m, HF_EVENT_ERROR, 1010);
    assert_int_equal(see(&m, &c, 1011).effect, HF_EFFECT_NONE);
    assert_string_equal(m.reason, "start failed: no such luck");
    assert_int_equal(send(&m, HF_EVENT_TICK, 3010).effect, HF_EFFECT_REMOVE);
    assert_string_equal(m.reason, "is being made anew: it could not be started");
    assert_int_equal(finish(&m, NULL, 3020).effect, HF_EFFECT_CREATE);
    assert_int_equal(finish(&m, &c, 3030).effect, HF_EFFECT_START);
}

static void
without_a_release_nothing_is_done(void **state)
{
    struct hf_lifecycle_machine m;
    struct hf_container c = container_in(HF_CONTAINER_RUNNING);

    (void)state;
    hf_lifecycle_init(&m, true, 0);
    assert_string_equal(m.reason, "not looked at yet");
    assert_int_equal(see(&m, NULL, 1).effect, HF_EFFECT_NONE);
    assert_int_equal(m.state, AB);
    assert_string_equal(m.reason, "no release is set");
    assert_int_equal(see(&m, &c, 2).effect, HF_EFFECT_NONE);
    assert_int_equal(m.state, RU);
}

static void
commands_during_an_effect_are_acted_on_after_it(void **state)
{
    struct hf_lifecycle_machine m;
    struct hf_container c = container_in(HF_CONTAINER_RUNNING);

    (void)state;
    reach(&m, ST);
    assert_int_equal(send(&m, HF_EVENT_STOP, 1).effect, HF_EFFECT_NONE);
    assert_int_equal(finish(&m, &c, 2).effect, HF_EFFECT_STOP);
    assert_int_equal(send(&m, HF_EVENT_RESTART, 3).effect, HF_EFFECT_NONE);
    c = container_in(HF_CONTAINER_EXITED);
    assert_int_equal(finish(&m, &c, 4).effect, HF_EFFECT_START);
}

static void
long_messages_are_cut(void **state)
{
    struct hf_lifecycle_machine m;
    struct hf_error error = {.class = HF_ERROR_UPSTREAM};

    (void)state;
    memset(error.message, 'x', sizeof error.message - 1);
    reach(&m, PU);
    hf_lifecycle_step(&m, &(struct hf_lifecycle_event){.kind = HF_EVENT_ERROR, .error = &error}, 5);
    see_with(&m, NULL, false, 6);
    assert_true(strlen(m.reason) < HF_TEXT_SIZE);
    assert_int_equal(strncmp(m.reason, "image missing: xxx", 18), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_meets_every_event),
        cmocka_unit_test(end_of_an_effect_asks_for_a_look_and_nothing_else),
        cmocka_unit_test(a_picture_begun_before_the_effect_ended_is_ignored),
        cmocka_unit_test(first_start_pulls_creates_and_starts),
        cmocka_unit_test(old_container_stays_until_the_new_image_is_there),
        cmocka_unit_test(changed_limits_image_or_spec_are_put_right),
        cmocka_unit_test(restart_stops_once_and_starts_without_waiting),
        cmocka_unit_test(stopped_by_a_person_stays_stopped),
        cmocka_unit_test(exits_wait_longer_each_time_and_end_in_a_crash_loop),
        cmocka_unit_test(restarts_by_docker_end_in_a_crash_loop_too),
        cmocka_unit_test(pain_15_exits_of_what_is_replaced_hold_up_nothing),
        cmocka_unit_test(a_crash_loop_tells_the_last_words),
        cmocka_unit_test(an_end_that_was_asked_for_has_an_exit_code_too),
        cmocka_unit_test(exits_found_after_a_long_absence_are_no_crash_loop),
        cmocka_unit_test(adopted_restart_count_is_a_baseline),
        cmocka_unit_test(running_long_enough_forgets_failures),
        cmocka_unit_test(effect_that_changes_nothing_waits),
        cmocka_unit_test(container_that_cannot_be_started_is_made_anew),
        cmocka_unit_test(without_a_release_nothing_is_done),
        cmocka_unit_test(commands_during_an_effect_are_acted_on_after_it),
        cmocka_unit_test(long_messages_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
