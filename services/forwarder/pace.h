// SPDX-License-Identifier: Apache-2.0
/*
 * How much goes into one request, and when the next may leave. A batch grows while more bytes a
 * second come of it, and never takes longer than HF_PACE_REQUEST_MS at the rate that was measured:
 * an alarm waits for one request at most. A token bucket holds the sink's share of the line. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HF_PACE_MIN = 16 * 1024,   /* bytes of uncompressed lines; below it is all overhead */
    HF_PACE_FIRST = 64 * 1024, /* for a line that nothing is known of */
    /* A block of the buffer's: that goes as it lies. Several would be made into one there, and be
     * held here, once for each sink. */
    HF_PACE_MAX = 1024 * 1024,
    HF_PACE_REQUEST_MS = 700,
    HF_PACE_SLOW_MS = 10000, /* a request that fails after so long */
    HF_PACE_TRY_EVERY = 64,  /* full batches between two tries to grow where growing gave nothing */
};

struct hf_pace {
    size_t size;   /* bytes of lines to put into a request */
    size_t most;   /* what settings and memory allow */
    size_t limit;  /* what the receiver takes (413); 0: not known to be limited */
    double rate;   /* bytes of lines a second, lately; 0: not measured */
    double before; /* the rate at the size before the last growth */
    unsigned full; /* full batches since */
    /* Bytes on the wire. */
    int64_t per_s; /* 0: no cap */
    double tokens; /* below 0: wait */
    int64_t filled_ms;
};

void hf_pace_begin(struct hf_pace *p, size_t most, int64_t per_s);

/* Bytes of lines for the next request. */
size_t hf_pace_size(const struct hf_pace *p);

/* A request with so many bytes of lines was stored after ms; full: there was more to send. */
void hf_pace_stored(struct hf_pace *p, size_t bytes, int64_t ms, bool full);

/* A request ended after ms without having been stored: one that took so long was too large for the
 * line as it is now. True where the next is to be smaller. */
bool hf_pace_failed(struct hf_pace *p, int64_t ms);

/* One with so many was too large (413). */
void hf_pace_too_large(struct hf_pace *p, size_t bytes);

/* ms until something may be sent. */
int64_t hf_pace_wait_ms(struct hf_pace *p, int64_t now_ms);

/* So many bytes left on the wire. */
void hf_pace_sent(struct hf_pace *p, int64_t bytes);
