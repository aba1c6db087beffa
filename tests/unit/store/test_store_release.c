// SPDX-License-Identifier: Apache-2.0
/* Releases that are known, and what an upgrade leaves in the store at each of its two ends. */
#include "tempdir.h"

#include "store/release.h"

#include <stdlib.h>
#include <string.h>

static struct hf_store *
opened(const char *dir)
{
    struct hf_store *st = NULL;
    struct hf_error err = {0};

    if (hf_store_open(dir, &st, &err) < 0)
        fail_msg("%s", err.message);
    return st;
}

/* A release whose text is made of its name. */
struct made {
    char json[64];
    struct hf_release parsed;
    struct hf_store_release release;
};

static const struct hf_store_release *
make_counted(struct made *m, const char *name, int64_t counter)
{
    snprintf(m->json, sizeof m->json, "{\"counter\":%d,\"name\":\"%s\"}", (int)counter, name);
    m->parsed = (struct hf_release){.counter = counter};
    m->release = (struct hf_store_release){.json = m->json, .signature = ""};
    hf_release_id(m->json, m->release.known.release.id);
    snprintf(m->release.known.release.name, HF_NAME_SIZE, "%s", name);
    snprintf(m->release.known.source, sizeof m->release.known.source, "upload");
    return &m->release;
}

static const struct hf_store_release *
make(struct made *m, const char *name)
{
    return make_counted(m, name, 1);
}

static enum hf_release_state
state_of(struct hf_store *st, const struct made *m)
{
    struct hf_known_release r;

    assert_int_equal(hf_store_known_release(st, m->release.known.release.id, &r, NULL, NULL), 0);
    return r.state;
}

static void
runs(struct hf_store *st, const char *json)
{
    HF_AUTO_FREE char *text = NULL;

    assert_int_equal(hf_store_release(st, &text, NULL), 0);
    assert_string_equal(text, json);
}

static int
count_text(void *context, const char *json, struct hf_error *err)
{
    (void)json;
    (void)err;
    ++*(int *)context;
    return 0;
}

static int
texts(struct hf_store *st, bool may_go)
{
    int count = 0;

    assert_int_equal(hf_store_release_texts(st, may_go, count_text, &count, NULL), 0);
    return count;
}

static int
leftovers(struct hf_store *st)
{
    return texts(st, true);
}

/* From one to the other, up to its end. */
static void
upgrade(struct hf_store *st, const struct made *from, const struct made *to,
        enum hf_upgrade_state end)
{
    struct hf_upgrade_record u = {.state = HF_UPGRADE_PLANNED,
                                  .to = to->release.known.release,
                                  .from = from->release.known.release,
                                  .started_ms = 1,
                                  .count = 1,
                                  .services = {{.name = "broker", .was_well = true, .gap_ms = -1}}};

    assert_int_equal(hf_store_begin_upgrade(st, &u, to->json, from->json, &u.n, NULL), 0);
    u.state = end;
    u.finished_ms = 2;
    u.services[0].gap_ms = 700;
    snprintf(u.reason, sizeof u.reason, "%s", end == HF_UPGRADE_ROLLED_BACK ? "it died" : "");
    assert_int_equal(hf_store_end_upgrade(st, &u, NULL), 0);
}

static void
start_with(struct hf_store *st, const struct made *m, bool taken)
{
    bool is_taken;

    assert_int_equal(hf_store_start_release(st, &m->release, &m->parsed, &is_taken, NULL), 0);
    assert_int_equal(is_taken, taken);
}

static void
a_commit_keeps_the_one_before_and_leaves_the_ones_before_that(void **state)
{
    struct made a, b, c;
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);

    make(&a, "a");
    make(&b, "b");
    make(&c, "c");
    start_with(st, &a, true);
    assert_int_equal(hf_store_add_release(st, &b.release, NULL), 0);
    assert_int_equal(hf_store_add_release(st, &c.release, NULL), 0);
    upgrade(st, &a, &b, HF_UPGRADE_COMMITTED);
    runs(st, b.json);
    assert_int_equal(state_of(st, &a), HF_RELEASE_PREVIOUS);
    assert_int_equal(leftovers(st), 0);
    upgrade(st, &b, &c, HF_UPGRADE_COMMITTED);
    runs(st, c.json);
    assert_int_equal(state_of(st, &a), HF_RELEASE_AVAILABLE);
    assert_int_equal(state_of(st, &b), HF_RELEASE_PREVIOUS);
    assert_int_equal(state_of(st, &c), HF_RELEASE_RUNNING);
    assert_int_equal(leftovers(st), 1);
    upgrade(st, &c, &b, HF_UPGRADE_COMMITTED);
    assert_int_equal(state_of(st, &b), HF_RELEASE_RUNNING);
    assert_int_equal(state_of(st, &c), HF_RELEASE_PREVIOUS);
    assert_int_equal(leftovers(st), 1);
}

static void
pain_15_a_rollback_changes_nothing_of_what_runs(void **state)
{
    struct made a, b, z;
    struct hf_known_release r;
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);

    make(&a, "a");
    make(&b, "b");
    make(&z, "z");
    start_with(st, &z, true);
    start_with(st, &a, true);
    assert_int_equal(hf_store_add_release(st, &b.release, NULL), 0);
    upgrade(st, &a, &b, HF_UPGRADE_ROLLED_BACK);
    runs(st, a.json);
    assert_int_equal(state_of(st, &a), HF_RELEASE_RUNNING);
    assert_int_equal(state_of(st, &z), HF_RELEASE_PREVIOUS);
    assert_int_equal(hf_store_known_release(st, b.release.known.release.id, &r, NULL, NULL), 0);
    assert_int_equal(r.state, HF_RELEASE_FAILED);
    assert_string_equal(r.detail, "it died");
    assert_int_equal(leftovers(st), 1);
    assert_int_equal(texts(st, false), 2);
    assert_int_equal(hf_store_releases_collected(st, NULL), 0);
    assert_int_equal(leftovers(st), 0);
    assert_int_equal(texts(st, false), 2); /* what is gone keeps no image of another */
}

static void
pain_15_a_way_back_that_was_given_up_stays_one(void **state)
{
    struct made a, b;
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);

    make(&a, "a");
    make(&b, "b");
    start_with(st, &a, true);
    assert_int_equal(hf_store_add_release(st, &b.release, NULL), 0);
    upgrade(st, &a, &b, HF_UPGRADE_COMMITTED);
    upgrade(st, &b, &a, HF_UPGRADE_ROLLED_BACK);
    assert_int_equal(state_of(st, &a), HF_RELEASE_PREVIOUS);
    assert_int_equal(leftovers(st), 0);
}

/* The way back needs neither the list of releases nor the table of what runs. */
static void
pain_20_an_upgrade_has_both_releases_whole(void **state)
{
    struct made a, b;
    struct hf_upgrade_record u = {.state = HF_UPGRADE_SWITCHING, .index = 1, .count = 2}, is;
    HF_AUTO_FREE char *to = NULL, *from = NULL;
    struct hf_store *st = opened(*state);
    size_t count;

    make(&a, "a");
    make(&b, "b");
    u.to = b.release.known.release;
    u.from = a.release.known.release;
    snprintf(u.services[0].name, HF_NAME_SIZE, "broker");
    snprintf(u.services[1].name, HF_NAME_SIZE, "buffer");
    u.services[1] = (struct hf_upgrade_service){.name = "buffer", .was_well = true, .gap_ms = 9};
    assert_int_equal(hf_store_begin_upgrade(st, &u, b.json, a.json, &u.n, NULL), 0);
    hf_store_free(st);
    st = opened(*state);
    assert_int_equal(hf_store_upgrades(st, &is, 1, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_int_equal(is.state, HF_UPGRADE_SWITCHING);
    assert_int_equal(is.index, 1);
    assert_int_equal(is.count, 2);
    assert_string_equal(is.services[1].name, "buffer");
    assert_true(is.services[1].was_well);
    assert_int_equal(is.services[1].gap_ms, 9);
    assert_int_equal(hf_store_upgrade_releases(st, is.n, &to, &from, NULL), 0);
    assert_string_equal(to, b.json);
    assert_string_equal(from, a.json);
    hf_store_free(st);
}

/* holdfastd is started with the same command line again and again. */
static void
pain_19_the_file_of_the_start_does_not_undo_an_upgrade(void **state)
{
    struct made a, b, c;
    struct hf_upgrade_record u = {.state = HF_UPGRADE_PULLING};
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);

    make(&a, "a");
    make(&b, "b");
    make(&c, "c");
    start_with(st, &a, true);
    assert_int_equal(hf_store_add_release(st, &b.release, NULL), 0);
    upgrade(st, &a, &b, HF_UPGRADE_COMMITTED);
    start_with(st, &a, false);
    runs(st, b.json);
    u.to = a.release.known.release;
    u.from = b.release.known.release;
    assert_int_equal(hf_store_begin_upgrade(st, &u, a.json, b.json, &u.n, NULL), 0);
    start_with(st, &c, false);
    runs(st, b.json);
    u.state = HF_UPGRADE_ROLLED_BACK;
    u.finished_ms = 2;
    assert_int_equal(hf_store_end_upgrade(st, &u, NULL), 0);
    start_with(st, &c, true);
    runs(st, c.json);
    assert_int_equal(state_of(st, &b), HF_RELEASE_PREVIOUS);
}

/* A file of the start is taken by nobody's decision; what was applied was somebody's. */
static void
a_file_of_the_start_does_not_go_below_what_has_run(void **state)
{
    struct made a, b, old;
    struct hf_error err;
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);
    int64_t floor;
    bool taken;

    make_counted(&a, "a", 5);
    make_counted(&b, "b", 8);
    make_counted(&old, "old", 4);
    start_with(st, &a, true);
    assert_int_equal(hf_store_add_release(st, &b.release, NULL), 0);
    upgrade(st, &a, &b, HF_UPGRADE_ROLLED_BACK);
    assert_int_equal(hf_store_release_floor(st, &floor, NULL), 0);
    assert_int_equal(floor, 5);
    upgrade(st, &a, &b, HF_UPGRADE_COMMITTED);
    assert_int_equal(hf_store_release_floor(st, &floor, NULL), 0);
    assert_int_equal(floor, 8);
    start_with(st, &a, false);
    assert_int_equal(hf_store_start_release(st, &old.release, &old.parsed, &taken, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    runs(st, b.json);
    upgrade(st, &b, &a, HF_UPGRADE_COMMITTED);
    runs(st, a.json);
    assert_int_equal(hf_store_release_floor(st, &floor, NULL), 0);
    assert_int_equal(floor, 8);
}

static void
the_oldest_that_nothing_needs_gives_way(void **state)
{
    struct made running, before, other, last;
    struct hf_known_release list[HF_STORE_RELEASES_MAX + 2];
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);
    char name[16];
    size_t count;

    make(&before, "before");
    make(&running, "running");
    start_with(st, &before, true);
    start_with(st, &running, true);
    for (int i = 0; i < 2 * HF_STORE_RELEASES_MAX; i++) {
        snprintf(name, sizeof name, "r%d", i);
        assert_int_equal(hf_store_add_release(st, make(&other, name), NULL), 0);
    }
    assert_int_equal(hf_store_releases(st, list, HF_STORE_RELEASES_MAX + 2, &count, NULL), 0);
    assert_int_equal(count, HF_STORE_RELEASES_MAX);
    assert_string_equal(list[0].release.name, name);
    assert_int_equal(state_of(st, &running), HF_RELEASE_RUNNING);
    assert_int_equal(state_of(st, &before), HF_RELEASE_PREVIOUS);
    make(&other, "r20"); /* fails, and is not the oldest */
    upgrade(st, &running, &other, HF_UPGRADE_ROLLED_BACK);
    assert_int_equal(hf_store_releases_collected(st, NULL), 0);
    assert_int_equal(hf_store_add_release(st, make(&last, "last"), NULL), 0);
    assert_int_equal(
        hf_store_known_release(st, other.release.known.release.id, &list[0], NULL, NULL), -1);
}

static void
what_runs_is_not_forgotten(void **state)
{
    struct made a, b;
    struct hf_error err;
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);

    make(&a, "a");
    make(&b, "b");
    start_with(st, &a, true);
    assert_int_equal(hf_store_forget_release(st, a.release.known.release.id, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_int_equal(hf_store_forget_release(st, b.release.known.release.id, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
    assert_int_equal(hf_store_add_release(st, &b.release, NULL), 0);
    assert_int_equal(hf_store_forget_release(st, b.release.known.release.id, &err), 0);
}

static void
a_signature_may_come_later_and_stays(void **state)
{
    struct made a;
    struct hf_known_release r;
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);

    make(&a, "a");
    assert_int_equal(hf_store_add_release(st, &a.release, NULL), 0);
    a.release.signature = "untrusted comment: …";
    assert_int_equal(hf_store_add_release(st, &a.release, NULL), 0);
    a.release.signature = "";
    assert_int_equal(hf_store_add_release(st, &a.release, NULL), 0);
    assert_int_equal(hf_store_known_release(st, a.release.known.release.id, &r, NULL, NULL), 0);
    assert_true(r.is_signed);
}

static void
keys_that_were_set_later_find_the_signature_of_the_start(void **state)
{
    struct made a;
    HF_AUTO_FREE char *json = NULL, *signature = NULL;
    HF_AUTO(hf_store) struct hf_store *st = opened(*state);

    make(&a, "a");
    start_with(st, &a, true);
    a.release.signature = "untrusted comment: …";
    start_with(st, &a, false);
    assert_int_equal(hf_store_release_file(st, a.release.known.release.id, &json, &signature, NULL),
                     0);
    assert_string_equal(json, a.release.json);
    assert_string_equal(signature, a.release.signature);
    assert_int_equal(hf_store_release_file(st, "none", &json, &signature, NULL), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(a_commit_keeps_the_one_before_and_leaves_the_ones_before_that),
        with_tempdir(pain_15_a_rollback_changes_nothing_of_what_runs),
        with_tempdir(pain_15_a_way_back_that_was_given_up_stays_one),
        with_tempdir(pain_20_an_upgrade_has_both_releases_whole),
        with_tempdir(pain_19_the_file_of_the_start_does_not_undo_an_upgrade),
        with_tempdir(a_file_of_the_start_does_not_go_below_what_has_run),
        with_tempdir(the_oldest_that_nothing_needs_gives_way),
        with_tempdir(what_runs_is_not_forgotten),
        with_tempdir(a_signature_may_come_later_and_stays),
        with_tempdir(keys_that_were_set_later_find_the_signature_of_the_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
