// SPDX-License-Identifier: Apache-2.0
/*
 * A thread that does one engine call at a time for the owner and posts the result into the
 * mailbox, so that a slow engine never makes the owner wait. There is one for each service, so that
 * a pull or a stop of one holds up no other; one that looks at what is there; one that listens.
 */
#pragma once

#include "supervisor/lifecycle.h"

#include <pthread.h>
#include <stdbool.h>

struct hf_core;

/* What a job is about. */
enum task {
    TASK_EFFECT,
    TASK_LAST_LINES,   /* of job.container */
    TASK_SURROUNDINGS, /* networks and volumes of job.spec */
    TASK_EXTRA,        /* removes job.container, which nobody wants */
    TASK_ROOM          /* frees room_bytes on disk room_disk: logs, then job.spec.image */
};

struct job {
    enum task task;
    enum hf_effect effect;
    int64_t until_ms; /* LAST_LINES: none that is younger, by the engine's clock; 0: all */
    struct hf_spec spec;
    char container[HF_HASH_SIZE];
    int64_t started_ms;    /* of the container; wall clock */
    bool wants_last_words; /* STOP of a crash loop */
    bool room_logs;        /* ROOM: the logs lie there */
    int64_t room_bytes;
    size_t room_disk;
    bool with_info;                                  /* observer */
    char image_ids[HF_SERVICES_MAX][HF_DIGEST_SIZE]; /* observer; "" where there is no release */
};

struct worker {
    struct hf_core *core;
    size_t index; /* of the service */
    pthread_t thread;
    bool runs;
    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t changed;
    bool has_job, stop;
    bool has_ask; /* for last lines: done before the next job, which may remove the container */
    bool busy;    /* with a job that it has taken */
    struct job ask;
    bool cancel; /* the job under way */
    struct job job;
};

HF_MUST int worker_start(struct worker *w, struct hf_core *core, size_t index,
                         void *(*run)(void *worker), struct hf_error *err);

/* Gives it a job; at most one is under way (the owner sees to that). */
void worker_give(struct worker *w, const struct job *job);

/* Asks for the last lines of a container; one that was not begun gives way. */
void worker_ask(struct worker *w, const struct job *ask);

/* Whether a job waits or is under way. */
bool worker_busy(struct worker *w);

/* Waits for the next job; false when told to stop. */
bool worker_next(struct worker *w, struct job *ret_job);

/* Gives up the job under way where that can be: a pull. */
void worker_cancel(struct worker *w);

bool worker_stopping(struct worker *w);

void worker_stop(struct worker *w);

/* Waits for its end; false where it is still in a call after timeout_ms. */
bool worker_join(struct worker *w, int timeout_ms);

/* Keeps the log of the job's container, as far as that can be done. */
void worker_keep_log(const struct hf_core *core, const struct job *job);

/* What the three kinds of thread run. */
void *worker_effects(void *worker);
void *worker_observer(void *worker);
void *worker_listener(void *worker);
void *worker_keeper(void *worker);
