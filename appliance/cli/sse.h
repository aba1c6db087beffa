// SPDX-License-Identifier: Apache-2.0
/* A stream of server-sent events (HTML Standard §9.2) as its bytes come: LF, CR LF and CR end a
 * line. An event is bounded; one that is larger is an error. */
#pragma once

#include "base/buf.h"

#include <stdbool.h>

/* One event. 0: go on; 1: that was enough; -1. data ends with a NUL. */
typedef int cli_event(void *context, const char *name, const char *data, size_t len,
                      struct hf_error *err);

enum { CLI_EVENT_NAME_MAX = 32 };

struct cli_sse {
    cli_event *event;
    void *context;
    struct hf_buf line, data;
    char name[CLI_EVENT_NAME_MAX];
    bool has_data, after_cr;
};

/* max_bytes: of an event's data, and of a line. */
void cli_sse_begin(struct cli_sse *s, size_t max_bytes, cli_event *event, void *context);
void cli_sse_done(struct cli_sse *s);

/* As cli_take of http.h, with the decoder as context. Errors: UPSTREAM, and what event says. */
int cli_sse_take(void *decoder, const char *data, size_t len, struct hf_error *err);
