// SPDX-License-Identifier: Apache-2.0
#include "api/once.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

void
hf_once_init(struct hf_once *o)
{
    *o = (struct hf_once){.lock = PTHREAD_MUTEX_INITIALIZER};
}

void
hf_once_done(struct hf_once *o)
{
    free(o->entries);
    pthread_mutex_destroy(&o->lock);
}

static struct hf_once_entry *
find(struct hf_once *o, const char *user, const char *key, int64_t now_ms)
{
    for (size_t i = 0; i < HF_ONCE_MAX; i++) {
        struct hf_once_entry *e = &o->entries[i];

        if (e->ticket && e->begun && now_ms - e->at_ms > HF_ONCE_KEEP_MS)
            e->ticket = 0;
        if (e->ticket && strcmp(e->user, user) == 0 && strcmp(e->key, key) == 0)
            return e;
    }
    return NULL;
}

/* A free place or the oldest that is not under way; NULL where all are. */
static struct hf_once_entry *
place(struct hf_once *o)
{
    struct hf_once_entry *oldest = NULL;

    for (size_t i = 0; i < HF_ONCE_MAX; i++) {
        struct hf_once_entry *e = &o->entries[i];

        if (!e->ticket)
            return e;
        if (e->begun && (!oldest || e->at_ms < oldest->at_ms))
            oldest = e;
    }
    return oldest;
}

static int
known(const struct hf_once_entry *e, const char *request, struct hf_operation *ret_operation,
      struct hf_error *err)
{
    if (strcmp(e->request, request) != 0)
        return hf_error_set(err, HF_ERROR_INVALID,
                            "this Idempotency-Key was used for another request: take a new one");
    if (!e->begun)
        return hf_error_set(err, HF_ERROR_CONFLICT,
                            "the first request with this Idempotency-Key is under way");
    *ret_operation = e->operation;
    return 0;
}

static int
begin(struct hf_once *o, const struct hf_once_entry *fresh, bool *ret_again,
      struct hf_operation *ret_operation, uint64_t *ret_ticket, struct hf_error *err)
{
    struct hf_once_entry *e;

    if (!o->entries && !(o->entries = calloc(HF_ONCE_MAX, sizeof *o->entries)))
        return hf_error_nomem(err);
    e = find(o, fresh->user, fresh->key, fresh->at_ms);
    *ret_again = e != NULL;
    if (e)
        return known(e, fresh->request, ret_operation, err);
    e = place(o);
    if (!e)
        return hf_error_set(err, HF_ERROR_UNAVAILABLE,
                            "too many requests with an Idempotency-Key are under way");
    *e = *fresh;
    *ret_ticket = e->ticket = ++o->tickets;
    return 0;
}

int
hf_once_begin(struct hf_once *o, const char *user, const char *key, const char *request,
              bool *ret_again, struct hf_operation *ret_operation, uint64_t *ret_ticket,
              struct hf_error *err)
{
    struct hf_once_entry fresh = {.at_ms = hf_clock_mono_ms()};
    int rc;

    hf_text_put(fresh.user, sizeof fresh.user, "%s", user);
    hf_text_put(fresh.key, sizeof fresh.key, "%s", key);
    hf_text_put(fresh.request, sizeof fresh.request, "%s", request);
    pthread_mutex_lock(&o->lock);
    rc = begin(o, &fresh, ret_again, ret_operation, ret_ticket, err);
    pthread_mutex_unlock(&o->lock);
    return rc;
}

void
hf_once_end(struct hf_once *o, uint64_t ticket, const struct hf_operation *operation)
{
    pthread_mutex_lock(&o->lock);
    for (size_t i = 0; i < HF_ONCE_MAX; i++) {
        struct hf_once_entry *e = &o->entries[i];

        if (e->ticket != ticket)
            continue;
        e->begun = operation != NULL;
        if (operation)
            e->operation = *operation;
        else
            e->ticket = 0;
    }
    pthread_mutex_unlock(&o->lock);
}
