// SPDX-License-Identifier: Apache-2.0
/* A full disk, and a process that is killed while it writes. */
#include "store/store.h"

#include "tempdir.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

enum { KILLS = 40 };

/* Mounts a small file system over the test's folder; skips where that is not allowed. */
static int
small_disk_make(void **state)
{
    if (tempdir_make(state) < 0)
        return -1;
    return 0;
}

static int
small_disk_drop(void **state)
{
    umount2(*state, MNT_DETACH);
    return tempdir_drop(state);
}

static void
need_small_disk(const char *dir, const char *options)
{
    if (mount("tmpfs", dir, "tmpfs", 0, options) < 0)
        skip();
}

static void
fill_disk(const char *dir)
{
    static const char block[4096];
    int fd = open(tempdir_path(dir, "ballast"), O_CREAT | O_WRONLY, 0600);

    while (write(fd, block, sizeof block) > 0)
        ;
    close(fd);
}

static int
claim_and_configure(struct hf_store *st, void *context, struct hf_error *err)
{
    const struct hf_account admin = {
        .user = "admin", .role = HF_ROLE_ADMIN, .password_hash = "$argon2id$x"};

    if (hf_store_claim(st, &admin, err) < 0)
        return -1;
    return hf_store_add_settings(st, context, "admin", NULL, err);
}

static void
pain_11_full_disk_changes_nothing_and_passes(void **state)
{
    static char large[400 * 1024], small[] = "{}";
    HF_AUTO(hf_store) struct hf_store *st = NULL;
    HF_AUTO_FREE char *json = NULL;
    struct hf_account found[1];
    struct hf_error err = {0};
    size_t count = 9;

    need_small_disk(*state, "size=512k");
    assert_int_equal(hf_store_open(*state, &st, NULL), 0);
    snprintf(large, sizeof large, "{\"name\":\"%*s\"}", (int)sizeof large - 20, "x");
    fill_disk(*state);

    assert_int_equal(hf_store_transaction(st, claim_and_configure, large, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NO_SPACE);
    assert_non_null(strstr(err.message, *state));
    assert_non_null(strstr(err.message, "free some space"));
    assert_int_equal(hf_store_accounts(st, found, 1, &count, NULL), 0);
    assert_int_equal(count, 0);
    assert_int_equal(hf_store_settings(st, &json, NULL, NULL), -1);

    assert_int_equal(unlink(tempdir_path(*state, "ballast")), 0);
    assert_int_equal(hf_store_transaction(st, claim_and_configure, small, &err), 0);
    assert_int_equal(hf_store_settings(st, &json, NULL, NULL), 0);
}

static void
full_disk_at_start_is_said(void **state)
{
    struct hf_store *st = NULL;
    struct hf_error err = {0};

    need_small_disk(*state, "size=64k");
    fill_disk(*state);
    assert_int_equal(hf_store_open(*state, &st, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NO_SPACE);
    assert_non_null(strstr(err.message, *state));
    assert_int_equal(unlink(tempdir_path(*state, "ballast")), 0);
}

/* The disk takes the probe and not the database. */
static void
first_start_on_a_small_disk_leaves_no_half(void **state)
{
    struct hf_store *st = NULL;
    struct hf_error err = {0};

    need_small_disk(*state, "size=40k");
    assert_int_equal(hf_store_open(*state, &st, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NO_SPACE);
    assert_int_not_equal(access(tempdir_path(*state, "holdfast.db"), F_OK), 0);
}

static void
recovery_on_a_full_disk_keeps_the_damaged_file(void **state)
{
    static const char junk[20000] = "no database";
    struct hf_store *st = NULL;
    struct hf_error err = {0};

    need_small_disk(*state, "size=64k");
    tempdir_write(*state, "holdfast.db", junk, sizeof junk);
    assert_int_equal(hf_store_open(*state, &st, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NO_SPACE);
    assert_int_equal(access(tempdir_path(*state, "holdfast.db"), F_OK), 0);
}

/* Writes for as long as it lives and says each number once the store has it. */
static void
write_until_killed(const char *dir, int out)
{
    struct hf_store *st = NULL;
    int64_t n = 0;
    char text[64];

    if (hf_store_open(dir, &st, NULL) < 0)
        _exit(1);
    for (;;) {
        snprintf(text, sizeof text, "{\"name\":\"n%d-%lld\"}", getpid(), (long long)n);
        if (hf_store_add_settings(st, text, "admin", &n, NULL) < 0 ||
            hf_store_audit(st, "admin", text, NULL) < 0 || write(out, &n, sizeof n) != sizeof n)
            _exit(1);
    }
}

/* From its start, or from the first thing that it says. */
static int64_t
run_and_kill(const char *dir, bool once_it_speaks, int after_ms)
{
    int pipe_fds[2];
    int64_t n, last = 0;
    pid_t child;

    assert_int_equal(pipe(pipe_fds), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        write_until_killed(dir, pipe_fds[1]);
    close(pipe_fds[1]);
    if (once_it_speaks)
        poll(&(struct pollfd){.fd = pipe_fds[0], .events = POLLIN}, 1, -1);
    poll(NULL, 0, after_ms);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    while (read(pipe_fds[0], &n, sizeof n) == sizeof n)
        last = n;
    close(pipe_fds[0]);
    return last;
}

static void
pain_04_killed_writer_loses_nothing_it_said(void **state)
{
    struct hf_store *st = NULL;
    int64_t acknowledged = 0;

    for (int i = 0; i < KILLS; i++) {
        HF_AUTO_FREE char *json = NULL;
        struct hf_error err = {0};
        int64_t last = run_and_kill(*state, i % 2, i * 17 % 40), n = 0;

        acknowledged = last ? last : acknowledged;
        if (hf_store_open(*state, &st, &err) < 0)
            fail_msg("after kill %d: %s", i, err.message);
        assert_int_not_equal(hf_store_opened_as(st, NULL), HF_STORE_RECOVERED);
        if (acknowledged)
            assert_int_equal(hf_store_settings(st, &json, &n, NULL), 0);
        assert_true(n >= acknowledged);
        hf_store_free(st);
    }
    assert_true(acknowledged > 0);
}

#define with_small_disk(test)                                                                      \
    cmocka_unit_test_setup_teardown(test, small_disk_make, small_disk_drop)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_small_disk(pain_11_full_disk_changes_nothing_and_passes),
        with_small_disk(full_disk_at_start_is_said),
        with_small_disk(first_start_on_a_small_disk_leaves_no_half),
        with_small_disk(recovery_on_a_full_disk_keeps_the_damaged_file),
        with_tempdir(pain_04_killed_writer_loses_nothing_it_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
