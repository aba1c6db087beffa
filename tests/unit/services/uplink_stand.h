// SPDX-License-Identifier: Apache-2.0
/* A sink's worker between a buffer in memory and an uplink that answers as told, over real sockets.
 */
#pragma once

#include "fake_buffer.h"
#include "forwarder/worker.h"
#include "freeport.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { REQUESTS_MAX = 4096, WAIT_MS = 20000 };

struct seen {
    char key[96];
    size_t bytes; /* of the body as it came */
    char *lines;  /* owned */
    int status;   /* answered with */
};

struct stand {
    struct fake_buffer *buffer;
    struct hf_httpd *uplink;
    struct hf_worker *worker;
    char buffer_listen[32], uplink_url[64];
    pthread_mutex_t lock;
    struct seen seen[REQUESTS_MAX];
    size_t count;
    /* How the uplink answers. */
    const char *poison; /* a request with this in a line … */
    int poison_status;  /* … gets this */
    int first_status;   /* `first_count` requests from number `first` on get this */
    size_t first, first_count;
    const char *last_word; /* after a record with this, alone, nothing is taken while it is set */
    bool said;
    size_t max_body;
    int delay_ms;
    const char *location; /* these are sent there with first_status */
    int retry_after_s;    /* … or asked to wait; 0: not said */
    char wanted_header[64];
};

/* Changes how the uplink answers, under its lock. */
#define tell(s, change)                                                                            \
    do {                                                                                           \
        pthread_mutex_lock(&(s)->lock);                                                            \
        change;                                                                                    \
        pthread_mutex_unlock(&(s)->lock);                                                          \
    } while (0)

int stand_set_up(void **state);
int stand_tear_down(void **state);

/* more: further members of the sink, each with a comma before it. */
void stand_start(struct stand *s, const char *more);

/* What the uplink's threads wrote before is seen after this. */
size_t stand_requests(struct stand *s);

/* Forgets what came. */
void stand_forget(struct stand *s);

void stand_wait_for_held(struct stand *s, size_t held);
struct hf_worker_view stand_wait_for_state(struct stand *s, enum hf_worker_state state);

/* Until so many are counted, which is a little after the buffer has it. */
struct hf_worker_view stand_wait_for_counts(struct stand *s, uint64_t delivered,
                                            uint64_t quarantined);

/* Until the buffer's side is said to be so; "" for well. */
struct hf_worker_view stand_wait_for_buffer_error(struct stand *s, const char *part);

/* How often the record with this number is in requests that were stored. */
size_t stand_stored(struct stand *s, unsigned n);

#define with_stand(test) cmocka_unit_test_setup_teardown(test, stand_set_up, stand_tear_down)
