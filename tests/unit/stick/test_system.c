// SPDX-License-Identifier: Apache-2.0
/* Settings of the host become files of systemd. */
#include "base/file.h"
#include "stick/parts.h"
#include "tempdir.h"

#include <string.h>

static void
write_provision(const char *dir, const char *text)
{
    mkdir(tempdir_path(dir, "in"), 0755);
    mkdir(tempdir_path(dir, "in/holdfast"), 0755);
    tempdir_write(dir, "in/holdfast/provision.json", text, strlen(text));
}

static bool
written(const char *dir)
{
    struct hf_error err = {0};
    bool changed = false;

    if (stick_system_write(dir, tempdir_path(dir, "etc"), &changed, &err) < 0)
        fail_msg("%s", err.message);
    return changed;
}

static void
assert_file(const char *dir, const char *name, const char *wanted)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(65536);
    int rc = hf_file_read(tempdir_path(dir, name), &text, NULL);

    if (!wanted) {
        assert_int_equal(rc, -1);
        return;
    }
    assert_int_equal(rc, 0);
    assert_string_equal(text.data, wanted);
}

#define NET "etc/systemd/network/20-holdfast-"

static void
networks_are_written_and_written_once(void **state)
{
    const char *dir = *state;

    write_provision(
        dir, "{\"format\":1,\"network\":{\"interfaces\":[{\"name\":\"enp1s0\",\"address\":"
             "\"192.0.2.10/24\",\"router\":\"192.0.2.1\",\"dns\":[\"192.0.2.1\",\"2001:db8::1\"]},"
             "{\"name\":\"enp2s0\",\"address\":\"2001:db8::7/64\"},{}]}}");
    assert_true(written(dir));
    assert_file(dir, NET "1-enp1s0.network",
                "[Match]\nName=enp1s0\n\n[Network]\nAddress=192.0.2.10/24\nDHCP=no\n"
                "Gateway=192.0.2.1\nDNS=192.0.2.1\nDNS=2001:db8::1\n");
    assert_file(dir, NET "1-enp2s0.network",
                "[Match]\nName=enp2s0\n\n[Network]\nAddress=2001:db8::7/64\nDHCP=no\n");
    assert_file(dir, NET "2.network", "[Match]\nName=en* eth*\n\n[Network]\nDHCP=yes\n");
    assert_false(written(dir)); /* nothing is new */
    tempdir_write(dir, "etc/systemd/network/10-theirs.network", "x", 1);
    write_provision(dir, "{\"format\":1,\"network\":{\"interfaces\":[{\"name\":\"enp1s0\"}]}}");
    assert_true(written(dir));
    assert_file(dir, NET "1-enp1s0.network", "[Match]\nName=enp1s0\n\n[Network]\nDHCP=yes\n");
    assert_file(dir, NET "1-enp2s0.network", NULL);
    assert_file(dir, NET "2.network", NULL);
    assert_file(dir, "etc/systemd/network/10-theirs.network", "x");
}

static void
time_is_a_zone_and_servers(void **state)
{
    const char *dir = *state;
    char target[PATH_MAX] = "";

    if (access("/usr/share/zoneinfo/UTC", R_OK) < 0)
        skip();
    write_provision(dir, "{\"format\":1,\"time\":{\"zone\":\"UTC\",\"servers\":"
                         "[\"ntp.example.com\",\"192.0.2.1\"]}}");
    assert_true(written(dir));
    assert_file(dir, "etc/systemd/timesyncd.conf.d/20-holdfast-1.conf",
                "[Time]\nNTP=ntp.example.com 192.0.2.1\n");
    assert_true(readlink(tempdir_path(dir, "etc/localtime"), target, sizeof target - 1) > 0);
    assert_string_equal(target, "/usr/share/zoneinfo/UTC");
    assert_false(written(dir));
}

static void
a_zone_that_is_none_is_named(void **state)
{
    const char *dir = *state;
    struct hf_error err = {0};
    bool changed;

    write_provision(dir,
                    "{\"format\":1,\"time\":{\"zone\":\"Mars/Base\",\"servers\":[\"a.example\"]}}");
    assert_int_equal(stick_system_write(dir, tempdir_path(dir, "etc"), &changed, &err), -1);
    assert_non_null(strstr(err.message, "Mars/Base"));
    assert_false(changed);
}

/* The stick may be left where it is. */
static void
what_was_made_once_is_known(void **state)
{
    const char *dir = *state;
    char etc[PATH_MAX];

    snprintf(etc, sizeof etc, "%s", tempdir_path(dir, "etc"));
    write_provision(dir, "{\"format\":1,\"network\":{\"interfaces\":[{\"name\":\"enp1s0\"}]}}");
    assert_false(stick_system_is_kept(dir, etc));
    assert_true(written(dir));
    assert_false(stick_system_is_kept(dir, etc));
    assert_int_equal(stick_system_keep(dir, etc, NULL), 0);
    assert_true(stick_system_is_kept(dir, etc));
    write_provision(dir, "{\"format\":1,\"network\":{\"interfaces\":[{\"name\":\"enp2s0\"}]}}");
    assert_false(stick_system_is_kept(dir, etc));
    assert_true(written(dir)); /* what else is ours goes, and that it was made does not */
    assert_int_equal(access(tempdir_path(dir, "etc/systemd/network/.holdfast-stick"), F_OK), 0);
    assert_int_equal(stick_system_keep(dir, etc, NULL), 0);
    assert_true(stick_system_is_kept(dir, etc));
}

#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFL2Ey/u1sT81tBME52e2lDSb3ozMN4NLogFZfxg/Y7b me"

static void
who_may_log_in_is_written_and_taken_away(void **state)
{
    const char *dir = *state;

    write_provision(dir, "{\"format\":1,\"ssh\":{\"keys\":[\"" KEY "\"]}}");
    assert_true(written(dir));
    assert_file(dir, "etc/holdfast/ssh_keys",
                "# Who may log in by SSH, as a stick said it; another one replaces it.\n" KEY "\n");
    write_provision(dir, "{\"format\":1,\"name\":\"press-hall-3\"}"); /* says nothing of it */
    assert_false(written(dir));
    write_provision(dir, "{\"format\":1,\"ssh\":{\"keys\":[]}}");
    assert_true(written(dir));
    assert_file(dir, "etc/holdfast/ssh_keys", NULL);
}

/* holdfastd has taken it; but what is below /etc is looked at by who writes there, too. */
static void
nothing_is_written_that_is_not_checked(void **state)
{
    const char *dir = *state;
    struct hf_error err = {0};
    bool changed;

    write_provision(dir, "{\"format\":1,\"network\":{\"interfaces\":[{\"name\":\"../../x\"},"
                         "{\"address\":\"1.2.3.4/24\\n[Link]\"}]}}");
    assert_int_equal(stick_system_write(dir, tempdir_path(dir, "etc"), &changed, &err), -1);
    assert_int_equal(access(tempdir_path(dir, "etc"), F_OK), -1);
}

static void
what_does_not_speak_of_the_host_changes_nothing(void **state)
{
    const char *dir = *state;

    write_provision(dir, "{\"format\":1,\"name\":\"press-hall-3\"}");
    assert_false(written(dir));
    assert_int_equal(access(tempdir_path(dir, "etc"), F_OK), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(networks_are_written_and_written_once),
        with_tempdir(time_is_a_zone_and_servers),
        with_tempdir(a_zone_that_is_none_is_named),
        with_tempdir(what_was_made_once_is_known),
        with_tempdir(who_may_log_in_is_written_and_taken_away),
        with_tempdir(nothing_is_written_that_is_not_checked),
        with_tempdir(what_does_not_speak_of_the_host_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
