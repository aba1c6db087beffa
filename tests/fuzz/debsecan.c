// SPDX-License-Identifier: Apache-2.0
/* A Packages file, and debsecan's data behind a zero byte: the scan data that is made of what is
 * taken can be read. */
#include "scan/index.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef int reader(struct hf_scan_index *index, FILE *in, struct hf_error *err);

static int
feed(struct hf_scan_index *index, reader *read, const uint8_t *data, size_t size)
{
    HF_AUTO_FCLOSE FILE *f = size > 0 ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;

    return f ? read(index, f, NULL) : -1;
}

static void
check(struct hf_scan_index *index)
{
    const struct hf_scan_data_info info = {.suite = "s", .distro = "d", .created_ms = 1};
    struct hf_scan_data_info again;
    HF_AUTO_FREE char *text = NULL;
    HF_AUTO_FCLOSE FILE *in = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (hf_scan_index_write(index, &info, out, NULL) < 0)
        __builtin_trap();
    fclose(out);
    in = fmemopen(text, len, "r");
    if (hf_scan_data_read(in, NULL, &again, NULL) < 0)
        __builtin_trap();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_AUTO(hf_scan_index) struct hf_scan_index *index = NULL;
    const uint8_t *zero = memchr(data, '\0', size);
    size_t first = zero ? (size_t)(zero - data) : size;

    if (hf_scan_index_new(&index, NULL) < 0 || feed(index, hf_scan_index_packages, data, first) < 0)
        return 0;
    if (zero && feed(index, hf_scan_index_debsecan, zero + 1, size - first - 1) < 0)
        return 0;
    check(index);
    return 0;
}
