// SPDX-License-Identifier: Apache-2.0
/* Event streams and exports: how many there may be, how they end, and how an event is written
 * (SSE). */
#pragma once

#include "base/buf.h"

#include <pthread.h>
#include <stdbool.h>

enum hf_stream_kind {
    HF_STREAM_EVENTS,
    HF_STREAM_LOGS,
    HF_STREAM_EXPORT,
    HF_STREAM_WAIT,
    HF_STREAM_KIND_COUNT
};

enum {
    /* Each holds one worker (HF_API_WORKERS in server.c) for as long as it lasts. */
    HF_STREAMS_MAX = 16,
    HF_STREAMS_LOGS_MAX = 4,
    HF_STREAMS_EXPORTS_MAX = 2,
    HF_STREAMS_WAITS_MAX = 4,           /* for the end of an operation */
    HF_STREAM_MIN_INTERVAL_MS = 1000,   /* between two pictures where nothing but time changed */
    HF_STREAM_CHANGE_INTERVAL_MS = 100, /* between any two */
    HF_STREAM_HEARTBEAT_MS = 15000,
    /* Log streams may be silent for long, and only a failed write shows that the reader is gone. */
    HF_STREAM_LOGS_HEARTBEAT_MS = 5000
};

struct hf_streams {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping;
    int open[HF_STREAM_KIND_COUNT];
};

void hf_streams_init(struct hf_streams *s);
void hf_streams_done(struct hf_streams *s);

/* Takes a place; UNAVAILABLE where there is none. Give it back with hf_streams_leave(). */
HF_MUST int hf_streams_enter(struct hf_streams *s, enum hf_stream_kind kind, struct hf_error *err);
void hf_streams_leave(struct hf_streams *s, enum hf_stream_kind kind);

/* How many there are of that kind. */
int hf_streams_open(struct hf_streams *s, enum hf_stream_kind kind);

/* Sleeps; false at once where the streams are to end. */
bool hf_streams_pause(struct hf_streams *s, int64_t ms);
bool hf_streams_stopping(struct hf_streams *s);
void hf_streams_stop(struct hf_streams *s);

/* Appends one event: its id where there is one (NULL: none), its name and its data, line by line.
 */
HF_MUST int hf_sse_event(struct hf_buf *out, const char *id, const char *name, const char *data,
                         size_t len, struct hf_error *err);

extern const char hf_sse_heartbeat[]; /* a comment */
extern const char hf_sse_opening[];   /* how soon to come back */
