// SPDX-License-Identifier: Apache-2.0
/* The buffer's settings.json: what is taken keeps its promises. */
#include "buffer/settings.h"
#include "common/topic.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_AUTO(hf_json) struct hf_json *doc = NULL;
    HF_AUTO(hf_buffer_settings) struct hf_buffer_settings *s = NULL;

    if (hf_json_parse((const char *)data, size, &doc, NULL) < 0 ||
        hf_buffer_settings_read(doc, &s, NULL) < 0)
        return 0;
    if (!*s->gateway || s->window_ms < 0 || s->window_ms > HF_WINDOW_MAX_MS ||
        s->sink_count > HF_SINKS_MAX || s->max_age_ms < 0 || s->keep_free_bytes < 0)
        __builtin_trap();
    for (size_t i = 0; i < s->lane_count; i++) {
        if (hf_topic_filter_check(s->lanes[i].filter, NULL) < 0 ||
            s->lanes[i].lane == HF_LANE_UNSAID)
            __builtin_trap();
        (void)hf_buffer_settings_lane(s, s->lanes[i].filter, strlen(s->lanes[i].filter));
    }
    return 0;
}
