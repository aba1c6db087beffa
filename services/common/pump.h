// SPDX-License-Identifier: Apache-2.0
/*
 * Moves messages of one subscription to where they are safe: gather a batch of record frames,
 * commit it, and only then acknowledge it. While the commit fails the batch is held and tried again
 * with backoff, nothing is acknowledged, and the broker's queue fills instead.
 *
 * One batch is on its way at a time, which keeps the order. Where the buffer would only let the
 * next one wait for its durability window, that time is spent gathering: so a message waits for one
 * window and not for the rest of its predecessor's too. A batch as large as the buffer commits at
 * once does not wait.
 */
#pragma once

#include "common/consumer.h"
#include "common/record.h"

#include <stdint.h>

struct hf_pump_options {
    struct hf_consumer_options consumer; /* on_message and ctx are the pump's own */
    const char *strip;                   /* topic prefix that is taken off */
    /* What one message becomes: appends frames and returns how many. NULL: the message as it is. */
    size_t (*take)(void *work, const struct hf_record *in, struct hf_buf *frames);
    /* Before each gathering: appends what is due by time, up to HF_PUMP_BATCH_BYTES, and returns
     * how many; may shorten the time in ms that the gathering waits for a first message. Once more
     * with ending, when the service ends: what it appends then is tried to be committed once. NULL:
     * nothing ever is. */
    size_t (*due)(void *work, bool ending, struct hf_buf *frames, int *wait_ms);
    void *work;
    /* Makes the frames (see common/record.h) durable, and says for how many ms a further batch
     * would wait for its window. */
    int (*commit)(void *ctx, const char *frames, size_t len, size_t count, int64_t *ret_window_left,
                  struct hf_error *err);
    void *ctx;
};

struct hf_pump_numbers {
    uint64_t in;               /* messages read */
    uint64_t out;              /* records committed */
    uint64_t skipped_retained; /* stored messages that were given again */
    uint64_t refused;          /* topics that cannot be a record */
    uint64_t waiting;          /* gauge: read, not yet committed */
    bool subscribed;           /* gauge */
};

enum { HF_PUMP_REASON_MAX = 256, HF_PUMP_BATCH_BYTES = 896 * 1024 };

struct hf_pump;

HF_MUST int hf_pump_new(const struct hf_pump_options *options, struct hf_pump **ret_pump,
                        struct hf_error *err);
void hf_pump_free(struct hf_pump *p);
HF_DEFINE_AUTO(struct hf_pump, hf_pump, hf_pump_free)

/* Runs until the service is to stop; an uncommitted batch is left to the broker. */
void hf_pump_run(struct hf_pump *p);

/* The rest may be called from any thread. */
void hf_pump_set_account(struct hf_pump *p, const struct hf_account *account);
void hf_pump_get_numbers(struct hf_pump *p, struct hf_pump_numbers *ret_numbers);

/* Why the present batch cannot be committed; empty when all is well. */
void hf_pump_get_reason(struct hf_pump *p, char ret_reason[HF_PUMP_REASON_MAX]);
