// SPDX-License-Identifier: Apache-2.0
/* Accounts that change, the addresses of sessions, API tokens. */
#include "store/store.h"

#include "tempdir.h"

static const struct hf_account admin = {
    .user = "admin", .role = HF_ROLE_ADMIN, .password_hash = "$argon2id$v=19$x", .created_ms = 7};
static const struct hf_account ann = {
    .user = "ann", .role = HF_ROLE_OPERATOR, .password_hash = "$argon2id$v=19$y", .created_ms = 8};

#define BY_ANN(text) (&(struct hf_audit_note){.who = "ann", .what = text})
#define CHANGES                                                                                    \
    "{\"changes\":[{\"path\":\"/role\",\"before\":\"operator\",\"after\":\"viewer\"}],"            \
    "\"omitted\":0}"

static struct hf_store *
opened(const char *dir)
{
    struct hf_error err = {0};
    struct hf_store *st = NULL;

    if (hf_store_open(dir, &st, &err) < 0)
        fail_msg("%s", err.message);
    return st;
}

static void
save_session(struct hf_store *st, const char *user, int n)
{
    struct hf_session_record s = {.role = HF_ROLE_ADMIN, .seen_ms = n, .address = "10.0.0.3"};

    snprintf(s.user, sizeof s.user, "%s", user);
    snprintf(s.token_hash, sizeof s.token_hash, "%064x", n);
    assert_int_equal(hf_store_save_session(st, &s, NULL), 0);
}

static struct hf_token_record
token(const char *user, int n)
{
    struct hf_token_record t = {
        .role = HF_ROLE_VIEWER, .created_ms = 1, .expires_ms = 1000, .used_ms = 0};

    snprintf(t.user, sizeof t.user, "%s", user);
    snprintf(t.name, sizeof t.name, "t%d", n);
    snprintf(t.token_hash, sizeof t.token_hash, "%064x", n);
    return t;
}

static size_t
session_count(struct hf_store *st, struct hf_session_record *ret_first)
{
    struct hf_session_record list[8];
    size_t count = 0;

    assert_int_equal(hf_store_sessions(st, list, HF_LEN(list), &count, NULL), 0);
    if (count)
        *ret_first = list[0];
    return count;
}

static size_t
token_count(struct hf_store *st, struct hf_token_record *ret_first)
{
    struct hf_token_record list[8];
    size_t count = 0;

    assert_int_equal(hf_store_tokens(st, list, HF_LEN(list), &count, NULL), 0);
    if (count)
        *ret_first = list[0];
    return count;
}

static void
expect_audit(struct hf_store *st, const char *what)
{
    struct hf_audit_entry newest = {0};
    size_t count = 0;

    assert_int_equal(hf_store_audit_list(st, NULL, &newest, 1, &count, NULL), 0);
    assert_string_equal(newest.what, what);
    assert_null(newest.changes);
}

static void
expect_values(struct hf_store *st, const char *changes)
{
    const struct hf_audit_filter with = {.with_changes = true};
    struct hf_audit_entry newest[2];
    size_t count = 0;

    assert_int_equal(hf_store_audit_list(st, &with, newest, HF_LEN(newest), &count, NULL), 0);
    assert_int_equal(count, 2);
    assert_string_equal(newest[0].changes, changes);
    assert_null(newest[1].changes);
    hf_audit_entries_done(newest, count);
}

static struct hf_store *
two_people(const char *dir)
{
    struct hf_store *st = opened(dir);
    const struct hf_token_record t = token("ann", 9);

    assert_int_equal(hf_store_claim(st, &admin, NULL), 0);
    assert_int_equal(hf_store_save_account(st, &ann, NULL), 0);
    save_session(st, "admin", 1);
    save_session(st, "ann", 2);
    save_session(st, "ann", 3);
    assert_int_equal(hf_store_add_token(st, &t, BY_ANN("made token"), NULL), 0);
    expect_audit(st, "made token");
    return st;
}

static void
a_change_is_one_transaction(void **state)
{
    HF_AUTO(hf_store) struct hf_store *st = two_people(*state);
    struct hf_account fresh = ann, found[4];
    struct hf_session_record first;
    char keep[HF_TOKEN_HASH_SIZE];
    struct hf_account_change change = {
        .user = "ann",
        .account = &fresh,
        .end_sessions = true,
        .keep_hash = keep,
        .note = {.who = "admin", .what = "changed ann", .changes = CHANGES}};
    size_t count = 0;

    snprintf(keep, sizeof keep, "%064x", 2);
    fresh.role = HF_ROLE_COUNT; /* that the table does not take */
    assert_int_equal(hf_store_change_account(st, &change, NULL), -1);
    assert_int_equal(session_count(st, &first), 3);
    expect_audit(st, "made token");

    fresh.role = HF_ROLE_VIEWER;
    fresh.disabled = true;
    assert_int_equal(hf_store_change_account(st, &change, NULL), 0);
    assert_int_equal(session_count(st, &first), 2);
    assert_string_equal(first.token_hash, keep);
    assert_string_equal(first.address, "10.0.0.3");
    expect_audit(st, "changed ann");
    expect_values(st, CHANGES);
    assert_int_equal(hf_store_accounts(st, found, HF_LEN(found), &count, NULL), 0);
    assert_int_equal(count, 2);
    assert_true(found[1].disabled);
    assert_int_equal(found[1].role, HF_ROLE_VIEWER);
    fresh.disabled = false;
    assert_int_equal(hf_store_change_account(st, &change, NULL), 0);
    assert_int_equal(hf_store_accounts(st, found, HF_LEN(found), &count, NULL), 0);
    assert_false(found[1].disabled);
}

static void
what_is_of_an_account_goes_with_it(void **state)
{
    HF_AUTO(hf_store) struct hf_store *st = two_people(*state);
    const struct hf_account_change change = {
        .user = "ann", .end_sessions = true, .note = {.who = "admin", .what = "removed ann"}};
    struct hf_session_record session;
    struct hf_token_record t;

    assert_int_equal(token_count(st, &t), 1);
    assert_int_equal(hf_store_change_account(st, &change, NULL), 0);
    assert_int_equal(session_count(st, &session), 1);
    assert_string_equal(session.user, "admin");
    assert_int_equal(token_count(st, &t), 0);
}

static void
tokens_are_kept(void **state)
{
    const struct hf_token_record second = token("ann", 10), again = token("ann", 9),
                                 nobodys = token("nobody", 11);
    struct hf_store *st = two_people(*state);
    struct hf_token_record t;

    assert_int_equal(hf_store_add_token(st, &second, BY_ANN("made"), NULL), 0);
    assert_int_equal(hf_store_add_token(st, &again, BY_ANN("made again"), NULL), -1);
    assert_int_equal(hf_store_add_token(st, &nobodys, BY_ANN("made again"), NULL), -1);
    expect_audit(st, "made");
    assert_int_equal(hf_store_use_token(st, second.token_hash, 55, NULL), 0);
    assert_int_equal(hf_store_delete_token(st, &again, BY_ANN("revoked"), NULL), 0);
    assert_int_equal(hf_store_delete_token(st, &again, BY_ANN("revoked"), NULL), 0);
    hf_store_free(st);
    st = opened(*state);
    assert_int_equal(token_count(st, &t), 1);
    assert_string_equal(t.token_hash, second.token_hash);
    assert_string_equal(t.name, "t10");
    assert_int_equal(t.used_ms, 55);
    assert_int_equal(t.expires_ms, 1000);
    hf_store_free(st);
}

static size_t
account_count(struct hf_store *st, struct hf_account found[4])
{
    size_t count = 0;

    assert_int_equal(hf_store_accounts(st, found, 4, &count, NULL), 0);
    return count;
}

static void
recover(struct hf_store *st, const struct hf_store_recovery *r, bool is_new)
{
    bool applied = !is_new;

    assert_int_equal(hf_store_apply_recovery(st, r, &applied, NULL), 0);
    assert_int_equal(applied, is_new);
}

/* All stays as it is until somebody types the code. */
static void
a_recovery_by_code_claims_anew(void **state)
{
    HF_AUTO(hf_store) struct hf_store *st = two_people(*state);
    const struct hf_store_recovery r = {.file_hash = "f", .setup_code_hash = "code"};
    struct hf_account fresh = admin, found[4];
    char code[HF_CODE_HASH_SIZE];
    struct hf_session_record s;

    recover(st, &r, true);
    expect_audit(st, "setup code set by a recovery file");
    recover(st, &r, false);
    assert_int_equal(session_count(st, &s), 3);
    assert_int_equal(account_count(st, found), 2);
    assert_string_equal(found[0].password_hash, admin.password_hash);
    assert_int_equal(hf_store_setup_code(st, code, NULL), 0);
    assert_string_equal(code, "code");

    snprintf(fresh.password_hash, sizeof fresh.password_hash, "$argon2id$new");
    assert_int_equal(hf_store_claim(st, &fresh, NULL), 0);
    assert_int_equal(hf_store_setup_code(st, code, NULL), 0);
    assert_string_equal(code, "");
    assert_int_equal(session_count(st, &s), 2);
    assert_string_equal(s.user, "ann");
    assert_int_equal(account_count(st, found), 2);
    assert_string_equal(found[0].password_hash, "$argon2id$new");
    assert_int_equal(hf_store_claim(st, &fresh, NULL), -1);
    recover(st, &r, false);
    assert_int_equal(hf_store_claim(st, &fresh, NULL), -1);
}

static void
a_recovery_by_password(void **state)
{
    HF_AUTO(hf_store) struct hf_store *st = two_people(*state);
    const struct hf_store_recovery code = {.file_hash = "f", .setup_code_hash = "code"};
    const struct hf_store_recovery r = {.file_hash = "g", .password_hash = "$argon2id$new"};
    const struct hf_store_recovery bad = {.file_hash = "h", .password_hash = "no hash"};
    struct hf_account off = admin, found[4];
    const struct hf_account_change change = {
        .user = "admin", .account = &off, .note = {.who = "ann", .what = "disabled admin"}};
    char waiting[HF_CODE_HASH_SIZE];
    struct hf_session_record s;
    bool applied;

    recover(st, &code, true);
    off.role = HF_ROLE_VIEWER;
    off.disabled = true;
    assert_int_equal(hf_store_change_account(st, &change, NULL), 0);
    assert_int_equal(hf_store_apply_recovery(st, &bad, &applied, NULL), -1);
    assert_int_equal(session_count(st, &s), 3);
    recover(st, &r, true);
    expect_audit(st, "password of admin set by a recovery file");
    assert_int_equal(account_count(st, found), 2);
    assert_string_equal(found[0].password_hash, "$argon2id$new");
    assert_int_equal(found[0].role, HF_ROLE_ADMIN);
    assert_false(found[0].disabled);
    assert_int_equal(session_count(st, &s), 2);
    assert_int_equal(hf_store_setup_code(st, waiting, NULL), 0);
    assert_string_equal(waiting, "");
}

/* The stick that was left in is not applied again where the database is gone. */
static void
pain_06_a_recovery_is_not_applied_again(void **state)
{
    const struct hf_store_recovery r = {.file_hash = "f", .setup_code_hash = "code"};
    struct hf_account fresh = admin;
    struct hf_store *st = two_people(*state);

    recover(st, &r, true);
    assert_int_equal(hf_store_claim(st, &fresh, NULL), 0);
    hf_store_free(st);
    assert_int_equal(unlink(tempdir_path(*state, "holdfast.db")), 0);
    st = opened(*state);
    recover(st, &r, false);
    assert_int_equal(hf_store_claim(st, &fresh, NULL), -1);
    hf_store_free(st);
}

/* Who is locked out stays so, and what a script uses goes on, where the database is gone. */
static void
pain_06_locks_and_tokens_come_from_the_export(void **state)
{
    struct hf_store *st = two_people(*state);
    struct hf_account off = ann, found[4];
    const struct hf_account_change change = {
        .user = "ann", .account = &off, .note = {.who = "admin", .what = "disabled ann"}};
    struct hf_token_record t;
    size_t count = 0;

    off.disabled = true;
    assert_int_equal(hf_store_change_account(st, &change, NULL), 0);
    hf_store_free(st);
    assert_int_equal(unlink(tempdir_path(*state, "holdfast.db")), 0);
    st = opened(*state);
    assert_int_equal(hf_store_opened_as(st, NULL), HF_STORE_RECOVERED);
    assert_int_equal(hf_store_accounts(st, found, HF_LEN(found), &count, NULL), 0);
    assert_int_equal(count, 2);
    assert_true(found[1].disabled);
    assert_int_equal(token_count(st, &t), 1);
    assert_string_equal(t.user, "ann");
    hf_store_free(st);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_tempdir(a_change_is_one_transaction),
        with_tempdir(what_is_of_an_account_goes_with_it),
        with_tempdir(tokens_are_kept),
        with_tempdir(a_recovery_by_code_claims_anew),
        with_tempdir(a_recovery_by_password),
        with_tempdir(pain_06_a_recovery_is_not_applied_again),
        with_tempdir(pain_06_locks_and_tokens_come_from_the_export),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
