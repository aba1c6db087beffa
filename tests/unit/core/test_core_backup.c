// SPDX-License-Identifier: Apache-2.0
/* A backup of one owner, and another one that becomes it. */
#include "box.h"

#include "core/backup.h"

static const char HASH[] = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";
static const char SETTINGS[] =
    "{\"name\":\"press-hall-3\",\"uplink\":{\"url\":\"https://x/\",\"token\":\"s3cret\"}}";

static int
add_admin(struct hf_store *store, void *context, struct hf_error *err)
{
    struct hf_account a = {.user = "admin", .role = HF_ROLE_ADMIN, .created_ms = 5};

    (void)context;
    strcpy(a.password_hash, HASH);
    return hf_store_save_account(store, &a, err);
}

/* What is set up, as its own backup says. */
static void
take(struct box *b, struct hf_core_backup *ret)
{
    struct hf_error err = {0};

    if (hf_core_backup(b->core, ret, &err) < 0)
        fail_msg("%s", err.message);
}

static struct hf_core_restore
restore_of(const struct hf_core_backup *b)
{
    return (struct hf_core_restore){.state = b->state.data,
                                    .settings = b->settings,
                                    .release = b->release,
                                    .signature = b->signature,
                                    .mark = "11",
                                    .who = "admin",
                                    .what = "restored"};
}

static void
another_box_becomes_it(void **state)
{
    struct box *old = *state, *new = NULL;
    struct hf_core_backup taken, again;
    struct hf_core_restored restored;
    struct hf_core_restore r;
    struct hf_error err = {0};
    char id[16];

    old->settings = SETTINGS;
    start(old);
    assert_int_equal(hf_core_run(old->core, add_admin, NULL, NULL), 0);
    take(old, &taken);
    assert_non_null(strstr(taken.settings, "s3cret"));
    assert_non_null(taken.release);
    strcpy(id, hf_store_gateway_id(old->store));

    assert_int_equal(setup((void **)&new), 0);
    start(new);
    r = restore_of(&taken);
    if (hf_core_restore(new->core, &r, &restored, &err) < 0)
        fail_msg("%s", err.message);
    assert_true(restored.has_release && restored.release_runs);
    end(new);
    start_with(new, NULL);
    assert_string_equal(hf_store_gateway_id(new->store), id);
    take(new, &again);
    assert_string_equal(again.state.data, taken.state.data);
    assert_string_equal(again.settings, taken.settings);
    assert_string_equal(again.release, taken.release);
    hf_core_backup_done(&again);
    hf_core_backup_done(&taken);
    assert_int_equal(teardown((void **)&new), 0);
}

/* A box that nothing runs on takes the release as one that is known. */
static void
its_release_is_known_where_another_one_runs(void **state)
{
    struct box *old = *state, *new = NULL;
    struct hf_core_backup taken;
    struct hf_core_restored restored;
    struct hf_core_restore r;

    start(old);
    assert_int_equal(hf_core_run(old->core, add_admin, NULL, NULL), 0);
    take(old, &taken);
    assert_int_equal(setup((void **)&new), 0);
    start_with(new, NULL);
    r = restore_of(&taken);
    assert_int_equal(hf_core_restore(new->core, &r, &restored, NULL), 0);
    assert_true(restored.has_release && !restored.release_runs);
    assert_int_equal(strlen(restored.release.id), 32);
    assert_int_equal(teardown((void **)&new), 0);
    assert_int_equal(setup((void **)&new), 0);
    start_with(new, NULL);
    r.release = "{\"format\":1}"; /* none for this machine */
    assert_int_equal(hf_core_restore(new->core, &r, &restored, NULL), 0);
    assert_false(restored.has_release);
    assert_int_equal(teardown((void **)&new), 0);
    hf_core_backup_done(&taken);
}

static void
what_is_wrong_changes_nothing(void **state)
{
    static const char *const settings[] = {"", "x", "[]", "{\"name\":\"No Name\"}",
                                           "{\"nonsense\":1}"};
    struct box *b = *state;
    struct hf_core_backup taken;
    struct hf_core_restored restored;

    b->settings = SETTINGS;
    start(b);
    assert_int_equal(hf_core_run(b->core, add_admin, NULL, NULL), 0);
    take(b, &taken);
    for (size_t i = 0; i < HF_LEN(settings); i++) {
        struct hf_core_restore r = restore_of(&taken);
        struct hf_error err = {0};

        r.settings = settings[i];
        assert_int_equal(hf_core_restore(b->core, &r, &restored, &err), -1);
        assert_int_equal(err.class, HF_ERROR_INVALID);
        assert_non_null(strstr(err.message, "the backup: its configuration"));
        assert_int_equal(hf_core_restore(b->core, &r, &restored, NULL), -1);
    }
    { /* it still takes changes */
        struct hf_core_restore r = restore_of(&taken);
        struct hf_error err = {0};

        r.state = "{}";
        assert_int_equal(hf_core_restore(b->core, &r, &restored, &err), -1);
        assert_int_equal(err.class, HF_ERROR_INVALID);
        assert_int_equal(hf_core_audit(b->core, "x", "y", NULL), 0);
    }
    hf_core_backup_done(&taken);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(another_box_becomes_it, setup, teardown),
        cmocka_unit_test_setup_teardown(its_release_is_known_where_another_one_runs, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_wrong_changes_nothing, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
