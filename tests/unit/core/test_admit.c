// SPDX-License-Identifier: Apache-2.0
/* By whom a release is signed: when it comes, and when it is to run. */
#include "versions.h"

static const char one[] = VERSION("1.0.0"), two[] = VERSION("1.1.0"), three[] = VERSION("1.2.0");

static void
begin_box(struct box *b, struct signer *ours)
{
    signer_init(ours);
    start_with(b, one);
    wait_until(b->core, all_run);
    configure(b, "{\"upgrade\":{\"gate_s\":1,\"switch_s\":10}}");
}

static struct hf_known_release
add(struct box *b, const char *text, const char *signature)
{
    struct hf_known_release known;
    struct hf_error err;

    if (hf_core_add_release(b->core, text, signature, "admin", &known, &err) < 0)
        fail_msg("%s", err.message);
    return known;
}

/* As the list says, and the release by itself. */
static bool
is_signed(struct box *b, const char *id)
{
    struct hf_known_release list[16], known;
    struct hf_error err;
    size_t count;

    assert_int_equal(hf_core_known_release(b->core, id, &known, NULL, &err), 0);
    assert_int_equal(hf_core_releases(b->core, list, HF_LEN(list), &count, &err), 0);
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].release.id, id) == 0)
            assert_int_equal(list[i].is_signed, known.is_signed);
    return known.is_signed;
}

static bool
may_be_applied(struct box *b, const char *id)
{
    HF_AUTO_FREE struct hf_plan *plan = calloc(1, sizeof *plan);
    struct hf_error err = {0};
    bool is_refused;

    assert_int_equal(hf_core_plan(b->core, id, plan, &err), 0);
    is_refused = plan->obstacle_count > 0;
    if (is_refused)
        assert_non_null(strstr(plan->obstacles[0], "none of the gateway's release_keys"));
    return !is_refused;
}

static void
what_was_known_before_the_keys_must_be_signed_too(void **state)
{
    struct box *b = *state;
    struct signer ours, theirs;
    char by_us[SIGN_TEXT_SIZE], by_them[SIGN_TEXT_SIZE];
    struct hf_known_release bare, foreign;
    struct hf_operation op;
    struct hf_error err;

    begin_box(b, &ours);
    signer_init(&theirs);
    signer_sign(&ours, two, by_us);
    signer_sign(&theirs, three, by_them);
    bare = add(b, two, "");
    foreign = add(b, three, by_them);
    assert_false(is_signed(b, foreign.release.id)); /* nobody has looked */
    assert_true(may_be_applied(b, bare.release.id));
    trust(b, &ours);
    assert_false(may_be_applied(b, bare.release.id));
    assert_false(may_be_applied(b, foreign.release.id));
    assert_int_equal(
        hf_core_apply(b->core, &(struct hf_apply){bare.release.id, "", false}, "admin", &op, &err),
        -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_true(add(b, two, by_us).is_signed);
    assert_true(is_signed(b, bare.release.id) && may_be_applied(b, bare.release.id));
    trust(b, &theirs);
    assert_true(is_signed(b, foreign.release.id) && !is_signed(b, bare.release.id));
}

static char asked[HF_ID_SIZE];

static bool
is_settled(const struct hf_snapshot *s)
{
    return s->upgrade.record.finished_ms > 0 && strcmp(s->upgrade.record.operation, asked) == 0 &&
           all_run(s);
}

static void
follow(struct box *b, const struct hf_operation *op)
{
    memcpy(asked, op->id, sizeof asked);
    wait_until(b->core, is_settled);
}

static void
the_way_back_asks_for_no_signature(void **state)
{
    struct box *b = *state;
    struct hf_known_release known;
    struct hf_operation op;
    struct signer ours;
    struct hf_error err = {0};

    begin_box(b, &ours);
    known = add(b, one, "");
    known = add(b, two, "");
    if (hf_core_apply(b->core, &(struct hf_apply){known.release.id, "", false}, "admin", &op,
                      &err) < 0)
        fail_msg("%s", err.message);
    follow(b, &op);
    trust(b, &ours);
    if (hf_core_roll_back(b->core, "admin", &op, &err) < 0)
        fail_msg("%s", err.message);
    follow(b, &op);
    assert_int_equal(hf_core_operation(b->core, asked, &op, &err), 0);
    assert_int_equal(op.state, HF_OPERATION_SUCCEEDED);
}

static void
refused(struct box *b, const struct hf_admission *a, const char *why)
{
    struct hf_known_release known;
    struct hf_release r;
    struct hf_error err = {0};

    assert_int_equal(hf_core_admit(b->core, a, &known, NULL, &err), -1);
    assert_int_equal(err.class, HF_ERROR_INVALID);
    if (!strstr(err.message, why))
        fail_msg("'%s' does not say '%s'", err.message, why);
    if (!a->version)
        assert_int_equal(hf_core_examine(b->core, a->text, a->signature, &r, &err), -1);
}

static void
what_is_signed_must_be_canonical(void **state)
{
    static const char loose[] = VERSION("1.1.0") "\n";
    struct box *b = *state;
    char signature[SIGN_TEXT_SIZE];
    struct hf_admission a = {loose, signature, "upload", NULL, "admin"};
    struct signer ours;

    begin_box(b, &ours);
    signer_sign(&ours, loose, signature);
    (void)add(b, loose, signature);
    trust(b, &ours);
    refused(b, &a, "must be in canonical form");
}

static void
another_version_than_its_tag_is_refused(void **state)
{
    struct box *b = *state;
    struct hf_admission a = {two, "", "registry", "1.1.1", "admin"};
    struct signer ours;

    begin_box(b, &ours);
    refused(b, &a, "it is version 1.1.0 of holdfast");
}

static void
examining_keeps_nothing(void **state)
{
    struct box *b = *state;
    struct hf_known_release list[16], known;
    struct hf_admission a = {two, "", "bundle", "1.1.0", "admin"};
    struct hf_release r;
    struct signer ours;
    struct hf_error err;
    size_t count;
    bool is_new;

    begin_box(b, &ours);
    assert_int_equal(hf_core_examine(b->core, two, "", &r, &err), 0);
    assert_string_equal(r.version, "1.1.0");
    assert_int_equal(r.services[0].layer_count, 1);
    hf_release_done(&r);
    assert_int_equal(hf_core_releases(b->core, list, HF_LEN(list), &count, &err), 0);
    assert_int_equal(count, 1); /* the one that runs */
    assert_int_equal(hf_core_admit(b->core, &a, &known, &is_new, &err), 0);
    assert_true(is_new);
    assert_string_equal(known.source, "bundle");
    assert_int_equal(hf_core_admit(b->core, &a, &known, &is_new, &err), 0);
    assert_false(is_new);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_known_before_the_keys_must_be_signed_too),
        TEST(the_way_back_asks_for_no_signature),
        TEST(what_is_signed_must_be_canonical),
        TEST(another_version_than_its_tag_is_refused),
        TEST(examining_keeps_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
