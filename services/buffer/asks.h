// SPDX-License-Identifier: Apache-2.0
/*
 * What is asked of the buffer (api/record-path.md), read from texts: every parameter and member is
 * checked, and what is wrong is said by name. Nothing here touches a socket or the spool.
 */
#pragma once

#include "buffer/holders.h"
#include "buffer/records.h"
#include "buffer/spool.h"
#include "common/topic.h"

enum {
    HF_LEASE_BYTES_DEFAULT = 1024 * 1024,
    HF_LEASE_BYTES_MAX = 4 * 1024 * 1024,
    HF_LEASE_WAIT_MAX_MS = 20000,
    HF_LEASE_DEFAULT_MS = 60000,
    HF_LEASE_MAX_MS = 3600 * 1000,
    /* Half of the shortest lines of a lease may be refused: 60 bytes each, and reasons. */
    HF_ACK_BODY_MAX = 4 * 1024 * 1024,
    HF_LOOK_LIMIT_DEFAULT = 50,
    HF_LOOK_LIMIT_MAX = 500,
    HF_CURSOR_SIZE = 48,
};

/* Parameters of a request as texts; NULL where absent. */
struct hf_lease_texts {
    const char *sink, *lane, *max_bytes, *wait_ms, *holder, *lease_ms;
};

struct hf_lease_ask {
    char sink[HF_SINK_NAME_SIZE];
    enum hf_lane lane; /* HF_LANE_UNSAID: any */
    uint64_t max_bytes;
    int64_t wait_ms, lease_ms;
    char holder[HF_HOLDER_SIZE]; /* "" is a name too */
};

HF_MUST int hf_lease_ask_read(const struct hf_lease_texts *t, struct hf_lease_ask *ret_ask,
                              struct hf_error *err);

struct hf_ack_ask {
    char sink[HF_SINK_NAME_SIZE];
    enum hf_lane lane;
    char epoch[HF_EPOCH_SIZE];
    uint64_t first, last;
    struct hf_refused *refused; /* by rising number; the reasons are theirs */
    size_t refused_count;
    struct hf_json *doc; /* keeps the reasons */
};

/* Free with hf_ack_ask_done(). */
HF_MUST int hf_ack_ask_read(const char *body, size_t len, struct hf_ack_ask *ret_ask,
                            struct hf_error *err);
void hf_ack_ask_done(struct hf_ack_ask *a);

struct hf_extend_ask {
    char sink[HF_SINK_NAME_SIZE];
    enum hf_lane lane;
    int64_t lease_ms;
};

HF_MUST int hf_extend_ask_read(const char *body, size_t len, struct hf_extend_ask *ret_ask,
                               struct hf_error *err);

struct hf_drop_ask {
    enum hf_lane lane; /* HF_LANE_UNSAID: all */
    int64_t until_ms;  /* INT64_MAX: all */
};

HF_MUST int hf_drop_ask_read(const char *body, size_t len, struct hf_drop_ask *ret_ask,
                             struct hf_error *err);

/* Ids of quarantined records; count 0 means all of them. */
struct hf_ids_ask {
    uint64_t *ids;
    size_t count;
};

/* Free ids with free(). */
HF_MUST int hf_ids_ask_read(const char *body, size_t len, struct hf_ids_ask *ret_ask,
                            struct hf_error *err);

struct hf_look_texts {
    const char *order, *topic, *lane, *limit, *cursor, *from, *to;
};

/* For looking at records, exporting them, and listing the quarantine. */
struct hf_look_ask {
    bool oldest_first;
    char filter[HF_TOPIC_FILTER_MAX + 1]; /* "" for all */
    enum hf_lane lane;                    /* HF_LANE_UNSAID: all */
    unsigned limit;
    char cursor[HF_CURSOR_SIZE]; /* "" for the beginning */
    int64_t from_ms, to_ms;      /* both inclusive */
};

HF_MUST int hf_look_ask_read(const struct hf_look_texts *t, struct hf_look_ask *ret_ask,
                             struct hf_error *err);
