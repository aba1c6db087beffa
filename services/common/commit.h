// SPDX-License-Identifier: Apache-2.0
/*
 * Makes a batch of record frames durable, however long that takes. Where the buffer refuses a batch
 * for what is in it (400, 413, 422), trying again would hold up all behind it for ever: it is
 * halved until the frames that are refused stand alone, and those are given again with the reason,
 * for the quarantine.
 */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct hf_commit {
    /* Makes the frames durable, and says for how many ms a further batch would wait for its window.
     */
    int (*commit)(void *ctx, const char *frames, size_t len, size_t count, int64_t *ret_window_left,
                  struct hf_error *err);
    void *ctx;
    void (*say)(void *owner, const char *reason); /* why it waits; "" when it goes on */
    void *owner;
    uint64_t refused;       /* counted: frames that were refused even with their reason */
    int64_t window_left_ms; /* of the last commit */
};

/* False when the service is to stop before all of it is safe. */
bool hf_commit_frames(struct hf_commit *c, const char *frames, size_t len, size_t count);
