// SPDX-License-Identifier: Apache-2.0
/* Alarms and the history's minutes, and how a store of before them comes to have them. */
#include "unit.h"

#include "store/store.h"
#include "tempdir.h"

#include <sqlite3.h>
#include <string.h>

static struct hf_store *
opened(const char *dir)
{
    struct hf_store *st = NULL;
    struct hf_error err;

    if (hf_store_open(dir, &st, &err) < 0)
        fail_msg("%s", err.message);
    return st;
}

static struct hf_alarm
alarm_of(int64_t id)
{
    return (struct hf_alarm){
        .id = id,
        .kind = HF_ALARM_DISK_FULL,
        .subject = "/var",
        .cause = "91 %",
        .advice = "free some",
        .raised_ms = 1000 + id,
        .last_ms = 1000 + id,
        .count = 1,
        .untold = HF_ALARM_UNTOLD(HF_ALARM_TO_CLOUD, HF_ALARM_RAISED),
    };
}

static size_t
list(struct hf_store *st, bool active, int64_t before, struct hf_alarm *out, size_t max)
{
    size_t count = 0;

    assert_int_equal(hf_store_alarms(st, &(struct hf_alarm_filter){active, before, NULL}, out, max,
                                     &count, NULL),
                     0);
    return count;
}

static void
an_alarm_is_kept_as_it_is(void **state)
{
    struct hf_store *st = opened(*state);
    struct hf_alarm a = alarm_of(5), read[3];
    int64_t last = -1;

    assert_int_equal(hf_store_last_alarm(st, &last, NULL), 0);
    assert_int_equal(last, 0);
    assert_int_equal(hf_store_save_alarm(st, &a, NULL), 0);
    a.bad = true;
    a.count = 7;
    a.acknowledged_ms = 9;
    strcpy(a.acknowledged_by, "admin");
    a.untold = HF_ALARM_UNTOLD(HF_ALARM_TO_CLOUD, HF_ALARM_ACKNOWLEDGED);
    assert_int_equal(hf_store_save_alarm(st, &a, NULL), 0);
    hf_store_free(st);
    st = opened(*state);
    assert_int_equal(list(st, true, 0, read, 3), 1);
    assert_true(read[0].bad && read[0].count == 7 && read[0].kind == HF_ALARM_DISK_FULL);
    assert_string_equal(read[0].acknowledged_by, "admin");
    assert_string_equal(read[0].cause, "91 %");
    assert_int_equal(hf_store_last_alarm(st, &last, NULL), 0);
    assert_int_equal(last, 5);
    a.cleared_ms = 11;
    assert_int_equal(hf_store_save_alarm(st, &a, NULL), 0);
    assert_int_equal(list(st, true, 0, read, 3), 0);
    assert_int_equal(list(st, false, 0, read, 3), 1);
    assert_int_equal(list(st, false, 5, read, 3), 0);
    hf_store_free(st);
}

static void
alarms_of_a_kind(void **state)
{
    const enum hf_alarm_kind kind = HF_ALARM_QUARANTINE;
    const struct hf_alarm_filter filter = {.kind = &kind};
    struct hf_store *st = opened(*state);
    struct hf_alarm a = alarm_of(1), b = alarm_of(2), read[3];
    size_t count = 0;

    b.kind = HF_ALARM_QUARANTINE;
    assert_int_equal(hf_store_save_alarm(st, &a, NULL), 0);
    assert_int_equal(hf_store_save_alarm(st, &b, NULL), 0);
    assert_int_equal(hf_store_alarms(st, &filter, read, 3, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_int_equal(read[0].id, 2);
    assert_int_equal(list(st, false, 0, read, 3), 2);
    hf_store_free(st);
}

static void
what_is_untold_stays_until_it_is_told(void **state)
{
    struct hf_store *st = opened(*state);
    const unsigned raised = HF_ALARM_UNTOLD(HF_ALARM_TO_CLOUD, HF_ALARM_RAISED);
    const unsigned cleared = HF_ALARM_UNTOLD(HF_ALARM_TO_CLOUD, HF_ALARM_CLEARED);
    const unsigned webhook = HF_ALARM_UNTOLD(HF_ALARM_TO_WEBHOOK, HF_ALARM_RAISED);
    struct hf_alarm a = alarm_of(1), b = alarm_of(2), read;
    struct hf_error err;

    assert_int_equal(hf_store_save_alarm(st, &a, NULL), 0);
    assert_int_equal(hf_store_save_alarm(st, &b, NULL), 0);
    a.untold = cleared; /* more to tell; what is untold already is not forgotten */
    assert_int_equal(hf_store_save_alarm(st, &a, NULL), 0);
    assert_int_equal(hf_store_untold_alarm(st, raised | cleared, &read, NULL), 0);
    assert_int_equal(read.id, 1);
    assert_int_equal(read.untold, raised | cleared);
    assert_int_equal(hf_store_alarm_told(st, 1, raised | cleared, NULL), 0);
    assert_int_equal(hf_store_untold_alarm(st, raised | cleared, &read, NULL), 0);
    assert_int_equal(read.id, 2);
    assert_int_equal(hf_store_alarm_told(st, 2, raised, NULL), 0);
    assert_int_equal(hf_store_untold_alarm(st, raised | cleared, &read, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
    assert_int_equal(hf_store_untold_alarm(st, webhook, &read, &err), -1);
    hf_store_free(st);
}

static void
the_oldest_cleared_ones_go_first(void **state)
{
    struct hf_store *st = opened(*state);
    struct hf_alarm *read = calloc(HF_STORE_ALARMS_MAX + 10, sizeof *read);
    size_t count;

    assert_non_null(read);
    for (int64_t id = 1; id <= HF_STORE_ALARMS_MAX + 5; id++) {
        struct hf_alarm a = alarm_of(id);

        a.cleared_ms = id > 1 ? 99 : 0; /* the very first is active all the time */
        assert_int_equal(hf_store_save_alarm(st, &a, NULL), 0);
    }
    count = list(st, false, 0, read, HF_STORE_ALARMS_MAX + 10);
    assert_int_equal(count, HF_STORE_ALARMS_MAX);
    assert_int_equal(read[0].id, HF_STORE_ALARMS_MAX + 5);
    assert_int_equal(read[count - 1].id, 1);
    assert_int_equal(read[count - 2].id, 7);
    free(read);
    hf_store_free(st);
}

struct rows {
    int count;
    int64_t first_ms, last_ms, points;
    size_t bytes;
};

static void
take_row(void *context, int64_t ended_ms, int64_t points, const void *data, size_t len)
{
    struct rows *r = context;

    if (r->count++ == 0)
        r->first_ms = ended_ms;
    assert_true(len == 0 || ((const char *)data)[0] == 'x');
    r->last_ms = ended_ms;
    r->points += points;
    r->bytes += len;
}

static void
three_days_of_minutes_are_kept(void **state)
{
    struct hf_store *st = opened(*state);
    struct rows r = {0};
    int64_t floor = 0;

    for (int h = 1; h <= 100; h++)
        assert_int_equal(hf_store_add_history(st, h, 60, "xy", 2, h * 10, NULL), 0);
    assert_int_equal(hf_store_history(st, take_row, &r, NULL), 0);
    assert_int_equal(r.last_ms, 100);
    assert_int_equal(r.points, 72 * 60);
    assert_int_equal(r.first_ms, 29);
    assert_int_equal(r.bytes, 72 * 2);
    assert_int_equal(hf_store_clock_floor(st, &floor, NULL), 0);
    assert_int_equal(floor, 1000);
    for (int i = 0; i < 600; i++) /* a daemon that is started again and again */
        assert_int_equal(hf_store_add_history(st, 200 + i, 1, "x", 1, 0, NULL), 0);
    memset(&r, 0, sizeof r);
    assert_int_equal(hf_store_history(st, take_row, &r, NULL), 0);
    assert_int_equal(r.count, 500);
    assert_int_equal(r.last_ms, 799);
    hf_store_free(st);
}

/* A store as version 1 left it. */
static void
a_store_of_before_gets_the_tables_and_keeps_the_rest(void **state)
{
    struct hf_store *st = opened(*state);
    char path[PATH_MAX], secret[HF_STORE_SECRET_SIZE], again[HF_STORE_SECRET_SIZE];
    struct hf_alarm a = alarm_of(1);
    sqlite3 *db = NULL;

    assert_int_equal(hf_store_secret(st, "bus.x", secret, NULL), 0);
    hf_store_free(st);
    snprintf(path, sizeof path, "%s/holdfast.db", (const char *)*state);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "DROP TABLE alarm; DROP TABLE history; DROP TABLE upgrade; "
                                  "DROP TABLE known_release; DROP TABLE start_release; "
                                  "DROP TABLE image; DROP TABLE kept; DROP TABLE release_floor; "
                                  "DROP TABLE token; DROP TABLE session_origin; "
                                  "DROP TABLE disabled_account; DROP TABLE recovery_file; "
                                  "DROP TABLE device_certificate; DROP TABLE device_account; "
                                  "DROP TABLE audit_origin; DROP TABLE audit_change; "
                                  "DROP TABLE audit_result; "
                                  "PRAGMA user_version = 2",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    st = opened(*state);
    assert_int_equal(hf_store_opened_as(st, NULL), HF_STORE_EXISTING);
    assert_int_equal(hf_store_secret(st, "bus.x", again, NULL), 0);
    assert_string_equal(again, secret);
    assert_int_equal(hf_store_save_alarm(st, &a, NULL), 0);
    hf_store_free(st);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(an_alarm_is_kept_as_it_is),
        with_tempdir(alarms_of_a_kind),
        with_tempdir(what_is_untold_stays_until_it_is_told),
        with_tempdir(the_oldest_cleared_ones_go_first),
        with_tempdir(three_days_of_minutes_are_kept),
        with_tempdir(a_store_of_before_gets_the_tables_and_keeps_the_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
