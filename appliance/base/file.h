// SPDX-License-Identifier: Apache-2.0
/* Files read whole with a bound, and written so that a power cut leaves the old or the new one. */
#pragma once

#include "base/buf.h"

#include <sys/types.h>

/* Appends the file to b (bounded by b->max). HF_ERROR_NOT_FOUND where there is none; refuses
 * anything that is not a regular file (kernel pseudo files count as regular). */
HF_MUST int hf_file_read(const char *path, struct hf_buf *b, struct hf_error *err);

/* The same of what is open, a pipe too, up to its end; name is for the message. */
HF_MUST int hf_file_read_rest(int fd, const char *name, struct hf_buf *b, struct hf_error *err);

/* Writes path by a temporary file in the same folder, fsync, rename and fsync of the folder.
 * uid or gid -1: as of the process. */
HF_MUST int hf_file_replace(const char *path, const void *data, size_t len, mode_t mode, uid_t uid,
                            gid_t gid, struct hf_error *err);

/* Gives a file that is on disk already its name in the same folder, so that a power cut leaves the
 * old or the new one. */
HF_MUST int hf_file_move(const char *from, const char *to, struct hf_error *err);

/* mkdir -p; the last folder gets mode. */
HF_MUST int hf_file_mkdirs(const char *path, mode_t mode, struct hf_error *err);

/* Proves that dir takes data for good: writes, fsyncs and removes a probe file. The message names
 * dir, what failed and what to do. */
HF_MUST int hf_file_prove_writable(const char *dir, struct hf_error *err);
