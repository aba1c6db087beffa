// SPDX-License-Identifier: Apache-2.0
/*
 * A process that appends and acknowledges is killed at seeded moments; then every record whose
 * commit it had reported is there or was acknowledged, numbers are dense and the books balance.
 */
#include "spoolkit.h"

#include <signal.h>
#include <sys/wait.h>

enum { CUTS = 50, LONGEST_US = 30000, PER_COMMIT = 7, ACK_EVERY = 5 };

static struct hf_spool *
open_spool(const char *dir)
{
    struct hf_spool_settings settings = spoolkit_settings(256 * MIB);
    struct hf_spool *s = spoolkit_open(dir, &settings);

    assert_string_equal(hf_spool_alarm(s), "");
    return s;
}

/* Commits for ever; after each commit it says how many records were accepted. */
static void
work(const char *dir, int to)
{
    struct hf_spool *s = open_spool(dir);

    for (unsigned round = 1;; round++) {
        struct hf_lease l;
        uint64_t last;

        if (spoolkit_append(s, HF_LANE_NORMAL, 0, PER_COMMIT, 300) != HF_ERROR_NONE)
            _exit(3);
        last = spoolkit_status(s).books.accepted;
        if (write(to, &last, sizeof last) != sizeof last)
            _exit(5);
        if (round % ACK_EVERY == 0 && spoolkit_lease(s, "uplink", HF_LANE_NORMAL, 4000, &l)) {
            hf_buf_done(&l.body);
            if (spoolkit_ack(s, "uplink", &l, NULL, 0) != HF_ERROR_NONE)
                _exit(4);
        }
        if (round % ACK_EVERY == 2)
            hf_spool_tick(s);
    }
}

/* From the start, or from its first commit on where that is to be there, however slow the machine.
 */
enum since { SINCE_START, SINCE_COMMIT };

static uint64_t
kill_a_worker(const char *dir, enum since since, unsigned us)
{
    uint64_t last = 0, read_last;
    int fds[2], status;
    pid_t pid;

    assert_int_equal(pipe(fds), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(fds[0]);
        work(dir, fds[1]);
    }
    close(fds[1]);
    if (since == SINCE_COMMIT)
        assert_int_equal(read(fds[0], &last, sizeof last), sizeof last);
    usleep(us);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    while (read(fds[0], &read_last, sizeof read_last) == sizeof read_last)
        last = read_last;
    close(fds[0]);
    return last;
}

/* All that was reported is there, dense, and nothing is dropped. */
static uint64_t
check(const char *dir, uint64_t reported)
{
    HF_AUTO(hf_spool) struct hf_spool *s = open_spool(dir);
    struct hf_spool_status st = spoolkit_status(s);
    uint64_t next = st.books.delivered + 1;
    struct hf_lease l;

    assert_int_equal(st.books.dropped, 0);
    assert_true(st.books.accepted >= reported);
    while (spoolkit_lease(s, "uplink", HF_LANE_NORMAL, MIB, &l)) {
        assert_int_equal(l.first, next);
        assert_int_equal(l.count, l.last - l.first + 1);
        next = l.last + 1;
        hf_buf_done(&l.body);
        assert_int_equal(spoolkit_ack(s, "uplink", &l, NULL, 0), HF_ERROR_NONE);
    }
    assert_int_equal(next, st.books.accepted + 1);
    return st.books.accepted;
}

static void
pain_04_what_was_committed_survives_every_kill(void **state)
{
    uint64_t reported = 0;
    unsigned seed = 20261124;

    for (int i = 0; i < CUTS; i++) {
        enum since since = i % 2 ? SINCE_COMMIT : SINCE_START;
        uint64_t last = kill_a_worker(*state, since, (unsigned)rand_r(&seed) % LONGEST_US);

        if (last > reported)
            reported = last;
        reported = check(*state, reported);
    }
    assert_true(reported > 0);
    print_message("%d kills, %llu records\n", CUTS, (unsigned long long)reported);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(pain_04_what_was_committed_survives_every_kill),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
