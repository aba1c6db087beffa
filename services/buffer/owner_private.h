// SPDX-License-Identifier: Apache-2.0
/* Inside of the owner: commands, their queues (queue.c), and the thread (owner_thread.c). */
#pragma once

#include "buffer/holders.h"
#include "buffer/owner.h"

#include <pthread.h>
#include <time.h>

enum hf_command_kind {
    HF_COMMAND_APPEND,
    HF_COMMAND_ACK,
    HF_COMMAND_CHANGE,
    HF_COMMAND_LEASE,
    HF_COMMAND_EXTEND,
    HF_COMMAND_READ
};

struct hf_command {
    enum hf_command_kind kind;
    const struct hf_batch *batch; /* append */
    uint64_t first, last;
    const void *ask;        /* ack, lease, extend */
    struct hf_lease *lease; /* where it goes */
    hf_owner_work *work;    /* change, read */
    void *ctx;
    bool urgent;       /* an ack that others wait behind */
    size_t given_back; /* bytes of lines that such an ack is for */
    int64_t since_ms;
    int result;
    struct hf_error err;
    bool done;
    struct hf_command *next;
};

struct hf_command_queue {
    struct hf_command *head;
    struct hf_command **tail;
    size_t commands, records, bytes, urgent, given_back;
};

struct hf_owner {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work; /* for the thread: something to do */
    pthread_cond_t
        answered; /* for callers: a command is done, or there may be something to lease */
    /* Guarded by lock. */
    struct hf_command_queue writes; /* appends, acks, changes */
    struct hf_command_queue looks;  /* leases, extends, reads */
    struct hf_buffer_settings *settings;
    struct hf_owner_view view;
    struct hf_owner_topics topics;
    uint64_t news;       /* counts what may have brought something to lease */
    int64_t appended_ms; /* monotonic, when the last commit with records began */
    bool stop;
    /* The thread's own. */
    const char *dir;
    struct hf_spool *spool;
    struct {
        uint64_t payload_bytes, commits, checkpoints;
    } before;                           /* of the spools that were closed */
    struct hf_buffer_settings *applied; /* to the spool */
    struct hf_holders holders;
    int64_t reopen_ms, reopen_wait_ms;
    int64_t apply_ms;     /* not before then again, where the settings could not be applied */
    int64_t committed_ms; /* monotonic, when the last commit of any kind began */
    int64_t latency_ms[2], latency_since_ms;
    int64_t topics_ms; /* monotonic, when they were read last */
};

void hf_queue_init(struct hf_command_queue *q);
void hf_queue_add(struct hf_command_queue *q, struct hf_command *c);
struct hf_command *hf_queue_take_all(struct hf_command_queue *q);

/* Takes what is no append, and leaves the appends to their window. */
struct hf_command *hf_queue_take_acks(struct hf_command_queue *q);

/* When the acknowledgements that wait are to be committed, on the monotonic clock; 0: at once.
 * Given when the last commit of any kind began, and the last with records. */
int64_t hf_queue_acks_due_ms(const struct hf_command_queue *q, int64_t window_ms,
                             int64_t committed_ms, int64_t appended_ms);

/* Bytes of memory that a command's records take. */
size_t hf_command_bytes(const struct hf_command *c);

/* For pthread_cond_timedwait() on the monotonic clock. */
void hf_owner_deadline(struct timespec *ts, int64_t mono_ms);

/* The thread, with a struct hf_owner. */
void *hf_owner_thread(void *arg);
