// SPDX-License-Identifier: Apache-2.0
/* SBOMs against scan data: packages older than what the suite has. */
#pragma once

#include "scan/data.h"
#include "scan/sbom.h"

enum {
    HF_FINDINGS_MAX = 256,     /* of an image */
    HF_FINDING_KNOWN_MAX = 128 /* vulnerabilities of a finding that are named; all are counted */
};

struct hf_scan_known {
    char id[HF_SCAN_ID_SIZE];
    enum hf_severity severity;
    enum hf_scan_remote remote;
};

/* One source package for which the suite has a newer version. */
struct hf_finding {
    const struct hf_scan_package *packages; /* of the SBOM: those built from it, in a row */
    size_t package_count;
    char fixed[HF_DEBIAN_VERSION_MAX + 1];
    struct hf_scan_known *known; /* the worst first */
    size_t known_count;
    size_t omitted; /* further ones, none of them worse */
};

struct hf_scan_result {
    const struct hf_sbom *sbom;  /* borrowed */
    size_t checked;              /* packages of the data's distribution */
    struct hf_finding *findings; /* by source */
    size_t count;
    size_t omitted; /* findings past HF_FINDINGS_MAX */
};

/* Compares count SBOMs in one pass over the data. ret_results has room for as many; each is the
 * caller's on success, for hf_scan_result_done(). */
HF_MUST int hf_scan_find(FILE *data, const struct hf_sbom *const *sboms, size_t count,
                         struct hf_scan_data_info *ret_info, struct hf_scan_result *ret_results,
                         struct hf_error *err);

void hf_scan_result_done(struct hf_scan_result *result);
