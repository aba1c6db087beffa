// SPDX-License-Identifier: Apache-2.0
#include "forwarder/outcome.h"

enum hf_outcome
hf_outcome_of(int status)
{
    if (status >= 200 && status < 300)
        return HF_OUTCOME_STORED;
    if (status < 300 || status >= 500)
        return HF_OUTCOME_LATER;
    if (status < 400)
        return HF_OUTCOME_REFUSED;
    switch (status) {
    case 408: /* Request Timeout */
    case 425: /* Too Early */
    case 429: /* Too Many Requests */
        return HF_OUTCOME_LATER;
    case 401: /* Unauthorized */
    case 402: /* Payment Required */
    case 403: /* Forbidden */
    case 407: /* Proxy Authentication Required */
        return HF_OUTCOME_REFUSED;
    case 413: /* Content Too Large */
        return HF_OUTCOME_SPLIT;
    default:
        return HF_OUTCOME_POISON;
    }
}
