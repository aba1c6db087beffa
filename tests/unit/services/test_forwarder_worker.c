// SPDX-License-Identifier: Apache-2.0
/* A sink's worker between a buffer in memory and an uplink that answers as told, over real sockets.
 */
#include "base/clock.h"
#include "fake_buffer.h"
#include "forwarder/worker.h"
#include "freeport.h"
#include "receiver/body.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { REQUESTS_MAX = 4096, WAIT_MS = 20000 };

static const char any_text[] = "";

struct seen {
    char key[96];
    size_t bytes; /* of the body as it came */
    char *lines;  /* owned */
    int status;   /* answered with */
};

struct stand {
    struct fake_buffer *buffer;
    struct hf_httpd *uplink;
    struct hf_worker *worker;
    char buffer_listen[32], uplink_url[64];
    pthread_mutex_t lock;
    struct seen seen[REQUESTS_MAX];
    size_t count;
    /* How the uplink answers. */
    const char *poison; /* a request with this in a line … */
    int poison_status;  /* … gets this */
    int first_status;   /* the first `first_count` requests get this */
    size_t first_count;
    size_t max_body;
    int delay_ms;
    const char *location; /* the first request is sent there with first_status */
    char wanted_header[64];
};

static int
answer_of(const struct stand *s, size_t number, size_t bytes, const char *lines)
{
    if (number < s->first_count)
        return s->first_status;
    if (s->max_body && bytes > s->max_body)
        return 413;
    return s->poison && strstr(lines, s->poison) ? s->poison_status : 204;
}

static void
take(void *ctx, struct hf_request *q)
{
    HF_AUTO_BUF struct hf_buf body = HF_BUF_INIT(64 * 1024 * 1024);
    HF_AUTO_BUF struct hf_buf lines = HF_BUF_INIT(64 * 1024 * 1024);
    struct stand *s = ctx;
    struct seen *seen;
    char headers[256] = "";
    int status;

    assert_int_equal(hf_request_body(q, &body, NULL), 0);
    pthread_mutex_lock(&s->lock);
    assert_true(s->count < REQUESTS_MAX);
    seen = &s->seen[s->count];
    seen->bytes = body.len;
    snprintf(seen->key, sizeof seen->key, "%s", hf_request_header(q, "Idempotency-Key"));
    assert_int_equal(hf_body_lines(hf_request_header(q, "Content-Type"),
                                   hf_request_header(q, "Content-Encoding"), &body, &lines, NULL),
                     0);
    seen->lines = strdup(lines.data ? lines.data : any_text);
    status = seen->status = answer_of(s, s->count, seen->bytes, seen->lines);
    if (*s->wanted_header && !hf_request_header(q, s->wanted_header))
        status = seen->status = 401;
    if (s->location && s->count < s->first_count)
        snprintf(headers, sizeof headers, "Location: %s\r\n", s->location);
    s->count++;
    pthread_mutex_unlock(&s->lock);
    usleep((unsigned)s->delay_ms * 1000);
    if (status == 204)
        hf_request_answer_status(q, status);
    else
        hf_request_answer(q, status, "text/plain", headers, "no\n\"good\"", 9);
}

static int
set_up(void **state)
{
    struct stand *s = calloc(1, sizeof *s);
    char listen[32];
    int port = freeport();

    pthread_mutex_init(&s->lock, NULL);
    snprintf(s->buffer_listen, sizeof s->buffer_listen, "127.0.0.1:%d", freeport());
    s->buffer = fake_buffer_start(s->buffer_listen, "secret");
    snprintf(listen, sizeof listen, "127.0.0.1:%d", port);
    snprintf(s->uplink_url, sizeof s->uplink_url, "http://127.0.0.1:%d/v1/ingest", port);
    assert_int_equal(
        hf_httpd_start(
            &(struct hf_httpd_options){.listen = listen, .threads = 4, .handle = take, .ctx = s},
            &s->uplink, NULL),
        0);
    *state = s;
    return 0;
}

static int
tear_down(void **state)
{
    struct stand *s = *state;

    hf_worker_stop(s->worker);
    hf_httpd_stop(s->uplink);
    fake_buffer_stop(s->buffer);
    for (size_t i = 0; i < s->count; i++)
        free(s->seen[i].lines);
    free(s);
    return 0;
}

/* more: further members of the sink, each with a comma before it. */
static void
start(struct stand *s, const char *more)
{
    HF_AUTO(hf_json) struct hf_json *settings = NULL;
    HF_AUTO(hf_json) struct hf_json *credentials = NULL;
    struct hf_worker_common common = {.buffer_token = "secret", .holder = "test"};
    struct hf_sink_list list = {0};
    struct hf_error err = {0};
    char text[1024];
    static const char secrets[] = "{\"sinks\":{\"up\":{\"token\":\"T\",\"header_value\":\"V\"}}}";

    snprintf(
        text, sizeof text,
        "{\"gateway\":\"hf-1\",\"sinks\":[{\"name\":\"up\",\"type\":\"https\",\"url\":\"%s\"%s}]}",
        s->uplink_url, more);
    snprintf(common.buffer_url, sizeof common.buffer_url, "http://%s", s->buffer_listen);
    assert_int_equal(hf_json_parse(text, strlen(text), &settings, NULL), 0);
    assert_int_equal(hf_json_parse(secrets, strlen(secrets), &credentials, NULL), 0);
    if (hf_sink_list_read(settings, credentials, &list, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(hf_worker_start(&common, &list.sinks[0], &s->worker, NULL), 0);
    hf_sink_list_done(&list);
}

/* What the uplink's threads wrote before is seen after this. */
static size_t
requests(struct stand *s)
{
    size_t count;

    pthread_mutex_lock(&s->lock);
    count = s->count;
    pthread_mutex_unlock(&s->lock);
    return count;
}

/* Changes how the uplink answers, under its lock. */
#define tell(s, change)                                                                            \
    do {                                                                                           \
        pthread_mutex_lock(&(s)->lock);                                                            \
        change;                                                                                    \
        pthread_mutex_unlock(&(s)->lock);                                                          \
    } while (0)

static void
wait_for_held(struct stand *s, size_t held)
{
    for (int ms = 0; ms < WAIT_MS && fake_buffer_held(s->buffer, "up") != held; ms += 10)
        usleep(10000);
    assert_int_equal(fake_buffer_held(s->buffer, "up"), held);
    (void)requests(s);
}

static struct hf_worker_view
wait_for_state(struct stand *s, enum hf_worker_state state)
{
    struct hf_worker_view v;

    for (int ms = 0; ms < WAIT_MS; ms += 10) {
        hf_worker_look(s->worker, &v);
        if (v.state == state) {
            (void)requests(s);
            return v;
        }
        usleep(10000);
    }
    fail_msg("state is %d and not %d: %s", v.state, state, v.last_error);
    return v;
}

/* How often the record with this number is in requests that were stored. */
static size_t
stored(struct stand *s, unsigned n)
{
    char member[40];
    size_t times = 0;

    snprintf(member, sizeof member, "\"seq\":%u,", n);
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->count; i++)
        times += s->seen[i].status == 204 && strstr(s->seen[i].lines, member);
    pthread_mutex_unlock(&s->lock);
    return times;
}

static void
all_lanes_leave_and_alarms_first(void **state)
{
    struct stand *s = *state;

    fake_buffer_put(s->buffer, 2, 10, 100);
    fake_buffer_put(s->buffer, 1, 10, 100);
    fake_buffer_put(s->buffer, 0, 10, 100);
    start(s, "");
    wait_for_held(s, 0);
    assert_int_equal(requests(s), 3);
    assert_string_equal(s->seen[0].key, "hf-1/9f2c11ab/21-30");
    assert_string_equal(s->seen[1].key, "hf-1/9f2c11ab/11-20");
    assert_string_equal(s->seen[2].key, "hf-1/9f2c11ab/1-10");
    for (unsigned n = 1; n <= 30; n++)
        assert_int_equal(stored(s, n), 1);
    fake_buffer_put(s->buffer, 1, 1, 100); /* idle: at once */
    wait_for_held(s, 0);
    assert_int_equal(stored(s, 31), 1);
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
        start(s, forms[i]);
        wait_for_held(s, 0);
        hf_worker_stop(hf_steal(&s->worker));
    }
    assert_int_equal(requests(s), HF_LEN(forms));
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

static void
a_poisoned_record_does_not_hold_its_batch(void **state)
{
    struct stand *s = *state;
    HF_AUTO_FREE char *refused = NULL;
    struct hf_worker_view v;

    tell(s, s->poison = "poison");
    tell(s, s->poison_status = 400);
    fake_buffer_gather(s->buffer, true);
    fake_buffer_put(s->buffer, 1, 100, 100);
    fake_buffer_put_one(s->buffer, 1, "t/1", "\"payload\":\"poison\""); /* 101 */
    fake_buffer_put(s->buffer, 1, 100, 100);
    fake_buffer_put_one(s->buffer, 1, "t/2", "\"payload\":\"poison\""); /* 202 */
    fake_buffer_gather(s->buffer, false);
    start(s, ",\"encoding\":\"zstd\"");
    wait_for_held(s, 0);
    refused = fake_buffer_refused(s->buffer);
    assert_string_equal(refused, "101:400:the uplink answers 400: no \"good\";"
                                 "202:400:the uplink answers 400: no \"good\";");
    for (unsigned n = 1; n <= 202; n++)
        assert_int_equal(stored(s, n), n == 101 || n == 202 ? 0 : 1);
    assert_true(s->count < 40);
    v = wait_for_state(s, HF_WORKER_DELIVERING);
    assert_int_equal(v.delivered, 200);
    assert_int_equal(v.quarantined, 2);
    assert_int_equal(v.failures, 0);
}

static void
too_large_is_split_and_remembered(void **state)
{
    struct stand *s = *state;
    size_t refused = 0, before;

    tell(s, s->max_body = 40000);
    fake_buffer_put(s->buffer, 1, 1000, 200); /* 300 kB of lines */
    start(s, "");
    wait_for_held(s, 0);
    for (unsigned n = 1; n <= 1000; n++)
        assert_int_equal(stored(s, n), 1);
    for (size_t i = 0; i < s->count; i++)
        refused += s->seen[i].status == 413;
    assert_in_range(refused, 1, 4);
    before = requests(s);
    fake_buffer_put(s->buffer, 1, 1000, 200);
    wait_for_held(s, 0);
    for (size_t i = before; i < s->count; i++)
        assert_int_equal(s->seen[i].status, 204);
    assert_int_equal(fake_buffer_refused_count(s->buffer), 0);
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
    start(s, "");
    wait_for_held(s, 0);
    assert_int_equal(fake_buffer_refused_count(s->buffer), 1);
    for (unsigned n = 1; n <= 41; n++)
        assert_int_equal(stored(s, n), n != 21);
}

static void
no_access_holds_everything(void **state)
{
    static const int statuses[] = {401, 403, 404, 415, 302};
    struct stand *s = *state;

    for (size_t i = 0; i < HF_LEN(statuses); i++) {
        struct hf_worker_view v;

        tell(s, s->count = 0);
        tell(s, s->first_status = statuses[i]);
        tell(s, s->first_count = 1);
        fake_buffer_put(s->buffer, 1, 50, 100);
        start(s, "");
        v = wait_for_state(s, HF_WORKER_REFUSED);
        assert_int_equal(v.circuit, HF_CIRCUIT_OPEN);
        assert_int_equal(v.last_status, statuses[i]);
        assert_true(v.away_since_ms > 0 && v.next_try_ms > hf_clock_wall_ms());
        assert_int_equal(fake_buffer_held(s->buffer, "up"), 50);
        assert_int_equal(requests(s), 1);
        hf_worker_again(s->worker); /* new settings: at once */
        wait_for_held(s, 0);
        assert_string_equal(s->seen[0].key, s->seen[1].key);
        assert_string_equal(s->seen[0].lines, s->seen[1].lines);
        hf_worker_stop(hf_steal(&s->worker));
        assert_int_equal(fake_buffer_refused_count(s->buffer), 0);
        for (size_t n = 0; n < s->count; n++)
            free(s->seen[n].lines);
        tell(s, s->count = 0);
    }
}

static void
an_uplink_that_refuses_most_is_to_blame(void **state)
{
    struct stand *s = *state;
    struct hf_worker_view v;

    tell(s, s->poison = "payload");
    tell(s, s->poison_status = 422);
    fake_buffer_put(s->buffer, 1, 64, 100);
    start(s, "");
    v = wait_for_state(s, HF_WORKER_REFUSED);
    assert_non_null(strstr(v.last_error, "33 of 64 records refused"));
    assert_int_equal(fake_buffer_held(s->buffer, "up"), 64);
    assert_int_equal(fake_buffer_refused_count(s->buffer), 0);
    tell(s, s->poison = NULL);
    hf_worker_again(s->worker);
    wait_for_held(s, 0);
    for (unsigned n = 1; n <= 64; n++)
        assert_int_equal(stored(s, n), 1);
}

/* One by one, as they come on an idle gateway: after 16 it holds, too. */
static void
single_refusals_in_a_row_blame_the_uplink(void **state)
{
    struct stand *s = *state;

    tell(s, s->poison = "payload");
    tell(s, s->poison_status = 400);
    for (int i = 0; i < 40; i++)
        fake_buffer_put(s->buffer, 1, 1, 100);
    start(s, "");
    (void)wait_for_state(s, HF_WORKER_REFUSED);
    assert_int_equal(fake_buffer_refused_count(s->buffer), 15);
    assert_int_equal(fake_buffer_held(s->buffer, "up"), 25);
}

/* A row of poisoned records does not hold what is behind it: what the sink takes of another lane
 * tells that it is they. */
static void
a_record_of_another_lane_absolves_the_uplink(void **state)
{
    struct stand *s = *state;
    struct hf_worker_view v;

    tell(s, s->poison = "\"topic\":\"t/");
    tell(s, s->poison_status = 400);
    for (int i = 0; i < 40; i++)
        fake_buffer_put(s->buffer, 1, 1, 100);
    for (int i = 0; i < 3; i++)
        fake_buffer_put(s->buffer, 2, 1, 100);
    start(s, "");
    wait_for_held(s, 0);
    hf_worker_look(s->worker, &v);
    assert_int_equal(v.failures, 0);
    assert_int_equal(fake_buffer_refused_count(s->buffer), 40);
    for (unsigned n = 41; n <= 43; n++)
        assert_int_equal(stored(s, n), 1);
}

/* The same within one batch, most of which is poisoned; the probe goes out once, and a topic keeps
 * its order. */
static void
a_record_further_on_absolves_the_uplink(void **state)
{
    struct stand *s = *state;
    struct hf_worker_view v;

    tell(s, s->poison = "poison");
    tell(s, s->poison_status = 422);
    fake_buffer_gather(s->buffer, true);
    for (int i = 0; i < 40; i++)
        fake_buffer_put_one(s->buffer, 1, "t/bad", "\"payload\":\"poison\"");
    for (int i = 0; i < 24; i++)
        fake_buffer_put_one(s->buffer, 1, "t/good", "\"payload\":1");
    fake_buffer_gather(s->buffer, false);
    start(s, "");
    wait_for_held(s, 0);
    hf_worker_look(s->worker, &v);
    assert_int_equal(v.failures, 0);
    assert_int_equal(fake_buffer_refused_count(s->buffer), 40);
    assert_int_equal(v.delivered, 24);
    for (unsigned n = 41; n <= 64; n++)
        assert_int_equal(stored(s, n), 1);
}

/* Tried a bounded number of times, said until it is well, and delivered again: never lost. */
static void
a_refused_acknowledgement_is_said_and_taken_up_anew(void **state)
{
    struct stand *s = *state;
    struct hf_worker_view v = {0};

    fake_buffer_refuse_acks(s->buffer, 7);
    fake_buffer_put(s->buffer, 1, 5, 100);
    start(s, "");
    for (int ms = 0; ms < WAIT_MS && !strstr(v.buffer_error, "refuses the acknowledgement");
         ms += 10) {
        hf_worker_look(s->worker, &v);
        usleep(10000);
    }
    assert_non_null(strstr(v.buffer_error, "refuses the acknowledgement of normal lane 1-5"));
    assert_int_equal(fake_buffer_held(s->buffer, "up"), 5);
    wait_for_held(s, 0);
    assert_int_equal(requests(s), 2);
    for (int ms = 0; ms < WAIT_MS && *v.buffer_error; ms += 10) {
        hf_worker_look(s->worker, &v);
        usleep(10000);
    }
    assert_string_equal(v.buffer_error, "");
    assert_int_equal(v.delivered, 5);
}

static void
later_repeats_with_key_and_bytes(void **state)
{
    struct stand *s = *state;
    struct hf_worker_view v;

    tell(s, s->first_status = 503);
    tell(s, s->first_count = 2);
    fake_buffer_put(s->buffer, 1, 2000, 200);
    start(s, ",\"encoding\":\"zstd\"");
    v = wait_for_state(s, HF_WORKER_AWAY);
    assert_false(v.refused);
    hf_worker_again(s->worker);
    wait_for_held(s, 0);
    for (size_t i = 1; i < 3; i++) {
        assert_string_equal(s->seen[0].key, s->seen[i].key);
        assert_int_equal(s->seen[0].bytes, s->seen[i].bytes);
        assert_string_equal(s->seen[0].lines, s->seen[i].lines);
    }
    for (unsigned n = 1; n <= 2000; n++)
        assert_int_equal(stored(s, n), 1);
    hf_worker_look(s->worker, &v);
    assert_int_equal(v.failures, 2);
    assert_int_equal(v.attempt, 0);
}

static void
pain_09_an_alarm_passes_a_backlog(void **state)
{
    struct stand *s = *state;
    size_t at = 0, before;

    tell(s, s->delay_ms = 150);
    for (int i = 0; i < 20; i++)
        fake_buffer_put(s->buffer, 2, 500, 200);
    start(s, ",\"batch_bytes\":65536");
    while (requests(s) < 3)
        usleep(10000);
    before = requests(s);
    fake_buffer_put(s->buffer, 0, 1, 100);
    while (!stored(s, 10001))
        usleep(5000);
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->count; i++)
        if (strstr(s->seen[i].lines, "\"seq\":10001,"))
            at = i;
    pthread_mutex_unlock(&s->lock);
    assert_in_range(at, before, before + 2); /* behind what was under way */
    assert_true(fake_buffer_held(s->buffer, "up") > 5000);
}

static void
redirects_stay_where_the_token_belongs(void **state)
{
    struct stand *s = *state;

    tell(s, s->location = "/other?x=1");
    tell(s, s->first_status = 307);
    tell(s, s->first_count = 2);
    fake_buffer_put(s->buffer, 1, 5, 100);
    start(s, "");
    wait_for_held(s, 0);
    assert_int_equal(requests(s), 3);
    hf_worker_stop(hf_steal(&s->worker));
    tell(s, s->location = "http://127.0.0.2:1/");
    tell(s, s->first_count = 10);
    fake_buffer_put(s->buffer, 1, 5, 100);
    start(s, "");
    (void)wait_for_state(s, HF_WORKER_REFUSED);
    assert_int_equal(requests(s), 4);
}

static void
an_own_header_is_sent(void **state)
{
    struct stand *s = *state;

    tell(s, snprintf(s->wanted_header, sizeof s->wanted_header, "X-Api-Key"));
    fake_buffer_put(s->buffer, 1, 5, 100);
    start(s, ",\"header_name\":\"X-Api-Key\"");
    wait_for_held(s, 0);
    assert_int_equal(requests(s), 1);
}

static void
a_buffer_that_is_away_is_waited_for(void **state)
{
    struct stand *s = *state;
    struct hf_worker_view v = {0};

    fake_buffer_pause(s->buffer, true);
    fake_buffer_put(s->buffer, 1, 5, 100);
    start(s, "");
    for (int ms = 0; ms < WAIT_MS && !*v.buffer_error; ms += 10) {
        hf_worker_look(s->worker, &v);
        usleep(10000);
    }
    assert_non_null(strstr(v.buffer_error, "503"));
    fake_buffer_pause(s->buffer, false);
    wait_for_held(s, 0);
    hf_worker_look(s->worker, &v);
    assert_string_equal(v.buffer_error, "");
}

#define with_stand(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_stand(all_lanes_leave_and_alarms_first),
        with_stand(every_format_carries_the_same),
        with_stand(a_poisoned_record_does_not_hold_its_batch),
        with_stand(too_large_is_split_and_remembered),
        with_stand(a_single_record_too_large_is_set_aside),
        with_stand(no_access_holds_everything),
        with_stand(an_uplink_that_refuses_most_is_to_blame),
        with_stand(single_refusals_in_a_row_blame_the_uplink),
        with_stand(a_record_of_another_lane_absolves_the_uplink),
        with_stand(a_record_further_on_absolves_the_uplink),
        with_stand(a_refused_acknowledgement_is_said_and_taken_up_anew),
        with_stand(later_repeats_with_key_and_bytes),
        with_stand(pain_09_an_alarm_passes_a_backlog),
        with_stand(redirects_stay_where_the_token_belongs),
        with_stand(an_own_header_is_sent),
        with_stand(a_buffer_that_is_away_is_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
