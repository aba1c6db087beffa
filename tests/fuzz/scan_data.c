// SPDX-License-Identifier: Apache-2.0
/* Scan data whose digest is right, whatever else is in it: what is taken finds only what is older,
 * and an end that does not fit is never taken. */
#include "base/buf.h"
#include "scan/find.h"

#include <inttypes.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char SBOM[] =
    "{\"bomFormat\":\"CycloneDX\",\"components\":["
    "{\"purl\":\"pkg:deb/debian/libssl3t64@3.5.1-1?distro=debian-13&upstream=openssl\"},"
    "{\"purl\":\"pkg:deb/debian/libc6@2.41-12?distro=debian-13&upstream=glibc\"}]}";

static void
check_finding(const struct hf_finding *f)
{
    if (hf_debian_version_compare(f->packages->source_version, f->fixed) >= 0 ||
        f->known_count > HF_FINDING_KNOWN_MAX)
        __builtin_trap();
    for (size_t i = 1; i < f->known_count; i++)
        if (f->known[i - 1].severity < f->known[i].severity)
            __builtin_trap();
}

static int
find(const char *text, size_t len)
{
    HF_AUTO_FCLOSE FILE *f = fmemopen((char *)(uintptr_t)text, len, "r");
    struct hf_scan_data_info info;
    struct hf_scan_result r;
    struct hf_sbom sbom;
    const struct hf_sbom *one = &sbom;
    int rc;

    if (hf_sbom_read(SBOM, sizeof SBOM - 1, &sbom, NULL) < 0)
        __builtin_trap();
    rc = hf_scan_find(f, &one, 1, &info, &r, NULL);
    if (rc == 0) {
        for (size_t i = 0; i < r.count; i++)
            check_finding(&r.findings[i]);
        hf_scan_result_done(&r);
    }
    hf_sbom_done(&sbom);
    return rc;
}

static unsigned
lines_that_begin(const uint8_t *data, size_t size, char first)
{
    unsigned count = 0;

    for (size_t i = 0; i < size; i++)
        count += data[i] == (uint8_t)first && (i == 0 || data[i - 1] == '\n');
    return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_AUTO_BUF struct hf_buf text = HF_BUF_INIT(1024 * 1024);
    char digest[HF_DIGEST_TEXT_SIZE];
    struct hf_digest_stream stream;

    hf_digest_begin(&stream);
    hf_digest_add(&stream, data, size);
    hf_digest_end(&stream, digest);
    if (hf_buf_add(&text, data, size, NULL) < 0 ||
        hf_buf_addf(&text, NULL, "end %u %u %s\n", lines_that_begin(data, size, 'p'),
                    lines_that_begin(data, size, 'v'), digest) < 0)
        return 0;
    if (find(text.data, text.len) == 0) {
        text.data[text.len - 2] ^= 1;
        if (find(text.data, text.len) == 0)
            __builtin_trap();
    }
    return 0;
}
