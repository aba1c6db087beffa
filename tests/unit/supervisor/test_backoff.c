// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "supervisor/backoff.h"

static void
waits_double_up_to_the_most(void **state)
{
    static const int64_t waits_ms[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
    struct hf_backoff b = {0};

    (void)state;
    assert_int_equal(hf_backoff_wait_ms(&b), 0);
    assert_true(hf_backoff_due(&b, 0));
    for (size_t i = 0; i < sizeof waits_ms / sizeof waits_ms[0]; i++) {
        hf_backoff_fail(&b, 500);
        assert_int_equal(hf_backoff_wait_ms(&b), waits_ms[i]);
        assert_false(hf_backoff_due(&b, 500 + waits_ms[i] - 1));
        assert_true(hf_backoff_due(&b, 500 + waits_ms[i]));
    }
}

static void
many_failures_do_not_overflow(void **state)
{
    struct hf_backoff b = {.failures = UINT32_MAX - 1};

    (void)state;
    hf_backoff_fail(&b, 7);
    assert_int_equal(b.not_before_ms, 7 + HF_BACKOFF_MOST_MS);
    hf_backoff_fail(&b, 7);
    assert_int_equal(b.not_before_ms, 7 + HF_BACKOFF_MOST_MS);
}

static void
reset_makes_it_due_at_once(void **state)
{
    struct hf_backoff b = {0};

    (void)state;
    hf_backoff_fail(&b, 100);
    hf_backoff_reset(&b);
    assert_true(hf_backoff_due(&b, 100));
    hf_backoff_fail(&b, 100);
    assert_int_equal(hf_backoff_wait_ms(&b), HF_BACKOFF_FIRST_MS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_double_up_to_the_most),
        cmocka_unit_test(many_failures_do_not_overflow),
        cmocka_unit_test(reset_makes_it_due_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
