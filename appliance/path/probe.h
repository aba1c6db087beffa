// SPDX-License-Identifier: Apache-2.0
/*
 * Asks an own service whether it works, at its container's address. Nothing here waits: whoever
 * asks looks again later, and the answer lies in the socket meanwhile.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    HF_PROBE_MS = 2000, /* for an answer */
    HF_PROBE_REQUEST_SIZE = 512,
    HF_PROBE_LINE_SIZE = 65 /* of the answer's first line */
};

enum hf_probe_end { HF_PROBE_UNDER_WAY, HF_PROBE_GOOD, HF_PROBE_BAD };

struct hf_probe {
    bool under_way;
    int fd;
    uint16_t port;
    int64_t until_ms; /* monotonic */
    bool connected;
    char request[HF_PROBE_REQUEST_SIZE]; /* "": none, a connection is enough */
    char line[HF_PROBE_LINE_SIZE];
    size_t len;
};

/* Begins with a zeroed or ended one. path: to be answered by 2xx or 3xx; NULL: taking a connection
 * is enough. -1, with the reason, where it has failed already. */
HF_MUST int hf_probe_begin(struct hf_probe *p, const char *address, uint16_t port, const char *path,
                           int64_t now_ms, struct hf_error *err);

/* Goes on as far as that is possible now; over unless it is HF_PROBE_UNDER_WAY. BAD has the reason,
 * UNAVAILABLE. */
HF_MUST enum hf_probe_end hf_probe_step(struct hf_probe *p, int64_t now_ms, struct hf_error *err);

/* Also of one that is over, or zeroed. */
void hf_probe_end(struct hf_probe *p);
