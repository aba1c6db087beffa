// SPDX-License-Identifier: Apache-2.0
/*
 * Asks the services on the record path what api/record-path.md lets holdfastd ask: buffer,
 * processor and forwarder, each at its container's address on the network `lease`. Any thread may
 * call, and waits; only a few do at once, so that a slow service cannot take all workers of the
 * API.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "json/json.h"

#include <stdbool.h>
#include <stdint.h>

enum hf_path_peer { HF_PATH_BUFFER, HF_PATH_PROCESSOR, HF_PATH_FORWARDER, HF_PATH_PEER_COUNT };

enum {
    HF_PATH_CALLS_MAX = 4, /* at once; more are refused */
    HF_PATH_CONNECT_MS = 2000,
    HF_PATH_TIMEOUT_MS = 10000,
    HF_PATH_ANSWER_MAX = 4 * 1024 * 1024,
    HF_PATH_TOKEN_SIZE = 65
};

struct hf_path;

/* tokens: what holdfastd shows to each peer; copied. */
HF_MUST int hf_path_new(const char tokens[HF_PATH_PEER_COUNT][HF_PATH_TOKEN_SIZE],
                        struct hf_path **ret_path, struct hf_error *err);
void hf_path_free(struct hf_path *p);
HF_DEFINE_AUTO(struct hf_path, hf_path, hf_path_free)

/* "buffer", "processor", "forwarder". */
const char *hf_path_name(enum hf_path_peer peer);

/* Where a peer is from now on: an IPv4 address and its port; NULL or "" while it does not run. */
void hf_path_set_target(struct hf_path *p, enum hf_path_peer peer, const char *address,
                        uint16_t port);

/* Ends all calls, now and from now on. */
void hf_path_stop(struct hf_path *p);

/* Takes a piece of a streamed answer; false ends the call. */
typedef bool hf_path_sink(void *context, const void *data, size_t len);

struct hf_path_call {
    enum hf_path_peer peer;
    const char *path;   /* with query, percent-encoded */
    const char *body;   /* JSON to POST; NULL: GET */
    const char *type;   /* of the body, where it is not application/json */
    int64_t timeout_ms; /* 0: HF_PATH_TIMEOUT_MS; of a stream it is the longest silence */
    hf_path_sink *sink; /* NULL: the answer is kept, up to HF_PATH_ANSWER_MAX */
    void *context;
};

/* Asks. answer, where there is no sink, gets the body of a 2xx. Errors: UNAVAILABLE (does not run,
 * does not answer, or too many calls: the message says which and what to do), TIMEOUT, the class of
 * the status for what the peer refuses, with its words and pointer, UPSTREAM for nonsense. */
HF_MUST int hf_path_ask(struct hf_path *p, const struct hf_path_call *call, struct hf_buf *answer,
                        struct hf_error *err);

/* The same for an answer that is a JSON object. */
HF_MUST int hf_path_ask_json(struct hf_path *p, const struct hf_path_call *call,
                             struct hf_json **ret_doc, struct hf_error *err);
