// SPDX-License-Identifier: Apache-2.0
/* Whom a refusal for good is blamed on: the record, once the sink took another one after it, and
 * the sink else. */
#include "uplink_stand.h"

#include <stdlib.h>
#include <unistd.h>

static const char bad[] = "\"payload\":\"poison\"";
static const char good[] = "\"payload\":1";

static void
refuse(struct stand *s, const char *poison, int status)
{
    tell(s, s->poison = poison);
    tell(s, s->poison_status = status);
}

static void
put_rows(struct stand *s, size_t count, const char *topic, const char *tail)
{
    for (size_t i = 0; i < count; i++)
        fake_buffer_put_one(s->buffer, 1, topic, tail);
}

/* How often new settings had to end a wait until nothing was held. */
static unsigned
urge_until_delivered(struct stand *s)
{
    struct hf_worker_view v;

    for (int ms = 0; ms < WAIT_MS && fake_buffer_held(s->buffer, "up"); ms += 10) {
        hf_worker_look(s->worker, &v);
        if (v.next_try_ms)
            hf_worker_again(s->worker);
        usleep(10000);
    }
    assert_int_equal(fake_buffer_held(s->buffer, "up"), 0);
    hf_worker_look(s->worker, &v);
    return (unsigned)v.failures;
}

static void
a_poisoned_record_does_not_hold_its_batch(void **state)
{
    struct stand *s = *state;
    HF_AUTO_FREE char *refused = NULL;
    struct hf_worker_view v;

    refuse(s, "poison", 400);
    fake_buffer_gather(s->buffer, true);
    fake_buffer_put(s->buffer, 1, 100, 100);
    fake_buffer_put_one(s->buffer, 1, "t/1", bad); /* 101 */
    fake_buffer_put(s->buffer, 1, 100, 100);
    fake_buffer_put_one(s->buffer, 1, "t/2", bad); /* 202 */
    fake_buffer_put(s->buffer, 1, 1, 100);
    fake_buffer_gather(s->buffer, false);
    stand_start(s, ",\"encoding\":\"zstd\"");
    stand_wait_for_held(s, 0);
    refused = fake_buffer_refused(s->buffer);
    assert_string_equal(refused, "101:400:the uplink answers 400: no \"good\";"
                                 "202:400:the uplink answers 400: no \"good\";");
    for (unsigned n = 1; n <= 203; n++)
        assert_int_equal(stand_stored(s, n), n == 101 || n == 202 ? 0 : 1);
    assert_true(s->count < 40);
    v = stand_wait_for_counts(s, 201, 2);
    assert_int_equal(v.failures, 0);
    assert_int_equal(v.requests, stand_requests(s));
}

static void
a_single_record_too_large_is_set_aside(void **state)
{
    struct stand *s = *state;

    tell(s, s->max_body = 20000);
    fake_buffer_gather(s->buffer, true);
    fake_buffer_put(s->buffer, 1, 20, 100);
    fake_buffer_put(s->buffer, 1, 1, 30000);
    fake_buffer_put(s->buffer, 1, 20, 100);
    stand_start(s, "");
    stand_wait_for_held(s, 0);
    assert_int_equal(fake_buffer_refused_count(s->buffer), 1);
    for (unsigned n = 1; n <= 41; n++)
        assert_int_equal(stand_stored(s, n), n != 21);
}

/* One lane, one record a lease: what it took before tells, at the price of a repeat. */
static void
every_never_sets_a_single_record_aside(void **state)
{
    static const int statuses[] = {400, 404, 405, 410, 413, 415, 422, 431, 499};
    struct stand *s = *state;
    struct hf_worker_view v;

    put_rows(s, 1, "t/1", good);
    stand_start(s, "");
    stand_wait_for_held(s, 0);
    for (size_t i = 0; i < HF_LEN(statuses); i++) {
        HF_AUTO_FREE char *refused = NULL;
        char item[32];

        refuse(s, "poison", statuses[i]);
        put_rows(s, 1, "t/1", bad);
        stand_wait_for_held(s, 0);
        refused = fake_buffer_refused(s->buffer);
        snprintf(item, sizeof item, "%zu:%d:", i + 2, statuses[i]);
        assert_non_null(strstr(refused, item));
    }
    v = stand_wait_for_counts(s, 1, HF_LEN(statuses));
    assert_int_equal(v.failures, 0);
    assert_int_equal(stand_stored(s, 1), 1 + HF_LEN(statuses));
}

/* Nothing is set aside on the word of a sink that takes nothing: all of it waits, in its order. */
static void
a_mistyped_address_costs_no_record(void **state)
{
    struct stand *s = *state;
    struct hf_worker_view first, v;
    unsigned before = 0;

    refuse(s, "payload", 404);
    fake_buffer_put(s->buffer, 1, 200, 100);
    stand_start(s, "");
    first = stand_wait_for_state(s, HF_WORKER_REFUSED);
    assert_int_equal(first.last_status, 404);
    assert_non_null(strstr(first.last_error, "nothing that was tried is taken (16 records"));
    assert_non_null(strstr(first.last_error, "the uplink answers 404"));
    assert_true(stand_requests(s) < 60);
    for (v = first; v.failures < 2 || v.state != HF_WORKER_REFUSED;) {
        if (v.state == HF_WORKER_REFUSED)
            hf_worker_again(s->worker);
        usleep(10000);
        hf_worker_look(s->worker, &v);
        assert_true(v.refused); /* it is not well in between */
        assert_int_equal(v.away_since_ms, first.away_since_ms);
    }
    assert_int_equal(fake_buffer_held(s->buffer, "up"), 200);
    assert_int_equal(fake_buffer_refused_count(s->buffer), 0);
    stand_forget(s);
    refuse(s, NULL, 0);
    hf_worker_again(s->worker);
    stand_wait_for_held(s, 0);
    for (unsigned n = 1; n <= 200; n++)
        assert_int_equal(stand_stored(s, n), 1);
    for (size_t i = 0; i < s->count; i++) {
        unsigned at = (unsigned)strtoul(strstr(s->seen[i].lines, "\"seq\":") + 6, NULL, 10);

        assert_true(at > before);
        before = at;
    }
    hf_worker_look(s->worker, &v);
    assert_false(v.refused);
    assert_int_equal(v.away_since_ms, 0);
}

/* The first try after the sink was blamed is a single record, not the batch again. */
static void
a_sink_that_was_blamed_is_probed_with_little(void **state)
{
    struct stand *s = *state;
    size_t most = 0;

    refuse(s, "payload", 404);
    fake_buffer_put(s->buffer, 1, 1000, 500);
    stand_start(s, ",\"encoding\":\"identity\"");
    (void)stand_wait_for_state(s, HF_WORKER_REFUSED);
    stand_forget(s);
    hf_worker_again(s->worker);
    while (!stand_requests(s))
        usleep(10000);
    (void)stand_wait_for_state(s, HF_WORKER_REFUSED);
    for (size_t i = 0; i < s->count; i++)
        most = s->seen[i].bytes > most ? s->seen[i].bytes : most;
    assert_in_range(s->seen[0].bytes, 500, 1000);
    assert_true(most < 20000);
}

/* What it took is not sent again, and what was cleared up stays so. */
static void
blame_goes_back_to_the_first_suspect_only(void **state)
{
    struct stand *s = *state;
    struct hf_worker_view v;

    refuse(s, "poison", 404);
    fake_buffer_gather(s->buffer, true);
    put_rows(s, 1, "t/1", bad); /* cleared up by what follows it */
    put_rows(s, 3, "t/1", good);
    put_rows(s, 2, "t/1", "\"payload\":\"poison, last\"");
    fake_buffer_gather(s->buffer, false);
    tell(s, s->last_word = "last"); /* from then on nothing is taken */
    stand_start(s, "");
    v = stand_wait_for_state(s, HF_WORKER_REFUSED);
    assert_non_null(strstr(v.last_error, "(2 records refused)"));
    assert_int_equal(fake_buffer_held(s->buffer, "up"), 6);
    tell(s, s->last_word = NULL);
    stand_forget(s);
    hf_worker_again(s->worker);
    stand_wait_for_held(s, 0);
    assert_int_equal(fake_buffer_refused_count(s->buffer), 3);
    for (unsigned n = 2; n <= 3; n++)
        assert_int_equal(stand_stored(s, n), 0);
}

/* One by one, as they come on an idle gateway, and nothing before them: they wait until there is
 * something else. */
static void
without_anything_else_suspects_wait(void **state)
{
    struct stand *s = *state;

    refuse(s, "poison", 400);
    put_rows(s, 20, "t/1", bad);
    put_rows(s, 1, "t/1", good);
    stand_start(s, "");
    (void)stand_wait_for_state(s, HF_WORKER_REFUSED);
    assert_int_equal(fake_buffer_refused_count(s->buffer), 0);
    assert_int_equal(fake_buffer_held(s->buffer, "up"), 21);
    fake_buffer_put(s->buffer, 0, 1, 100);
    assert_int_equal(urge_until_delivered(s), 1);
    assert_int_equal(fake_buffer_refused_count(s->buffer), 20);
    assert_int_equal(stand_stored(s, 21), 1);
}

/* As after a restart: the sink has taken nothing yet, and all there is are records of one lane. */
static void
what_comes_behind_a_refused_record_absolves_the_uplink(void **state)
{
    struct stand *s = *state;

    refuse(s, "poison", 400);
    put_rows(s, 1, "t/1", bad);
    stand_start(s, "");
    (void)stand_wait_for_state(s, HF_WORKER_REFUSED);
    assert_int_equal(fake_buffer_refused_count(s->buffer), 0);
    put_rows(s, 1, "t/1", good);
    assert_int_equal(urge_until_delivered(s), 1);
    assert_int_equal(fake_buffer_refused_count(s->buffer), 1);
    assert_int_equal(stand_stored(s, 2), 2); /* as a witness, and in its turn */
}

/* Nothing overtakes a record of its own topic that may still be taken. */
static void
a_witness_from_behind_keeps_the_order_of_its_topic(void **state)
{
    struct stand *s = *state;

    refuse(s, "payload", 400);
    fake_buffer_gather(s->buffer, true);
    put_rows(s, 20, "t/1", good);
    fake_buffer_gather(s->buffer, false);
    put_rows(s, 1, "t/1", good); /* 21 */
    stand_start(s, "");
    (void)stand_wait_for_state(s, HF_WORKER_REFUSED);
    for (size_t i = 0; i < s->count; i++)
        assert_null(strstr(s->seen[i].lines, "\"seq\":21,"));
}

static void
a_row_of_refused_records_does_not_hold_what_is_behind(void **state)
{
    struct stand *s = *state;
    struct hf_worker_view v;

    refuse(s, "poison", 422);
    put_rows(s, 1, "t/1", good);
    put_rows(s, 40, "t/1", bad);
    put_rows(s, 1, "t/1", good);
    stand_start(s, "");
    stand_wait_for_held(s, 0);
    hf_worker_look(s->worker, &v);
    assert_int_equal(v.failures, 0);
    assert_int_equal(fake_buffer_refused_count(s->buffer), 40);
    assert_int_equal(stand_stored(s, 42), 1);
}

/* A sink may answer for what it had without looking at it. */
static void
a_repeat_vouches_for_so_many_only(void **state)
{
    enum { ROW = 300, MOST = 256 };
    struct stand *s = *state;

    refuse(s, "poison", 422);
    put_rows(s, 1, "t/1", good);
    put_rows(s, ROW, "t/1", bad);
    stand_start(s, "");
    (void)stand_wait_for_state(s, HF_WORKER_REFUSED);
    assert_int_equal(fake_buffer_refused_count(s->buffer), MOST);
    assert_int_equal(fake_buffer_held(s->buffer, "up"), ROW - MOST);
    fake_buffer_put(s->buffer, 2, 1, 100);
    assert_int_equal(urge_until_delivered(s), 1);
    assert_int_equal(fake_buffer_refused_count(s->buffer), ROW);
}

static void
a_record_of_another_lane_absolves_the_uplink(void **state)
{
    struct stand *s = *state;
    struct hf_worker_view v;

    refuse(s, "\"topic\":\"t/", 400);
    for (int i = 0; i < 40; i++)
        fake_buffer_put(s->buffer, 1, 1, 100);
    for (int i = 0; i < 3; i++)
        fake_buffer_put(s->buffer, 2, 1, 100);
    stand_start(s, "");
    stand_wait_for_held(s, 0);
    hf_worker_look(s->worker, &v);
    assert_int_equal(v.failures, 0);
    assert_int_equal(fake_buffer_refused_count(s->buffer), 40);
    for (unsigned n = 41; n <= 43; n++)
        assert_true(stand_stored(s, n) >= 1);
}

/* The same within one batch, most of which is poisoned; a topic keeps its order. */
static void
a_record_further_on_absolves_the_uplink(void **state)
{
    struct stand *s = *state;
    struct hf_worker_view v;

    refuse(s, "poison", 422);
    fake_buffer_gather(s->buffer, true);
    put_rows(s, 40, "t/bad", bad);
    put_rows(s, 24, "t/good", good);
    fake_buffer_gather(s->buffer, false);
    stand_start(s, "");
    stand_wait_for_held(s, 0);
    v = stand_wait_for_counts(s, 24, 40);
    assert_int_equal(v.failures, 0);
    for (unsigned n = 42; n <= 64; n++)
        assert_int_equal(stand_stored(s, n), 1);
}

/* Where nothing may be tried out of its turn, each wait looks further. */
static void
a_long_row_of_one_topic_is_got_over(void **state)
{
    struct stand *s = *state;

    refuse(s, "poison", 400);
    fake_buffer_gather(s->buffer, true);
    put_rows(s, 40, "t/1", bad);
    put_rows(s, 1, "t/1", good);
    fake_buffer_gather(s->buffer, false);
    stand_start(s, "");
    assert_int_equal(urge_until_delivered(s), 2); /* after 16, after 32 */
    assert_int_equal(fake_buffer_refused_count(s->buffer), 40);
    assert_int_equal(stand_stored(s, 41), 1);
}

/* Who does not answer while a witness is looked for has refused nothing. */
static void
no_answer_is_no_word_against_a_record(void **state)
{
    struct stand *s = *state;

    refuse(s, "poison", 404);
    put_rows(s, 1, "t/1", good);
    put_rows(s, 1, "t/1", bad);
    tell(s, s->first = 2);
    tell(s, s->first_count = 1);
    tell(s, s->first_status = 503);
    stand_start(s, "");
    assert_false(stand_wait_for_state(s, HF_WORKER_AWAY).refused);
    assert_int_equal(fake_buffer_refused_count(s->buffer), 0);
    assert_int_equal(urge_until_delivered(s), 1);
    assert_int_equal(fake_buffer_refused_count(s->buffer), 1);
}

/* An alarm that is refused in the middle of a backlog holds neither itself nor that up. */
static void
a_refused_alarm_does_not_hold_a_backlog(void **state)
{
    struct stand *s = *state;
    struct hf_worker_view v;

    refuse(s, "poison", 422);
    tell(s, s->delay_ms = 120);
    for (int i = 0; i < 8; i++)
        fake_buffer_put(s->buffer, 1, 200, 200);
    stand_start(s, ",\"batch_bytes\":16384");
    while (stand_requests(s) < 2)
        usleep(10000);
    fake_buffer_put_one(s->buffer, 0, "a/1", bad); /* 1601 */
    tell(s, s->delay_ms = 0);
    stand_wait_for_held(s, 0);
    v = stand_wait_for_counts(s, 1600, 1);
    assert_int_equal(v.failures, 0);
    for (unsigned n = 1; n <= 1600; n++)
        assert_true(stand_stored(s, n) >= 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_stand(a_poisoned_record_does_not_hold_its_batch),
        with_stand(a_single_record_too_large_is_set_aside),
        with_stand(every_never_sets_a_single_record_aside),
        with_stand(a_mistyped_address_costs_no_record),
        with_stand(a_sink_that_was_blamed_is_probed_with_little),
        with_stand(blame_goes_back_to_the_first_suspect_only),
        with_stand(without_anything_else_suspects_wait),
        with_stand(what_comes_behind_a_refused_record_absolves_the_uplink),
        with_stand(a_witness_from_behind_keeps_the_order_of_its_topic),
        with_stand(a_row_of_refused_records_does_not_hold_what_is_behind),
        with_stand(a_repeat_vouches_for_so_many_only),
        with_stand(a_record_of_another_lane_absolves_the_uplink),
        with_stand(a_record_further_on_absolves_the_uplink),
        with_stand(a_long_row_of_one_topic_is_got_over),
        with_stand(no_answer_is_no_word_against_a_record),
        with_stand(a_refused_alarm_does_not_hold_a_backlog),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
