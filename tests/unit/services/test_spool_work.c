// SPDX-License-Identifier: Apache-2.0
/* What a commit makes the disk do, counted under SQLite: how long it takes hangs on that. */
#include "faultdisk.h"
#include "spoolkit.h"

#include <sqlite3.h>

enum { PER_COMMIT = 100, SIZE = 1000 };

static struct hf_spool *
open_spool(const char *dir)
{
    struct hf_spool_settings settings = spoolkit_settings(256 * MIB);

    return spoolkit_open(dir, &settings);
}

/* Leases and acknowledges; false where nothing is there. */
static bool
acknowledge(struct hf_spool *s, size_t bytes)
{
    struct hf_lease l;

    if (!spoolkit_lease(s, "uplink", HF_LANE_UNSAID, bytes, &l))
        return false;
    hf_buf_done(&l.body);
    assert_int_equal(spoolkit_ack(s, "uplink", &l, NULL, 0), HF_ERROR_NONE);
    return true;
}

/* A card that tears a sector when the power goes takes all that is in it. */
static void
pain_04_what_was_acknowledged_is_not_written_over(void **state)
{
    enum { COMMITS = 1000 };
    HF_AUTO(hf_spool) struct hf_spool *s = open_spool(*state);
    unsigned seed = 4;

    (void)faultdisk_work();
    for (unsigned n = 0; n < COMMITS; n++) {
        unsigned count = 1 + (unsigned)rand_r(&seed) % 20;

        assert_int_equal(spoolkit_append(s, HF_LANE_NORMAL, n, n + count, 300), HF_ERROR_NONE);
        if (n % 3 == 0)
            (void)acknowledge(s, 10000);
        if (n % 10 == 0)
            hf_spool_tick(s);
    }
    assert_true(spoolkit_status(s).checkpoints > 0);
    assert_int_equal(faultdisk_work().rewritten, 0);
}

struct most {
    size_t bytes, syncs;
};

static void
look(struct most *m)
{
    struct faultdisk_work w = faultdisk_work();

    m->bytes = w.bytes > m->bytes ? w.bytes : m->bytes;
    m->syncs = w.syncs > m->syncs ? w.syncs : m->syncs;
}

/* Commits with acknowledgements between them, some of much, and the housekeeping that comes after.
 */
static void
commit_and_drain(struct hf_spool *s, unsigned commits, struct most *m)
{
    for (unsigned n = 0; n < commits; n++) {
        assert_int_equal(spoolkit_append(s, HF_LANE_NORMAL, n, n + PER_COMMIT, SIZE),
                         HF_ERROR_NONE);
        look(m);
        (void)acknowledge(s, n % 50 ? 2 * PER_COMMIT * SIZE : 4 * (size_t)MIB);
        look(m);
        if (n % 4 == 0)
            hf_spool_tick(s);
    }
}

/* From the end of one commit to that of the next the disk does at most a checkpoint of what two
 * thresholds of the WAL hold, however much is held and whatever is deleted. */
static void
a_commit_waits_for_bounded_work(void **state)
{
    enum { COMMITS = 150, HELD = 30 * 1000, SYNCS_MOST = 6 };
    const size_t bytes_most = (size_t)(9 * MIB);
    struct hf_spool *s = open_spool(*state);
    struct most empty = {0}, full = {0};

    (void)faultdisk_work();
    commit_and_drain(s, COMMITS, &empty);
    for (unsigned n = 0; n < HELD; n += PER_COMMIT) { /* and no tick comes by */
        assert_int_equal(spoolkit_append(s, HF_LANE_NORMAL, n, n + PER_COMMIT, SIZE),
                         HF_ERROR_NONE);
        look(&full);
    }
    hf_spool_tick(s);
    commit_and_drain(s, COMMITS, &full);
    print_message("at most %zu bytes and %zu syncs; with much held %zu and %zu\n", empty.bytes,
                  empty.syncs, full.bytes, full.syncs);
    assert_true(empty.bytes <= bytes_most && full.bytes <= bytes_most);
    assert_true(empty.syncs <= SYNCS_MOST && full.syncs <= SYNCS_MOST);
    hf_spool_close(s);
}

/* A person drops all: records that come meanwhile are committed between two steps, and stay. */
static void
a_drop_of_much_lets_commits_pass(void **state)
{
    enum { HELD = 25 * 1000 };
    const size_t bytes_most = (size_t)(5 * MIB);
    struct hf_spool *s = open_spool(*state);
    struct hf_spool_drop d = {.until_ms = INT64_MAX};
    struct hf_spool_status st;
    struct most m = {0};
    unsigned steps = 1;

    for (unsigned n = 0; n < HELD; n += PER_COMMIT)
        assert_int_equal(spoolkit_append(s, HF_LANE_NORMAL, n, n + PER_COMMIT, SIZE),
                         HF_ERROR_NONE);
    (void)faultdisk_work();
    for (; spoolkit_drop_step(s, &d) > 0; steps++) {
        look(&m);
        assert_int_equal(spoolkit_append(s, HF_LANE_NORMAL, 0, 1, SIZE), HF_ERROR_NONE);
    }
    print_message("%u steps, at most %zu bytes\n", steps, m.bytes);
    st = spoolkit_status(s);
    assert_int_equal(d.count, HELD);
    assert_int_equal(st.books.dropped, HELD);
    assert_true(steps > 2 && st.books.held >= steps - 1); /* and what tells of the gap */
    assert_true(m.bytes <= bytes_most);
    hf_spool_close(s);
}

/* A card that takes 10 MB a second. In an outage, where all that comes goes to the file. */
static void
a_slow_disk_gets_less_at_a_time(void **state)
{
    enum { PACE = 10 * 1000 * 1000, WINDOW_MS = 100, COMMITS = 280, LEARNED = 180 };
    /* In one window, and the commit beside it. */
    const size_t bytes_most = (size_t)PACE * WINDOW_MS / 1000 + 256 * 1024;
    struct hf_spool_settings settings = spoolkit_settings(256 * MIB);
    struct most m = {0};
    struct hf_spool *s;

    settings.window_ms = WINDOW_MS;
    s = spoolkit_open(*state, &settings);
    faultdisk_pace(PACE);
    (void)faultdisk_work();
    for (unsigned n = 0; n < COMMITS; n++) {
        assert_int_equal(
            spoolkit_append(s, HF_LANE_NORMAL, n * PER_COMMIT, (n + 1) * PER_COMMIT, SIZE),
            HF_ERROR_NONE);
        if (n == LEARNED)
            m = (struct most){0};
        look(&m);
    }
    faultdisk_pace(0);
    print_message("at most %zu bytes and %zu syncs\n", m.bytes, m.syncs);
    assert_true(m.bytes <= bytes_most);
    hf_spool_close(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(pain_04_what_was_acknowledged_is_not_written_over),
        with_tempdir(a_commit_waits_for_bounded_work),
        with_tempdir(a_drop_of_much_lets_commits_pass),
        with_tempdir(a_slow_disk_gets_less_at_a_time),
    };

    faultdisk_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
