// SPDX-License-Identifier: Apache-2.0
/* The last step of a factory reset: what ran before it goes before anything of ours is started. */
#include "box.h"

#include "core/reset.h"

#include <unistd.h>

static char kept_id[HF_CONTAINERS_MAX][HF_HASH_SIZE];
static size_t kept_count;

/* A box that ran and was reset, as the next start finds it. */
static void
begin_after_reset(struct box *b, bool wipe)
{
    struct hf_core_reset_view view;

    start(b);
    wait_until(b->core, all_run);
    FAKE_LOCKED(&b->engine, kept_count = b->engine.count; for (size_t i = 0; i < kept_count; i++)
                    memcpy(kept_id[i], b->engine.containers[i].id, HF_HASH_SIZE);
                hf_text_put(b->engine.around.volumes[b->engine.around.volume_count++],
                            2 * HF_NAME_SIZE, "t-gone.data"));
    assert_int_equal(hf_core_reset_view(b->core, &view, NULL), 0);
    assert_string_equal(view.release, "holdfast 1.2.3");
    assert_int_equal(hf_core_reset(b->core, wipe, "admin", "factory reset", NULL), 0);
    end(b);
    assert_int_equal(hf_store_open(b->dir, &b->store, NULL), 0);
    assert_int_equal(hf_store_reset_did(b->store, HF_RESET_FILES, NULL), 0);
    hf_store_free(b->store);
}

static size_t
count_volumes(struct box *b, const char *name)
{
    size_t found = 0;

    FAKE_LOCKED(&b->engine, for (size_t i = 0; i < b->engine.around.volume_count; i++) found +=
                            strcmp(b->engine.around.volumes[i], name) == 0);
    return found;
}

static bool
is_one_of_before(struct box *b)
{
    bool found = false;

    FAKE_LOCKED(&b->engine,
                for (size_t i = 0; i < b->engine.count; i++) for (size_t k = 0; k < kept_count; k++)
                    found |= strcmp(b->engine.containers[i].id, kept_id[k]) == 0);
    return found;
}

static int
is_nothing_left(struct hf_store *store, void *context, struct hf_error *err)
{
    enum hf_reset_left left;
    bool wipe;

    (void)context;
    if (hf_store_reset_left(store, &left, &wipe, err) < 0)
        return -1;
    return left == HF_RESET_NOTHING ? 0 : -1;
}

static bool
is_over(struct box *b, const struct hf_snapshot *s)
{
    return all_run(s) && !is_one_of_before(b) &&
           hf_core_run(b->core, is_nothing_left, NULL, NULL) == 0;
}

/* What a reset takes away nobody has removed by hand. */
static void
wait_for_the_end(struct box *b)
{
    struct hf_incident list[4];
    size_t count = 9;

    wait_in(b, is_over);
    assert_int_equal(
        hf_core_incidents(b->core, &(struct hf_incident_filter){.kind = -1}, list, 4, &count, NULL),
        0);
    assert_int_equal(count, 0);
}

static void
with_wipe_the_volumes_go_too(void **state)
{
    struct box *b = *state;

    begin_after_reset(b, true);
    start_with(b, NULL);
    wait_for_the_end(b);
    assert_int_equal(count_volumes(b, "t-gone.data"), 0);
    assert_int_equal(count_volumes(b, "t-buffer-data"), 1);
}

static void
with_keep_they_stay(void **state)
{
    struct box *b = *state;
    unsigned stops;

    begin_after_reset(b, false);
    FAKE_LOCKED(&b->engine, stops = b->engine.stops);
    start_with(b, NULL);
    wait_for_the_end(b);
    assert_int_equal(count_volumes(b, "t-gone.data"), 1);
    FAKE_LOCKED(&b->engine, assert_true(b->engine.stops >= stops + kept_count));
}

static bool
says_why(const struct hf_snapshot *s)
{
    return strstr(s->services[0].reason, "being reset") != NULL;
}

/* Nothing of before may do its work for whoever comes, and nothing new on what was of before. */
static void
an_engine_that_is_away_is_waited_for(void **state)
{
    struct box *b = *state;
    unsigned creates;

    begin_after_reset(b, true);
    FAKE_LOCKED(&b->engine, b->engine.away = true; creates = b->engine.creates);
    start_with(b, NULL);
    wait_until(b->core, says_why);
    end(b); /* and a start more */
    start_with(b, NULL);
    wait_until(b->core, says_why);
    FAKE_LOCKED(&b->engine, assert_int_equal(b->engine.creates, creates));
    FAKE_LOCKED(&b->engine, b->engine.away = false);
    wait_for_the_end(b);
    assert_int_equal(count_volumes(b, "t-gone.data"), 0);
}

/* Wherever it dies, it goes on. */
static void
an_engine_that_dies_meanwhile_is_waited_for(void **state)
{
    struct box *b = *state;

    begin_after_reset(b, true);
    FAKE_LOCKED(&b->engine, b->engine.dies_at = b->engine.changes + 3; b->engine.dies_after = true);
    start_with(b, NULL);
    usleep(200000);
    end(b);
    FAKE_LOCKED(&b->engine, b->engine.away = false; b->engine.dies_at = 0);
    start_with(b, NULL);
    wait_for_the_end(b);
    assert_int_equal(count_volumes(b, "t-gone.data"), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(with_wipe_the_volumes_go_too, setup, teardown),
        cmocka_unit_test_setup_teardown(with_keep_they_stay, setup, teardown),
        cmocka_unit_test_setup_teardown(an_engine_that_is_away_is_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(an_engine_that_dies_meanwhile_is_waited_for, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
