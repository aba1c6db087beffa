// SPDX-License-Identifier: Apache-2.0
/* The bodies of blocks: hostile frames are refused within their bounds, and what was packed comes
 * back. */
#include "buffer/block.h"

#include <string.h>

enum { LINES_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_AUTO_BUF struct hf_buf hostile = HF_BUF_INIT(LINES_MAX);
    HF_AUTO_BUF struct hf_buf frame = HF_BUF_INIT(2 * LINES_MAX);
    HF_AUTO_BUF struct hf_buf back = HF_BUF_INIT(LINES_MAX);

    (void)!hf_block_unpack(data, size, &hostile, NULL);
    if (hostile.len > LINES_MAX)
        __builtin_trap();
    if (size == 0 || size > LINES_MAX / 2)
        return 0;
    if (hf_block_pack(data, size, &frame, NULL) < 0 ||
        hf_block_unpack(frame.data, frame.len, &back, NULL) < 0 || back.len != size ||
        memcmp(back.data, data, size) != 0)
        __builtin_trap();
    return 0;
}
