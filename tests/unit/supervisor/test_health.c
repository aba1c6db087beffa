// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "supervisor/health.h"

#include <stdio.h>
#include <string.h>

enum { NOW = 1000000, LONG_AGO = NOW - 500000 };

static struct hf_service_status
status_of(const char *state, int64_t age_ms)
{
    struct hf_service_status s = {.seen = true, .mono_ms = NOW - age_ms};

    snprintf(s.state, sizeof s.state, "%s", state);
    return s;
}

static void
set_number(struct hf_service_status *s, const char *name, int64_t value)
{
    size_t i = 0;

    while (i < s->number_count && strcmp(s->numbers[i].name, name) != 0)
        i++;
    if (i == s->number_count)
        s->number_count++;
    snprintf(s->numbers[i].name, sizeof s->numbers[i].name, "%s", name);
    s->numbers[i].value = value;
}

static struct hf_health_facts
facts_of(const char *service, const struct hf_service_status *s)
{
    return (struct hf_health_facts){
        .service = service,
        .lifecycle = HF_LIFECYCLE_RUNNING,
        .reason = "",
        .running_since_ms = LONG_AGO,
        .broker_answered_ms = NOW - 1000,
        .status = s,
    };
}

static struct hf_health_verdict
judge_at(struct hf_health_watch *w, const struct hf_health_facts *f, int64_t now_ms)
{
    struct hf_health_verdict v;

    hf_health_judge(w, f, now_ms, &v);
    if (v.health == HF_HEALTH_HEALTHY)
        assert_string_equal(v.reason, "");
    else if (f->lifecycle == HF_LIFECYCLE_RUNNING)
        assert_true(v.reason[0] && v.advice[0] && v.why != HF_REASON_NONE);
    return v;
}

static void
expect(const struct hf_health_facts *f, enum hf_health health, const char *reason)
{
    struct hf_health_watch w = {0};
    struct hf_health_verdict v = judge_at(&w, f, NOW);

    assert_int_equal(v.health, health);
    assert_string_equal(v.reason, reason);
}

static void
lifecycle_decides_while_it_does_not_run(void **state)
{
    static const enum hf_health expected[HF_LIFECYCLE_COUNT] = {
        [HF_LIFECYCLE_ABSENT] = HF_HEALTH_STOPPED,
        [HF_LIFECYCLE_PULLING] = HF_HEALTH_STARTING,
        [HF_LIFECYCLE_CREATING] = HF_HEALTH_STARTING,
        [HF_LIFECYCLE_STARTING] = HF_HEALTH_STARTING,
        [HF_LIFECYCLE_RUNNING] = HF_HEALTH_HEALTHY,
        [HF_LIFECYCLE_STOPPING] = HF_HEALTH_STOPPED,
        [HF_LIFECYCLE_STOPPED] = HF_HEALTH_STOPPED,
        [HF_LIFECYCLE_BACKOFF] = HF_HEALTH_UNREACHABLE,
        [HF_LIFECYCLE_FAILED] = HF_HEALTH_FAILED,
    };
    struct hf_service_status s = status_of("ok", 100);
    struct hf_health_facts f = facts_of("buffer", &s);

    (void)state;
    for (int l = 0; l < HF_LIFECYCLE_COUNT; l++) {
        f.lifecycle = (enum hf_lifecycle)l;
        f.reason = l == HF_LIFECYCLE_RUNNING ? "" : "crash loop";
        expect(&f, expected[l], f.reason);
    }
}

static void
broker_is_judged_by_its_round_trip(void **state)
{
    struct hf_service_status s = status_of("ok", 100);
    struct hf_health_facts f = facts_of("broker", &s);

    (void)state;
    expect(&f, HF_HEALTH_HEALTHY, "");
    f.broker_answered_ms = NOW - HF_HEALTH_FRESH_MS;
    expect(&f, HF_HEALTH_HEALTHY, "");
    f.broker_answered_ms = NOW - 14000;
    expect(&f, HF_HEALTH_UNREACHABLE, "has not answered for 14 s");
    f.broker_answered_ms = 0;
    expect(&f, HF_HEALTH_UNREACHABLE, "has never answered");
    f.running_since_ms = NOW - HF_HEALTH_GRACE_MS + 1;
    expect(&f, HF_HEALTH_STARTING, "has not answered yet");
    f.broker_answered_ms = NOW;
    s = status_of("degraded", 100);
    snprintf(s.reason, sizeof s.reason, "devices are held back");
    expect(&f, HF_HEALTH_DEGRADED, "devices are held back");
}

static void
drops_of_the_broker_are_shown_for_a_minute(void **state)
{
    struct hf_service_status s = status_of("ok", 0);
    struct hf_health_facts f = facts_of("broker", &s);
    struct hf_health_watch w = {0};

    (void)state;
    set_number(&s, "queue_dropped", 100);
    assert_int_equal(judge_at(&w, &f, NOW).health, HF_HEALTH_HEALTHY);
    set_number(&s, "queue_dropped", 130);
    assert_string_equal(judge_at(&w, &f, NOW).reason, "has dropped 30 messages");
    set_number(&s, "queue_dropped", 135);
    assert_string_equal(judge_at(&w, &f, NOW + 1000).reason, "has dropped 35 messages");
    f.broker_answered_ms = s.mono_ms = NOW + 1000 + HF_HEALTH_DROP_MS;
    assert_int_equal(judge_at(&w, &f, f.broker_answered_ms).health, HF_HEALTH_HEALTHY);
    set_number(&s, "queue_dropped", 0); /* restarted: counts anew */
    assert_int_equal(judge_at(&w, &f, f.broker_answered_ms).health, HF_HEALTH_HEALTHY);
}

static void
broker_away_is_never_held_against_the_others(void **state)
{
    struct hf_service_status s = status_of("ok", 60000);
    struct hf_health_facts f = facts_of("processor", &s);

    (void)state;
    f.broker_answered_ms = NOW - 20000;
    expect(&f, HF_HEALTH_WAITING, "waiting for broker");
    s.gone = true;
    expect(&f, HF_HEALTH_WAITING, "waiting for broker");
    f.broker_answered_ms = 0;
    expect(&f, HF_HEALTH_WAITING, "waiting for broker");
    f.running_since_ms = NOW;
    expect(&f, HF_HEALTH_STARTING, "waiting for broker");
}

static void
silence_is_unreachable_after_the_grace(void **state)
{
    struct hf_service_status s = status_of("ok", 12000);
    struct hf_health_facts f = facts_of("forwarder", &s);

    (void)state;
    expect(&f, HF_HEALTH_UNREACHABLE, "no status message for 12 s");
    s = status_of("ok", 100);
    s.gone = true;
    expect(&f, HF_HEALTH_UNREACHABLE, "its connection to the broker has ended");
    s.seen = false;
    expect(&f, HF_HEALTH_UNREACHABLE, "has never reported on the bus");
    f.running_since_ms = NOW - 5000;
    expect(&f, HF_HEALTH_STARTING, "has not reported yet");
}

static void
own_words_count(void **state)
{
    struct hf_service_status s = status_of("degraded", 100);
    struct hf_health_facts f = facts_of("forwarder", &s);

    (void)state;
    expect(&f, HF_HEALTH_DEGRADED, "says degraded and not why");
    snprintf(s.reason, sizeof s.reason, "volume /data is not writable");
    expect(&f, HF_HEALTH_DEGRADED, "volume /data is not writable");
    s = status_of("starting", 100);
    f.running_since_ms = NOW - 3000;
    expect(&f, HF_HEALTH_STARTING, "starting");
    f.running_since_ms = NOW - 40000;
    expect(&f, HF_HEALTH_DEGRADED, "still starting after 40 s");
    snprintf(s.reason, sizeof s.reason, "no credentials");
    expect(&f, HF_HEALTH_DEGRADED, "still starting after 40 s: no credentials");
}

static void
who_is_not_subscribed_is_degraded(void **state)
{
    struct hf_service_status s = status_of("ok", 100);
    struct hf_health_facts f = facts_of("processor", &s);

    (void)state;
    expect(&f, HF_HEALTH_HEALTHY, ""); /* does not say: no claim */
    set_number(&s, "subscribed", 0);
    expect(&f, HF_HEALTH_DEGRADED, "no subscriber on field/#");
    f.service = "buffer";
    expect(&f, HF_HEALTH_DEGRADED, "no subscriber on uplink/#");
    f.service = "forwarder";
    expect(&f, HF_HEALTH_HEALTHY, "");
}

static void
advance(struct hf_service_status *s, struct hf_health_facts *f, int64_t to_ms)
{
    s->mono_ms = to_ms;
    f->broker_answered_ms = to_ms;
}

static void
waiting_work_that_does_not_move_is_degraded(void **state)
{
    static const struct {
        const char *service, *number, *reason;
    } rows[] = {
        {"buffer", "last_commit_ms", "buffer has not committed for 12 s with 340 waiting"},
        {"processor", "out",
         "processor has handed nothing to the buffer for 12 s with 340 waiting"},
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct hf_service_status s = status_of("ok", 0);
        struct hf_health_facts f = facts_of(rows[i].service, &s);
        struct hf_health_watch w = {0};

        set_number(&s, rows[i].number, 5);
        set_number(&s, "waiting", 340);
        assert_int_equal(judge_at(&w, &f, NOW).health, HF_HEALTH_HEALTHY);
        advance(&s, &f, NOW + 9000);
        assert_int_equal(judge_at(&w, &f, NOW + 9000).health, HF_HEALTH_HEALTHY);
        advance(&s, &f, NOW + 12000);
        assert_string_equal(judge_at(&w, &f, NOW + 12000).reason, rows[i].reason);

        set_number(&s, rows[i].number, 6);
        assert_int_equal(judge_at(&w, &f, NOW + 12000).health, HF_HEALTH_HEALTHY);
        set_number(&s, "waiting", 0); /* nothing to do for long is fine, and starts afresh */
        advance(&s, &f, NOW + 90000);
        assert_int_equal(judge_at(&w, &f, NOW + 90000).health, HF_HEALTH_HEALTHY);
        set_number(&s, "waiting", 1);
        advance(&s, &f, NOW + 92000);
        assert_int_equal(judge_at(&w, &f, NOW + 92000).health, HF_HEALTH_HEALTHY);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lifecycle_decides_while_it_does_not_run),
        cmocka_unit_test(broker_is_judged_by_its_round_trip),
        cmocka_unit_test(drops_of_the_broker_are_shown_for_a_minute),
        cmocka_unit_test(broker_away_is_never_held_against_the_others),
        cmocka_unit_test(silence_is_unreachable_after_the_grace),
        cmocka_unit_test(own_words_count),
        cmocka_unit_test(who_is_not_subscribed_is_degraded),
        cmocka_unit_test(waiting_work_that_does_not_move_is_degraded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
