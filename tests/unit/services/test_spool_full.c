// SPDX-License-Identifier: Apache-2.0
/*
 * The disk is full, now and then has room, and the process is killed at any write: a state, never
 * damage. The same epoch goes on, what was reported as committed is there, the books balance.
 */
#include "faultdisk.h"
#include "spoolkit.h"

#include <signal.h>
#include <sys/wait.h>

enum { LIVES = 60, LIFE_WRITES = 1500, LIFE_ROUNDS = 300, PER_COMMIT = 20, ACKS_MOST = 3 };

/* What a life has reported before it ended. */
struct report {
    uint64_t accepted, delivered;
};

static void
acknowledge(struct hf_spool *s, unsigned *seed)
{
    struct hf_lease l[ACKS_MOST];
    struct hf_error err = {0};
    size_t count = 0;
    int rc, tried;

    for (int lane = HF_LANE_ALARM; lane < HF_LANE_COUNT; lane++)
        if (hf_spool_lease(s, "uplink", lane, (size_t)rand_r(seed) % 60000, &l[count], &err) > 0)
            count++;
    rc = count ? hf_spool_begin(s, &err) : -1;
    for (size_t i = 0; i < count; i++) {
        hf_buf_done(&l[i].body);
        tried = rc == 0 ? hf_spool_ack(s, "uplink", l[i].lane, l[i].epoch, l[i].first, l[i].last,
                                       NULL, 0, &err)
                        : -1;
        (void)tried; /* one that fails does not keep the others from being tried */
    }
    if (count && (rc < 0 || hf_spool_commit(s, &err) < 0))
        hf_spool_rollback(s);
}

/* Works until it is killed, within a write if not after all rounds. */
static void
live(const char *dir, int to, unsigned seed)
{
    struct hf_spool_settings settings = spoolkit_settings(16 * MIB);
    struct hf_spool *s = NULL;
    bool full = rand_r(&seed) % 3 == 0;
    struct hf_error err = {0};

    faultdisk_kill((unsigned)rand_r(&seed) % LIFE_WRITES);
    if (full)
        faultdisk_fail(FAULTDISK_FULL, (unsigned)rand_r(&seed) % 4);
    for (int round = 0; round < LIFE_ROUNDS; round++) {
        enum hf_lane lane = HF_LANE_ALARM + (enum hf_lane)((unsigned)rand_r(&seed) % 3);
        struct hf_spool_status st;
        struct report r;

        if (rand_r(&seed) % 16 == 0) {
            full = !full;
            faultdisk_fail(full ? FAULTDISK_FULL : FAULTDISK_NONE, (unsigned)rand_r(&seed) % 16);
        }
        if (!s && hf_spool_open(dir, &settings, &s, &err) < 0)
            continue;
        (void)spoolkit_append(s, lane, 0, 1 + (unsigned)rand_r(&seed) % PER_COMMIT,
                              rand_r(&seed) % 16 ? 300 : 8000);
        if (rand_r(&seed) % 3 == 0)
            acknowledge(s, &seed);
        if (rand_r(&seed) % 5 == 0)
            hf_spool_tick(s);
        if (!hf_spool_is_open(s)) {
            hf_spool_close(s);
            s = NULL;
            continue;
        }
        st = spoolkit_status(s);
        r = (struct report){st.books.accepted, st.books.delivered};
        if (write(to, &r, sizeof r) != sizeof r)
            _exit(5);
    }
    (void)raise(SIGKILL);
}

static struct report
live_and_die(const char *dir, unsigned seed)
{
    struct report last = {0}, r;
    int fds[2], status;
    pid_t pid;

    assert_int_equal(pipe(fds), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(fds[0]);
        live(dir, fds[1], seed);
    }
    close(fds[1]);
    while (read(fds[0], &r, sizeof r) == sizeof r)
        last = r;
    close(fds[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
    return last;
}

static void
pain_11_full_disk_is_never_damage(void **state)
{
    struct hf_spool_settings settings = spoolkit_settings(16 * MIB);
    char epoch[HF_EPOCH_SIZE] = "";
    uint64_t accepted = 0;

    faultdisk_stop(); /* what was written outlives a kill, synced or not */
    for (unsigned life = 0; life < LIVES; life++) {
        struct report r = live_and_die(*state, life);
        HF_AUTO(hf_spool) struct hf_spool *s = spoolkit_open(*state, &settings);
        struct hf_spool_status st = spoolkit_status(s);

        assert_string_equal(hf_spool_alarm(s), "");
        if (*epoch)
            assert_string_equal(st.books.epoch, epoch);
        memcpy(epoch, st.books.epoch, sizeof epoch);
        assert_int_equal(st.books.dropped, 0);
        assert_true(st.books.accepted >= r.accepted && st.books.accepted >= accepted);
        assert_true(st.books.delivered >= r.delivered);
        accepted = st.books.accepted;
        if (life % 4 == 0)
            (void)spoolkit_drain(s, "uplink");
    }
    print_message("%d lives, %llu records\n", LIVES, (unsigned long long)accepted);
}

/* What a lane has, and the numbers of it that are refused. */
static size_t
lease_all(struct hf_spool *s, enum hf_lane lane, struct hf_lease *l, struct hf_refused *refused)
{
    size_t count = 0;

    assert_int_equal(spoolkit_lease(s, "uplink", lane, (size_t)(8 * MIB), l), 1);
    hf_buf_done(&l->body);
    for (uint64_t n = l->first; n <= l->last; n++)
        refused[count++] = (struct hf_refused){.seq = n, .status = 400};
    return count;
}

/* An acknowledgement that needs more than SQLite keeps in memory finds the disk full, and SQLite
 * rolls all back; the next one of the same commit must not be done alone. */
static void
a_commit_that_found_the_disk_full_does_nothing_more(void **state)
{
    enum { MANY = 3000, SIZE_EACH = 1000 };
    static struct hf_refused refused[MANY], none[MANY];
    struct hf_spool_settings settings = spoolkit_settings(64 * MIB);
    struct hf_spool *s = spoolkit_open(*state, &settings);
    struct hf_lease large, small;
    struct hf_error err = {0};
    size_t count;

    assert_int_equal(spoolkit_append(s, HF_LANE_NORMAL, 0, MANY, SIZE_EACH), HF_ERROR_NONE);
    assert_int_equal(spoolkit_append(s, HF_LANE_ALARM, 0, 10, SIZE_EACH), HF_ERROR_NONE);
    count = lease_all(s, HF_LANE_NORMAL, &large, refused);
    (void)lease_all(s, HF_LANE_ALARM, &small, none);
    faultdisk_fail(FAULTDISK_FULL, 0);
    assert_int_equal(hf_spool_begin(s, &err), 0);
    assert_int_equal(hf_spool_ack(s, "uplink", large.lane, large.epoch, large.first, large.last,
                                  refused, count, &err),
                     -1);
    assert_int_equal(err.class, HF_ERROR_NO_SPACE);
    assert_int_equal(
        hf_spool_ack(s, "uplink", small.lane, small.epoch, small.first, small.last, NULL, 0, &err),
        -1);
    assert_int_equal(hf_spool_commit(s, &err), -1);
    hf_spool_rollback(s);
    faultdisk_fail(FAULTDISK_NONE, 0);
    hf_spool_close(s);
    s = spoolkit_open(*state, &settings);
    assert_string_equal(hf_spool_alarm(s), "");
    assert_int_equal(spoolkit_status(s).books.held, MANY + 10);
    assert_int_equal(spoolkit_drain(s, "uplink"), MANY + 10);
    hf_spool_close(s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(pain_11_full_disk_is_never_damage),
        with_tempdir(a_commit_that_found_the_disk_full_does_nothing_more),
    };

    faultdisk_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
