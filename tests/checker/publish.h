// SPDX-License-Identifier: Apache-2.0
/* Publishes numbers with QoS 1, each until it is acknowledged, through any number of lost
 * connections. */
#pragma once

#include "checker/journal.h"

#include <stdatomic.h>

enum { HF_CLIENTS_MAX = 256, HF_WINDOW_MAX = 32767 };

struct hf_publish {
    const char *host;
    uint64_t port, clients, rate, window;
    const char *user, *password; /* NULL: none */
    const char *prefix;          /* number n goes to PREFIX/(n % topics) */
    int64_t patience_ms; /* a client that waits in vain for so long ends; 0: it waits for ever */
    struct hf_journal journal;
    atomic_uint_fast64_t done;
    atomic_uint_fast64_t reconnects;
    int64_t start_ms;
};

/* Returns when all are acknowledged, the patience ends, or the program is to stop. */
HF_MUST int hf_publish_run(struct hf_publish *p);
