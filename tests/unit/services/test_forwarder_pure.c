// SPDX-License-Identifier: Apache-2.0
/* What decides what the forwarder sends next, and when: without network, clock and chance. */
#include "forwarder/bisect.h"
#include "forwarder/circuit.h"
#include "forwarder/outcome.h"
#include "forwarder/pace.h"
#include "forwarder/source.h"
#include "forwarder/suspects.h"
#include "unit.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void
an_answer_means(void **state)
{
    static const struct {
        int status;
        enum hf_outcome outcome;
    } cases[] = {
        {200, HF_OUTCOME_STORED},  {204, HF_OUTCOME_STORED},  {299, HF_OUTCOME_STORED},
        {0, HF_OUTCOME_LATER},     {100, HF_OUTCOME_LATER},   {408, HF_OUTCOME_LATER},
        {425, HF_OUTCOME_LATER},   {429, HF_OUTCOME_LATER},   {500, HF_OUTCOME_LATER},
        {503, HF_OUTCOME_LATER},   {599, HF_OUTCOME_LATER},   {301, HF_OUTCOME_REFUSED},
        {307, HF_OUTCOME_REFUSED}, {401, HF_OUTCOME_REFUSED}, {403, HF_OUTCOME_REFUSED},
        {407, HF_OUTCOME_REFUSED}, {404, HF_OUTCOME_POISON},  {405, HF_OUTCOME_POISON},
        {415, HF_OUTCOME_POISON},  {413, HF_OUTCOME_SPLIT},   {400, HF_OUTCOME_POISON},
        {409, HF_OUTCOME_POISON},  {422, HF_OUTCOME_POISON},  {499, HF_OUTCOME_POISON},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(hf_outcome_of(cases[i].status), cases[i].outcome);
}

static void
pain_09_a_circuit_waits_with_jitter_and_probes(void **state)
{
    struct hf_circuit c = {0};

    (void)state;
    assert_true(hf_circuit_ready(&c, 0));
    assert_int_equal(hf_circuit_failure(&c, false, 0, 1000, UINT32_MAX), HF_CIRCUIT_FIRST_MS);
    assert_int_equal(c.state, HF_CIRCUIT_OPEN);
    assert_false(hf_circuit_ready(&c, 1999));
    assert_true(hf_circuit_ready(&c, 2000));
    assert_int_equal(c.state, HF_CIRCUIT_HALF_OPEN);
    assert_int_equal(hf_circuit_failure(&c, false, 0, 2000, UINT32_MAX), 2 * HF_CIRCUIT_FIRST_MS);
    assert_int_equal(c.attempt, 2);
    hf_circuit_again(&c, 2100);
    assert_true(hf_circuit_ready(&c, 2100));
    hf_circuit_success(&c);
    assert_int_equal(c.state, HF_CIRCUIT_CLOSED);
    assert_int_equal(c.attempt, 0);
    for (int i = 0; i < 20; i++)
        assert_in_range(hf_circuit_failure(&c, false, 0, 0, UINT32_MAX), 0, HF_CIRCUIT_CAP_MS);
    assert_int_equal(hf_circuit_failure(&c, false, 0, 0, UINT32_MAX), HF_CIRCUIT_CAP_MS);
    /* Full jitter: anywhere in the span. */
    assert_int_equal(hf_circuit_failure(&c, false, 0, 0, 0), HF_CIRCUIT_FIRST_MS / 2);
    /* A refusal is probed more slowly, and an answer that stored nothing forgets nothing. */
    hf_circuit_answered(&c);
    assert_int_equal(c.state, HF_CIRCUIT_CLOSED);
    assert_int_equal(hf_circuit_failure(&c, true, 0, 0, UINT32_MAX), HF_CIRCUIT_REFUSED_CAP_MS);
    assert_true(c.refused);
}

static void
retry_after_is_honoured_within_reason(void **state)
{
    struct hf_circuit c = {0};

    (void)state;
    assert_int_equal(hf_circuit_failure(&c, false, 30, 0, 0), 30000);
    c = (struct hf_circuit){.attempt = 30};
    assert_int_equal(hf_circuit_failure(&c, false, 30, 0, UINT32_MAX), HF_CIRCUIT_CAP_MS);
    assert_int_equal(hf_circuit_failure(&c, false, INT64_MAX, 0, 0), 3600 * 1000);
    assert_int_equal(hf_circuit_failure(&c, false, -5, 0, 0), HF_CIRCUIT_FIRST_MS / 2);
}

/* Runs a batch of n lines of which the marked are poisoned; returns the requests it took. */
static size_t
bisect_all(size_t n, const unsigned char *poisoned, size_t max, unsigned char *settled)
{
    struct hf_bisect b;
    size_t from, to, requests = 0, expected = 0;

    hf_bisect_begin(&b, n);
    while (hf_bisect_next(&b, &from, &to)) {
        size_t bad = 0;

        assert_int_equal(from, expected); /* in order, nothing left out */
        assert_true(from < to && to <= n);
        if (to - from > max) {
            to = from + max;
            hf_bisect_cut(&b, to);
            hf_bisect_next(&b, &from, &to);
            assert_int_equal(to - from, max);
        }
        requests++;
        for (size_t i = from; i < to; i++)
            bad += poisoned[i];
        if (!bad) {
            for (size_t i = from; i < to; i++)
                settled[i]++;
            hf_bisect_pass(&b, to - from);
            expected = to;
        } else if (!hf_bisect_split(&b)) {
            settled[from]++;
            hf_bisect_pass(&b, 1);
            expected = from + 1;
        }
    }
    assert_int_equal(expected, n);
    return requests;
}

static void
bisection_finds_every_poisoned_line(void **state)
{
    enum { N = 5000 };
    unsigned char poisoned[N] = {0}, settled[N] = {0};

    (void)state;
    assert_int_equal(bisect_all(N, poisoned, N, settled), 1);
    poisoned[4711] = 1;
    memset(settled, 0, sizeof settled);
    assert_in_range(bisect_all(N, poisoned, N, settled), 2, 28); /* 2 log2(5000) and a few */
    for (size_t i = 0; i < N; i++)
        assert_int_equal(settled[i], 1);
    srand(7); // NOLINT(cert-msc32-c,cert-msc51-cpp): the same every time
    for (int round = 0; round < 200; round++) {
        size_t n = 1 + (size_t)(rand() % N);   // NOLINT
        size_t max = 1 + (size_t)(rand() % N); // NOLINT
        int share = 2 + rand() % 200;          // NOLINT

        for (size_t i = 0; i < n; i++)
            poisoned[i] = rand() % share == 0; // NOLINT
        memset(settled, 0, sizeof settled);
        (void)bisect_all(n, poisoned, max, settled);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(settled[i], 1);
    }
}

static void
a_part_that_was_stored_is_not_sent_again(void **state)
{
    struct hf_bisect b;
    size_t from, to;

    (void)state;
    hf_bisect_begin(&b, 10);
    hf_bisect_pass(&b, 4);
    assert_true(hf_bisect_next(&b, &from, &to));
    assert_int_equal(from, 4);
    assert_int_equal(to, 10);
    hf_bisect_cut(&b, 7);
    hf_bisect_pass(&b, 99); /* no more than the request had */
    assert_true(hf_bisect_next(&b, &from, &to));
    assert_int_equal(from, 7);
    assert_int_equal(to, 10);
}

/* Back at a line, it goes alone, then few, then the rest. */
static void
what_goes_back_goes_in_small_steps(void **state)
{
    static const size_t ends[] = {8, 9, 11, 15, 23, 39, 71, 135, 263, 1000};
    struct hf_bisect b;
    size_t from = 7, to = 7, i = 0;

    (void)state;
    hf_bisect_begin(&b, 1000);
    hf_bisect_pass(&b, 500);
    for (hf_bisect_back(&b, 7); hf_bisect_next(&b, &from, &to); hf_bisect_pass(&b, to - from))
        assert_int_equal(to, ends[i++]);
    assert_int_equal(i, HF_LEN(ends));
    hf_bisect_back(&b, 999);
    assert_true(hf_bisect_next(&b, &from, &to));
    assert_int_equal(from, 999);
    assert_int_equal(to, 1000);
}

static void
a_suspect_is_cleared_up_by_what_is_taken_after_it(void **state)
{
    struct hf_suspects s = {0};

    (void)state;
    assert_int_equal(hf_suspects_count(&s, 0), 0);
    hf_suspects_add(&s, 5, 0);
    hf_suspects_add(&s, 6, 0);
    assert_int_equal(hf_suspects_count(&s, 0), 2);
    assert_int_equal(s.first, 5);
    assert_int_equal(hf_suspects_count(&s, 1), 0);
    hf_suspects_add(&s, 9, 1); /* what was taken before it says nothing of it */
    assert_int_equal(hf_suspects_count(&s, 1), 1);
    assert_int_equal(s.first, 9);
    hf_suspects_clear(&s);
    assert_int_equal(hf_suspects_count(&s, 1), 0);
}

static void
each_blame_looks_further(void **state)
{
    static const size_t enough[] = {16, 32, 64, 128, 256, 256, 256};

    (void)state;
    for (unsigned blamed = 0; blamed < HF_LEN(enough); blamed++) {
        struct hf_suspects s = {0};
        size_t n = 0;

        for (; !hf_suspects_enough(&s, 3, blamed); n++)
            hf_suspects_add(&s, n, 3);
        assert_int_equal(n, enough[blamed]);
    }
}

static void
batches_grow_while_it_helps(void **state)
{
    struct hf_pace p;
    size_t before;

    (void)state;
    hf_pace_begin(&p, HF_PACE_MAX, 0);
    assert_int_equal(hf_pace_size(&p), HF_PACE_FIRST);
    /* 20 ms each way and 100 MB/s behind it: the larger the better. */
    for (int i = 0; i < 50; i++) {
        size_t n = hf_pace_size(&p);

        hf_pace_stored(&p, n, 20 + (int64_t)n / 100000, true);
    }
    assert_int_equal(hf_pace_size(&p), HF_PACE_MAX);
    /* The line becomes slow: a request takes no longer than it may. */
    for (int i = 0; i < 20; i++)
        hf_pace_stored(&p, hf_pace_size(&p), (int64_t)hf_pace_size(&p) / 100, true);
    assert_in_range(hf_pace_size(&p), 50000, 100 * HF_PACE_REQUEST_MS * 2);
    before = hf_pace_size(&p);
    hf_pace_stored(&p, 100, 400, false); /* a single record says nothing */
    assert_int_equal(hf_pace_size(&p), before);
    assert_false(hf_pace_failed(&p, 500));
    assert_true(hf_pace_failed(&p, HF_PACE_SLOW_MS));
    assert_int_equal(hf_pace_size(&p), before / 2);
    for (int i = 0; i < 30; i++)
        (void)hf_pace_failed(&p, HF_PACE_SLOW_MS);
    assert_int_equal(hf_pace_size(&p), HF_PACE_MIN);
}

static void
what_was_too_large_is_remembered(void **state)
{
    struct hf_pace p;

    (void)state;
    hf_pace_begin(&p, HF_PACE_MAX, 0);
    hf_pace_too_large(&p, 60000);
    assert_int_equal(hf_pace_size(&p), 30000);
    hf_pace_too_large(&p, 100000); /* says nothing new */
    assert_int_equal(hf_pace_size(&p), 30000);
    hf_pace_too_large(&p, 300); /* one odd record is no limit for all */
    assert_int_equal(hf_pace_size(&p), HF_PACE_MIN);
    for (int i = 0; i < 50; i++)
        hf_pace_stored(&p, hf_pace_size(&p), 1, true);
    assert_int_equal(hf_pace_size(&p), HF_PACE_MIN);
}

static void
the_cap_holds_over_time(void **state)
{
    struct hf_pace p;
    int64_t now = 1000, sent = 0;

    (void)state;
    hf_pace_begin(&p, HF_PACE_MAX, 10000);
    while (now < 61000) {
        int64_t wait = hf_pace_wait_ms(&p, now);

        if (wait) {
            now += wait;
            continue;
        }
        hf_pace_sent(&p, 7000);
        sent += 7000;
    }
    assert_in_range(sent, 60 * 10000 - 10000, 60 * 10000 + 17000);
    hf_pace_begin(&p, HF_PACE_MAX, 0);
    hf_pace_sent(&p, INT64_MAX);
    assert_int_equal(hf_pace_wait_ms(&p, 1), 0);
}

/* Half of the shortest lines of a lease, each refused with a long reason. */
static void
refusals_stay_within_an_acknowledgement(void **state)
{
    enum { RECORDS = 20000, TAKEN = 4 * 1024 * 1024, AROUND = 64 };
    struct hf_refusals r = {0};
    size_t bytes = 0;
    char reason[200];

    (void)state;
    memset(reason, '"', sizeof reason - 1); /* each takes two bytes in JSON */
    reason[sizeof reason - 1] = '\0';
    for (int round = 0; round < 2; round++) {
        for (uint64_t i = 0; i < RECORDS; i++)
            assert_int_equal(hf_refusals_add(&r, i + 1, 400, reason, NULL), 0);
        assert_int_equal(r.count, RECORDS);
        assert_string_equal(r.items[0].reason, reason);
        bytes = 0;
        for (size_t i = 0; i < r.count; i++)
            bytes += AROUND + 2 * strlen(r.items[i].reason);
        assert_in_range(bytes, 1, TAKEN);
        hf_refusals_clear(&r);
    }
    hf_refusals_done(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_means),
        cmocka_unit_test(pain_09_a_circuit_waits_with_jitter_and_probes),
        cmocka_unit_test(retry_after_is_honoured_within_reason),
        cmocka_unit_test(bisection_finds_every_poisoned_line),
        cmocka_unit_test(a_part_that_was_stored_is_not_sent_again),
        cmocka_unit_test(what_goes_back_goes_in_small_steps),
        cmocka_unit_test(a_suspect_is_cleared_up_by_what_is_taken_after_it),
        cmocka_unit_test(each_blame_looks_further),
        cmocka_unit_test(batches_grow_while_it_helps),
        cmocka_unit_test(what_was_too_large_is_remembered),
        cmocka_unit_test(the_cap_holds_over_time),
        cmocka_unit_test(refusals_stay_within_an_acknowledgement),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
