// SPDX-License-Identifier: Apache-2.0
/*
 * The courier: a thread that tells others of alarms, and asks who is silent, so that the owner
 * never waits for a service. What is untold is in the store; the courier takes one at a time, tells
 * it, and notes it: told at least once, in order, for each listener by itself. One that cannot be
 * reached is tried again after a wait that doubles.
 *
 * The cloud is told by a record that goes straight to the buffer (topic `holdfast/alarms`, lane
 * alarm), so also when it is the broker that is down. The webhook is told by the forwarder, which
 * alone may leave the box. See api/record-path.md.
 */
#pragma once

#include "base/error.h"
#include "model/alarm.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct hf_core;

struct courier {
    struct hf_core *core;
    pthread_t thread;
    bool runs;
    pthread_mutex_t lock; /* guards the four below */
    pthread_cond_t changed;
    bool due, ask_silent, survey, stop;

    /* the thread's own */
    struct {
        int64_t wait_ms; /* 0: the last one was told */
        int64_t at_ms;   /* not before; monotonic */
        bool pending;
    } listeners[HF_ALARM_LISTENER_COUNT];
};

void courier_init(struct courier *c, struct hf_core *core);
HF_MUST int courier_start(struct courier *c, struct hf_error *err);
/* Ends the thread, soon: what it is telling is broken off. */
void courier_stop(struct courier *c);
void courier_done(struct courier *c);

/* There is something to tell; ask who is silent; list whom the processor knows. Any thread. */
void courier_wake(struct courier *c);
void courier_ask_silent(struct courier *c);
void courier_survey(struct courier *c);

/* The wait after a failure that came wait_ms after the one before. */
int64_t courier_backoff(int64_t wait_ms);
