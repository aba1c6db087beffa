// SPDX-License-Identifier: Apache-2.0
/* holdfast-update: the table of its states against a world that loses power, and what it believes
 * of holdfastd's files. What it does with dpkg and systemd is in tests/integration/update.sh. */
#include "unit.h"

#include "base/file.h"
#include "base/text.h"
#include "model/sha256.h"
#include "release.h"
#include "sign.h"
#include "tempdir.h"
#include "update/parts.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* ---- the table ---- */

static void
every_event_in_every_state(void **state)
{
    /* ASKED, DONE, FAILED */
    static const enum hf_daemon_state expected[HF_DAEMON_STATE_COUNT][UPDATE_EVENT_COUNT] = {
        [HF_DAEMON_IDLE] = {HF_DAEMON_CHECKING, HF_DAEMON_IDLE, HF_DAEMON_IDLE},
        [HF_DAEMON_CHECKING] = {HF_DAEMON_CHECKING, HF_DAEMON_INSTALLING, HF_DAEMON_REFUSED},
        [HF_DAEMON_INSTALLING] = {HF_DAEMON_INSTALLING, HF_DAEMON_TRIAL, HF_DAEMON_RETURNING},
        [HF_DAEMON_TRIAL] = {HF_DAEMON_TRIAL, HF_DAEMON_INSTALLED, HF_DAEMON_RETURNING},
        [HF_DAEMON_RETURNING] = {HF_DAEMON_RETURNING, HF_DAEMON_PUT_BACK, HF_DAEMON_RETURNING},
        [HF_DAEMON_INSTALLED] = {HF_DAEMON_CHECKING, HF_DAEMON_INSTALLED, HF_DAEMON_INSTALLED},
        [HF_DAEMON_PUT_BACK] = {HF_DAEMON_CHECKING, HF_DAEMON_PUT_BACK, HF_DAEMON_PUT_BACK},
        [HF_DAEMON_REFUSED] = {HF_DAEMON_CHECKING, HF_DAEMON_REFUSED, HF_DAEMON_REFUSED},
    };

    (void)state;
    for (int s = 0; s < HF_DAEMON_STATE_COUNT; s++)
        for (int e = 0; e < UPDATE_EVENT_COUNT; e++)
            assert_int_equal(update_next((enum hf_daemon_state)s, (enum update_event)e),
                             expected[s][e]);
}

/* What is on the disk, and whether the new one is any good. */
struct world {
    enum hf_daemon_state written;
    bool new_is_installed;
    bool half_installed; /* power went within dpkg */
    bool refuses, cannot_install, never_well;
    unsigned returns_failing; /* so often the way back fails at first */
};

enum cut { CUT_NEVER, CUT_BEFORE_WRITE, CUT_AFTER_WRITE, CUT_WITHIN_EFFECT, CUT_COUNT };

static bool
carry_out(struct world *w, bool cut)
{
    switch (update_effect_of(w->written)) {
    case UPDATE_CHECK:
        return !w->refuses;
    case UPDATE_INSTALL:
        w->half_installed = cut || w->cannot_install;
        w->new_is_installed = true;
        return !w->cannot_install;
    case UPDATE_AWAIT:
        return !w->never_well;
    case UPDATE_RETURN:
        if (w->returns_failing) {
            w->returns_failing--;
            return false;
        }
        w->half_installed = cut;
        w->new_is_installed = false;
        return true;
    default:
        return true;
    }
}

/* One run of the program; false where power went at its step number at. */
static bool
run(struct world *w, enum cut cut, int at)
{
    for (int step = 0; step < 100; step++) {
        enum hf_daemon_state next;
        bool done, now = step == at;

        if (hf_daemon_ended(w->written))
            return true;
        done = carry_out(w, now && cut == CUT_WITHIN_EFFECT);
        if (now && (cut == CUT_WITHIN_EFFECT || cut == CUT_BEFORE_WRITE))
            return false;
        next = w->written == HF_DAEMON_IDLE
                   ? update_next(w->written, UPDATE_ASKED)
                   : update_next(w->written, done ? UPDATE_DONE : UPDATE_FAILED);
        w->written = next;
        if (now && cut == CUT_AFTER_WRITE)
            return false;
    }
    fail_msg("no end");
    return true;
}

static void
pain_15_one_of_two_wherever_power_goes(void **state)
{
    (void)state;
    for (int flaw = 0; flaw < 5; flaw++)
        for (int cut = CUT_NEVER; cut < CUT_COUNT; cut++)
            for (int at = 0; at < 8; at++)
                for (int again = -1; again < 8; again++) {
                    struct world w = {.refuses = flaw == 1,
                                      .cannot_install = flaw == 2,
                                      .never_well = flaw == 3 || flaw == 4,
                                      .returns_failing = flaw == 4 ? 3 : 0};

                    if (!run(&w, (enum cut)cut, at) && !run(&w, (enum cut)cut, again))
                        assert_true(run(&w, CUT_NEVER, -1));
                    assert_true(hf_daemon_ended(w.written));
                    assert_false(w.half_installed);
                    assert_int_equal(w.new_is_installed, flaw == 0);
                    assert_int_equal(w.written, flaw == 0   ? HF_DAEMON_INSTALLED
                                                : flaw == 1 ? HF_DAEMON_REFUSED
                                                            : HF_DAEMON_PUT_BACK);
                }
}

/* ---- what it believes ---- */

#define OPERATION "0123456789abcdef0123456789abcdef"

static const char package[] = "no package, but what the release names";

struct place {
    char dir[PATH_MAX / 4], state[PATH_MAX / 2], own[PATH_MAX / 2], key[PATH_MAX / 2];
    struct signer signer;
    struct update_options options;
    struct update u;
    char release[8192], system[HF_DAEMON_SYSTEM_SIZE];
    struct hf_release_daemon daemon;
};

static void
write_file(const char *dir, const char *name, const char *text)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(hf_file_replace(path, text, strlen(text), 0644, (uid_t)-1, (gid_t)-1, NULL),
                     0);
}

static void
make_release(struct place *p, const char *system)
{
    char digest[HF_DIGEST_SIZE], head[1024];

    hf_sha256_of(package, strlen(package), digest);
    snprintf(head, sizeof head,
             "\"daemon\":{\"platforms\":{\"%s\":{\"%s\":{\"digest\":\"%s\",\"package\":\"9.9.9-1\","
             "\"size\":%zu}}},\"version\":\"9.9.9\"},\"format\":1,\"min_holdfastd\":\"0.1.0\",",
             hf_release_platform(), system, digest, strlen(package));
    snprintf(p->release, sizeof p->release,
             "{\"counter\":7,\"created\":\"2026-11-24T03:01:33Z\",%s\"name\":\"holdfast\","
             "\"services\":{" BUILT_IN "},\"settings_schema\":1,\"version\":\"1.2.3\"}",
             head);
    hf_text_put(p->daemon.digest, sizeof p->daemon.digest, "%s", digest);
}

static void
ask(struct place *p, const struct signer *by)
{
    char signature[SIGN_TEXT_SIZE];
    struct hf_daemon_request r = {
        .operation = OPERATION, .release = p->release, .signature = signature};
    HF_AUTO_FREE char *text = NULL;
    char name[HF_DAEMON_FILE_SIZE];

    signer_sign(by, p->release, signature);
    assert_int_equal(hf_daemon_request_print(&r, &text, NULL), 0);
    write_file(p->state, "daemon/" HF_DAEMON_REQUEST, text);
    hf_daemon_file(&p->daemon, name);
    {
        char inside[128];

        snprintf(inside, sizeof inside, "daemon/%s", name);
        write_file(p->state, inside, package);
    }
}

static int
setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    void *dir = NULL;
    char text[PATH_MAX];

    assert_true(sodium_init() >= 0);
    assert_int_equal(tempdir_make(&dir), 0);
    hf_text_put(p->dir, sizeof p->dir, "%s", (const char *)dir);
    free(dir);
    snprintf(p->state, sizeof p->state, "%s/state", p->dir);
    snprintf(p->own, sizeof p->own, "%s/own", p->dir);
    snprintf(p->key, sizeof p->key, "%s/key.pub", p->dir);
    snprintf(text, sizeof text, "%s/daemon", p->state);
    assert_int_equal(hf_file_mkdirs(text, 0755, NULL), 0);
    assert_int_equal(hf_file_mkdirs(p->own, 0755, NULL), 0);
    signer_init(&p->signer);
    snprintf(text, sizeof text, "untrusted comment: a key\n%s\n", p->signer.key);
    write_file(p->dir, "key.pub", text);
    p->options = (struct update_options){.state = p->state,
                                         .dir = p->own,
                                         .keys = {"/nowhere/key.pub", p->key},
                                         .key_count = 2,
                                         .patience_s = 1};
    p->u = (struct update){.options = &p->options, .lock_fd = -1};
    hf_text_put(p->u.progress.operation, sizeof p->u.progress.operation, OPERATION);
    hf_daemon_system("/etc/os-release", p->system);
    make_release(p, *p->system ? p->system : "debian13");
    *state = p;
    return 0;
}

static int
teardown(void **state)
{
    struct place *p = *state;

    void *dir = strdup(p->dir);

    free(p);
    return tempdir_drop(&dir);
}

static void
refused(struct place *p, const char *says)
{
    struct hf_error err = {0};
    char path[PATH_MAX];

    assert_int_equal(update_check(&p->u, &err), -1);
    if (!strstr(err.message, says))
        fail_msg("'%s', not '%s'", err.message, says);
    snprintf(path, sizeof path, "%s/previous.deb", p->own);
    assert_int_equal(access(path, F_OK), -1);
}

/* Past all that is checked of the request: dpkg-deb knows that this is no package. */
static void
what_is_signed_and_named_comes_as_far_as_dpkg(void **state)
{
    struct place *p = *state;

    if (!*p->system)
        skip();
    ask(p, &p->signer);
    refused(p, "dpkg-deb");
}

static void
only_a_key_of_root_counts(void **state)
{
    struct place *p = *state;
    struct signer other;

    signer_init(&other);
    ask(p, &other);
    refused(p, "signature");
    p->options.key_count = 1; /* which is not there */
    ask(p, &p->signer);
    refused(p, "no key");
}

static void
a_release_for_other_systems_is_refused(void **state)
{
    struct place *p = *state;

    make_release(p, "debian999");
    ask(p, &p->signer);
    refused(p, "has no package of holdfastd for");
}

static void
another_operation_is_not_this_one(void **state)
{
    struct place *p = *state;

    ask(p, &p->signer);
    p->u.progress.operation[0] = 'f';
    refused(p, "something else is asked for");
}

static void
a_package_that_is_not_the_named_one_is_refused(void **state)
{
    static const char *const others[] = {"", "no package, but what the release named",
                                         "no package, but what the release names."};
    struct place *p = *state;
    char name[HF_DAEMON_FILE_SIZE], inside[128];

    if (!*p->system)
        skip();
    hf_daemon_file(&p->daemon, name);
    snprintf(inside, sizeof inside, "daemon/%s", name);
    for (size_t i = 0; i < HF_LEN(others); i++) {
        ask(p, &p->signer);
        write_file(p->state, inside, others[i]);
        refused(p, "package");
    }
}

/* What its owner puts there may be anything. */
static void
links_folders_and_pipes_are_not_followed(void **state)
{
    struct place *p = *state;
    char request[PATH_MAX], folder[PATH_MAX], aside[PATH_MAX];

    snprintf(request, sizeof request, "%s/daemon/" HF_DAEMON_REQUEST, p->state);
    snprintf(folder, sizeof folder, "%s/daemon", p->state);
    snprintf(aside, sizeof aside, "%s/aside", p->dir);
    ask(p, &p->signer);
    assert_int_equal(rename(request, aside), 0);
    refused(p, "No such file");
    assert_int_equal(symlink(aside, request), 0);
    refused(p, "cannot read");
    assert_int_equal(unlink(request), 0);
    assert_int_equal(mkfifo(request, 0600), 0);
    refused(p, "no plain file");
    assert_int_equal(unlink(request), 0);
    assert_int_equal(mkdir(request, 0700), 0);
    refused(p, "no plain file");
    assert_int_equal(rmdir(request), 0);
    assert_int_equal(rename(aside, request), 0);
    assert_int_equal(rename(folder, aside), 0);
    assert_int_equal(symlink(aside, folder), 0);
    refused(p, "cannot read");
}

/* Its unit is started for either of the two, again and again. */
static void
nothing_is_left_that_starts_it_again(void **state)
{
    struct place *p = *state;
    char path[PATH_MAX];

    write_file(p->own, "new.deb", package);
    write_file(p->own, HF_DAEMON_STATE, "what a bad disk has made of it");
    write_file(p->state, "daemon/" HF_DAEMON_REQUEST, "no request");
    update_run(&p->options);
    snprintf(path, sizeof path, "%s/new.deb", p->own);
    assert_int_equal(access(path, F_OK), -1);
    snprintf(path, sizeof path, "%s/daemon/" HF_DAEMON_REQUEST, p->state);
    assert_int_equal(access(path, F_OK), -1);
}

static void
what_is_no_request_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "{}",
        "[]",
        "{\"operation\":\"../x\",\"release\":\"\",\"signature\":\"\"}",
        "{\"operation\":\"" OPERATION "\",\"release\":1,\"signature\":\"\"}",
        "{\"operation\":\"" OPERATION "\",\"release\":\"{}\",\"signature\":\"\",\"more\":1}"};
    struct place *p = *state;

    for (size_t i = 0; i < HF_LEN(texts); i++) {
        write_file(p->state, "daemon/" HF_DAEMON_REQUEST, texts[i]);
        refused(p, "");
    }
}

/* ---- the word ---- */

static void
tell(struct place *p, const char *operation, const char *version, enum hf_daemon_mood mood)
{
    struct hf_daemon_word w = {.mood = mood, .reason = "so\nit is"};
    HF_AUTO_FREE char *text = NULL;

    hf_text_put(w.operation, sizeof w.operation, "%s", operation);
    hf_text_put(w.version, sizeof w.version, "%s", version);
    assert_int_equal(hf_daemon_word_print(&w, &text, NULL), 0);
    write_file(p->state, "daemon/" HF_DAEMON_WORD, text);
}

static void
only_the_word_of_the_new_one_counts(void **state)
{
    struct place *p = *state;
    struct hf_error err = {0};

    p->u.started_here = true;
    hf_text_put(p->u.progress.version, sizeof p->u.progress.version, "9.9.9");
    assert_int_equal(update_await(&p->u, &err), -1);
    assert_non_null(strstr(err.message, "it said nothing"));
    tell(p, "ffff", "9.9.9", HF_DAEMON_WELL);
    assert_int_equal(update_await(&p->u, &err), -1);
    assert_non_null(strstr(err.message, "it said nothing"));
    tell(p, OPERATION, "0.1.0", HF_DAEMON_WELL);
    assert_int_equal(update_await(&p->u, &err), -1);
    tell(p, OPERATION, "9.9.9", HF_DAEMON_WAITING);
    assert_int_equal(update_await(&p->u, &err), -1);
    assert_non_null(strstr(err.message, "so it is"));
    tell(p, OPERATION, "9.9.9", HF_DAEMON_BAD);
    assert_int_equal(update_await(&p->u, &err), -1);
    assert_string_equal(err.message, "so it is");
    tell(p, OPERATION, "9.9.9", HF_DAEMON_WELL);
    assert_int_equal(update_await(&p->u, &err), 0);
}

/* ---- what is written ---- */

static void
what_is_written_is_read(void **state)
{
    struct place *p = *state;
    struct hf_daemon_progress written = {.state = HF_DAEMON_RETURNING,
                                         .operation = OPERATION,
                                         .version = "9.9.9",
                                         .from = "1",
                                         .to = "2",
                                         .reason = "it \"failed\""};

    update_load(&p->u);
    assert_int_equal(p->u.progress.state, HF_DAEMON_IDLE);
    assert_int_equal(update_save(&p->u, &written, NULL), 0);
    update_load(&p->u);
    assert_int_equal(p->u.progress.state, HF_DAEMON_RETURNING);
    assert_string_equal(p->u.progress.reason, written.reason);
    assert_string_equal(p->u.progress.operation, OPERATION);
    write_file(p->own, HF_DAEMON_STATE, "{");
    update_load(&p->u);
    assert_int_equal(p->u.progress.state, HF_DAEMON_IDLE);
}

/* ---- programs ---- */

static void
a_program_is_called_with_its_end_in_sight(void **state)
{
    static const char *const well[] = {"sh", "-c", "echo one; sleep 60 & exit 0", NULL};
    static const char *const ill[] = {"sh", "-c", "echo bad >&2; exit 3", NULL};
    static const char *const hangs[] = {"sleep", "60", NULL};
    static const char *const none[] = {"holdfast-no-such-program", NULL};
    HF_AUTO_BUF struct hf_buf said = HF_BUF_INIT(100);
    struct hf_error err = {0};

    (void)state;
    assert_int_equal(update_call(well, 10000, &said, &err), 0);
    assert_string_equal(said.data, "one\n");
    assert_int_equal(update_call(ill, 10000, NULL, &err), -1);
    assert_string_equal(err.message, "sh: bad: it ended by status 3");
    assert_int_equal(update_call(hangs, 200, NULL, &err), -1);
    assert_int_equal(err.class, HF_ERROR_TIMEOUT);
    assert_int_equal(update_call(none, 1000, NULL, &err), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        cmocka_unit_test(every_event_in_every_state),
        cmocka_unit_test(pain_15_one_of_two_wherever_power_goes),
        TEST(what_is_signed_and_named_comes_as_far_as_dpkg),
        TEST(only_a_key_of_root_counts),
        TEST(a_release_for_other_systems_is_refused),
        TEST(another_operation_is_not_this_one),
        TEST(a_package_that_is_not_the_named_one_is_refused),
        TEST(links_folders_and_pipes_are_not_followed),
        TEST(nothing_is_left_that_starts_it_again),
        TEST(what_is_no_request_is_refused),
        TEST(only_the_word_of_the_new_one_counts),
        TEST(what_is_written_is_read),
        cmocka_unit_test(a_program_is_called_with_its_end_in_sight),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
