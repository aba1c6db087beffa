// SPDX-License-Identifier: Apache-2.0
/* Makes scan data (scan/data.h) from what Debian publishes. */
#pragma once

#include "scan/data.h"

struct hf_scan_index;

HF_MUST int hf_scan_index_new(struct hf_scan_index **ret_index, struct hf_error *err);
void hf_scan_index_free(struct hf_scan_index *index);
HF_DEFINE_AUTO(struct hf_scan_index, hf_scan_index, hf_scan_index_free)

/* Adds a Packages file of the suite (Debian's repository format), of any architecture. Of a source
 * that stands there in several versions the newest counts. */
HF_MUST int hf_scan_index_packages(struct hf_scan_index *index, FILE *in, struct hf_error *err);

/* Adds debsecan's data, "VERSION 1", inflated; call it after all Packages files. What is not
 * corrected in the suite is left out. */
HF_MUST int hf_scan_index_debsecan(struct hf_scan_index *index, FILE *in, struct hf_error *err);

/* suite, distro and created_ms of info are taken as they are, the rest is not looked at. */
HF_MUST int hf_scan_index_write(struct hf_scan_index *index, const struct hf_scan_data_info *info,
                                FILE *out, struct hf_error *err);
