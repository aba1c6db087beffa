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
    struct hf_surroundings around;
    char started[HF_CONTAINERS_MAX][HF_NAME_SIZE]; /* services, in the order of their starts */
    size_t started_count;
    char removed[HF_CONTAINERS_MAX][HF_DIGEST_SIZE]; /* images */
    size_t removed_count;
    char dies[HF_NAME_SIZE];        /* a service of which an event says once that it died by 139 */
    bool away;                      /* every call fails as if the socket were absent */
    bool no_images;                 /* until pulled */
    char missing[HF_DIGEST_SIZE];   /* an image that the registry has not got */
    char stillborn[HF_DIGEST_SIZE]; /* an image whose container ends as soon as it is started */
    char crashes[HF_DIGEST_SIZE];   /* an image whose container ends each time somebody looks */
    unsigned fail_pulls;            /* so many pulls fail */
    unsigned fail_creates;          /* so many creates fail */
    unsigned fail_starts;
    bool refuse_updates; /* as Docker does where memory in use is more than the new limit */
    unsigned updates;
    char address[64], lease_address[64]; /* of every container */
    char data_dir[256];
    char warning[256];               /* "": none */
    char used_image[HF_DIGEST_SIZE]; /* one that a container stands on */
    unsigned image_removals;         /* tried */
    unsigned creates, starts, stops, removes, pulls;
    unsigned looks, image_questions;
    bool block_stops;        /* a stop waits until this is false */
    char slow[HF_NAME_SIZE]; /* making a container of this service takes its time */
    bool hangs;              /* a look waits until this is false, as with a stopped dockerd */
    struct hf_registry_settings registry;
    unsigned changes; /* calls that change something */
    unsigned dies_at; /* at this one of them the engine is away from then on; 0: never */
    bool dies_after;  /* … when it has been carried out, and nobody hears of it */
    bool dying;
    bool block_pulls; /* a pull waits until this is false, or it is cancelled */
    /* Documents of the registry; asked of the thread that asks, without the lock. NULL, and no
     * document_text: it cannot be reached. */
    int (*document)(const struct hf_registry_document *document, struct hf_buf *out,
                    struct hf_error *err);
    bool block_documents;      /* as block_pulls */
    const char *document_text; /* what it answers, for all, where document is NULL */
};

void fake_engine_init(struct fake_engine *f);
void fake_engine_done(struct fake_engine *f);

/* Reads or changes the engine under its lock. */
#define FAKE_LOCKED(f, ...)                                                                        \
    do {                                                                                           \
        pthread_mutex_lock(&(f)->lock);                                                            \
        __VA_ARGS__;                                                                               \
        pthread_mutex_unlock(&(f)->lock);                                                          \
    } while (0)

extern const struct hf_engine_ops fake_engine_ops;
