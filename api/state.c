// SPDX-License-Identifier: Apache-2.0
#include "api/state.h"

#include <string.h>

void
hf_state_cache_init(struct hf_state_cache *cache, hf_state_encode *encode)
{
    *cache = (struct hf_state_cache){.encode = encode, .lock = PTHREAD_MUTEX_INITIALIZER};
}

void
hf_state_cache_done(struct hf_state_cache *cache)
{
    hf_state_text_unref(cache->newest);
    pthread_mutex_destroy(&cache->lock);
}

void
hf_state_cache_clear(struct hf_state_cache *cache)
{
    struct hf_state_text *old;

    pthread_mutex_lock(&cache->lock);
    old = cache->newest;
    cache->newest = NULL;
    pthread_mutex_unlock(&cache->lock);
    hf_state_text_unref(old);
}

void
hf_state_text_unref(struct hf_state_text *text)
{
    if (!text || atomic_fetch_sub(&text->refs, 1) > 1)
        return;
    free(text->json);
    free(text);
}

static int
make_text(hf_state_encode *encode, const struct hf_snapshot *snapshot, const char *fingerprint,
          struct hf_state_text **ret_text, struct hf_error *err)
{
    HF_AUTO(hf_json) struct hf_json *state = encode(snapshot, fingerprint);
    HF_AUTO(hf_state_text) struct hf_state_text *text = calloc(1, sizeof *text);

    if (!text)
        return hf_error_nomem(err);
    atomic_init(&text->refs, 1);
    text->version = snapshot->version;
    if (hf_json_print(state, &text->json, err) < 0)
        return -1;
    text->len = strlen(text->json);
    *ret_text = hf_steal(&text);
    return 0;
}

int
hf_state_cache_get(struct hf_state_cache *cache, const struct hf_snapshot *snapshot,
                   const char *fingerprint, struct hf_state_text **ret_text, struct hf_error *err)
{
    struct hf_state_text *old = NULL, *made = NULL;
    int rc = 0;

    pthread_mutex_lock(&cache->lock);
    if (!cache->newest || cache->newest->version != snapshot->version) {
        rc = make_text(cache->encode, snapshot, fingerprint, &made, err);
        if (rc == 0) {
            old = cache->newest;
            cache->newest = made;
        }
    }
    if (rc == 0) {
        atomic_fetch_add(&cache->newest->refs, 1);
        *ret_text = cache->newest;
    }
    pthread_mutex_unlock(&cache->lock);
    hf_state_text_unref(old);
    return rc;
}
