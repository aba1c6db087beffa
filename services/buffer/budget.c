// SPDX-License-Identifier: Apache-2.0
#include "buffer/budget.h"

#include "base/clock.h"

#include <time.h>

void
hf_budget_init(struct hf_budget *b, size_t bytes)
{
    pthread_condattr_t monotonic;

    pthread_mutex_init(&b->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&b->freed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    b->left = b->all = bytes;
}

void
hf_budget_done(struct hf_budget *b)
{
    pthread_cond_destroy(&b->freed);
    pthread_mutex_destroy(&b->lock);
}

bool
hf_budget_take(struct hf_budget *b, size_t *bytes, int64_t wait_ms)
{
    int64_t deadline = hf_clock_mono_ms() + wait_ms;
    struct timespec until = {.tv_sec = deadline / 1000, .tv_nsec = deadline % 1000 * 1000000};
    bool enough;

    if (*bytes > b->all)
        *bytes = b->all;
    pthread_mutex_lock(&b->lock);
    while (b->left < *bytes && hf_clock_mono_ms() < deadline)
        pthread_cond_timedwait(&b->freed, &b->lock, &until);
    enough = b->left >= *bytes;
    if (enough)
        b->left -= *bytes;
    pthread_mutex_unlock(&b->lock);
    return enough;
}

void
hf_budget_give(struct hf_budget *b, size_t bytes)
{
    pthread_mutex_lock(&b->lock);
    b->left += bytes;
    pthread_cond_broadcast(&b->freed);
    pthread_mutex_unlock(&b->lock);
}
