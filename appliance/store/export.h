// SPDX-License-Identifier: Apache-2.0
/*
 * What somebody has set up, as one small file beside the database (holdfast.export.json, 0600):
 * written after each change of it, and read where the database is lost with all that was in it.
 * What comes and goes by itself (sessions, operations, the logs) is not in it. Private to the
 * folder.
 */
#pragma once

#include "store/db.h"

bool hf_export_exists(const struct hf_store *st);

/* Notes from here on which changes make it due. */
void hf_export_watch(struct hf_store *st);

/* Writes it where it is due, or not there. A failure costs nothing but this copy: it is tried again
 * with the next change. */
void hf_export_write(struct hf_store *st);

/* Of one table, for a backup: `,"NAME":[…]`, as the export has it, and back, all of it or an error
 * that says which. */
HF_MUST int hf_export_add_table(struct hf_store *st, const char *table, struct hf_buf *out,
                                struct hf_error *err);
HF_MUST int hf_export_take_table(struct hf_store *st, const char *table, const char *text,
                                 struct hf_error *err);

/* Fills each of its tables that is empty, and adds to report which; fine where there is no file or
 * one that cannot be read. */
HF_MUST int hf_export_restore(struct hf_store *st, struct hf_buf *report, struct hf_error *err);
