// SPDX-License-Identifier: Apache-2.0
/* Scan data made from a few lines: the end with its numbers and digest is put to them. */
#pragma once

#include "unit.h"

#include "base/buf.h"
#include "scan/data.h"

#include <string.h>

#define DATA_HEAD                                                                                  \
    "holdfast-scan-data 1\nsuite trixie-security\ndistro debian-13\n"                              \
    "created 2026-11-20T08:00:00.000Z\nvulnerabilities yes\n"

static inline char *
data_of(const char *head_and_body)
{
    struct hf_buf text = HF_BUF_INIT(HF_SCAN_DATA_MAX);
    char digest[HF_DIGEST_TEXT_SIZE];
    struct hf_digest_stream stream;
    unsigned packages = 0, vulnerabilities = 0;

    hf_digest_begin(&stream);
    hf_digest_add(&stream, head_and_body, strlen(head_and_body));
    hf_digest_end(&stream, digest);
    for (const char *at = head_and_body; at; at = strchr(at, '\n')) {
        at += *at == '\n';
        packages += strncmp(at, "p ", 2) == 0;
        vulnerabilities += strncmp(at, "v ", 2) == 0;
    }
    assert_int_equal(hf_buf_addf(&text, NULL, "%send %u %u %s\n", head_and_body, packages,
                                 vulnerabilities, digest),
                     0);
    return hf_buf_take(&text);
}

static inline FILE *
data_file(char *text)
{
    FILE *f = fmemopen(text, strlen(text), "r");

    assert_non_null(f);
    return f;
}
