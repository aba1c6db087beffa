// SPDX-License-Identifier: Apache-2.0
#include "identity/session.h"

#include "base/clock.h"
#include "base/text.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const int64_t IDLE_MS = HF_SESSION_IDLE_S * INT64_C(1000);
static const int64_t LIFE_MS = HF_SESSION_LIFE_S * INT64_C(1000);

void
hf_token_hash(const char *token, char out[HF_TOKEN_HASH_SIZE])
{
    unsigned char hash[32];

    crypto_generichash(hash, sizeof hash, (const unsigned char *)token, strlen(token), NULL, 0);
    hf_text_hex(hash, sizeof hash, out);
}

int64_t
hf_session_end(const struct hf_live_session *l)
{
    return l->used_ms + IDLE_MS < l->end_ms ? l->used_ms + IDLE_MS : l->end_ms;
}

void
hf_sessions_forget(struct hf_live_session *l)
{
    sodium_memzero(l, sizeof *l);
}

static struct hf_live_session *
place(struct hf_sessions *s, int64_t mono_ms)
{
    struct hf_live_session *oldest = &s->list[0];

    for (size_t i = 0; i < HF_SESSIONS_MAX; i++) {
        struct hf_live_session *l = &s->list[i];

        if (!l->token_hash[0] || hf_session_end(l) <= mono_ms)
            return l;
        if (l->used_ms < oldest->used_ms)
            oldest = l;
    }
    return oldest;
}

struct hf_live_session *
hf_sessions_add(struct hf_sessions *s, const char *token_hash, const struct hf_account *account,
                int64_t wall_ms, int64_t mono_ms, char evicted[HF_TOKEN_HASH_SIZE])
{
    struct hf_live_session *l = place(s, mono_ms);

    memcpy(evicted, l->token_hash, HF_TOKEN_HASH_SIZE);
    *l = (struct hf_live_session){
        .role = account->role,
        .created_wall_ms = wall_ms,
        .end_ms = mono_ms + LIFE_MS,
        .used_ms = mono_ms,
        .saved_ms = mono_ms,
        .proved_ms = mono_ms,
    };
    snprintf(l->token_hash, sizeof l->token_hash, "%s", token_hash);
    snprintf(l->user, sizeof l->user, "%s", account->user);
    return l;
}

void
hf_sessions_load(struct hf_sessions *s, const struct hf_session_record *r, int64_t wall_ms,
                 int64_t mono_ms)
{
    bool known = r->seen_ms >= HF_CLOCK_PLAUSIBLE_MS && wall_ms > r->seen_ms;
    int64_t away = known ? wall_ms - r->seen_ms : 0;
    int64_t left = r->expires_ms - r->seen_ms < LIFE_MS ? r->expires_ms - r->seen_ms : LIFE_MS;
    struct hf_live_session *l;

    if (away >= IDLE_MS || left <= away || strlen(r->token_hash) != HF_TOKEN_HASH_SIZE - 1)
        return;
    l = place(s, mono_ms);
    *l = (struct hf_live_session){
        .role = r->role,
        .created_wall_ms = r->created_ms,
        .end_ms = mono_ms + left - away,
        .used_ms = mono_ms - away,
        .saved_ms = mono_ms - away,
    };
    snprintf(l->token_hash, sizeof l->token_hash, "%s", r->token_hash);
    snprintf(l->user, sizeof l->user, "%s", r->user);
    memcpy(l->address, r->address, sizeof l->address);
}

struct hf_live_session *
hf_sessions_find(struct hf_sessions *s, const char *token_hash, int64_t mono_ms)
{
    for (size_t i = 0; i < HF_SESSIONS_MAX; i++) {
        struct hf_live_session *l = &s->list[i];

        if (!l->token_hash[0] || sodium_memcmp(l->token_hash, token_hash, HF_TOKEN_HASH_SIZE) != 0)
            continue;
        if (hf_session_end(l) > mono_ms)
            return l;
        hf_sessions_forget(l);
        return NULL;
    }
    return NULL;
}

size_t
hf_sessions_end(struct hf_sessions *s, const char *user, const char *keep_hash,
                char ret_hashes[HF_SESSIONS_MAX][HF_TOKEN_HASH_SIZE])
{
    size_t count = 0;

    for (size_t i = 0; i < HF_SESSIONS_MAX; i++) {
        struct hf_live_session *l = &s->list[i];

        if (!l->token_hash[0] || strcmp(l->user, user) != 0 ||
            (keep_hash && strcmp(l->token_hash, keep_hash) == 0))
            continue;
        memcpy(ret_hashes[count++], l->token_hash, HF_TOKEN_HASH_SIZE);
        hf_sessions_forget(l);
    }
    return count;
}

void
hf_session_record(const struct hf_live_session *l, int64_t wall_ms, int64_t mono_ms,
                  struct hf_session_record *ret_record)
{
    *ret_record = (struct hf_session_record){
        .role = l->role,
        .created_ms = l->created_wall_ms,
        .expires_ms = wall_ms + l->end_ms - mono_ms,
        .seen_ms = wall_ms - (mono_ms - l->used_ms),
    };
    memcpy(ret_record->token_hash, l->token_hash, sizeof l->token_hash);
    memcpy(ret_record->user, l->user, sizeof l->user);
    memcpy(ret_record->address, l->address, sizeof l->address);
}
