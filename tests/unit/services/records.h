// SPDX-License-Identifier: Apache-2.0
/* Frames for tests: numbered records {"n":…}. */
#pragma once

#include "common/record.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static inline void
records_add(struct hf_buf *frames, const char *topic, const char *payload, size_t len)
{
    const struct hf_record r = {.time_ms = 1795493037227,
                                .synced = true,
                                .topic = topic,
                                .topic_len = strlen(topic),
                                .payload = payload,
                                .payload_len = len};

    assert_int_equal(hf_record_encode(&r, frames, NULL), 0);
}

/* Adds records with the numbers from to to - 1, each padded to about size bytes. */
static inline void
records_number(struct hf_buf *frames, unsigned from, unsigned to, size_t size)
{
    char payload[4096];

    for (unsigned n = from; n < to; n++) {
        int len = snprintf(payload, sizeof payload, "{\"n\":%u,\"pad\":\"", n);

        while ((size_t)len + 2 < size && (size_t)len + 3 < sizeof payload)
            payload[len++] = 'x';
        len += snprintf(payload + len, sizeof payload - (size_t)len, "\"}");
        records_add(frames, "t", payload, (size_t)len);
    }
}
