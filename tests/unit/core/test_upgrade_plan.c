// SPDX-License-Identifier: Apache-2.0
/* What stands in the way of an upgrade, and what a plan says of it. */
#include "upgradekit.h"

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

    assert_int_equal(hf_store_audit_list(store, NULL, entries, HF_LEN(entries), &count, NULL), 0);
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

/* one is of before TLS for devices. */
static void
a_way_back_past_certificates_of_devices_is_warned_of(void **state)
{
    struct hf_device_account a = {
        .name = "d7", .password_hash = "$7$101$salt$hash", .enabled = true};
    const struct hf_device_binding print = {
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 9};
    const struct hf_device_change bind = {.certificate = &print};
    struct box *b = *state;
    struct hf_plan plan;
    struct hf_error err;
    char id[HF_DIGEST_TEXT_SIZE], newer[HF_DIGEST_TEXT_SIZE];

    begin_box(b);
    add(b, two, id);
    add(b, newest, newer);
    assert_int_equal(hf_core_add_devices(b->core, &a, 1, "admin", &err), 0);
    assert_int_equal(hf_core_plan(b->core, id, &plan, &err), 0);
    assert_false(has_warning(&plan, HF_WARNING_OLDER_SETTINGS));
    assert_int_equal(hf_core_change_device(b->core, "d7", &bind, "admin", &a, &err), 0);
    assert_int_equal(hf_core_plan(b->core, id, &plan, &err), 0);
    assert_true(has_warning(&plan, HF_WARNING_OLDER_SETTINGS));
    assert_int_equal(plan.obstacle_count, 0);
    assert_int_equal(hf_core_plan(b->core, newer, &plan, &err), 0);
    assert_false(has_warning(&plan, HF_WARNING_OLDER_SETTINGS));
    assert_int_equal(plan.to_schema, 2);
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_in_the_way_is_said, setup, teardown),
        cmocka_unit_test_setup_teardown(an_older_one_is_applied_only_where_that_is_asked_for, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_way_back_past_certificates_of_devices_is_warned_of, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(unsigned_ones_are_refused_where_there_is_a_key, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(one_that_needs_a_newer_holdfastd_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(images_are_where_the_registry_is, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
