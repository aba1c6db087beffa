// SPDX-License-Identifier: Apache-2.0
/* What a backup takes of a store, and what a restore makes of another one: all of it or nothing. */
#include "tempdir.h"

#include "base/buf.h"
#include "store/backup.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

static const char HASH[] = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";
static const char SETTINGS[] = "{\"name\":\"press-hall-3\"}";

static struct hf_store *
opened(const char *dir, const char *sub)
{
    struct hf_store *st = NULL;
    struct hf_error err = {0};
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/%s", dir, sub);
    if (hf_store_open(path, &st, &err) < 0)
        fail_msg("%s", err.message);
    return st;
}

static void
add_account(struct hf_store *st, const char *user, enum hf_role role, bool disabled)
{
    struct hf_account a = {.role = role, .created_ms = 5, .disabled = disabled};

    strcpy(a.user, user);
    strcpy(a.password_hash, HASH);
    assert_int_equal(hf_store_save_account(st, &a, NULL), 0);
}

static void
add_token(struct hf_store *st, const char *user, char digit)
{
    struct hf_token_record t = {.role = HF_ROLE_VIEWER, .created_ms = 1, .expires_ms = 2};
    struct hf_session_record s = {.role = HF_ROLE_VIEWER, .expires_ms = 2, .seen_ms = 1};

    memset(t.token_hash, digit, 64);
    memset(s.token_hash, digit, 64);
    strcpy(t.user, user);
    strcpy(s.user, user);
    strcpy(t.name, "grafana");
    assert_int_equal(
        hf_store_add_token(st, &t, &(struct hf_audit_note){.who = "admin", .what = "made a token"},
                           NULL),
        0);
    assert_int_equal(hf_store_save_session(st, &s, NULL), 0);
}

static void
add_device(struct hf_store *st, const char *name)
{
    struct hf_device_account a = {.password_hash = "$7$101$salt$hash",
                                  .publish = "sensors/%u/#",
                                  .subscribe = "",
                                  .description = "Halle \"2\", Öl",
                                  .enabled = true,
                                  .created_ms = 5,
                                  .password_ms = 6};

    strcpy(a.name, name);
    assert_int_equal(hf_store_save_device(st, &a, NULL), 0);
}

/* The gateway that the backup is of. */
static void
fill_old(struct hf_store *st)
{
    add_account(st, "admin", HF_ROLE_ADMIN, false);
    add_account(st, "vic", HF_ROLE_VIEWER, true);
    add_token(st, "admin", 'a');
    add_device(st, "d7");
    assert_int_equal(hf_store_set_wanted(st, "processor", false, "admin", NULL), 0);
    assert_int_equal(hf_store_add_settings(st, SETTINGS, "admin", NULL, NULL), 0);
    assert_int_equal(hf_store_set_release(st, "{\"counter\":7}", 7, NULL), 0);
}

static void
back_up(struct hf_store *st, struct hf_buf *out)
{
    *out = HF_BUF_INIT(HF_STORE_STATE_MAX);
    assert_int_equal(hf_store_backup(st, out, NULL), 0);
}

static struct hf_store_restore
restore_of(const struct hf_buf *state)
{
    return (struct hf_store_restore){.state = state->data,
                                     .settings = SETTINGS,
                                     .certificates = "{}",
                                     .records = "{\"file\":\"x\"}",
                                     .mark = "m1",
                                     .who = "admin",
                                     .what = "restored"};
}

static size_t
sessions_and_tokens(struct hf_store *st)
{
    struct hf_session_record s[4];
    struct hf_token_record t[4];
    size_t a = 0, b = 0;

    assert_int_equal(hf_store_sessions(st, s, 4, &a, NULL), 0);
    assert_int_equal(hf_store_tokens(st, t, 4, &b, NULL), 0);
    return a + b;
}

/* All that the backup is of, whatever else was there. */
static void
expect_restored(struct hf_store *st, const char *id)
{
    struct hf_account a[4];
    struct hf_device_account d[4];
    HF_AUTO_FREE char *settings = NULL, *kept = NULL;
    int64_t number;
    size_t count;
    bool wanted;

    assert_string_equal(hf_store_gateway_id(st), id);
    assert_int_equal(hf_store_accounts(st, a, 4, &count, NULL), 0);
    assert_int_equal(count, 2);
    assert_string_equal(a[0].user, "admin");
    assert_string_equal(a[0].password_hash, HASH);
    assert_true(a[1].disabled && !a[0].disabled);
    assert_int_equal(hf_store_devices(st, &(struct hf_device_filter){"", ""}, d, 4, &count, NULL),
                     0);
    assert_int_equal(count, 1);
    assert_string_equal(d[0].description, "Halle \"2\", Öl");
    assert_int_equal(hf_store_wanted(st, "processor", &wanted, NULL), 0);
    assert_false(wanted);
    assert_int_equal(hf_store_settings(st, &settings, &number, NULL), 0);
    assert_string_equal(settings, SETTINGS);
    assert_int_equal(sessions_and_tokens(st), 0);
    assert_int_equal(hf_store_kept(st, hf_store_kept_mark, &number, &kept, NULL), 0);
    assert_string_equal(kept, "m1");
}

static void
another_box_becomes_the_old_one(void **state)
{
    struct hf_store *old = opened(*state, "old"), *new = opened(*state, "new");
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(1);
    struct hf_store_restore r;
    char id[16];
    int64_t floor = 0;

    fill_old(old);
    back_up(old, &text);
    assert_null(strstr(text.data, "aaaaaaaa")); /* no token */
    strcpy(id, hf_store_gateway_id(old));
    hf_store_free(old);

    add_account(new, "bob", HF_ROLE_ADMIN, false);
    add_token(new, "bob", 'b');
    add_device(new, "other");
    r = restore_of(&text);
    assert_int_equal(hf_store_apply_restore(new, &r, NULL), 0);
    hf_store_free(new);
    new = opened(*state, "new");
    assert_int_equal(hf_store_opened_as(new, NULL), HF_STORE_EXISTING);
    expect_restored(new, id);
    assert_int_equal(hf_store_release_floor(new, &floor, NULL), 0);
    assert_int_equal(floor, 7);
    hf_store_free(new);
}

/* What is in memory of it is of before. */
static void
afterwards_nothing_is_written(void **state)
{
    struct hf_store *st = opened(*state, "a");
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(1);
    struct hf_store_restore r;
    struct hf_error err = {0};

    fill_old(st);
    back_up(st, &text);
    r = restore_of(&text);
    assert_int_equal(hf_store_apply_restore(st, &r, NULL), 0);
    assert_int_equal(hf_store_add_settings(st, "{\"name\":\"late\"}", "x", NULL, &err), -1);
    assert_int_equal(err.class, HF_ERROR_UNAVAILABLE);
    assert_int_equal(hf_store_audit(st, "x", "y", &err), -1);
    hf_store_free(st);
    st = opened(*state, "a");
    assert_int_equal(hf_store_audit(st, "x", "y", &err), 0);
    hf_store_free(st);
}

static void
what_cannot_be_changes_nothing(void **state)
{
    static const struct {
        const char *from, *to, *text;
    } cases[] = {
        {"{\"format\":1", "{\"format\":2", "cannot be read"},
        {"{\"format\":1", "\"format\":1", "cannot be read"},
        {"\"id\":\"hf-", "\"id\":\"xx-", "gateway's id"},
        {"$argon2id$", "$argon2xx$", "the accounts"},
        {"\"admin\",2", "\"admin\",9", "the accounts"},
        {"\"admin\",2", "\"admin\",1", "no account of role admin"},
        {"[[\"vic\"]]", "[[\"nobody\"]]", "FOREIGN KEY"},
        {"\"d7\"", "\"d/7\"", "accounts of devices"},
        {"\"processor\",0", "\"processor\",5", "desired state"},
        {"\"processor\",0", "\"processor\",\"x\"", "desired state"},
    };
    struct hf_store *st = opened(*state, "a");
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(1), before = HF_BUF_INIT(1),
                              after = HF_BUF_INIT(1);

    fill_old(st);
    back_up(st, &text);
    add_account(st, "bob", HF_ROLE_ADMIN, false);
    add_device(st, "mine");
    back_up(st, &before);
    for (size_t i = 0; i < HF_LEN(cases); i++) {
        HF_AUTO_BUF struct hf_buf wrong = HF_BUF_INIT(HF_STORE_STATE_MAX);
        const char *at = strstr(text.data, cases[i].from);
        struct hf_store_restore r;
        struct hf_error err = {0};

        if (!at)
            fail_msg("no '%s' in %s", cases[i].from, text.data);
        assert_int_equal(hf_buf_addf(&wrong, NULL, "%.*s%s%s", (int)(at - text.data), text.data,
                                     cases[i].to, at + strlen(cases[i].from)),
                         0);
        r = restore_of(&wrong);
        assert_int_equal(hf_store_apply_restore(st, &r, &err), -1);
        if (err.class != HF_ERROR_INVALID || !strstr(err.message, cases[i].text))
            fail_msg("'%s': no '%s' in '%s'", cases[i].to, cases[i].text, err.message);
        hf_buf_done(&after);
        back_up(st, &after);
        assert_string_equal(after.data, before.data);
        assert_int_equal(sessions_and_tokens(st), 2);
    }
    hf_store_free(st);
}

static void
too_many_accounts(void **state)
{
    struct hf_store *st = opened(*state, "a"), *other = opened(*state, "b");
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(1);
    struct hf_store_restore r;
    struct hf_error err = {0};

    for (int i = 0; i <= HF_ACCOUNTS_MAX; i++) {
        char name[8];

        snprintf(name, sizeof name, "u%d", i);
        add_account(st, name, HF_ROLE_ADMIN, false);
    }
    back_up(st, &text);
    r = restore_of(&text);
    assert_int_equal(hf_store_apply_restore(other, &r, &err), -1);
    assert_non_null(strstr(err.message, "more accounts than"));
    hf_store_free(st);
    hf_store_free(other);
}

/* By a setup code: somebody may have claimed it in between. */
static void
only_while_nobody_has_it(void **state)
{
    struct hf_store *old = opened(*state, "old"), *new = opened(*state, "new");
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(1);
    struct hf_store_restore r;
    struct hf_error err = {0};

    fill_old(old);
    back_up(old, &text);
    hf_store_free(old);
    r = restore_of(&text);
    r.unclaimed = true;
    add_account(new, "bob", HF_ROLE_ADMIN, false);
    assert_int_equal(hf_store_apply_restore(new, &r, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    hf_store_free(new);
    new = opened(*state, "newer");
    assert_int_equal(hf_store_apply_restore(new, &r, &err), 0);
    hf_store_free(new);
}

static void
not_while_a_release_is_applied(void **state)
{
    struct hf_store *st = opened(*state, "a");
    struct hf_upgrade_record u = {.kind = HF_UPGRADE_FORTH, .started_ms = 1, .since_ms = 1};
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(1);
    struct hf_store_restore r;
    struct hf_error err = {0};

    fill_old(st);
    back_up(st, &text);
    r = restore_of(&text);
    assert_int_equal(hf_store_begin_upgrade(st, &u, "{}", "{}", &u.n, &err), 0);
    assert_int_equal(hf_store_apply_restore(st, &r, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_int_equal(sessions_and_tokens(st), 2);
    hf_store_free(st);
}

static void
not_while_a_newer_holdfastd_is_on_trial(void **state)
{
    struct hf_store *st = opened(*state, "a");
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(1);
    struct hf_store_restore r;
    struct hf_error err = {0};
    FILE *copy = fopen(tempdir_path(*state, "a/holdfast.db.before"), "w");

    assert_non_null(copy);
    fclose(copy);
    fill_old(st);
    back_up(st, &text);
    r = restore_of(&text);
    assert_int_equal(hf_store_apply_restore(st, &r, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_non_null(strstr(err.message, "on trial"));
    assert_int_equal(sessions_and_tokens(st), 2);
    hf_store_forget_before(st);
    assert_int_equal(hf_store_apply_restore(st, &r, &err), 0);
    hf_store_free(st);
}

/* The second one takes the place of the first, and of what it has left to do. */
static void
twice_in_a_row(void **state)
{
    struct hf_store *st = opened(*state, "a");
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(1);
    HF_AUTO_FREE char *kept = NULL;
    struct hf_audit_entry e[8];
    struct hf_store_restore r;
    struct hf_error err = {0};
    int64_t at_ms;
    size_t count;

    fill_old(st);
    back_up(st, &text);
    r = restore_of(&text);
    assert_int_equal(hf_store_apply_restore(st, &r, NULL), 0);
    hf_store_free(st);
    st = opened(*state, "a");
    r.records = NULL;
    r.mark = "m2";
    assert_int_equal(hf_store_apply_restore(st, &r, NULL), 0);
    hf_store_free(st);
    st = opened(*state, "a");
    assert_int_equal(hf_store_kept(st, hf_store_kept_records, &at_ms, &kept, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
    assert_int_equal(hf_store_audit_list(st, 0, e, 8, &count, NULL), 0);
    assert_string_equal(e[0].what, "restored");
    assert_string_equal(e[1].what, "gave up records of the backup before, which still waited");
    assert_string_equal(e[2].what, "restored");
    hf_store_free(st);
}

/* Killed anywhere: it is the old one or the new one. */
static void
a_kill_leaves_one_of_two(void **state)
{
    struct hf_store *old = opened(*state, "old");
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(1);
    char id[16];
    unsigned restored = 0;

    fill_old(old);
    back_up(old, &text);
    strcpy(id, hf_store_gateway_id(old));
    hf_store_free(old);
    for (unsigned us = 4000; us < 600000; us *= 2) {
        char sub[32];
        struct hf_store *st;
        pid_t pid;
        int status;

        snprintf(sub, sizeof sub, "n%u", us);
        st = opened(*state, sub);
        add_account(st, "bob", HF_ROLE_ADMIN, false);
        hf_store_free(st);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            struct hf_store_restore r = restore_of(&text);

            st = opened(*state, sub);
            _exit(hf_store_apply_restore(st, &r, NULL) == 0 ? 0 : 1);
        }
        usleep(us);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        st = opened(*state, sub);
        if (strcmp(hf_store_gateway_id(st), id) == 0) {
            expect_restored(st, id);
            restored++;
        } else {
            struct hf_account a[4];
            size_t count;

            assert_int_equal(hf_store_accounts(st, a, 4, &count, NULL), 0);
            assert_int_equal(count, 1);
            assert_string_equal(a[0].user, "bob");
        }
        hf_store_free(st);
    }
    print_message("%u were restored\n", restored);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(another_box_becomes_the_old_one),
        with_tempdir(afterwards_nothing_is_written),
        with_tempdir(what_cannot_be_changes_nothing),
        with_tempdir(too_many_accounts),
        with_tempdir(only_while_nobody_has_it),
        with_tempdir(not_while_a_release_is_applied),
        with_tempdir(not_while_a_newer_holdfastd_is_on_trial),
        with_tempdir(twice_in_a_row),
        with_tempdir(a_kill_leaves_one_of_two),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
