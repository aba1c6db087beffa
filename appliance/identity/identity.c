// SPDX-License-Identifier: Apache-2.0
#include "identity/parts.h"

#include "base/clock.h"
#include "base/text.h"
#include "identity/code.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const char ADMIN[] = "admin";
const char hf_identity_nobody[] = "?";
static const char CLAIMING[] = "(claim)"; /* what a guess at the setup code counts against */

/* Of a random password that nobody knows: a login of an unknown user takes as long as another. */
static const char nobodys_hash[] = "$argon2id$v=19$m=19456,t=2,p=1$OKji5TVm9RoQVpZv6Y84IQ"
                                   "$aJABQwWXJP6qaGGwgbd1+VatDx4+bSiBNd44XUxqbYg";

_Static_assert((int)HF_ADDRESS_SIZE == (int)INET6_ADDRSTRLEN, "size of an address");

/* ---- life ---- */

static int
prepare_code(struct hf_identity *id, const char *stored_hash, struct hf_error *err)
{
    if (stored_hash && *stored_hash) {
        snprintf(id->setup_code_hash, sizeof id->setup_code_hash, "%s", stored_hash);
        return 0;
    }
    if (id->account_count)
        return 0;
    hf_setup_code_make(id->setup_code);
    return hf_setup_code_hash(id->setup_code, id->setup_code_hash, err);
}

static void
load(struct hf_identity *id, const struct hf_identity_start *start)
{
    id->wall_ms = hf_clock_wall_ms();
    id->mono_ms = hf_clock_mono_ms();
    for (size_t i = 0; i < start->account_count; i++)
        hf_identity_keep_account(id, &start->accounts[i]);
    for (size_t i = 0; i < start->session_count && i < HF_SESSIONS_MAX; i++)
        hf_sessions_load(&id->sessions, &start->sessions[i], id->wall_ms, id->mono_ms);
    for (size_t i = 0; i < start->token_count && i < HF_TOKENS_MAX; i++)
        id->tokens[i] = (struct hf_live_token){start->tokens[i], id->mono_ms};
    if (start->gateway_name)
        snprintf(id->gateway_name, sizeof id->gateway_name, "%s", start->gateway_name);
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
    pthread_mutex_init(&id->changing, NULL);
    load(id, start);
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
    pthread_mutex_destroy(&id->changing);
    hf_argon2_done(&id->argon2);
    sodium_memzero(id, sizeof *id);
    free(id);
}

bool
hf_identity_claimed(struct hf_identity *id)
{
    bool claimed;

    pthread_mutex_lock(&id->mutex);
    claimed = !id->setup_code_hash[0];
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

/* ---- accounts in memory, with mutex held ---- */

struct hf_account *
hf_identity_account(struct hf_identity *id, const char *user)
{
    for (size_t i = 0; i < id->account_count; i++)
        if (strcmp(id->accounts[i].user, user) == 0)
            return &id->accounts[i];
    return NULL;
}

void
hf_identity_keep_account(struct hf_identity *id, const struct hf_account *account)
{
    struct hf_account *have = hf_identity_account(id, account->user);
    size_t at = 0;

    if (have) {
        *have = *account;
        return;
    }
    if (id->account_count == HF_ACCOUNTS_MAX)
        return;
    while (at < id->account_count && strcmp(id->accounts[at].user, account->user) < 0)
        at++;
    memmove(&id->accounts[at + 1], &id->accounts[at],
            (id->account_count++ - at) * sizeof *id->accounts);
    id->accounts[at] = *account;
}

void
hf_identity_drop_account(struct hf_identity *id, const char *user)
{
    struct hf_account *a = hf_identity_account(id, user);

    for (size_t i = 0; i < HF_TOKENS_MAX; i++)
        if (strcmp(id->tokens[i].record.user, user) == 0)
            sodium_memzero(&id->tokens[i], sizeof id->tokens[i]);
    if (!a)
        return;
    memmove(a, a + 1, (size_t)(id->accounts + --id->account_count - a) * sizeof *a);
    sodium_memzero(&id->accounts[id->account_count], sizeof *a);
}

/* ---- helpers of claim and login ---- */

void
hf_identity_address(const char *address, char out[HF_ADDRESS_SIZE])
{
    char bare[HF_ADDRESS_SIZE];
    struct in6_addr in6;

    snprintf(bare, sizeof bare, "%.*s", (int)strcspn(address, "%"), address);
    if (inet_pton(AF_INET6, bare, &in6) == 1) {
        if (IN6_IS_ADDR_V4MAPPED(&in6))
            inet_ntop(AF_INET, &in6.s6_addr[12], bare, sizeof bare);
        else
            inet_ntop(AF_INET6, &in6, bare, sizeof bare);
    }
    snprintf(out, HF_ADDRESS_SIZE, "%s", bare[0] ? bare : hf_identity_nobody);
}

int
hf_identity_throttled(int64_t wait_ms, int *ret_retry_after_s, struct hf_error *err)
{
    *ret_retry_after_s = (int)((wait_ms + 999) / 1000);
    return hf_error_set(err, HF_ERROR_THROTTLED, "too many wrong guesses: try again in %d s",
                        *ret_retry_after_s);
}

void
hf_identity_guess_right(struct hf_identity *id, const struct hf_guess *g)
{
    pthread_mutex_lock(&id->mutex);
    hf_throttle_right(&id->throttle, g->address, g->account);
    pthread_mutex_unlock(&id->mutex);
}

void
hf_identity_guess_undone(struct hf_identity *id, const struct hf_guess *g)
{
    pthread_mutex_lock(&id->mutex);
    hf_throttle_undo(&id->throttle, g->address, g->account);
    pthread_mutex_unlock(&id->mutex);
}

static void
audit(const struct hf_identity *id, struct hf_audit_note note, const char *address)
{
    char text[HF_AUDIT_SIZE];

    hf_text_put(text, sizeof text, "%s from %s", note.what, address);
    note.what = text;
    if (id->ops.audit)
        id->ops.audit(id->ops.context, &note);
}

void
hf_identity_audit(struct hf_identity *id, const char *who, const char *what, const char *address)
{
    audit(id, (struct hf_audit_note){.who = who, .what = what}, address);
}

void
hf_identity_audit_wrong(struct hf_identity *id, const char *who, const char *what,
                        enum hf_error_class why, const char *address)
{
    audit(id,
          (struct hf_audit_note){.who = who,
                                 .what = what,
                                 .result = HF_AUDIT_REFUSED,
                                 .status = hf_error_http_status(why)},
          address);
}

void
hf_credential_id(const char *hash, char out[HF_CREDENTIAL_ID_SIZE])
{
    hf_text_put(out, HF_CREDENTIAL_ID_SIZE, "%.*s", HF_CREDENTIAL_ID_SIZE - 1, hash);
}

/* ---- sessions in memory and kept ---- */

void
hf_identity_end_all(struct hf_identity *id, const char *user, const char *keep_hash)
{
    char ended[HF_SESSIONS_MAX][HF_TOKEN_HASH_SIZE];
    size_t count;

    pthread_mutex_lock(&id->mutex);
    count = hf_sessions_end(&id->sessions, user, keep_hash, ended);
    pthread_mutex_unlock(&id->mutex);
    for (size_t i = 0; i < count && id->ops.delete_session; i++)
        (void)!id->ops.delete_session(id->ops.context, ended[i], NULL);
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

/* With mutex held. False where the account is gone or disabled. */
static bool
fill_session(struct hf_identity *id, const struct hf_live_session *l, int64_t mono_ms,
             struct hf_session *ret_session)
{
    const struct hf_account *account = hf_identity_account(id, l->user);

    if (!account || account->disabled)
        return false;
    *ret_session = (struct hf_session){
        .role = account->role,
        .expires_ms = hf_clock_wall_ms() + hf_session_end(l) - mono_ms,
        .proved = l->proved_ms && mono_ms - l->proved_ms < HF_PROVED_S * INT64_C(1000),
    };
    memcpy(ret_session->user, l->user, sizeof l->user);
    memcpy(ret_session->account, l->user, sizeof l->user);
    memcpy(ret_session->hash, l->token_hash, sizeof l->token_hash);
    return true;
}

/* Of account, as its password was shown; false where it is another one by now. */
static bool
open_session(struct hf_identity *id, const struct hf_account *account, const char *address,
             struct hf_login *ret_login)
{
    unsigned char random[(HF_TOKEN_SIZE - 1) / 2];
    char hash[HF_TOKEN_HASH_SIZE], evicted[HF_TOKEN_HASH_SIZE] = "";
    int64_t wall_ms = hf_clock_wall_ms(), mono_ms = hf_clock_mono_ms();
    struct hf_session_record record;
    const struct hf_account *now;
    struct hf_live_session *l;
    bool same;

    hf_random(random, sizeof random);
    hf_text_hex(random, sizeof random, ret_login->token);
    sodium_memzero(random, sizeof random);
    hf_token_hash(ret_login->token, hash);

    pthread_mutex_lock(&id->mutex);
    now = hf_identity_account(id, account->user);
    same = now && !now->disabled && strcmp(now->password_hash, account->password_hash) == 0;
    if (same) {
        l = hf_sessions_add(&id->sessions, hash, now, wall_ms, mono_ms, evicted);
        snprintf(l->address, sizeof l->address, "%s", address);
        hf_session_record(l, wall_ms, mono_ms, &record);
        same = fill_session(id, l, mono_ms, &ret_login->session);
    }
    pthread_mutex_unlock(&id->mutex);

    if (evicted[0] && id->ops.delete_session)
        (void)!id->ops.delete_session(id->ops.context, evicted, NULL);
    if (same)
        save_session(id, &record);
    return same;
}

/* ---- claim ---- */

static int
begin_claim(struct hf_identity *id, const char *code, struct hf_guess *g,
            struct hf_login *ret_login, struct hf_error *err)
{
    char hash[HF_CODE_HASH_SIZE];
    bool claimed;
    int64_t wait = 0;

    pthread_mutex_lock(&id->mutex);
    claimed = !id->setup_code_hash[0];
    if (!claimed)
        wait = hf_throttle_begin(&id->throttle, g->address, g->account, hf_clock_mono_ms());
    memcpy(hash, id->setup_code_hash, sizeof hash);
    pthread_mutex_unlock(&id->mutex);

    if (claimed)
        return hf_error_set(err, HF_ERROR_CONFLICT, "this gateway is already claimed");
    if (wait)
        return hf_identity_throttled(wait, &ret_login->retry_after_s, err);
    if (!hf_setup_code_verify(code, hash)) {
        hf_identity_audit_wrong(id, hf_identity_nobody, "wrong setup code", HF_ERROR_FORBIDDEN,
                                g->address);
        return hf_error_set_at(err, HF_ERROR_FORBIDDEN, "/setup_code",
                               "that is not the setup code of this gateway");
    }
    hf_identity_guess_right(id, g);
    return 0;
}

int
hf_identity_check_code(struct hf_identity *id, const char *code, const char *address,
                       int *ret_retry_after_s, struct hf_error *err)
{
    struct hf_guess g = {.account = CLAIMING};
    struct hf_login none = {.retry_after_s = 1};
    int rc;

    hf_identity_address(address, g.address);
    rc = begin_claim(id, code, &g, &none, err);
    *ret_retry_after_s = rc < 0 ? none.retry_after_s : 0;
    return rc;
}

int
hf_identity_derive(struct hf_identity *id, const char *passphrase, const struct hf_kdf *kdf,
                   unsigned char *ret_key, size_t len, struct hf_error *err)
{
    return hf_argon2_derive(&id->argon2, passphrase, kdf, ret_key, len, err);
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

static int
keep_admin(struct hf_identity *id, const struct hf_account *admin, struct hf_error *err)
{
    int rc;

    pthread_mutex_lock(&id->changing);
    rc = id->ops.claim(id->ops.context, admin, err);
    if (rc == 0) {
        pthread_mutex_lock(&id->mutex);
        hf_identity_keep_account(id, admin);
        sodium_memzero(id->setup_code, sizeof id->setup_code);
        sodium_memzero(id->setup_code_hash, sizeof id->setup_code_hash);
        pthread_mutex_unlock(&id->mutex);
    }
    pthread_mutex_unlock(&id->changing);
    return rc;
}

int
hf_identity_claim(struct hf_identity *id, const char *code, const char *password,
                  const char *address, struct hf_login *ret_login, struct hf_error *err)
{
    struct hf_guess g = {.account = CLAIMING};
    struct hf_account admin = {.role = HF_ROLE_ADMIN, .created_ms = hf_clock_wall_ms()};

    *ret_login = (struct hf_login){.retry_after_s = 1};
    hf_identity_address(address, g.address);
    if (begin_claim(id, code, &g, ret_login, err) < 0 ||
        check_new_password(id, code, password, err) < 0 ||
        hf_argon2_hash(&id->argon2, password, admin.password_hash, err) < 0)
        return -1;
    memcpy(admin.user, ADMIN, sizeof ADMIN);
    if (keep_admin(id, &admin, err) < 0)
        return -1;
    hf_identity_end_all(id, ADMIN, NULL); /* of one that was there before a recovery */
    hf_identity_audit(id, ADMIN, "claimed", g.address);
    if (!open_session(id, &admin, g.address, ret_login))
        return hf_error_set(err, HF_ERROR_CONFLICT, "the account was changed meanwhile: log in");
    return 0;
}

/* ---- login ---- */

/* Copies the account of that user; where nobody who may log in is called that, one that no password
 * opens. */
static bool
copy_account(struct hf_identity *id, const char *user, struct hf_account *ret_account)
{
    const struct hf_account *a = hf_identity_account(id, user);

    if (a && !a->disabled) {
        *ret_account = *a;
        return true;
    }
    *ret_account = (struct hf_account){.user = ""};
    memcpy(ret_account->password_hash, nobodys_hash, sizeof nobodys_hash);
    return false;
}

static int
refuse_login(struct hf_error *err)
{
    return hf_error_set(err, HF_ERROR_UNAUTHORIZED, "wrong user or password");
}

int
hf_identity_login(struct hf_identity *id, const char *user, const char *password,
                  const char *address, struct hf_login *ret_login, struct hf_error *err)
{
    struct hf_account account;
    struct hf_guess g;
    bool known, match = false;
    int64_t wait;

    *ret_login = (struct hf_login){.retry_after_s = 1};
    hf_identity_address(address, g.address);
    pthread_mutex_lock(&id->mutex);
    known = copy_account(id, user, &account);
    g.account = known ? account.user : hf_identity_nobody;
    wait = hf_throttle_begin(&id->throttle, g.address, g.account, hf_clock_mono_ms());
    pthread_mutex_unlock(&id->mutex);
    if (wait)
        return hf_identity_throttled(wait, &ret_login->retry_after_s, err);

    if (strlen(password) <= HF_PASSWORD_MAX &&
        hf_argon2_verify(&id->argon2, account.password_hash, password, &match, err) < 0) {
        hf_identity_guess_undone(id, &g);
        return -1;
    }
    if (!known || !match) {
        hf_identity_audit_wrong(id, g.account, "wrong password", HF_ERROR_UNAUTHORIZED, g.address);
        return refuse_login(err);
    }
    hf_identity_guess_right(id, &g);
    if (!open_session(id, &account, g.address, ret_login))
        return refuse_login(err);
    hf_identity_audit(id, account.user, "logged in", g.address);
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

/* By the hash of its token, or as if it were not there. */
static bool
use_session(struct hf_identity *id, const char *hash, struct hf_session *ret_session)
{
    int64_t mono_ms = hf_clock_mono_ms();
    struct hf_session_record record;
    struct hf_session session;
    struct hf_live_session *l;
    bool save = false, jumped, good;

    pthread_mutex_lock(&id->mutex);
    jumped = clock_was_set(id, hf_clock_wall_ms(), mono_ms);
    l = hf_sessions_find(&id->sessions, hash, mono_ms);
    good = l && fill_session(id, l, mono_ms, &session);
    if (good) {
        l->used_ms = mono_ms;
        session.expires_ms = hf_clock_wall_ms() + hf_session_end(l) - mono_ms;
        save = mono_ms - l->saved_ms >= HF_SESSION_SAVE_MS;
        if (save) {
            l->saved_ms = mono_ms;
            hf_session_record(l, hf_clock_wall_ms(), mono_ms, &record);
        }
        if (ret_session)
            *ret_session = session;
    }
    pthread_mutex_unlock(&id->mutex);
    if (jumped)
        save_all_sessions(id);
    else if (save)
        save_session(id, &record);
    return good;
}

bool
hf_identity_session(struct hf_identity *id, const char *token, struct hf_session *ret_session)
{
    char hash[HF_TOKEN_HASH_SIZE];

    if (!is_token(token))
        return false;
    hf_token_hash(token, hash);
    return use_session(id, hash, ret_session);
}

bool
hf_identity_still(struct hf_identity *id, const struct hf_session *session)
{
    struct hf_session now;

    return session->is_token ? hf_token_use(id, session->hash, &now) == HF_TOKEN_GOOD
                             : use_session(id, session->hash, NULL);
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
        id->ops.audit(id->ops.context, &(struct hf_audit_note){.who = user, .what = "logged out"});
}
