// SPDX-License-Identifier: Apache-2.0
/* What a factory reset takes away beside the store. */
#include "reset.h"
#include "store/reset.h"

#include "tempdir.h"

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
        with_tempdir(without_a_reset_all_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
