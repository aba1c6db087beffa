// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "base/clock.h"
#include "core/internal.h"
#include "core/rate.h"

#include <math.h>
#include <string.h>

static void
a_rate_follows_its_counter_and_forgives_a_restart(void **state)
{
    struct rate r = {0};

    (void)state;
    rate_update(&r, 1000, 0);
    assert_true(r.per_second == 0);
    for (int i = 1; i <= 10; i++)
        rate_update(&r, 1000 + i * 200, i * 2000);
    assert_true(fabs(r.per_second - 100) < 1);
    rate_update(&r, 5, 22000);
    assert_true(fabs(r.per_second - 100) < 1);
    for (int i = 12; i <= 30; i++)
        rate_update(&r, 5, i * 2000);
    assert_true(r.per_second == 0);
}

/* Whether the owner would be woken; takes what is there. */
static bool
wakes(struct mailbox *m, struct mail *ret_mail)
{
    bool urgent = m->urgent;

    mailbox_take(m, 0, ret_mail);
    return urgent;
}

static void
only_news_of_a_service_wake_the_owner(void **state)
{
    struct hf_service_status status = {.seen = true, .state = "ok"};
    struct mailbox *m = calloc(1, sizeof *m);
    struct mail *mail = calloc(1, sizeof *mail);

    (void)state;
    mailbox_init(m);
    mailbox_status(m, 1, &status);
    assert_true(wakes(m, mail));
    status.numbers[0].value = 7;
    mailbox_status(m, 1, &status);
    assert_false(wakes(m, mail)); /* and yet it is there when the owner looks */
    assert_true(mail->status_fresh[1]);
    assert_int_equal(mail->status[1].numbers[0].value, 7);
    strcpy(status.state, "degraded");
    mailbox_status(m, 1, &status);
    assert_true(wakes(m, mail));
    status.gone = true;
    mailbox_status(m, 1, &status);
    assert_true(wakes(m, mail));
    mailbox_status(m, 2, &status);
    assert_true(wakes(m, mail));

    mailbox_pong(m);
    assert_true(wakes(m, mail));
    mailbox_pong(m);
    assert_false(wakes(m, mail));
    assert_true(mail->pong_ms > 0);
    m->ponged_ms -= 60000; /* the broker was away for a minute */
    mailbox_pong(m);
    assert_true(wakes(m, mail));

    mailbox_hint(m, false);
    mailbox_status(m, 2, &status);
    assert_true(wakes(m, mail));
    mailbox_stop(m);
    assert_true(wakes(m, mail));
    assert_true(wakes(m, mail)); /* for good */
    mailbox_done(m);
    free(mail);
    free(m);
}

static void
mail_is_given_whole_and_once(void **state)
{
    const struct hf_service_status status = {.seen = true, .state = "ok"};
    const struct hf_error err = {.message = "full"};
    const struct fetch_news news = {.some = true, .number = 4};
    struct mailbox *m = calloc(1, sizeof *m);
    struct mail *mail = calloc(1, sizeof *mail);
    struct look *look = calloc(1, sizeof *look);

    (void)state;
    mailbox_init(m);
    look->container_count = 3;
    mailbox_status(m, 1, &status);
    mailbox_effect(m, 2, -1, &err, "bye");
    mailbox_death(m, 3, true, 137);
    mailbox_lines(m, 4, strdup("[]"), 2);
    mailbox_look(m, look);
    mailbox_fetch(m, &news);
    mailbox_pong(m);
    mailbox_hint(m, true);
    memset(mail, 0xff, sizeof *mail);
    mailbox_take(m, 0, mail);
    assert_false(mail->stop || mail->calls);
    assert_true(mail->engine_hint && mail->engine_connected && mail->pong_ms);
    assert_true(mail->status_fresh[1] && mail->effects[2].done && mail->deaths[3].seen);
    assert_string_equal(mail->status[1].state, "ok");
    assert_string_equal(mail->effects[2].last_words, "bye");
    assert_string_equal(mail->effects[2].err.message, "full");
    assert_int_equal(mail->deaths[3].exit_code, 137);
    assert_string_equal(mail->lines[4].json, "[]");
    assert_true(mail->look.done);
    assert_int_equal(mail->look.container_count, 3);
    assert_true(mail->fetch.some && mail->fetch.number == 4);
    free(mail->lines[4].json);
    for (size_t i = 0; i < HF_SERVICES_MAX; i++)
        assert_int_equal(mail->status_fresh[i] + mail->effects[i].done + mail->deaths[i].seen +
                             mail->lines[i].done,
                         i >= 1 && i <= 4);

    mailbox_take(m, 0, mail);
    assert_false(mail->engine_hint || mail->engine_connected || mail->pong_ms || mail->look.done);
    for (size_t i = 0; i < HF_SERVICES_MAX; i++)
        assert_false(mail->status_fresh[i] || mail->effects[i].done || mail->deaths[i].seen ||
                     mail->lines[i].done || mail->lines[i].json);
    assert_false(mail->fetch.some);
    mailbox_done(m);
    free(look);
    free(mail);
    free(m);
}

static struct hf_sentence
said(const struct hf_snapshot *s)
{
    struct hf_sentence t = {0};

    hf_core_say(s, &t);
    return t;
}

static void
the_first_line_names_what_matters_most(void **state)
{
    struct hf_snapshot *s = calloc(1, sizeof *s);
    struct hf_service_view *forwarder;

    (void)state;
    assert_string_equal(said(s).eyebrow, "No release");
    s->has_release = true;
    s->service_count = hf_service_count;
    for (size_t i = 0; i < hf_service_count; i++) {
        s->services[i].health = HF_HEALTH_HEALTHY;
        strcpy(s->services[i].title, hf_service_names[i]);
    }
    strcpy(s->uplink.state, "idle");
    assert_string_equal(said(s).eyebrow, "Ready");
    s->buffer.delivered = 1204318;
    assert_string_equal(said(s).detail, "1,204,318 records so far, none lost.");
    s->at_ms = 9000000;
    s->buffer.held = 40;
    s->buffer.oldest_ms = s->at_ms - 2000; /* has just come in */
    assert_string_equal(said(s).title, "All data delivered.");
    s->buffer.oldest_ms = s->at_ms - 3000;
    assert_string_equal(said(s).title, "All data delivered, 3 s behind.");
    s->buffer.oldest_ms = s->at_ms - 14000;
    assert_string_equal(said(s).title, "Delivering, 14 s behind.");
    s->buffer.held = s->buffer.oldest_ms = 0;

    s->buffer.quarantined = 3;
    assert_string_equal(said(s).title, "3 records in quarantine wait for you.");
    s->buffer.quarantined = 0;
    strcpy(s->gateway.recovery, "holdfast.db was damaged; 3 tables were saved");
    assert_string_equal(said(s).level, "warn");
    assert_string_equal(said(s).detail, "holdfast.db was damaged; 3 tables were saved");
    s->gateway.recovery[0] = '\0';
    s->at_ms = 9000000;
    s->buffer.dropped = 1200;
    s->buffer.dropped_ms = s->at_ms - 1000;
    assert_string_equal(said(s).level, "bad");
    assert_string_equal(said(s).title, "1,200 records have been dropped so far.");
    s->broker.queue_dropped = 7;
    s->broker.queue_dropped_ms = s->at_ms;
    assert_string_equal(said(s).eyebrow, "Messages are being lost");
    s->at_ms += 3600 * 1000; /* no longer the news, and never claimed away */
    assert_string_equal(said(s).eyebrow, "All is well");
    assert_string_equal(said(s).detail, "1,204,318 records so far.");

    strcpy(s->uplink.state, "away");
    strcpy(s->uplink.last_error, "the cloud answered 503");
    s->at_ms = 10000000;
    s->uplink.away_since_ms = s->at_ms - 7800 * 1000;
    s->buffer.held = 99;
    s->buffer.full_s = 19 * 86400;
    assert_string_equal(said(s).eyebrow, "Uplink away for 2 h 10 min");
    assert_string_equal(said(s).title, "Every record is safe. Room for 19 days more at this rate.");
    assert_string_equal(said(s).detail, "99 records held. The cloud answered 503; trying now.");
    s->uplink.next_try_ms = s->at_ms + 46 * 1000;
    assert_string_equal(said(s).detail,
                        "99 records held. The cloud answered 503; next try in 46 s.");

    forwarder = &s->services[hf_service_index("forwarder")];
    forwarder->health = HF_HEALTH_FAILED;
    strcpy(forwarder->reason, "crash loop (5 exits in 2 min)");
    assert_string_equal(said(s).level, "bad");
    assert_string_equal(said(s).title, "Crash loop (5 exits in 2 min)");

    s->gateway.engine.state = HF_ENGINE_UNREACHABLE;
    assert_string_equal(said(s).eyebrow, "Docker does not answer");
    free(s);
}

/* 10 records of 100 bytes in a file of 100 kB that has 1 MB of room: by the file's size each would
 * take 10 kB. */
static void
room_is_told_by_what_is_held(void **state)
{
    struct hf_buffer_view b = {
        .held = 10, .disk_bytes = 100 * 1000, .disk_limit_bytes = 1100 * 1000, .in_per_s = 100};

    (void)state;
    hf_core_forecast(&b, 1000);
    assert_int_equal(b.full_s, 100);
    assert_int_equal(b.drain_s, -1);
    b.in_per_s = 0;
    b.out_per_s = 5;
    hf_core_forecast(&b, 1000);
    assert_int_equal(b.full_s, -1);
    assert_int_equal(b.drain_s, 2);
}

/* Pain 22: a gateway that never sees a time server, and loses its power each day, does not live the
 * same hour again and again: the floor goes on by what surely passed. */
static void
pain_22_the_clock_floor_moves_on_without_ntp(void **state)
{
    struct hf_core *core = calloc(1, sizeof *core);
    const int64_t floor = 1795700000000, hour = 3600 * 1000;

    (void)state;
    assert_non_null(core);
    assert_int_equal(hf_core_clock_floor(core, 5000), 0); /* nothing was ever known */
    core->clock_floor_ms = floor;
    core->clock_floor_at_ms = 5000;
    assert_int_equal(hf_core_clock_floor(core, 5000), floor);
    assert_int_equal(hf_core_clock_floor(core, 5000 + 3 * hour), floor + 3 * hour);
    core->host.clock_synced = true; /* the clock's word counts, whatever was thought before */
    assert_true(hf_core_clock_floor(core, 5000) >= HF_CLOCK_PLAUSIBLE_MS);
    assert_true(llabs(hf_core_clock_floor(core, 5000) - hf_clock_wall_ms()) < hour);
    free(core);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rate_follows_its_counter_and_forgives_a_restart),
        cmocka_unit_test(only_news_of_a_service_wake_the_owner),
        cmocka_unit_test(mail_is_given_whole_and_once),
        cmocka_unit_test(the_first_line_names_what_matters_most),
        cmocka_unit_test(room_is_told_by_what_is_held),
        cmocka_unit_test(pain_22_the_clock_floor_moves_on_without_ntp),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
