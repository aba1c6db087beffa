// SPDX-License-Identifier: Apache-2.0
#include "store/store.h"

#include "base/buf.h"
#include "base/file.h"
#include "tempdir.h"

#include <sqlite3.h>

static struct hf_store *
opened(const char *dir)
{
    struct hf_error err = {0};
    struct hf_store *st = NULL;

    if (hf_store_open(dir, &st, &err) < 0)
        fail_msg("%s", err.message);
    return st;
}

static struct hf_incident
incident_of(const char *service, enum hf_incident_kind kind, int64_t at_ms)
{
    struct hf_incident i = {.kind = kind,
                            .at_ms = at_ms,
                            .last_ms = at_ms,
                            .times = 1,
                            .has_exit_code = true,
                            .exit_code = 139,
                            .uptime_s = 42,
                            .restarts = 3,
                            .log_lines = 1};

    snprintf(i.service, sizeof i.service, "%s", service);
    snprintf(i.found, sizeof i.found, "exited with code 139 (SIGSEGV) after 42 s");
    snprintf(i.done, sizeof i.done, "Docker starts it again");
    snprintf(i.image_tag, sizeof i.image_tag, "0.1.0");
    return i;
}

static int64_t
add(struct hf_store *st, const struct hf_incident *i, const char *log)
{
    struct hf_error err = {0};
    int64_t n = 0;

    if (hf_store_add_incident(st, i, log, "{}", &n, &err) < 0)
        fail_msg("%s", err.message);
    return n;
}

static size_t
list(struct hf_store *st, const struct hf_incident_filter *filter, struct hf_incident *out,
     size_t max)
{
    struct hf_error err;
    size_t count = 0;

    assert_int_equal(hf_store_incidents(st, filter, out, max, &count, &err), 0);
    return count;
}

static void
what_is_kept_comes_back(void **state)
{
    struct hf_store *st = opened(*state);
    struct hf_incident in = incident_of("buffer", HF_INCIDENT_EXIT, 1000), out;
    struct hf_error err = {0};
    char *log = NULL, *curve = NULL;
    int64_t n = add(st, &in, "[{\"text\":\"bye\"}]");

    assert_int_equal(hf_store_count_incident_again(st, n, 4, 9000, &err), 0);
    hf_store_free(st);
    st = opened(*state);
    assert_int_equal(hf_store_incident(st, n, &out, &log, &curve, &err), 0);
    assert_string_equal(log, "[{\"text\":\"bye\"}]");
    assert_string_equal(curve, "{}");
    assert_string_equal(out.service, "buffer");
    assert_string_equal(out.found, in.found);
    assert_true(out.has_exit_code);
    assert_int_equal(out.exit_code, 139);
    assert_int_equal(out.times, 5);
    assert_int_equal(out.last_ms, 9000);
    free(log);
    free(curve);
    in.has_exit_code = false;
    n = add(st, &in, "[]");
    assert_int_equal(hf_store_incident(st, n, &out, &log, &curve, &err), 0);
    assert_false(out.has_exit_code);
    free(log);
    free(curve);
    assert_int_equal(hf_store_incident(st, n + 1, &out, &log, &curve, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
    hf_store_free(st);
}

static void
lists_are_filtered_and_paged(void **state)
{
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);
    struct hf_incident one, out[10];
    struct hf_incident_alike exits = {.service = "broker", .kind = HF_INCIDENT_EXIT};
    int64_t count, newest, third = 0;
    struct hf_error err;

    for (int i = 0; i < 6; i++) {
        one = incident_of(i % 2 ? "broker" : "buffer", i % 3 ? HF_INCIDENT_EXIT : HF_INCIDENT_DRIFT,
                          1000 + i);
        newest = add(st, &one, "[]");
        third = i == 3 ? newest : third;
    }
    assert_int_equal(list(st, &(struct hf_incident_filter){.kind = -1}, out, 10), 6);
    assert_int_equal(out[0].at_ms, 1005);
    assert_int_equal(list(st, &(struct hf_incident_filter){.kind = -1}, out, 2), 2);
    assert_int_equal(list(st, &(struct hf_incident_filter){third, NULL, -1}, out, 10), 3);
    assert_int_equal(list(st, &(struct hf_incident_filter){0, "broker", -1}, out, 10), 3);
    assert_int_equal(
        list(st, &(struct hf_incident_filter){0, "broker", HF_INCIDENT_DRIFT}, out, 10), 1);
    assert_int_equal(hf_store_recent_incidents(st, &exits, 1001, 2000, &count, &newest, &err), 0);
    assert_int_equal(count, 1);
    exits.found = "another text";
    assert_int_equal(hf_store_recent_incidents(st, &exits, 0, 2000, &count, &newest, &err), 0);
    assert_int_equal(count, 0);
    exits.found = NULL;
    assert_int_equal(hf_store_recent_incidents(st, &exits, 0, 1000, &count, &newest, &err), 0);
    assert_int_equal(count, 0); /* what lies in the future is no recent one: the clock was wrong */
}

static void
the_oldest_give_way(void **state)
{
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);
    static struct hf_incident out[HF_STORE_INCIDENTS_MAX + 1];
    enum { BIG = 1024 * 1024 };
    char *log = malloc(BIG + 1);
    struct hf_incident one = incident_of("buffer", HF_INCIDENT_EXIT, 1);

    for (int i = 0; i < HF_STORE_INCIDENTS_MAX + 5; i++)
        add(st, &one, "[]");
    assert_int_equal(
        list(st, &(struct hf_incident_filter){.kind = -1}, out, HF_STORE_INCIDENTS_MAX + 1),
        HF_STORE_INCIDENTS_MAX);
    memset(log, 'x', BIG);
    log[0] = '[';
    log[BIG - 1] = ']';
    log[BIG] = '\0';
    for (int i = 0; i < 6; i++)
        add(st, &one, log);
    assert_int_equal(list(st, &(struct hf_incident_filter){.kind = -1}, out, 10), 3);
    free(log);
}

/* What a box in the field has. */
static void
a_store_of_version_1_is_taken_over(void **state)
{
    HF_AUTO_BUF struct hf_buf sql = HF_BUF_INIT(64 * 1024);
    HF_AUTO_FREE char *json = NULL;
    struct hf_error err = {0};
    struct hf_incident one = incident_of("buffer", HF_INCIDENT_EXIT, 1);
    struct hf_store *st;
    sqlite3 *db = NULL;
    bool wanted = true;
    int64_t revision;

    assert_int_equal(hf_file_read(HF_FIXTURES "/version-1.sql", &sql, &err), 0);
    assert_int_equal(sqlite3_open(tempdir_path(*state, "holdfast.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql.data, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);

    st = opened(*state);
    assert_int_equal(hf_store_opened_as(st, NULL), HF_STORE_EXISTING);
    assert_string_equal(hf_store_gateway_id(st), "hf-0badcafe");
    assert_int_equal(hf_store_settings(st, &json, &revision, &err), 0);
    assert_string_equal(json, "{\"name\":\"old\"}");
    assert_int_equal(hf_store_wanted(st, "processor", &wanted, &err), 0);
    assert_false(wanted);
    assert_int_equal(add(st, &one, "[]"), 1);
    hf_store_free(st);
    hf_store_free(opened(*state));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(what_is_kept_comes_back),
        with_tempdir(lists_are_filtered_and_paged),
        with_tempdir(the_oldest_give_way),
        with_tempdir(a_store_of_version_1_is_taken_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
