// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "buffer/owner.h"
#include "records.h"
#include "tempdir.h"

#include <pthread.h>
#include <stdatomic.h>

static const struct hf_owner_settings quick = {
    .gateway = "hf-1", .window_ms = 20, .max_bytes = 64LL * 1024 * 1024};

static struct hf_owner *
start(const char *dir, const struct hf_owner_settings *settings)
{
    struct hf_owner *o = NULL;

    assert_int_equal(hf_owner_start(dir, settings, &o, NULL), 0);
    return o;
}

static int
append(struct hf_owner *o, unsigned count, struct hf_error *err)
{
    HF_AUTO_BUF struct hf_buf frames = HF_BUF_INIT(HF_RECORD_BODY_MAX);
    uint64_t first, last;
    int rc;

    records_number(&frames, 0, count, 100);
    rc = hf_owner_append(o, frames.data, frames.len, count, &first, &last, err);
    if (rc == 0)
        assert_int_equal(last - first + 1, count);
    return rc;
}

enum { PRODUCERS = 8, ROUNDS = 40, PER_ROUND = 5 };

static void *
produce(void *arg)
{
    for (int i = 0; i < ROUNDS; i++)
        assert_int_equal(append(arg, PER_ROUND, NULL), 0);
    return NULL;
}

static void *
consume(void *arg)
{
    uint64_t next = 1;

    while (next <= PRODUCERS * ROUNDS * PER_ROUND) {
        HF_AUTO_BUF struct hf_buf lines = HF_BUF_INIT(1 << 20);
        struct hf_lease l;
        int rc = hf_owner_lease(arg, 4000, 5000, &l, &lines, NULL);

        assert_int_equal(rc, 1);
        assert_int_equal(l.first, next);
        assert_int_equal(hf_owner_ack(arg, l.epoch, l.first, l.last, NULL), 0);
        next = l.last + 1;
    }
    return NULL;
}

static void
many_at_once_share_commits(void **state)
{
    HF_AUTO(hf_owner) struct hf_owner *o = start(*state, &quick);
    pthread_t producers[PRODUCERS], consumer;
    struct hf_owner_view v;

    assert_int_equal(pthread_create(&consumer, NULL, consume, o), 0);
    for (int i = 0; i < PRODUCERS; i++)
        assert_int_equal(pthread_create(&producers[i], NULL, produce, o), 0);
    for (int i = 0; i < PRODUCERS; i++)
        pthread_join(producers[i], NULL);
    pthread_join(consumer, NULL);
    hf_owner_look(o, &v);
    assert_int_equal(v.books.accepted, PRODUCERS * ROUNDS * PER_ROUND);
    assert_int_equal(v.books.delivered, v.books.accepted);
    assert_int_equal(v.books.held, 0);
    assert_true(v.open);
}

static void
the_window_bounds_the_commits(void **state)
{
    struct hf_owner_settings slow = quick;
    HF_AUTO(hf_owner) struct hf_owner *o = NULL;
    int64_t begin;

    slow.window_ms = 150;
    o = start(*state, &slow);
    assert_int_equal(append(o, 1, NULL), 0);
    begin = hf_clock_mono_ms();
    assert_int_equal(append(o, 1, NULL), 0); /* waits for the window to end */
    assert_in_range(hf_clock_mono_ms() - begin, 100, 2000);
    begin = hf_clock_mono_ms();
    assert_int_equal(append(o, HF_COMMIT_RECORDS, NULL), 0); /* enough to go at once */
    assert_in_range(hf_clock_mono_ms() - begin, 0, 120);
}

static void
a_lease_waits_for_the_first_record(void **state)
{
    HF_AUTO(hf_owner) struct hf_owner *o = start(*state, &quick);
    HF_AUTO_BUF struct hf_buf lines = HF_BUF_INIT(1 << 20);
    int64_t begin = hf_clock_mono_ms();
    struct hf_lease l;

    assert_int_equal(hf_owner_lease(o, 1000, 150, &l, &lines, NULL), 0);
    assert_in_range(hf_clock_mono_ms() - begin, 140, 3000);
}

static void
acks_go_on_when_appends_find_no_room(void **state)
{
    struct hf_owner_settings tiny = quick;
    HF_AUTO(hf_owner) struct hf_owner *o = NULL;
    HF_AUTO_BUF struct hf_buf lines = HF_BUF_INIT(64 << 20);
    struct hf_error err = {0};
    struct hf_owner_view v;
    struct hf_lease l;

    tiny.max_bytes = 4 << 20;
    o = start(*state, &tiny);
    while (append(o, 500, &err) == 0)
        ;
    assert_int_equal(err.class, HF_ERROR_NO_SPACE);
    hf_owner_look(o, &v);
    assert_string_not_equal(v.full, "");
    assert_int_equal(hf_owner_lease(o, 32 << 20, 0, &l, &lines, NULL), 1);
    assert_int_equal(hf_owner_ack(o, l.epoch, l.first, l.last, NULL), 0);
    for (int i = 0; i < 50 && *v.full; i++) {
        usleep(100000);
        hf_owner_look(o, &v);
    }
    assert_string_equal(v.full, "");
    assert_int_equal(append(o, 1, NULL), 0);
}

static void
a_store_that_cannot_be_opened_is_said(void **state)
{
    HF_AUTO(hf_owner) struct hf_owner *o = NULL;
    struct hf_error err = {0};
    struct hf_owner_view v = {0};

    o = start(tempdir_path(*state, "not-there"), &quick);
    assert_int_equal(append(o, 1, &err), -1);
    assert_int_equal(err.class, HF_ERROR_UNAVAILABLE);
    hf_owner_look(o, &v);
    assert_false(v.open);
    assert_string_not_equal(v.full, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(many_at_once_share_commits),
        with_tempdir(the_window_bounds_the_commits),
        with_tempdir(a_lease_waits_for_the_first_record),
        with_tempdir(acks_go_on_when_appends_find_no_room),
        with_tempdir(a_store_that_cannot_be_opened_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
