// SPDX-License-Identifier: Apache-2.0
/* The Debian packages that an SBOM names: SPDX 2.x (packages[].externalRefs of type purl) or
 * CycloneDX (components[].purl), as JSON. What has no package URL is not asked about. */
#pragma once

#include "base/cleanup.h"
#include "base/error.h"
#include "scan/version.h"

#include <stddef.h>

enum {
    HF_SBOM_TEXT_MAX = 2 * 1024 * 1024,
    HF_SBOM_PACKAGES_MAX = 2048, /* a whole Debian with a desktop has fewer */
    HF_PACKAGE_NAME_SIZE = 96,   /* the longest in Debian has 75 */
    HF_DISTRO_SIZE = 32
};

struct hf_scan_package {
    char name[HF_PACKAGE_NAME_SIZE]; /* of the binary package */
    char version[HF_DEBIAN_VERSION_MAX + 1];
    char source[HF_PACKAGE_NAME_SIZE]; /* what it was built from */
    char source_version[HF_DEBIAN_VERSION_MAX + 1];
    char distro[HF_DISTRO_SIZE]; /* "debian-13", "" where it is not said */
};

struct hf_sbom {
    struct hf_scan_package *packages; /* by source, source version and name; each once */
    size_t count;
    size_t foreign; /* of other kinds: nothing is known of them */
};

/* INVALID or MALFORMED, and TOO_LARGE past the bounds above. */
HF_MUST int hf_sbom_read(const char *text, size_t len, struct hf_sbom *ret_sbom,
                         struct hf_error *err);

/* Adds the packages of another one, as where an image has several documents. */
HF_MUST int hf_sbom_add(struct hf_sbom *sbom, const struct hf_sbom *more, struct hf_error *err);

void hf_sbom_done(struct hf_sbom *sbom);
