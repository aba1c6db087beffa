// SPDX-License-Identifier: Apache-2.0
/* A stick is made and checked at the desk. */
#include "base/file.h"
#include "cli/groups.h"
#include "identity/password.h"
#include "provision/provision.h"
#include "shown.h"
#include "tempdir.h"

#include <string.h>
#include <unistd.h>

/* One call of the program. */
struct told {
    struct cli_args args;
    struct cli c;
    struct shown out, said;
    struct hf_error err;
    int rc;
};

static void
tell(struct told *t, const char *const *argv)
{
    char *words[16] = {(char *)(uintptr_t)"holdfast"};
    int argc = 1;

    memset(t, 0, sizeof *t);
    for (; argv[argc - 1]; argc++)
        words[argc] = (char *)(uintptr_t)argv[argc - 1];
    shown_begin(&t->out, 0);
    shown_begin(&t->said, 0);
    if (cli_args_parse(argc, words, &t->args, &t->err) < 0)
        fail_msg("%s", t->err.message);
    t->c = (struct cli){.args = &t->args, .out = t->out.out, .told = t->said.out};
    t->rc = t->args.command->run(&t->c, &t->err);
}

static void
told_end(struct told *t)
{
    shown_end(&t->out);
    shown_end(&t->said);
}

static struct hf_provision
read_stick(const char *dir)
{
    static struct hf_json_faults faults;
    const struct hf_provision_with plain = {0};
    struct hf_provision p;
    struct hf_error err = {0};

    if (hf_provision_read(dir, &plain, &p, &faults, &err) < 0)
        fail_msg("%s", err.message);
    return p;
}

static void
a_new_stick_is_taken_as_it_is(void **state)
{
    const char *dir = *state;
    struct hf_provision p;
    struct told t;

    tell(&t, (const char *const[]){"provision", "new", dir, "--name", "press-hall-3", "--uplink",
                                   "https://ingest.example.com/v1/records", "--registry",
                                   "registry.example.com", NULL});
    if (t.rc < 0)
        fail_msg("%s", t.err.message);
    p = read_stick(dir);
    assert_string_equal(p.settings.name, "press-hall-3");
    assert_string_equal(hf_json_string(hf_settings_sink(&p.settings, "uplink"), "url"),
                        "https://ingest.example.com/v1/records");
    assert_string_equal(p.settings.registry.host, "registry.example.com");
    assert_int_equal(strlen(p.setup_code), 14);
    assert_non_null(strstr(shown_text(&t.out), p.setup_code));
    hf_provision_done(&p);
    told_end(&t);
    tell(&t, (const char *const[]){"provision", "check", dir, NULL});
    assert_int_equal(t.rc, 0);
    assert_non_null(strstr(shown_text(&t.out), "a gateway takes it"));
    told_end(&t);
}

static void
no_file_is_overwritten_and_bad_words_write_none(void **state)
{
    const char *dir = *state;
    struct told t;

    tell(&t, (const char *const[]){"provision", "new", dir, "--name", "Two Words", NULL});
    assert_int_equal(t.rc, -1);
    assert_non_null(strstr(t.err.message, "/name"));
    assert_int_equal(access(tempdir_path(dir, "holdfast/provision.json"), F_OK), -1);
    told_end(&t);
    tell(&t, (const char *const[]){"provision", "new", dir, NULL});
    assert_int_equal(t.rc, 0);
    told_end(&t);
    tell(&t, (const char *const[]){"provision", "new", dir, NULL});
    assert_int_equal(t.rc, -1);
    assert_non_null(strstr(t.err.message, "is there already"));
    told_end(&t);
}

/* As a user who may not write there; root may write anywhere, so a file is in the way instead. */
static void
a_stick_that_cannot_be_written_is_named(void **state)
{
    const char *dir = *state;
    struct told t;

    tempdir_write(dir, "holdfast", "", 0);
    tell(&t, (const char *const[]){"provision", "new", dir, NULL});
    assert_int_equal(t.rc, -1);
    assert_non_null(strstr(t.err.message, "holdfast"));
    told_end(&t);
}

static void
the_password_of_admin_becomes_a_hash(void **state)
{
    const char *dir = *state;
    struct hf_provision p;
    struct told t;
    int ends[2], before = dup(STDIN_FILENO);

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "correct horse battery\n", 22), 22);
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    tell(&t, (const char *const[]){"provision", "new", dir, "--admin", "--password-stdin", NULL});
    dup2(before, STDIN_FILENO);
    close(before);
    close(ends[0]);
    if (t.rc < 0)
        fail_msg("%s", t.err.message);
    p = read_stick(dir);
    assert_string_equal(p.setup_code, "");
    assert_int_equal(strncmp(p.password_hash, "$argon2id$", 10), 0);
    assert_null(strstr(shown_text(&t.out), "correct horse"));
    hf_provision_done(&p);
    told_end(&t);
}

static void
keys_for_ssh_come_from_a_file(void **state)
{
    static const char keys[] =
        "# of the service\r\n\r\n"
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFL2Ey/u1sT81tBME52e2lDSb3ozMN4NLogFZfxg/Y7b me\r\n";
    const char *dir = *state;
    char path[PATH_MAX];
    struct hf_provision p;
    struct told t;

    snprintf(path, sizeof path, "%s/keys", dir);
    tempdir_write(dir, "keys", "# none\n", 7);
    tell(&t, (const char *const[]){"provision", "new", dir, "--ssh-keys", path, NULL});
    assert_int_equal(t.rc, -1);
    assert_non_null(strstr(t.err.message, "there is no key"));
    told_end(&t);
    tempdir_write(dir, "keys", "-----BEGIN OPENSSH PRIVATE KEY-----\n", 36);
    tell(&t, (const char *const[]){"provision", "new", dir, "--ssh-keys", path, NULL});
    assert_int_equal(t.rc, -1);
    assert_non_null(strstr(t.err.message, "/ssh/keys/0: must be the public key"));
    told_end(&t);
    assert_int_equal(access(tempdir_path(dir, "holdfast/provision.json"), F_OK), -1);
    tempdir_write(dir, "keys", keys, sizeof keys - 1);
    tell(&t, (const char *const[]){"provision", "new", dir, "--ssh-keys", path, NULL});
    if (t.rc < 0)
        fail_msg("%s", t.err.message);
    told_end(&t);
    p = read_stick(dir);
    assert_int_equal(hf_json_count(hf_json_get(p.ssh, "keys")), 1);
    hf_provision_done(&p);
}

static void
secrets_are_sealed_where_they_lie(void **state)
{
    const char *dir = *state, *file = tempdir_path(dir, "holdfast/provision.json");
    char words[PATH_MAX], path[PATH_MAX];
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(65536);
    struct told t;

    snprintf(words, sizeof words, "%s/words", dir);
    snprintf(path, sizeof path, "%s", file);
    tempdir_write(dir, "words", "correct horse battery\n", 22);
    tell(&t, (const char *const[]){"provision", "new", dir, NULL});
    told_end(&t);
    tell(&t, (const char *const[]){"provision", "seal", path, "--passphrase-file", words, NULL});
    assert_int_equal(t.rc, 0);
    assert_non_null(strstr(shown_text(&t.out), "sealed: setup_code"));
    told_end(&t);
    assert_int_equal(hf_file_read(path, &text, NULL), 0);
    assert_null(strstr(text.data, "setup_code"));
    tell(&t, (const char *const[]){"provision", "check", dir, NULL});
    assert_int_equal(t.rc, 0);
    assert_non_null(strstr(shown_text(&t.out), "was not looked at"));
    told_end(&t);
    tell(&t, (const char *const[]){"provision", "check", dir, "--passphrase-file", words, NULL});
    assert_int_equal(t.rc, 0);
    assert_null(strstr(shown_text(&t.out), "was not looked at"));
    told_end(&t);
    tell(&t, (const char *const[]){"provision", "seal", path, "--passphrase-file", words, NULL});
    assert_int_equal(t.rc, -1);
    assert_non_null(strstr(t.err.message, "sealed part already"));
    told_end(&t);
}

static void
all_that_is_wrong_is_shown(void **state)
{
    const char *dir = *state;
    struct told t;
    const char *shown;

    assert_int_equal(mkdir(tempdir_path(dir, "holdfast"), 0755), 0);
    tempdir_write(dir, "holdfast/provision.json", "{\n\"format\": 1,\n\"nmae\": 2,\n\"name\": 3}",
                  36);
    tempdir_write(dir, "holdfast/recovery.json", "{\"format\":1}", 12);
    tell(&t, (const char *const[]){"provision", "check", dir, NULL});
    assert_int_equal(t.rc, -1);
    assert_int_equal(t.c.exit, CLI_REFUSED);
    assert_string_equal(t.err.message, "");
    shown = shown_text(&t.out);
    assert_non_null(strstr(shown, "holdfast/provision.json: a gateway refuses it whole"));
    assert_non_null(strstr(shown, "/nmae"));
    assert_non_null(strstr(shown, "must be a string"));
    assert_non_null(strstr(shown, "holdfast/recovery.json: a gateway refuses"));
    told_end(&t);
}

static void
scripts_get_the_same_as_json(void **state)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    const char *dir = *state, *shown;
    const struct hf_json *file, *fault;
    struct told t;

    tempdir_write(dir, "x.json", "{\n\"format\": 1,\n\"nmae\": 2}", 25);
    tell(&t,
         (const char *const[]){"provision", "check", "--json", tempdir_path(dir, "x.json"), NULL});
    assert_int_equal(t.rc, -1);
    shown = shown_text(&t.out);
    assert_int_equal(hf_json_parse(shown, strlen(shown), &doc, NULL), 0);
    assert_false(hf_json_bool(doc, "valid", true));
    file = hf_json_first(hf_json_get(doc, "files"));
    assert_string_equal(hf_json_string(file, "file"), tempdir_path(dir, "x.json"));
    fault = hf_json_first(hf_json_get(file, "errors"));
    assert_int_equal(hf_json_int(fault, "line", 0), 3);
    assert_int_equal(hf_json_int(fault, "column", 0), 1);
    assert_string_equal(hf_json_string(fault, "pointer"), "/nmae");
    assert_non_null(strstr(hf_json_string(fault, "detail"), "unknown field"));
    told_end(&t);
}

static void
what_is_not_there_or_no_file_is_said(void **state)
{
    const char *dir = *state;
    struct told t;

    tell(&t, (const char *const[]){"provision", "check", dir, NULL});
    assert_int_equal(t.rc, -1);
    assert_int_equal(cli_exit_of(t.err.class), CLI_LOCAL);
    assert_non_null(strstr(t.err.message, "neither holdfast/provision.json nor"));
    told_end(&t);
    tell(&t, (const char *const[]){"provision", "check", tempdir_path(dir, "none"), NULL});
    assert_int_equal(t.rc, -1);
    assert_int_equal(cli_exit_of(t.err.class), CLI_LOCAL);
    told_end(&t);
    tempdir_write(dir, "recovery.json", "{\"format\":1,\"setup_code\":\"7KQM-X3PA-92HV\"}", 42);
    tell(&t, (const char *const[]){"provision", "check", tempdir_path(dir, "recovery.json"), NULL});
    assert_int_equal(t.rc, 0);
    told_end(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(a_new_stick_is_taken_as_it_is),
        with_tempdir(no_file_is_overwritten_and_bad_words_write_none),
        with_tempdir(a_stick_that_cannot_be_written_is_named),
        with_tempdir(the_password_of_admin_becomes_a_hash),
        with_tempdir(keys_for_ssh_come_from_a_file),
        with_tempdir(secrets_are_sealed_where_they_lie),
        with_tempdir(all_that_is_wrong_is_shown),
        with_tempdir(scripts_get_the_same_as_json),
        with_tempdir(what_is_not_there_or_no_file_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
