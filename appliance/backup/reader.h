// SPDX-License-Identifier: Apache-2.0
/*
 * A backup that comes in, from its first byte to its end: unsealed, taken apart, checked. Records
 * go on as they come, into a file that nobody looks at before the end; the other parts are small
 * and stay in memory.
 */
#pragma once

#include "backup/lines.h"
#include "backup/manifest.h"
#include "backup/pack.h"

struct hf_backup_reader;

struct hf_backup_reader_ops {
    void *context;
    hf_seal_key *key;
    hf_seal_sink *records; /* gets whole lines for POST /v1/records */
};

/* schema: the newest of a store that may be taken. */
HF_MUST int hf_backup_reader_new(const struct hf_backup_reader_ops *ops, int64_t schema,
                                 struct hf_backup_reader **ret_reader, struct hf_error *err);
void hf_backup_reader_free(struct hf_backup_reader *r);
HF_DEFINE_AUTO(struct hf_backup_reader, hf_backup_reader, hf_backup_reader_free)

/* INVALID with what is wrong. After an error only hf_backup_reader_free(). */
HF_MUST int hf_backup_reader_add(struct hf_backup_reader *r, const void *data, size_t len,
                                 struct hf_error *err);
/* There is no more. INVALID where something is missing: manifest, state and configuration must
 * be there. */
HF_MUST int hf_backup_reader_end(struct hf_backup_reader *r, struct hf_error *err);

/* After the end; they live as long as r. A part's text is NULL where there is none. */
const struct hf_backup_manifest *hf_backup_reader_manifest(const struct hf_backup_reader *r);
const char *hf_backup_reader_text(const struct hf_backup_reader *r, enum hf_backup_part part);
/* Of records that went on, and that were left out. */
uint64_t hf_backup_reader_records(const struct hf_backup_reader *r, uint64_t *ret_left_out);
