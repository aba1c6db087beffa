// SPDX-License-Identifier: Apache-2.0
/* Other settings on trial: kept where all goes on well, taken back where it does not. */
#include "upgradekit.h"

#include "store/store.h"

static int64_t
revision_of(struct box *b)
{
    HF_AUTO_FREE char *text = NULL;
    struct hf_error err;
    int64_t revision;

    assert_int_equal(hf_core_config(b->core, &text, &revision, &err), 0);
    return revision;
}

static struct hf_config_trial
trial_of(struct box *b)
{
    struct hf_settings_revision list[HF_STORE_REVISIONS_MAX];
    struct hf_config_trial trial;
    struct hf_error err;
    size_t count;

    if (hf_core_config_revisions(b->core, list, HF_LEN(list), &count, &trial, &err) < 0)
        fail_msg("%s", err.message);
    return trial;
}

static void
nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

/* Until it has ended. */
static void
tried(struct box *b)
{
    int64_t deadline = hf_clock_mono_ms() + PATIENCE_MS;

    while (trial_of(b).active) {
        if (hf_clock_mono_ms() > deadline)
            fail_msg("it waits: %s", trial_of(b).waiting);
        nap();
    }
}

static bool
broker_is_well(const struct hf_snapshot *s)
{
    return all_run(s) && s->services[0].health == HF_HEALTH_HEALTHY;
}

static void
begin(struct box *b)
{
    b->speaks = true;
    start_with(b, one);
    wait_until(b->core, broker_is_well);
    configure(b, "{\"upgrade\":{\"config_gate_s\":1,\"switch_s\":10}}");
}

static bool
is_running(const char *setting, struct box *b)
{
    HF_AUTO_FREE char *text = NULL;
    struct hf_error err;
    int64_t revision;

    assert_int_equal(hf_core_config(b->core, &text, &revision, &err), 0);
    return strstr(text, setting);
}

static void
what_no_service_reads_is_not_tried(void **state)
{
    struct box *b = *state;

    begin(b);
    assert_false(trial_of(b).active);
    configure(b, "{\"name\":\"other\"}");
    assert_false(trial_of(b).active);
    configure(b, "{\"upgrade\":{\"config_gate_s\":0}}");
    configure(b, "{\"buffer\":{\"window_ms\":2000}}");
    assert_false(trial_of(b).active);
    configure(b, "{\"upgrade\":{\"config_gate_s\":3600},\"buffer\":{\"window_ms\":50}}");
    assert_true(trial_of(b).active);
    assert_int_equal(trial_of(b).gate_s, 3600);
}

static void
what_goes_on_well_is_kept(void **state)
{
    struct box *b = *state;
    int64_t before;

    begin(b);
    before = revision_of(b);
    configure(b, "{\"buffer\":{\"window_ms\":2000}}");
    assert_true(trial_of(b).active);
    assert_int_equal(trial_of(b).good, before);
    tried(b);
    assert_int_equal(revision_of(b), before + 1);
    assert_true(is_running("\"window_ms\":2000", b));
}

static bool
broker_is_degraded(const struct hf_snapshot *s)
{
    return s->services[0].health == HF_HEALTH_DEGRADED;
}

/* Else any of them could undo what people change. */
static void
what_devices_do_to_the_broker_takes_nothing_back(void **state)
{
    struct box *b = *state;

    begin(b);
    configure(b, "{\"upgrade\":{\"config_gate_s\":3}}");
    configure(b, "{\"buffer\":{\"window_ms\":2000}}");
    assert_true(trial_of(b).active);
    atomic_store(&b->crowded, true);
    wait_until(b->core, broker_is_degraded);
    assert_true(trial_of(b).active);
    tried(b);
    assert_true(is_running("\"window_ms\":2000", b));
}

static void
a_trial_ends_where_nobody_watches_any_more(void **state)
{
    struct box *b = *state;

    begin(b);
    configure(b, "{\"upgrade\":{\"config_gate_s\":3600}}");
    configure(b, "{\"buffer\":{\"window_ms\":2000}}");
    assert_true(trial_of(b).active);
    configure(b, "{\"upgrade\":{\"config_gate_s\":0}}");
    tried(b);
    assert_true(is_running("\"window_ms\":2000", b));
}

static void
crash(struct box *b, const char *image)
{
    FAKE_LOCKED(&b->engine, { hf_text_put(b->engine.crashes, HF_DIGEST_SIZE, "%s", image); });
}

static void
what_makes_a_service_end_is_taken_back(void **state)
{
    struct box *b = *state;
    struct hf_incident_filter filter = {.kind = HF_INCIDENT_UPGRADE};
    struct hf_audit_entry entries[1];
    struct hf_incident incident;
    struct hf_error err;
    int64_t good;
    size_t count = 0;

    begin(b);
    configure(b, "{\"upgrade\":{\"config_gate_s\":3600}}");
    good = revision_of(b);
    configure(b, "{\"buffer\":{\"window_ms\":2000}}");
    configure(b, "{\"buffer\":{\"window_ms\":3000}}");
    assert_int_equal(trial_of(b).good, good);
    crash(b, IMAGE("01"));
    tried(b);
    assert_int_equal(revision_of(b), good + 3);
    assert_true(is_running("\"window_ms\":50", b));
    assert_int_equal(hf_core_incidents(b->core, &filter, &incident, 1, &count, &err), 0);
    assert_int_equal(count, 1);
    assert_string_equal(incident.service, "broker");
    assert_non_null(strstr(incident.found, "of the configuration: 'broker'"));
    end(b);
    assert_int_equal(hf_store_open(b->dir, &b->store, &err), 0);
    assert_int_equal(hf_store_audit_list(b->store, NULL, entries, 1, &count, &err), 0);
    assert_string_equal(entries[0].who, "holdfastd");
    assert_non_null(strstr(entries[0].what, "returned to revision"));
    hf_store_free(b->store);
    crash(b, "");
    start_with(b, NULL);
}

/* Power may go while it is watched. */
static void
a_trial_outlives_a_restart(void **state)
{
    struct box *b = *state;
    int64_t good;

    begin(b);
    configure(b, "{\"upgrade\":{\"config_gate_s\":3600}}");
    good = revision_of(b);
    configure(b, "{\"buffer\":{\"window_ms\":2000}}");
    end(b);
    start_with(b, NULL);
    assert_true(trial_of(b).active);
    assert_int_equal(trial_of(b).good, good);
    mailbox_pong(&b->core->mail);
    crash(b, IMAGE("01"));
    tried(b);
    assert_true(is_running("\"window_ms\":50", b));
    crash(b, "");
}

static void
change(struct box *b, int64_t again, int64_t if_revision, enum hf_error_class class)
{
    struct hf_config_change wanted = {.again = again, .revision = if_revision, .actor = "ann"};
    HF_AUTO_FREE char *text = NULL;
    struct hf_error err = {0};
    int64_t revision;

    assert_int_equal(hf_core_change_config(b->core, &wanted, &text, &revision, &err),
                     class ? -1 : 0);
    assert_int_equal(err.class, class);
}

static void
any_revision_can_be_compared_and_returned_to(void **state)
{
    struct box *b = *state;
    HF_AUTO(hf_json) struct hf_json *diff = NULL;
    HF_AUTO_FREE char *text = NULL;
    struct hf_error err;
    int64_t first;

    begin(b);
    first = revision_of(b);
    configure(b, "{\"buffer\":{\"window_ms\":2000}}");
    configure(b, "{\"uplink\":{\"url\":\"https://x.example/\",\"token\":\"s3cret\"}}");
    assert_int_equal(hf_core_config_diff(b->core, first, first + 2, &diff, &err), 0);
    assert_int_equal(hf_json_print(diff, &text, &err), 0);
    assert_non_null(strstr(text, "{\"path\":\"/buffer/window_ms\",\"before\":50,\"after\":2000}"));
    assert_null(strstr(text, "s3cret"));
    change(b, first, first, HF_ERROR_STALE);
    change(b, 99, HF_REVISION_ANY, HF_ERROR_NOT_FOUND);
    change(b, first, HF_REVISION_ANY, HF_ERROR_NONE);
    assert_int_equal(revision_of(b), first + 3);
    assert_true(is_running("\"window_ms\":50", b));
    assert_false(is_running("x.example", b));
    change(b, first + 2, HF_REVISION_ANY, HF_ERROR_NONE);
    assert_string_equal(
        hf_json_string(hf_settings_sink(&b->core->settings, HF_SINK_UPLINK), "token"), "s3cret");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_no_service_reads_is_not_tried, setup, teardown),
        cmocka_unit_test_setup_teardown(what_goes_on_well_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(what_devices_do_to_the_broker_takes_nothing_back, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_trial_ends_where_nobody_watches_any_more, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_makes_a_service_end_is_taken_back, setup, teardown),
        cmocka_unit_test_setup_teardown(a_trial_outlives_a_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(any_revision_can_be_compared_and_returned_to, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
