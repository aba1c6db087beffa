// SPDX-License-Identifier: Apache-2.0
#include "forwarder/sink.h"

#include <stdio.h>

const struct hf_sink_ops *
hf_sink_ops_of(enum hf_sink_type type)
{
    static const struct hf_sink_ops *const all[HF_SINK_TYPE_COUNT] = {
        [HF_SINK_HTTPS] = &hf_sink_https,
        [HF_SINK_MQTT] = &hf_sink_mqtt,
    };

    return all[type];
}

void
hf_sink_step_add(struct hf_sink_steps *steps, const char *step, bool ok, int64_t ms,
                 const char *detail)
{
    struct hf_sink_step *s;

    if (steps->count == HF_SINK_STEPS_MAX)
        return;
    s = &steps->steps[steps->count++];
    *s = (struct hf_sink_step){.step = step, .ok = ok, .ms = ms};
    snprintf(s->detail, sizeof s->detail, "%.*s", HF_SINK_TEXT_MAX - 1, detail);
}
