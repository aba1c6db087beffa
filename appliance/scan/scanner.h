// SPDX-License-Identifier: Apache-2.0
/*
 * The scan of what runs, and of what a release would run: keeps the scan data in a folder of its
 * own, takes the SBOM of each container out of it through the engine, and compares them when
 * somebody asks. Between two questions it holds the packages of a few images and nothing else. Any
 * thread.
 *
 * An image brings its SBOM along: every file below /usr/share/sbom whose name ends in .spdx.json or
 * .cdx.json. So it is there by whatever way the image came. Before it has come, the same document
 * lies in the registry beside the release that names it.
 */
#pragma once

#include "model/engine_ops.h"
#include "model/release.h"
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
    char sbom[HF_DIGEST_SIZE];           /* asked for where there is no container; "" for none */
    char repository[HF_REPOSITORY_SIZE]; /* that has it in the registry; "": of what runs */
};

/* What the policy says of one target. */
struct hf_scan_word {
    bool known; /* there is both data and an SBOM */
    enum hf_verdict verdict;
    size_t blocked, warned; /* findings */
};

struct hf_scan_clock {
    int64_t wall_ms;
    bool synced;
};

/* Schema Scan of api/openapi.yaml; ret_words, one for each target, may be NULL. What is wrong with
 * a service, or with the data, is said in it; errors are UNAVAILABLE (another one is under way) and
 * no memory. */
HF_MUST int hf_scanner_report(struct hf_scanner *scanner, const struct hf_scan_target *targets,
                              size_t count, const struct hf_scan_settings *settings,
                              struct hf_scan_clock clock, struct hf_scan_word *ret_words,
                              struct hf_json **ret_report, struct hf_error *err);

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
