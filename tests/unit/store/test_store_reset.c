// SPDX-License-Identifier: Apache-2.0
/* A factory reset of a store: nothing of before but what is to stay, and one of two ends wherever
 * power goes. */
#include "store/release.h"
#include "store/reset.h"

#include "tempdir.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/wait.h>

static const char HASH[] = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";
static const char SETTINGS[] = "{\"name\":\"press-hall-3\"}";
static const char RELEASE[] = "{\"counter\":7}";

/* ---- power that goes before a change of the folder ---- */

enum { CUT = 42 };
static int changes_left = -1; /* -1: it stays */

static void
count_change(void)
{
    if (changes_left == 0)
        _exit(CUT);
    if (changes_left > 0)
        changes_left--;
}

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int
__wrap_rename(const char *from, const char *to)
{
    count_change();
    return __real_rename(from, to);
}

int __real_unlink(const char *path);
int __wrap_unlink(const char *path);
int
__wrap_unlink(const char *path)
{
    count_change();
    return __real_unlink(path);
}

int __real_unlinkat(int dir, const char *path, int flags);
int __wrap_unlinkat(int dir, const char *path, int flags);
int
__wrap_unlinkat(int dir, const char *path, int flags)
{
    count_change();
    return __real_unlinkat(dir, path, flags);
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int
__wrap_fsync(int fd)
{
    count_change();
    return __real_fsync(fd);
}

/* ---- a gateway ---- */

static struct hf_store *
opened(const char *dir)
{
    struct hf_store *st = NULL;
    struct hf_error err = {0};

    if (hf_store_open(dir, &st, &err) < 0)
        fail_msg("%s", err.message);
    return st;
}

static void
fill(struct hf_store *st)
{
    struct hf_account a = {.user = "admin", .role = HF_ROLE_ADMIN, .created_ms = 5};
    const struct hf_store_provision p = {.file_hash = "p1", .settings_json = SETTINGS};
    char secret[HF_STORE_SECRET_SIZE];
    bool applied;

    strcpy(a.password_hash, HASH);
    assert_int_equal(hf_store_save_account(st, &a, NULL), 0);
    assert_int_equal(hf_store_apply_provision(st, &p, &applied, NULL), 0);
    assert_int_equal(hf_store_set_release(st, RELEASE, 7, NULL), 0);
    assert_int_equal(hf_store_set_clock_floor(st, 1234567, NULL), 0);
    assert_int_equal(hf_store_secret(st, "bus.broker", secret, NULL), 0);
    assert_int_equal(hf_store_keep(st, "restore.mark", 1, "m1", NULL), 0);
    assert_int_equal(hf_store_keep(st, "roster", 1, "sensors", NULL), 0);
}

static size_t
accounts(struct hf_store *st)
{
    struct hf_account a[2];
    size_t count = 9;

    assert_int_equal(hf_store_accounts(st, a, 2, &count, NULL), 0);
    return count;
}

static void
expect_left(struct hf_store *st, enum hf_reset_left expected, bool wipe)
{
    enum hf_reset_left left = HF_RESET_CONTAINERS;
    bool wipes = false;

    assert_int_equal(hf_store_reset_left(st, &left, &wipes, NULL), 0);
    assert_int_equal(left, expected);
    assert_int_equal(wipes, wipe);
}

static bool
knows(struct hf_store *st, const char *file)
{
    bool known;

    assert_int_equal(hf_store_knows_file(st, file, &known, NULL), 0);
    return known;
}

static void
expect_untouched(struct hf_store *st)
{
    HF_AUTO_FREE char *settings = NULL;

    assert_int_equal(accounts(st), 1);
    assert_int_equal(hf_store_settings(st, &settings, NULL, NULL), 0);
    assert_string_equal(settings, SETTINGS);
    expect_left(st, HF_RESET_NOTHING, false);
}

static void
expect_reset(struct hf_store *st, const char *id)
{
    HF_AUTO_FREE char *release = NULL, *settings = NULL, *mark = NULL, *roster = NULL;
    struct hf_error err = {0};
    int64_t number = 0;

    assert_int_equal(hf_store_opened_as(st, NULL), HF_STORE_EXISTING);
    assert_string_equal(hf_store_gateway_id(st), id);
    assert_int_equal(accounts(st), 0);
    assert_int_equal(hf_store_settings(st, &settings, NULL, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
    assert_int_equal(hf_store_release(st, &release, NULL), 0);
    assert_string_equal(release, RELEASE);
    assert_int_equal(hf_store_release_floor(st, &number, NULL), 0);
    assert_int_equal(number, 7);
    assert_int_equal(hf_store_clock_floor(st, &number, NULL), 0);
    assert_int_equal(number, 1234567);
    assert_int_equal(hf_store_kept(st, "restore.mark", &number, &mark, NULL), 0);
    assert_int_equal(hf_store_kept(st, "roster", &number, &roster, NULL), -1);
}

static const struct hf_store_reset by_person = {
    .wipe = true, .who = "admin", .what = "factory reset, the data wiped"};

/* ---- tests ---- */

static bool
is_anywhere(const char *dir, const char *text)
{
    DIR *d = opendir(dir);
    const struct dirent *e;
    bool found = false;

    while ((e = readdir(d))) {
        char data[256 * 1024];
        FILE *f = fopen(tempdir_path(dir, e->d_name), "r");
        size_t len = f ? fread(data, 1, sizeof data, f) : 0;

        found |= memmem(data, len, text, strlen(text)) != NULL;
        if (f)
            fclose(f);
    }
    closedir(d);
    return found;
}

static void
nothing_of_before_is_left(void **state)
{
    struct hf_store *st = opened(*state);
    struct hf_audit_entry entries[3];
    char id[16], secret[HF_STORE_SECRET_SIZE];
    size_t count = 0;

    fill(st);
    strcpy(id, hf_store_gateway_id(st));
    assert_int_equal(hf_store_secret(st, "bus.broker", secret, NULL), 0);
    tempdir_write(*state, "holdfast.db.corrupt-20260101T000000Z", "aGFzaA", 6);
    tempdir_write(*state, "holdfast.db.corrupt-20260101T000000Z-wal", "aGFzaA", 6);
    hf_store_asked_from(st, "192.0.2.7");
    assert_int_equal(hf_store_begin_reset(st, &by_person, NULL), 0);
    assert_true(hf_store_has_ended(st));
    assert_int_equal(hf_store_audit(st, "x", "y", NULL), -1);
    hf_store_free(st);

    st = opened(*state);
    expect_reset(st, id);
    expect_left(st, HF_RESET_FILES, true);
    assert_false(is_anywhere(*state, "aGFzaA"));
    assert_false(is_anywhere(*state, "press-hall-3"));
    assert_false(is_anywhere(*state, secret));
    assert_int_equal(hf_store_audit_list(st, NULL, entries, 3, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_string_equal(entries[0].who, "admin");
    assert_string_equal(entries[0].what, by_person.what);
    assert_string_equal(entries[0].from, "192.0.2.7");
    assert_true(knows(st, "p1")); /* one that still lies there is not applied again */
    hf_store_free(st);
}

static void
what_is_left_is_done_in_turn(void **state)
{
    struct hf_store *st = opened(*state);

    fill(st);
    assert_int_equal(hf_store_begin_reset(st, &by_person, NULL), 0);
    hf_store_free(st);
    st = opened(*state);
    assert_int_equal(hf_store_reset_did(st, HF_RESET_CONTAINERS, NULL), 0); /* not its turn */
    expect_left(st, HF_RESET_FILES, true);
    assert_int_equal(hf_store_reset_did(st, HF_RESET_FILES, NULL), 0);
    hf_store_free(st);
    st = opened(*state);
    expect_left(st, HF_RESET_CONTAINERS, true);
    assert_int_equal(hf_store_reset_did(st, HF_RESET_FILES, NULL), 0); /* said twice */
    expect_left(st, HF_RESET_CONTAINERS, true);
    assert_int_equal(hf_store_reset_did(st, HF_RESET_CONTAINERS, NULL), 0);
    expect_left(st, HF_RESET_NOTHING, false);
    hf_store_free(st);
}

static void
a_file_brings_who_may_get_in(void **state)
{
    const struct hf_store_reset r = {.who = "recovery",
                                     .what = "x",
                                     .file_hash = "r1",
                                     .password_hash = HASH,
                                     .setup_code_hash = "code"};
    struct hf_store *st = opened(*state);
    char code[HF_CODE_HASH_SIZE];

    fill(st);
    assert_int_equal(hf_store_begin_reset(st, &r, NULL), 0);
    hf_store_free(st);
    st = opened(*state);
    expect_left(st, HF_RESET_FILES, false);
    assert_int_equal(accounts(st), 1);
    assert_int_equal(hf_store_setup_code(st, code, NULL), 0);
    assert_string_equal(code, "code");
    assert_true(knows(st, "r1"));  /* or it would be reset for ever */
    assert_false(knows(st, "p1")); /* it may be on the same stick */
    hf_store_free(st);
}

/* Everything that a process does which is reset, and the start after it. */
static void
reset_and_start(const char *dir)
{
    struct hf_store *st = NULL;

    if (hf_store_open(dir, &st, NULL) < 0)
        _exit(1);
    if (accounts(st) > 0 && hf_store_begin_reset(st, &by_person, NULL) < 0)
        _exit(2);
    hf_store_free(st);
    if (hf_store_open(dir, &st, NULL) < 0)
        _exit(3);
    hf_store_free(st);
    _exit(0);
}

/* Returns whether it came to its end. */
static bool
cut_at(const char *dir, int change)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        changes_left = change;
        reset_and_start(dir);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) != 0)
        assert_int_equal(WEXITSTATUS(status), CUT);
    return WEXITSTATUS(status) == 0;
}

static void
a_cut_at_any_step_ends_in_one_of_two(void **state)
{
    int untouched = 0, reset = 0;

    for (int change = 0;; change++) {
        char name[32], id[16];
        const char *dir;
        struct hf_store *st;
        bool ended;

        snprintf(name, sizeof name, "%d", change);
        dir = tempdir_path(*state, name);
        assert_int_equal(mkdir(dir, 0700), 0);
        st = opened(dir);
        fill(st);
        strcpy(id, hf_store_gateway_id(st));
        hf_store_free(st);
        ended = cut_at(dir, change);
        (void)cut_at(dir, 1); /* and once more, at once in the next start */
        st = opened(dir);
        if (accounts(st)) {
            expect_untouched(st);
            untouched++;
        } else {
            expect_reset(st, id);
            expect_left(st, HF_RESET_FILES, true);
            assert_false(is_anywhere(dir, "press-hall-3"));
            reset++;
        }
        assert_int_not_equal(access(tempdir_path(dir, "holdfast.db.reset"), F_OK), 0);
        hf_store_free(st);
        if (ended)
            break;
    }
    print_message("%d times untouched, %d times reset\n", untouched, reset);
    assert_true(untouched > 3 && reset > 3);
}

static void
one_that_rots_is_none(void **state)
{
    struct hf_store *st = opened(*state);
    int fd;

    fill(st);
    assert_int_equal(hf_store_begin_reset(st, &by_person, NULL), 0);
    hf_store_free(st);
    fd = open(tempdir_path(*state, "holdfast.db.reset"), O_WRONLY);
    assert_int_equal(pwrite(fd, "rotten", 6, 0), 6);
    close(fd);
    st = opened(*state);
    expect_untouched(st);
    hf_store_free(st);
}

/* Else the old holdfastd, put back, would find a store that it cannot read, and no copy. */
static void
none_while_a_newer_holdfastd_is_on_trial(void **state)
{
    struct hf_store *st = opened(*state);
    struct hf_error err = {0};
    int fd;

    fill(st);
    fd = open(tempdir_path(*state, "holdfast.db.before"), O_CREAT | O_WRONLY, 0600);
    close(fd);
    assert_int_equal(hf_store_begin_reset(st, &by_person, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_non_null(strstr(err.message, "on trial"));
    assert_false(hf_store_has_ended(st));
    expect_untouched(st);
    hf_store_forget_before(st);
    assert_int_equal(hf_store_begin_reset(st, &by_person, &err), 0);
    hf_store_free(st);
}

static void
a_full_disk_changes_nothing(void **state)
{
    static const char block[4096];
    struct hf_store *st = NULL;
    struct hf_error err = {0};
    int fd;

    if (mount("tmpfs", *state, "tmpfs", 0, "size=640k") < 0)
        skip();
    st = opened(*state);
    fill(st);
    fd = open(tempdir_path(*state, "ballast"), O_CREAT | O_WRONLY, 0600);
    while (write(fd, block, sizeof block) > 0)
        ;
    close(fd);
    assert_int_equal(hf_store_begin_reset(st, &by_person, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NO_SPACE);
    assert_false(hf_store_has_ended(st));
    expect_untouched(st);
    hf_store_free(st);
    st = opened(*state);
    expect_untouched(st);
    hf_store_free(st);
    umount2(*state, MNT_DETACH);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(nothing_of_before_is_left),
        with_tempdir(what_is_left_is_done_in_turn),
        with_tempdir(a_file_brings_who_may_get_in),
        with_tempdir(a_cut_at_any_step_ends_in_one_of_two),
        with_tempdir(one_that_rots_is_none),
        with_tempdir(none_while_a_newer_holdfastd_is_on_trial),
        with_tempdir(a_full_disk_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
