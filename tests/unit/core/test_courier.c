// SPDX-License-Identifier: Apache-2.0
/* Who is told of alarms, and whom the processor knows: a whole owner, with services that answer as
 * they are told to. */
#include "box.h"

#include "base/log.h"
#include "core/internal.h"
#include "path/peer_server.h"

#include <unistd.h>

enum { BUFFER_PORT = 8081, PROCESSOR_PORT = 8082, FORWARDER_PORT = 8083 };

struct town {
    struct box *box;
    struct peer_server buffer, processor, forwarder;
    char tokens[3][HF_STORE_SECRET_SIZE], places[3][80];
};

static void
open_shop(struct town *t, int i, struct peer_server *p, const char *name, int port)
{
    char secret[HF_NAME_SIZE];

    snprintf(secret, sizeof secret, "%s.holdfastd", name);
    assert_int_equal(hf_store_secret(t->box->store, secret, t->tokens[i], NULL), 0);
    snprintf(t->places[i], sizeof t->places[i], "%s:%d", t->box->engine.lease_address, port);
    p->token = t->tokens[i];
    p->listen = t->places[i];
    p->status = 200;
    p->body = "{}";
    peer_server_start(p);
}

/* Ports are fixed, so the address is this process's own. */
static int
found(void **state)
{
    struct town *t = calloc(1, sizeof *t);
    unsigned pid = (unsigned)getpid();

    assert_int_equal(setup((void **)&t->box), 0);
    snprintf(t->box->engine.lease_address, sizeof t->box->engine.lease_address, "127.%u.%u.%u",
             1 + (pid >> 16) % 250, (pid >> 8) & 255, 1 + (pid & 255) % 254);
    assert_int_equal(hf_store_open(t->box->dir, &t->box->store, NULL), 0);
    open_shop(t, 0, &t->buffer, "buffer", BUFFER_PORT);
    open_shop(t, 1, &t->processor, "processor", PROCESSOR_PORT);
    open_shop(t, 2, &t->forwarder, "forwarder", FORWARDER_PORT);
    hf_store_free(t->box->store);
    *state = t;
    return 0;
}

static int
abandon(void **state)
{
    struct town *t = *state;

    assert_int_equal(teardown((void **)&t->box), 0);
    peer_server_stop(&t->buffer);
    peer_server_stop(&t->processor);
    peer_server_stop(&t->forwarder);
    free(t);
    return 0;
}

static void
wait_for_requests(struct peer_server *p, int count)
{
    int64_t deadline = hf_clock_mono_ms() + PATIENCE_MS;

    while (atomic_load(&p->requests) < count) {
        if (hf_clock_mono_ms() > deadline)
            fail_msg("it was asked %d times, not %d", atomic_load(&p->requests), count);
        usleep(10000);
    }
}

static int
find_untold(struct hf_store *store, void *context, struct hf_error *err)
{
    const unsigned *mask = context;
    struct hf_alarm a;

    return hf_store_untold_alarm(store, *mask, &a, err);
}

static void
wait_until_told(struct box *b, enum hf_alarm_listener listener)
{
    unsigned mask = HF_ALARM_UNTOLD(listener, HF_ALARM_RAISED);
    int64_t deadline = hf_clock_mono_ms() + PATIENCE_MS;
    struct hf_error err;

    while (hf_core_run(b->core, find_untold, &mask, &err) == 0) {
        assert_true(hf_clock_mono_ms() < deadline);
        usleep(10000);
    }
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
}

/* Every disk is fuller than that. */
static const char one_alarm[] =
    "{\"alarms\":{\"make_room\":false,\"thresholds\":{\"disk_percent\":[1,1]}}}";
static const char one_alarm_and_a_hook[] =
    "{\"alarms\":{\"webhook\":{\"url\":\"https://h.example/x\"},\"make_room\":false,"
    "\"thresholds\":{\"disk_percent\":[1,1]}}}";

static void
the_cloud_is_told_again_until_it_has_heard(void **state)
{
    struct town *t = *state;
    const char *asked;

    t->buffer.status = 503;
    t->box->settings = one_alarm;
    start(t->box);
    wait_for_requests(&t->buffer, 2);
    t->buffer.status = 200;
    wait_until_told(t->box, HF_ALARM_TO_CLOUD);
    assert_string_equal(peer_server_last(&t->buffer)->url, "/v1/records");
    asked = peer_server_last(&t->buffer)->asked;
    assert_non_null(strstr(asked, "\"topic\":\"holdfast/alarms\",\"lane\":\"alarm\""));
    assert_non_null(strstr(asked, "\"event\":\"raised\""));
    assert_int_equal(atomic_load(&t->forwarder.requests), 0); /* no webhook is set */
}

static void
a_webhook_that_does_not_listen_holds_up_no_cloud(void **state)
{
    struct town *t = *state;
    char key[64];
    const char *asked;

    t->forwarder.status = 502;
    t->box->settings = one_alarm_and_a_hook;
    start(t->box);
    wait_until_told(t->box, HF_ALARM_TO_CLOUD);
    wait_for_requests(&t->forwarder, 2);
    t->forwarder.status = 200;
    wait_until_told(t->box, HF_ALARM_TO_WEBHOOK);
    asked = peer_server_last(&t->forwarder)->asked;
    snprintf(key, sizeof key, "{\"key\":\"%s/alarm/", hf_store_gateway_id(t->box->store));
    assert_memory_equal(asked, key, strlen(key));
    assert_non_null(strstr(asked, "/raised\",\"body\":{\"event\":\"raised\""));
}

/* What was not told is in the store: another daemon tells it. */
static void
what_is_untold_is_told_after_a_restart(void **state)
{
    struct town *t = *state;

    t->buffer.status = 503;
    t->box->settings = one_alarm;
    start(t->box);
    wait_for_requests(&t->buffer, 1);
    end(t->box);
    t->buffer.status = 200;
    t->box->settings = "{}"; /* the condition has gone, the news has not */
    start(t->box);
    wait_until_told(t->box, HF_ALARM_TO_CLOUD);
}

static int
count_devices(struct hf_core *core, void *context, struct hf_error *err)
{
    (void)err;
    *(size_t *)context = core->watch.roster.count;
    return 0;
}

static size_t
devices_known(struct box *b)
{
    size_t count = 0;

    assert_int_equal(mailbox_call(&b->core->mail, count_devices, &count, NULL), 0);
    return count;
}

static void
a_survey_goes_from_page_to_page_and_ends(void **state)
{
    struct town *t = *state;

    t->processor.body =
        "{\"devices\":[{\"device\":\"d /1\",\"last_seen_ms\":5}],\"next\":\"d /1\"}";
    start(t->box);
    wait_until(t->box->core, all_run);
    usleep(100000);
    courier_survey(&t->box->core->courier);
    wait_for_requests(&t->processor, 2);
    assert_string_equal(peer_server_last(&t->processor)->url,
                        "/v1/devices?limit=64&cursor=%64%20%2F%31");
    while (devices_known(t->box) != 1)
        usleep(10000);
    assert_int_equal(atomic_load(&t->processor.requests), 2);
}

/* A thread that waits for an answer does not hold up the end. */
static void
an_end_does_not_wait_for_who_says_nothing(void **state)
{
    struct town *t = *state;

    atomic_store(&t->buffer.silent_ms, PATIENCE_MS);
    t->box->settings = one_alarm;
    start(t->box);
    wait_for_requests(&t->buffer, 1);
    end(t->box);
    assert_true(atomic_load(&t->buffer.silent_ms)); /* it still has not answered */
    atomic_store(&t->buffer.silent_ms, 0);
    t->box->settings = NULL;
    start(t->box);
}

#define IN_A_TOWN(test) cmocka_unit_test_setup_teardown(test, found, abandon)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_TOWN(the_cloud_is_told_again_until_it_has_heard),
        IN_A_TOWN(a_webhook_that_does_not_listen_holds_up_no_cloud),
        IN_A_TOWN(what_is_untold_is_told_after_a_restart),
        IN_A_TOWN(a_survey_goes_from_page_to_page_and_ends),
        IN_A_TOWN(an_end_does_not_wait_for_who_says_nothing),
    };

    hf_log_set_level(HF_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
