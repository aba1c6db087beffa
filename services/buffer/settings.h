// SPDX-License-Identifier: Apache-2.0
/* The buffer's settings.json (api/record-path.md), checked whole. Immutable once read, and shared.
 */
#pragma once

#include "buffer/records.h"
#include "buffer/spool.h"
#include "json/json.h"

#include <stdatomic.h>

enum {
    HF_WINDOW_DEFAULT_MS = 50,
    HF_WINDOW_MAX_MS = 5000,
    HF_LANE_RULES_MAX = 256,
};

struct hf_lane_rule {
    char *filter;
    enum hf_lane lane;
};

struct hf_buffer_settings {
    char gateway[HF_GATEWAY_MAX], restored[HF_RESTORED_MAX];
    int64_t window_ms;
    int64_t max_bytes;
    int64_t max_age_ms;      /* 0: none */
    int64_t keep_free_bytes; /* of the file system */
    enum hf_when_full when_full;
    char sinks[HF_SINKS_MAX][HF_SINK_NAME_SIZE];
    size_t sink_count;
    struct hf_lane_rule *lanes; /* first match wins, else normal */
    size_t lane_count;
    atomic_uint refs;
};

/* Reads the document; one reference is the caller's. HF_ERROR_INVALID with the pointer to what is
 * wrong. Members that are not known are left alone: the gateway may be newer than this program. */
HF_MUST int hf_buffer_settings_read(const struct hf_json *doc,
                                    struct hf_buffer_settings **ret_settings, struct hf_error *err);

struct hf_buffer_settings *hf_buffer_settings_ref(struct hf_buffer_settings *s);
void hf_buffer_settings_unref(struct hf_buffer_settings *s); /* NULL is allowed */
HF_DEFINE_AUTO(struct hf_buffer_settings, hf_buffer_settings, hf_buffer_settings_unref)

/* The lane of a topic by the filters. */
enum hf_lane hf_buffer_settings_lane(const struct hf_buffer_settings *s, const char *topic,
                                     size_t len);
