// SPDX-License-Identifier: Apache-2.0
/*
 * What is still to be done after a restore, a reset (core/reset.h) or provisioning
 * (core/wanted.h), by a thread that is there
 * only as long as there is something: the records of the backup go to the buffer, at least once and
 * in order, and then the release of the backup is applied as by a person, where it may be and all
 * its images are here. How far it is stands in the store, so that a power cut costs a batch twice
 * at most.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct hf_core;

enum { HF_PUTBACK_BATCH_MAX = 256 * 1024 };

struct putback {
    struct hf_core *core;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* on the monotonic clock */
    bool stop, runs;
    bool resets; /* a reset is to be ended first */
};

void putback_init(struct putback *p, struct hf_core *core);
/* Starts the thread where there is something to do; before the owner's. */
HF_MUST int putback_start(struct putback *p, struct hf_error *err);
/* Within two seconds where the path has been stopped before. */
void putback_stop(struct putback *p);
void putback_done(struct putback *p);

/* As many whole lines from offset on as fit HF_PUTBACK_BATCH_MAX, at least one; 0 bytes at the end.
 */
HF_MUST int putback_read(const char *path, uint64_t offset, struct hf_buf *ret_lines,
                         struct hf_error *err);
