// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include "base/clock.h"
#include "identity/identity.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { SAVED_MAX = 128, THREADS = 6 };

static const char PASSWORD[] = "correct horse battery";

/* What stands behind the operations: a store in memory. */
struct kept {
    pthread_mutex_t mutex;
    struct hf_account account;
    bool claimed, full;
    struct hf_session_record sessions[SAVED_MAX];
    size_t count;
    char audit[256];
};

static int
keep_claim(void *context, const struct hf_account *a, struct hf_error *err)
{
    struct kept *k = context;
    int rc = 0;

    pthread_mutex_lock(&k->mutex);
    if (k->full)
        rc = hf_error_set(err, HF_ERROR_NO_SPACE, "full");
    else if (k->claimed)
        rc = hf_error_set(err, HF_ERROR_CONFLICT, "this gateway is already claimed");
    else
        k->account = *a;
    k->claimed = k->claimed || rc == 0;
    pthread_mutex_unlock(&k->mutex);
    return rc;
}

static int
keep_session(void *context, const struct hf_session_record *s, struct hf_error *err)
{
    struct kept *k = context;
    int rc = 0;

    pthread_mutex_lock(&k->mutex);
    if (k->full || k->count == SAVED_MAX)
        rc = hf_error_set(err, HF_ERROR_NO_SPACE, "full");
    else
        k->sessions[k->count++] = *s;
    pthread_mutex_unlock(&k->mutex);
    return rc;
}

static int
drop_session(void *context, const char *hash, struct hf_error *err)
{
    struct kept *k = context;

    (void)err;
    pthread_mutex_lock(&k->mutex);
    for (size_t i = 0; i < k->count; i++)
        if (strcmp(k->sessions[i].token_hash, hash) == 0)
            k->sessions[i--] = k->sessions[--k->count];
    pthread_mutex_unlock(&k->mutex);
    return 0;
}

static void
keep_audit(void *context, const struct hf_audit_note *note)
{
    struct kept *k = context;

    pthread_mutex_lock(&k->mutex);
    snprintf(k->audit, sizeof k->audit, "%s: %s", note->who, note->what);
    pthread_mutex_unlock(&k->mutex);
}

static struct hf_identity *
started(struct kept *k, const char *code_hash)
{
    const struct hf_identity_ops ops = {.context = k,
                                        .claim = keep_claim,
                                        .save_session = keep_session,
                                        .delete_session = drop_session,
                                        .audit = keep_audit};
    const struct hf_identity_start start = {
        .accounts = &k->account,
        .account_count = k->claimed,
        .sessions = k->sessions,
        .session_count = k->count,
        .setup_code_hash = code_hash,
        .gateway_name = "pump-house-3",
    };
    struct hf_identity *id = NULL;

    assert_int_equal(hf_identity_new(&ops, &start, &id, NULL), 0);
    return id;
}

static struct hf_identity *
claimed(struct kept *k, struct hf_login *ret_login)
{
    struct hf_identity *id = started(k, NULL);
    char code[HF_SETUP_CODE_SIZE];
    struct hf_error err = {0};

    assert_true(hf_identity_setup_code(id, code));
    if (hf_identity_claim(id, code, PASSWORD, "192.168.1.7", ret_login, &err) < 0)
        fail_msg("%s", err.message);
    return id;
}

static struct kept *
fresh(void)
{
    static struct kept k;

    memset(&k, 0, sizeof k);
    pthread_mutex_init(&k.mutex, NULL);
    return &k;
}

static void
claim_makes_the_admin_once(void **state)
{
    struct kept *k = fresh();
    struct hf_login login;
    struct hf_session session;
    struct hf_error err = {0};
    char code[HF_SETUP_CODE_SIZE];
    HF_AUTO(hf_identity) struct hf_identity *id = claimed(k, &login);

    (void)state;
    assert_true(hf_identity_claimed(id));
    assert_false(hf_identity_setup_code(id, code));
    assert_string_equal(k->account.user, "admin");
    assert_int_equal(k->account.role, HF_ROLE_ADMIN);
    assert_int_equal(strncmp(k->account.password_hash, "$argon2id$v=19$m=19456,t=2,p=1$", 31), 0);
    assert_int_equal(hf_password_hash_check(k->account.password_hash, "/x", NULL), 0);
    assert_int_equal(k->count, 1);
    assert_string_equal(k->audit, "admin: claimed from 192.168.1.7");
    assert_true(hf_identity_session(id, login.token, &session));
    assert_string_equal(session.user, "admin");
    assert_true(session.expires_ms > hf_clock_wall_ms());
    assert_int_equal(hf_identity_claim(id, "7KQM-X3PA-92HV", PASSWORD, "1.2.3.4", &login, &err),
                     -1);
    assert_int_equal(err.class, HF_ERROR_CONFLICT);
}

static void
claim_needs_code_and_good_password(void **state)
{
    struct kept *k = fresh();
    HF_AUTO(hf_identity) struct hf_identity *id = started(k, NULL);
    struct hf_login login;
    struct hf_error err = {0};
    char code[HF_SETUP_CODE_SIZE];

    (void)state;
    assert_true(hf_identity_setup_code(id, code));
    assert_int_equal(hf_identity_claim(id, "nonsense", PASSWORD, "1.2.3.4", &login, &err), -1);
    assert_int_equal(err.class, HF_ERROR_FORBIDDEN);
    assert_int_equal(hf_identity_claim(id, code, "short", "1.2.3.4", &login, &err), -1);
    assert_int_equal(err.class, HF_ERROR_INVALID);
    assert_string_equal(err.pointer, "/password");
    assert_int_equal(hf_identity_claim(id, code, code, "1.2.3.4", &login, &err), -1);
    assert_int_equal(err.class, HF_ERROR_INVALID);
    assert_int_equal(hf_identity_claim(id, code, "PUMP-house-3", "1.2.3.4", &login, &err), -1);
    assert_int_equal(err.class, HF_ERROR_INVALID);
    assert_false(hf_identity_claimed(id));
    k->full = true;
    assert_int_equal(hf_identity_claim(id, code, PASSWORD, "1.2.3.4", &login, &err), -1);
    assert_int_equal(err.class, HF_ERROR_NO_SPACE);
    assert_false(hf_identity_claimed(id));
}

static void
guessing_the_code_is_slowed_down(void **state)
{
    struct kept *k = fresh();
    HF_AUTO(hf_identity) struct hf_identity *id = started(k, NULL);
    struct hf_login login;
    struct hf_error err = {0};
    char code[HF_SETUP_CODE_SIZE];
    int tries = 0;

    (void)state;
    do {
        assert_int_equal(
            hf_identity_claim(id, "2222-2222-2222", PASSWORD, "::ffff:10.0.0.1", &login, &err), -1);
    } while (err.class == HF_ERROR_FORBIDDEN && ++tries < 20);
    assert_int_equal(err.class, HF_ERROR_THROTTLED);
    assert_in_range(login.retry_after_s, 1, 300);
    assert_true(hf_identity_setup_code(id, code));
    assert_int_equal(hf_identity_claim(id, code, PASSWORD, "10.0.0.1", &login, &err), -1);
    assert_int_equal(err.class, HF_ERROR_THROTTLED);
    assert_int_equal(hf_identity_claim(id, code, PASSWORD, "10.0.0.2", &login, &err), 0);
}

static void
provisioned_code_claims(void **state)
{
    struct kept *k = fresh();
    char hash[HF_CODE_HASH_SIZE], code[HF_SETUP_CODE_SIZE];
    struct hf_login login;

    (void)state;
    assert_int_equal(hf_setup_code_hash("7KQM-X3PA-92HV", hash, NULL), 0);

    HF_AUTO(hf_identity) struct hf_identity *id = started(k, hash);
    assert_false(hf_identity_setup_code(id, code));
    assert_int_equal(hf_identity_claim(id, "7kqmx3pa92hv", PASSWORD, "::1", &login, NULL), 0);
}

static void
login_and_logout(void **state)
{
    struct kept *k = fresh();
    struct hf_login first, second;
    struct hf_error err = {0};
    HF_AUTO(hf_identity) struct hf_identity *id = claimed(k, &first);

    (void)state;
    assert_int_equal(hf_identity_login(id, "admin", PASSWORD, "10.0.0.3", &second, &err), 0);
    assert_string_not_equal(first.token, second.token);
    assert_int_equal(strlen(second.token), 64);
    hf_identity_logout(id, second.token);
    assert_string_equal(k->audit, "admin: logged out");
    assert_false(hf_identity_session(id, second.token, NULL));
    assert_true(hf_identity_session(id, first.token, NULL));
    assert_int_equal(k->count, 1);
    assert_false(hf_identity_session(id, NULL, NULL));
    assert_false(hf_identity_session(id, "", NULL));
    hf_identity_logout(id, "nothing");
    for (size_t i = 0; i < k->count; i++) /* what is stored opens nothing */
        assert_false(hf_identity_session(id, k->sessions[i].token_hash, NULL));
}

static void
wrong_passwords_are_slowed_down_but_not_the_owner(void **state)
{
    struct kept *k = fresh();
    struct hf_login owner, login;
    struct hf_error err = {0};
    char too_long[400];
    HF_AUTO(hf_identity) struct hf_identity *id = claimed(k, &owner);
    int tries = 0;

    (void)state;
    memset(too_long, 'x', sizeof too_long - 1);
    too_long[sizeof too_long - 1] = '\0';
    assert_int_equal(hf_identity_login(id, "admin", too_long, "10.0.0.8", &login, &err), -1);
    assert_int_equal(err.class, HF_ERROR_UNAUTHORIZED);
    assert_int_equal(hf_identity_login(id, "nobody", PASSWORD, "10.0.0.9", &login, &err), -1);
    assert_int_equal(err.class, HF_ERROR_UNAUTHORIZED);
    do {
        assert_int_equal(hf_identity_login(id, "admin", "wrong guess", "10.0.0.9", &login, &err),
                         -1);
    } while (err.class == HF_ERROR_UNAUTHORIZED && ++tries < 20);
    assert_int_equal(err.class, HF_ERROR_THROTTLED);
    assert_true(login.retry_after_s >= 1);
    assert_true(hf_identity_session(id, owner.token, NULL));
    assert_int_equal(hf_identity_login(id, "admin", PASSWORD, "10.0.0.9", &login, &err), -1);
    assert_int_equal(err.class, HF_ERROR_THROTTLED);
    assert_int_equal(hf_identity_login(id, "admin", PASSWORD, "10.0.0.10", &login, &err), 0);
}

static void
sessions_survive_a_restart(void **state)
{
    struct kept *k = fresh();
    struct hf_login login;
    struct hf_identity *id = claimed(k, &login);

    (void)state;
    hf_identity_free(id);
    id = started(k, NULL);
    assert_true(hf_identity_claimed(id));
    assert_true(hf_identity_session(id, login.token, NULL));
    hf_identity_free(id);
}

static void
pain_11_full_disk_does_not_keep_the_owner_out(void **state)
{
    struct kept *k = fresh();
    struct hf_login login;
    HF_AUTO(hf_identity) struct hf_identity *id = claimed(k, &login);

    (void)state;
    k->full = true;
    assert_int_equal(hf_identity_login(id, "admin", PASSWORD, "10.0.0.3", &login, NULL), 0);
    assert_true(hf_identity_session(id, login.token, NULL));
}

static long
resident_kib(void)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[128];
    long kib = -1;

    assert_non_null(f);
    while (fgets(line, sizeof line, f))
        if (strncmp(line, "VmRSS:", 6) == 0)
            kib = strtol(line + 6, NULL, 10);
    fclose(f);
    assert_true(kib > 0);
    return kib;
}

static void
memory_of_hashing_is_given_back(void **state)
{
    struct kept *k = fresh();
    struct hf_login login;
    HF_AUTO(hf_identity) struct hf_identity *id = claimed(k, &login);
    long before = resident_kib();

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(hf_identity_login(id, "admin", PASSWORD, "10.0.0.3", &login, NULL), 0);
    assert_in_range(resident_kib(), 0, before + 4096);
}

struct worker {
    struct hf_identity *id;
    int number, logins, refused;
};

static void *
log_in_and_out(void *context)
{
    struct worker *w = context;
    struct hf_login login;
    struct hf_error err;
    char address[32];

    snprintf(address, sizeof address, "10.0.1.%d", w->number);
    for (int i = 0; i < 4; i++) {
        if (hf_identity_login(w->id, "admin", PASSWORD, address, &login, &err) < 0) {
            w->refused += err.class == HF_ERROR_THROTTLED;
            continue;
        }
        w->logins++;
        for (int j = 0; j < 50; j++)
            w->logins += hf_identity_session(w->id, login.token, NULL) ? 0 : 1000;
        hf_identity_logout(w->id, login.token);
    }
    return NULL;
}

static void
many_threads_at_once(void **state)
{
    struct kept *k = fresh();
    struct hf_login login;
    HF_AUTO(hf_identity) struct hf_identity *id = claimed(k, &login);
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    int done = 0;

    (void)state;
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.id = id, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, log_in_and_out, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        done += workers[i].logins + workers[i].refused;
    }
    assert_int_equal(done, 4 * THREADS);
    assert_int_equal(k->count, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claim_makes_the_admin_once),
        cmocka_unit_test(claim_needs_code_and_good_password),
        cmocka_unit_test(guessing_the_code_is_slowed_down),
        cmocka_unit_test(provisioned_code_claims),
        cmocka_unit_test(login_and_logout),
        cmocka_unit_test(wrong_passwords_are_slowed_down_but_not_the_owner),
        cmocka_unit_test(sessions_survive_a_restart),
        cmocka_unit_test(pain_11_full_disk_does_not_keep_the_owner_out),
        cmocka_unit_test(memory_of_hashing_is_given_back),
        cmocka_unit_test(many_threads_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
