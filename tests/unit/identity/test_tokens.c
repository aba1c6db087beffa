// SPDX-License-Identifier: Apache-2.0
#include "people.h"

#include <stdio.h>

static const int64_t DAY_MS = INT64_C(86400000);

/* A token of ann's, and its text. */
static struct hf_token
made(struct hf_identity *id, const struct hf_session *by, const char *name, enum hf_role role,
     char text[HF_API_TOKEN_SIZE])
{
    const struct hf_actor actor = {by, "10.0.0.3"};
    struct hf_error err = {0};
    struct hf_token token;

    if (hf_identity_add_token(id, &actor, name, role, 30, text, &token, &err) < 0)
        fail_msg("%s", err.message);
    return token;
}

static int
show(struct hf_identity *id, const char *text, const char *address, struct hf_session *ret_session,
     struct hf_error *err)
{
    int retry = 0;
    int rc = hf_identity_token(id, text, address, ret_session, &retry, err);

    if (rc < 0 && err->class == HF_ERROR_THROTTLED)
        assert_in_range(retry, 1, 300);
    return rc;
}

static void
a_token_opens_what_its_role_may(void **state)
{
    struct kept k;
    HF_AUTO(hf_identity) struct hf_identity *id = two_people(&k);
    const struct hf_session ann = logged_in(id, "ann");
    char text[HF_API_TOKEN_SIZE];
    struct hf_session session;
    struct hf_error err;
    struct hf_token token = made(id, &ann, "ci", HF_ROLE_VIEWER, text);

    (void)state;
    assert_string_equal(k.audit, "ann: made token ci as viewer from 10.0.0.3");
    assert_non_null(strstr(k.values, "{\"path\":\"/role\",\"before\":null,\"after\":\"viewer\"},"
                                     "{\"path\":\"/expires\",\"before\":null,\"after\":\"20"));
    assert_int_equal(strncmp(text, "hft_", 4), 0);
    assert_int_equal(strlen(text), 68);
    assert_null(strstr(k.token.token_hash, text + 4)); /* what is kept opens nothing */
    assert_int_equal(show(id, k.token.token_hash, "10.0.0.3", &session, &err), -1);
    assert_int_equal(token.used_ms, 0);
    assert_true(token.expires_ms - token.created_ms == 30 * DAY_MS);
    assert_int_equal(show(id, text, "10.0.0.4", &session, &err), 0);
    assert_string_equal(session.user, "ann/ci");
    assert_string_equal(session.account, "ann");
    assert_int_equal(session.role, HF_ROLE_VIEWER);
    assert_true(session.is_token && session.proved);
    assert_true(hf_identity_still(id, &session));
    assert_int_equal(k.uses, 1); /* not at every request */
    assert_false(hf_identity_session(id, text, NULL));
}

static void
never_more_than_its_maker(void **state)
{
    struct kept k;
    HF_AUTO(hf_identity) struct hf_identity *id = two_people(&k);
    const struct hf_session ann = logged_in(id, "ann"), admin = logged_in(id, "admin");
    const struct hf_actor by_ann = {&ann, "10.0.0.3"}, by_admin = {&admin, "10.0.0.3"};
    const struct hf_user_change down = {.has_role = true, .role = HF_ROLE_VIEWER};
    const struct hf_user_change off = {.has_disabled = true, .disabled = true};
    char text[HF_API_TOKEN_SIZE], more[HF_API_TOKEN_SIZE];
    struct hf_error err = {0};
    struct hf_session session;
    struct hf_token token, list[HF_TOKENS_MAX];
    struct hf_user user;
    size_t count;

    (void)state;
    assert_int_equal(hf_identity_add_token(id, &by_ann, "x", HF_ROLE_ADMIN, 1, more, &token, &err),
                     -1);
    assert_int_equal(err.class, HF_ERROR_FORBIDDEN);
    assert_string_equal(err.pointer, "/role");
    assert_int_equal(k.tokens_added, 0);
    made(id, &ann, "ci", HF_ROLE_OPERATOR, text);
    assert_int_equal(hf_identity_change_user(id, &by_admin, "ann", &down, &user, NULL), 0);
    assert_int_equal(show(id, text, "10.0.0.3", &session, &err), 0);
    assert_int_equal(session.role, HF_ROLE_VIEWER);
    hf_identity_tokens(id, &by_admin, list, &count);
    assert_int_equal(count, 1);
    assert_int_equal(list[0].role, HF_ROLE_VIEWER);
    /* nor makes a token of a token */
    const struct hf_actor by_token = {&session, "10.0.0.3"};
    assert_int_equal(
        hf_identity_add_token(id, &by_token, "y", HF_ROLE_OPERATOR, 1, more, &token, &err), -1);
    assert_int_equal(hf_identity_change_user(id, &by_admin, "ann", &off, &user, NULL), 0);
    assert_int_equal(show(id, text, "10.0.0.3", &session, &err), -1);
    assert_int_equal(err.class, HF_ERROR_UNAUTHORIZED);
    assert_int_equal(hf_identity_remove_user(id, &by_admin, "ann", NULL), 0);
    hf_identity_tokens(id, &by_admin, list, &count);
    assert_int_equal(count, 0);
}

static void
what_may_not_be_made(void **state)
{
    struct kept k;
    HF_AUTO(hf_identity) struct hf_identity *id = two_people(&k);
    const struct hf_session ann = logged_in(id, "ann");
    const struct hf_actor by = {&ann, "10.0.0.3"};
    char text[HF_API_TOKEN_SIZE], name[16];
    struct hf_error err = {0};
    struct hf_token token;

    (void)state;
    for (int i = 0; i < HF_TOKENS_MAX; i++) {
        snprintf(name, sizeof name, "t%d", i);
        made(id, &ann, name, HF_ROLE_VIEWER, text);
    }
    assert_int_equal(hf_identity_add_token(id, &by, "t1", HF_ROLE_VIEWER, 1, text, &token, &err),
                     -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_string_equal(err.pointer, "/name");
    assert_int_equal(hf_identity_add_token(id, &by, "more", HF_ROLE_VIEWER, 1, text, &token, &err),
                     -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
    assert_int_equal(hf_identity_add_token(id, &by, "a/b", HF_ROLE_VIEWER, 1, text, &token, &err),
                     -1);
    assert_int_equal(err.class, HF_ERROR_INVALID);
    k.full = true;
    assert_int_equal(hf_identity_add_token(id, &by, "z", HF_ROLE_VIEWER, 1, text, &token, &err),
                     -1);
    assert_string_equal(text, "");
}

static void
revoked_at_once(void **state)
{
    struct kept k;
    HF_AUTO(hf_identity) struct hf_identity *id = two_people(&k);
    const struct hf_session ann = logged_in(id, "ann"), admin = logged_in(id, "admin");
    const struct hf_actor by_ann = {&ann, "10.0.0.3"}, by_admin = {&admin, "10.0.0.3"};
    char text[HF_API_TOKEN_SIZE], of_admin[HF_API_TOKEN_SIZE];
    struct hf_token token = made(id, &ann, "ci", HF_ROLE_VIEWER, text);
    struct hf_token other = made(id, &admin, "ci", HF_ROLE_ADMIN, of_admin);
    struct hf_token list[HF_TOKENS_MAX];
    struct hf_error err = {0};
    struct hf_session session;
    size_t count;

    (void)state;
    assert_int_equal(show(id, text, "10.0.0.3", &session, &err), 0);
    hf_identity_tokens(id, &by_ann, list, &count);
    assert_int_equal(count, 1);
    assert_true(list[0].used_ms > 0);
    assert_int_equal(hf_identity_revoke_token(id, &by_ann, other.id, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NOT_FOUND);
    assert_int_equal(hf_identity_revoke_token(id, &by_ann, "", &err), -1);
    assert_int_equal(hf_identity_revoke_token(id, &by_admin, token.id, NULL), 0);
    assert_string_equal(k.audit, "admin: revoked token ci of ann from 10.0.0.3");
    assert_non_null(strstr(k.values, "{\"path\":\"/role\",\"before\":\"viewer\",\"after\":null}"));
    assert_false(hf_identity_still(id, &session));
    assert_int_equal(show(id, text, "10.0.0.3", &session, &err), -1);
    k.full = true; /* one that was stolen is gone, whatever the disk says */
    assert_int_equal(hf_identity_revoke_token(id, &by_admin, other.id, &err), -1);
    assert_int_equal(show(id, of_admin, "10.0.0.3", &session, &err), -1);
}

static void
expired_ones_are_refused_and_survive_a_restart(void **state)
{
    struct kept k;
    struct hf_identity *id = two_people(&k);
    const struct hf_session ann = logged_in(id, "ann");
    char text[HF_API_TOKEN_SIZE];
    const struct hf_account accounts[] = {account("ann", HF_ROLE_OPERATOR)};
    struct hf_token_record record;
    struct hf_identity_start start = {
        .accounts = accounts, .account_count = 1, .tokens = &record, .token_count = 1};
    struct hf_error err = {0};
    struct hf_session session;

    (void)state;
    made(id, &ann, "ci", HF_ROLE_VIEWER, text);
    hf_identity_free(id);
    record = k.token;
    id = begun(&k, &start);
    assert_int_equal(show(id, text, "10.0.0.3", &session, &err), 0);
    hf_identity_free(id);
    record.expires_ms = hf_clock_wall_ms();
    id = begun(&k, &start);
    for (int i = 0; i < 20; i++) { /* a script that goes on is told the same each time */
        assert_int_equal(show(id, text, "10.0.0.3", &session, &err), -1);
        assert_int_equal(err.class, HF_ERROR_UNAUTHORIZED);
        assert_non_null(strstr(err.message, "expired"));
    }
    hf_identity_free(id);
}

static void
wrong_ones_wait_and_nobody_else(void **state)
{
    struct kept k;
    HF_AUTO(hf_identity) struct hf_identity *id = two_people(&k);
    const struct hf_session ann = logged_in(id, "ann");
    char text[HF_API_TOKEN_SIZE], wrong[HF_API_TOKEN_SIZE];
    struct hf_session session;
    struct hf_login login;
    struct hf_error err = {0};
    int tries = 0;

    (void)state;
    made(id, &ann, "ci", HF_ROLE_VIEWER, text);
    memcpy(wrong, text, sizeof wrong);
    wrong[10] = wrong[10] == 'a' ? 'b' : 'a';
    do {
        assert_int_equal(show(id, wrong, "10.0.0.9", &session, &err), -1);
    } while (err.class == HF_ERROR_UNAUTHORIZED && ++tries < 20);
    assert_int_equal(err.class, HF_ERROR_THROTTLED);
    assert_string_equal(k.audit, "?: wrong token from 10.0.0.9");
    assert_int_equal(k.audit_status, 401);
    assert_int_equal(show(id, text, "10.0.0.9", &session, &err), 0);
    assert_int_equal(hf_identity_login(id, "ann", PASSWORD, "10.0.0.9", &login, NULL), 0);
    assert_int_equal(show(id, "", "10.0.0.10", &session, &err), -1);
    assert_int_equal(err.class, HF_ERROR_UNAUTHORIZED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_opens_what_its_role_may),
        cmocka_unit_test(never_more_than_its_maker),
        cmocka_unit_test(what_may_not_be_made),
        cmocka_unit_test(revoked_at_once),
        cmocka_unit_test(expired_ones_are_refused_and_survive_a_restart),
        cmocka_unit_test(wrong_ones_wait_and_nobody_else),
    };

    return cmocka_run_group_tests(tests, make_password_hash, NULL);
}
