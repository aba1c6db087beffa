// SPDX-License-Identifier: Apache-2.0
/* Which devices the broker lets in, and what each may do. */
#include "broker/config.h"
#include "broker/fleet.h"
#include "broker/present.h"
#include "identity/device.h"
#include "tempdir.h"

#define HASH                                                                                       \
    "$7$101$AAAAAAAAAAAAAAAA$"                                                                     \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
#define HEAD "holdfast-devices 1\nanonymous no\n"

static int
parse(const char *text, struct hf_fleet **ret, struct hf_error *err)
{
    return hf_fleet_parse(strdup(text), strlen(text), ret, err);
}

static struct hf_fleet *
parsed(const char *text)
{
    struct hf_fleet *d = NULL;
    struct hf_error err = {0};

    if (parse(text, &d, &err) < 0)
        fail_msg("%s", err.message);
    return d;
}

static void
a_file_is_read(void **state)
{
    HF_AUTO(hf_fleet)
    struct hf_fleet *d =
        parsed(HEAD "account a " HASH "\npublish field/sensors/a/#\npublish field/x\n"
                    "subscribe field/commands/a/+\naccount b " HASH
                    "\nsubscribe field/#\naccount c " HASH "\nend 3\n");
    const struct hf_fleet_device *a = hf_fleet_find(d, "a"), *c = hf_fleet_find(d, "c");

    (void)state;
    assert_false(d->anonymous);
    assert_int_equal(d->count, 3);
    assert_int_equal(a->publish_count, 2);
    assert_true(hf_fleet_may_publish(a, "field/sensors/a/temp"));
    assert_true(hf_fleet_may_publish(a, "field/x"));
    assert_false(hf_fleet_may_publish(a, "field/sensors/b/temp"));
    assert_false(hf_fleet_may_publish(a, "field/commands/a/x"));
    assert_true(hf_fleet_may_subscribe(a, "field/commands/a/+"));
    assert_true(hf_fleet_may_subscribe(a, "field/commands/a/on"));
    assert_false(hf_fleet_may_subscribe(a, "field/commands/+/on"));
    assert_true(hf_fleet_may_read(hf_fleet_find(d, "b"), "field/any/thing"));
    assert_false(hf_fleet_may_publish(c, "field/x"));
    assert_false(hf_fleet_may_read(c, "field/x"));
    assert_null(hf_fleet_find(d, "aa"));
    assert_null(hf_fleet_find(d, ""));
}

#define PRINT "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void
who_has_a_certificate_has_no_password(void **state)
{
    HF_AUTO(hf_fleet)
    struct hf_fleet *d =
        parsed(HEAD "account a " HASH "\ncertificate b " PRINT "\npublish field/x\nend 2\n");
    HF_AUTO(hf_fleet)
    struct hf_fleet *other = parsed(HEAD "account a " HASH "\ncertificate b 00" /* another one */
                                         "23456789abcdef0123456789abcdef0123456789abcdef0123456789"
                                         "abcdef\npublish field/x\nend 2\n");
    struct hf_fleet_device *b = hf_fleet_find(d, "b");

    (void)state;
    assert_string_equal(b->certificate, PRINT);
    assert_string_equal(hf_fleet_find(d, "a")->certificate, "");
    assert_false(hf_fleet_knows(d, b, ""));
    assert_false(hf_fleet_verify(d, b, ""));
    assert_true(hf_fleet_may_publish(b, "field/x"));
    assert_true(hf_fleet_same(b, b));
    assert_false(hf_fleet_same(b, hf_fleet_find(other, "b")));
    assert_true(hf_fleet_same(hf_fleet_find(d, "a"), hf_fleet_find(other, "a")));
}

static void
nobody_is_let_in_by_a_file_that_is_wrong(void **state)
{
    static const struct {
        const char *text, *what;
    } wrong[] = {
        {"", "line 0"},
        {"holdfast-devices 2\nanonymous no\nend 0\n", "does not begin"},
        {"holdfast-devices 1\nanonymous maybe\nend 0\n", "yes or no"},
        {HEAD, "end is missing"},
        {HEAD "end 0", "end is missing"},
        {HEAD "end 1\n", "right end"},
        {HEAD "end 0\nend 0\n", "right end"},
        {HEAD "account a " HASH "\n", "end is missing"},
        {HEAD "account a\nend 1\n", "a name and a hash"},
        {HEAD "account a $6$101$AAAA$AAAA\nend 1\n", "not of the form"},
        {HEAD "account a $7$0$AAAAAAAAAAAAAAAA$AA\nend 1\n", "not of the form"},
        {HEAD "account a $7$9999999$AAAAAAAAAAAAAAAA$AA\nend 1\n", "not of the form"},
        {HEAD "account b " HASH "\naccount a " HASH "\nend 2\n", "line 4: accounts must be sorted"},
        {HEAD "account a " HASH "\naccount a " HASH "\nend 2\n", "each once"},
        {HEAD "certificate a ABCD\nend 1\n", "64 hex digits"},
        {HEAD "certificate b " PRINT "\naccount a " HASH "\nend 2\n", "must be sorted"},
        {HEAD "publish field/x\nend 0\n", "follow their account"},
        {HEAD "account a " HASH "\nsubscribe x\npublish y\nend 1\n", "to publish first"},
        {HEAD "account a " HASH "\npublish \nend 1\n", "no filter"},
        {HEAD "nonsense\nend 0\n", "none of account"},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(wrong); i++) {
        struct hf_fleet *d = NULL;
        struct hf_error err = {0};

        assert_int_equal(parse(wrong[i].text, &d, &err), -1);
        assert_null(d);
        assert_int_equal(err.class, HF_ERROR_MALFORMED);
        if (!strstr(err.message, wrong[i].what))
            fail_msg("%zu: '%s'", i, err.message);
    }
}

static void
a_zero_byte_is_wrong(void **state)
{
    static const char text[] = HEAD "end 0\n\0end 1\n";
    char *copy = malloc(sizeof text);
    struct hf_fleet *d = NULL;

    (void)state;
    memcpy(copy, text, sizeof text);
    assert_int_equal(hf_fleet_parse(copy, sizeof text - 1, &d, NULL), -1);
}

static void
filters_cover_what_they_cover(void **state)
{
    static const struct {
        const char *within, *filter;
        bool covers;
    } pairs[] = {
        {"#", "#", true},        {"#", "a/b", true},
        {"a/#", "a/#", true},    {"a/#", "a", true},
        {"a/#", "a/b/c", true},  {"a/#", "a/+/c", true},
        {"a/#", "#", false},     {"a/#", "+/b", false},
        {"a/#", "ab/c", false},  {"a/+", "a/+", true},
        {"a/+", "a/b", true},    {"a/+", "a/#", false},
        {"a/+", "a", false},     {"a/+", "a/b/c", false},
        {"a/+/#", "a/b", true},  {"a/+/#", "a/#", false},
        {"+/b", "a/b", true},    {"+/b", "a/+", false},
        {"a/b", "a/b", true},    {"a/b", "a/+", false},
        {"a/b", "a/b/", false},  {"a/b", "a/b/#", false},
        {"a//b", "a//b", true},  {"a/+/b", "a//b", true},
        {"a/", "a/", true},      {"a/", "a", false},
        {"a/+", "a/", true},     {"a/b", "a", false},
        {"a", "a/b", false},     {"a/b/#", "a", false},
        {"a/b/#", "a/#", false}, {"", "", true},
        {"", "a", false},        {"field/#", "field/$SYS/#", true},
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(pairs); i++)
        if (hf_fleet_covers(pairs[i].within, pairs[i].filter) != pairs[i].covers)
            fail_msg("'%s' and '%s'", pairs[i].within, pairs[i].filter);
}

/* What holdfastd makes of a password is what the broker takes; what mosquitto_passwd makes, too. */
static void
passwords_are_those_that_were_set(void **state)
{
    char hash[HF_DEVICE_HASH_SIZE], made[HF_DEVICE_MADE_SIZE], other[HF_DEVICE_MADE_SIZE];
    char text[1024], line[HF_PASSWORD_LINE_MAX];
    static const unsigned char salt[12] = {1, 2, 3};
    HF_AUTO(hf_fleet) struct hf_fleet *d = NULL;
    struct hf_fleet_device *a, *b;

    (void)state;
    hf_device_password_make(made);
    hf_device_password_make(other);
    assert_int_equal(strlen(made), sizeof made - 1);
    assert_string_not_equal(made, other);
    assert_int_equal(hf_device_password_hash(made, true, hash, NULL), 0);
    assert_int_equal(strncmp(hash, "$7$101$", 7), 0);
    assert_int_equal(hf_broker_password_line("b", "s3cret pass", salt, line, NULL), 0);
    snprintf(text, sizeof text, HEAD "account a %s\naccount b %send 2\n", hash,
             strchr(line, ':') + 1);
    d = parsed(text);
    a = hf_fleet_find(d, "a");
    b = hf_fleet_find(d, "b");
    assert_false(hf_fleet_knows(d, a, made));
    assert_false(hf_fleet_verify(d, a, other));
    assert_false(hf_fleet_verify(d, a, ""));
    assert_false(a->proven);
    assert_true(hf_fleet_verify(d, a, made));
    assert_true(hf_fleet_knows(d, a, made));
    assert_false(hf_fleet_knows(d, a, other));
    assert_false(hf_fleet_verify(d, b, made));
    assert_true(hf_fleet_verify(d, b, "s3cret pass"));
    assert_int_equal(hf_device_password_hash("chosen one", false, hash, NULL), 0);
    assert_int_equal(strncmp(hash, "$7$1000$", 8), 0);
}

static void
what_is_the_same_stays_proven(void **state)
{
    char hash[HF_DEVICE_HASH_SIZE], text[1024];
    HF_AUTO(hf_fleet) struct hf_fleet *old = NULL, *fresh = NULL;

    (void)state;
    assert_int_equal(hf_device_password_hash("chosen one", true, hash, NULL), 0);
    snprintf(text, sizeof text, HEAD "account a %s\npublish x\naccount b %s\nend 2\n", hash, hash);
    old = parsed(text);
    assert_true(hf_fleet_verify(old, hf_fleet_find(old, "a"), "chosen one"));
    assert_true(hf_fleet_verify(old, hf_fleet_find(old, "b"), "chosen one"));
    snprintf(text, sizeof text, HEAD "account a %s\npublish y\naccount b " HASH "\nend 2\n", hash);
    fresh = parsed(text);
    hf_fleet_inherit(fresh, old);
    assert_true(hf_fleet_knows(fresh, hf_fleet_find(fresh, "a"), "chosen one"));
    assert_false(hf_fleet_knows(fresh, hf_fleet_find(fresh, "b"), "chosen one"));
    assert_false(hf_fleet_same(hf_fleet_find(fresh, "a"), hf_fleet_find(old, "a")));
    assert_false(hf_fleet_same(hf_fleet_find(fresh, "b"), hf_fleet_find(old, "b")));
    assert_true(hf_fleet_same(hf_fleet_find(old, "a"), hf_fleet_find(old, "a")));
}

static void
a_file_that_is_not_there_is_said(void **state)
{
    struct hf_fleet *d = NULL;
    struct hf_error err = {0};

    assert_int_equal(hf_fleet_read(tempdir_path(*state, "devices"), &d, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
    tempdir_write(*state, "devices", HEAD "end 0\n", strlen(HEAD "end 0\n"));
    assert_int_equal(hf_fleet_read(tempdir_path(*state, "devices"), &d, &err), 0);
    hf_fleet_free(d);
}

static void
who_is_present_is_known(void **state)
{
    enum { MANY = 1000 };
    static const char place[MANY];
    struct hf_present p = {.all = NULL};

    (void)state;
    for (size_t i = 0; i < MANY; i++)
        assert_true(hf_present_add(&p, &place[i * 7 % MANY]));
    assert_true(hf_present_add(&p, &place[3]));
    assert_int_equal(p.count, MANY);
    for (size_t i = 0; i < MANY; i += 2)
        hf_present_remove(&p, &place[i]);
    hf_present_remove(&p, &place[0]);
    assert_int_equal(p.count, MANY / 2);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(hf_present_has(&p, &place[i]), i % 2);
    hf_present_done(&p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read),
        cmocka_unit_test(who_has_a_certificate_has_no_password),
        cmocka_unit_test(nobody_is_let_in_by_a_file_that_is_wrong),
        cmocka_unit_test(a_zero_byte_is_wrong),
        cmocka_unit_test(filters_cover_what_they_cover),
        cmocka_unit_test(passwords_are_those_that_were_set),
        cmocka_unit_test(what_is_the_same_stays_proven),
        with_tempdir(a_file_that_is_not_there_is_said),
        cmocka_unit_test(who_is_present_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
