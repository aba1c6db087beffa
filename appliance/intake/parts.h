// SPDX-License-Identifier: Apache-2.0
/* The inside of an intake. Private to the folder. */
#pragma once

#include "import/bundle.h"
#include "intake/intake.h"

#include <pthread.h>

enum { HF_INTAKE_PIPE_BYTES = 64 * 1024 };

/* What waits between who brings the bytes and who reads them. */
struct hf_intake_pipe {
    char *ring; /* NULL: a file is read */
    size_t at, len;
    uint64_t taken;   /* bytes of the bundle that have come, or were passed over */
    uint64_t skip_to; /* nothing before that is wanted */
    int64_t last_ms;  /* when something came; monotonic */
};

struct hf_intake {
    struct hf_intake_config config;
    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t changed;
    struct hf_intake_view view; /* but for its offset */
    struct hf_intake_pipe pipe;
    int fd;                         /* of the file; -1: an upload */
    bool active;                    /* the thread works */
    bool has_thread;                /* to be joined */
    bool writing;                   /* somebody brings bytes */
    char given_up_by[HF_NAME_SIZE]; /* "": nobody */
    bool stopped;
    pthread_t thread;
};

/* pipe.c: as a bundle's input; with the lock not held. */
struct hf_bundle_input hf_intake_input(struct hf_intake *in);
/* With the lock held. */
uint64_t hf_intake_offset(const struct hf_intake *in);

/* work.c: the thread. */
void *hf_intake_work(void *context);
/* Whether nobody wants it any more. */
bool hf_intake_is_over(void *context);
