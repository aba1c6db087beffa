// SPDX-License-Identifier: Apache-2.0
/*
 * A thread of its own for the images of releases: fetches those of one that is to come, removes
 * those that nothing needs. A pull may take an hour and holds up nobody here. It is started when it
 * is needed first.
 */
#pragma once

#include "model/digest.h"
#include "model/engine_ops.h"
#include "model/upgrade.h"

#include <pthread.h>
#include <stdbool.h>

struct hf_core;

struct fetch_item {
    char service[HF_NAME_SIZE];
    struct hf_release_image image;
};

struct fetch_job {
    bool remove;                          /* else fetch */
    char release_id[HF_DIGEST_TEXT_SIZE]; /* that is to come; "" where it removes */
    struct fetch_item items[HF_SERVICES_MAX];
    size_t count;
    struct hf_release_daemon daemon;     /* version "": none */
    char repository[HF_REPOSITORY_SIZE]; /* that it is in */
};

/* What it says: how far it is, and at last how it ended. */
struct fetch_news {
    bool some;
    bool done;
    bool remove; /* as the job */
    char release_id[HF_DIGEST_TEXT_SIZE];
    char image_id[HF_DIGEST_SIZE];
    unsigned number, of;        /* of images, from 1 */
    char service[HF_NAME_SIZE]; /* whose image */
    struct hf_pull_bytes bytes; /* of it */
    int result;
    struct hf_error err;
};

struct fetcher {
    struct hf_core *core;
    pthread_t thread;
    bool runs;
    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t changed;
    bool has_job, busy, cancel, stop;
    struct fetch_job job;
};

void fetcher_init(struct fetcher *f, struct hf_core *core);

/* Gives it a job, which takes the place of one that was not begun; one under way is given up. */
HF_MUST int fetcher_give(struct fetcher *f, const struct fetch_job *job, struct hf_error *err);

/* Gives up what is under way, soon. */
void fetcher_cancel(struct fetcher *f);

bool fetcher_busy(struct fetcher *f);

void fetcher_stop(struct fetcher *f);
/* False where it is still in a call after timeout_ms. */
bool fetcher_join(struct fetcher *f, int timeout_ms);
void fetcher_done(struct fetcher *f);
