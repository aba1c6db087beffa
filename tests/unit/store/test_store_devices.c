// SPDX-License-Identifier: Apache-2.0
/* Accounts of devices, and how a store of before them comes to have them. */
#include "unit.h"

#include "base/buf.h"
#include "base/file.h"
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

static struct hf_device_account
device(const char *name)
{
    struct hf_device_account a = {.password_hash = "$7$101$salt$hash",
                                  .publish = "sensors/%u/# x",
                                  .subscribe = "c/%u",
                                  .description = "Hall 2",
                                  .enabled = true,
                                  .created_ms = 5,
                                  .password_ms = 6};

    strcpy(a.name, name);
    return a;
}

static void
add(struct hf_store *st, const char *name)
{
    struct hf_device_account a = device(name);

    assert_int_equal(hf_store_save_device(st, &a, NULL), 0);
}

static void
accounts_are_kept_by_name(void **state)
{
    struct hf_store *st = opened(*state);
    struct hf_device_account a = device("b"), read[3];
    struct hf_error err = {0};
    size_t count, enabled;

    add(st, "c");
    add(st, "a");
    a.enabled = false;
    assert_int_equal(hf_store_save_device(st, &a, NULL), 0);
    hf_store_free(st);
    st = opened(*state);
    assert_int_equal(
        hf_store_devices(st, &(struct hf_device_filter){"", ""}, read, 2, &count, NULL), 0);
    assert_int_equal(count, 2);
    assert_string_equal(read[0].name, "a");
    assert_string_equal(read[0].publish, "sensors/%u/# x");
    assert_string_equal(read[0].subscribe, "c/%u");
    assert_string_equal(read[0].description, "Hall 2");
    assert_string_equal(read[0].password_hash, "$7$101$salt$hash");
    assert_true(read[0].enabled && read[0].created_ms == 5 && read[0].password_ms == 6);
    assert_false(read[1].enabled);
    assert_int_equal(
        hf_store_devices(st, &(struct hf_device_filter){"b", ""}, read, 3, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_string_equal(read[0].name, "c");
    assert_int_equal(hf_store_device_count(st, &count, &enabled, NULL), 0);
    assert_true(count == 3 && enabled == 2);
    add(st, "Press-1");
    add(st, "press-2");
    assert_int_equal(
        hf_store_devices(st, &(struct hf_device_filter){"", "RESS"}, read, 3, &count, NULL), 0);
    assert_int_equal(count, 2);
    assert_string_equal(read[0].name, "Press-1");
    assert_int_equal(
        hf_store_devices(st, &(struct hf_device_filter){"Press-1", "ress"}, read, 3, &count, NULL),
        0);
    assert_int_equal(count, 1);
    assert_string_equal(read[0].name, "press-2");
    assert_int_equal(
        hf_store_devices(st, &(struct hf_device_filter){"", "%"}, read, 3, &count, NULL), 0);
    assert_int_equal(count, 0);
    assert_int_equal(hf_store_device(st, "b", &read[0], NULL), 0);
    assert_int_equal(hf_store_delete_device(st, "b", NULL), 0);
    assert_int_equal(hf_store_delete_device(st, "b", &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
    assert_int_equal(hf_store_device(st, "b", &read[0], &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
    hf_store_free(st);
}

/* When it was made stays. */
static void
an_account_is_replaced(void **state)
{
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);
    struct hf_device_account a = device("a"), read;

    add(st, "a");
    a.created_ms = 99;
    a.password_ms = 100;
    strcpy(a.description, "");
    assert_int_equal(hf_store_save_device(st, &a, NULL), 0);
    assert_int_equal(hf_store_device(st, "a", &read, NULL), 0);
    assert_true(read.created_ms == 5 && read.password_ms == 100);
    assert_string_equal(read.description, "");
}

/* It goes with its account, and comes from the export with it. */
static void
a_certificate_is_kept_with_its_account(void **state)
{
    static const char fingerprint[] =
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    struct hf_store *st = opened(*state);
    struct hf_device_account a = device("a"), read;

    strcpy(a.certificate, fingerprint);
    a.certificate_ms = 7;
    a.certificate_ends_ms = 8;
    assert_int_equal(hf_store_save_device(st, &a, NULL), 0);
    hf_store_free(st);
    assert_int_equal(unlink(tempdir_path(*state, "holdfast.db")), 0);
    st = opened(*state);
    assert_int_equal(hf_store_device(st, "a", &read, NULL), 0);
    assert_string_equal(read.certificate, fingerprint);
    assert_true(read.certificate_ms == 7 && read.certificate_ends_ms == 8);
    strcpy(a.certificate, "ABC");
    assert_int_equal(hf_store_save_device(st, &a, NULL), -1);
    a.certificate[0] = '\0';
    assert_int_equal(hf_store_save_device(st, &a, NULL), 0);
    assert_int_equal(hf_store_device(st, "a", &read, NULL), 0);
    assert_string_equal(read.certificate, "");
    strcpy(a.certificate, fingerprint);
    assert_int_equal(hf_store_save_device(st, &a, NULL), 0);
    assert_int_equal(hf_store_delete_device(st, "a", NULL), 0);
    add(st, "a");
    assert_int_equal(hf_store_device(st, "a", &read, NULL), 0);
    assert_string_equal(read.certificate, "");
    hf_store_free(st);
}

static int
fill(struct hf_store *st, void *context, struct hf_error *err)
{
    char name[16];

    (void)context;
    (void)err;
    for (int i = 1; i < HF_DEVICE_ACCOUNTS_MAX; i++) {
        snprintf(name, sizeof name, "d%d", i);
        add(st, name);
    }
    return 0;
}

/* As many as there may be are in the export too. */
static void
pain_06_a_database_that_is_gone_takes_no_account_along(void **state)
{
    struct hf_store *st = opened(*state);
    size_t count, enabled;
    const char *text;

    add(st, "a");
    assert_int_equal(hf_store_transaction(st, fill, NULL, NULL), 0);
    hf_store_free(st);
    assert_int_equal(unlink(tempdir_path(*state, "holdfast.db")), 0);
    st = opened(*state);
    assert_int_equal(hf_store_opened_as(st, &text), HF_STORE_RECOVERED);
    assert_non_null(strstr(text, "accounts of devices"));
    assert_int_equal(hf_store_device_count(st, &count, &enabled, NULL), 0);
    assert_int_equal(count, HF_DEVICE_ACCOUNTS_MAX);
    hf_store_free(st);
}

static void
run(const char *dir, const char *sql)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(tempdir_path(dir, "holdfast.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void
make_version_1(const char *dir)
{
    HF_AUTO_BUF struct hf_buf sql = HF_BUF_INIT(1 << 16);

    assert_int_equal(hf_file_read(HF_FIXTURES "/version-1.sql", &sql, NULL), 0);
    run(dir, sql.data);
}

static int64_t
newest_settings(const char *dir, char *out, size_t size)
{
    HF_AUTO(hf_store) struct hf_store *st = opened(dir);
    char *json = NULL;
    int64_t n = 0;

    out[0] = '\0';
    if (hf_store_settings(st, &json, &n, NULL) == 0)
        snprintf(out, size, "%s", json);
    free(json);
    return n;
}

/* Who has a gateway without settings had devices without accounts; it says so from now on. */
static void
a_claimed_gateway_without_settings_goes_on_letting_devices_in(void **state)
{
    char text[256];

    make_version_1(*state);
    run(*state, "DELETE FROM settings");
    assert_int_equal(newest_settings(*state, text, sizeof text), 1);
    assert_string_equal(text, "{\"broker\":{\"anonymous\":true}}");
}

static void
one_that_nobody_has_does_not(void **state)
{
    char text[256];

    make_version_1(*state);
    run(*state, "DELETE FROM settings; DELETE FROM session; DELETE FROM account");
    assert_int_equal(newest_settings(*state, text, sizeof text), 0);
}

static void
settings_that_there_are_stay_as_they_are(void **state)
{
    char before[256] = "", text[256];
    sqlite3_stmt *stmt = NULL;
    sqlite3 *db = NULL;

    make_version_1(*state);
    assert_int_equal(sqlite3_open(tempdir_path(*state, "holdfast.db"), &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT json FROM settings ORDER BY n DESC", -1, &stmt, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    snprintf(before, sizeof before, "%s", (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    assert_true(newest_settings(*state, text, sizeof text) > 0);
    assert_string_equal(text, before);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(accounts_are_kept_by_name),
        with_tempdir(an_account_is_replaced),
        with_tempdir(a_certificate_is_kept_with_its_account),
        with_tempdir(pain_06_a_database_that_is_gone_takes_no_account_along),
        with_tempdir(a_claimed_gateway_without_settings_goes_on_letting_devices_in),
        with_tempdir(one_that_nobody_has_does_not),
        with_tempdir(settings_that_there_are_stay_as_they_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
