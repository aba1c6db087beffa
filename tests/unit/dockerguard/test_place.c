// SPDX-License-Identifier: Apache-2.0
#include "tempdir.h"

#include "dockerguard/place.h"

#include <sys/socket.h>
#include <sys/un.h>

static int
checked(const char *dir, const char *name, struct hf_error *err)
{
    return hf_dguard_place_check(tempdir_path(dir, name), err);
}

static void
folders_files_and_what_is_not_there_are_fine(void **state)
{
    assert_int_equal(mkdir(tempdir_path(*state, "a"), 0755), 0);
    tempdir_write(*state, "a/file", "x", 1);
    assert_int_equal(checked(*state, "a", NULL), 0);
    assert_int_equal(checked(*state, "a/file", NULL), 0);
    assert_int_equal(checked(*state, "a/none", NULL), 0);
    assert_int_equal(checked(*state, "none/none", NULL), 0);
}

static void
no_part_may_be_a_symbolic_link(void **state)
{
    struct hf_error err;

    assert_int_equal(mkdir(tempdir_path(*state, "a"), 0755), 0);
    assert_int_equal(symlink("/etc", tempdir_path(*state, "a/out")), 0);
    assert_int_equal(symlink("a", tempdir_path(*state, "in")), 0);
    assert_int_equal(checked(*state, "a/out", &err), -1);
    assert_int_equal(err.class, HF_ERROR_FORBIDDEN);
    assert_non_null(strstr(err.message, "symbolic link"));
    assert_int_equal(checked(*state, "a/out/ssh", &err), -1);
    assert_int_equal(checked(*state, "in", &err), -1);
    assert_int_equal(checked(*state, "in/x", &err), -1);
}

static void
nothing_is_mounted_that_is_no_folder_and_no_file(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    HF_AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", tempdir_path(*state, "sock"));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(checked(*state, "sock", NULL), -1);
    assert_int_equal(hf_dguard_place_check("/dev/null", NULL), -1);
}

/* Who can write in a folder on the way can put a link there once we have looked. */
static void
no_folder_on_the_way_may_be_others_to_change(void **state)
{
    struct hf_error err;

    assert_int_equal(mkdir(tempdir_path(*state, "open"), 0755), 0);
    assert_int_equal(mkdir(tempdir_path(*state, "open/a"), 0777), 0);
    assert_int_equal(checked(*state, "open/a", NULL), 0);
    assert_int_equal(chmod(tempdir_path(*state, "open"), 0777), 0);
    assert_int_equal(checked(*state, "open/a", &err), -1);
    assert_non_null(strstr(err.message, "nosymfollow"));
    assert_int_equal(checked(*state, "open/none", &err), -1);
    assert_int_equal(chmod(tempdir_path(*state, "open"), 01777), 0);
    assert_int_equal(checked(*state, "open/a", NULL), 0); /* sticky, and it is ours */
    assert_int_equal(checked(*state, "open/none", NULL), -1);
    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(tempdir_path(*state, "open"), 0755), 0);
    assert_int_equal(chown(tempdir_path(*state, "open"), 12345, 12345), 0);
    assert_int_equal(checked(*state, "open/a", &err), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(folders_files_and_what_is_not_there_are_fine),
        with_tempdir(no_part_may_be_a_symbolic_link),
        with_tempdir(nothing_is_mounted_that_is_no_folder_and_no_file),
        with_tempdir(no_folder_on_the_way_may_be_others_to_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
