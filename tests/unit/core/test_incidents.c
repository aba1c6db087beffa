// SPDX-License-Identifier: Apache-2.0
/* What happens to services becomes incidents: what was found, what was done, and the last lines. */
#include "box.h"

#include "base/log.h"

enum { MOST = 50 };

static struct hf_container *
container_of(struct fake_engine *f, const char *service)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->containers[i].service, service) == 0)
            return &f->containers[i];
    fail_msg("no container of %s", service);
    return NULL;
}

static size_t
list(struct hf_core *core, const char *service, int kind, struct hf_incident *out)
{
    const struct hf_incident_filter filter = {.service = service, .kind = kind};
    struct hf_error err;
    size_t count = 0;

    assert_int_equal(hf_core_incidents(core, &filter, out, MOST, &count, &err), 0);
    return count;
}

/* The newest of them once there are so many, those counted in another one included. */
static struct hf_incident
wait_for(struct hf_core *core, const char *service, int kind, int64_t times)
{
    int64_t deadline = hf_clock_mono_ms() + PATIENCE_MS;
    struct hf_incident found[MOST];

    for (;;) {
        size_t count = list(core, service, kind, found);
        int64_t all = 0;

        for (size_t i = 0; i < count; i++)
            all += found[i].times;
        if (all >= times)
            return found[0];
        if (hf_clock_mono_ms() > deadline)
            fail_msg("%lld instead of %lld incidents", (long long)all, (long long)times);
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
    }
}

static void
remove_by_hand(struct fake_engine *f, const char *service)
{
    struct hf_container *c = container_of(f, service);

    *c = f->containers[--f->count];
}

/* Docker has started it again before anybody looked; only the event says how it ended. */
static void
crash(struct box *b, const char *service)
{
    FAKE_LOCKED(&b->engine, strcpy(b->engine.dies, service));
}

static void
a_death_is_kept_with_its_last_lines(void **state)
{
    struct box *b = *state;
    HF_AUTO_FREE char *log = NULL;
    HF_AUTO_FREE char *curve = NULL;
    struct hf_incident i;
    struct hf_error err;

    start(b);
    wait_until(b->core, all_run);
    crash(b, "buffer");
    i = wait_for(b->core, "buffer", HF_INCIDENT_EXIT, 1);
    assert_int_equal(i.exit_code, 139);
    assert_non_null(strstr(i.found, "exited with code 139 (SIGSEGV) after "));
    assert_string_equal(i.done, "Docker has started it again");
    assert_int_equal(i.log_lines, 1);
    assert_string_equal(i.image_tag, "1.2.3");
    assert_int_equal(hf_core_incident(b->core, i.n, &i, &log, &curve, &err), 0);
    assert_non_null(strstr(log, "volume /data is not writable"));
    assert_non_null(strstr(curve, "\"memory_bytes\":["));
    assert_int_equal(hf_core_incident(b->core, i.n + 100, &i, &log, &curve, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
}

static void
many_deaths_do_not_wear_the_flash(void **state)
{
    struct box *b = *state;
    struct hf_incident found[MOST];

    start(b);
    wait_until(b->core, all_run);
    for (int i = 1; i <= 3; i++) {
        crash(b, "buffer");
        wait_for(b->core, "buffer", HF_INCIDENT_EXIT, i);
    }
    crash(b, "buffer");
    wait_for(b->core, "buffer", HF_INCIDENT_EXIT, 4);
    crash(b, "buffer");
    wait_for(b->core, "buffer", HF_INCIDENT_CRASH_LOOP, 1);
    assert_int_equal(list(b->core, "buffer", HF_INCIDENT_EXIT, found), 3);
    assert_int_equal(found[0].times, 2);
    end(b);
    start(b); /* what was counted has been written */
    assert_int_equal(list(b->core, "buffer", HF_INCIDENT_EXIT, found), 3);
    assert_int_equal(found[0].times, 2);
}

static void
a_container_removed_by_hand_is_drift(void **state)
{
    struct box *b = *state;
    struct hf_incident i;

    start(b);
    wait_until(b->core, all_run);
    FAKE_LOCKED(&b->engine, remove_by_hand(&b->engine, "processor"));
    i = wait_for(b->core, "processor", HF_INCIDENT_DRIFT, 1);
    assert_string_equal(i.found, "its container was removed by hand");
    assert_non_null(strstr(i.done, "it is made again"));
    wait_until(b->core, all_run);
}

static void
a_network_removed_by_hand_is_made_again(void **state)
{
    struct box *b = *state;
    struct hf_surroundings whole;
    struct hf_incident i;
    bool again = false;

    start(b);
    wait_until(b->core, all_run);
    FAKE_LOCKED(&b->engine, whole = b->engine.around);
    assert_int_equal(whole.network_count, 4);
    /* the owner must have seen it to miss it */
    nanosleep(&(struct timespec){.tv_nsec = 200 * 1000 * 1000}, NULL);
    FAKE_LOCKED(&b->engine, b->engine.around.network_count--);
    i = wait_for(b->core, "", HF_INCIDENT_DRIFT, 1);
    assert_string_equal(i.found, "network t-egress was removed by hand");
    for (int tries = 0; tries < 1000 && !again; tries++) {
        FAKE_LOCKED(&b->engine, again = b->engine.around.network_count == 4);
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
    }
    assert_true(again);
}

static void
wait_for_removes(struct fake_engine *f, unsigned count)
{
    int64_t deadline = hf_clock_mono_ms() + PATIENCE_MS;
    unsigned removes = 0;

    while (removes < count) {
        assert_true(hf_clock_mono_ms() < deadline);
        FAKE_LOCKED(f, removes = f->removes);
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
    }
}

static void
a_volume_removed_by_hand_remakes_its_container(void **state)
{
    struct box *b = *state;
    struct hf_incident i;

    start(b);
    wait_until(b->core, all_run);
    nanosleep(&(struct timespec){.tv_nsec = 200 * 1000 * 1000}, NULL);
    FAKE_LOCKED(&b->engine, b->engine.around.volume_count = 0);
    i = wait_for(b->core, "buffer", HF_INCIDENT_DRIFT, 2);
    assert_string_equal(i.found, "its container was changed by hand: volume t-buffer-data");
    wait_for_removes(&b->engine, 1);
    wait_until(b->core, all_run);
}

static void
add_by_hand(struct fake_engine *f, const char *name, const char *label_service, bool labelled)
{
    struct hf_container *c = &f->containers[f->count++];

    *c = (struct hf_container){.state = HF_CONTAINER_RUNNING, .labelled = labelled};
    snprintf(c->id, sizeof c->id, "%s", name);
    snprintf(c->name, sizeof c->name, "%s", name);
    snprintf(c->label_service, sizeof c->label_service, "%s", label_service);
}

/* Only what carries our label and belongs to no service is removed. */
static void
containers_added_by_hand_are_told(void **state)
{
    struct box *b = *state;

    start(b);
    wait_until(b->core, all_run);
    FAKE_LOCKED(&b->engine, {
        add_by_hand(&b->engine, "t-stranger", "", false);
        add_by_hand(&b->engine, "copy-of-broker", "broker", true);
        add_by_hand(&b->engine, "t-leftover", "leftover", true);
    });
    wait_for(b->core, "", HF_INCIDENT_DRIFT, 3);
    wait_for_removes(&b->engine, 1);
    FAKE_LOCKED(&b->engine, {
        assert_int_equal(b->engine.removes, 1);
        assert_int_equal(b->engine.count, 6);
        for (size_t i = 0; i < b->engine.count; i++)
            assert_string_not_equal(b->engine.containers[i].id, "t-leftover");
    });
}

static void
services_start_in_the_order_of_their_needs(void **state)
{
    struct box *b = *state;

    strcpy(b->engine.slow, "broker"); /* the others are made long before it */
    start(b);
    wait_until(b->core, all_run);
    FAKE_LOCKED(&b->engine, {
        assert_int_equal(b->engine.started_count, 4);
        assert_string_equal(b->engine.started[0], "broker");
        assert_string_equal(b->engine.started[1], "buffer");
    });
}

static void
one_that_restarts_drags_no_other_with_it(void **state)
{
    struct box *b = *state;
    struct hf_operation op;
    struct hf_error err;

    start(b);
    wait_until(b->core, all_run);
    assert_int_equal(hf_core_command(b->core, HF_OPERATION_RESTART, "broker", "p", &op, &err), 0);
    do {
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
        assert_int_equal(hf_core_operation(b->core, op.id, &op, &err), 0);
    } while (op.state == HF_OPERATION_RUNNING);
    FAKE_LOCKED(&b->engine, {
        assert_int_equal(b->engine.starts, 5);
        assert_int_equal(b->engine.stops, 1);
        assert_int_equal(b->engine.removes, 0);
    });
}

static bool
is_stale(const struct hf_snapshot *s)
{
    return s->gateway.engine.stale_since_ms > 0;
}

static bool
is_fresh(const struct hf_snapshot *s)
{
    return s->gateway.engine.stale_since_ms == 0;
}

static void
what_is_known_while_the_engine_is_away_is_marked_as_old(void **state)
{
    struct box *b = *state;
    const struct hf_snapshot *s;

    start(b);
    wait_until(b->core, all_run);
    FAKE_LOCKED(&b->engine, b->engine.away = true);
    wait_until(b->core, is_stale);
    s = hf_core_snapshot(b->core);
    assert_int_equal(s->services[0].lifecycle, HF_LIFECYCLE_RUNNING);
    assert_true(s->gateway.engine.detail[0]);
    hf_snapshot_unref(s);
    FAKE_LOCKED(&b->engine, b->engine.away = false);
    wait_until(b->core, is_fresh);
    wait_until(b->core, all_run);
}

/* A stopped dockerd answers nothing at all; who asks us gets an answer all the same. */
static void
pain_14_an_engine_that_hangs_holds_up_no_caller(void **state)
{
    struct box *b = *state;
    struct hf_incident found[MOST];
    HF_AUTO_FREE char *text = NULL;
    const struct hf_snapshot *s;
    struct hf_operation op;
    struct hf_error err;
    int64_t revision;
    uint64_t before;

    start(b);
    wait_until(b->core, all_run);
    FAKE_LOCKED(&b->engine, b->engine.hangs = true);
    nanosleep(&(struct timespec){.tv_nsec = 100 * 1000 * 1000}, NULL);
    before = hf_core_turns(b->core);
    assert_int_equal(hf_core_config(b->core, &text, &revision, &err), 0);
    list(b->core, NULL, -1, found);
    assert_int_equal(hf_core_command(b->core, HF_OPERATION_STOP, "buffer", "p", &op, &err), 0);
    s = hf_core_snapshot(b->core);
    assert_int_equal(s->service_count, 4);
    hf_snapshot_unref(s);
    assert_true(hf_core_turns(b->core) > before);
    FAKE_LOCKED(&b->engine, b->engine.hangs = false);
    do {
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
        assert_int_equal(hf_core_operation(b->core, op.id, &op, &err), 0);
    } while (op.state == HF_OPERATION_RUNNING);
    assert_int_equal(op.state, HF_OPERATION_SUCCEEDED);
}

/* The new image takes for ever; what runs is supervised all the same. */
static void
pain_18_a_pull_under_way_stops_no_supervision(void **state)
{
    struct box *b = *state;

    start(b);
    wait_until(b->core, all_run);
    FAKE_LOCKED(&b->engine, {
        b->engine.block_pulls = b->engine.no_images = true;
        remove_by_hand(&b->engine, "processor");
    });
    wait_for(b->core, "processor", HF_INCIDENT_DRIFT, 1);
    crash(b, "buffer");
    wait_for(b->core, "buffer", HF_INCIDENT_EXIT, 1);
    FAKE_LOCKED(&b->engine, b->engine.block_pulls = false);
    wait_until(b->core, all_run);
}

static int
block(struct hf_store *store, void *context, struct hf_error *err)
{
    uint64_t *turns = context;
    struct hf_core *core = *(struct hf_core **)(void *)(turns + 2);

    (void)store;
    (void)err;
    turns[0] = hf_core_turns(core);
    nanosleep(&(struct timespec){.tv_nsec = 100 * 1000 * 1000}, NULL);
    turns[1] = hf_core_turns(core);
    return 0;
}

/* What the watchdog is fed by. */
static void
pain_17_an_owner_that_stands_still_makes_no_progress(void **state)
{
    struct box *b = *state;
    struct {
        uint64_t turns[2];
        struct hf_core *core;
    } seen;
    struct hf_error err;
    uint64_t before;

    start(b);
    seen.core = b->core;
    assert_int_equal(hf_core_run(b->core, block, &seen, &err), 0);
    assert_int_equal(seen.turns[0], seen.turns[1]);
    before = hf_core_turns(b->core);
    while (hf_core_turns(b->core) == before)
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_death_is_kept_with_its_last_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(many_deaths_do_not_wear_the_flash, setup, teardown),
        cmocka_unit_test_setup_teardown(a_container_removed_by_hand_is_drift, setup, teardown),
        cmocka_unit_test_setup_teardown(a_network_removed_by_hand_is_made_again, setup, teardown),
        cmocka_unit_test_setup_teardown(a_volume_removed_by_hand_remakes_its_container, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(containers_added_by_hand_are_told, setup, teardown),
        cmocka_unit_test_setup_teardown(services_start_in_the_order_of_their_needs, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(one_that_restarts_drags_no_other_with_it, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_known_while_the_engine_is_away_is_marked_as_old,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(pain_14_an_engine_that_hangs_holds_up_no_caller, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(pain_18_a_pull_under_way_stops_no_supervision, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(pain_17_an_owner_that_stands_still_makes_no_progress, setup,
                                        teardown),
    };

    hf_log_set_level(HF_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
