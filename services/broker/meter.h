// SPDX-License-Identifier: Apache-2.0
/* How many devices are there, and how long the queue would last. */
#pragma once

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct hf_meter {
    int64_t read_ms; /* monotonic; 0 for never */
    int64_t clients;
};

/* Connections to the devices' ports; the gateway's own services come by another one. Read anew
 * every few seconds. */
int64_t hf_meter_clients(struct hf_meter *m, const int *ports, size_t count);

/* Counts the established ones with that local port in text, which is /proc/net/tcp's or tcp6's. */
int64_t hf_meter_count(const char *text, int port);

struct hf_queue {
    uint64_t messages, bytes; /* in it now */
    uint64_t max_messages, max_bytes;
    uint64_t messages_a_min, bytes_a_min; /* that come in */
};

/* How many minutes of messages as they come now it still takes, the narrower bound of the two; -1
 * where nothing comes. A little less than the truth: what services say of themselves is counted in
 * the rate. */
int64_t hf_queue_minutes(const struct hf_queue *q);
