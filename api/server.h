// SPDX-License-Identifier: Apache-2.0
/*
 * The network side of holdfastd: REST under /api/v1 as openapi.yaml says, event streams, and the
 * dashboard, over TLS. It holds no state of its own; everything is asked of core and identity.
 *
 * Each open connection takes one of a fixed number of workers, an event stream for as long as it
 * lasts: streams are bounded well below the workers, connections bounded for each address.
 */
#pragma once

#include "base/error.h"
#include "core/core.h"
#include "identity/certificates.h"
#include "identity/identity.h"
#include "intake/intake.h"
#include "model/engine_ops.h"
#include "scan/scanner.h"

#include <stdint.h>

struct hf_api;

/* All pointers are borrowed for the life of the API. */
struct hf_api_config {
    struct hf_core *core;
    struct hf_identity *identity;
    const struct hf_engine_ops *engine_ops; /* for logs only */
    void *engine;
    struct hf_scanner *scanner;
    struct hf_intake *intake;
    struct hf_certificates *certificates; /* that it serves with */
    const char *listen_address;
    uint16_t listen_port;         /* 0: any, see hf_api_port() */
    const char *redirect_address; /* plain HTTP that only leads to HTTPS; NULL for none */
    uint16_t redirect_port;
    /* What the gateway is called in a Host header besides addresses, localhost, the name it has
     * been given and those of a site's certificate: the host name. Each also counts with `.local`.
     */
    const char *const *host_names;
    size_t host_name_count;
    const char *state_dir;   /* where a restore puts records that are on their way */
    const char *run_dir;     /* where holdfast-network is asked */
    const char *network_dir; /* where it answers; NULL: it does not run on this host */
    void (*restart)(void);   /* begins the end of this process and its start anew; called once an
                                answer is on its way */
};

/* Before anything else uses OpenSSL: it does without the texts of its errors, 200 kB in thousands
 * of pieces. `openssl errstr` knows them by the number that civetweb then logs. */
void hf_api_prepare(void);

/* Listens and serves. CONFLICT where an address is taken or not ours; the message names it and says
 * what to do. */
HF_MUST int hf_api_start(const struct hf_api_config *config, struct hf_api **ret_api,
                         struct hf_error *err);

/* Whether a Host header (NULL for none) is one of this gateway; its names may change while it runs.
 */
bool hf_api_is_host(const struct hf_api_config *config, const char *host);

/* Whether a dashboard is open: somebody has an event stream. */
bool hf_api_is_watched(struct hf_api *api);

/* Gives back the memory of answers that were made for whoever asked last. */
void hf_api_give_back(struct hf_api *api);

/* The port that is listened on. */
uint16_t hf_api_port(const struct hf_api *api);

/* Ends all streams, then all workers; takes two seconds at most. Call it before core and
 * identity go. NULL is fine. */
void hf_api_stop(struct hf_api *api);
