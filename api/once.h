// SPDX-License-Identifier: Apache-2.0
/*
 * Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): which operations were begun under
 * which key, so that a request that is sent twice begins one. The table is in memory: it forgets
 * after a day, at a restart, and the oldest where it is full.
 */
#pragma once

#include "base/error.h"
#include "model/sha256.h"
#include "model/view.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { HF_ONCE_MAX = 64, HF_ONCE_KEY_SIZE = 129, HF_ONCE_KEEP_MS = 24 * 3600 * 1000 };

struct hf_once_entry {
    uint64_t ticket; /* 0: free */
    bool begun;      /* else it is under way */
    int64_t at_ms;   /* monotonic */
    char user[HF_NAME_SIZE];
    char key[HF_ONCE_KEY_SIZE];
    char request[HF_DIGEST_SIZE];
    struct hf_operation operation;
};

struct hf_once {
    pthread_mutex_t lock;
    uint64_t tickets;
    struct hf_once_entry *entries; /* NULL until the first */
};

void hf_once_init(struct hf_once *o);
void hf_once_done(struct hf_once *o);

/* Whether user has begun an operation by this key: then *ret_again is set and ret_operation is as
 * it was when it began. Else *ret_ticket is for hf_once_end(). request is a digest of all that the
 * request says. Errors: INVALID where the key was used for another request, CONFLICT while the
 * first is under way, UNAVAILABLE where all places are. */
HF_MUST int hf_once_begin(struct hf_once *o, const char *user, const char *key, const char *request,
                          bool *ret_again, struct hf_operation *ret_operation, uint64_t *ret_ticket,
                          struct hf_error *err);

/* Says what came of it: an operation, or NULL for nothing, which can then be asked again. */
void hf_once_end(struct hf_once *o, uint64_t ticket, const struct hf_operation *operation);
