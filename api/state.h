// SPDX-License-Identifier: Apache-2.0
/* What is asked for often, as JSON that is made once for each snapshot and shared by all who send
 * it. */
#pragma once

#include "core/core.h"

#include <pthread.h>
#include <stdatomic.h>

struct hf_state_text {
    atomic_int refs;
    uint64_t version; /* of the snapshot */
    size_t len;
    char *json; /* one line, NUL-terminated */
};

typedef struct hf_json *hf_state_encode(const struct hf_snapshot *snapshot,
                                        const char *fingerprint);

struct hf_state_cache {
    hf_state_encode *encode;
    pthread_mutex_t lock;
    struct hf_state_text *newest; /* NULL until first used */
};

void hf_state_cache_init(struct hf_state_cache *cache, hf_state_encode *encode);
void hf_state_cache_done(struct hf_state_cache *cache);
/* Gives back what nobody holds any more; the next who asks has it made again. */
void hf_state_cache_clear(struct hf_state_cache *cache);

/* The text of snapshot; give it back with hf_state_text_unref(). */
HF_MUST int hf_state_cache_get(struct hf_state_cache *cache, const struct hf_snapshot *snapshot,
                               const char *fingerprint, struct hf_state_text **ret_text,
                               struct hf_error *err);

void hf_state_text_unref(struct hf_state_text *text);
HF_DEFINE_AUTO(struct hf_state_text, hf_state_text, hf_state_text_unref)
