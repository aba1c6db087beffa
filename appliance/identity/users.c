// SPDX-License-Identifier: Apache-2.0
/* Accounts: who there is, and what becomes of them. */
#include "identity/parts.h"

#include "base/clock.h"
#include "base/text.h"
#include "model/changes.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- seeing ---- */

/* With mutex held. */
static void
fill_user(struct hf_identity *id, const struct hf_account *a, struct hf_user *ret_user)
{
    int64_t mono_ms = hf_clock_mono_ms();

    *ret_user =
        (struct hf_user){.role = a->role, .disabled = a->disabled, .created_ms = a->created_ms};
    memcpy(ret_user->name, a->user, sizeof a->user);
    for (size_t i = 0; i < HF_SESSIONS_MAX; i++) {
        const struct hf_live_session *l = &id->sessions.list[i];

        ret_user->sessions +=
            l->token_hash[0] && hf_session_end(l) > mono_ms && strcmp(l->user, a->user) == 0;
    }
    for (size_t i = 0; i < HF_TOKENS_MAX; i++)
        ret_user->tokens += strcmp(id->tokens[i].record.user, a->user) == 0;
}

void
hf_identity_users(struct hf_identity *id, struct hf_user *ret_users, size_t *ret_count)
{
    pthread_mutex_lock(&id->mutex);
    for (size_t i = 0; i < id->account_count; i++)
        fill_user(id, &id->accounts[i], &ret_users[i]);
    *ret_count = id->account_count;
    pthread_mutex_unlock(&id->mutex);
}

static int
no_user(const char *name, struct hf_error *err)
{
    return hf_error_set(err, HF_ERROR_NOT_FOUND, "there is no user '%s'", name);
}

int
hf_identity_user(struct hf_identity *id, const char *name, struct hf_user *ret_user,
                 struct hf_error *err)
{
    const struct hf_account *a;

    pthread_mutex_lock(&id->mutex);
    a = hf_identity_account(id, name);
    if (a)
        fill_user(id, a, ret_user);
    pthread_mutex_unlock(&id->mutex);
    return a ? 0 : no_user(name, err);
}

/* ---- passwords ---- */

/* For user, with pointer where it may not be one. */
static int
hash_password(struct hf_identity *id, const char *user, const char *password, const char *pointer,
              char out[HF_PASSWORD_HASH_SIZE], struct hf_error *err)
{
    int rc = hf_password_check(password, id->gateway_name, err);

    if (rc == 0 && strcasecmp(password, user) == 0)
        rc = hf_error_set_at(err, HF_ERROR_INVALID, pointer, "a password is not the user's name");
    if (rc < 0) {
        if (err)
            hf_text_put(err->pointer, sizeof err->pointer, "%s", pointer);
        return -1;
    }
    return hf_argon2_hash(&id->argon2, password, out, err);
}

/* Checks the actor's own password as a login does; wrong is FORBIDDEN with pointer. */
static int
show_password(struct hf_identity *id, const struct hf_actor *actor, const char *password,
              const char *pointer, int *ret_retry_after_s, struct hf_error *err)
{
    struct hf_guess g = {.account = actor->session->account};
    char hash[HF_PASSWORD_HASH_SIZE] = "";
    const struct hf_account *a;
    bool match = false;
    int64_t wait;

    *ret_retry_after_s = 1;
    hf_identity_address(actor->address, g.address);
    pthread_mutex_lock(&id->mutex);
    a = hf_identity_account(id, g.account);
    if (a)
        memcpy(hash, a->password_hash, sizeof hash);
    wait = hf_throttle_begin(&id->throttle, g.address, g.account, hf_clock_mono_ms());
    pthread_mutex_unlock(&id->mutex);
    if (wait)
        return hf_identity_throttled(wait, ret_retry_after_s, err);
    if (strlen(password) <= HF_PASSWORD_MAX &&
        hf_argon2_verify(&id->argon2, hash, password, &match, err) < 0) {
        hf_identity_guess_undone(id, &g);
        return -1;
    }
    if (!match) {
        hf_identity_audit_wrong(id, actor->session->user, "wrong password", HF_ERROR_FORBIDDEN,
                                g.address);
        return hf_error_set_at(err, HF_ERROR_FORBIDDEN, pointer, "that is not the password of %s",
                               g.account);
    }
    hf_identity_guess_right(id, &g);
    return 0;
}

int
hf_identity_prove(struct hf_identity *id, const struct hf_actor *actor, const char *password,
                  int *ret_retry_after_s, struct hf_error *err)
{
    struct hf_live_session *l;

    *ret_retry_after_s = 0;
    if (actor->session->is_token)
        return hf_error_set(err, HF_ERROR_CONFLICT,
                            "a token has no password to show, and is not asked for one");
    if (show_password(id, actor, password, "/password", ret_retry_after_s, err) < 0)
        return -1;
    pthread_mutex_lock(&id->mutex);
    l = hf_sessions_find(&id->sessions, actor->session->hash, hf_clock_mono_ms());
    if (l)
        l->proved_ms = hf_clock_mono_ms();
    pthread_mutex_unlock(&id->mutex);
    return l ? 0 : hf_error_set(err, HF_ERROR_UNAUTHORIZED, "the session has ended: log in");
}

/* ---- changing ---- */

/* The actor's session, where it is one of user. */
static const char *
kept_session(const struct hf_actor *actor, const char *user)
{
    bool own = !actor->session->is_token && strcmp(actor->session->account, user) == 0;

    return own ? actor->session->hash : NULL;
}

/* With mutex held. */
static bool
other_admin_is_left(struct hf_identity *id, const char *but)
{
    for (size_t i = 0; i < id->account_count; i++) {
        const struct hf_account *a = &id->accounts[i];

        if (a->role == HF_ROLE_ADMIN && !a->disabled && strcmp(a->user, but) != 0)
            return true;
    }
    return false;
}

/* What an account was and is, for the audit log; NULL for one that was or is not. */
static int
print_values(const struct hf_account *old, const struct hf_account *fresh, char **ret_text,
             struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *changes = hf_json_array();

    hf_changes_text(changes, "/role", old ? hf_role_name(old->role) : NULL,
                    fresh ? hf_role_name(fresh->role) : NULL);
    if (old && fresh) {
        hf_changes_bool(changes, "/disabled", &old->disabled, &fresh->disabled);
        if (strcmp(old->password_hash, fresh->password_hash) != 0)
            hf_changes_secret(changes, "/password", true, true);
    }
    return hf_changes_print(changes, 0, ret_text, err);
}

/* With changing held. */
static int
print_values_of(struct hf_identity *id, const char *user, const struct hf_account *fresh,
                char **ret_text, struct hf_error *err)
{
    struct hf_account old = {0};
    const struct hf_account *a;

    pthread_mutex_lock(&id->mutex);
    a = hf_identity_account(id, user);
    if (a)
        old = *a;
    pthread_mutex_unlock(&id->mutex);
    return print_values(a ? &old : NULL, fresh, ret_text, err);
}

/* With changing held: keeps it for good, then in memory. fresh NULL: it goes. */
static int
carry_out(struct hf_identity *id, const struct hf_actor *actor, const char *user,
          const struct hf_account *fresh, bool end_sessions, const char *what, struct hf_error *err)
{
    HF_AUTO_FREE char *values = NULL;
    char address[HF_ADDRESS_SIZE], text[HF_AUDIT_SIZE];
    struct hf_account_change change = {
        .user = user,
        .account = fresh,
        .end_sessions = end_sessions,
        .keep_hash = fresh && !fresh->disabled ? kept_session(actor, user) : NULL,
        .note = {.who = actor->session->user, .what = text},
    };

    hf_identity_address(actor->address, address);
    hf_text_put(text, sizeof text, "%s from %s", what, address);
    if (!id->ops.change_account)
        return hf_error_set(err, HF_ERROR_UNAVAILABLE, "accounts cannot be changed now");
    if (print_values_of(id, user, fresh, &values, err) < 0)
        return -1;
    change.note.changes = values;
    if (id->ops.change_account(id->ops.context, &change, err) < 0)
        return -1;
    pthread_mutex_lock(&id->mutex);
    if (fresh)
        hf_identity_keep_account(id, fresh);
    else
        hf_identity_drop_account(id, user);
    pthread_mutex_unlock(&id->mutex);
    if (end_sessions)
        hf_identity_end_all(id, user, change.keep_hash);
    return 0;
}

/* With changing held. */
static int
add(struct hf_identity *id, const struct hf_actor *actor, const struct hf_account *fresh,
    struct hf_error *err)
{
    char what[HF_AUDIT_SIZE];
    bool taken, full;

    pthread_mutex_lock(&id->mutex);
    taken = hf_identity_account(id, fresh->user) != NULL;
    full = id->account_count >= HF_USERS_MAX;
    pthread_mutex_unlock(&id->mutex);
    if (taken)
        return hf_error_set_at(err, HF_ERROR_CONFLICT, "/name", "there is a user '%s' already",
                               fresh->user);
    if (full)
        return hf_error_set(err, HF_ERROR_CONFLICT, "there are %d users already: remove one first",
                            HF_USERS_MAX);
    hf_text_put(what, sizeof what, "added user %s as %s", fresh->user, hf_role_name(fresh->role));
    return carry_out(id, actor, fresh->user, fresh, false, what, err);
}

int
hf_identity_add_user(struct hf_identity *id, const struct hf_actor *actor, const char *name,
                     const char *password, enum hf_role role, struct hf_user *ret_user,
                     struct hf_error *err)
{
    struct hf_account fresh = {.role = role, .created_ms = hf_clock_wall_ms()};
    int rc;

    if (hf_user_name_check(name, "/name", err) < 0)
        return -1;
    hf_text_put(fresh.user, sizeof fresh.user, "%s", name);
    if (hash_password(id, name, password, "/password", fresh.password_hash, err) < 0)
        return -1;
    pthread_mutex_lock(&id->changing);
    rc = add(id, actor, &fresh, err);
    pthread_mutex_unlock(&id->changing);
    sodium_memzero(fresh.password_hash, sizeof fresh.password_hash);
    return rc < 0 ? -1 : hf_identity_user(id, name, ret_user, err);
}

static void
describe_change(const struct hf_account *old, const struct hf_account *fresh, bool password,
                char what[HF_AUDIT_SIZE])
{
    char role[64] = "";

    if (old->role != fresh->role)
        hf_text_put(role, sizeof role, ", role %s → %s", hf_role_name(old->role),
                    hf_role_name(fresh->role));
    hf_text_put(what, HF_AUDIT_SIZE, "changed user %s%s%s%s", fresh->user,
                password ? ", password" : "", role,
                old->disabled == fresh->disabled ? ""
                : fresh->disabled                ? ", disabled"
                                                 : ", enabled");
}

/* With changing held. password_hash "" : stays. */
static int
change(struct hf_identity *id, const struct hf_actor *actor, const char *name,
       const struct hf_user_change *c, const char *password_hash, struct hf_error *err)
{
    struct hf_account old = {0}, fresh;
    const struct hf_account *a;
    char what[HF_AUDIT_SIZE];
    bool other, other_admin;

    pthread_mutex_lock(&id->mutex);
    a = hf_identity_account(id, name);
    if (a)
        old = *a;
    other_admin = other_admin_is_left(id, name);
    pthread_mutex_unlock(&id->mutex);
    if (!a)
        return no_user(name, err);
    fresh = old;
    if (c->has_role)
        fresh.role = c->role;
    if (c->has_disabled)
        fresh.disabled = c->disabled;
    if (*password_hash)
        memcpy(fresh.password_hash, password_hash, sizeof fresh.password_hash);
    if (!other_admin && (fresh.role != HF_ROLE_ADMIN || fresh.disabled))
        return hf_error_set(err, HF_ERROR_CONFLICT,
                            "'%s' is the last admin who can log in: make another one first", name);
    other = *password_hash || fresh.role != old.role || fresh.disabled != old.disabled;
    if (!other)
        return 0;
    describe_change(&old, &fresh, *password_hash, what);
    return carry_out(id, actor, name, &fresh, true, what, err);
}

int
hf_identity_change_user(struct hf_identity *id, const struct hf_actor *actor, const char *name,
                        const struct hf_user_change *c, struct hf_user *ret_user,
                        struct hf_error *err)
{
    char hash[HF_PASSWORD_HASH_SIZE] = "";
    struct hf_user there;
    int rc;

    if (hf_identity_user(id, name, &there, err) < 0)
        return -1;
    if (c->password && hash_password(id, name, c->password, "/password", hash, err) < 0)
        return -1;
    pthread_mutex_lock(&id->changing);
    rc = change(id, actor, name, c, hash, err);
    pthread_mutex_unlock(&id->changing);
    sodium_memzero(hash, sizeof hash);
    return rc < 0 ? -1 : hf_identity_user(id, name, ret_user, err);
}

int
hf_identity_set_password(struct hf_identity *id, const struct hf_actor *actor, const char *current,
                         const char *fresh, int *ret_retry_after_s, struct hf_error *err)
{
    const char *name = actor->session->account;
    const struct hf_user_change nothing_else = {0};
    char hash[HF_PASSWORD_HASH_SIZE] = "";
    int rc;

    if (show_password(id, actor, current, "/current", ret_retry_after_s, err) < 0 ||
        hash_password(id, name, fresh, "/new", hash, err) < 0)
        return -1;
    pthread_mutex_lock(&id->changing);
    rc = change(id, actor, name, &nothing_else, hash, err);
    pthread_mutex_unlock(&id->changing);
    sodium_memzero(hash, sizeof hash);
    return rc;
}

int
hf_identity_remove_user(struct hf_identity *id, const struct hf_actor *actor, const char *name,
                        struct hf_error *err)
{
    char what[HF_AUDIT_SIZE];
    bool there, other_admin;
    int rc;

    pthread_mutex_lock(&id->changing);
    pthread_mutex_lock(&id->mutex);
    there = hf_identity_account(id, name) != NULL;
    other_admin = other_admin_is_left(id, name);
    pthread_mutex_unlock(&id->mutex);
    hf_text_put(what, sizeof what, "removed user %s", name);
    if (!there)
        rc = no_user(name, err);
    else if (!other_admin)
        rc = hf_error_set(err, HF_ERROR_CONFLICT,
                          "'%s' is the last admin who can log in: make another one first", name);
    else
        rc = carry_out(id, actor, name, NULL, true, what, err);
    pthread_mutex_unlock(&id->changing);
    return rc;
}
