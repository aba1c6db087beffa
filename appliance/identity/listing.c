// SPDX-License-Identifier: Apache-2.0
/* Sessions, as those see and end them whose they are, and admins. */
#include "identity/parts.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

bool
hf_identity_may_touch(const struct hf_actor *actor, const char *user)
{
    return actor->session->role == HF_ROLE_ADMIN || strcmp(actor->session->account, user) == 0;
}

/* Last used first. */
static int
compare(const void *a, const void *b)
{
    const struct hf_session_info *x = a, *y = b;

    return (y->used_ms > x->used_ms) - (y->used_ms < x->used_ms);
}

/* With mutex held. */
static void
fill(const struct hf_live_session *l, const struct hf_account *account,
     const struct hf_actor *actor, struct hf_session_info *ret_info)
{
    int64_t wall_ms = hf_clock_wall_ms(), mono_ms = hf_clock_mono_ms();

    *ret_info = (struct hf_session_info){
        .role = account->role,
        .created_ms = l->created_wall_ms,
        .used_ms = wall_ms - (mono_ms - l->used_ms),
        .expires_ms = wall_ms + hf_session_end(l) - mono_ms,
        .current = !actor->session->is_token && strcmp(actor->session->hash, l->token_hash) == 0,
    };
    hf_credential_id(l->token_hash, ret_info->id);
    memcpy(ret_info->user, l->user, sizeof l->user);
    memcpy(ret_info->address, l->address, sizeof l->address);
}

void
hf_identity_sessions(struct hf_identity *id, const struct hf_actor *actor,
                     struct hf_session_info *ret_list, size_t *ret_count)
{
    int64_t mono_ms = hf_clock_mono_ms();
    size_t count = 0;

    pthread_mutex_lock(&id->mutex);
    for (size_t i = 0; i < HF_SESSIONS_MAX; i++) {
        const struct hf_live_session *l = &id->sessions.list[i];
        const struct hf_account *account = hf_identity_account(id, l->user);

        if (l->token_hash[0] && hf_session_end(l) > mono_ms && account &&
            hf_identity_may_touch(actor, l->user))
            fill(l, account, actor, &ret_list[count++]);
    }
    pthread_mutex_unlock(&id->mutex);
    qsort(ret_list, count, sizeof *ret_list, compare);
    *ret_count = count;
}

/* Takes the session of that id out of memory; false where there is none that the actor may end. */
static bool
take_out(struct hf_identity *id, const struct hf_actor *actor, const char *session_id,
         char ret_hash[HF_TOKEN_HASH_SIZE], char ret_user[HF_NAME_SIZE])
{
    bool found = false;

    pthread_mutex_lock(&id->mutex);
    for (size_t i = 0; i < HF_SESSIONS_MAX && !found; i++) {
        struct hf_live_session *l = &id->sessions.list[i];
        char its_id[HF_CREDENTIAL_ID_SIZE];

        hf_credential_id(l->token_hash, its_id);
        found = l->token_hash[0] && strcmp(its_id, session_id) == 0 &&
                hf_identity_may_touch(actor, l->user);
        if (found) {
            memcpy(ret_hash, l->token_hash, sizeof l->token_hash);
            memcpy(ret_user, l->user, sizeof l->user);
            hf_sessions_forget(l);
        }
    }
    pthread_mutex_unlock(&id->mutex);
    return found;
}

static int
forget_for_good(struct hf_identity *id, const char *hash, struct hf_error *err)
{
    if (!id->ops.delete_session || id->ops.delete_session(id->ops.context, hash, err) == 0)
        return 0;
    return hf_error_wrap(err, "it has ended, but may come back when holdfastd starts again");
}

int
hf_identity_end_session(struct hf_identity *id, const struct hf_actor *actor,
                        const char *session_id, struct hf_error *err)
{
    char hash[HF_TOKEN_HASH_SIZE], user[HF_NAME_SIZE], what[2 * HF_NAME_SIZE];
    char address[HF_ADDRESS_SIZE];

    if (!take_out(id, actor, session_id, hash, user))
        return hf_error_set(err, HF_ERROR_NOT_FOUND, "there is no session '%s'", session_id);
    hf_identity_address(actor->address, address);
    hf_text_put(what, sizeof what, "ended a session of %s", user);
    hf_identity_audit(id, actor->session->user, what, address);
    return forget_for_good(id, hash, err);
}

int
hf_identity_end_sessions(struct hf_identity *id, const struct hf_actor *actor, struct hf_error *err)
{
    char ended[HF_SESSIONS_MAX][HF_TOKEN_HASH_SIZE], address[HF_ADDRESS_SIZE];
    const struct hf_session *s = actor->session;
    size_t count;
    int rc = 0;

    pthread_mutex_lock(&id->mutex);
    count = hf_sessions_end(&id->sessions, s->account, s->is_token ? NULL : s->hash, ended);
    pthread_mutex_unlock(&id->mutex);
    if (count) {
        hf_identity_address(actor->address, address);
        hf_identity_audit(id, s->user, "ended all other sessions", address);
    }
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = forget_for_good(id, ended[i], err);
    return rc;
}
