// SPDX-License-Identifier: Apache-2.0
/*
 * A process that appends and acknowledges is killed at seeded moments; then every record whose
 * commit it had reported is there or was acknowledged, numbers are dense and the books balance.
 */
#include "buffer/spool.h"
#include "records.h"
#include "tempdir.h"

#include <signal.h>
#include <sys/wait.h>

enum { CUTS = 50, LONGEST_US = 30000, PER_COMMIT = 7, ACK_EVERY = 5 };

static struct hf_spool *
open_spool(const char *dir)
{
    const struct hf_spool_options options = {
        .dir = dir, .max_bytes = 256LL * 1024 * 1024, .reserve_bytes = 65536};
    struct hf_spool *s = NULL;
    struct hf_error err = {0};

    if (hf_spool_open(&options, &s, &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(hf_spool_alarm(s), "");
    return s;
}

/* Commits for ever; after each commit it says up to which number. */
static void
work(const char *dir, int to)
{
    struct hf_spool *s = open_spool(dir);

    for (unsigned round = 1;; round++) {
        HF_AUTO_BUF struct hf_buf frames = HF_BUF_INIT(1 << 20);
        HF_AUTO_BUF struct hf_buf lines = HF_BUF_INIT(64 << 20);
        struct hf_lease l;
        uint64_t first, last;

        records_number(&frames, 0, PER_COMMIT, 300);
        if (hf_spool_begin(s, NULL) < 0 ||
            hf_spool_append(s, "g", frames.data, frames.len, &first, &last, NULL) < 0)
            _exit(3);
        if (round % ACK_EVERY == 0 && hf_spool_lease(s, 4000, &l, &lines, NULL) == 1 &&
            hf_spool_ack(s, l.epoch, l.first, l.last, NULL) < 0)
            _exit(4);
        if (hf_spool_commit(s, NULL) < 0 || write(to, &last, sizeof last) != sizeof last)
            _exit(5);
        if (round % ACK_EVERY == 2)
            hf_spool_tick(s);
    }
}

static uint64_t
kill_a_worker(const char *dir, unsigned us)
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
    usleep(us);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    while (read(fds[0], &read_last, sizeof read_last) == sizeof read_last)
        last = read_last;
    close(fds[0]);
    return last;
}

/* All that is held is there, dense, from the oldest to the newest. */
static uint64_t
check(const char *dir, uint64_t reported)
{
    HF_AUTO(hf_spool) struct hf_spool *s = open_spool(dir);
    HF_AUTO_BUF struct hf_buf lines = HF_BUF_INIT(256 << 20);
    struct hf_lease l = {0};
    struct hf_books b;
    uint64_t count = 0;

    hf_spool_get_books(s, &b);
    assert_int_equal(b.dropped, 0);
    assert_int_equal(b.accepted, b.delivered + b.held);
    assert_true(b.accepted >= reported);
    if (!b.held)
        return b.accepted;
    assert_int_equal(hf_spool_lease(s, 200 << 20, &l, &lines, NULL), 1);
    assert_int_equal(l.first, b.delivered + 1);
    assert_int_equal(l.last, b.accepted);
    for (char *line = lines.data; *line; line = strchr(line, '\n') + 1) {
        char seq[40];

        snprintf(seq, sizeof seq, "\"seq\":%llu,", (unsigned long long)(l.first + count));
        assert_non_null(strstr(line, seq));
        count++;
    }
    assert_int_equal(count, b.held);
    return b.accepted;
}

static void
pain_04_what_was_committed_survives_every_kill(void **state)
{
    uint64_t reported = 0;
    unsigned seed = 20261124;

    for (int i = 0; i < CUTS; i++) {
        uint64_t last = kill_a_worker(*state, (unsigned)rand_r(&seed) % LONGEST_US);

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
