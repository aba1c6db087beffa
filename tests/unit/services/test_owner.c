// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "buffer/block.h"
#include "buffer/owner_private.h"
#include "records.h"
#include "tempdir.h"

#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/resource.h>

static struct hf_buffer_settings *
settings(int window_ms, const char *sinks)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_buffer_settings *s = NULL;
    char text[256];

    snprintf(text, sizeof text,
             "{\"gateway\":\"hf-1\",\"window_ms\":%d,\"max_bytes\":67108864,\"sinks\":[%s]}",
             window_ms, sinks);
    assert_int_equal(hf_json_parse(text, strlen(text), &doc, NULL), 0);
    assert_int_equal(hf_buffer_settings_read(doc, &s, NULL), 0);
    return s;
}

static struct hf_owner *
start(const char *dir, int window_ms)
{
    HF_AUTO(hf_buffer_settings) struct hf_buffer_settings *s = settings(window_ms, "\"up\"");
    struct hf_owner *o = NULL;

    assert_int_equal(hf_owner_start(dir, s, &o, NULL), 0);
    return o;
}

static int
append(struct hf_owner *o, unsigned count, struct hf_error *err)
{
    HF_AUTO(hf_buffer_settings) struct hf_buffer_settings *s = hf_owner_settings(o);
    HF_AUTO_BUF struct hf_buf frames = HF_BUF_INIT(HF_RECORD_BODY_MAX);
    HF_AUTO_BATCH struct hf_batch batch = HF_BATCH_INIT;
    uint64_t first, last;
    int rc;

    records_number(&frames, 0, count, 100);
    assert_int_equal(hf_batch_from_frames(&batch, frames.data, frames.len, s, NULL), 0);
    rc = hf_owner_append(o, &batch, &first, &last, err);
    if (rc == 0)
        assert_int_equal(last - first + 1, count);
    return rc;
}

static struct hf_lease_ask
ask(size_t max_bytes, int64_t wait_ms)
{
    return (struct hf_lease_ask){.sink = "up",
                                 .lane = HF_LANE_NORMAL,
                                 .max_bytes = max_bytes,
                                 .wait_ms = wait_ms,
                                 .lease_ms = 60000};
}

static int
ack(struct hf_owner *o, const struct hf_lease *l, struct hf_error *err)
{
    struct hf_ack_ask a = {
        .sink = "up", .lane = HF_LANE_NORMAL, .first = l->first, .last = l->last};

    memcpy(a.epoch, l->epoch, sizeof a.epoch);
    return hf_owner_ack(o, &a, err);
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
        struct hf_lease_ask a = ask(4000, 5000);
        struct hf_lease l = {0};

        assert_int_equal(hf_owner_lease(arg, &a, &l, NULL), 1);
        hf_buf_done(&l.body);
        assert_int_equal(l.first, next);
        assert_int_equal(ack(arg, &l, NULL), 0);
        next = l.last + 1;
    }
    return NULL;
}

static void
many_at_once_share_commits(void **state)
{
    HF_AUTO(hf_owner) struct hf_owner *o = start(*state, 20);
    pthread_t producers[PRODUCERS], consumer;
    struct hf_owner_view v;

    assert_int_equal(pthread_create(&consumer, NULL, consume, o), 0);
    for (int i = 0; i < PRODUCERS; i++)
        assert_int_equal(pthread_create(&producers[i], NULL, produce, o), 0);
    for (int i = 0; i < PRODUCERS; i++)
        pthread_join(producers[i], NULL);
    pthread_join(consumer, NULL);
    hf_owner_look(o, &v);
    assert_int_equal(v.status.books.accepted, PRODUCERS * ROUNDS * PER_ROUND);
    assert_int_equal(v.status.books.delivered, v.status.books.accepted);
    assert_int_equal(v.status.books.held, 0);
    assert_true(v.status.commits < PRODUCERS * ROUNDS);
    assert_true(v.commit_max_ms >= v.commit_ms);
    assert_true(v.open);
}

static void
the_window_bounds_the_commits(void **state)
{
    enum { WINDOW_MS = 1500 }; /* so long that a slow machine is told from one that waits */
    HF_AUTO(hf_owner) struct hf_owner *o = start(*state, WINDOW_MS);
    HF_AUTO(hf_buffer_settings) struct hf_buffer_settings *quick = settings(0, "\"up\"");
    int64_t begin;

    assert_int_equal(append(o, 1, NULL), 0);
    begin = hf_clock_mono_ms();
    assert_int_equal(append(o, 1, NULL), 0); /* waits for the window to end */
    assert_in_range(hf_clock_mono_ms() - begin, WINDOW_MS - 100, 10 * WINDOW_MS);
    begin = hf_clock_mono_ms();
    assert_int_equal(append(o, HF_COMMIT_RECORDS, NULL), 0); /* enough to go at once */
    assert_in_range(hf_clock_mono_ms() - begin, 0, WINDOW_MS / 2);
    hf_owner_configure(o, quick); /* and the window changes while it runs */
    begin = hf_clock_mono_ms();
    assert_int_equal(append(o, 1, NULL), 0);
    assert_int_equal(append(o, 1, NULL), 0);
    assert_in_range(hf_clock_mono_ms() - begin, 0, WINDOW_MS / 2);
}

static void *
append_one(void *arg)
{
    assert_int_equal(append(arg, 1, NULL), 0);
    return NULL;
}

static void
an_ack_alone_waits_for_the_window(void **state)
{
    HF_AUTO(hf_owner) struct hf_owner *o = start(*state, 400);
    struct hf_lease_ask a = ask(1000, 1000);
    struct hf_lease l = {0};
    int64_t begin = hf_clock_mono_ms();

    assert_int_equal(append(o, 1, NULL), 0);
    assert_int_equal(hf_owner_lease(o, &a, &l, NULL), 1);
    hf_buf_done(&l.body);
    assert_int_equal(ack(o, &l, NULL), 0);
    assert_in_range(hf_clock_mono_ms() - begin, 300, 3000);
}

/* Said twice, the second time when the next span is out: that one stays its holder's. */
static void
a_repeated_ack_leaves_the_present_lease(void **state)
{
    HF_AUTO(hf_owner) struct hf_owner *o = start(*state, 0);
    struct hf_lease_ask a = ask(1, 1000), other;
    struct hf_lease first = {0}, second = {0}, none = {0};
    struct hf_error err = {0};

    assert_int_equal(append(o, 1, NULL), 0);
    assert_int_equal(append(o, 1, NULL), 0);
    assert_int_equal(hf_owner_lease(o, &a, &first, NULL), 1);
    assert_int_equal(ack(o, &first, NULL), 0);
    assert_int_equal(hf_owner_lease(o, &a, &second, NULL), 1);
    assert_int_equal(ack(o, &first, NULL), 0);
    other = a;
    strcpy(other.holder, "another");
    assert_int_equal(hf_owner_lease(o, &other, &none, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_int_equal(ack(o, &second, NULL), 0);
    hf_buf_done(&first.body);
    hf_buf_done(&second.body);
}

static void
an_ack_with_more_behind_does_not(void **state)
{
    HF_AUTO(hf_owner) struct hf_owner *o = start(*state, 2000);
    struct hf_lease_ask a = ask(1000, 1000);
    struct hf_lease l = {0};
    pthread_t waiting;
    int64_t begin;

    assert_int_equal(append(o, HF_COMMIT_RECORDS, NULL), 0);
    assert_int_equal(append(o, HF_COMMIT_RECORDS, NULL), 0);
    begin = hf_clock_mono_ms();
    assert_int_equal(pthread_create(&waiting, NULL, append_one, o), 0);
    assert_int_equal(hf_owner_lease(o, &a, &l, NULL), 1);
    hf_buf_done(&l.body);
    assert_int_equal(ack(o, &l, NULL), 0);
    assert_in_range(hf_clock_mono_ms() - begin, 0, 1000);
    pthread_join(waiting, NULL); /* the record has waited for its window all the same */
    assert_in_range(hf_clock_mono_ms() - begin, 1200, 5000);
}

/* Pure: when acknowledgements that wait are due, with the last commits begun at 1000 and 900. */
static int64_t
due_with(bool urgent, size_t given_back, unsigned count)
{
    struct hf_command acks[4] = {0};
    struct hf_command_queue q;

    hf_queue_init(&q);
    for (unsigned i = 0; i < count; i++) {
        acks[i] =
            (struct hf_command){.kind = HF_COMMAND_ACK, .urgent = urgent, .given_back = given_back};
        hf_queue_add(&q, &acks[i]);
    }
    return hf_queue_acks_due_ms(&q, 500, 1000, 900);
}

static void
acks_for_much_are_due_at_once(void **state)
{
    (void)state;
    assert_in_range(due_with(false, 0, 1), 1400, 1500);
    assert_in_range(due_with(true, 1, 1), 1001, 1100);
    assert_in_range(due_with(true, HF_COMMIT_ACKED_BYTES - 1, 1), 1001, 1100);
    assert_int_equal(due_with(true, HF_COMMIT_ACKED_BYTES, 1), 0);
    assert_int_equal(due_with(true, HF_COMMIT_ACKED_BYTES / 4, 4), 0); /* of several sinks */
}

/* Makes every acknowledgement fail half done, as a fault of the store would. */
static void
spoil_acks(const char *dir)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(tempdir_path(dir, "buffer.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "CREATE TRIGGER spoil BEFORE DELETE ON block "
                                  "BEGIN SELECT RAISE(FAIL, 'spoiled'); END",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
}

/* An acknowledgement that cannot be done must not hold up what comes in with it. */
static void
records_are_stored_beside_an_ack_that_fails(void **state)
{
    struct hf_owner *o = start(*state, 400);
    struct hf_lease_ask a = ask(1, 1000);
    struct hf_lease l = {0};
    struct hf_owner_view v;
    pthread_t later;

    hf_owner_stop(o);
    spoil_acks(*state); /* while nobody has it open, for it is locked else */
    o = start(*state, 400);
    assert_int_equal(append(o, 1, NULL), 0);
    assert_int_equal(hf_owner_lease(o, &a, &l, NULL), 1);
    hf_buf_done(&l.body);
    assert_int_equal(pthread_create(&later, NULL, append_one, o), 0);
    assert_int_equal(ack(o, &l, NULL), -1);
    pthread_join(later, NULL); /* it asserts that its record is stored */
    hf_owner_look(o, &v);
    assert_int_equal(v.status.books.accepted, 2);
    assert_int_equal(v.status.books.held, 2);
    hf_owner_stop(o);
}

static void
a_lease_waits_for_the_first_record(void **state)
{
    HF_AUTO(hf_owner) struct hf_owner *o = start(*state, 20);
    struct hf_lease_ask a = ask(1000, 150);
    struct hf_lease l = {0};
    int64_t begin = hf_clock_mono_ms();
    pthread_t later;

    assert_int_equal(hf_owner_lease(o, &a, &l, NULL), 0);
    assert_in_range(hf_clock_mono_ms() - begin, 140, 3000);
    assert_int_equal(pthread_create(&later, NULL, append_one, o), 0);
    a.wait_ms = 10000;
    begin = hf_clock_mono_ms();
    assert_int_equal(hf_owner_lease(o, &a, &l, NULL), 1);
    assert_in_range(hf_clock_mono_ms() - begin, 0, 5000);
    hf_buf_done(&l.body);
    pthread_join(later, NULL);
}

static int
read_nothing(struct hf_spool *spool, void *ctx, struct hf_error *err)
{
    assert_non_null(spool);
    return *(int *)ctx < 0 ? hf_error_set(err, HF_ERROR_INVALID, "as asked for") : *(int *)ctx;
}

static void
work_is_done_on_the_owners_thread(void **state)
{
    HF_AUTO(hf_owner) struct hf_owner *o = start(*state, 20);
    struct hf_error err = {0};
    int wanted = 7;

    assert_int_equal(hf_owner_read(o, read_nothing, &wanted, &err), 7);
    assert_int_equal(hf_owner_change(o, read_nothing, &wanted, &err), 7);
    wanted = -1;
    assert_int_equal(hf_owner_change(o, read_nothing, &wanted, &err), -1);
    assert_int_equal(err.class, HF_ERROR_INVALID);
    assert_int_equal(append(o, 1, NULL), 0); /* a change that failed left nothing open */
}

static void
a_store_that_cannot_be_opened_is_said(void **state)
{
    HF_AUTO(hf_owner) struct hf_owner *o = NULL;
    struct hf_error err = {0};
    struct hf_owner_view v = {0};
    char reason[256];

    o = start(tempdir_path(*state, "not-there"), 20);
    assert_int_equal(append(o, 1, &err), -1);
    assert_int_equal(err.class, HF_ERROR_UNAVAILABLE);
    hf_owner_look(o, &v);
    assert_false(v.open);
    assert_string_not_equal(v.full, "");
    assert_string_equal(hf_owner_state(&v, reason, sizeof reason), "degraded");
    assert_string_equal(reason, v.full);
    /* Once it can be, it is. */
    assert_int_equal(mkdir(tempdir_path(*state, "not-there"), 0700), 0);
    for (int i = 0; i < 100 && append(o, 1, &err) < 0; i++)
        usleep(50000);
    hf_owner_look(o, &v);
    assert_true(v.open);
    assert_string_equal(hf_owner_state(&v, reason, sizeof reason), "ok");
}

/* What is in it is not touched while there is no room to save it, and saved once there is. */
static void
a_damaged_store_waits_for_room(void **state)
{
    static const char no_room[] = "{\"gateway\":\"hf-1\",\"window_ms\":0,\"sinks\":[\"up\"],"
                                  "\"keep_free_bytes\":1099511627776}";
    HF_AUTO(hf_buffer_settings) struct hf_buffer_settings *tight = NULL;
    HF_AUTO(hf_buffer_settings) struct hf_buffer_settings *roomy = settings(0, "\"up\"");
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    HF_AUTO(hf_owner) struct hf_owner *o = NULL;
    struct hf_error err = {0};
    struct hf_owner_view v = {0};
    char reason[256];

    assert_int_equal(hf_json_parse(no_room, strlen(no_room), &doc, NULL), 0);
    assert_int_equal(hf_buffer_settings_read(doc, &tight, NULL), 0);
    tempdir_write(*state, "buffer.db", "damaged", 7);
    assert_int_equal(hf_owner_start(*state, tight, &o, NULL), 0);
    assert_int_equal(append(o, 1, &err), -1);
    assert_int_equal(err.class, HF_ERROR_UNAVAILABLE);
    hf_owner_look(o, &v);
    assert_string_equal(hf_owner_state(&v, reason, sizeof reason), "degraded");
    assert_non_null(strstr(reason, "the store is damaged"));
    hf_owner_configure(o, roomy);
    for (int i = 0; i < 100 && append(o, 1, &err) < 0; i++)
        usleep(50000);
    hf_owner_look(o, &v);
    assert_true(v.open);
    assert_non_null(strstr(v.alarm, "built anew"));
}

/* From now on no file can be written past so many bytes. */
static void
limit_files(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* What is written is counted by the process: what it was written for must not begin anew with the
 * store, or a fault of the disk would look like wear. */
static void
what_was_accepted_is_counted_over_a_fault_of_the_disk(void **state)
{
    HF_AUTO(hf_owner) struct hf_owner *o = start(*state, 0);
    struct hf_owner_view before, after;
    struct hf_error err = {0};

    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(append(o, 10, NULL), 0);
    hf_owner_look(o, &before);
    assert_true(before.status.payload_bytes > 0);
    limit_files(1);
    assert_int_equal(append(o, 10, &err), -1);
    do
        hf_owner_look(o, &after);
    while (after.open && usleep(10000) == 0);
    limit_files(RLIM_INFINITY);
    while (append(o, 10, &err) < 0)
        usleep(50000);
    hf_owner_look(o, &after);
    assert_int_equal(after.status.books.accepted, 20);
    assert_int_equal(after.status.payload_bytes, 2 * before.status.payload_bytes);
    assert_true(after.status.commits > before.status.commits);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(many_at_once_share_commits),
        with_tempdir(the_window_bounds_the_commits),
        with_tempdir(an_ack_alone_waits_for_the_window),
        with_tempdir(an_ack_with_more_behind_does_not),
        cmocka_unit_test(acks_for_much_are_due_at_once),
        with_tempdir(records_are_stored_beside_an_ack_that_fails),
        with_tempdir(a_repeated_ack_leaves_the_present_lease),
        with_tempdir(a_lease_waits_for_the_first_record),
        with_tempdir(work_is_done_on_the_owners_thread),
        with_tempdir(a_store_that_cannot_be_opened_is_said),
        with_tempdir(a_damaged_store_waits_for_room),
        with_tempdir(what_was_accepted_is_counted_over_a_fault_of_the_disk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
