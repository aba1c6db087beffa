// SPDX-License-Identifier: Apache-2.0
/* The whole owner, with a real store and bus, against an engine in memory. */
#include "unit.h"

#include "base/file.h"
#include "base/log.h"
#include "box.h"
#include "model/changes.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static bool
engine_is_away(const struct hf_snapshot *s)
{
    return s->gateway.engine.state == HF_ENGINE_UNREACHABLE;
}

static void
from_nothing_to_four_running_containers(void **state)
{
    struct box *b = *state;

    b->engine.no_images = true;
    start(b);
    wait_until(b->core, all_run);
    FAKE_LOCKED(&b->engine, {
        assert_int_equal(b->engine.count, 4);
        assert_int_equal(b->engine.creates, 4);
        assert_true(b->engine.pulls >= 1);
    });
}

static void
it_gets_there_through_faults(void **state)
{
    struct box *b = *state;

    b->engine.no_images = true;
    b->engine.fail_pulls = b->engine.fail_creates = b->engine.fail_starts = 2;
    start(b);
    wait_until(b->core, all_run);
    FAKE_LOCKED(&b->engine, assert_int_equal(b->engine.count, 4));
}

static void
a_restart_of_the_daemon_touches_nothing_that_matches(void **state)
{
    struct box *b = *state;

    start(b);
    wait_until(b->core, all_run);
    end(b);
    start(b);
    wait_until(b->core, all_run);
    FAKE_LOCKED(&b->engine, {
        assert_int_equal(b->engine.creates, 4);
        assert_int_equal(b->engine.starts, 4);
        assert_int_equal(b->engine.stops + b->engine.removes, 0);
    });
}

static void
what_was_changed_by_hand_is_put_right(void **state)
{
    struct box *b = *state;

    start(b);
    wait_until(b->core, all_run);
    FAKE_LOCKED(&b->engine, {
        b->engine.containers[0].limits_differ = true;
        b->engine.containers[1] = b->engine.containers[--b->engine.count];
    });
    for (bool right = false; !right;) {
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
        FAKE_LOCKED(&b->engine, right = b->engine.count == 4 && b->engine.creates >= 6);
    }
    wait_until(b->core, all_run);
}

static void
stopped_by_a_person_stays_stopped(void **state)
{
    struct box *b = *state;
    struct hf_operation op;
    struct hf_error err;

    start(b);
    wait_until(b->core, all_run);
    assert_int_equal(hf_core_command(b->core, HF_OPERATION_STOP, "buffer", "admin", &op, &err), 0);
    assert_int_equal(wait_for_end(b->core, op.id, &op), HF_OPERATION_SUCCEEDED);
    end(b);
    start(b);
    wait_until(b->core, buffer_is_stopped);
    assert_int_equal(hf_core_command(b->core, HF_OPERATION_START, "buffer", "admin", &op, &err), 0);
    assert_int_equal(wait_for_end(b->core, op.id, &op), HF_OPERATION_SUCCEEDED);
    wait_until(b->core, all_run);
}

static void
a_restart_stops_and_starts_the_same_container(void **state)
{
    struct box *b = *state;
    struct hf_operation op;
    struct hf_error err;

    start(b);
    wait_until(b->core, all_run);
    assert_int_equal(hf_core_command(b->core, HF_OPERATION_RESTART, "broker", "admin", &op, &err),
                     0);
    assert_int_equal(wait_for_end(b->core, op.id, &op), HF_OPERATION_SUCCEEDED);
    FAKE_LOCKED(&b->engine, {
        assert_int_equal(b->engine.stops, 1);
        assert_int_equal(b->engine.starts, 5);
        assert_int_equal(b->engine.creates, 4);
    });
}

static void
pain_14_a_stuck_stop_holds_up_nothing_else(void **state)
{
    struct box *b = *state;
    struct hf_operation stuck, op;
    struct hf_error err;

    start(b);
    wait_until(b->core, all_run);
    FAKE_LOCKED(&b->engine, b->engine.block_stops = true);
    assert_int_equal(hf_core_command(b->core, HF_OPERATION_STOP, "buffer", "admin", &stuck, &err),
                     0);
    assert_int_equal(hf_core_command(b->core, HF_OPERATION_RESTART, "buffer", "admin", &op, &err),
                     -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_int_equal(hf_core_command(b->core, HF_OPERATION_START, "broker", "admin", &op, &err), 0);
    assert_int_equal(wait_for_end(b->core, op.id, &op), HF_OPERATION_SUCCEEDED);
    FAKE_LOCKED(&b->engine, b->engine.block_stops = false);
    assert_int_equal(wait_for_end(b->core, stuck.id, &stuck), HF_OPERATION_SUCCEEDED);
}

static void
an_engine_that_is_away_is_said_and_comes_back(void **state)
{
    struct box *b = *state;

    b->engine.away = true;
    start(b);
    wait_until(b->core, engine_is_away);
    FAKE_LOCKED(&b->engine, b->engine.away = false);
    wait_until(b->core, all_run);
    FAKE_LOCKED(&b->engine, b->engine.away = true);
    wait_until(b->core, engine_is_away);
}

/* What open streams wait for: a picture that shows a change counts it. */
static void
a_change_is_told_from_the_passing_of_time(void **state)
{
    struct box *b = *state;
    const struct hf_snapshot *before;
    const struct hf_snapshot *after;
    int64_t deadline = hf_clock_mono_ms() + PATIENCE_MS;

    start(b);
    wait_until(b->core, all_run);
    before = hf_core_snapshot(b->core);
    FAKE_LOCKED(&b->engine, b->engine.away = true);
    wait_until(b->core, engine_is_away);
    after = hf_core_snapshot(b->core);
    assert_true(after->changes > before->changes);
    assert_true(after->changes <= after->version);
    hf_core_wait_change(b->core, before->changes, PATIENCE_MS); /* is there already */
    assert_true(hf_clock_mono_ms() < deadline);
    hf_snapshot_unref(before);
    hf_snapshot_unref(after);
}

static void
an_unknown_service_is_not_found(void **state)
{
    struct box *b = *state;
    struct hf_operation op;
    struct hf_error err;

    start(b);
    assert_int_equal(hf_core_command(b->core, HF_OPERATION_STOP, "miner", "admin", &op, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
}

static void
without_a_release_nothing_is_begun(void **state)
{
    struct box *b = *state;
    struct hf_operation op;
    struct hf_error err;

    start_with(b, NULL);
    assert_int_equal(hf_core_command(b->core, HF_OPERATION_RESTART, "buffer", "admin", &op, &err),
                     -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
}

static void
each_service_is_given_its_own_secrets_and_no_others(void **state)
{
    struct box *b = *state;
    HF_AUTO_BUF struct hf_buf forwarder = HF_BUF_INIT(4096);
    HF_AUTO_BUF struct hf_buf processor = HF_BUF_INIT(4096);
    char secret[HF_STORE_SECRET_SIZE];
    char path[128];
    struct hf_error err;

    start(b);
    end(b);
    snprintf(path, sizeof path, "%s/services/forwarder/credentials.json", b->run);
    assert_int_equal(hf_file_read(path, &forwarder, &err), 0);
    snprintf(path, sizeof path, "%s/services/processor/credentials.json", b->run);
    assert_int_equal(hf_file_read(path, &processor, &err), 0);
    assert_int_equal(hf_store_open(b->dir, &b->store, &err), 0);
    assert_int_equal(hf_store_secret(b->store, "buffer.forwarder", secret, &err), 0);
    assert_non_null(strstr(forwarder.data, secret));
    assert_null(strstr(processor.data, secret));
}

/* Whoever asked for it must not wait for an hour: a pull is given up for a later wish. */
static void
pain_14_a_stop_ends_a_pull_under_way(void **state)
{
    struct box *b = *state;
    struct hf_operation op;
    struct hf_error err;

    b->engine.no_images = b->engine.block_pulls = true;
    start(b);
    for (bool pulls = false; !pulls;) {
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
        FAKE_LOCKED(&b->engine, pulls = b->engine.pulls >= 4);
    }
    assert_int_equal(hf_core_command(b->core, HF_OPERATION_RESTART, "buffer", "admin", &op, &err),
                     0);
    assert_int_equal(hf_core_command(b->core, HF_OPERATION_STOP, "buffer", "admin", &op, &err), 0);
    assert_int_equal(wait_for_end(b->core, op.id, &op), HF_OPERATION_SUCCEEDED);
    wait_until(b->core, buffer_is_stopped);
    FAKE_LOCKED(&b->engine, b->engine.block_pulls = false);
}

static void
read_handed_over(const struct box *b, const char *service, const char *file, struct hf_buf *out)
{
    char path[128];
    struct hf_error err;

    snprintf(path, sizeof path, "%s/services/%s/%s.json", b->run, service, file);
    hf_buf_clear(out);
    assert_int_equal(hf_file_read(path, out, &err), 0);
}

static int
change(struct box *b, const char *patch, int64_t revision, bool dry_run, char **ret_text,
       int64_t *ret_revision, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    struct hf_config_change c = {.revision = revision, .dry_run = dry_run, .actor = "ann"};

    assert_int_equal(hf_json_parse(patch, strlen(patch), &doc, NULL), 0);
    c.patch = doc;
    return hf_core_change_config(b->core, &c, ret_text, ret_revision, err);
}

static bool
is_placed(const struct hf_snapshot *s)
{
    return strcmp(s->services[0].spec.image.image, "r.example:5000/holdfast/broker@" SHA) == 0 &&
           strcmp(s->release.services[3].image.image, "r.example:5000/holdfast/forwarder@" SHA) ==
               0;
}

/* What runs stays as it is: the registry is no part of it. */
static void
a_registry_that_is_set_is_asked_from_then_on(void **state)
{
    struct box *b = *state;
    const struct hf_snapshot *s;
    HF_AUTO_FREE char *text = NULL;
    int64_t revision = -1;
    struct hf_error err = {0};
    unsigned creations;

    start(b);
    wait_until(b->core, all_run);
    s = hf_core_snapshot(b->core);
    assert_false(hf_release_image_is_placed(&s->services[0].spec.image));
    hf_snapshot_unref(s);
    FAKE_LOCKED(&b->engine, creations = b->engine.creates);
    assert_int_equal(change(b, "{\"registry\":{\"host\":\"r.example:5000\"}}", HF_REVISION_ANY,
                            false, &text, &revision, &err),
                     0);
    wait_until(b->core, is_placed);
    wait_until(b->core, all_run);
    FAKE_LOCKED(&b->engine, assert_int_equal(b->engine.creates, creations));
    end(b);
    start(b);
    wait_until(b->core, is_placed);
}

struct newest_audit {
    struct hf_audit_entry entry;
    size_t count;
    const char *text; /* only of those with this; NULL: any */
    char changes[HF_CHANGES_BYTES_MAX + 1];
};

static int
read_newest(struct hf_store *store, void *context, struct hf_error *err)
{
    struct newest_audit *n = context;
    const struct hf_audit_filter with = {.text = n->text, .with_changes = true};

    if (hf_store_audit_list(store, &with, &n->entry, 1, &n->count, err) < 0)
        return -1;
    hf_text_put(n->changes, sizeof n->changes, "%s", n->entry.changes ? n->entry.changes : "");
    hf_audit_entries_done(&n->entry, n->count);
    return 0;
}

#define PATCH                                                                                      \
    "{\"sinks\":[{\"name\":\"cloud\",\"type\":\"https\",\"url\":\"https://c/\","                   \
    "\"token\":\"s3cret\"}],\"buffer\":{\"window_ms\":777,\"when_full\":\"drop_oldest\"},"         \
    "\"lanes\":[{\"filter\":\"a/#\",\"lane\":\"alarm\"}],\"rules\":[{\"filter\":\"b\","            \
    "\"drop\":true}]}"
#define BROKER_PATCH                                                                               \
    "{\"broker\":{\"max_devices\":20,\"session_days\":7},\"registry\":{\"host\":\"reg.example\"}}"

static void
read_revision(const struct box *b, const char *service, const char *file, char out[64])
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(65536);
    HF_AUTO(hf_json) struct hf_json *doc = NULL;

    read_handed_over(b, service, file, &text);
    assert_int_equal(hf_json_parse(text.data, text.len, &doc, NULL), 0);
    snprintf(out, 64, "%s", hf_json_string(doc, "revision"));
}

/* Settings and secrets of a service carry one revision, new when either changed, and after a kill
 * between the two writes as well. */
static void
what_is_handed_over_together_carries_one_revision(void **state)
{
    struct box *b = *state;
    HF_AUTO_BUF struct hf_buf old = HF_BUF_INIT(65536);
    HF_AUTO_FREE char *text = NULL;
    char path[128], before[64], broker[64], settings[64], credentials[64];
    int64_t revision = -1;
    struct hf_error err = {0};

    start(b);
    read_revision(b, "forwarder", "settings", before);
    read_revision(b, "broker", "settings", broker);
    read_handed_over(b, "forwarder", "settings", &old);
    assert_int_equal(change(b, PATCH, 0, false, &text, &revision, &err), 0);
    read_revision(b, "forwarder", "settings", settings);
    read_revision(b, "forwarder", "credentials", credentials);
    assert_string_equal(settings, credentials);
    assert_string_not_equal(settings, before);
    read_revision(b, "broker", "settings", settings);
    assert_string_equal(settings, broker); /* to which nothing changed */

    end(b);
    snprintf(path, sizeof path, "%s/services/forwarder/settings.json", b->run);
    assert_int_equal(hf_file_replace(path, old.data, old.len, 0400, (uid_t)-1, (gid_t)-1, &err), 0);
    start(b);
    read_revision(b, "forwarder", "settings", settings);
    assert_string_equal(settings, credentials);
}

static void
a_change_reaches_each_service_and_the_log(void **state)
{
    struct box *b = *state;
    HF_AUTO_BUF struct hf_buf file = HF_BUF_INIT(65536);
    HF_AUTO_FREE char *text = NULL, *more = NULL, *again = NULL;
    struct newest_audit newest = {.count = 0};
    int64_t revision = -1, next = -1;
    struct hf_operation op;
    struct hf_error err = {0};

    start(b);
    assert_int_equal(change(b, PATCH, 0, false, &text, &revision, &err), 0);
    assert_int_equal(revision, 1);
    assert_null(strstr(text, "s3cret"));
    assert_non_null(strstr(text, "\"token\":\"***\""));
    read_handed_over(b, "buffer", "settings", &file);
    assert_non_null(strstr(file.data, "\"window_ms\":777"));
    assert_non_null(strstr(file.data, "\"when_full\":\"drop_oldest\",\"sinks\":[\"cloud\"]"));
    assert_non_null(strstr(file.data, "\"lanes\":[{\"filter\":\"a/#\",\"lane\":\"alarm\"}]"));
    read_handed_over(b, "processor", "settings", &file);
    assert_non_null(strstr(file.data, "\"rules\":[{\"filter\":\"b\",\"drop\":true}]"));
    assert_non_null(strstr(file.data, "\"devices\":{\"topic\":\"+/ID/#\"}"));
    read_handed_over(b, "forwarder", "settings", &file);
    assert_non_null(strstr(file.data, "\"url\":\"https://c/\""));
    assert_null(strstr(file.data, "s3cret"));
    read_handed_over(b, "forwarder", "credentials", &file);
    assert_non_null(strstr(file.data, "\"sinks\":{\"cloud\":{\"token\":\"s3cret\"}}"));
    assert_non_null(strstr(file.data, "\"tokens\":{\"holdfastd\":"));
    assert_int_equal(hf_core_run(b->core, read_newest, &newest, &err), 0);
    assert_string_equal(newest.entry.who, "ann");
    assert_string_equal(newest.entry.what, "changed the configuration to revision 1: sinks, "
                                           "buffer, lanes, rules");
    assert_non_null(strstr(newest.changes, "{\"path\":\"/buffer/window_ms\",\"before\":50,"
                                           "\"after\":777}"));
    assert_null(strstr(newest.changes, "s3cret"));

    assert_int_equal(change(b, BROKER_PATCH, 1, false, &more, &revision, &err), 0);
    read_handed_over(b, "broker", "settings", &file);
    assert_non_null(strstr(file.data, "\"max_devices\":20,\"connections_per_address\":250,"
                                      "\"max_device_sessions\":2000,\"session_days\":7"));
    FAKE_LOCKED(&b->engine, assert_string_equal(b->engine.registry.host, "reg.example"));

    /* pain_10: the same again is no change */
    assert_int_equal(change(b, PATCH, 2, false, &again, &next, &err), 0);
    assert_int_equal(next, 2);

    assert_int_equal(hf_core_command(b->core, HF_OPERATION_STOP, "buffer", "ann", &op, &err), 0);
    assert_int_equal(hf_core_run(b->core, read_newest, &newest, &err), 0);
    assert_string_equal(newest.entry.what, "stop service buffer");
    assert_string_equal(newest.changes, "{\"changes\":[{\"path\":\"/wanted\",\"before\":true,"
                                        "\"after\":false}],\"omitted\":0}");
}

/* Of what was asked for there is an entry as soon as it is; where nothing came of it, another one.
 */
static void
what_failed_is_in_the_log(void **state)
{
    struct box *b = *state;
    struct newest_audit newest = {.text = "failed"};
    struct hf_operation op;
    struct hf_error err;

    b->engine.no_images = b->engine.block_pulls = true;
    start(b);
    for (bool pulls = false; !pulls;) {
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
        FAKE_LOCKED(&b->engine, pulls = b->engine.pulls >= 4);
    }
    assert_int_equal(hf_core_command(b->core, HF_OPERATION_RESTART, "buffer", "ann", &op, &err), 0);
    assert_int_equal(hf_core_command(b->core, HF_OPERATION_STOP, "buffer", "ann", &op, &err), 0);
    assert_int_equal(hf_core_run(b->core, read_newest, &newest, &err), 0);
    assert_int_equal(newest.count, 1);
    assert_string_equal(newest.entry.who, "holdfastd");
    assert_string_equal(newest.entry.what,
                        "restart service buffer failed: given up for a later wish");
    FAKE_LOCKED(&b->engine, b->engine.block_pulls = false);
}

static int
keep_odd_revision(struct hf_store *store, void *context, struct hf_error *err)
{
    return hf_store_add_settings(store, context, "ann", NULL, err);
}

/* As another version might have left it: it is named, and nothing is changed. */
static void
a_kept_revision_that_cannot_be_taken(void **state)
{
    struct box *b = *state;
    char odd[] = "{\"buffer\":{\"window_ms\":-1}}";
    struct hf_config_change back = {.again = 1, .revision = HF_REVISION_ANY, .actor = "ann"};
    HF_AUTO_FREE char *text = NULL;
    struct hf_json *diff = NULL;
    struct hf_error err = {0};
    int64_t revision = -1;

    start(b);
    assert_int_equal(hf_core_run(b->core, keep_odd_revision, odd, &err), 0);
    assert_int_equal(hf_core_config_diff(b->core, 0, 1, &diff, &err), -1);
    assert_int_equal(err.class, HF_ERROR_INVALID);
    assert_non_null(strstr(err.message, "revision 1 of the configuration"));
    assert_int_equal(hf_core_change_config(b->core, &back, &text, &revision, &err), -1);
    assert_int_equal(err.class, HF_ERROR_INVALID);
    assert_int_equal(hf_core_config(b->core, &text, &revision, NULL), 0);
    assert_non_null(strstr(text, "\"window_ms\":50,"));
}

/* What is absent is the default again; the secret that is masked stays. */
static void
a_whole_configuration(void **state)
{
    struct box *b = *state;
    HF_AUTO(hf_json) struct hf_json *whole = NULL;
    HF_AUTO_FREE char *first = NULL;
    HF_AUTO_FREE char *shown = NULL;
    HF_AUTO_FREE char *text = NULL;
    struct hf_config_change c = {.revision = 1, .actor = "ann"};
    struct newest_audit newest = {.count = 0};
    struct hf_error err = {0};
    int64_t revision = -1;

    start(b);
    assert_int_equal(change(b, PATCH, 0, false, &first, &revision, &err), 0);
    assert_int_equal(hf_core_config(b->core, &shown, &revision, &err), 0);
    assert_int_equal(hf_json_parse(shown, strlen(shown), &whole, &err), 0);
    c.whole = whole;
    assert_int_equal(hf_core_change_config(b->core, &c, &text, &revision, &err), 0);
    assert_int_equal(revision, 1); /* pain_10: what was read is no change */
    hf_json_remove(whole, "lanes");
    free(text);
    assert_int_equal(hf_core_change_config(b->core, &c, &text, &revision, &err), 0);
    assert_int_equal(revision, 2);
    assert_non_null(strstr(text, "\"token\":\"***\""));
    assert_int_equal(hf_core_run(b->core, read_newest, &newest, &err), 0);
    assert_string_equal(newest.entry.what, "replaced the configuration by revision 2");
}

static void
a_change_is_refused_whole(void **state)
{
    struct box *b = *state;
    HF_AUTO_BUF struct hf_buf file = HF_BUF_INIT(65536);
    HF_AUTO_FREE char *text = NULL;
    int64_t revision = -1;
    struct hf_error err = {0};

    start(b);
    assert_int_equal(change(b, PATCH, 7, false, &text, &revision, &err), -1);
    assert_int_equal(err.class, HF_ERROR_STALE);
    assert_int_equal(change(b, "{\"name\":\"new\",\"buffer\":{\"window_ms\":-1}}", HF_REVISION_ANY,
                            false, &text, &revision, &err),
                     -1);
    assert_int_equal(err.class, HF_ERROR_INVALID);
    assert_string_equal(err.pointer, "/buffer/window_ms");
    assert_int_equal(change(b, PATCH, 0, true, &text, &revision, &err), 0);
    assert_int_equal(revision, 0);
    assert_non_null(strstr(text, "\"window_ms\":777"));
    read_handed_over(b, "buffer", "settings", &file);
    assert_non_null(strstr(file.data, "\"window_ms\":50"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_registry_that_is_set_is_asked_from_then_on, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(from_nothing_to_four_running_containers, setup, teardown),
        cmocka_unit_test_setup_teardown(it_gets_there_through_faults, setup, teardown),
        cmocka_unit_test_setup_teardown(a_restart_of_the_daemon_touches_nothing_that_matches, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_was_changed_by_hand_is_put_right, setup, teardown),
        cmocka_unit_test_setup_teardown(stopped_by_a_person_stays_stopped, setup, teardown),
        cmocka_unit_test_setup_teardown(a_restart_stops_and_starts_the_same_container, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(pain_14_a_stuck_stop_holds_up_nothing_else, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_engine_that_is_away_is_said_and_comes_back, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_change_is_told_from_the_passing_of_time, setup, teardown),
        cmocka_unit_test_setup_teardown(an_unknown_service_is_not_found, setup, teardown),
        cmocka_unit_test_setup_teardown(without_a_release_nothing_is_begun, setup, teardown),
        cmocka_unit_test_setup_teardown(pain_14_a_stop_ends_a_pull_under_way, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_handed_over_together_carries_one_revision, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_change_reaches_each_service_and_the_log, setup, teardown),
        cmocka_unit_test_setup_teardown(what_failed_is_in_the_log, setup, teardown),
        cmocka_unit_test_setup_teardown(a_kept_revision_that_cannot_be_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(a_whole_configuration, setup, teardown),
        cmocka_unit_test_setup_teardown(a_change_is_refused_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(each_service_is_given_its_own_secrets_and_no_others, setup,
                                        teardown),
    };

    hf_log_set_level(HF_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
