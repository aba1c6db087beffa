// SPDX-License-Identifier: Apache-2.0
#include "model/scan.h"

const char *
hf_severity_name(enum hf_severity s)
{
    static const char *const names[HF_SEVERITY_COUNT] = {"unknown", "low", "medium", "high"};

    return names[s];
}

const char *
hf_verdict_name(enum hf_verdict v)
{
    static const char *const names[HF_VERDICT_COUNT] = {"none", "accept", "warn", "block"};

    return names[v];
}
