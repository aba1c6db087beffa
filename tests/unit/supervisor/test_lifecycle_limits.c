// SPDX-License-Identifier: Apache-2.0
/* Limits that change while a container runs, and services that wait for others. */
#include "unit.h"

#include "supervisor/lifecycle.h"

#include <string.h>

#define SPEC "spec-a"
#define IMAGE "sha256:aaaa"

static const struct hf_limits small = {.memory_bytes = 32 << 20, .pids = 16, .nano_cpus = 1};
static const struct hf_limits large = {.memory_bytes = 64 << 20, .pids = 16, .nano_cpus = 1};

static struct hf_container
container_with(enum hf_container_state state, const struct hf_limits *limits)
{
    return (struct hf_container){.id = "c1",
                                 .service = "x",
                                 .spec_hash = SPEC,
                                 .image_id = IMAGE,
                                 .state = state,
                                 .started_ms = 1,
                                 .limits = *limits};
}

static struct hf_lifecycle_step
see(struct hf_lifecycle_machine *m, const struct hf_container *c, int64_t now)
{
    struct hf_lifecycle_event e = {
        .kind = HF_EVENT_SEEN, .container = c, .has_image = true, .taken_ms = now};

    return hf_lifecycle_step(m, &e, now);
}

static struct hf_lifecycle_step
end(struct hf_lifecycle_machine *m, const struct hf_error *error, int64_t now)
{
    struct hf_lifecycle_event e = {.kind = error ? HF_EVENT_ERROR : HF_EVENT_DONE, .error = error};

    return hf_lifecycle_step(m, &e, now);
}

static void
begin(struct hf_lifecycle_machine *m, const struct hf_limits *limits)
{
    hf_lifecycle_init(m, true, 0);
    hf_lifecycle_target(m, SPEC, IMAGE, limits->memory_bytes, 0);
    hf_lifecycle_limits(m, limits);
}

static void
other_limits_are_set_while_it_runs(void **state)
{
    struct hf_lifecycle_machine m;
    struct hf_container c = container_with(HF_CONTAINER_RUNNING, &small);

    (void)state;
    begin(&m, &small);
    assert_int_equal(see(&m, &c, 1).effect, HF_EFFECT_NONE);
    hf_lifecycle_limits(&m, &large);
    assert_int_equal(
        hf_lifecycle_step(&m, &(struct hf_lifecycle_event){.kind = HF_EVENT_TICK}, 2).effect,
        HF_EFFECT_UPDATE);
    assert_int_equal(m.state, HF_LIFECYCLE_RUNNING);
    assert_true(end(&m, NULL, 3).look);
    c = container_with(HF_CONTAINER_RUNNING, &large);
    assert_int_equal(see(&m, &c, 4).effect, HF_EFFECT_NONE);
    assert_true(hf_lifecycle_settled(&m));
    assert_int_equal(m.restarts, 0);
}

static void
an_update_that_is_refused_makes_it_anew_once(void **state)
{
    struct hf_lifecycle_machine m;
    struct hf_container c = container_with(HF_CONTAINER_RUNNING, &large);
    struct hf_error busy = {.class = HF_ERROR_UPSTREAM, .message = "device or resource busy"};
    struct hf_error away = {.class = HF_ERROR_UNAVAILABLE, .message = "nobody listens"};

    (void)state;
    begin(&m, &small);
    assert_int_equal(see(&m, &c, 1).effect, HF_EFFECT_UPDATE);
    end(&m, &away, 2);
    assert_int_equal(see(&m, &c, 100000).effect,
                     HF_EFFECT_UPDATE); /* an engine away is no refusal */
    end(&m, &busy, 100001);
    assert_int_equal(see(&m, &c, 200000).effect, HF_EFFECT_STOP);
    end(&m, NULL, 200001);
    c.state = HF_CONTAINER_EXITED;
    assert_int_equal(see(&m, &c, 200002).effect, HF_EFFECT_REMOVE);
    end(&m, NULL, 200003);
    assert_int_equal(see(&m, NULL, 200004).effect, HF_EFFECT_CREATE);
    assert_false(m.update_refused);
}

static void
an_update_that_changes_nothing_is_not_repeated_faster_than_the_wait(void **state)
{
    struct hf_lifecycle_machine m;
    struct hf_container c = container_with(HF_CONTAINER_RUNNING, &large);
    unsigned updates = 0;

    (void)state;
    begin(&m, &small);
    for (int64_t now = 1; now < 10000; now += 10) {
        updates += see(&m, &c, now).effect == HF_EFFECT_UPDATE;
        if (m.pending != HF_EFFECT_NONE)
            end(&m, NULL, now + 1);
    }
    assert_in_range(updates, 2, 5);
    assert_int_equal(m.state, HF_LIFECYCLE_RUNNING);
}

static void
it_is_not_started_before_what_it_waits_for(void **state)
{
    struct hf_lifecycle_machine m;
    struct hf_container c = container_with(HF_CONTAINER_CREATED, &small);

    (void)state;
    begin(&m, &small);
    hf_lifecycle_hold(&m, "broker");
    assert_int_equal(see(&m, &c, 1).effect, HF_EFFECT_NONE);
    assert_int_equal(m.state, HF_LIFECYCLE_STARTING);
    assert_string_equal(m.reason, "waits for broker, which has to run first");
    hf_lifecycle_hold(&m, "");
    assert_int_equal(
        hf_lifecycle_step(&m, &(struct hf_lifecycle_event){.kind = HF_EVENT_TICK}, 2).effect,
        HF_EFFECT_START);
    end(&m, NULL, 3);
    c = container_with(HF_CONTAINER_RUNNING, &small);
    see(&m, &c, 4);
    hf_lifecycle_hold(&m, "broker"); /* what runs is not dragged along */
    assert_int_equal(see(&m, &c, 5).effect, HF_EFFECT_NONE);
    assert_int_equal(m.state, HF_LIFECYCLE_RUNNING);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_limits_are_set_while_it_runs),
        cmocka_unit_test(an_update_that_is_refused_makes_it_anew_once),
        cmocka_unit_test(an_update_that_changes_nothing_is_not_repeated_faster_than_the_wait),
        cmocka_unit_test(it_is_not_started_before_what_it_waits_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
