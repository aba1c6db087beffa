// SPDX-License-Identifier: Apache-2.0
/* An engine in memory, for faults that a real one does not show on demand. Thread-safe. */
#pragma once

#include "model/engine_ops.h"

#include <pthread.h>

struct fake_engine {
    pthread_mutex_t lock;
    struct hf_container containers[HF_CONTAINERS_MAX];
    size_t count;
    unsigned serial;
    bool away;             /* every call fails as if the socket were absent */
    bool no_images;        /* until pulled */
    unsigned fail_pulls;   /* so many pulls fail */
    unsigned fail_creates; /* so many creates fail */
    unsigned fail_starts;
    bool refuse_updates; /* as Docker does where memory in use is more than the new limit */
    unsigned updates;
    unsigned creates, starts, stops, removes, pulls;
    bool block_stops; /* a stop waits until this is false */
    bool block_pulls; /* a pull waits until this is false, or it is cancelled */
};

void fake_engine_init(struct fake_engine *f);
void fake_engine_done(struct fake_engine *f);

/* Reads or changes the engine under its lock. */
#define FAKE_LOCKED(f, statement)                                                                  \
    do {                                                                                           \
        pthread_mutex_lock(&(f)->lock);                                                            \
        statement;                                                                                 \
        pthread_mutex_unlock(&(f)->lock);                                                          \
    } while (0)

extern const struct hf_engine_ops fake_engine_ops;
