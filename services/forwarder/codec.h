// SPDX-License-Identifier: Apache-2.0
/* zstd and gzip of whole bodies, with contexts that are kept. One thread owns a codec. */
#pragma once

#include "base/buf.h"

struct hf_codec;

HF_MUST int hf_codec_new(struct hf_codec **ret_codec, struct hf_error *err);
void hf_codec_free(struct hf_codec *c);
HF_DEFINE_AUTO(struct hf_codec, hf_codec, hf_codec_free)

/* Replaces out by what the zstd frame holds: one frame, of exactly raw_len bytes. */
HF_MUST int hf_codec_unzstd(struct hf_codec *c, const void *frame, size_t len, size_t raw_len,
                            struct hf_buf *out, struct hf_error *err);

/* Replaces out by one zstd frame (RFC 8878) or one gzip member (RFC 1952). The same bytes give the
 * same bytes. */
HF_MUST int hf_codec_zstd(struct hf_codec *c, const void *data, size_t len, struct hf_buf *out,
                          struct hf_error *err);
HF_MUST int hf_codec_gzip(struct hf_codec *c, const void *data, size_t len, struct hf_buf *out,
                          struct hf_error *err);
