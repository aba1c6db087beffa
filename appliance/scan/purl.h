// SPDX-License-Identifier: Apache-2.0
/* Package URLs of Debian packages:
 *
 *     pkg:deb/debian/libssl3t64@3.5.1-1?arch=amd64&distro=debian-13&upstream=openssl%403.5.1-1
 *
 * The qualifier "upstream" is that of syft and Trivy: the source package, with its version where
 * that is another one. Without it the source has the package's own name and version. Private to the
 * folder. */
#pragma once

#include "scan/sbom.h"

#include <stdbool.h>

/* False where it is of another kind than pkg:deb/debian, or not well-formed. */
bool hf_purl_read(const char *purl, struct hf_scan_package *ret_package);
