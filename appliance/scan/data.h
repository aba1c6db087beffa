// SPDX-License-Identifier: Apache-2.0
/*
 * Scan data: which version of a source package has all corrections that Debian's security suite
 * has, and which vulnerabilities are known of it. One text file, the same for every gateway, that
 * travels by any way:
 *
 *     holdfast-scan-data 1
 *     suite trixie-security
 *     distro debian-13
 *     created 2026-11-26T08:00:00.000Z
 *     vulnerabilities yes
 *     p openssl 3.5.1-1+deb13u2
 *     v CVE-2026-11 H R -
 *     v CVE-2026-12 ? ? - 3.5.1-1+deb13u1
 *     end 1 2 6f3c…
 *
 * "created" is the suite's own date. "vulnerabilities no": nobody was asked. Lines "p" have source
 * and version in rising order (bytes). Lines "v" say what that version has corrected: id, severity
 * (L M H, ? for not rated), remotely exploitable (R yes, N no, ? not known), and which versions
 * below it have it not: all from one of unstable's on ("-": none), and single ones. "end" has the
 * numbers of both and a digest (model/digest.h) of all bytes before it: a file that was cut or
 * damaged is seen to be.
 */
#pragma once

#include "base/error.h"
#include "model/digest.h"
#include "model/scan.h"
#include "scan/sbom.h"

#include <stdint.h>
#include <stdio.h>

enum {
    HF_SCAN_DATA_MAX = 32 * 1024 * 1024, /* bytes; ten times what all of Debian 13 takes */
    HF_SCAN_LINE_MAX = 16 * 1024,
    HF_SCAN_ID_SIZE = 32
};

enum hf_scan_remote { HF_SCAN_REMOTE_UNKNOWN, HF_SCAN_REMOTE_NO, HF_SCAN_REMOTE_YES };

struct hf_scan_data_info {
    char suite[64];
    char distro[HF_DISTRO_SIZE];
    int64_t created_ms;
    bool has_vulnerabilities;
    uint32_t packages, vulnerabilities;
    char digest[HF_DIGEST_TEXT_SIZE];
};

/* Borrowed for the call. */
struct hf_scan_vulnerability {
    char id[HF_SCAN_ID_SIZE];
    enum hf_severity severity;
    enum hf_scan_remote remote;
    const char *unstable; /* "" for none */
    const char *others;   /* parted by single spaces, "" for none */
};

/* Whether that version of its package has it, by debsecan's rule. */
bool hf_scan_affects(const struct hf_scan_vulnerability *v, const char *version);

/* What is told of the data while it is read, each function may be NULL. What was told counts only
 * once the whole was read without error. -1 with err ends it. */
struct hf_scan_data_sink {
    void *context;
    int (*head)(void *context, const struct hf_scan_data_info *info, struct hf_error *err);
    int (*package)(void *context, const char *source, const char *fixed, struct hf_error *err);
    int (*vulnerability)(void *context, const struct hf_scan_vulnerability *v,
                         struct hf_error *err);
};

/* Reads and checks it to its end, a line at a time. INVALID where it is none, with the line;
 * TOO_LARGE. */
HF_MUST int hf_scan_data_read(FILE *in, const struct hf_scan_data_sink *sink,
                              struct hf_scan_data_info *ret_info, struct hf_error *err);
