// SPDX-License-Identifier: Apache-2.0
/* An SBOM, or a tar archive with some: what is taken is in order, has versions that can be
 * compared, and compares the same both ways. */
#include "scan/sbom.h"
#include "scan/tar.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
sign(int order)
{
    return (order > 0) - (order < 0);
}

static void
check_pair(const struct hf_scan_package *a, const struct hf_scan_package *b)
{
    int order = hf_debian_version_compare(a->version, b->source_version);

    if (!hf_debian_version_valid(a->version) || !hf_debian_version_valid(b->source_version) ||
        sign(order) != -sign(hf_debian_version_compare(b->source_version, a->version)) ||
        hf_debian_version_compare(a->version, a->version) != 0 || strcmp(a->source, b->source) > 0)
        __builtin_trap();
}

static void
check(const char *text, size_t len)
{
    struct hf_sbom s;

    if (hf_sbom_read(text, len, &s, NULL) < 0)
        return;
    for (size_t i = 1; i < s.count; i++)
        check_pair(&s.packages[i - 1], &s.packages[i]);
    hf_sbom_done(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_slice tar = {(const char *)data, size};
    struct hf_tar_file file;

    check((const char *)data, size);
    while (hf_tar_next(&tar, &file)) {
        if (file.content.len > size || strlen(file.name) >= sizeof file.name)
            __builtin_trap();
        check(file.content.data, file.content.len);
    }
    return 0;
}
