// SPDX-License-Identifier: Apache-2.0
/* Known vulnerabilities of packages: how severe they are, and what is to be done about them. */
#pragma once

#include <stdbool.h>

enum hf_severity {
    HF_SEVERITY_UNKNOWN, /* nobody has rated it, or nobody has been asked */
    HF_SEVERITY_LOW,
    HF_SEVERITY_MEDIUM,
    HF_SEVERITY_HIGH,
    HF_SEVERITY_COUNT
};

/* Worse ones last. */
enum hf_verdict {
    HF_VERDICT_NONE, /* nothing was found */
    HF_VERDICT_ACCEPT,
    HF_VERDICT_WARN,
    HF_VERDICT_BLOCK,
    HF_VERDICT_COUNT
};

/* "unknown", "low", "medium", "high". */
const char *hf_severity_name(enum hf_severity s);
/* "none", "accept", "warn", "block". */
const char *hf_verdict_name(enum hf_verdict v);
