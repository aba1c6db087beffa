// SPDX-License-Identifier: Apache-2.0
#include "identity/identity.h"

#include "base/clock.h"
#include "base/text.h"
#include "identity/code.h"
#include "identity/password.h"
#include "identity/session.h"
#include "identity/throttle.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const char ADMIN[] = "admin";
static const char NOBODY[] = "?";         /* every user name that nobody has */
static const char CLAIMING[] = "(claim)"; /* what a guess at the setup code counts against */

/* Of a random password that nobody knows: a login of an unknown user takes as long as another. */
static const char nobodys_hash[] = "$argon2id$v=19$m=19456,t=2,p=1$OKji5TVm9RoQVpZv6Y84IQ"
                                   "$aJABQwWXJP6qaGGwgbd1+VatDx4+bSiBNd44XUxqbYg";

struct hf_identity {
    struct hf_identity_ops ops;
    struct hf_argon2 argon2;
    pthread_mutex_t mutex; /* of all below; never held across ops or Argon2 */
    struct hf_throttle throttle;
    struct hf_sessions sessions;
    int64_t wall_ms, mono_ms; /* both clocks when they were last compared */
    struct hf_account accounts[HF_ACCOUNTS_MAX];
    size_t account_count;
    char setup_code[HF_SETUP_CODE_SIZE]; /* "" where it is not ours to show */
    char setup_code_hash[HF_CODE_HASH_SIZE];
    char gateway_name[HF_NAME_SIZE];
};

/* ---- life ---- */

static int
prepare_code(struct hf_identity *id, const char *provisioned_hash, struct hf_error *err)
{
    if (id->account_count)
        return 0;
    if (provisioned_hash && *provisioned_hash) {
        snprintf(id->setup_code_hash, sizeof id->setup_code_hash, "%s", provisioned_hash);
        return 0;
    }
    hf_setup_code_make(id->setup_code);
    return hf_setup_code_hash(id->setup_code, id->setup_code_hash, err);
}

int
hf_identity_new(const struct hf_identity_ops *ops, const struct hf_identity_start *start,
                struct hf_identity **ret_identity, struct hf_error *err)
{
    HF_AUTO(hf_identity) struct hf_identity *id = NULL;

    if (sodium_init() < 0)
        return hf_error_set(err, HF_ERROR_INTERNAL, "libsodium does not start");
    id = calloc(1, sizeof *id);
    if (!id)
        return hf_error_nomem(err);
    id->ops = *ops;
    hf_argon2_init(&id->argon2);
    pthread_mutex_init(&id->mutex, NULL);
    for (size_t i = 0; i < start->account_count && i < HF_ACCOUNTS_MAX; i++)
        id->accounts[id->account_count++] = start->accounts[i];
    for (size_t i = 0; i < start->session_count && i < HF_SESSIONS_MAX; i++)
        hf_sessions_load(&id->sessions, &start->sessions[i], hf_clock_wall_ms(),
                         hf_clock_mono_ms());
    id->wall_ms = hf_clock_wall_ms();
    id->mono_ms = hf_clock_mono_ms();
    if (start->gateway_name)
        snprintf(id->gateway_name, sizeof id->gateway_name, "%s", start->gateway_name);
    if (prepare_code(id, start->setup_code_hash, err) < 0)
        return -1;
    *ret_identity = hf_steal(&id);
    return 0;
}

void
hf_identity_free(struct hf_identity *id)
{
    if (!id)
        return;
    pthread_mutex_destroy(&id->mutex);
    hf_argon2_done(&id->argon2);
    sodium_memzero(id, sizeof *id);
    free(id);
}

bool
hf_identity_claimed(struct hf_identity *id)
{
    bool claimed;

    pthread_mutex_lock(&id->mutex);
    claimed = id->account_count > 0;
    pthread_mutex_unlock(&id->mutex);
    return claimed;
}

bool
hf_identity_setup_code(struct hf_identity *id, char out[HF_SETUP_CODE_SIZE])
{
    bool has;

    pthread_mutex_lock(&id->mutex);
    has = id->setup_code[0] != '\0';
    if (has)
        memcpy(out, id->setup_code, HF_SETUP_CODE_SIZE);
    pthread_mutex_unlock(&id->mutex);
    return has;
}

/* ---- helpers of claim and login ---- */

struct guess {
    char address[INET6_ADDRSTRLEN];
    const char *account;
};

/* One spelling for each address, IPv4 in IPv6 and zones aside. */
static void
normalise_address(const char *address, char out[INET6_ADDRSTRLEN])
{
    char bare[INET6_ADDRSTRLEN];
    struct in6_addr in6;

    snprintf(bare, sizeof bare, "%.*s", (int)strcspn(address, "%"), address);
    if (inet_pton(AF_INET6, bare, &in6) == 1) {
        if (IN6_IS_ADDR_V4MAPPED(&in6))
            inet_ntop(AF_INET, &in6.s6_addr[12], bare, sizeof bare);
        else
            inet_ntop(AF_INET6, &in6, bare, sizeof bare);
    }
    snprintf(out, INET6_ADDRSTRLEN, "%s", bare[0] ? bare : NOBODY);
}

static int
throttled(struct hf_login *ret_login, int64_t wait_ms, struct hf_error *err)
{
    ret_login->retry_after_s = (int)((wait_ms + 999) / 1000);
    return hf_error_set(err, HF_ERROR_THROTTLED, "too many wrong guesses: try again in %d s",
                        ret_login->retry_after_s);
}

static void
guess_right(struct hf_identity *id, const struct guess *g)
{
    pthread_mutex_lock(&id->mutex);
    hf_throttle_right(&id->throttle, g->address, g->account);
    pthread_mutex_unlock(&id->mutex);
}

/* After a failure that says nothing about the guess. */
static int
guess_undone(struct hf_identity *id, const struct guess *g, struct hf_login *ret_login)
{
    pthread_mutex_lock(&id->mutex);
    hf_throttle_undo(&id->throttle, g->address, g->account);
    pthread_mutex_unlock(&id->mutex);
    ret_login->retry_after_s = 1;
    return -1;
}

static void
audit(struct hf_identity *id, const char *who, const char *what, const char *address)
{
    char text[HF_PASSWORD_HASH_SIZE];

    snprintf(text, sizeof text, "%s from %s", what, address);
    if (id->ops.audit)
        id->ops.audit(id->ops.context, who, text);
}

static void
save_session(struct hf_identity *id, const struct hf_session_record *r)
{
    struct hf_live_session *l;
    bool ended;

    if (!id->ops.save_session || id->ops.save_session(id->ops.context, r, NULL) < 0)
        return;
    /* a logout may have overtaken the saving: it must win */
    pthread_mutex_lock(&id->mutex);
    l = hf_sessions_find(&id->sessions, r->token_hash, hf_clock_mono_ms());
    ended = l == NULL;
    pthread_mutex_unlock(&id->mutex);
    if (ended && id->ops.delete_session)
        (void)!id->ops.delete_session(id->ops.context, r->token_hash, NULL);
}

static void
fill_session(const struct hf_live_session *l, int64_t mono_ms, struct hf_session *ret_session)
{
    *ret_session = (struct hf_session){
        .role = l->role,
        .expires_ms = hf_clock_wall_ms() + hf_session_end(l) - mono_ms,
    };
    memcpy(ret_session->user, l->user, sizeof l->user);
}

static void
open_session(struct hf_identity *id, const struct hf_account *account, struct hf_login *ret_login)
{
    unsigned char random[(HF_TOKEN_SIZE - 1) / 2];
    char hash[HF_TOKEN_HASH_SIZE], evicted[HF_TOKEN_HASH_SIZE];
    int64_t wall_ms = hf_clock_wall_ms(), mono_ms = hf_clock_mono_ms();
    struct hf_session_record record;
    struct hf_live_session *l;

    hf_random(random, sizeof random);
    hf_text_hex(random, sizeof random, ret_login->token);
    sodium_memzero(random, sizeof random);
    hf_token_hash(ret_login->token, hash);

    pthread_mutex_lock(&id->mutex);
    l = hf_sessions_add(&id->sessions, hash, account, wall_ms, mono_ms, evicted);
    hf_session_record(l, wall_ms, mono_ms, &record);
    fill_session(l, mono_ms, &ret_login->session);
    pthread_mutex_unlock(&id->mutex);

    if (evicted[0] && id->ops.delete_session)
        (void)!id->ops.delete_session(id->ops.context, evicted, NULL);
    save_session(id, &record);
}

/* ---- claim ---- */

static int
begin_claim(struct hf_identity *id, const char *code, struct guess *g, struct hf_login *ret_login,
            struct hf_error *err)
{
    char hash[HF_CODE_HASH_SIZE];
    bool claimed;
    int64_t wait = 0;

    pthread_mutex_lock(&id->mutex);
    claimed = id->account_count > 0;
    if (!claimed)
        wait = hf_throttle_begin(&id->throttle, g->address, g->account, hf_clock_mono_ms());
    memcpy(hash, id->setup_code_hash, sizeof hash);
    pthread_mutex_unlock(&id->mutex);

    if (claimed)
        return hf_error_set(err, HF_ERROR_CONFLICT, "this gateway is already claimed");
    if (wait)
        return throttled(ret_login, wait, err);
    if (!hf_setup_code_verify(code, hash)) {
        audit(id, NOBODY, "wrong setup code", g->address);
        return hf_error_set_at(err, HF_ERROR_FORBIDDEN, "/setup_code",
                               "that is not the setup code of this gateway");
    }
    guess_right(id, g);
    return 0;
}

static int
check_new_password(struct hf_identity *id, const char *code, const char *password,
                   struct hf_error *err)
{
    char name[HF_NAME_SIZE], a[HF_SETUP_CODE_SIZE], b[HF_SETUP_CODE_SIZE];

    pthread_mutex_lock(&id->mutex);
    memcpy(name, id->gateway_name, sizeof name);
    pthread_mutex_unlock(&id->mutex);
    if (hf_password_check(password, name, err) < 0)
        return -1;
    if (hf_setup_code_normalise(code, a) && hf_setup_code_normalise(password, b) &&
        strcmp(a, b) == 0)
        return hf_error_set_at(err, HF_ERROR_INVALID, "/password",
                               "a password is not the setup code");
    return 0;
}

int
hf_identity_claim(struct hf_identity *id, const char *code, const char *password,
                  const char *address, struct hf_login *ret_login, struct hf_error *err)
{
    struct guess g = {.account = CLAIMING};
    struct hf_account admin = {.role = HF_ROLE_ADMIN, .created_ms = hf_clock_wall_ms()};

    *ret_login = (struct hf_login){.retry_after_s = 1};
    normalise_address(address, g.address);
    if (begin_claim(id, code, &g, ret_login, err) < 0 ||
        check_new_password(id, code, password, err) < 0 ||
        hf_argon2_hash(&id->argon2, password, admin.password_hash, err) < 0)
        return -1;
    memcpy(admin.user, ADMIN, sizeof ADMIN);
    if (id->ops.claim(id->ops.context, &admin, err) < 0)
        return -1;

    pthread_mutex_lock(&id->mutex);
    id->accounts[0] = admin;
    id->account_count = 1;
    sodium_memzero(id->setup_code, sizeof id->setup_code);
    sodium_memzero(id->setup_code_hash, sizeof id->setup_code_hash);
    pthread_mutex_unlock(&id->mutex);

    audit(id, ADMIN, "claimed", g.address);
    open_session(id, &admin, ret_login);
    return 0;
}

/* ---- login ---- */

/* Copies the account of that user; where nobody is called that, one that no password opens. */
static bool
copy_account(struct hf_identity *id, const char *user, struct hf_account *ret_account)
{
    *ret_account = (struct hf_account){.user = ""};
    memcpy(ret_account->password_hash, nobodys_hash, sizeof nobodys_hash);
    for (size_t i = 0; i < id->account_count; i++) {
        if (strcmp(id->accounts[i].user, user) == 0) {
            *ret_account = id->accounts[i];
            return true;
        }
    }
    return false;
}

int
hf_identity_login(struct hf_identity *id, const char *user, const char *password,
                  const char *address, struct hf_login *ret_login, struct hf_error *err)
{
    struct hf_account account;
    struct guess g;
    bool known, match = false;
    int64_t wait;

    *ret_login = (struct hf_login){.retry_after_s = 1};
    normalise_address(address, g.address);
    pthread_mutex_lock(&id->mutex);
    known = copy_account(id, user, &account);
    g.account = known ? account.user : NOBODY;
    wait = hf_throttle_begin(&id->throttle, g.address, g.account, hf_clock_mono_ms());
    pthread_mutex_unlock(&id->mutex);
    if (wait)
        return throttled(ret_login, wait, err);

    if (strlen(password) <= HF_PASSWORD_MAX &&
        hf_argon2_verify(&id->argon2, account.password_hash, password, &match, err) < 0)
        return guess_undone(id, &g, ret_login);
    if (!known || !match) {
        audit(id, g.account, "wrong password", g.address);
        return hf_error_set(err, HF_ERROR_UNAUTHORIZED, "wrong user or password");
    }
    guess_right(id, &g);
    audit(id, account.user, "logged in", g.address);
    open_session(id, &account, ret_login);
    return 0;
}

/* ---- sessions ---- */

static bool
is_token(const char *token)
{
    return token && strlen(token) == HF_TOKEN_SIZE - 1;
}

/* Whether the wall clock was set since the last call. */
static bool
clock_was_set(struct hf_identity *id, int64_t wall_ms, int64_t mono_ms)
{
    bool jumped = hf_clock_jumped(id->wall_ms, id->mono_ms, wall_ms, mono_ms);

    id->wall_ms = wall_ms;
    id->mono_ms = mono_ms;
    return jumped;
}

/* Saves all in the wall clock's new time. */
static void
save_all_sessions(struct hf_identity *id)
{
    struct hf_session_record record;

    for (size_t i = 0; i < HF_SESSIONS_MAX; i++) {
        struct hf_live_session *l = &id->sessions.list[i];
        int64_t mono_ms = hf_clock_mono_ms();
        bool live;

        pthread_mutex_lock(&id->mutex);
        live = l->token_hash[0] && hf_session_end(l) > mono_ms;
        if (live) {
            l->saved_ms = mono_ms;
            hf_session_record(l, hf_clock_wall_ms(), mono_ms, &record);
        }
        pthread_mutex_unlock(&id->mutex);
        if (live)
            save_session(id, &record);
    }
}

bool
hf_identity_session(struct hf_identity *id, const char *token, struct hf_session *ret_session)
{
    int64_t mono_ms = hf_clock_mono_ms();
    char hash[HF_TOKEN_HASH_SIZE];
    struct hf_session_record record;
    struct hf_live_session *l;
    bool save = false, jumped;

    if (!is_token(token))
        return false;
    hf_token_hash(token, hash);
    pthread_mutex_lock(&id->mutex);
    jumped = clock_was_set(id, hf_clock_wall_ms(), mono_ms);
    l = hf_sessions_find(&id->sessions, hash, mono_ms);
    if (l) {
        l->used_ms = mono_ms;
        save = mono_ms - l->saved_ms >= HF_SESSION_SAVE_MS;
        if (save) {
            l->saved_ms = mono_ms;
            hf_session_record(l, hf_clock_wall_ms(), mono_ms, &record);
        }
        if (ret_session)
            fill_session(l, mono_ms, ret_session);
    }
    pthread_mutex_unlock(&id->mutex);
    if (jumped)
        save_all_sessions(id);
    else if (save)
        save_session(id, &record);
    return l != NULL;
}

void
hf_identity_logout(struct hf_identity *id, const char *token)
{
    char hash[HF_TOKEN_HASH_SIZE], user[HF_NAME_SIZE] = "";
    struct hf_live_session *l;

    if (!is_token(token))
        return;
    hf_token_hash(token, hash);
    pthread_mutex_lock(&id->mutex);
    l = hf_sessions_find(&id->sessions, hash, hf_clock_mono_ms());
    if (l) {
        memcpy(user, l->user, sizeof user);
        hf_sessions_forget(l);
    }
    pthread_mutex_unlock(&id->mutex);
    if (!user[0])
        return;
    if (id->ops.delete_session)
        (void)!id->ops.delete_session(id->ops.context, hash, NULL);
    if (id->ops.audit)
        id->ops.audit(id->ops.context, user, "logged out");
}
