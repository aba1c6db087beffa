// SPDX-License-Identifier: Apache-2.0
/* The engine's two streams: logs and events. Private to the folder. */
#pragma once

#include "engine/client.h"

int hf_stream_logs(void *ctx, const char *id, int tail, bool follow, hf_log_sink *sink,
                   bool (*cancelled)(void *context), void *context, struct hf_error *err);

int hf_stream_events(void *ctx, const char *instance, hf_event_sink *sink,
                     bool (*cancelled)(void *context), void *context, struct hf_error *err);
