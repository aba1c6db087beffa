// SPDX-License-Identifier: Apache-2.0
/* Whose keys may go into a file that sshd reads, and in what form. */
#include "provision/ssh_key.h"

#include "base/file.h"
#include "provision/host.h"
#include "tempdir.h"

/* By ssh-keygen; the sk- kinds, which want a token, put together. */
static const struct {
    const char *what, *line;
} good[] = {
    {"ed25519", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFL2Ey/u1sT81tBME52e2lDSb3ozMN4NLogFZfxg"
                "/Y7b me@desk"},
    {"ecdsa 256", "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBNHP"
                  "ywm89NqjYHyEDOPl/bsksMGuzt7OObcM58dp4Qj7GmzMGaeVV0naBGDYNok/GKx/HTDpha10nl9Q"
                  "m65FMho= me@desk"},
    {"ecdsa 384", "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBCLR"
                  "ZlNcV+ZBL6Y/2ugVohdX9GD8y21WARG6cIN4kiexnTo0qIm1jzJRBoM6giR2qkF7w+GQjXJOL5h3"
                  "vrZyQUxGIP18xC6BTXJTn+6zORdLuZRaOAklg2Wp4DSTTm2PEg== me@desk"},
    {"ecdsa 521", "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAE7"
                  "sxB3ierYdxCdMnZd926fFaAsx0dszGWQSvrPu/6f8IYSi19MfFM+FYnon3CzT0EPPGPR2vEysD8o"
                  "k7BDkapiJgFU1bcUekpeRUgi14jrAO89a5nkO1LbUKbiL/o+i6sNKxxsVXU5hfgI4wT0zhwa/sPy"
                  "zk7/9fVjPu5g9v1KuN/6Yw== me@desk"},
    {"rsa 2048", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDw4tqniQuMlp8JfHr8kT+ATyhTt6b0JxohcIWr"
                 "hbJhW0LS1OPWtO2ff9/y+AIFnvCllypGwG3fnYHOXM4FDf0ZqVulyvW8C1PjG5VFtfo3T/yLoiDu"
                 "8eYcyHGr/cJ8cKrt2XqqDqdGNzA+M2NURU8jACsLOQCko+yyxmRGxcQRUPNuda4I6HzOOfk9606G"
                 "PltRihtvpzurM/+QmAO9vR2Ke4Ma7gQQxzdW2QhCsATLaYXtUJ931IDCkiR1jaH55E7dqqUVrqE9"
                 "472ULddllc+KUg2xktSfy02gLd7L4VgHxfzuSMCiJxREbbVlOHHN3D6a641mOmMK6FyJSetnRdmN"
                 " me@desk"},
    {"sk ed25519", "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIFL2E"
                   "y/u1sT81tBME52e2lDSb3ozMN4NLogFZfxg/Y7bAAAABHNzaDo= me@desk"},
    {"sk ecdsa", "sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3Blb"
                 "nNzaC5jb20AAAAIbmlzdHAyNTYAAABBBNHPywm89NqjYHyEDOPl/bsksMGuzt7OObcM58dp4Qj7G"
                 "mzMGaeVV0naBGDYNok/GKx/HTDpha10nl9Qm65FMhoAAAAEc3NoOg== me@desk"},
    {"no comment", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFL2Ey/u1sT81tBME52e2lDSb3ozMN4NLogFZfxg"
                   "/Y7b"},
    {"a comment of words",
     "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFL2Ey/u1sT81tBME52e2lDSb3ozMN4NLogFZfxg"
     "/Y7b Eva Müller, desk 7"},
};

static const struct {
    const char *line, *says;
} bad[] = {
    {"", "such as"},
    {"#ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFL2Ey/u1sT81tBME52e2lDSb3ozMN4NLogFZfx"
     "g/Y7b me@desk",
     "options before it"},
    {"no-pty ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFL2Ey/u1sT81tBME52e2lDSb3ozMN4NL"
     "ogFZfxg/Y7b me@desk",
     "options before it"},
    {"command=\"/bin/true\" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFL2Ey/u1sT81tBME5"
     "2e2lDSb3ozMN4NLogFZfxg/Y7b me@desk",
     "options before it"},
    {"cert-authority ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFL2Ey/u1sT81tBME52e2lDSb"
     "3ozMN4NLogFZfxg/Y7b me@desk",
     "options before it"},
    {" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFL2Ey/u1sT81tBME52e2lDSb3ozMN4NLogFZfx"
     "g/Y7b me@desk",
     "options before it"},
    {"ssh-dss AAAAB3NzaC1kc3MAAACBAIIL me", "of type ed25519"},
    {"ssh-ed25519-cert-v01@openssh.com AAAAC3NzaC1lZDI1NTE5AAAAIFL2Ey/u1sT81tBME52"
     "e2lDSb3ozMN4NLogFZfxg/Y7b",
     "options before it"},
    {"-----BEGIN OPENSSH PRIVATE KEY-----", "private one"},
    {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFL2Ey/u1sT81tBME52e2lDSb3ozMN4NLogFZfxg"
     "/Y7b me@desk\necdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdH"
     "AyNTYAAABBBNHPywm89NqjYHyEDOPl/bsksMGuzt7OObcM58dp4Qj7GmzMGaeVV0naBGDYNok/GK"
     "x/HTDpha10nl9Qm65FMho= me@desk",
     "one line"},
    {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFL2Ey/u1sT81tBME52e2lDSb3ozMN4NLogFZfxg"
     "/Y7b me@desk\t",
     "one line"},
    {"ssh-ed25519", "base64"},
    {"ssh-ed25519 ", "base64"},
    {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFL2Ey/u1sT81tBME52e2lDSb3ozMN4NLogFZfxg"
     "/Y7",
     "base64"},
    {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFL2Ey/u1sT81tBM", "whole"},
    {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFL2Ey/u1sT81tBME52e2lDSb3ozMN4NLogFZfxg", "whole"},
    {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFL2Ey/u1sT81tBME52e2lDSb3ozMN4NLogFZfxg"
     "/Y7bAAAA",
     "something follows"},
    {"ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIFL2Ey/u1sT81tBME52e2lDSb3ozMN4NLogFZfxg/Y7b",
     "type that it begins with"},
    {"ssh-ed25519 !AAAAC3NzaC1lZDI1NTE5AAAAIFL2Ey/u1sT81tBME52e2lDSb3ozMN4NLogFZfx"
     "g/Y7b",
     "base64"},
    {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAH1L2Ey/u1sT81tBME52e2lDSb3ozMN4NLogFZfxg"
     "/Y4= me@desk",
     "no ssh-ed25519 key"},
    {"ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAzODQAAABBBNHP"
     "ywm89NqjYHyEDOPl/bsksMGuzt7OObcM58dp4Qj7GmzMGaeVV0naBGDYNok/GKx/HTDpha10nl9Q"
     "m65FMho= me@desk",
     "no ecdsa-sha2-nistp256 key"},
    {"ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAAAhAtHP"
     "ywm89NqjYHyEDOPl/bsksMGuzt7OObcM58dp4Qj7 me@desk",
     "no ecdsa-sha2-nistp256 key"},
    {"ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAAAA me@"
     "desk",
     "no ecdsa-sha2-nistp256 key"},
    {"sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIFL2E"
     "y/u1sT81tBME52e2lDSb3ozMN4NLogFZfxg/Y7b me@desk",
     "no sk-ssh-ed25519@openssh.com key"},
    {"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAA== me@desk", "no ssh-rsa key"},
    {"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAYABAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
     "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
     "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
     "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
     "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
     " me@desk",
     "no ssh-rsa key"},
    {"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAgABAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
     "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
     "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
     "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
     "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
     "AQ== me@desk",
     "no ssh-rsa key"},
    {"ssh-rsa AAAAB3NzaC1yc2EAAAABAgAAAQEAgQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
     "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
     "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
     "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
     "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ=="
     " me@desk",
     "no ssh-rsa key"},
    {"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC99ycmHmwFWjyN9DqVdom/g0IgY0FD8LE2FuTz"
     "20EQ+oCopu7PfdU3oOtKsVcmezDdcKbxX7ipUmwQ+kgOZP1BxBQ+g876Z2fIu8fHkXY3pzA0E9f3"
     "8hM8Is2qBv+9OuqK4IceeJz3VnrJ18OJNLY1wianjBd9JO+lNB7H7VUfKw== me@desk",
     "it has 1024"},
};

static void
keys_of_every_kind_are_taken(void **state)
{
    struct hf_error err = {0};

    (void)state;
    for (size_t i = 0; i < HF_LEN(good); i++)
        if (hf_ssh_key_check(good[i].line, &err) < 0)
            fail_msg("%s: %s", good[i].what, err.message);
}

static void
whatever_else_a_line_may_be_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < HF_LEN(bad); i++) {
        struct hf_error err = {0};

        if (hf_ssh_key_check(bad[i].line, &err) == 0)
            fail_msg("taken: %s", bad[i].line);
        if (err.class != HF_ERROR_INVALID || !strstr(err.message, bad[i].says))
            fail_msg("not '%s' of %s but: %s", bad[i].says, bad[i].line, err.message);
    }
}

/* A byte less, at any place. */
static void
no_cut_line_is_taken(void **state)
{
    const char *whole = good[0].line;
    char line[512];

    (void)state;
    for (size_t i = 0; i < strcspn(whole + 12, " ") + 12; i++) {
        snprintf(line, sizeof line, "%.*s", (int)i, whole);
        assert_int_equal(hf_ssh_key_check(line, NULL), -1);
        snprintf(line, sizeof line, "%.*s%s", (int)i, whole, whole + i + 1);
        assert_int_equal(hf_ssh_key_check(line, NULL), -1);
    }
}

static void
fingerprints_are_those_of_ssh_keygen(void **state)
{
    char fingerprint[HF_SSH_FINGERPRINT_SIZE];

    (void)state;
    hf_ssh_key_fingerprint(good[0].line, fingerprint);
    assert_string_equal(fingerprint, "SHA256:PmJkT+iCf/eP7b/vfEJRkYEDD4k1SGHWffnXfKKdlSc");
}

/* ---- the file ---- */

static struct hf_json *
ssh_of(const char *const *lines)
{
    struct hf_json *ssh = hf_json_object(), *keys = hf_json_array();

    for (; *lines; lines++)
        hf_json_add_string(keys, *lines);
    hf_json_put(ssh, "keys", keys);
    return ssh;
}

static bool
put(const char *etc, const char *const *lines)
{
    HF_AUTO(hf_json) struct hf_json *ssh = ssh_of(lines);
    struct hf_error err = {0};
    bool changed = false;

    if (hf_host_check_ssh(ssh, &err) < 0 || hf_host_put_ssh(ssh, etc, &changed, &err) < 0)
        fail_msg("%s", err.message);
    return changed;
}

static void
assert_keys(const char *etc, const char *wanted)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(65536);
    const char *keys;

    assert_int_equal(hf_file_read(tempdir_path(etc, "holdfast/ssh_keys"), &text, NULL), 0);
    keys = strchr(text.data, '\n') + 1; /* the first line is a comment */
    assert_int_equal(text.data[0], '#');
    assert_string_equal(keys, wanted);
}

static void
the_file_has_the_newest_keys_and_goes_with_the_last(void **state)
{
    const char *etc = *state;
    const char *const one[] = {good[0].line, NULL}, *const two[] = {good[1].line, good[0].line,
                                                                    NULL};
    const char *const none[] = {NULL};
    char wanted[1024];
    struct stat st;
    bool changed = false;

    snprintf(wanted, sizeof wanted, "%s\n%s\n", two[0], two[1]);
    assert_false(put(etc, none)); /* no folder is made for nothing */
    assert_int_equal(access(tempdir_path(etc, "holdfast"), F_OK), -1);
    assert_true(put(etc, two));
    assert_keys(etc, wanted);
    assert_int_equal(stat(tempdir_path(etc, "holdfast/ssh_keys"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644); /* sshd takes none that others may write */
    assert_false(put(etc, two));
    snprintf(wanted, sizeof wanted, "%s\n", one[0]);
    assert_true(put(etc, one));
    assert_keys(etc, wanted);
    assert_true(put(etc, none));
    assert_int_equal(access(tempdir_path(etc, "holdfast/ssh_keys"), F_OK), -1);
    assert_true(put(etc, one));
    assert_int_equal(hf_host_put_ssh(NULL, etc, &changed, NULL), 0);
    assert_true(changed);
    assert_int_equal(access(tempdir_path(etc, "holdfast/ssh_keys"), F_OK), -1);
}

static void
one_key_twice_is_named_whatever_its_comment(void **state)
{
    const char *const lines[] = {good[0].line, good[7].line, NULL};
    HF_AUTO(hf_json) struct hf_json *ssh = ssh_of(lines);
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(hf_host_check_ssh(ssh, &err), -1);
    assert_string_equal(err.pointer, "/ssh/keys/1");
    assert_non_null(strstr(err.message, "twice"));
}

static void
there_are_not_too_many(void **state)
{
    const char *lines[HF_SSH_KEYS_MAX + 2] = {NULL};
    HF_AUTO(hf_json) struct hf_json *ssh = NULL;
    struct hf_error err = {0};

    (void)state;
    for (size_t i = 0; i <= HF_SSH_KEYS_MAX; i++)
        lines[i] = good[0].line;
    ssh = ssh_of(lines);
    assert_int_equal(hf_host_check_ssh(ssh, &err), -1);
    assert_string_equal(err.pointer, "/ssh/keys");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_every_kind_are_taken),
        cmocka_unit_test(whatever_else_a_line_may_be_is_refused),
        cmocka_unit_test(no_cut_line_is_taken),
        cmocka_unit_test(fingerprints_are_those_of_ssh_keygen),
        with_tempdir(the_file_has_the_newest_keys_and_goes_with_the_last),
        cmocka_unit_test(one_key_twice_is_named_whatever_its_comment),
        cmocka_unit_test(there_are_not_too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
