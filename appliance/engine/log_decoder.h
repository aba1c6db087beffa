// SPDX-License-Identifier: Apache-2.0
/*
 * Decodes the multiplexed log stream of `GET /containers/{id}/logs?timestamps=1` (Engine API,
 * "Stream format"): frames of an 8-byte header {type, 0, 0, 0, length big-endian} and a body. The
 * body starts with a time and a blank. A line longer than HF_LOG_TEXT_MAX is given in pieces; bytes
 * that are not UTF-8 become U+FFFD. The input is not trusted: it comes from what the containers
 * write.
 */
#pragma once

#include "model/engine_ops.h"

#include <stddef.h>

enum {
    HF_LOG_TEXT_MAX = 16 * 1024,
    HF_LOG_FRAME_MAX = 1024 * 1024, /* Docker cuts messages at 16 KiB; more is no log stream */
    HF_LOG_STAMP_MAX = 40
};

struct hf_log_decoder;

HF_MUST int hf_log_decoder_new(hf_log_sink *sink, void *context,
                               struct hf_log_decoder **ret_decoder, struct hf_error *err);
void hf_log_decoder_free(struct hf_log_decoder *d);
HF_DEFINE_AUTO(struct hf_log_decoder, hf_log_decoder, hf_log_decoder_free)

/* HF_ERROR_UPSTREAM where it is not such a stream; nothing can be fed after that. ret_ended is set
 * true once the sink has said false; the rest is ignored then. */
HF_MUST int hf_log_decoder_feed(struct hf_log_decoder *d, const char *data, size_t len,
                                bool *ret_ended, struct hf_error *err);

/* Gives lines that have no end yet. */
void hf_log_decoder_finish(struct hf_log_decoder *d);
