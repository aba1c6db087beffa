// SPDX-License-Identifier: Apache-2.0
/*
 * The logs of containers that are gone, compressed: Docker removes a container's log with it, so
 * what it said is kept here before it is removed. A folder for each service; a file for each
 * container, or several where the log is long:
 *
 *     logs/<service>/<start of the container, ms>-<its id, 12 digits>-<part, 3 digits>.log.gz
 *
 * with lines of "<ms since 1970> <o for stdout or e> <text>". A file appears whole (written beside,
 * synced, renamed), and has the same name when it is written again because power went before the
 * container was removed. Bounded for each service and in all; the oldest go first.
 *
 * A writer belongs to one thread. Reading beside it is fine: a file that goes meanwhile is skipped.
 */
#pragma once

#include "base/error.h"
#include "model/engine_ops.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hf_archive;

enum {
    HF_ARCHIVE_SERVICE_BYTES = 4 * 1024 * 1024, /* on disk; text shrinks to a tenth */
    HF_ARCHIVE_BYTES = 32 * 1024 * 1024,
    HF_ARCHIVE_PART_BYTES = 512 * 1024
};

/* folder is made when something is kept. */
HF_MUST int hf_archive_new(const char *folder, struct hf_archive **ret_archive,
                           struct hf_error *err);
void hf_archive_free(struct hf_archive *a);
HF_DEFINE_AUTO(struct hf_archive, hf_archive, hf_archive_free)

/* ---- writing ---- */

struct hf_archive_writer;

/* Begins the log of a container. */
HF_MUST int hf_archive_begin(struct hf_archive *a, const char *service, int64_t started_ms,
                             const char *container, struct hf_archive_writer **ret_writer,
                             struct hf_error *err);

/* An hf_log_sink with the writer as its context; false where the disk takes no more. */
bool hf_archive_line(void *writer, const struct hf_log_line *line);

/* Makes the rest durable and makes room by deleting the oldest. Frees the writer in any case. */
HF_MUST int hf_archive_end(struct hf_archive_writer *consume, struct hf_error *err);

/* ---- room ---- */

/* Deletes the oldest of all until so many bytes are free, or nothing is left. Any thread. */
void hf_archive_give_way(struct hf_archive *a, int64_t bytes, int64_t *ret_files,
                         int64_t *ret_bytes);

/* ---- reading ---- */

/* The newest `most` lines of a service, oldest first; as an engine's logs. Nothing kept is nothing
 * delivered. */
HF_MUST int hf_archive_read(struct hf_archive *a, const char *service, size_t most,
                            hf_log_sink *sink, bool (*cancelled)(void *context), void *context,
                            struct hf_error *err);
