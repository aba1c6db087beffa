// SPDX-License-Identifier: Apache-2.0
/* A layer, packed and not: in one piece and byte by byte the judgement is the same. */
#include "import/layer.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
judge(const char *data, size_t size, size_t step, bool gzip)
{
    const struct hf_layer_limits limits = {.size = size, .unpacked_max = 64 << 20};
    HF_AUTO(hf_layer) struct hf_layer *l = NULL;
    char diff_id[HF_DIGEST_SIZE];

    hf_sha256_of(data, size, diff_id);
    if (hf_layer_new(gzip, diff_id, &limits, &l, NULL) < 0)
        return 0;
    for (size_t at = 0; at < size; at += step)
        if (hf_layer_feed(l, data + at, size - at < step ? size - at : step, NULL) < 0)
            return -1;
    return hf_layer_end(l, NULL) < 0 ? -1 : 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;

    for (int gzip = 0; gzip < 2; gzip++)
        if (judge(text, size, size ? size : 1, gzip) != judge(text, size, 1, gzip))
            __builtin_trap();
    return 0;
}
