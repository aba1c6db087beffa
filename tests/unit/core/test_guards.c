// SPDX-License-Identifier: Apache-2.0
/* What the gateway does before damage is done, and says meanwhile, against an engine in memory. */
#include "box.h"

#include "base/log.h"
#include "base/text.h"

#include <math.h>
#include <sys/stat.h>
#include <sys/timex.h>

/* Every disk is fuller than that. */
#define FULL "\"thresholds\":{\"disk_percent\":[1,1]}"
#define ZEROS "00000000000000000000000000000000000000000000000000000000000000"

static const char full[] = "{\"alarms\":{" FULL "}}";
static const char full_and_off[] = "{\"alarms\":{\"make_room\":false," FULL "}}";

/* A release with a broker of another image; what else it has is the same. */
#define OLD_PLATFORM(n) "{\"config\":\"sha256:" n ZEROS "\",\"manifest\":\"sha256:" n ZEROS "\"}"
#define OLD(n)                                                                                     \
    "{\"services\":{\"broker\":{\"repository\":\"r/broker\",\"tag\":\"0.0.1\",\"platforms\":{"     \
    "\"amd64\":" OLD_PLATFORM(n) ",\"arm64\":" OLD_PLATFORM(n) "}}}}"

static void
note_releases(struct box *b, const char *const *releases, size_t count)
{
    struct hf_store *st = NULL;

    assert_int_equal(hf_store_open(b->dir, &st, NULL), 0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(hf_store_set_release(st, releases[i], 1, NULL), 0);
    hf_store_free(st);
}

static const char *const old_releases[] = {OLD("aa"), OLD("bb"), OLD("cc")};

static void
add_old_log(struct box *b, const char *name)
{
    char path[128];
    FILE *f;

    snprintf(path, sizeof path, "%s/logs", b->dir);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/logs/broker", b->dir);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/logs/broker/%s", b->dir, name);
    f = fopen(path, "we");
    assert_non_null(f);
    fputs("gzip", f);
    fclose(f);
}

static bool
has_log(const struct box *b, const char *name)
{
    char path[128];
    struct stat st;

    snprintf(path, sizeof path, "%s/logs/broker/%s", b->dir, name);
    return stat(path, &st) == 0;
}

/* The active alarm of a kind; false where there is none. */
static bool
find_alarm(struct box *b, enum hf_alarm_kind kind, struct hf_alarm *ret)
{
    struct hf_alarm list[16];
    const struct hf_alarm_filter active = {.active_only = true};
    struct hf_error err;
    size_t count = 0;

    assert_int_equal(hf_core_alarms(b->core, &active, list, HF_LEN(list), &count, &err), 0);
    for (size_t i = 0; i < count; i++)
        if (list[i].kind == kind) {
            *ret = list[i];
            return true;
        }
    return false;
}

static bool
disk_alarm_says(struct box *b, const char *text)
{
    struct hf_alarm a;

    return find_alarm(b, HF_ALARM_DISK_FULL, &a) && strstr(a.cause, text);
}

static bool
nothing_is_left(struct box *b, const struct hf_snapshot *s)
{
    (void)s;
    return disk_alarm_says(b, "nothing of ours is left that may go");
}

static bool
one_image_has_gone(struct box *b, const struct hf_snapshot *s)
{
    (void)s;
    return disk_alarm_says(b, "1 old images went");
}

static bool
in_audit(struct box *b, const char *text)
{
    struct hf_audit_entry list[16];
    size_t count = 0;

    assert_int_equal(hf_store_audit_list(b->store, NULL, list, HF_LEN(list), &count, NULL), 0);
    for (size_t i = 0; i < count; i++)
        if (strstr(list[i].what, text) && strcmp(list[i].who, "holdfastd") == 0)
            return true;
    return false;
}

/* Ends the owner, whose the store is. */
static void
assert_audited(struct box *b, const char *text)
{
    assert_true(hf_core_stop(b->core));
    b->core = NULL;
    assert_true(in_audit(b, text));
}

static void
a_full_disk_lets_old_logs_and_then_old_images_go(void **state)
{
    struct box *b = *state;
    char removed[HF_DIGEST_SIZE];

    b->settings = full;
    hf_text_put(b->engine.data_dir, sizeof b->engine.data_dir, "%s", b->dir);
    note_releases(b, old_releases, HF_LEN(old_releases));
    add_old_log(b, "0000000000001-0123456789ab-000.log.gz");
    start(b);
    wait_in(b, one_image_has_gone);
    FAKE_LOCKED(&b->engine, memcpy(removed, b->engine.removed[0], sizeof removed));
    assert_string_equal(removed, "sha256:aa" ZEROS); /* the oldest */
    assert_false(has_log(b, "0000000000001-0123456789ab-000.log.gz"));
    assert_true(disk_alarm_says(b, "1 old logs"));
    assert_audited(b, "removed image r/broker 0.0.1");
    assert_true(in_audit(b, "removed 1 old logs"));
}

/* Image cc is of the release before, and what runs is of the newest. */
static void
what_runs_and_what_a_rollback_needs_stays(void **state)
{
    struct box *b = *state;
    unsigned tried;

    b->settings = full;
    hf_text_put(b->engine.data_dir, sizeof b->engine.data_dir, "%s", b->dir);
    note_releases(b, old_releases + 2, 1);
    start(b);
    wait_in(b, nothing_is_left);
    FAKE_LOCKED(&b->engine, tried = b->engine.image_removals);
    assert_int_equal(tried, 0);
}

static void
an_image_that_somebody_uses_leaves_the_next_one_to_be_tried(void **state)
{
    struct box *b = *state;
    char removed[HF_DIGEST_SIZE];

    b->settings = full;
    hf_text_put(b->engine.data_dir, sizeof b->engine.data_dir, "%s", b->dir);
    hf_text_put(b->engine.used_image, sizeof b->engine.used_image, "sha256:aa" ZEROS);
    note_releases(b, old_releases, HF_LEN(old_releases));
    start(b);
    wait_in(b, one_image_has_gone);
    FAKE_LOCKED(&b->engine, memcpy(removed, b->engine.removed[0], sizeof removed));
    assert_string_equal(removed, "sha256:bb" ZEROS);
}

static bool
disk_alarm_is_raised(struct box *b, const struct hf_snapshot *s)
{
    (void)s;
    return disk_alarm_says(b, "of the space is used");
}

static bool
has_run_a_while(struct box *b, const struct hf_snapshot *s)
{
    (void)b;
    return s->version > 5;
}

static void
nothing_goes_where_that_is_off_or_the_images_lie_elsewhere(void **state)
{
    struct box *b = *state;
    unsigned tried;

    b->settings = full_and_off;
    hf_text_put(b->engine.data_dir, sizeof b->engine.data_dir, "%s", b->dir);
    note_releases(b, old_releases, HF_LEN(old_releases));
    add_old_log(b, "0000000000001-0123456789ab-000.log.gz");
    start(b);
    wait_in(b, disk_alarm_is_raised);
    wait_in(b, has_run_a_while);
    assert_true(has_log(b, "0000000000001-0123456789ab-000.log.gz"));
    end(b);

    b->settings = full;
    hf_text_put(b->engine.data_dir, sizeof b->engine.data_dir, "/nonexistent");
    start(b);
    wait_in(b, nothing_is_left);
    assert_false(has_log(b, "0000000000001-0123456789ab-000.log.gz"));
    FAKE_LOCKED(&b->engine, tried = b->engine.image_removals);
    assert_int_equal(tried, 0);
}

/* ---- what else is wrong ---- */

static bool
the_setup_of_the_engine_is_an_alarm(struct box *b, const struct hf_snapshot *s)
{
    struct hf_alarm a;

    (void)s;
    return find_alarm(b, HF_ALARM_ENGINE_SETUP, &a) && strcmp(a.subject, "live-restore") == 0 &&
           strstr(a.advice, "daemon.json");
}

static void
an_engine_without_live_restore_is_not_a_limit_without_effect(void **state)
{
    struct box *b = *state;
    struct hf_alarm a;

    hf_text_put(b->engine.warning, sizeof b->engine.warning,
                "the services end when Docker ends: set \"live-restore\": true in "
                "/etc/docker/daemon.json");
    start(b);
    wait_in(b, the_setup_of_the_engine_is_an_alarm);
    assert_false(find_alarm(b, HF_ALARM_LIMIT_NOT_ENFORCED, &a));
}

static bool
overcommit_is_an_alarm(struct box *b, const struct hf_snapshot *s)
{
    struct hf_alarm a;

    (void)s;
    return find_alarm(b, HF_ALARM_OVERCOMMIT, &a) && strstr(a.cause, "may take 10");
}

static void
limits_beyond_the_machine_are_an_alarm(void **state)
{
    struct box *b = *state;
    struct hf_alarm a;

    start(b);
    wait_until(b->core, all_run);
    assert_false(find_alarm(b, HF_ALARM_OVERCOMMIT, &a));
    end(b);
    b->settings = "{\"limits\":{\"buffer\":{\"memory_bytes\":1099511627776},"
                  "\"allow_overcommit\":true}}";
    start(b);
    wait_in(b, overcommit_is_an_alarm);
}

static int64_t
ends_in_three_days(void *context)
{
    (void)context;
    return hf_clock_wall_ms() + INT64_C(3) * 24 * 3600 * 1000;
}

static const struct hf_certificate_ops about_to_end = {.site_ends_ms = ends_in_three_days};

/* The machine on which this is tested may have no time server: it says that it has one. */
int
adjtimex(struct timex *tx)
{
    *tx = (struct timex){.status = 0};
    return TIME_OK;
}

static bool
the_end_of_the_certificate_is_an_alarm(struct box *b, const struct hf_snapshot *s)
{
    struct hf_alarm a;

    (void)s;
    return find_alarm(b, HF_ALARM_CERTIFICATE_ENDS, &a) && a.bad && strstr(a.cause, " ends at ");
}

static void
a_certificate_of_the_site_does_not_end_unheard(void **state)
{
    struct box *b = *state;

    b->certificates = &about_to_end;
    start(b);
    wait_in(b, the_end_of_the_certificate_is_an_alarm);
}

/* What was written and whom it knows outlast a restart in one write. */
static void
what_was_written_in_a_day_survives_a_restart(void **state)
{
    HF_AUTO_FREE char *text = NULL;
    struct box *b = *state;
    struct hf_error err;
    int64_t at_ms = 0;

    start(b);
    wait_until(b->core, all_run);
    end(b);
    assert_int_equal(hf_store_open(b->dir, &b->store, &err), 0);
    assert_int_equal(hf_store_kept(b->store, "written", &at_ms, &text, &err), 0);
    assert_non_null(strstr(text, "\"hours\":["));
    assert_true(at_ms > 0);
    assert_int_equal(
        hf_store_keep(b->store, "written", hf_clock_wall_ms(),
                      "{\"total\":-1,\"hours\":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,"
                      "60000000000]}",
                      &err),
        0);
    hf_store_free(b->store);
    start(b);
    wait_until(b->core, all_run);
    end(b);
    free(text);
    text = NULL;
    assert_int_equal(hf_store_open(b->dir, &b->store, &err), 0);
    assert_int_equal(hf_store_kept(b->store, "written", &at_ms, &text, &err), 0);
    assert_non_null(strstr(text, ",60")); /* GB, and what was written meanwhile: less than one */
}

#define IN_A_BOX(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_BOX(a_full_disk_lets_old_logs_and_then_old_images_go),
        IN_A_BOX(what_runs_and_what_a_rollback_needs_stays),
        IN_A_BOX(an_image_that_somebody_uses_leaves_the_next_one_to_be_tried),
        IN_A_BOX(nothing_goes_where_that_is_off_or_the_images_lie_elsewhere),
        IN_A_BOX(an_engine_without_live_restore_is_not_a_limit_without_effect),
        IN_A_BOX(limits_beyond_the_machine_are_an_alarm),
        IN_A_BOX(a_certificate_of_the_site_does_not_end_unheard),
        IN_A_BOX(what_was_written_in_a_day_survives_a_restart),
    };

    hf_log_set_level(HF_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
