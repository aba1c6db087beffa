// SPDX-License-Identifier: Apache-2.0
/* API tokens. */
#include "identity/parts.h"

#include "base/clock.h"
#include "base/text.h"
#include "model/changes.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const char PREFIX[] = "hft_";    /* so that a scanner of repositories knows one */
static const char TOKENS[] = "(token)"; /* what a wrong one counts against */
static const int64_t DAY_MS = INT64_C(86400) * 1000;

_Static_assert(HF_API_TOKEN_SIZE == sizeof PREFIX - 1 + HF_TOKEN_SIZE, "size of a token");

/* ---- using ---- */

static enum hf_role
lower(enum hf_role a, enum hf_role b)
{
    return a < b ? a : b;
}

/* With mutex held. */
static struct hf_live_token *
find(struct hf_identity *id, const char *hash)
{
    for (size_t i = 0; i < HF_TOKENS_MAX; i++) {
        struct hf_live_token *t = &id->tokens[i];

        if (t->record.token_hash[0] &&
            sodium_memcmp(t->record.token_hash, hash, HF_TOKEN_HASH_SIZE) == 0)
            return t;
    }
    return NULL;
}

static void
fill_session(const struct hf_token_record *t, const struct hf_account *account,
             struct hf_session *ret_session)
{
    *ret_session = (struct hf_session){
        .role = lower(t->role, account->role),
        .expires_ms = t->expires_ms,
        .is_token = true,
        .proved = true,
    };
    /* both are short enough for a name: hf_user_name_check(), hf_token_name_check() */
    hf_text_put(ret_session->user, sizeof ret_session->user, "%.*s/%.*s", HF_USER_CHARS, t->user,
                HF_TOKEN_NAME_CHARS, t->name);
    memcpy(ret_session->account, t->user, sizeof t->user);
    memcpy(ret_session->hash, t->token_hash, sizeof t->token_hash);
}

enum hf_token_state
hf_token_use(struct hf_identity *id, const char *hash, struct hf_session *ret_session)
{
    int64_t wall_ms = hf_clock_wall_ms(), mono_ms = hf_clock_mono_ms();
    enum hf_token_state state = HF_TOKEN_UNKNOWN;
    const struct hf_account *account;
    struct hf_live_token *t;
    bool save = false;

    pthread_mutex_lock(&id->mutex);
    t = find(id, hash);
    account = t ? hf_identity_account(id, t->record.user) : NULL;
    if (account && !account->disabled)
        state = t->record.expires_ms > wall_ms ? HF_TOKEN_GOOD : HF_TOKEN_EXPIRED;
    if (state == HF_TOKEN_GOOD) {
        save = !t->record.used_ms || mono_ms - t->saved_ms >= HF_SESSION_SAVE_MS;
        t->record.used_ms = wall_ms;
        if (save)
            t->saved_ms = mono_ms;
        fill_session(&t->record, account, ret_session);
    }
    pthread_mutex_unlock(&id->mutex);
    if (save && id->ops.use_token)
        (void)!id->ops.use_token(id->ops.context, hash, wall_ms, NULL);
    return state;
}

/* What cannot be guessed needs no throttle to be safe; it keeps the audit log from being flooded.
 * So a right token never waits, and wrong ones count apart from the address's logins. */
static int
refuse(struct hf_identity *id, const char *address, int *ret_retry_after_s, struct hf_error *err)
{
    char normal[HF_ADDRESS_SIZE], key[sizeof normal + 8];
    int64_t wait;

    hf_identity_address(address, normal);
    hf_text_put(key, sizeof key, "token:%s", normal);
    pthread_mutex_lock(&id->mutex);
    wait = hf_throttle_begin(&id->throttle, key, TOKENS, hf_clock_mono_ms());
    pthread_mutex_unlock(&id->mutex);
    if (wait)
        return hf_identity_throttled(wait, ret_retry_after_s, err);
    hf_identity_audit_wrong(id, hf_identity_nobody, "wrong token", HF_ERROR_UNAUTHORIZED, normal);
    return hf_error_set(err, HF_ERROR_UNAUTHORIZED, "that is no token of this gateway");
}

int
hf_identity_token(struct hf_identity *id, const char *text, const char *address,
                  struct hf_session *ret_session, int *ret_retry_after_s, struct hf_error *err)
{
    char hash[HF_TOKEN_HASH_SIZE];
    enum hf_token_state state = HF_TOKEN_UNKNOWN;

    if (strlen(text) == HF_API_TOKEN_SIZE - 1) {
        hf_token_hash(text, hash);
        state = hf_token_use(id, hash, ret_session);
    }
    if (state == HF_TOKEN_EXPIRED)
        return hf_error_set(err, HF_ERROR_UNAUTHORIZED, "the token has expired: make a new one");
    return state == HF_TOKEN_GOOD ? 0 : refuse(id, address, ret_retry_after_s, err);
}

/* ---- listing ---- */

/* With mutex held. */
static void
fill(struct hf_identity *id, const struct hf_token_record *t, struct hf_token *ret_token)
{
    const struct hf_account *account = hf_identity_account(id, t->user);

    *ret_token = (struct hf_token){
        .role = account ? lower(t->role, account->role) : t->role,
        .created_ms = t->created_ms,
        .expires_ms = t->expires_ms,
        .used_ms = t->used_ms,
    };
    hf_credential_id(t->token_hash, ret_token->id);
    memcpy(ret_token->user, t->user, sizeof t->user);
    memcpy(ret_token->name, t->name, sizeof t->name);
}

static int
compare(const void *a, const void *b)
{
    const struct hf_token *x = a, *y = b;
    int by_user = strcmp(x->user, y->user);

    return by_user ? by_user : strcmp(x->name, y->name);
}

void
hf_identity_tokens(struct hf_identity *id, const struct hf_actor *actor, struct hf_token *ret_list,
                   size_t *ret_count)
{
    size_t count = 0;

    pthread_mutex_lock(&id->mutex);
    for (size_t i = 0; i < HF_TOKENS_MAX; i++)
        if (id->tokens[i].record.token_hash[0] &&
            hf_identity_may_touch(actor, id->tokens[i].record.user))
            fill(id, &id->tokens[i].record, &ret_list[count++]);
    pthread_mutex_unlock(&id->mutex);
    qsort(ret_list, count, sizeof *ret_list, compare);
    *ret_count = count;
}

/* ---- making and revoking ---- */

static int
check_place(struct hf_identity *id, const struct hf_token_record *t, struct hf_error *err)
{
    bool taken = false, room = false;

    pthread_mutex_lock(&id->mutex);
    for (size_t i = 0; i < HF_TOKENS_MAX; i++) {
        const struct hf_token_record *have = &id->tokens[i].record;

        room = room || !have->token_hash[0];
        taken = taken || (strcmp(have->user, t->user) == 0 && strcmp(have->name, t->name) == 0);
    }
    pthread_mutex_unlock(&id->mutex);
    if (taken)
        return hf_error_set_at(err, HF_ERROR_CONFLICT, "/name",
                               "you have a token '%s' already: revoke it or choose another name",
                               t->name);
    if (!room)
        return hf_error_set(err, HF_ERROR_CONFLICT, "there are %d tokens already: revoke one first",
                            HF_TOKENS_MAX);
    return 0;
}

static void
keep_in_memory(struct hf_identity *id, const struct hf_token_record *t)
{
    pthread_mutex_lock(&id->mutex);
    for (size_t i = 0; i < HF_TOKENS_MAX; i++) {
        if (!id->tokens[i].record.token_hash[0]) {
            id->tokens[i] = (struct hf_live_token){*t, hf_clock_mono_ms()};
            break;
        }
    }
    pthread_mutex_unlock(&id->mutex);
}

static int
not_now(struct hf_error *err)
{
    return hf_error_set(err, HF_ERROR_UNAVAILABLE, "tokens cannot be changed now");
}

/* What a token may do and until when; one of both is NULL. */
static int
print_values(const struct hf_token_record *old, const struct hf_token_record *fresh,
             char **ret_text, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *changes = hf_json_array();

    hf_changes_text(changes, "/role", old ? hf_role_name(old->role) : NULL,
                    fresh ? hf_role_name(fresh->role) : NULL);
    hf_changes_time(changes, "/expires", old ? old->expires_ms : 0, fresh ? fresh->expires_ms : 0);
    return hf_changes_print(changes, 0, ret_text, err);
}

/* With changing held. */
static int
add(struct hf_identity *id, const struct hf_actor *actor, const struct hf_token_record *t,
    struct hf_error *err)
{
    HF_AUTO_FREE char *values = NULL;
    char what[HF_AUDIT_SIZE], address[HF_ADDRESS_SIZE];
    struct hf_audit_note note = {.who = actor->session->user, .what = what};
    bool there;

    if (check_place(id, t, err) < 0 || print_values(NULL, t, &values, err) < 0)
        return -1;
    note.changes = values;
    pthread_mutex_lock(&id->mutex);
    there = hf_identity_account(id, t->user) != NULL;
    pthread_mutex_unlock(&id->mutex);
    if (!there)
        return hf_error_set(err, HF_ERROR_UNAUTHORIZED, "the account is gone");
    hf_identity_address(actor->address, address);
    hf_text_put(what, sizeof what, "made token %s as %s from %s", t->name, hf_role_name(t->role),
                address);
    if (!id->ops.add_token)
        return not_now(err);
    if (id->ops.add_token(id->ops.context, t, &note, err) < 0)
        return -1;
    keep_in_memory(id, t);
    return 0;
}

static void
make_text(char out[HF_API_TOKEN_SIZE])
{
    unsigned char random[(HF_TOKEN_SIZE - 1) / 2];

    hf_random(random, sizeof random);
    memcpy(out, PREFIX, sizeof PREFIX);
    hf_text_hex(random, sizeof random, out + sizeof PREFIX - 1);
    sodium_memzero(random, sizeof random);
}

int
hf_identity_add_token(struct hf_identity *id, const struct hf_actor *actor, const char *name,
                      enum hf_role role, int days, char ret_text[HF_API_TOKEN_SIZE],
                      struct hf_token *ret_token, struct hf_error *err)
{
    int64_t now_ms = hf_clock_wall_ms();
    struct hf_token_record t = {
        .role = role, .created_ms = now_ms, .expires_ms = now_ms + days * DAY_MS};
    int rc;

    if (hf_token_name_check(name, "/name", err) < 0)
        return -1;
    if (role > actor->session->role)
        return hf_error_set_at(err, HF_ERROR_FORBIDDEN, "/role",
                               "/role: a token may do no more than you: at most %s",
                               hf_role_name(actor->session->role));
    hf_text_put(t.name, sizeof t.name, "%s", name);
    memcpy(t.user, actor->session->account, sizeof t.user);
    make_text(ret_text);
    hf_token_hash(ret_text, t.token_hash);
    pthread_mutex_lock(&id->changing);
    rc = add(id, actor, &t, err);
    pthread_mutex_unlock(&id->changing);
    if (rc < 0) {
        sodium_memzero(ret_text, HF_API_TOKEN_SIZE);
        return -1;
    }
    pthread_mutex_lock(&id->mutex);
    fill(id, &t, ret_token);
    pthread_mutex_unlock(&id->mutex);
    return 0;
}

/* A copy of the one of that id; false where there is none that the actor may revoke. */
static bool
copy_by_id(struct hf_identity *id, const struct hf_actor *actor, const char *token_id,
           struct hf_token_record *ret_token)
{
    bool found = false;

    pthread_mutex_lock(&id->mutex);
    for (size_t i = 0; i < HF_TOKENS_MAX && !found; i++) {
        const struct hf_token_record *t = &id->tokens[i].record;
        char its_id[HF_CREDENTIAL_ID_SIZE];

        hf_credential_id(t->token_hash, its_id);
        found = t->token_hash[0] && strcmp(its_id, token_id) == 0 &&
                hf_identity_may_touch(actor, t->user);
        if (found)
            *ret_token = *t;
    }
    pthread_mutex_unlock(&id->mutex);
    return found;
}

/* With changing held. Memory goes first: a full disk must not keep a token alive that somebody
 * wants to be rid of. */
static int
revoke_token(struct hf_identity *id, const struct hf_actor *actor, const struct hf_token_record *t,
             struct hf_error *err)
{
    HF_AUTO_FREE char *values = NULL;
    char what[HF_AUDIT_SIZE], address[HF_ADDRESS_SIZE];
    struct hf_audit_note note = {.who = actor->session->user, .what = what};
    struct hf_live_token *live;

    pthread_mutex_lock(&id->mutex);
    live = find(id, t->token_hash);
    if (live)
        sodium_memzero(live, sizeof *live);
    pthread_mutex_unlock(&id->mutex);
    hf_identity_address(actor->address, address);
    hf_text_put(what, sizeof what, "revoked token %s of %s from %s", t->name, t->user, address);
    if (!id->ops.delete_token)
        return not_now(err);
    /* without memory for them it goes all the same */
    if (print_values(t, NULL, &values, NULL) == 0)
        note.changes = values;
    if (id->ops.delete_token(id->ops.context, t, &note, err) == 0)
        return 0;
    return hf_error_wrap(err, "it is revoked, but may come back when holdfastd starts again");
}

int
hf_identity_revoke_token(struct hf_identity *id, const struct hf_actor *actor, const char *token_id,
                         struct hf_error *err)
{
    struct hf_token_record t;
    int rc;

    pthread_mutex_lock(&id->changing);
    rc = copy_by_id(id, actor, token_id, &t)
             ? revoke_token(id, actor, &t, err)
             : hf_error_set(err, HF_ERROR_NOT_FOUND, "there is no token '%s'", token_id);
    pthread_mutex_unlock(&id->changing);
    return rc;
}
