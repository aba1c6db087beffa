// SPDX-License-Identifier: Apache-2.0
/* gzip (RFC 1952) as bytes come, for answers and downloads. A stream takes 40 KiB while it lasts.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct hf_gzip;

/* Takes what has been compressed; false ends it. */
typedef bool hf_gzip_sink(void *context, const void *data, size_t len);

/* NULL without memory. */
struct hf_gzip *hf_gzip_new(hf_gzip_sink *sink, void *context);
void hf_gzip_free(struct hf_gzip *g);
HF_DEFINE_AUTO(struct hf_gzip, hf_gzip, hf_gzip_free)

/* False once the sink has refused. */
HF_MUST bool hf_gzip_add(struct hf_gzip *g, const void *data, size_t len);
/* Writes the rest and the end; nothing may follow. */
HF_MUST bool hf_gzip_end(struct hf_gzip *g);
