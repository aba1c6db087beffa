// SPDX-License-Identifier: Apache-2.0
/* Accounts, and what becomes of sessions when they change. */
#include "people.h"

#include "identity/parts.h"

#include <pthread.h>
#include <stdio.h>

static void
users_come_and_go(void **state)
{
    struct kept k;
    HF_AUTO(hf_identity) struct hf_identity *id = two_people(&k);
    const struct hf_session admin = logged_in(id, "admin");
    const struct hf_actor by = {&admin, "::ffff:10.0.0.3"};
    struct hf_user users[HF_ACCOUNTS_MAX], user;
    size_t count;

    (void)state;
    assert_int_equal(
        hf_identity_add_user(id, &by, "abe", "another battery", HF_ROLE_VIEWER, &user, NULL), 0);
    assert_string_equal(k.audit, "admin: added user abe as viewer from 10.0.0.3");
    assert_string_equal(user.name, "abe");
    assert_null(strstr(k.account.password_hash, "another"));
    hf_identity_users(id, users, &count);
    assert_int_equal(count, 3);
    assert_string_equal(users[0].name, "abe");
    assert_string_equal(users[1].name, "admin");
    assert_int_equal(users[1].sessions, 1);
    assert_string_equal(users[2].name, "ann");
    assert_int_equal(hf_identity_remove_user(id, &by, "abe", NULL), 0);
    assert_string_equal(k.audit, "admin: removed user abe from 10.0.0.3");
    assert_int_equal(hf_identity_user(id, "abe", &user, NULL), -1);
    assert_int_equal(hf_identity_remove_user(id, &by, "abe", NULL), -1);
}

static void
what_may_not_be_added(void **state)
{
    static const struct {
        const char *name, *password;
        enum hf_error_class class;
        const char *pointer;
    } cases[] = {
        {"ann", "correct horse", HF_ERROR_CONFLICT, "/name"},
        {"", "correct horse", HF_ERROR_INVALID, "/name"},
        {"Ann", "correct horse", HF_ERROR_INVALID, "/name"},
        {"-ann", "correct horse", HF_ERROR_INVALID, "/name"},
        {"a/b", "correct horse", HF_ERROR_INVALID, "/name"},
        {"a2345678901234567890123456789012x", "correct horse", HF_ERROR_INVALID, "/name"},
        {"bob", "short", HF_ERROR_INVALID, "/password"},
        {"robert-the-third", "Robert-The-Third", HF_ERROR_INVALID, "/password"},
    };
    struct kept k;
    HF_AUTO(hf_identity) struct hf_identity *id = two_people(&k);
    const struct hf_session admin = logged_in(id, "admin");
    const struct hf_actor by = {&admin, "10.0.0.3"};
    struct hf_user users[HF_ACCOUNTS_MAX], user;
    size_t count;

    (void)state;
    for (size_t i = 0; i < HF_LEN(cases); i++) {
        struct hf_error err = {0};

        assert_int_equal(hf_identity_add_user(id, &by, cases[i].name, cases[i].password,
                                              HF_ROLE_VIEWER, &user, &err),
                         -1);
        assert_int_equal(err.class, cases[i].class);
        assert_string_equal(err.pointer, cases[i].pointer);
    }
    assert_int_equal(k.changes, 0);
    hf_identity_users(id, users, &count);
    assert_int_equal(count, 2);
}

static void
there_are_sixteen_at_most(void **state)
{
    struct hf_account accounts[HF_USERS_MAX];
    const struct hf_identity_start start = {.accounts = accounts, .account_count = HF_USERS_MAX};
    struct kept k = {0};
    struct hf_error err = {0};
    struct hf_user user;
    char name[16];

    (void)state;
    accounts[0] = account("admin", HF_ROLE_ADMIN);
    for (int i = 1; i < HF_USERS_MAX; i++) {
        snprintf(name, sizeof name, "u%02d", i);
        accounts[i] = account(name, HF_ROLE_VIEWER);
    }

    HF_AUTO(hf_identity) struct hf_identity *id = begun(&k, &start);
    const struct hf_session admin = logged_in(id, "admin");
    const struct hf_actor by = {&admin, "10.0.0.3"};
    assert_int_equal(
        hf_identity_add_user(id, &by, "more", "correct horse", HF_ROLE_VIEWER, &user, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
}

static void
the_last_admin_stays(void **state)
{
    static const struct hf_user_change changes[] = {
        {.has_role = true, .role = HF_ROLE_OPERATOR},
        {.has_disabled = true, .disabled = true},
    };
    struct kept k;
    HF_AUTO(hf_identity) struct hf_identity *id = two_people(&k);
    const struct hf_session admin = logged_in(id, "admin");
    const struct hf_actor by = {&admin, "10.0.0.3"};
    const struct hf_user_change promote = {.has_role = true, .role = HF_ROLE_ADMIN};
    struct hf_user user;

    (void)state;
    for (size_t i = 0; i < HF_LEN(changes); i++) {
        struct hf_error err = {0};

        assert_int_equal(hf_identity_change_user(id, &by, "admin", &changes[i], &user, &err), -1);
        assert_int_equal(err.class, HF_ERROR_CONFLICT);
        assert_int_equal(hf_identity_remove_user(id, &by, "admin", &err), -1);
        assert_int_equal(err.class, HF_ERROR_CONFLICT);
    }
    assert_int_equal(k.changes, 0);
    assert_int_equal(hf_identity_change_user(id, &by, "ann", &promote, &user, NULL), 0);
    assert_int_equal(hf_identity_change_user(id, &by, "admin", &changes[1], &user, NULL), 0);
    assert_true(user.disabled);
    /* one that is disabled does not count */
    assert_int_equal(hf_identity_remove_user(id, &by, "ann", NULL), -1);
    assert_false(hf_identity_still(id, &admin));
}

static void
a_change_ends_the_sessions(void **state)
{
    static const struct hf_user_change changes[] = {
        {.has_role = true, .role = HF_ROLE_VIEWER},
        {.password = "another battery"},
        {.has_disabled = true, .disabled = true},
    };
#define VALUE(path, before, after)                                                                 \
    "{\"changes\":[{\"path\":\"" path "\",\"before\":" before ",\"after\":" after                  \
    "}],\"omitted\":0}"
    static const char *const values[] = {
        VALUE("/role", "\"operator\"", "\"viewer\""),
        VALUE("/password", "\"***\"", "\"***\""),
        VALUE("/disabled", "false", "true"),
    };

    (void)state;
    for (size_t i = 0; i < HF_LEN(changes); i++) {
        struct kept k;
        HF_AUTO(hf_identity) struct hf_identity *id = two_people(&k);
        const struct hf_session admin = logged_in(id, "admin"), ann = logged_in(id, "ann");
        const struct hf_actor by = {&admin, "10.0.0.3"};
        struct hf_login login;
        struct hf_user user;

        assert_true(hf_identity_still(id, &ann));
        assert_int_equal(hf_identity_change_user(id, &by, "ann", &changes[i], &user, NULL), 0);
        assert_string_equal(k.values, values[i]);
        assert_true(k.change.end_sessions);
        assert_int_equal(k.sessions_deleted, 1);
        assert_false(hf_identity_still(id, &ann));
        assert_true(hf_identity_still(id, &admin));
        assert_int_equal(hf_identity_login(id, "ann", PASSWORD, "10.0.0.4", &login, NULL),
                         changes[i].has_role ? 0 : -1);
    }
}

static void
what_is_the_same_ends_nothing(void **state)
{
    struct kept k;
    HF_AUTO(hf_identity) struct hf_identity *id = two_people(&k);
    const struct hf_session admin = logged_in(id, "admin"), ann = logged_in(id, "ann");
    const struct hf_actor by = {&admin, "10.0.0.3"};
    const struct hf_user_change same = {.has_role = true, .role = HF_ROLE_OPERATOR};
    struct hf_user user;

    (void)state;
    assert_int_equal(hf_identity_change_user(id, &by, "ann", &same, &user, NULL), 0);
    assert_int_equal(k.changes, 0);
    assert_true(hf_identity_still(id, &ann));
}

static void
own_role_goes_down_at_once(void **state)
{
    const struct hf_account accounts[] = {account("admin", HF_ROLE_ADMIN),
                                          account("bea", HF_ROLE_ADMIN)};
    const struct hf_identity_start start = {.accounts = accounts, .account_count = 2};
    const struct hf_user_change down = {.has_role = true, .role = HF_ROLE_VIEWER};
    struct kept k = {0};
    HF_AUTO(hf_identity) struct hf_identity *id = begun(&k, &start);
    struct hf_login here, there;
    struct hf_session now;
    struct hf_user user;

    (void)state;
    assert_int_equal(hf_identity_login(id, "bea", PASSWORD, "10.0.0.3", &here, NULL), 0);
    assert_int_equal(hf_identity_login(id, "bea", PASSWORD, "10.0.0.4", &there, NULL), 0);

    const struct hf_actor by = {&here.session, "10.0.0.3"};
    assert_int_equal(hf_identity_change_user(id, &by, "bea", &down, &user, NULL), 0);
    assert_string_equal(k.keep_hash, here.session.hash);
    assert_false(hf_identity_session(id, there.token, NULL));
    assert_true(hf_identity_session(id, here.token, &now));
    assert_int_equal(now.role, HF_ROLE_VIEWER);
}

static void
ones_own_password(void **state)
{
    struct kept k;
    HF_AUTO(hf_identity) struct hf_identity *id = two_people(&k);
    const struct hf_session here = logged_in(id, "ann"), there = logged_in(id, "ann");
    const struct hf_actor by = {&here, "10.0.0.3"};
    struct hf_error err = {0};
    struct hf_login login;
    int retry = 0, tries = 0;

    (void)state;
    assert_int_equal(
        hf_identity_set_password(id, &by, "wrong password", "a new battery", &retry, &err), -1);
    assert_int_equal(err.class, HF_ERROR_FORBIDDEN);
    assert_string_equal(err.pointer, "/current");
    assert_int_equal(hf_identity_set_password(id, &by, PASSWORD, "short", &retry, &err), -1);
    assert_int_equal(err.class, HF_ERROR_INVALID);
    assert_string_equal(err.pointer, "/new");
    assert_int_equal(k.changes, 0);
    assert_int_equal(hf_identity_set_password(id, &by, PASSWORD, "a new battery", &retry, &err), 0);
    assert_int_equal(k.changes, 1);
    assert_string_equal(k.audit, "ann: changed user ann, password from 10.0.0.3");
    assert_true(hf_identity_still(id, &here));
    assert_false(hf_identity_still(id, &there));
    assert_int_equal(hf_identity_login(id, "ann", PASSWORD, "10.0.0.5", &login, &err), -1);
    assert_int_equal(hf_identity_login(id, "ann", "a new battery", "10.0.0.6", &login, &err), 0);
    do {
        assert_int_equal(hf_identity_set_password(id, &by, PASSWORD, "third battery", &retry, &err),
                         -1);
    } while (err.class == HF_ERROR_FORBIDDEN && ++tries < 20);
    assert_int_equal(err.class, HF_ERROR_THROTTLED);
    assert_in_range(retry, 1, 300);
}

static void
pain_11_what_is_not_kept_has_not_happened(void **state)
{
    struct kept k;
    HF_AUTO(hf_identity) struct hf_identity *id = two_people(&k);
    const struct hf_session admin = logged_in(id, "admin"), ann = logged_in(id, "ann");
    const struct hf_actor by = {&admin, "10.0.0.3"};
    const struct hf_user_change change = {.has_role = true, .role = HF_ROLE_VIEWER};
    struct hf_session now = ann;
    struct hf_error err = {0};
    struct hf_user user;

    (void)state;
    k.full = true;
    assert_int_equal(hf_identity_change_user(id, &by, "ann", &change, &user, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NO_SPACE);
    assert_int_equal(hf_identity_remove_user(id, &by, "ann", &err), -1);
    assert_int_equal(
        hf_identity_add_user(id, &by, "bob", "correct horse", HF_ROLE_VIEWER, &user, &err), -1);
    assert_true(hf_identity_still(id, &now));
    assert_int_equal(hf_identity_user(id, "ann", &user, NULL), 0);
    assert_int_equal(user.role, HF_ROLE_OPERATOR);
    assert_int_equal(hf_identity_user(id, "bob", &user, NULL), -1);
}

/* ---- sessions ---- */

static void
sessions_are_seen_and_ended(void **state)
{
    struct kept k;
    HF_AUTO(hf_identity) struct hf_identity *id = two_people(&k);
    const struct hf_session admin = logged_in(id, "admin"), ann = logged_in(id, "ann"),
                            again = logged_in(id, "ann");
    const struct hf_actor by_admin = {&admin, "10.0.0.3"}, by_ann = {&ann, "10.0.0.3"};
    struct hf_session_info list[HF_SESSIONS_MAX];
    struct hf_error err = {0};
    char of_admin[HF_CREDENTIAL_ID_SIZE];
    size_t count;

    (void)state;
    hf_identity_sessions(id, &by_ann, list, &count);
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(list[i].user, "ann");
        assert_string_equal(list[i].address, "10.0.0.3");
        assert_int_equal(strlen(list[i].id), 16);
        assert_int_equal(list[i].current, strncmp(list[i].id, ann.hash, 16) == 0);
    }
    hf_identity_sessions(id, &by_admin, list, &count);
    assert_int_equal(count, 3);
    hf_text_put(of_admin, sizeof of_admin, "%.16s", admin.hash);
    assert_int_equal(hf_identity_end_session(id, &by_ann, of_admin, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
    assert_int_equal(hf_identity_end_session(id, &by_ann, "", &err), -1);
    assert_int_equal(hf_identity_end_sessions(id, &by_ann, NULL), 0);
    assert_true(hf_identity_still(id, &ann));
    assert_false(hf_identity_still(id, &again));
    assert_true(hf_identity_still(id, &admin));
    hf_text_put(of_admin, sizeof of_admin, "%.16s", ann.hash);
    assert_int_equal(hf_identity_end_session(id, &by_admin, of_admin, NULL), 0);
    assert_string_equal(k.audit, "admin: ended a session of ann from 10.0.0.3");
    assert_false(hf_identity_still(id, &ann));
    assert_int_equal(k.sessions_deleted, 2);
}

static void
a_full_disk_keeps_no_session_alive(void **state)
{
    struct kept k;
    HF_AUTO(hf_identity) struct hf_identity *id = two_people(&k);
    const struct hf_session admin = logged_in(id, "admin"), ann = logged_in(id, "ann");
    const struct hf_actor by = {&admin, "10.0.0.3"};
    char of_ann[HF_CREDENTIAL_ID_SIZE];
    struct hf_error err = {0};

    (void)state;
    k.full = true;
    hf_text_put(of_ann, sizeof of_ann, "%.16s", ann.hash);
    assert_int_equal(hf_identity_end_session(id, &by, of_ann, &err), -1);
    assert_non_null(strstr(err.message, "may come back"));
    assert_false(hf_identity_still(id, &ann));
}

static void
the_password_is_shown_once_more(void **state)
{
    struct hf_account accounts[] = {account("admin", HF_ROLE_ADMIN)};
    struct hf_session_record record = {.user = "admin", .seen_ms = hf_clock_wall_ms()};
    const struct hf_identity_start start = {
        .accounts = accounts, .account_count = 1, .sessions = &record, .session_count = 1};
    struct hf_session s = {.account = "admin", .user = "admin"}, now;
    const struct hf_actor by = {&s, "10.0.0.3"};
    struct hf_error err = {0};
    struct hf_session_info list[HF_SESSIONS_MAX];
    struct kept k = {0};
    size_t count;
    int retry;

    (void)state;
    record.expires_ms = record.seen_ms + 3600000;
    memset(record.token_hash, 'a', sizeof record.token_hash - 1);
    memcpy(s.hash, record.token_hash, sizeof s.hash);

    HF_AUTO(hf_identity) struct hf_identity *id = begun(&k, &start);
    struct hf_login login;
    assert_true(hf_identity_still(id, &s));
    hf_identity_sessions(id, &by, list, &count);
    assert_int_equal(count, 1);
    assert_int_equal(hf_identity_prove(id, &by, "wrong password", &retry, &err), -1);
    assert_int_equal(err.class, HF_ERROR_FORBIDDEN);
    assert_string_equal(err.pointer, "/password");
    assert_int_equal(hf_identity_prove(id, &by, PASSWORD, &retry, &err), 0);
    assert_int_equal(hf_identity_login(id, "admin", PASSWORD, "10.0.0.3", &login, NULL), 0);
    assert_true(hf_identity_session(id, login.token, &now));
    assert_true(now.proved);
    s.is_token = true;
    assert_int_equal(hf_identity_prove(id, &by, PASSWORD, &retry, &err), -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
}

static bool
is_proved(struct hf_identity *id, const struct hf_login *login)
{
    struct hf_session now = {.proved = false};

    assert_true(hf_identity_session(id, login->token, &now));
    return now.proved;
}

static void
what_was_shown_counts_for_ten_minutes(void **state)
{
    struct kept k;
    HF_AUTO(hf_identity) struct hf_identity *id = two_people(&k);
    struct hf_live_session *l = &id->sessions.list[0];
    struct hf_login login;
    const struct hf_actor by = {&login.session, "10.0.0.3"};
    int retry;

    (void)state;
    assert_int_equal(hf_identity_login(id, "admin", PASSWORD, "10.0.0.3", &login, NULL), 0);
    assert_string_equal(l->token_hash, login.session.hash);
    assert_true(is_proved(id, &login));
    l->proved_ms -= (HF_PROVED_S - 60) * 1000;
    assert_true(is_proved(id, &login));
    l->proved_ms -= 61 * 1000;
    assert_false(is_proved(id, &login));
    l->proved_ms = 0; /* as after a restart */
    assert_false(is_proved(id, &login));
    assert_int_equal(hf_identity_prove(id, &by, PASSWORD, &retry, NULL), 0);
    assert_true(is_proved(id, &login));
}

/* ---- a recovery: a code is stored beside accounts ---- */

static void
a_stored_code_claims_anew(void **state)
{
    const struct hf_account accounts[] = {account("admin", HF_ROLE_ADMIN),
                                          account("ann", HF_ROLE_OPERATOR)};
    char hash[HF_CODE_HASH_SIZE];
    struct hf_identity_start start = {
        .accounts = accounts, .account_count = 2, .setup_code_hash = hash};
    struct hf_login login;
    struct kept k = {0};
    struct hf_user user;

    (void)state;
    assert_int_equal(hf_setup_code_hash("7KQM-X3PA-92HV", hash, NULL), 0);

    HF_AUTO(hf_identity) struct hf_identity *id = begun(&k, &start);
    const struct hf_session old = logged_in(id, "admin"), ann = logged_in(id, "ann");
    assert_false(hf_identity_claimed(id));
    assert_int_equal(hf_identity_claim(id, "7KQM-X3PA-92HV", "a new battery", "::1", &login, NULL),
                     0);
    assert_true(hf_identity_claimed(id));
    assert_false(hf_identity_still(id, &old));
    assert_true(hf_identity_still(id, &ann));
    assert_true(hf_identity_session(id, login.token, NULL));
    assert_int_equal(hf_identity_user(id, "ann", &user, NULL), 0);
    assert_int_equal(hf_identity_login(id, "admin", PASSWORD, "10.0.0.9", &login, NULL), -1);
    assert_int_equal(hf_identity_claim(id, "7KQM-X3PA-92HV", "a new battery", "::1", &login, NULL),
                     -1);
}

/* ---- threads ---- */

struct worker {
    struct hf_identity *id;
    const char *self, *other;
    struct hf_session session;
};

static void *
demote_the_other(void *context)
{
    struct worker *w = context;
    const struct hf_actor by = {&w->session, "10.0.0.3"};
    struct hf_user_change change = {.has_role = true};
    struct hf_session_info list[HF_SESSIONS_MAX];
    struct hf_user user;
    size_t count;

    for (int i = 0; i < 200; i++) {
        change.role = i % 2 ? HF_ROLE_ADMIN : HF_ROLE_VIEWER;
        (void)!hf_identity_change_user(w->id, &by, i % 3 ? w->other : w->self, &change, &user,
                                       NULL);
        hf_identity_sessions(w->id, &by, list, &count);
        (void)hf_identity_still(w->id, &w->session);
    }
    return NULL;
}

static void
two_admins_never_demote_each_other(void **state)
{
    const struct hf_account accounts[] = {account("admin", HF_ROLE_ADMIN),
                                          account("bea", HF_ROLE_ADMIN)};
    const struct hf_identity_start start = {.accounts = accounts, .account_count = 2};
    struct kept k = {0};
    HF_AUTO(hf_identity) struct hf_identity *id = begun(&k, &start);
    struct worker workers[] = {{id, "admin", "bea", logged_in(id, "admin")},
                               {id, "bea", "admin", logged_in(id, "bea")}};
    struct hf_user users[HF_ACCOUNTS_MAX];
    pthread_t threads[2];
    size_t count;

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, demote_the_other, &workers[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    hf_identity_users(id, users, &count);
    assert_int_equal(count, 2);
    assert_true(users[0].role == HF_ROLE_ADMIN || users[1].role == HF_ROLE_ADMIN);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(users_come_and_go),
        cmocka_unit_test(what_may_not_be_added),
        cmocka_unit_test(there_are_sixteen_at_most),
        cmocka_unit_test(the_last_admin_stays),
        cmocka_unit_test(a_change_ends_the_sessions),
        cmocka_unit_test(what_is_the_same_ends_nothing),
        cmocka_unit_test(own_role_goes_down_at_once),
        cmocka_unit_test(ones_own_password),
        cmocka_unit_test(pain_11_what_is_not_kept_has_not_happened),
        cmocka_unit_test(sessions_are_seen_and_ended),
        cmocka_unit_test(a_full_disk_keeps_no_session_alive),
        cmocka_unit_test(the_password_is_shown_once_more),
        cmocka_unit_test(what_was_shown_counts_for_ten_minutes),
        cmocka_unit_test(a_stored_code_claims_anew),
        cmocka_unit_test(two_admins_never_demote_each_other),
    };

    return cmocka_run_group_tests(tests, make_password_hash, NULL);
}
