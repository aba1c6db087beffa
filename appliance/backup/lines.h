// SPDX-License-Identifier: Apache-2.0
/*
 * Records of a backup on their way back: from the lines of api/uplink.md to those that the buffer's
 * POST /v1/records takes. Time, whether the clock was synchronised, topic, lane and payload stay,
 * byte for byte; gateway, epoch and number go, since the buffer gives each a new one. What the old
 * gateway said of its own numbers (topics below $holdfast/) is left out.
 */
#pragma once

#include "backup/seal.h"
#include "base/buf.h"

enum { HF_BACKUP_LINE_MAX = 4 * 1024 * 1024 };

struct hf_backup_lines {
    struct hf_buf line, out;    /* HF_BUF_INIT(HF_BACKUP_LINE_MAX) */
    uint64_t records, left_out; /* so far */
};

void hf_backup_lines_init(struct hf_backup_lines *l);
void hf_backup_lines_done(struct hf_backup_lines *l);

/* Bytes of lines of that lane as they come; each whole line goes to the sink. INVALID for one that
 * is no record. */
HF_MUST int hf_backup_lines_add(struct hf_backup_lines *l, const char *lane, const void *data,
                                size_t len, hf_seal_sink *sink, void *context,
                                struct hf_error *err);
/* The lane is over: INVALID within a line. */
HF_MUST int hf_backup_lines_end(const struct hf_backup_lines *l, struct hf_error *err);
