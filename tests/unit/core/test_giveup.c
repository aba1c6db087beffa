// SPDX-License-Identifier: Apache-2.0
/* Operations that a person gives up, of a whole owner against an engine in memory; of an upgrade
 * test_upgrades.c, of a look into the registry test_finder.c. */
#include "unit.h"

#include "base/log.h"
#include "box.h"

#include <string.h>
#include <time.h>

static void
wait_for_pulls(struct box *b, unsigned least)
{
    for (bool pulls = false; !pulls;) {
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
        FAKE_LOCKED(&b->engine, pulls = b->engine.pulls >= least);
    }
}

static void
refuses_to_give_up(struct box *b, const char *id, const char *why)
{
    struct hf_operation op;
    struct hf_error err;

    assert_int_equal(hf_core_give_up(b->core, id, "opa", &op, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    if (!strstr(err.message, why))
        fail_msg("'%s' does not say '%s'", err.message, why);
}

/* What only fetches is given up at once, and the wish with it. */
static void
pain_14_a_start_that_fetches_can_be_given_up(void **state)
{
    struct box *b = *state;
    struct hf_operation op, given;
    struct hf_error err;

    b->engine.no_images = b->engine.block_pulls = true;
    start(b);
    wait_for_pulls(b, 4);
    assert_int_equal(hf_core_command(b->core, HF_OPERATION_RESTART, "buffer", "admin", &op, &err),
                     0);
    refuses_to_give_up(b, op.id, "was to run before this restart too");
    assert_int_equal(hf_core_command(b->core, HF_OPERATION_STOP, "buffer", "admin", &op, &err), 0);
    assert_int_equal(wait_for_end(b->core, op.id, &op), HF_OPERATION_SUCCEEDED);
    refuses_to_give_up(b, op.id, "has ended: it succeeded");
    wait_until(b->core, buffer_is_stopped);

    assert_int_equal(hf_core_command(b->core, HF_OPERATION_START, "buffer", "admin", &op, &err), 0);
    wait_for_pulls(b, 5);
    assert_int_equal(hf_core_give_up(b->core, op.id, "opa", &given, &err), 0);
    assert_string_equal(given.id, op.id);
    assert_int_equal(given.state, HF_OPERATION_FAILED);
    assert_string_equal(given.detail, "given up by opa");
    wait_until(b->core, buffer_is_stopped);
    assert_int_equal(wait_for_end(b->core, op.id, &op), HF_OPERATION_FAILED);
    assert_string_equal(op.detail, "given up by opa");
    assert_int_equal(hf_core_give_up(b->core, "nonsense", "opa", &given, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
    FAKE_LOCKED(&b->engine, b->engine.block_pulls = false);
}

/* What Docker does already is not called back. */
static void
a_stop_under_way_cannot_be_given_up(void **state)
{
    struct box *b = *state;
    struct hf_operation op;
    struct hf_error err;

    start(b);
    wait_until(b->core, all_run);
    FAKE_LOCKED(&b->engine, b->engine.block_stops = true);
    assert_int_equal(hf_core_command(b->core, HF_OPERATION_STOP, "buffer", "admin", &op, &err), 0);
    refuses_to_give_up(b, op.id, "a stop of 'buffer' is carried out to its end");
    assert_int_equal(hf_core_command(b->core, HF_OPERATION_STOP, "broker", "admin", &op, &err), 0);
    FAKE_LOCKED(&b->engine, b->engine.block_stops = false);
    assert_int_equal(wait_for_end(b->core, op.id, &op), HF_OPERATION_SUCCEEDED);

    FAKE_LOCKED(&b->engine, b->engine.block_stops = true);
    assert_int_equal(
        hf_core_command(b->core, HF_OPERATION_RESTART, "forwarder", "admin", &op, &err), 0);
    refuses_to_give_up(b, op.id, "'forwarder' was to run before this restart too");
    FAKE_LOCKED(&b->engine, b->engine.block_stops = false);
    assert_int_equal(wait_for_end(b->core, op.id, &op), HF_OPERATION_SUCCEEDED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pain_14_a_start_that_fetches_can_be_given_up, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_stop_under_way_cannot_be_given_up, setup, teardown),
    };

    hf_log_set_level(HF_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
