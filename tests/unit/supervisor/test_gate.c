// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "supervisor/gate.h"

#include <string.h>

enum { MIB = 1024 * 1024 };

/* Two services that change and do well, devices that publish, a sink that takes it. */
static struct hf_gate_facts
all_well(void)
{
    return (struct hf_gate_facts){
        .services = {{.name = "broker",
                      .wanted = true,
                      .was_well = true,
                      .spoken = true,
                      .health = HF_HEALTH_HEALTHY,
                      .reason = ""},
                     {.name = "processor",
                      .wanted = true,
                      .was_well = true,
                      .spoken = true,
                      .health = HF_HEALTH_HEALTHY,
                      .reason = "",
                      .memory_bytes = 10LL * MIB,
                      .memory_limit = 64LL * MIB}},
        .count = 2,
        .wrong = {{.what = "dropped"}, {.what = "quarantined"}, {.what = "lost"}},
        .processed = {1000, 1100},
        .canaries = {-1, -1},
        .accepted = {1000, 1100},
        .delivered = {1000, 1090},
        .broker_expected = true,
        .broker_answered = true,
        .sink_reached = true,
    };
}

/* That check alone is so, and says text; all others pass. */
static void
says(const struct hf_gate_facts *f, enum hf_gate_check check, enum hf_gate_state state,
     const char *text, const char *culprit)
{
    struct hf_gate_result r[HF_GATE_COUNT] = {{.state = HF_GATE_WAITING}};
    const char *is;

    hf_gate_judge(f, r, &is);
    for (int i = 0; i < HF_GATE_COUNT; i++)
        if (i != (int)check && r[i].state != HF_GATE_PASSING)
            fail_msg("%s: %s", hf_gate_check_name((enum hf_gate_check)i), r[i].detail);
    if (r[check].state != state || !strstr(r[check].detail, text))
        fail_msg("%s is %d: '%s'", hf_gate_check_name(check), r[check].state, r[check].detail);
    assert_string_equal(is, culprit);
}

static void
all_pass(void **state)
{
    struct hf_gate_facts f = all_well();

    (void)state;
    says(&f, HF_GATE_CANARY, HF_GATE_PASSING, "comes to a sink", "");
}

static void
health_is_asked_of_those_that_were_well(void **state)
{
    struct hf_gate_facts f = all_well();

    (void)state;
    f.services[1].health = HF_HEALTH_DEGRADED;
    f.services[1].reason = "stuck";
    says(&f, HF_GATE_HEALTH, HF_GATE_WAITING, "'processor': stuck", "processor");
    f.services[1].was_well = false;
    says(&f, HF_GATE_HEALTH, HF_GATE_PASSING, "", "");
    f.services[1].was_well = true;
    f.services[1].wanted = false;
    says(&f, HF_GATE_HEALTH, HF_GATE_PASSING, "", "");
    f.services[1].wanted = true;
    f.services[1].failed = true;
    says(&f, HF_GATE_HEALTH, HF_GATE_FAILED, "stuck", "processor");
}

static void
what_the_container_before_said_does_not_count(void **state)
{
    struct hf_gate_facts f = all_well();

    (void)state;
    f.services[0].spoken = false;
    says(&f, HF_GATE_HEALTH, HF_GATE_WAITING, "'broker': has not reported yet", "broker");
}

static void
one_end_is_proof(void **state)
{
    struct hf_gate_facts f = all_well();

    (void)state;
    f.services[1].ended = 1;
    says(&f, HF_GATE_RESTARTS, HF_GATE_FAILED, "'processor' has ended by itself", "processor");
    f.services[1].ended = -3; /* the engine counts anew */
    says(&f, HF_GATE_RESTARTS, HF_GATE_PASSING, "", "");
}

static void
memory_near_its_limit_holds_it_up(void **state)
{
    struct hf_gate_facts f = all_well();

    (void)state;
    f.services[1].memory_bytes = 60LL * MIB;
    says(&f, HF_GATE_MEMORY, HF_GATE_PASSING, "", "");
    f.services[1].memory_bytes = 61LL * MIB;
    says(&f, HF_GATE_MEMORY, HF_GATE_WAITING, "'processor' uses 61 of its 64 MB", "processor");
    f.services[1].memory_limit = 0;
    says(&f, HF_GATE_MEMORY, HF_GATE_PASSING, "", "");
}

static void
errors_are_compared_with_those_of_before(void **state)
{
    struct hf_gate_facts f = all_well();

    (void)state;
    f.wrong[1].number = (struct hf_gate_number){0, 1}; /* 1 of 100 */
    says(&f, HF_GATE_ERRORS, HF_GATE_WAITING, "1 records were quarantined", "");
    f.wrong[1].number = (struct hf_gate_number){10, 11}; /* as many as ever */
    says(&f, HF_GATE_ERRORS, HF_GATE_PASSING, "", "");
    f.wrong[1].number = (struct hf_gate_number){10, 12};
    says(&f, HF_GATE_ERRORS, HF_GATE_PASSING, "", "");
    f.wrong[1].number = (struct hf_gate_number){10, 13};
    says(&f, HF_GATE_ERRORS, HF_GATE_WAITING, "3 records", "");
    f.accepted.now = 2000; /* 3 of 1,000 are too few to say */
    says(&f, HF_GATE_ERRORS, HF_GATE_PASSING, "", "");
    f = all_well();
    f.accepted.now = f.processed.now = 1000; /* all of them went wrong */
    f.wrong[0].number = (struct hf_gate_number){0, 5};
    says(&f, HF_GATE_ERRORS, HF_GATE_WAITING, "5 records were dropped", "");
    f.wrong[0].number = (struct hf_gate_number){7, 2}; /* it counts anew */
    says(&f, HF_GATE_ERRORS, HF_GATE_PASSING, "", "");
}

static void
what_is_published_must_come_through(void **state)
{
    struct hf_gate_facts f = all_well();

    (void)state;
    f.delivered.now = f.delivered.before;
    says(&f, HF_GATE_CANARY, HF_GATE_WAITING, "does not come to a sink", "");
    f.sink_reached = false;
    says(&f, HF_GATE_CANARY, HF_GATE_PASSING, "the uplink is away", "");
    f.accepted.now = f.accepted.before;
    says(&f, HF_GATE_CANARY, HF_GATE_WAITING, "does not come to the buffer", "");
    f.processed.now = f.processed.before;
    says(&f, HF_GATE_CANARY, HF_GATE_PASSING, "nobody publishes", "");
    f.broker_answered = false;
    says(&f, HF_GATE_CANARY, HF_GATE_WAITING, "no round trip", "");
    f.broker_expected = false;
    says(&f, HF_GATE_CANARY, HF_GATE_PASSING, "did not answer before either", "");
}

/* The first canary is as good as devices that publish, and better than their silence. */
static void
a_processor_that_counts_canaries_must_have_one(void **state)
{
    struct hf_gate_facts f = all_well();

    (void)state;
    f.canaries = (struct hf_gate_number){3, 3};
    says(&f, HF_GATE_CANARY, HF_GATE_WAITING, "has not come to the processor", "");
    f.canaries.now = 0;
    says(&f, HF_GATE_CANARY, HF_GATE_WAITING, "has not come to the processor", "");
    f.canaries.now = 1;
    says(&f, HF_GATE_CANARY, HF_GATE_PASSING, "comes to a sink", "");
    f.canaries.now = 4;
    f.processed.now = f.processed.before;
    says(&f, HF_GATE_CANARY, HF_GATE_PASSING, "comes to a sink", "");
    f.accepted.now = f.accepted.before;
    says(&f, HF_GATE_CANARY, HF_GATE_WAITING, "does not come to the buffer", "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_pass),
        cmocka_unit_test(health_is_asked_of_those_that_were_well),
        cmocka_unit_test(what_the_container_before_said_does_not_count),
        cmocka_unit_test(one_end_is_proof),
        cmocka_unit_test(memory_near_its_limit_holds_it_up),
        cmocka_unit_test(errors_are_compared_with_those_of_before),
        cmocka_unit_test(what_is_published_must_come_through),
        cmocka_unit_test(a_processor_that_counts_canaries_must_have_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
