// SPDX-License-Identifier: Apache-2.0
/* What becomes of the release of a backup, after the start that follows the restore. */
#include "upgradekit.h"

#include "store/backup.h"

#include <unistd.h>

/* A box that runs "one" and has had that release in its backup. */
static void
begin_after_restore(struct box *b, const char *text, char id[HF_DIGEST_TEXT_SIZE])
{
    begin_box(b);
    add(b, text, id);
    end(b);
    assert_int_equal(hf_store_open(b->dir, &b->store, NULL), 0);
    assert_int_equal(hf_store_keep(b->store, hf_store_kept_release, 1, id, NULL), 0);
    hf_store_free(b->store);
}

static int
find_audit(struct hf_store *store, void *context, struct hf_error *err)
{
    struct hf_audit_entry e[16];
    HF_AUTO_FREE char *text = NULL;
    size_t count = 0;
    int64_t at_ms;

    if (hf_store_audit_list(store, 0, e, 16, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (strstr(e[i].what, context))
            return hf_store_kept(store, hf_store_kept_release, &at_ms, &text, NULL) < 0 ? 0 : -1;
    return hf_error_set(err, HF_ERROR_NOT_FOUND, "none");
}

/* And that it is not asked for again. */
static void
wait_for_audit(struct box *b, const char *what)
{
    int64_t deadline = hf_clock_mono_ms() + PATIENCE_MS;

    while (hf_core_run(b->core, find_audit, (void *)(uintptr_t)what, NULL) < 0) {
        if (hf_clock_mono_ms() > deadline)
            fail_msg("no '%s' in the audit log", what);
        usleep(10000);
    }
}

static bool
is_committed(const struct hf_snapshot *s)
{
    return s->upgrade.record.state == HF_UPGRADE_COMMITTED && s->upgrade.record.finished_ms > 0 &&
           all_run(s);
}

static void
it_is_applied_where_its_images_are_here(void **state)
{
    struct box *b = *state;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_after_restore(b, two, id);
    start_with(b, NULL);
    wait_for_audit(b, "applies the release of the backup");
    wait_until(b->core, is_committed);
    runs_two(b);
}

static void
it_is_known_where_they_are_not(void **state)
{
    struct box *b = *state;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_after_restore(b, two, id);
    FAKE_LOCKED(&b->engine, b->engine.no_images = true);
    start_with(b, NULL);
    wait_for_audit(b, "left the release of the backup as it came: its images are not here");
    assert_int_equal(state_of(b, id), HF_RELEASE_AVAILABLE);
    runs_one(b);
}

/* One that is older than what has run here is no way to go back. */
static void
an_older_one_is_left(void **state)
{
    struct box *b = *state;
    char id[HF_DIGEST_TEXT_SIZE];

    begin_after_restore(b, older, id);
    start_with(b, NULL);
    wait_for_audit(b, "left the release of the backup as it came: ");
    assert_int_equal(state_of(b, id), HF_RELEASE_AVAILABLE);
    runs_one(b);
}

/* The engine comes later than we do: nothing is concluded before. */
static void
an_engine_that_is_away_is_waited_for(void **state)
{
    struct box *b = *state;
    struct hf_error err = {0};
    char id[HF_DIGEST_TEXT_SIZE];

    begin_after_restore(b, two, id);
    FAKE_LOCKED(&b->engine, b->engine.away = true);
    start_with(b, NULL);
    usleep(3000000); /* past the first try */
    assert_int_equal(
        hf_core_run(b->core, find_audit, (void *)(uintptr_t)"release of the backup", &err), -1);
    FAKE_LOCKED(&b->engine, b->engine.away = false);
    wait_for_audit(b, "applies the release of the backup");
    wait_until(b->core, is_committed);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_applied_where_its_images_are_here, setup, teardown),
        cmocka_unit_test_setup_teardown(it_is_known_where_they_are_not, setup, teardown),
        cmocka_unit_test_setup_teardown(an_older_one_is_left, setup, teardown),
        cmocka_unit_test_setup_teardown(an_engine_that_is_away_is_waited_for, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
