// SPDX-License-Identifier: Apache-2.0
/* What the policy says of findings, and all of it as JSON (schema Scan of api/openapi.yaml). */
#pragma once

#include "model/settings.h"
#include "scan/find.h"
#include "json/json.h"

enum { HF_FINDING_ID_SIZE = HF_PACKAGE_NAME_SIZE + HF_DEBIAN_VERSION_MAX + 2 };

/* "openssl/3.5.1-1+deb13u2": accepted once, it is so up to the next correction. */
void hf_finding_id(const struct hf_finding *f, char out[HF_FINDING_ID_SIZE]);

/* The worst that is not accepted at that time; HF_SEVERITY_UNKNOWN where nothing is known. A
 * finding is accepted by its own id, or by those of all its vulnerabilities. */
enum hf_verdict hf_finding_judge(const struct hf_finding *f, const struct hf_scan_settings *s,
                                 int64_t now_ms, enum hf_severity *ret_severity);

/* The worst of all; findings past the bound count as not rated. */
enum hf_verdict hf_scan_judge(const struct hf_scan_result *r, const struct hf_scan_settings *s,
                              int64_t now_ms);

/* Members: packages, not_covered, verdict, findings, omitted. NULL without memory. */
struct hf_json *hf_scan_print_result(const struct hf_scan_result *r,
                                     const struct hf_scan_settings *s, int64_t now_ms);

/* Of the data; now_ms at least its own time. */
struct hf_json *hf_scan_print_info(const struct hf_scan_data_info *info, int64_t now_ms);

/* No clock is right that is before the data: the later of both. */
int64_t hf_scan_now(const struct hf_scan_data_info *info, int64_t wall_ms);
