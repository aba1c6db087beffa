// SPDX-License-Identifier: Apache-2.0
/*
 * The scan of what runs: keeps the scan data in a folder of its own, takes the SBOM of each
 * container out of it through the engine, and compares them when somebody asks. Between two
 * questions it holds the packages of a few containers and nothing else. Any thread.
 *
 * An image brings its SBOM along: every file below /usr/share/sbom whose name ends in .spdx.json or
 * .cdx.json. So it is there by whatever way the image came.
 */
#pragma once

#include "model/engine_ops.h"
#include "model/settings.h"
#include "scan/data.h"
#include "json/json.h"

struct hf_scanner;

/* dir is made at the first upload. engine_ops and engine are borrowed for the scanner's life. */
HF_MUST int hf_scanner_new(const char *dir, const struct hf_engine_ops *engine_ops, void *engine,
                           struct hf_scanner **ret_scanner, struct hf_error *err);
void hf_scanner_free(struct hf_scanner *scanner);
HF_DEFINE_AUTO(struct hf_scanner, hf_scanner, hf_scanner_free)

struct hf_scan_target {
    char service[HF_NAME_SIZE];
    char container_id[HF_HASH_SIZE]; /* "" for none */
    char image_id[HF_DIGEST_SIZE];
};

struct hf_scan_clock {
    int64_t wall_ms;
    bool synced;
};

/* Schema Scan of api/openapi.yaml. What is wrong with a service, or with the data, is said in it;
 * errors are UNAVAILABLE (another one is under way) and no memory. */
HF_MUST int hf_scanner_report(struct hf_scanner *scanner, const struct hf_scan_target *targets,
                              size_t count, const struct hf_scan_settings *settings,
                              struct hf_scan_clock clock, struct hf_json **ret_report,
                              struct hf_error *err);

/* The same for one SBOM of something that does not run, as of a release to come: ret_verdict and
 * the members of a service's result. NOT_FOUND where there is no data. */
HF_MUST int hf_scanner_check(struct hf_scanner *scanner, const char *sbom, size_t len,
                             const struct hf_scan_settings *settings, struct hf_scan_clock clock,
                             enum hf_verdict *ret_verdict, struct hf_json **ret_result,
                             struct hf_error *err);

/* New scan data, in pieces. It takes the place of the old at the end, and only when it is whole.
 * CONFLICT where another upload is under way. */
struct hf_scan_upload;
HF_MUST int hf_scan_upload_begin(struct hf_scanner *scanner, struct hf_scan_upload **ret_upload,
                                 struct hf_error *err);
HF_MUST int hf_scan_upload_add(struct hf_scan_upload *upload, const void *data, size_t len,
                               struct hf_error *err);
/* INVALID where it is none, CONFLICT where what is there is newer and older is not wanted. */
HF_MUST int hf_scan_upload_end(struct hf_scan_upload *upload, bool older,
                               struct hf_scan_data_info *ret_info, struct hf_error *err);
/* After hf_scan_upload_end() too; what has not ended leaves nothing behind. NULL is fine. */
void hf_scan_upload_free(struct hf_scan_upload *upload);
HF_DEFINE_AUTO(struct hf_scan_upload, hf_scan_upload, hf_scan_upload_free)
