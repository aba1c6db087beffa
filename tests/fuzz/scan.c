// SPDX-License-Identifier: Apache-2.0
/* Pages of a damaged store, whatever is in them: what is found has a checksum that is right. */
#include "buffer/spool_scan.h"

#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
look(void *ctx, const struct hf_block_row *b, struct hf_error *err)
{
    (void)ctx, (void)err;
    if (!hf_spool_block_sound(b) || b->lane < HF_LANE_ALARM || b->lane >= HF_LANE_COUNT)
        __builtin_trap();
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_AUTO_CLOSE int fd = memfd_create("pages", MFD_CLOEXEC);

    if (fd < 0 || write(fd, data, size) != (ssize_t)size || hf_spool_scan(fd, look, NULL, NULL) < 0)
        __builtin_trap();
    return 0;
}
