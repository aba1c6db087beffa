// SPDX-License-Identifier: Apache-2.0
/*
 * Finds releases in the registry (model/artifact.h): the newest of its repository, each checked as
 * an upload is. A registry may take minutes, or say nonsense; so a look has a thread of its own,
 * which lives no longer than it, and what speaks to the registry is holdfast-fetch.
 */
#pragma once

#include "core/releases.h"
#include "model/view.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct hf_core;

struct finder {
    struct hf_core *core;
    atomic_bool stop;
    atomic_bool given_up;                /* the look under way */
    char repository[HF_REPOSITORY_SIZE]; /* of the look under way */
    char actor[HF_NAME_SIZE];

    /* The owner's. */
    pthread_t thread;
    bool has_thread; /* to be joined */
    bool busy;
    struct hf_operation operation;  /* id "": nobody asked for this look */
    char given_up_by[HF_NAME_SIZE]; /* "": it is not */
    int64_t next_ms;                /* the next look that nobody asks for; monotonic */
    struct hf_registry_check last;
};

void finder_init(struct finder *f, struct hf_core *core);

/* Owner: looks where it is time to. */
void finder_tick(struct finder *f, int64_t now_ms);

/* Owner: ends the look that somebody asked for, as soon as it lets go; CONFLICT where somebody has
 * done so. */
HF_MUST int finder_give_up(struct finder *f, const char *actor, struct hf_error *err);

void finder_stop(struct finder *f);
/* False where it is still in a call after timeout_ms. */
bool finder_join(struct finder *f, int timeout_ms);
