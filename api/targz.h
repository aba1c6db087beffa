// SPDX-License-Identifier: Apache-2.0
/* A tar archive (POSIX.1, ustar), compressed, written as it comes: a file's size stands before it,
 * so what has no known end is cut into parts that fit into memory. */
#pragma once

#include "api/gzip.h"
#include "base/buf.h"

enum { HF_TARGZ_PART_MAX = 256 * 1024 };

struct hf_targz;

/* NULL without memory. mtime_ms is the time of all files. */
struct hf_targz *hf_targz_new(hf_gzip_sink *sink, void *context, int64_t mtime_ms);
void hf_targz_free(struct hf_targz *t);
HF_DEFINE_AUTO(struct hf_targz, hf_targz, hf_targz_free)

/* A file; name has at most 99 bytes. False once the sink has refused. */
HF_MUST bool hf_targz_add(struct hf_targz *t, const char *name, const void *data, size_t len);

/* Writes the end. */
HF_MUST bool hf_targz_end(struct hf_targz *t);
