// SPDX-License-Identifier: Apache-2.0
/* What a service still holds when it ends: tests/integration has the rest of the pump. */
#include "common/pump.h"

#include "common/record.h"
#include "common/stop.h"
#include "unit.h"

#include <string.h>

/* Portions that are due at the end, one a call, a letter for each record. */
struct held {
    const char *const *portions;
    unsigned calls_before_end;
    struct hf_buf committed;
    unsigned commits;
    bool away;
};

static size_t
due(void *work, bool ending, struct hf_buf *frames, int *wait_ms)
{
    struct held *h = work;
    const char *portion = ending ? *h->portions : NULL;

    (void)wait_ms;
    h->calls_before_end += !ending;
    if (!portion)
        return 0;
    h->portions++;
    for (const char *c = portion; *c; c++) {
        const struct hf_record r = {
            .time_ms = 1, .topic = "t", .topic_len = 1, .payload = c, .payload_len = 1};

        assert_int_equal(hf_record_encode(&r, frames, NULL), 0);
    }
    return strlen(portion);
}

static int
commit(void *ctx, const char *frames, size_t len, size_t count, int64_t *ret_left,
       struct hf_error *err)
{
    struct held *h = ctx;
    struct hf_record r;
    size_t at = 0, seen = 0;

    *ret_left = 0;
    h->commits++;
    if (h->away)
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "not now");
    for (; hf_record_decode(frames, len, &at, &r, err) > 0; seen++)
        assert_int_equal(hf_buf_add(&h->committed, r.payload, 1, err), 0);
    assert_int_equal(seen, count);
    return 0;
}

static void
run(struct held *h)
{
    HF_AUTO(hf_pump) struct hf_pump *p = NULL;
    const struct hf_pump_options options = {
        .consumer = {.broker = {.host = "127.0.0.1", .port = 1},
                     .client_id = "test",
                     .filter = "#"},
        .strip = "",
        .due = due,
        .work = h,
        .commit = commit,
        .ctx = h,
    };

    h->committed = HF_BUF_INIT(4096);
    assert_int_equal(hf_pump_new(&options, &p, NULL), 0);
    hf_pump_run(p); /* the service is to stop already */
}

static void
all_that_is_left_is_given_at_the_end(void **state)
{
    static const char *const portions[] = {"ab", "c", "def", NULL};
    struct held h = {.portions = portions};

    (void)state;
    run(&h);
    assert_int_equal(h.calls_before_end, 0);
    assert_int_equal(h.commits, 3);
    assert_int_equal(h.committed.len, 6);
    assert_memory_equal(h.committed.data, "abcdef", 6);
    hf_buf_done(&h.committed);
}

static void
a_buffer_that_is_away_is_tried_once(void **state)
{
    static const char *const portions[] = {"ab", "c", NULL};
    struct held h = {.portions = portions, .away = true};

    (void)state;
    run(&h);
    assert_int_equal(h.commits, 1);
    assert_int_equal(h.committed.len, 0);
}

static int
stop(void **state)
{
    (void)state;
    assert_int_equal(hf_stop_init(NULL), 0);
    hf_stop_now();
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_is_left_is_given_at_the_end),
        cmocka_unit_test(a_buffer_that_is_away_is_tried_once),
    };

    return cmocka_run_group_tests(tests, stop, NULL);
}
