// SPDX-License-Identifier: Apache-2.0
#include "model/audit.h"

#include <stddef.h>

const char *const hf_audit_results[HF_AUDIT_RESULT_COUNT + 1] = {
    [HF_AUDIT_DONE] = "done",
    [HF_AUDIT_REFUSED] = "refused",
    [HF_AUDIT_FAILED] = "failed",
};
