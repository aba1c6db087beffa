// SPDX-License-Identifier: Apache-2.0
/* The handlers, by who may call them: api.c has the processor's and the forwarder's. */
#pragma once

#include "buffer/api.h"

/* Reads a body of at most max bytes into b and gives its text, "" where it is empty; NULL where it
 * was answered with an error. */
const char *hf_buffer_body(struct hf_request *q, struct hf_buf *b);

/* holdfastd's */
void hf_buffer_status(void *ctx, struct hf_request *q);
void hf_buffer_records(void *ctx, struct hf_request *q);
void hf_buffer_export(void *ctx, struct hf_request *q);
void hf_buffer_drop(void *ctx, struct hf_request *q);
void hf_buffer_quarantine(void *ctx, struct hf_request *q);
void hf_buffer_quarantine_replay(void *ctx, struct hf_request *q);
void hf_buffer_quarantine_drop(void *ctx, struct hf_request *q);
