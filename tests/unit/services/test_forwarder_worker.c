// SPDX-License-Identifier: Apache-2.0
/* How a sink's worker delivers. */
#include "base/clock.h"
#include "uplink_stand.h"

#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

static void
all_lanes_leave_and_alarms_first(void **state)
{
    struct stand *s = *state;

    fake_buffer_put(s->buffer, 2, 10, 100);
    fake_buffer_put(s->buffer, 1, 10, 100);
    fake_buffer_put(s->buffer, 0, 10, 100);
    stand_start(s, "");
    stand_wait_for_held(s, 0);
    assert_int_equal(stand_requests(s), 3);
    assert_string_equal(s->seen[0].key, "hf-1/9f2c11ab/21-30");
    assert_string_equal(s->seen[1].key, "hf-1/9f2c11ab/11-20");
    assert_string_equal(s->seen[2].key, "hf-1/9f2c11ab/1-10");
    for (unsigned n = 1; n <= 30; n++)
        assert_int_equal(stand_stored(s, n), 1);
    fake_buffer_put(s->buffer, 1, 1, 100); /* idle: at once */
    stand_wait_for_held(s, 0);
    assert_int_equal(stand_stored(s, 31), 1);
}

static void
every_format_carries_the_same(void **state)
{
    static const char *const forms[] = {
        ",\"encoding\":\"zstd\"",
        ",\"encoding\":\"gzip\"",
        ",\"encoding\":\"identity\"",
        ",\"format\":\"cloudevents\",\"encoding\":\"identity\"",
        ",\"format\":\"cloudevents\",\"encoding\":\"gzip\"",
        ",\"format\":\"cloudevents\",\"encoding\":\"zstd\"",
    };
    struct stand *s = *state;

    for (size_t i = 0; i < HF_LEN(forms); i++) {
        fake_buffer_gather(s->buffer, true);
        fake_buffer_put(s->buffer, 1, 150, 100);
        fake_buffer_put_one(s->buffer, 1, "a \\\"b\\u00fc/\xc3\xbc",
                            "\"text\":\"x,\\\"data\\\":\"");
        fake_buffer_put_one(s->buffer, 1, "$holdfast/gap", "\"payload\":{\"data\":[1,2,{}]}");
        fake_buffer_put_one(s->buffer, 1, "bin", "\"base64\":\"AP8=\"");
        fake_buffer_gather(s->buffer, false);
        stand_start(s, forms[i]);
        stand_wait_for_held(s, 0);
        hf_worker_stop(hf_steal(&s->worker));
    }
    assert_int_equal(stand_requests(s), HF_LEN(forms));
    for (size_t i = 0; i < HF_LEN(forms); i++) {
        const char *lines = s->seen[i].lines;
        size_t count = 0;

        for (const char *at = lines; (at = strchr(at, '\n')); at++)
            count++;
        assert_int_equal(count, 153);
        assert_int_equal(s->seen[i].bytes < strlen(lines), i != 2 && i != 3);
        assert_non_null(strstr(lines, "\"text\":\"x,\\\"data\\\":\"}\n"));
        assert_non_null(strstr(lines, "\"payload\":{\"data\":[1,2,{}]}}\n"));
        assert_non_null(strstr(lines, "\"base64\":\"AP8=\"}\n"));
    }
}

static size_t
packed(const char *lines, int level)
{
    size_t bound = ZSTD_compressBound(strlen(lines));
    HF_AUTO_FREE char *frame = malloc(bound);

    return ZSTD_compress(frame, bound, lines, strlen(lines), level);
}

static void
a_block_goes_out_as_it_lies(void **state)
{
    struct stand *s = *state;

    fake_buffer_put(s->buffer, 1, 200, 200);
    stand_start(s, ",\"encoding\":\"zstd\"");
    stand_wait_for_held(s, 0);
    assert_int_equal(s->seen[0].bytes, packed(s->seen[0].lines, FAKE_ZSTD_LEVEL));
    assert_int_not_equal(s->seen[0].bytes, packed(s->seen[0].lines, 1));
}

static void
too_large_is_split_and_remembered(void **state)
{
    struct stand *s = *state;
    size_t refused = 0, before;

    tell(s, s->max_body = 40000);
    fake_buffer_put(s->buffer, 1, 1000, 200); /* 300 kB of lines */
    stand_start(s, "");
    stand_wait_for_held(s, 0);
    for (unsigned n = 1; n <= 1000; n++)
        assert_int_equal(stand_stored(s, n), 1);
    for (size_t i = 0; i < s->count; i++)
        refused += s->seen[i].status == 413;
    assert_in_range(refused, 1, 4);
    before = stand_requests(s);
    fake_buffer_put(s->buffer, 1, 1000, 200);
    stand_wait_for_held(s, 0);
    for (size_t i = before; i < s->count; i++)
        assert_int_equal(s->seen[i].status, 204);
    assert_int_equal(fake_buffer_refused_count(s->buffer), 0);
}

static void
no_access_holds_everything(void **state)
{
    static const int statuses[] = {401, 402, 403, 407, 302};
    struct stand *s = *state;

    for (size_t i = 0; i < HF_LEN(statuses); i++) {
        struct hf_worker_view v;

        tell(s, s->first_status = statuses[i]);
        tell(s, s->first_count = 1);
        fake_buffer_put(s->buffer, 1, 50, 100);
        stand_start(s, "");
        v = stand_wait_for_state(s, HF_WORKER_REFUSED);
        assert_int_equal(v.circuit, HF_CIRCUIT_OPEN);
        assert_int_equal(v.last_status, statuses[i]);
        assert_true(v.away_since_ms > 0 && v.next_try_ms > hf_clock_wall_ms());
        assert_int_equal(fake_buffer_held(s->buffer, "up"), 50);
        assert_int_equal(stand_requests(s), 1);
        hf_worker_again(s->worker); /* new settings: at once */
        stand_wait_for_held(s, 0);
        assert_string_equal(s->seen[0].key, s->seen[1].key);
        assert_string_equal(s->seen[0].lines, s->seen[1].lines);
        hf_worker_stop(hf_steal(&s->worker));
        assert_int_equal(fake_buffer_refused_count(s->buffer), 0);
        stand_forget(s);
    }
}

/* The lane stays as it is and says so, the others go on, and nothing is sent twice. */
static void
a_refused_acknowledgement_leaves_its_lane(void **state)
{
    struct stand *s = *state;
    struct hf_worker_view v;

    fake_buffer_refuse_acks(s->buffer, 1);
    fake_buffer_put(s->buffer, 1, 5, 100);
    stand_start(s, "");
    v = stand_wait_for_buffer_error(s, "refuses the acknowledgement of normal lane 1-5");
    assert_int_equal(v.unacknowledged, 1);
    assert_int_equal(v.delivered, 0);
    fake_buffer_put(s->buffer, 0, 3, 100);
    fake_buffer_put(s->buffer, 2, 3, 100);
    fake_buffer_put(s->buffer, 1, 5, 100);
    stand_wait_for_held(s, 10);
    for (unsigned n = 6; n <= 11; n++)
        assert_int_equal(stand_stored(s, n), 1);
    fake_buffer_refuse_acks(s->buffer, -1);
    stand_wait_for_held(s, 0);
    v = stand_wait_for_buffer_error(s, "");
    assert_int_equal(v.unacknowledged, 0);
    for (unsigned n = 1; n <= 16; n++)
        assert_int_equal(stand_stored(s, n), 1);
    (void)stand_wait_for_counts(s, 16, 0);
}

/* What was refused of it is named when the acknowledgement is taken at last. */
static void
a_lane_that_was_left_keeps_its_refusals(void **state)
{
    struct stand *s = *state;

    tell(s, s->poison = "poison");
    tell(s, s->poison_status = 400);
    fake_buffer_refuse_acks(s->buffer, 1);
    fake_buffer_gather(s->buffer, true);
    fake_buffer_put_one(s->buffer, 1, "t/1", "\"payload\":\"poison\"");
    fake_buffer_put(s->buffer, 1, 5, 100);
    fake_buffer_gather(s->buffer, false);
    stand_start(s, "");
    (void)stand_wait_for_buffer_error(s, "refuses the acknowledgement");
    assert_int_equal(fake_buffer_refused_count(s->buffer), 0);
    fake_buffer_refuse_acks(s->buffer, -1);
    stand_wait_for_held(s, 0);
    assert_int_equal(fake_buffer_refused_count(s->buffer), 1);
}

static void
later_repeats_with_key_and_bytes(void **state)
{
    struct stand *s = *state;
    struct hf_worker_view v;

    tell(s, s->first_status = 503);
    tell(s, s->first_count = 2);
    fake_buffer_put(s->buffer, 1, 2000, 200);
    stand_start(s, ",\"encoding\":\"zstd\"");
    v = stand_wait_for_state(s, HF_WORKER_AWAY);
    assert_false(v.refused);
    hf_worker_again(s->worker);
    stand_wait_for_held(s, 0);
    for (size_t i = 1; i < 3; i++) {
        assert_string_equal(s->seen[0].key, s->seen[i].key);
        assert_int_equal(s->seen[0].bytes, s->seen[i].bytes);
        assert_string_equal(s->seen[0].lines, s->seen[i].lines);
    }
    for (unsigned n = 1; n <= 2000; n++)
        assert_int_equal(stand_stored(s, n), 1);
    hf_worker_look(s->worker, &v);
    assert_int_equal(v.failures, 2);
    assert_int_equal(v.attempt, 0);
}

static void
retry_after_is_waited_for(void **state)
{
    struct stand *s = *state;
    struct hf_worker_view v;

    tell(s, s->first_status = 429);
    tell(s, s->first_count = 1);
    tell(s, s->retry_after_s = 600);
    fake_buffer_put(s->buffer, 1, 5, 100);
    stand_start(s, "");
    v = stand_wait_for_state(s, HF_WORKER_AWAY);
    assert_true(v.next_try_ms > hf_clock_wall_ms() + 300000); /* its own first wait is a second */
    assert_int_equal(fake_buffer_held(s->buffer, "up"), 5);
    hf_worker_again(s->worker); /* new settings do not wait */
    stand_wait_for_held(s, 0);
}

static void
pain_09_an_alarm_passes_a_backlog(void **state)
{
    struct stand *s = *state;
    size_t at = 0, before;

    tell(s, s->delay_ms = 150);
    for (int i = 0; i < 20; i++)
        fake_buffer_put(s->buffer, 2, 500, 200);
    stand_start(s, ",\"batch_bytes\":65536");
    while (stand_requests(s) < 3)
        usleep(10000);
    before = stand_requests(s);
    fake_buffer_put(s->buffer, 0, 1, 100);
    while (!stand_stored(s, 10001))
        usleep(5000);
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->count; i++)
        if (strstr(s->seen[i].lines, "\"seq\":10001,"))
            at = i;
    pthread_mutex_unlock(&s->lock);
    assert_in_range(at, before, before + 2); /* behind what was under way */
    assert_true(fake_buffer_held(s->buffer, "up") > 5000);
}

/* Who prefers fewer requests waits for more, but no alarm does. */
static void
an_alarm_does_not_linger(void **state)
{
    struct stand *s = *state;

    fake_buffer_put(s->buffer, 1, 1, 100);
    stand_start(s, ",\"linger_ms\":4000");
    stand_wait_for_held(s, 0);
    fake_buffer_put(s->buffer, 1, 1, 100);
    usleep(300000);
    fake_buffer_put(s->buffer, 0, 1, 100);
    stand_wait_for_held(s, 0);
    assert_int_equal(stand_requests(s), 3);
    assert_non_null(strstr(s->seen[1].lines, "\"seq\":3,"));
    assert_non_null(strstr(s->seen[2].lines, "\"seq\":2,"));
}

static void
redirects_stay_where_the_token_belongs(void **state)
{
    struct stand *s = *state;

    tell(s, s->location = "/other?x=1");
    tell(s, s->first_status = 307);
    tell(s, s->first_count = 2);
    fake_buffer_put(s->buffer, 1, 5, 100);
    stand_start(s, "");
    stand_wait_for_held(s, 0);
    assert_int_equal(stand_requests(s), 3);
    hf_worker_stop(hf_steal(&s->worker));
    tell(s, s->location = "http://127.0.0.2:1/");
    tell(s, s->first_count = 10);
    fake_buffer_put(s->buffer, 1, 5, 100);
    stand_start(s, "");
    (void)stand_wait_for_state(s, HF_WORKER_REFUSED);
    assert_int_equal(stand_requests(s), 4);
}

static void
an_own_header_is_sent(void **state)
{
    struct stand *s = *state;

    tell(s, snprintf(s->wanted_header, sizeof s->wanted_header, "X-Api-Key"));
    fake_buffer_put(s->buffer, 1, 5, 100);
    stand_start(s, ",\"header_name\":\"X-Api-Key\"");
    stand_wait_for_held(s, 0);
    assert_int_equal(stand_requests(s), 1);
}

static void
a_buffer_that_is_away_is_waited_for(void **state)
{
    struct stand *s = *state;

    fake_buffer_pause(s->buffer, true);
    fake_buffer_put(s->buffer, 1, 5, 100);
    stand_start(s, "");
    (void)stand_wait_for_buffer_error(s, "503");
    fake_buffer_pause(s->buffer, false);
    stand_wait_for_held(s, 0);
    (void)stand_wait_for_buffer_error(s, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_stand(all_lanes_leave_and_alarms_first),
        with_stand(every_format_carries_the_same),
        with_stand(a_block_goes_out_as_it_lies),
        with_stand(too_large_is_split_and_remembered),
        with_stand(no_access_holds_everything),
        with_stand(a_refused_acknowledgement_leaves_its_lane),
        with_stand(a_lane_that_was_left_keeps_its_refusals),
        with_stand(later_repeats_with_key_and_bytes),
        with_stand(retry_after_is_waited_for),
        with_stand(pain_09_an_alarm_passes_a_backlog),
        with_stand(an_alarm_does_not_linger),
        with_stand(redirects_stay_where_the_token_belongs),
        with_stand(an_own_header_is_sent),
        with_stand(a_buffer_that_is_away_is_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
