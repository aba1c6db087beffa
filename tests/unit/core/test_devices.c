// SPDX-License-Identifier: Apache-2.0
/* Accounts of devices, as the owner keeps them and hands them to the broker. */
#include "box.h"

#include "base/file.h"
#include "model/alarm.h"
#include "model/changes.h"

#include <sys/stat.h>
#include <unistd.h>

static struct hf_device_account
account(const char *name)
{
    struct hf_device_account a = {.password_hash = "$7$101$salt$hash",
                                  .publish = HF_DEVICE_PUBLISH_DEFAULT,
                                  .subscribe = "c/%u",
                                  .enabled = true};

    strcpy(a.name, name);
    return a;
}

static void
path_of_file(const struct box *b, char out[128])
{
    snprintf(out, 128, "%s/services/broker/devices", b->run);
}

static void
file_is(const struct box *b, const char *text)
{
    HF_AUTO_BUF struct hf_buf have = HF_BUF_INIT(1 << 20);
    char path[128];

    path_of_file(b, path);
    assert_int_equal(hf_file_read(path, &have, NULL), 0);
    assert_string_equal(have.data, text);
}

static int
add(struct box *b, const char *name, struct hf_error *err)
{
    struct hf_device_account a = account(name);

    return hf_core_add_devices(b->core, &a, 1, "admin", err);
}

struct newest {
    struct hf_audit_entry entry;
    char values[HF_CHANGES_BYTES_MAX + 1];
};

static int
read_newest(struct hf_store *store, void *context, struct hf_error *err)
{
    const struct hf_audit_filter with = {.with_changes = true};
    struct newest *n = context;
    size_t count = 0;

    if (hf_store_audit_list(store, &with, &n->entry, 1, &count, err) < 0)
        return -1;
    hf_text_put(n->values, sizeof n->values, "%s", n->entry.changes ? n->entry.changes : "");
    hf_audit_entries_done(&n->entry, count);
    return 0;
}

static void
audited(const struct box *b, const char *values)
{
    HF_AUTO_FREE char *kept = NULL;
    struct newest newest;

    assert_int_equal(hf_core_run(b->core, read_newest, &newest, NULL), 0);
    assert_true(asprintf(&kept, "{\"changes\":[%s],\"omitted\":0}", values) > 0);
    assert_string_equal(newest.values, kept);
}

#define A "account a $7$101$salt$hash\npublish field/sensors/a/#\nsubscribe field/c/a\n"
#define B "account b $7$101$salt$hash\npublish field/sensors/b/#\nsubscribe field/c/b\n"

static void
the_broker_is_given_what_is_enabled(void **state)
{
    struct box *b = *state;
    const bool off = false;
    struct hf_device_account a;
    struct hf_error err = {0};
    struct stat st;
    char path[128];

    start(b);
    file_is(b, "holdfast-devices 1\nanonymous no\nend 0\n");
    path_of_file(b, path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0440);
    assert_int_equal(add(b, "b", &err), 0);
    assert_int_equal(add(b, "a", &err), 0);
    file_is(b, "holdfast-devices 1\nanonymous no\n" A B "end 2\n");
    assert_int_equal(add(b, "a", &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_int_equal(hf_core_change_device(b->core, "b",
                                           &(struct hf_device_change){.enabled = &off}, "admin", &a,
                                           &err),
                     0);
    assert_false(a.enabled);
    file_is(b, "holdfast-devices 1\nanonymous no\n" A "end 1\n");
    assert_int_equal(
        hf_core_change_device(
            b->core, "a",
            &(struct hf_device_change){.password_hash = "$7$101$salt$other", .publish = "x/%u"},
            "admin", &a, &err),
        0);
    file_is(b, "holdfast-devices 1\nanonymous no\naccount a $7$101$salt$other\npublish "
               "field/x/a\nsubscribe field/c/a\nend 1\n");
    audited(b, "{\"path\":\"/publish\",\"before\":\"sensors/%u/#\",\"after\":\"x/%u\"},"
               "{\"path\":\"/password\",\"before\":\"***\",\"after\":\"***\"}");
    assert_int_equal(hf_core_delete_device(b->core, "a", "admin", &err), 0);
    file_is(b, "holdfast-devices 1\nanonymous no\nend 0\n");
    audited(b, "{\"path\":\"/publish\",\"before\":\"x/%u\",\"after\":null},"
               "{\"path\":\"/subscribe\",\"before\":\"c/%u\",\"after\":null},"
               "{\"path\":\"/enabled\",\"before\":true,\"after\":null}");
    assert_int_equal(hf_core_delete_device(b->core, "a", "admin", &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
}

#define PRINT "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void
a_certificate_stands_in_for_the_password(void **state)
{
    const struct hf_device_binding print = {PRINT, 9}, none = {.fingerprint = ""};
    const struct hf_device_change bind = {.certificate = &print}, unbind = {.certificate = &none};
    struct box *b = *state;
    struct hf_device_account a;
    struct hf_error err = {0};

    start(b);
    assert_int_equal(add(b, "a", &err), 0);
    assert_int_equal(hf_core_change_device(b->core, "a", &unbind, "admin", &a, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(hf_core_change_device(b->core, "a", &bind, "admin", &a, &err), 0);
        assert_true(a.certificate_ms > 0 && a.certificate_ends_ms == 9);
        file_is(b, "holdfast-devices 1\nanonymous no\ncertificate a " PRINT
                   "\npublish field/sensors/a/#\nsubscribe field/c/a\nend 1\n");
        assert_int_equal(
            hf_core_change_device(
                b->core, "a",
                i ? &unbind : &(struct hf_device_change){.password_hash = "$7$101$salt$hash"},
                "admin", &a, &err),
            0);
        file_is(b, "holdfast-devices 1\nanonymous no\n" A "end 1\n");
    }
}

/* ---- what the broker shows to devices ---- */

static int asked;

static int64_t
no_site(void *context)
{
    (void)context;
    return 0;
}

static int
for_broker(void *context, const char *gateway, struct hf_buf *ret_pem, struct hf_buf *ret_ca,
           struct hf_error *err)
{
    (void)context;
    return hf_buf_addf(ret_pem, err, "key of %s, %d\n", gateway, ++asked) < 0
               ? -1
               : hf_buf_adds(ret_ca, "authority\n", err);
}

static const struct hf_certificate_ops certificate_ops = {no_site, for_broker};

static bool
broker_has(const struct box *b, const char *name, const char *text)
{
    HF_AUTO_BUF struct hf_buf have = HF_BUF_INIT(1 << 20);
    char path[128];

    snprintf(path, sizeof path, "%s/services/broker/%s", b->run, name);
    if (hf_file_read(path, &have, NULL) < 0)
        return false;
    return !text || strstr(have.data, text) != NULL;
}

static void
set_tls(struct box *b, const char *json)
{
    struct hf_config_change change = {.revision = HF_REVISION_ANY, .actor = "admin"};
    HF_AUTO(hf_json) struct hf_json *patch = NULL;
    HF_AUTO_FREE char *text = NULL;
    int64_t revision;
    struct hf_error err = {0};

    assert_int_equal(hf_json_parse(json, strlen(json), &patch, NULL), 0);
    change.patch = patch;
    if (hf_core_change_config(b->core, &change, &text, &revision, &err) < 0)
        fail_msg("%s", err.message);
}

static void
the_broker_is_given_its_certificate_where_it_needs_one(void **state)
{
    struct box *b = *state;
    const struct hf_snapshot *s;
    struct hf_error err = {0};

    b->certificates = &certificate_ops;
    start(b);
    assert_false(broker_has(b, "tls.pem", NULL));
    assert_true(broker_has(b, "settings.json", NULL));
    assert_false(broker_has(b, "settings.json", "tls"));
    set_tls(b, "{\"broker\":{\"tls\":\"on\"}}");
    assert_true(broker_has(b, "tls.pem", "key of holdfast"));
    assert_true(broker_has(b, "ca.pem", "authority\n"));
    assert_true(broker_has(b, "settings.json", "\"tls\":\"on\""));
    asked = 41;
    assert_int_equal(hf_core_broker_certificate(b->core, &err), 0);
    assert_true(broker_has(b, "tls.pem", ", 42\n"));
    set_tls(b, "{\"broker\":{\"tls\":\"only\"}}");
    do
        s = hf_core_wait(b->core, 0, PATIENCE_MS);
    while (s && s->gateway.field_port != 8883 && (hf_snapshot_unref(s), true));
    assert_non_null(s);
    assert_int_equal(s->gateway.field_tls_port, 8883);
    hf_snapshot_unref(s);
    set_tls(b, "{\"broker\":{\"tls\":null}}");
    assert_false(broker_has(b, "tls.pem", NULL));
    assert_false(broker_has(b, "ca.pem", NULL));
}

static void
all_are_added_or_none(void **state)
{
    struct box *b = *state;
    struct hf_device_account three[3] = {account("x"), account("a"), account("y")}, read[4];
    struct hf_device_totals totals;
    struct hf_error err = {0};
    size_t count;

    start(b);
    assert_int_equal(add(b, "a", &err), 0);
    assert_int_equal(hf_core_add_devices(b->core, three, 3, "admin", &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_int_equal(hf_core_devices(b->core, &(struct hf_device_filter){"", ""}, read, 4, &count,
                                     &totals, &err),
                     0);
    assert_true(count == 1 && totals.accounts == 1 && !totals.anonymous);
    file_is(b, "holdfast-devices 1\nanonymous no\n" A "end 1\n");
}

/* What the broker's file cannot hold is not taken. */
static void
more_than_the_file_holds_is_refused(void **state)
{
    enum { MANY = 3000 };
    struct box *b = *state;
    struct hf_device_account *many = calloc(MANY, sizeof *many);
    struct hf_device_totals totals;
    struct hf_error err = {0};
    size_t count;

    start(b);
    for (size_t i = 0; i < MANY; i++) {
        many[i] = account("x");
        snprintf(many[i].name, sizeof many[i].name, "d%zu", i);
        memset(many[i].publish, 'p', 500);
        many[i].publish[500] = '\0';
    }
    assert_int_equal(hf_core_add_devices(b->core, many, MANY, "admin", &err), -1);
    assert_int_equal(err.class, HF_ERROR_TOO_LARGE);
    assert_int_equal(hf_core_devices(b->core, &(struct hf_device_filter){"", ""}, many, 1, &count,
                                     &totals, &err),
                     0);
    assert_int_equal(totals.accounts, 0);
    free(many);
}

/* The file lies where nothing outlives a power cut. */
static void
the_file_is_made_anew_at_a_start(void **state)
{
    struct box *b = *state;
    struct hf_error err = {0};
    char path[128];

    start(b);
    assert_int_equal(add(b, "a", &err), 0);
    end(b);
    path_of_file(b, path);
    assert_int_equal(unlink(path), 0);
    start(b);
    file_is(b, "holdfast-devices 1\nanonymous no\n" A "end 1\n");
}

static bool
there_is_the_alarm(struct box *b, const struct hf_snapshot *s)
{
    const struct hf_alarm_filter active = {.active_only = true};
    struct hf_alarm alarms[16];
    struct hf_error err;
    size_t count = 0;

    (void)s;
    assert_int_equal(hf_core_alarms(b->core, &active, alarms, 16, &count, &err), 0);
    for (size_t i = 0; i < count; i++)
        if (alarms[i].kind == HF_ALARM_ANONYMOUS_DEVICES)
            return !alarms[i].bad;
    return false;
}

/* Nothing else of the broker's changes by it, so that it is not started again. */
static void
who_has_no_account_comes_where_that_is_chosen_and_it_is_an_alarm(void **state)
{
    HF_AUTO_BUF struct hf_buf before = HF_BUF_INIT(65536), after = HF_BUF_INIT(65536);
    struct box *b = *state;
    char path[128];

    start(b);
    snprintf(path, sizeof path, "%s/services/broker/settings.json", b->run);
    assert_int_equal(hf_file_read(path, &before, NULL), 0);
    configure(b, "{\"broker\":{\"anonymous\":true}}");
    file_is(b, "holdfast-devices 1\nanonymous yes\nend 0\n");
    assert_int_equal(hf_file_read(path, &after, NULL), 0);
    assert_string_equal(before.data, after.data);
    wait_in(b, there_is_the_alarm);
}

/* A gateway of before the choice goes on as it was. */
static void
settings_that_do_not_say_let_them_in(void **state)
{
    struct box *b = *state;

    b->settings = "{\"name\":\"old\",\"broker\":{\"max_devices\":7}}";
    start(b);
    file_is(b, "holdfast-devices 1\nanonymous yes\nend 0\n");
    configure(b, "{\"name\":\"older\"}");
    file_is(b, "holdfast-devices 1\nanonymous yes\nend 0\n");
    configure(b, "{\"broker\":{\"anonymous\":null}}");
    file_is(b, "holdfast-devices 1\nanonymous no\nend 0\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_broker_is_given_what_is_enabled, setup, teardown),
        cmocka_unit_test_setup_teardown(a_certificate_stands_in_for_the_password, setup, teardown),
        cmocka_unit_test_setup_teardown(the_broker_is_given_its_certificate_where_it_needs_one,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(all_are_added_or_none, setup, teardown),
        cmocka_unit_test_setup_teardown(more_than_the_file_holds_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(the_file_is_made_anew_at_a_start, setup, teardown),
        cmocka_unit_test_setup_teardown(
            who_has_no_account_comes_where_that_is_chosen_and_it_is_an_alarm, setup, teardown),
        cmocka_unit_test_setup_teardown(settings_that_do_not_say_let_them_in, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
