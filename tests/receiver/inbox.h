// SPDX-License-Identifier: Apache-2.0
/* What the receiver has stored: SQLite, one transaction per request. Thread-safe. */
#pragma once

#include "base/buf.h"
#include "json/json.h"

#include <stdint.h>

struct hf_inbox;

HF_MUST int hf_inbox_open(const char *path, struct hf_inbox **ret_inbox, struct hf_error *err);
void hf_inbox_close(struct hf_inbox *in);
HF_DEFINE_AUTO(struct hf_inbox, hf_inbox, hf_inbox_close)

/* Stores all lines or, where one of them is wrong, none. Durable on success. */
HF_MUST int hf_inbox_store(struct hf_inbox *in, const char *lines, size_t len,
                           struct hf_error *err);

/* Counts, gaps, order: see api/uplink.md. */
HF_MUST int hf_inbox_report(struct hf_inbox *in, struct hf_json **ret_report, struct hf_error *err);

/* Appends stored lines with a member "rowid" in front, oldest first. topic: NULL for all. */
HF_MUST int hf_inbox_read(struct hf_inbox *in, const char *topic, uint64_t after, uint64_t limit,
                          struct hf_buf *out, struct hf_error *err);
