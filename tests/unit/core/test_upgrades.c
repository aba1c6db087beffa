// SPDX-License-Identifier: Apache-2.0
/* Upgrades by a whole owner, with a real store, against an engine in memory. */
#include "upgradekit.h"

/* The operation of the last one that was asked for. */
static char asked[HF_ID_SIZE];

static bool
is_settled(const struct hf_snapshot *s)
{
    return s->upgrade.record.finished_ms > 0 && strcmp(s->upgrade.record.operation, asked) == 0;
}

static bool
is_back_to_rest(const struct hf_snapshot *s)
{
    return is_settled(s) && all_run(s);
}

static void
apply(struct box *b, const char *id)
{
    struct hf_operation op;
    struct hf_error err;

    if (hf_core_apply(b->core, &(struct hf_apply){id, "", false}, "admin", &op, &err) < 0)
        fail_msg("%s", err.message);
    memcpy(asked, op.id, sizeof asked);
}

static struct hf_operation
roll_back(struct box *b)
{
    struct hf_operation op;
    struct hf_error err;

    if (hf_core_roll_back(b->core, "admin", &op, &err) < 0)
        fail_msg("%s", err.message);
    memcpy(asked, op.id, sizeof asked);
    return op;
}

static void
refused(struct box *b, const char *id, const char *etag, enum hf_error_class class)
{
    struct hf_operation op;
    struct hf_error err;

    assert_int_equal(
        hf_core_apply(b->core, &(struct hf_apply){id, etag, false}, "admin", &op, &err), -1);
    assert_int_equal(err.class, class);
}

static bool
has_image(struct box *b, const char *service, const char *image)
{
    bool has = false;

    FAKE_LOCKED(&b->engine, {
        for (size_t i = 0; i < b->engine.count; i++)
            has |= strcmp(b->engine.containers[i].service, service) == 0 &&
                   strcmp(b->engine.containers[i].image_id, image) == 0;
    });
    return has;
}

static void
runs_one(struct box *b)
{
    assert_true(has_image(b, "broker", IMAGE("01")) && has_image(b, "buffer", IMAGE("02")));
}

static void
runs_two(struct box *b)
{
    assert_true(has_image(b, "broker", IMAGE("11")) && has_image(b, "buffer", IMAGE("12")));
}

/* How the last one ended, and what the store says runs. */
static void
ended(struct box *b, enum hf_upgrade_state state, const char *runs)
{
    const struct hf_snapshot *s;

    wait_until(b->core, is_back_to_rest);
    s = hf_core_snapshot(b->core);
    if (s->upgrade.record.state != state)
        fail_msg("%s: %s", hf_upgrade_state_name(s->upgrade.record.state),
                 s->upgrade.record.reason);
    assert_string_equal(s->release.name, runs);
    assert_int_equal(s->upgrade.record.reason[0] != '\0', state == HF_UPGRADE_ROLLED_BACK);
    hf_snapshot_unref(s);
}

static enum hf_release_state
state_of(struct box *b, const char *id)
{
    struct hf_known_release known;
    struct hf_error err;

    if (hf_core_known_release(b->core, id, &known, NULL, &err) < 0)
        fail_msg("%s", err.message);
    return known.state;
}

static void
a_good_release_is_committed_and_what_did_not_change_runs_on(void **state)
{
    struct box *b = *state;
    const struct hf_snapshot *s;
    struct hf_operation op;
    struct hf_error err;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_box(b);
    add(b, two, id);
    FAKE_LOCKED(&b->engine, b->engine.started_count = 0);
    apply(b, id);
    ended(b, HF_UPGRADE_COMMITTED, "two");
    runs_two(b);
    FAKE_LOCKED(&b->engine, {
        assert_int_equal(b->engine.started_count, 2);
        assert_string_equal(b->engine.started[0], "broker");
        assert_string_equal(b->engine.started[1], "buffer");
        assert_int_equal(b->engine.removed_count, 0);
    });
    assert_int_equal(state_of(b, id), HF_RELEASE_RUNNING);
    s = hf_core_snapshot(b->core);
    assert_int_equal(s->upgrade.record.count, 2);
    assert_in_range(s->upgrade.record.services[0].gap_ms, 0, PATIENCE_MS);
    assert_int_equal(hf_core_operation(b->core, s->upgrade.record.operation, &op, &err), 0);
    assert_int_equal(op.state, HF_OPERATION_SUCCEEDED);
    hf_snapshot_unref(s);
}

static void
pain_20_a_bad_one_goes_back_and_is_told_of(void **state)
{
    struct box *b = *state;
    struct hf_incident_filter filter = {.kind = HF_INCIDENT_UPGRADE};
    struct hf_incident incident;
    struct hf_error err;
    char id[HF_DIGEST_TEXT_SIZE];
    size_t count = 0;

    begin_box(b);
    add(b, half, id);
    FAKE_LOCKED(&b->engine, { hf_text_put(b->engine.crashes, HF_DIGEST_SIZE, "%s", IMAGE("12")); });
    apply(b, id);
    ended(b, HF_UPGRADE_ROLLED_BACK, "one");
    runs_one(b);
    assert_int_equal(state_of(b, id), HF_RELEASE_FAILED);
    assert_int_equal(hf_core_incidents(b->core, &filter, &incident, 1, &count, &err), 0);
    assert_int_equal(count, 1);
    assert_string_equal(incident.service, "buffer");
    assert_non_null(strstr(incident.found, "release half 1.2.3: 'buffer'"));
    assert_int_equal(incident.log_lines, 1);
}

/* It has given up the new one, and the old one is not there yet: that is no end. */
static void
pain_20_it_is_back_only_when_the_old_one_runs(void **state)
{
    struct box *b = *state;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_box(b);
    configure(b, "{\"upgrade\":{\"switch_s\":10}}");
    add(b, half, id);
    FAKE_LOCKED(&b->engine, {
        hf_text_put(b->engine.stillborn, HF_DIGEST_SIZE, "%s", IMAGE("12"));
        hf_text_put(b->engine.slow, HF_NAME_SIZE, "buffer");
    });
    apply(b, id);
    wait_until(b->core, is_settled);
    assert_true(has_image(b, "buffer", IMAGE("02")));
    ended(b, HF_UPGRADE_ROLLED_BACK, "one");
}

static void
pain_02_nothing_is_touched_where_an_image_cannot_be_had(void **state)
{
    struct box *b = *state;
    char id[HF_DIGEST_TEXT_SIZE];
    unsigned stops = 0;

    begin_box(b);
    add(b, two, id);
    FAKE_LOCKED(&b->engine, {
        hf_text_put(b->engine.missing, HF_DIGEST_SIZE, "%s", IMAGE("12"));
        stops = b->engine.stops;
    });
    apply(b, id);
    ended(b, HF_UPGRADE_ROLLED_BACK, "one");
    runs_one(b);
    FAKE_LOCKED(&b->engine, assert_int_equal(b->engine.stops, stops));
}

static bool
is_half_here(const struct hf_snapshot *s)
{
    const struct hf_upgrade_view *v = &s->upgrade;

    return v->pull_number == 1 && v->pull.done == 50 && v->pull.size == 100 &&
           v->pull.layer_done == 50 && strcmp(v->pull.layer, IMAGE("11")) == 0;
}

static void
pain_18_a_pull_that_hangs_stops_no_supervision(void **state)
{
    struct box *b = *state;
    struct hf_operation op;
    struct hf_error err;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_box(b);
    add(b, two, id);
    FAKE_LOCKED(&b->engine, {
        b->engine.block_pulls = true;
        b->engine.no_images = true;
    });
    apply(b, id);
    wait_until(b->core, is_half_here);
    refused(b, id, "", HF_ERROR_CONFLICT);
    FAKE_LOCKED(&b->engine, b->engine.no_images = false);
    assert_int_equal(
        hf_core_command(b->core, HF_OPERATION_RESTART, "forwarder", "admin", &op, &err), 0);
    do {
        assert_int_equal(hf_core_operation(b->core, op.id, &op, &err), 0);
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    } while (op.state == HF_OPERATION_RUNNING);
    assert_int_equal(op.state, HF_OPERATION_SUCCEEDED);
    FAKE_LOCKED(&b->engine, b->engine.block_pulls = false);
    ended(b, HF_UPGRADE_COMMITTED, "two");
}

static bool
is_gating(const struct hf_snapshot *s)
{
    return s->upgrade.record.state == HF_UPGRADE_GATING;
}

static void
pain_14_a_person_can_give_it_up(void **state)
{
    struct box *b = *state;
    struct hf_operation op;
    struct hf_error err;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_box(b);
    configure(b, "{\"upgrade\":{\"gate_s\":3600}}");
    add(b, two, id);
    apply(b, id);
    wait_until(b->core, is_gating);
    op = roll_back(b);
    ended(b, HF_UPGRADE_ROLLED_BACK, "one");
    runs_one(b);
    assert_int_equal(hf_core_operation(b->core, op.id, &op, &err), 0);
    assert_int_equal(op.state, HF_OPERATION_FAILED);
    assert_string_equal(op.detail, "rolled back: given up by admin");
}

/* The configuration is a part of the way back. */
static void
pain_15_the_configuration_stays_while_services_are_switched(void **state)
{
    struct box *b = *state;
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_config_change change = {.revision = HF_REVISION_ANY, .actor = "admin"};
    struct hf_error err;
    HF_AUTO_FREE char *text = NULL;
    int64_t revision;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_box(b);
    add(b, two, id);
    apply(b, id);
    wait_until(b->core, is_gating);
    assert_int_equal(hf_json_parse("{\"name\":\"x\"}", 12, &doc, &err), 0);
    change.patch = doc;
    assert_int_equal(hf_core_change_config(b->core, &change, &text, &revision, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    ended(b, HF_UPGRADE_COMMITTED, "two");
    assert_int_equal(hf_core_change_config(b->core, &change, &text, &revision, &err), 0);
}

static bool
is_removed(struct box *b, const char *image)
{
    bool removed = false;

    FAKE_LOCKED(&b->engine, {
        for (size_t i = 0; i < b->engine.removed_count; i++)
            removed |= strcmp(b->engine.removed[i], image) == 0;
    });
    return removed;
}

static void
images_go_after_the_next_commit_and_never_those_of_a_way_back(void **state)
{
    struct box *b = *state;
    char first[HF_DIGEST_TEXT_SIZE], id[HF_DIGEST_TEXT_SIZE];

    begin_box(b);
    add(b, one, first);
    add(b, two, id);
    apply(b, id);
    ended(b, HF_UPGRADE_COMMITTED, "two");
    assert_int_equal(state_of(b, first), HF_RELEASE_PREVIOUS);
    add(b, three, id);
    apply(b, id);
    ended(b, HF_UPGRADE_COMMITTED, "three");
    while (!is_removed(b, IMAGE("02")))
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    assert_true(is_removed(b, IMAGE("01")));
    assert_false(is_removed(b, IMAGE("03")));
    assert_false(is_removed(b, IMAGE("11")));
    assert_int_equal(roll_back(b).kind, HF_OPERATION_ROLLBACK);
    ended(b, HF_UPGRADE_COMMITTED, "two");
    runs_two(b);
    assert_false(is_removed(b, IMAGE("21")));
}

static void
images_of_one_that_was_not_kept_go_at_once(void **state)
{
    struct box *b = *state;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_box(b);
    add(b, half, id);
    FAKE_LOCKED(&b->engine, { hf_text_put(b->engine.crashes, HF_DIGEST_SIZE, "%s", IMAGE("12")); });
    apply(b, id);
    ended(b, HF_UPGRADE_ROLLED_BACK, "one");
    while (!is_removed(b, IMAGE("12")))
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    assert_false(is_removed(b, IMAGE("01")));
    assert_false(is_removed(b, IMAGE("02")));
}

/* One that somebody uses holds up no other, and is tried again after the next end. */
static void
an_old_image_in_use_goes_later(void **state)
{
    struct box *b = *state;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_box(b);
    FAKE_LOCKED(&b->engine,
                { hf_text_put(b->engine.used_image, HF_DIGEST_SIZE, "%s", IMAGE("11")); });
    add(b, two, id);
    FAKE_LOCKED(&b->engine, { hf_text_put(b->engine.crashes, HF_DIGEST_SIZE, "%s", IMAGE("12")); });
    apply(b, id);
    ended(b, HF_UPGRADE_ROLLED_BACK, "one");
    while (!is_removed(b, IMAGE("12")))
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    assert_false(is_removed(b, IMAGE("11")));
    FAKE_LOCKED(&b->engine, b->engine.used_image[0] = '\0');
    apply(b, id);
    ended(b, HF_UPGRADE_ROLLED_BACK, "one");
    while (!is_removed(b, IMAGE("11")))
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

static void
what_is_in_the_way_is_said(void **state)
{
    struct box *b = *state;
    struct hf_plan plan;
    struct hf_error err;
    char first[HF_DIGEST_TEXT_SIZE], id[HF_DIGEST_TEXT_SIZE];

    begin_box(b);
    add(b, one, first);
    add(b, two, id);
    refused(b, first, "", HF_ERROR_CONFLICT);
    refused(b, "00000000000000000000000000000000", "", HF_ERROR_NOT_FOUND);
    assert_int_equal(hf_core_plan(b->core, id, &plan, &err), 0);
    assert_int_equal(plan.obstacle_count, 0);
    assert_int_equal(plan.count, 2);
    assert_true(plan.services[0].image && plan.services[0].restarts && !plan.services[0].settings);
    assert_int_equal(plan.unchanged_count, 2);
    assert_true(plan.back_present);
    refused(b, id, "ffffffffffffffffffffffffffffffff", HF_ERROR_STALE);
    configure(b, "{\"upgrade\":{\"gate_s\":2}}");
    refused(b, id, plan.etag, HF_ERROR_STALE);
    configure(b, "{\"upgrade\":{\"freeze\":true}}");
    refused(b, id, "", HF_ERROR_CONFLICT);
    assert_int_equal(hf_core_plan(b->core, id, &plan, &err), 0);
    assert_int_equal(plan.obstacle_count, 1);
    assert_non_null(strstr(plan.obstacles[0], "frozen"));
    runs_one(b);
}

static bool
is_audited(struct hf_store *store, const char *text)
{
    struct hf_audit_entry entries[8];
    size_t count = 0;

    assert_int_equal(hf_store_audit_list(store, 0, entries, HF_LEN(entries), &count, NULL), 0);
    for (size_t i = 0; i < count; i++)
        if (strstr(entries[i].what, text))
            return true;
    return false;
}

/* The way back is always open; anything else that is older is a person's decision. */
static void
an_older_one_is_applied_only_where_that_is_asked_for(void **state)
{
    struct box *b = *state;
    struct hf_operation op;
    struct hf_plan plan;
    struct hf_error err;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_box(b);
    add(b, older, id);
    refused(b, id, "", HF_ERROR_CONFLICT);
    assert_int_equal(hf_core_plan(b->core, id, &plan, &err), 0);
    assert_int_equal(plan.obstacle_count, 1);
    assert_non_null(strstr(plan.obstacles[0], "allow_older"));
    assert_true(has_warning(&plan, HF_WARNING_OLDER));
    if (hf_core_apply(b->core, &(struct hf_apply){id, plan.etag, true}, "admin", &op, &err) < 0)
        fail_msg("%s", err.message);
    memcpy(asked, op.id, sizeof asked);
    ended(b, HF_UPGRADE_COMMITTED, "older");
    add(b, two, id);
    apply(b, id);
    ended(b, HF_UPGRADE_COMMITTED, "two");
    roll_back(b);
    ended(b, HF_UPGRADE_COMMITTED, "older");
    end(b);
    assert_int_equal(hf_store_open(b->dir, &b->store, &err), 0);
    assert_true(is_audited(b->store, "to 'older 1.2.3', older ones allowed"));
    hf_store_free(b->store);
    start_with(b, NULL);
}

static void
unsigned_ones_are_refused_where_there_is_a_key(void **state)
{
    struct box *b = *state;
    struct hf_known_release known;
    struct hf_error err;

    begin_box(b);
    configure(b,
              "{\"release_keys\":[\"RWTF1O453dndpKIE5PVQvUF4+6muWhCQsJ6G+0jrh63qkBBV+HhJMOs9\"]}");
    assert_int_equal(hf_core_add_release(b->core, two, "", "admin", &known, &err), -1);
    assert_int_equal(err.class, HF_ERROR_INVALID);
    assert_string_equal(err.pointer, "/signature");
    assert_non_null(strstr(err.message, "not signed"));
    assert_int_equal(hf_core_add_release(b->core, two, "nonsense", "admin", &known, &err), -1);
    assert_string_equal(err.pointer, "/signature");
}

static void
one_that_needs_a_newer_holdfastd_is_refused(void **state)
{
    static const char newer[] = RELEASE_OF("\"format\":1,\"min_holdfastd\":\"99.0.0\",", BUILT_IN);
    struct box *b = *state;
    struct hf_known_release known;
    struct hf_error err;

    begin_box(b);
    assert_int_equal(hf_core_add_release(b->core, newer, "", "admin", &known, &err), -1);
    assert_int_equal(err.class, HF_ERROR_INVALID);
    assert_string_equal(err.pointer, "/min_holdfastd");
}

static const char *awaited_image;

static bool
has_awaited_image(const struct hf_snapshot *s)
{
    return strcmp(s->release.services[0].image.image, awaited_image) == 0;
}

/* A mirror needs no other release. */
static void
images_are_where_the_registry_is(void **state)
{
    struct box *b = *state;
    struct hf_known_release known;
    struct hf_release r;
    struct hf_error err;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_box(b);
    add(b, two, id);
    configure(b, "{\"registry\":{\"host\":\"mirror.example:5000\"}}");
    assert_int_equal(hf_core_known_release(b->core, id, &known, &r, &err), 0);
    assert_string_equal(r.services[0].image.image, "mirror.example:5000/r/broker@" IMAGE("11"));
    hf_release_done(&r);
    apply(b, id);
    ended(b, HF_UPGRADE_COMMITTED, "two");
    configure(b, "{\"registry\":{\"host\":\"other.example\"}}");
    awaited_image = "other.example/r/broker@" IMAGE("11");
    wait_until(b->core, has_awaited_image);
    roll_back(b);
    ended(b, HF_UPGRADE_COMMITTED, "one");
    awaited_image = "other.example/r/broker@" IMAGE("01");
    wait_until(b->core, has_awaited_image);
}

static bool
is_frozen(const struct hf_snapshot *s)
{
    return s->upgrade.record.state == HF_UPGRADE_VERIFIED && strstr(s->upgrade.waiting, "frozen");
}

static bool
is_held(const struct hf_snapshot *s)
{
    return s->upgrade.record.state == HF_UPGRADE_VERIFIED && *s->upgrade.waiting;
}

static void
a_switch_waits_for_the_backlog_and_says_so(void **state)
{
    struct box *b = *state;
    const struct hf_snapshot *s;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_box(b);
    configure(b, "{\"upgrade\":{\"max_backlog\":100}}");
    add(b, two, id);
    apply(b, id);
    wait_until(b->core, is_held);
    s = hf_core_snapshot(b->core);
    assert_non_null(strstr(s->upgrade.waiting, "it waits until there are fewer than 100"));
    hf_snapshot_unref(s);
    runs_one(b);
    configure(b, "{\"upgrade\":{\"max_backlog\":0}}");
    ended(b, HF_UPGRADE_COMMITTED, "two");
}

/* As it would come over the bus. */
static void
buffer_says(struct box *b, bool busy)
{
    struct hf_service_status status = {.seen = true, .state = "ok", .busy = busy};

    hf_text_put(status.reason, sizeof status.reason, "a valve is moving");
    mailbox_status(&b->core->mail, (size_t)hf_service_index("buffer"), &status);
}

static void
a_switch_waits_for_a_busy_service_and_says_for_how_long(void **state)
{
    struct box *b = *state;
    const struct hf_snapshot *s;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_box(b);
    buffer_says(b, true);
    configure(b, "{\"upgrade\":{\"busy_wait_s\":600}}");
    add(b, two, id);
    apply(b, id);
    wait_until(b->core, is_held);
    s = hf_core_snapshot(b->core);
    assert_string_equal(s->upgrade.waiting, "'buffer' says that it is busy: a valve is moving; its "
                                            "switch waits for 600 s at most");
    hf_snapshot_unref(s);
    buffer_says(b, false);
    ended(b, HF_UPGRADE_COMMITTED, "two");
}

/* A valve that never stops moving. */
static void
a_busy_service_is_waited_for_no_longer_than_that(void **state)
{
    struct box *b = *state;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_box(b);
    buffer_says(b, true);
    configure(b, "{\"upgrade\":{\"busy_wait_s\":1}}");
    add(b, two, id);
    apply(b, id);
    wait_until(b->core, is_held);
    ended(b, HF_UPGRADE_COMMITTED, "two");
}

static void
a_freeze_holds_up_what_is_not_switched_yet(void **state)
{
    struct box *b = *state;
    const struct hf_snapshot *s;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_box(b);
    configure(b, "{\"upgrade\":{\"max_backlog\":100}}");
    add(b, two, id);
    apply(b, id);
    wait_until(b->core, is_held);
    configure(b, "{\"upgrade\":{\"freeze\":true,\"max_backlog\":0}}");
    wait_until(b->core, is_frozen);
    runs_one(b);
    s = hf_core_snapshot(b->core);
    assert_int_equal(s->upgrade.record.index, 0);
    hf_snapshot_unref(s);
    configure(b, "{\"upgrade\":{\"freeze\":false}}");
    ended(b, HF_UPGRADE_COMMITTED, "two");
}

/* ---- holdfastd ends in every state, and starts again ---- */

static enum hf_upgrade_state awaited;

static bool
is_awaited(const struct hf_snapshot *s)
{
    return is_settled(s) ||
           (s->upgrade.record.state == awaited && strcmp(s->upgrade.record.operation, asked) == 0);
}

static void
ends_in(struct box *b, enum hf_upgrade_state state, bool good)
{
    char id[HF_DIGEST_TEXT_SIZE];

    add(b, two, id);
    FAKE_LOCKED(&b->engine,
                hf_text_put(b->engine.crashes, HF_DIGEST_SIZE, "%s", good ? "" : IMAGE("12")));
    awaited = state;
    apply(b, id);
    wait_until(b->core, is_awaited);
    end(b);
    start_with(b, NULL);
    ended(b, good ? HF_UPGRADE_COMMITTED : HF_UPGRADE_ROLLED_BACK, good ? "two" : "one");
    if (good)
        runs_two(b);
    else
        runs_one(b);
}

static void
go_back_to_one(struct box *b)
{
    roll_back(b);
    ended(b, HF_UPGRADE_COMMITTED, "one");
}

static void
pain_15_it_goes_on_from_every_state(void **state)
{
    struct box *b = *state;

    begin_box(b);
    for (int s = 0; s < HF_UPGRADE_STATE_COUNT; s++) {
        if (s != HF_UPGRADE_ROLLING_BACK && s != HF_UPGRADE_ROLLED_BACK) {
            ends_in(b, (enum hf_upgrade_state)s, true);
            go_back_to_one(b);
        }
        if (s != HF_UPGRADE_GATING && s != HF_UPGRADE_COMMITTED)
            ends_in(b, (enum hf_upgrade_state)s, false);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_good_release_is_committed_and_what_did_not_change_runs_on,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(pain_20_a_bad_one_goes_back_and_is_told_of, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(pain_20_it_is_back_only_when_the_old_one_runs, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(pain_02_nothing_is_touched_where_an_image_cannot_be_had,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(pain_18_a_pull_that_hangs_stops_no_supervision, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(pain_14_a_person_can_give_it_up, setup, teardown),
        cmocka_unit_test_setup_teardown(pain_15_the_configuration_stays_while_services_are_switched,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            images_go_after_the_next_commit_and_never_those_of_a_way_back, setup, teardown),
        cmocka_unit_test_setup_teardown(images_of_one_that_was_not_kept_go_at_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_old_image_in_use_goes_later, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_in_the_way_is_said, setup, teardown),
        cmocka_unit_test_setup_teardown(an_older_one_is_applied_only_where_that_is_asked_for, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(unsigned_ones_are_refused_where_there_is_a_key, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(one_that_needs_a_newer_holdfastd_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(images_are_where_the_registry_is, setup, teardown),
        cmocka_unit_test_setup_teardown(a_switch_waits_for_the_backlog_and_says_so, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_switch_waits_for_a_busy_service_and_says_for_how_long,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_busy_service_is_waited_for_no_longer_than_that, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_freeze_holds_up_what_is_not_switched_yet, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(pain_15_it_goes_on_from_every_state, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
