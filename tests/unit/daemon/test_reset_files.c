// SPDX-License-Identifier: Apache-2.0
/* What a factory reset takes away beside the store. */
#include "network/parts.h"
#include "reset.h"
#include "store/reset.h"
#include "tempdir.h"

#include <sys/wait.h>

static struct hf_store *
after_reset(const char *dir)
{
    const struct hf_store_reset r = {.who = "admin", .what = "reset"};
    struct hf_store *st = NULL;

    assert_int_equal(hf_store_open(dir, &st, NULL), 0);
    assert_int_equal(hf_store_begin_reset(st, &r, NULL), 0);
    hf_store_free(st);
    assert_int_equal(hf_store_open(dir, &st, NULL), 0);
    return st;
}

static bool
is_there(const char *dir, const char *name)
{
    return access(tempdir_path(dir, name), F_OK) == 0;
}

static void
put_all(const char *dir)
{
    mkdir(tempdir_path(dir, "tls"), 0700);
    mkdir(tempdir_path(dir, "logs"), 0700);
    mkdir(tempdir_path(dir, "logs/broker"), 0700);
    tempdir_write(dir, "tls/ca.pem", "key", 3);
    tempdir_write(dir, "logs/broker/1.gz", "log", 3);
    tempdir_write(dir, "restore-0123.records", "{}", 2);
    assert_int_equal(symlink("/etc", tempdir_path(dir, "scan")), 0);
}

static void
it_is_taken_away_once(void **state)
{
    struct hf_store *st = after_reset(*state);
    enum hf_reset_left left;
    bool wipe;

    put_all(*state);
    tempdir_write(*state, "somebody's", "own", 3);
    assert_int_equal(hf_reset_files(st, *state, NULL), 0);
    assert_false(is_there(*state, "tls") || is_there(*state, "logs") ||
                 is_there(*state, "restore-0123.records") || is_there(*state, "scan"));
    assert_true(is_there(*state, "somebody's"));
    assert_int_equal(access("/etc/passwd", F_OK), 0);
    assert_int_equal(hf_store_reset_left(st, &left, &wipe, NULL), 0);
    assert_int_equal(left, HF_RESET_CONTAINERS);

    mkdir(tempdir_path(*state, "tls"), 0700); /* of the new gateway; Docker has not answered yet */
    assert_int_equal(hf_reset_files(st, *state, NULL), 0);
    assert_true(is_there(*state, "tls"));
    hf_store_free(st);
}

/* ---- the host ---- */

/* holdfast-network, which answers one request. */
static pid_t
answer(const struct hf_host_hand *hand, const char *etc)
{
    pid_t child = fork();

    if (child == 0) {
        const struct network_options o = {
            .run = hand->run, .out = hand->out, .state = hand->out, .etc = etc, .root = ""};
        struct network_state s;

        do {
            usleep(10000);
            if (network_run(&o, NULL) < 0)
                _exit(1);
            network_state_load(o.state, &s);
            network_state_done(&s);
        } while (!*s.handled);
        _exit(0);
    }
    return child;
}

static void
the_host_forgets_who_might_log_in_once(void **state)
{
    struct hf_store *st = after_reset(*state);
    char run[PATH_MAX], out[PATH_MAX], etc[PATH_MAX];
    const struct hf_host_hand nobody = {.run = run}, hand = {.run = run, .out = out};
    struct hf_error err = {0};
    bool left;
    int status;
    pid_t child;

    snprintf(run, sizeof run, "%s", tempdir_path(*state, "run"));
    snprintf(out, sizeof out, "%s", tempdir_path(*state, "out"));
    snprintf(etc, sizeof etc, "%s", tempdir_path(*state, "etc"));
    mkdir(run, 0700);
    mkdir(etc, 0700);
    mkdir(tempdir_path(etc, "holdfast"), 0700);
    tempdir_write(etc, "holdfast/ssh_keys", "k", 1);
    assert_int_equal(hf_reset_host(st, &nobody, NULL), 0);
    assert_int_equal(hf_store_reset_host_left(st, &left, NULL), 0);
    assert_true(left); /* for the day when somebody does it */

    child = answer(&hand, etc);
    if (hf_reset_host(st, &hand, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_false(is_there(etc, "holdfast/ssh_keys"));
    assert_int_equal(hf_store_reset_host_left(st, &left, NULL), 0);
    assert_false(left);
    assert_int_equal(unlink(tempdir_path(run, "network.json")), 0);
    assert_int_equal(hf_reset_host(st, &hand, NULL), 0);
    assert_false(is_there(run, "network.json")); /* nobody is asked again */
    hf_store_free(st);
}

static void
a_host_that_does_not_answer_is_asked_at_the_next_start(void **state)
{
    struct hf_store *st = after_reset(*state);
    char run[PATH_MAX], out[PATH_MAX];
    const struct hf_host_hand hand = {.run = run, .out = out};
    struct hf_error err = {0};
    bool left;

    snprintf(run, sizeof run, "%s", tempdir_path(*state, "no/run"));
    snprintf(out, sizeof out, "%s", tempdir_path(*state, "out"));
    assert_int_equal(hf_reset_host(st, &hand, &err), -1);
    assert_non_null(strstr(err.message, "log in by SSH"));
    assert_int_equal(hf_store_reset_host_left(st, &left, NULL), 0);
    assert_true(left);
    hf_store_free(st);
}

static void
without_a_reset_all_stays(void **state)
{
    struct hf_store *st = NULL;

    assert_int_equal(hf_store_open(*state, &st, NULL), 0);
    put_all(*state);
    assert_int_equal(hf_reset_files(st, *state, NULL), 0);
    assert_true(is_there(*state, "tls/ca.pem"));
    hf_store_free(st);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(it_is_taken_away_once),
        with_tempdir(the_host_forgets_who_might_log_in_once),
        with_tempdir(a_host_that_does_not_answer_is_asked_at_the_next_start),
        with_tempdir(without_a_reset_all_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
